/* SPDX-License-Identifier: MIT */
/* firmware.c: ELF files (System V ABI, chapters 4 and 5) and raw binaries into RAM. */
#include "firmware.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX ((uint64_t)64 << 20)

#define EHDR 64u
#define PHDR 56u
#define ET_EXEC 2u
#define ET_DYN 3u
#define EM_RISCV 243u
#define PT_LOAD 1u

struct segment {
	uint64_t offset, vaddr, paddr, filesz, memsz;
};

static uint64_t le(const uint8_t *p, uint32_t bytes)
{
	uint64_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | p[bytes];
	return value;
}

/* What is there, up to `capacity` bytes; -1 and errno. */
static int64_t read_some(int fd, uint8_t *to, uint64_t capacity)
{
	ssize_t n;

	do {
		n = read(fd, to, (size_t)capacity);
	} while (n < 0 && errno == EINTR);
	return n;
}

static int32_t read_all(const struct vr_tables *t, const char *name, int fd, uint8_t **bytes, uint64_t *size)
{
	uint64_t capacity = 1 << 20, n = 0;
	int64_t got = 0;

	do {
		uint8_t *more = !n || n == capacity ? realloc(*bytes, capacity *= 2) : *bytes;

		if (!more)
			return vr_tables_fail(t, VR_E_NOMEM, "firmware %s: out of memory", name);
		*bytes = more;
		got = read_some(fd, *bytes + n, capacity - n);
		if (got < 0)
			return vr_tables_fail(t, VR_E_IO, "firmware %s: it can't be read: %s", name,
					      strerror(errno));
		n += (uint64_t)got;
		if (n > FILE_MAX)
			return vr_tables_fail(t, VR_E_IMAGE, "firmware %s: more than 64 MiB", name);
	} while (got);
	*size = n;
	return n ? VR_OK : vr_tables_fail(t, VR_E_IMAGE, "firmware %s: is empty", name);
}

int32_t firmware_file(const struct vr_tables *t, const char *name, void **bytes, uint64_t *size)
{
	uint8_t *buffer = NULL;
	int64_t handle;
	int32_t rc;

	if (!t->file)
		return vr_tables_fail(t, VR_E_ABI,
				      "firmware %s: this host opens no files for boards (" VR_FILE_ID
				      "); update vmrun",
				      name);
	rc = t->file->open(t->host, "firmware", name, VR_FILE_READ, &handle);
	if (rc < 0)
		return rc;
	rc = read_all(t, name, (int)handle, &buffer, size);
	close((int)handle);
	if (rc < 0) {
		free(buffer);
		return rc;
	}
	*bytes = buffer;
	return VR_OK;
}

static int32_t check_header(const struct vr_tables *t, const struct firmware_blob *b)
{
	const uint8_t *e = b->bytes;
	uint64_t table;
	uint32_t count;

	if (b->size < EHDR || e[4] != 2 || e[5] != 1)
		return vr_tables_fail(t, VR_E_IMAGE, "%s: no 64-bit little-endian ELF file, or cut short",
				      b->name);
	if (le(e + 18, 2) != EM_RISCV || (le(e + 16, 2) != ET_EXEC && le(e + 16, 2) != ET_DYN))
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: an ELF file of type %u for machine %u; this board takes programs "
				      "(2, 3) for RISC-V (243)",
				      b->name, (unsigned)le(e + 16, 2), (unsigned)le(e + 18, 2));
	table = le(e + 32, 8);
	count = (uint32_t)le(e + 56, 2);
	if (le(e + 54, 2) != PHDR || !count || table > b->size || (uint64_t)count * PHDR > b->size - table)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: %u program headers at 0x%" PRIx64 " lie outside the file", b->name,
				      count, table);
	return VR_OK;
}

static int32_t load_segment(const struct vr_tables *t, const struct firmware_blob *b, const struct segment *s)
{
	struct vr_mapping m;
	uint8_t *to;

	if (s->filesz > s->memsz || s->offset > b->size || s->filesz > b->size - s->offset)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: a segment (0x%" PRIx64 " bytes at 0x%" PRIx64
				      ") lies outside the file; is it complete?",
				      b->name, s->filesz, s->offset);
	if (!vr_tables_is_ram(t, s->paddr, s->memsz))
		return vr_tables_fail(t, VR_E_CONFIG,
				      "%s: a segment (0x%" PRIx64 " bytes for 0x%" PRIx64
				      ") lies outside RAM; give more with -m",
				      b->name, s->memsz, s->paddr);
	to = vr_tables_ram(t, s->paddr, s->memsz, &m);
	if (!to)
		return VR_E_INTERNAL;
	memcpy(to, (const uint8_t *)b->bytes + s->offset, (size_t)s->filesz);
	vr_tables_filled(t, &m);
	return VR_OK;
}

