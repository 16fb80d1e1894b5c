/* SPDX-License-Identifier: MIT */
#include "boot/gpt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>
#include <vmrun/host.h>
#include <zlib.h>
#include "boot/bytes.h"
#include "common/error.h"
#include "util/log.h"

/* Section 5.3.2, table 5-5. */
#define HEADER_MIN 92u
#define H_REVISION 8
#define H_SIZE 12
#define H_CRC 16
#define H_MY_LBA 24
#define H_FIRST_USABLE 40
#define H_LAST_USABLE 48
#define H_ENTRIES_LBA 72
#define H_ENTRY_COUNT 80
#define H_ENTRY_SIZE 84
#define H_ENTRIES_CRC 88

/* Section 5.3.3, table 5-6. */
#define ENTRY_MIN 128u
#define E_TYPE 0
#define E_ID 16
#define E_FIRST 32
#define E_LAST 40

/* Ours: tools write 128 entries of 128 bytes. */
#define ENTRIES_MAX_BYTES (1u << 20)

const uint8_t gpt_type_esp[16] = {0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
				  0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b};
const uint8_t gpt_type_xbootldr[16] = {0xff, 0xc2, 0x13, 0xbc, 0xe6, 0x59, 0x62, 0x42,
				       0xa3, 0x52, 0xb2, 0x75, 0xfd, 0x6f, 0x71, 0x72};

static const uint32_t block_sizes[] = {512, 4096};
#define BLOCK_SIZES (sizeof(block_sizes) / sizeof(block_sizes[0]))

/* Read where there may be nothing; that is no error yet. */
static bool look(const struct source *s, uint64_t offset, uint8_t *to, size_t n)
{
	if (!source_has(s, offset, n))
		return false;
	if (source_read(s, offset, to, n, "GPT")) {
		vr_error_clear();
		return false;
	}
	return true;
}

static bool signature_at(const struct source *s, uint64_t offset)
{
	uint8_t b[8];

	if (!look(s, offset, b, sizeof(b)))
		return false;
	return !memcmp(b, "EFI PART", 8);
}

/* The last whole block, where the backup header lies (5.3.2). 0: too small to have one. */
static uint64_t backup_offset(const struct source *s, uint32_t block)
{
	return s->size / block < 3 ? 0 : (s->size / block - 1) * block;
}

/* A partition record of type 0xEE at 446 + 16 n (5.2.3). */
static bool protective_mbr(const struct source *s)
{
	uint8_t b[512];

	if (!look(s, 0, b, sizeof(b)) || b[510] != 0x55 || b[511] != 0xaa)
		return false;
	for (uint32_t i = 0; i < 4; i++) {
		if (b[446 + 16 * i + 4] == 0xee)
			return true;
	}
	return false;
}

bool gpt_is(const struct source *s)
{
	for (size_t i = 0; i < BLOCK_SIZES; i++) {
		if (signature_at(s, block_sizes[i]))
			return true;
	}
	if (protective_mbr(s))
		return true;
	for (size_t i = 0; i < BLOCK_SIZES; i++) {
		uint64_t at = backup_offset(s, block_sizes[i]);
		if (at && signature_at(s, at))
			return true;
	}
	return false;
}

/* A header that has been checked. */
struct header {
	uint64_t first_usable, last_usable; /* block numbers */
	uint64_t entries_offset;            /* bytes */
	uint32_t count, entry_size, entries_crc;
};

/* What is wrong with a header goes to `why`, as the text of the other one may be wanted as well. */
struct why {
	char text[256];
};
#define WRONG(w, ...) (snprintf((w)->text, sizeof((w)->text), __VA_ARGS__), false)

/* The checks of 5.3.2 in their order: signature, CRC, MyLBA, then the entries' CRC (in read_entries). */
static bool read_header(const struct source *s, uint64_t offset, uint32_t block, struct header *h,
			struct why *why)
{
	uint8_t b[4096];

