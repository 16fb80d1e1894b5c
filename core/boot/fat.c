/* SPDX-License-Identifier: MIT */
/* The volume and its cluster chains. fat_dir.c has folders and names, fat_file.c the contents of files. */
#include "boot/fat.h"

#include <inttypes.h>
#include <string.h>
#include <vmrun/abi.h>
#include "boot/bytes.h"
#include "boot/fat_bad.h"
#include "common/error.h"

/* Section 3: the BIOS parameter block. */
#define BPB_BYTES_PER_SECTOR 11
#define BPB_SECTORS_PER_CLUSTER 13
#define BPB_RESERVED 14
#define BPB_FATS 16
#define BPB_ROOT_ENTRIES 17
#define BPB_SECTORS16 19
#define BPB_FAT_SIZE16 22
#define BPB_SECTORS32 32
#define BPB_FAT_SIZE32 36
#define BPB_EXT_FLAGS 40
#define BPB_ROOT_CLUSTER 44

static uint32_t bits_by_clusters(uint32_t clusters)
{
	/* Section 3.5: the one and only way to tell FAT12 from FAT16. */
	return clusters < 4085 ? 12 : 16;
}

int32_t fat_open(const struct source *s, uint64_t base, uint64_t length, struct fat *out)
{
	uint8_t b[512];
	int32_t e;

	*out = (struct fat){.source = s, .base = base, .length = length};
	if (length < sizeof(b) || !source_has(s, base, length))
		return FAT_BAD(out, UINT64_C(0), "its %" PRIu64 " bytes are not in the image", length);
	e = source_read(s, base, b, sizeof(b), "FAT boot sector");
	if (e)
		return e;
	if (b[510] != 0x55 || b[511] != 0xaa)
		return FAT_BAD(out, UINT64_C(510), "no 55 AA signature, but %02x %02x: not a FAT volume",
			       b[510], b[511]);
	uint32_t sector = vr_le16(b + BPB_BYTES_PER_SECTOR), per = b[BPB_SECTORS_PER_CLUSTER];
	if (sector < 512 || sector > 4096 || sector & (sector - 1))
		return FAT_BAD(out, UINT64_C(11), "%" PRIu32 " bytes a sector", sector);
	if (!per || per & (per - 1))
		return FAT_BAD(out, UINT64_C(13), "%" PRIu32 " sectors a cluster", per);
	uint32_t reserved = vr_le16(b + BPB_RESERVED), fats = b[BPB_FATS];
	if (!reserved || !fats)
		return FAT_BAD(out, UINT64_C(14), "%" PRIu32 " reserved sectors and %" PRIu32 " FATs",
			       reserved, fats);
	uint32_t fat_size = vr_le16(b + BPB_FAT_SIZE16), sectors = vr_le16(b + BPB_SECTORS16);
	bool is32 = !fat_size; /* only FAT32 has no 16-bit FAT size */
	if (is32)
		fat_size = vr_le32(b + BPB_FAT_SIZE32);
	if (!sectors)
		sectors = vr_le32(b + BPB_SECTORS32);
	out->root_entries = is32 ? 0 : vr_le16(b + BPB_ROOT_ENTRIES);
	uint64_t root_sectors = ((uint64_t)out->root_entries * 32 + sector - 1) / sector;
	uint64_t before = reserved + (uint64_t)fats * fat_size + root_sectors;
	if (!fat_size || before >= sectors)
		return FAT_BAD(out, UINT64_C(0),
			       "%" PRIu32 " sectors do not hold %" PRIu32 " reserved ones and %" PRIu32
			       " FATs of %" PRIu32,
			       sectors, reserved, fats, fat_size);
	if ((uint64_t)sectors * sector > length)
		return FAT_BAD(out, UINT64_C(32),
			       "%" PRIu32 " sectors of %" PRIu32 " bytes are more than its %" PRIu64 " bytes",
			       sectors, sector, length);
	out->cluster_size = per * sector;
	out->clusters = (uint32_t)((sectors - before) / per);
	out->bits = is32 ? 32 : bits_by_clusters(out->clusters);
	/* The FAT must have an entry for each cluster. */
	uint64_t needed = ((uint64_t)out->clusters + 2) * out->bits;
	if (!out->clusters || out->clusters > 0x0ffffff5u || (needed + 7) / 8 > (uint64_t)fat_size * sector)
		return FAT_BAD(out, UINT64_C(36),
			       "a FAT of %" PRIu32 " sectors does not describe %" PRIu32 " clusters",
			       fat_size, out->clusters);
	uint32_t active = 0;
	if (is32 && b[BPB_EXT_FLAGS] & 0x80) {
		/* Not mirrored: bits 0-3 name the one in use. */
		active = b[BPB_EXT_FLAGS] & 15u;
		if (active >= fats)
			return FAT_BAD(out, UINT64_C(40), "FAT %" PRIu32 " is in use, but there are %" PRIu32,
				       active, fats);
	}
	out->fat = base + ((uint64_t)reserved + (uint64_t)active * fat_size) * sector;
	out->root = base + (reserved + (uint64_t)fats * fat_size) * sector;
	out->data = base + before * sector;
	if (is32) {
		out->root_cluster = vr_le32(b + BPB_ROOT_CLUSTER) & 0x0fffffffu;
		if (out->root_cluster < 2 || out->root_cluster - 2 >= out->clusters)
			return FAT_BAD(out, UINT64_C(44),
				       "the root folder's cluster %" PRIu32 " is none of the %" PRIu32,
				       out->root_cluster, out->clusters);
	}
	return VR_OK;
}