static struct segment segment(const uint8_t *e, uint32_t i, uint32_t *type)
{
	const uint8_t *h = e + le(e + 32, 8) + (uint64_t)i * PHDR;

	*type = (uint32_t)le(h, 4);
	return (struct segment){le(h + 8, 8), le(h + 16, 8), le(h + 24, 8), le(h + 32, 8), le(h + 40, 8)};
}

/* A position-independent program that is linked for elsewhere relocates itself: it goes to `base`. */
static uint64_t bias(const struct vr_tables *t, const uint8_t *e, uint64_t base)
{
	uint64_t lowest = UINT64_MAX;

	for (uint32_t i = 0; i < le(e + 56, 2); i++) {
		uint32_t type;
		struct segment s = segment(e, i, &type);

		if (type == PT_LOAD && s.memsz && s.paddr < lowest)
			lowest = s.paddr;
	}
	if (le(e + 16, 2) != ET_DYN || vr_tables_is_ram(t, lowest, 1))
		return 0;
	return base - lowest;
}

/* Thousands of segments that are all of RAM would take hours. */
static int32_t check_overlap(const struct vr_tables *t, const struct firmware_blob *b)
{
	uint64_t sum = 0, lowest = UINT64_MAX, highest = 0;
	uint32_t type;

	for (uint32_t i = 0; i < le((const uint8_t *)b->bytes + 56, 2); i++) {
		struct segment s = segment(b->bytes, i, &type);

		if (type != PT_LOAD || !s.memsz)
			continue;
		/* Not in RAM: loading it says so. */
		if (s.memsz > UINT64_MAX - s.paddr || sum + s.memsz < sum)
			return VR_OK;
		sum += s.memsz;
		lowest = s.paddr < lowest ? s.paddr : lowest;
		highest = s.paddr + s.memsz > highest ? s.paddr + s.memsz : highest;
	}
	return sum && sum > highest - lowest
		       ? vr_tables_fail(t, VR_E_IMAGE, "%s: the segments of this ELF file overlap", b->name)
		       : VR_OK;
}

static int32_t load_elf(const struct vr_tables *t, const struct firmware_blob *b, uint64_t base,
			struct loaded_blob *out)
{
	const uint8_t *e = b->bytes;
	int32_t rc = check_header(t, b);
	uint64_t wanted, moved;
	uint32_t found = 0, type;

	if (rc >= 0)
		rc = check_overlap(t, b);
	if (rc < 0)
		return rc;
	wanted = le(e + 24, 8);
	moved = bias(t, e, base);
	for (uint32_t i = 0; i < le(e + 56, 2); i++) {
		struct segment s = segment(e, i, &type);

		if (type != PT_LOAD || !s.memsz)
			continue;
		s.paddr += moved;
		rc = load_segment(t, b, &s);
		if (rc < 0)
			return rc;
		if (s.paddr + s.memsz > out->end)
			out->end = s.paddr + s.memsz;
		if (wanted >= s.vaddr && wanted - s.vaddr < s.memsz) {
			out->entry = wanted - s.vaddr + s.paddr;
			found = 1;
		}
	}
	if (!found)
		return vr_tables_fail(t, VR_E_IMAGE, "%s: the entry 0x%" PRIx64 " is in no loaded segment",
				      b->name, wanted);
	return VR_OK;
}

int32_t firmware_load(const struct vr_tables *t, const struct firmware_blob *b, uint64_t base,
		      struct loaded_blob *out)
{
	*out = (struct loaded_blob){.entry = base, .end = base};
	if (b->size >= 4 && memcmp(b->bytes, "\177ELF", 4) == 0)
		return load_elf(t, b, base, out);
	if (b->size && !vr_tables_is_ram(t, base, b->size))
		return vr_tables_fail(t, VR_E_CONFIG,
				      "%s: %" PRIu64 " bytes at 0x%" PRIx64
				      " lie outside RAM; give more with -m",
				      b->name, b->size, base);
	out->end = base + b->size;
	return vr_tables_copy(t, base, b->bytes, b->size);
}
