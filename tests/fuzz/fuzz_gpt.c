/* SPDX-License-Identifier: MIT */
/* Any bytes as a disk: the table, and as they are also with right CRCs, which a fuzzer does not guess. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "boot/bytes.h"
#include "boot/disk.h"
#include "boot/gpt.h"
#include "common/error.h"
#include "util/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static void seal(uint8_t *b, size_t size)
{
	if (size < 1024)
		return;
	uint8_t *h = b + 512;
	uint64_t at = vr_le64(h + 72), n = (uint64_t)vr_le32(h + 80) * vr_le32(h + 84);
	uint32_t header = vr_le32(h + 12);

	memcpy(h, "EFI PART", 8);
	if (at < size / 512 && n <= size - at * 512)
		put32(h + 88, (uint32_t)crc32(0, b + at * 512, (uInt)n));
	put32(h + 16, 0);
	if (header <= 512)
		put32(h + 16, (uint32_t)crc32(0, h, header));
}

static void read_all(const uint8_t *b, size_t size)
{
	struct source s;
	struct gpt g;
	struct disk_boot d;

	source_memory("f", b, size, &s);
	gpt_is(&s);
	if (!gpt_read(&s, &g)) {
		for (uint32_t i = 0; i < g.count; i++) {
			if (!source_has(&s, g.partitions[i].offset, g.partitions[i].length))
				abort();
		}
		gpt_free(&g);
	}
	vr_error_clear();
	if (!disk_boot_read(&s, &d))
		disk_boot_free(&d);
	vr_error_clear();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *b = malloc(size ? size : 1);

	if (!b)
		return 0;
	log_set_level(0);
	memcpy(b, data, size);
	read_all(b, size);
	seal(b, size);
	read_all(b, size);
	free(b);
	return 0;
}
