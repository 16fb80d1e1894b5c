/* SPDX-License-Identifier: MIT */
/* Partition tables: both block sizes, the backup, and each thing that can be wrong. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>
#include <vmrun/host.h>
#include <zlib.h>
#include "boot/gpt.h"
#include "image.h"
#include "common/error.h"
#include "util/log.h"

static struct fat_image esp;
static struct disk_image disk;

static void make(void)
{
	log_set_level(VR_LOG_ERROR);
	fat_image_init(&esp, 12);
	disk_image_init(&disk, 512, &esp);
}

static void unmake(void)
{
	disk_image_free(&disk);
	fat_image_free(&esp);
}

TestSuite(gpt, .init = make, .fini = unmake);

static int32_t read_disk(struct gpt *g)
{
	struct source s;

	source_memory("d.img", disk.bytes, disk.size, &s);
	return gpt_read(&s, g);
}

static void fails(const char *text)
{
	struct gpt g;
	int32_t e = read_disk(&g);

	cr_assert_eq(e, VR_E_IMAGE, "%s", vr_error_name(e));
	cr_assert(strstr(vr_error_text(e), text), "\"%s\" lacks \"%s\"", vr_error_text(e), text);
	cr_assert(!strncmp(vr_error_text(e), "d.img: GPT", 10));
	cr_assert_null(g.partitions);
	vr_error_clear();
}

Test(gpt, reads_both_block_sizes)
{
	for (uint32_t block = 512; block <= 4096; block *= 8) {
		struct gpt g;
		struct source s;
		disk_image_free(&disk);
		disk_image_init(&disk, block, &esp);
		source_memory("d.img", disk.bytes, disk.size, &s);
		cr_assert(gpt_is(&s));
		cr_assert_eq(gpt_read(&s, &g), VR_OK);
		cr_assert_eq(g.block_size, block);
		cr_assert_eq(g.count, 1);
		cr_assert_not(g.from_backup);
		cr_assert_eq(g.partitions[0].number, 1);
		cr_assert_eq(g.partitions[0].offset, (uint64_t)DISK_ESP_BLOCK * block);
		cr_assert_eq(g.partitions[0].length, esp.size);
		cr_assert(!memcmp(g.partitions[0].type, gpt_type_esp, 16));
		gpt_free(&g);
	}
}

Test(gpt, the_backup_serves)
{
	static const uint32_t damage[] = {0, 8, 16, 24, 40, 72, 80, 84, 88};

	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		struct gpt g;
		uint8_t *h = disk_image_header(&disk, 0);
		h[damage[i]] ^= 0x40;
		cr_assert_eq(read_disk(&g), VR_OK, "byte %u", damage[i]);
		cr_assert(g.from_backup);
		cr_assert_eq(g.count, 1);
		gpt_free(&g);
		h[damage[i]] ^= 0x40;
	}
}

Test(gpt, a_damaged_entry_array_uses_the_backup)
{
	struct gpt g;

	disk_image_entry(&disk, 0, 5)[17] = 1;
	cr_assert_eq(read_disk(&g), VR_OK);
	cr_assert(g.from_backup);
	gpt_free(&g);
	disk_image_entry(&disk, 1, 5)[17] = 1;
	fails("entries at byte 1024 have CRC");
}

Test(gpt, both_crcs_bad)
{
	disk_image_header(&disk, 0)[56] ^= 1;
	disk_image_header(&disk, 1)[56] ^= 1;
	fails("header at byte 512 has CRC");
}

/* A wrong field with a right CRC, in both headers. */
static void with_field(uint32_t at, uint32_t width, uint64_t value, const char *text)
{
	for (int backup = 0; backup < 2; backup++) {
		uint8_t *h = disk_image_header(&disk, backup);
		if (width == 8)
			put64(h + at, value);
		else
			put32(h + at, (uint32_t)value);
		if (at == 12) {
			put32(h + 16, 0);
			continue;
		}
		put32(h + 16, 0);
		put32(h + 16, (uint32_t)crc32(0, h, 92));
	}
	fails(text);
}

Test(gpt, header_sizes)
{
	with_field(12, 4, 91, "gives its size as 91");
	with_field(12, 4, 513, "gives its size as 513");
	with_field(12, 4, 0xffffffff, "gives its size as 4294967295");
}

Test(gpt, entry_counts_and_sizes)
{
	with_field(84, 4, 64, "entries of 64 bytes");
	with_field(84, 4, 129, "entries of 129 bytes");
	with_field(84, 4, 0x80000000, "bytes (a power of two");
}

Test(gpt, no_entries)
{
	with_field(80, 4, 0, "names 0 entries");
	with_field(80, 4, 0xffffffff, "names 4294967295 entries");
}

Test(gpt, entries_outside)
{
	with_field(72, 8, 0, "entries at block 0");
	with_field(72, 8, UINT64_MAX, "entries at block 18446744073709551615");
	with_field(72, 8, disk.size / 512 - 1, "entries at block");
	with_field(72, 8, disk.size / 512, "entries at block");
}

Test(gpt, revision)
{
	with_field(8, 4, 0x20000, "revision 0x00020000");
}

static void partition(uint64_t first, uint64_t last, const char *text)
{
	for (int backup = 0; backup < 2; backup++) {
		put64(disk_image_entry(&disk, backup, 0) + 32, first);
		put64(disk_image_entry(&disk, backup, 0) + 40, last);
		disk_image_seal(&disk, backup);
	}
	fails(text);
}

Test(gpt, partitions_out_of_bounds)
{
	partition(100, 99, "GPT entry 1 at byte 1024: blocks 100..99");
	partition(1, 99, "not within the usable ones");
	partition(DISK_ESP_BLOCK, disk.size / 512, "not within the usable ones");
	partition(DISK_ESP_BLOCK, UINT64_MAX, "not within the usable ones");
	for (int backup = 0; backup < 2; backup++)
		put64(disk_image_header(&disk, backup) + 48, UINT64_MAX);
	partition(DISK_ESP_BLOCK, disk.size / 512, "it is truncated");
	partition(0x8000000000000000, UINT64_MAX, "it is truncated");
}

Test(gpt, every_truncation_fails_cleanly)
{
	for (size_t size = 0; size < disk.size - 512; size += size < 20000 ? 67 : 65521) {
		uint8_t *part = malloc(size ? size : 1);
		struct source s;
		struct gpt g;
		memcpy(part, disk.bytes, size);
		source_memory("d.img", part, size, &s);
		gpt_is(&s);
		cr_assert_eq(gpt_read(&s, &g), VR_E_IMAGE, "%zu bytes", size);
		vr_error_text(VR_E_IMAGE);
		free(part);
	}
}

Test(gpt, is_seen_by_any_of_its_signs)
{
	struct source s;

	source_memory("d.img", disk.bytes, disk.size, &s);
	memset(disk.bytes, 0, 512); /* no protective MBR */
	cr_assert(gpt_is(&s));
	memset(disk.bytes + 512, 0, 512); /* no primary */
	cr_assert(gpt_is(&s));
	memset(disk.bytes + disk.size - 512, 0, 512);
	cr_assert_not(gpt_is(&s));
	disk.bytes[510] = 0x55;
	disk.bytes[511] = 0xaa;
	cr_assert_not(gpt_is(&s));
	disk.bytes[446 + 16 + 4] = 0xee;
	cr_assert(gpt_is(&s));
	fails("no \"EFI PART\" signature");
}