int32_t fat_locate(const struct fat *f, uint32_t cluster, const char *what, uint64_t *offset)
{
	if (cluster < 2 || cluster - 2 >= f->clusters)
		return FAT_BAD(f, UINT64_C(0),
			       "%.200s has cluster %" PRIu32 ", and the volume has 2..%" PRIu32, what,
			       cluster, f->clusters + 1);
	*offset = f->data + (uint64_t)(cluster - 2) * f->cluster_size;
	return VR_OK;
}

/* One byte of the FAT through a window: chains mostly stay near. */
static int32_t fat_byte(struct fat *f, uint64_t offset, uint8_t *out)
{
	uint64_t start = offset & ~(uint64_t)(sizeof(f->window) - 1);

	if (!f->window_size || start != f->window_at) {
		uint64_t end = f->base + f->length, n = end - start;
		if (n > sizeof(f->window))
			n = sizeof(f->window);
		f->window_size = 0;
		int32_t e = source_read(f->source, start, f->window, (size_t)n, "the FAT");
		if (e)
			return e;
		f->window_at = start;
		f->window_size = (uint32_t)n;
	}
	*out = f->window[offset - start];
	return VR_OK;
}

static int32_t fat_value(struct fat *f, uint32_t cluster, uint64_t *at, uint32_t *value)
{
	uint32_t bytes = f->bits == 32 ? 4 : 2;
	uint8_t b[4] = {0};

	/* Section 4: FAT12 packs two entries into three bytes. */
	*at = f->fat + (f->bits == 12 ? (uint64_t)cluster + cluster / 2 : (uint64_t)cluster * bytes);
	for (uint32_t i = 0; i < bytes; i++) {
		int32_t e = fat_byte(f, *at + i, &b[i]);
		if (e)
			return e;
	}
	*value = vr_le32(b);
	if (f->bits == 12)
		*value = (cluster & 1 ? *value >> 4 : *value) & 0xfff;
	else
		*value &= 0x0fffffff; /* FAT32: the upper four bits are reserved */
	return VR_OK;
}

int32_t fat_next(struct fat *f, uint32_t cluster, const char *what, uint32_t *next)
{
	uint64_t at;
	uint32_t value, end = f->bits == 12 ? 0xff8 : f->bits == 16 ? 0xfff8 : 0x0ffffff8;
	int32_t e = fat_locate(f, cluster, what, &at);

	if (!e)
		e = fat_value(f, cluster, &at, &value);
	if (e)
		return e;
	*next = 0;
	if (value >= end)
		return VR_OK;
	if (value < 2 || value - 2 >= f->clusters)
		return FAT_BAD(f, at - f->base,
			       "the cluster chain of %.200s goes from %" PRIu32 " to %" PRIu32
			       ", which is no cluster",
			       what, cluster, value);
	*next = value;
	return VR_OK;
}
