/* SPDX-License-Identifier: MIT */
/* image.h: small FAT volumes and GPT disks, made in memory, for tests to read and to damage. */
#ifndef VR_TESTS_BOOT_IMAGE_H
#define VR_TESTS_BOOT_IMAGE_H

#include <stddef.h>
#include <stdint.h>

/* A volume of 512-byte sectors and clusters. */
struct fat_image {
	uint8_t *bytes;
	size_t size;
	uint32_t bits;
	size_t fat, root, data; /* offsets; root: FAT12/16 */
	uint32_t root_entries, clusters, next_free;
};

void fat_image_init(struct fat_image *f, uint32_t bits);
void fat_image_free(struct fat_image *f);
/* folder 0 is the root. Returns the new one's first cluster. Names longer than 8.3 get long entries. */
uint32_t fat_image_folder(struct fat_image *f, uint32_t folder, const char *name);
/* Returns the first cluster. */
uint32_t fat_image_file(struct fat_image *f, uint32_t folder, const char *name, const void *data,
			size_t size);
void fat_image_set(struct fat_image *f, uint32_t cluster, uint32_t value);
size_t fat_image_offset(const struct fat_image *f, uint32_t cluster);
/* The short entry of a name in a folder: the n-th of all 32-byte entries whose attribute is not a long
 * name's. */
uint8_t *fat_image_entry(struct fat_image *f, uint32_t folder, uint32_t n);

struct disk_image {
	uint8_t *bytes;
	size_t size;
	uint32_t block;
};

#define DISK_ESP_BLOCK 64u /* where the ESP begins, in blocks */

/* One ESP that holds the volume, primary and backup GPT. */
void disk_image_init(struct disk_image *d, uint32_t block, const struct fat_image *esp);
void disk_image_free(struct disk_image *d);
uint8_t *disk_image_header(struct disk_image *d, int backup);
uint8_t *disk_image_entry(struct disk_image *d, int backup, uint32_t i);
/* Right CRCs again after a change. */
void disk_image_seal(struct disk_image *d, int backup);

void put16(uint8_t *p, uint32_t v);
void put32(uint8_t *p, uint32_t v);
void put64(uint8_t *p, uint64_t v);
/* gzip of the bytes, malloc'ed. */
uint8_t *gzip_of(const void *data, size_t size, size_t *out);

#endif