	if (!offset || !source_has(s, offset, block))
		return WRONG(why, "header at byte %" PRIu64 " lies past the end at byte %" PRIu64, offset,
			     s->size);
	if (!look(s, offset, b, block))
		return WRONG(why, "header at byte %" PRIu64 " can't be read", offset);
	if (memcmp(b, "EFI PART", 8))
		return WRONG(why, "header at byte %" PRIu64 " has no \"EFI PART\" signature", offset);
	uint32_t size = vr_le32(b + H_SIZE), crc = vr_le32(b + H_CRC);
	if (size < HEADER_MIN || size > block)
		return WRONG(why,
			     "header at byte %" PRIu64 " gives its size as %" PRIu32 " bytes (%u..%" PRIu32
			     ")",
			     offset, size, HEADER_MIN, block);
	memset(b + H_CRC, 0, 4);
	uint32_t real = (uint32_t)crc32(0, b, size);
	if (real != crc)
		return WRONG(why,
			     "header at byte %" PRIu64 " has CRC 0x%08" PRIx32
			     ", but its bytes give 0x%08" PRIx32,
			     offset, crc, real);
	if (vr_le32(b + H_REVISION) >> 16 != 1)
		return WRONG(why, "header at byte %" PRIu64 " is of revision 0x%08" PRIx32 ", not 1.x",
			     offset, vr_le32(b + H_REVISION));
	if (vr_le64(b + H_MY_LBA) != offset / block)
		return WRONG(why, "header at byte %" PRIu64 " says it is block %" PRIu64, offset,
			     vr_le64(b + H_MY_LBA));
	uint64_t lba = vr_le64(b + H_ENTRIES_LBA), blocks = s->size / block;
	h->first_usable = vr_le64(b + H_FIRST_USABLE);
	h->last_usable = vr_le64(b + H_LAST_USABLE);
	h->count = vr_le32(b + H_ENTRY_COUNT);
	h->entry_size = vr_le32(b + H_ENTRY_SIZE);
	h->entries_crc = vr_le32(b + H_ENTRIES_CRC);
	/* 5.3.2: SizeOfPartitionEntry is 128 x 2^n. */
	if (h->entry_size < ENTRY_MIN || h->entry_size & (h->entry_size - 1) || !h->count ||
	    h->count > ENTRIES_MAX_BYTES / h->entry_size)
		return WRONG(why,
			     "header at byte %" PRIu64 " names %" PRIu32 " entries of %" PRIu32
			     " bytes (a power of two from 128; at most 1 MiB together)",
			     offset, h->count, h->entry_size);
	if (lba < 2 || lba >= blocks || !source_has(s, lba * block, (uint64_t)h->count * h->entry_size))
		return WRONG(why,
			     "header at byte %" PRIu64 " puts the entries at block %" PRIu64
			     ", outside the %" PRIu64 " blocks there are",
			     offset, lba, blocks);
	h->entries_offset = lba * block;
	if (h->first_usable > h->last_usable)
		return WRONG(why, "header at byte %" PRIu64 " has its last usable block before the first",
			     offset);
	return true;
}

static int32_t take_entry(const struct source *s, const struct header *h, const uint8_t *e, uint32_t i,
			  struct gpt *g)
{
	static const uint8_t unused[16];
	uint64_t first = vr_le64(e + E_FIRST), last = vr_le64(e + E_LAST), blocks = s->size / g->block_size;
	struct gpt_partition *p = &g->partitions[g->count];

	if (!memcmp(e + E_TYPE, unused, 16))
		return VR_OK;
	if (first > last || first < h->first_usable || last > h->last_usable)
		return vr_error_set(VR_E_IMAGE,
				    "%s: GPT entry %" PRIu32 " at byte %" PRIu64 ": blocks %" PRIu64
				    "..%" PRIu64 " are not within the usable ones %" PRIu64 "..%" PRIu64
				    "; repair the table or make the image again",
				    s->name, i + 1, h->entries_offset + (uint64_t)i * h->entry_size, first,
				    last, h->first_usable, h->last_usable);
	if (last >= blocks)
		return vr_error_set(VR_E_IMAGE,
				    "%s: GPT entry %" PRIu32 " at byte %" PRIu64 " ends at block %" PRIu64
				    ", but the image has %" PRIu64 "; it is truncated: copy or make it again",
				    s->name, i + 1, h->entries_offset + (uint64_t)i * h->entry_size, last,
				    blocks);
	memcpy(p->type, e + E_TYPE, 16);
	memcpy(p->id, e + E_ID, 16);
	p->offset = first * g->block_size;
	p->length = (last - first + 1) * g->block_size;
	p->number = i + 1;
	g->count++;
	return VR_OK;
}

/* The array's bytes when its CRC is right. NULL with code VR_OK: `why` tells. */
static uint8_t *read_entries(const struct source *s, const struct header *h, struct why *why, int32_t *code)
{
	size_t size = (size_t)h->count * h->entry_size;
	uint8_t *b = malloc(size);

	*code = VR_OK;
	if (!b) {
		*code = vr_error_set(VR_E_NOMEM, "%s: no memory for %zu bytes of GPT entries", s->name, size);
		return NULL;
	}
	*code = source_read(s, h->entries_offset, b, size, "GPT entries");
	if (*code) {
		free(b);
		return NULL;
	}
	uint32_t real = (uint32_t)crc32(0, b, (uInt)size);
	if (real != h->entries_crc) {
		(void)WRONG(why,
			    "entries at byte %" PRIu64 " have CRC 0x%08" PRIx32
			    ", but the header says 0x%08" PRIx32,
			    h->entries_offset, real, h->entries_crc);
		free(b);
		return NULL;
	}
	return b;
}

/* One table, primary or backup. 1: read; 0: it is bad, see `why`; negative: an error with text. */
static int32_t read_table(const struct source *s, uint64_t offset, uint32_t block, struct gpt *g,
			  struct why *why)
{
	struct header h;
	int32_t code = VR_OK;
	uint8_t *entries;

	if (!read_header(s, offset, block, &h, why))
		return 0;
	entries = read_entries(s, &h, why, &code);
	if (!entries)
		return code;
	g->block_size = block;
	g->partitions = calloc(h.count, sizeof(*g->partitions));
	if (!g->partitions)
		code = vr_error_set(VR_E_NOMEM, "%s: no memory for %" PRIu32 " partitions", s->name, h.count);
	for (uint32_t i = 0; !code && i < h.count; i++)
		code = take_entry(s, &h, entries + (size_t)i * h.entry_size, i, g);
	free(entries);
	if (code) {
		gpt_free(g);
		return code;
	}
	return 1;
}

int32_t gpt_read(const struct source *s, struct gpt *out)
{
	struct why primary = {""}, backup = {""}, w;

	*out = (struct gpt){0};
	/* The texts worth showing are those for the block size that has a signature somewhere. */
	for (size_t i = 0; i < BLOCK_SIZES; i++) {
		int32_t rc = read_table(s, block_sizes[i], block_sizes[i], out, &w);
		if (rc < 0 || rc == 1)
			return rc < 0 ? rc : VR_OK;
		if (!i || signature_at(s, block_sizes[i]))
			primary = w;
	}
	for (size_t i = 0; i < BLOCK_SIZES; i++) {
		uint64_t at = backup_offset(s, block_sizes[i]);
		int32_t rc = read_table(s, at, block_sizes[i], out, &w);
		if (rc < 0)
			return rc;
		if (rc == 1) {
			out->from_backup = true;
			log_print(VR_LOG_WARN, "%s: GPT %s; using the backup at its end", s->name,
				  primary.text);
			return VR_OK;
		}
		if (!i || (at && signature_at(s, at)))
			backup = w;
	}
	return vr_error_set(
		VR_E_IMAGE,
		"%s: GPT is bad: %s; and the backup %s; repair it (sgdisk --verify) or make the image again",
		s->name, primary.text, backup.text);
}

void gpt_free(struct gpt *g)
{
	free(g->partitions);
	*g = (struct gpt){0};
}
