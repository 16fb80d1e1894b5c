/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define SECTOR 512u
#define FOLDER_CLUSTERS 8u
#define ENTRIES 128u

void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

void put32(uint8_t *p, uint32_t v)
{
	put16(p, v);
	put16(p + 2, v >> 16);
}

void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

static uint32_t end_mark(const struct fat_image *f)
{
	return f->bits == 12 ? 0xfff : f->bits == 16 ? 0xffff : 0x0fffffff;
}

void fat_image_set(struct fat_image *f, uint32_t cluster, uint32_t value)
{
	uint8_t *p;

	if (f->bits == 12) {
		p = f->bytes + f->fat + cluster + cluster / 2;
		if (cluster & 1) {
			p[0] = (uint8_t)((p[0] & 15) | value << 4);
			p[1] = (uint8_t)(value >> 4);
		} else {
			p[0] = (uint8_t)value;
			p[1] = (uint8_t)((p[1] & 0xf0) | (value >> 8 & 15));
		}
	} else if (f->bits == 16) {
		put16(f->bytes + f->fat + cluster * 2, value);
	} else {
		put32(f->bytes + f->fat + cluster * 4, value);
	}
}

size_t fat_image_offset(const struct fat_image *f, uint32_t cluster)
{
	return cluster ? f->data + (size_t)(cluster - 2) * SECTOR : f->root;
}

static uint32_t allocate(struct fat_image *f, uint32_t n)
{
	uint32_t first = f->next_free;

	if (n > f->clusters - (first - 2))
		abort();
	for (uint32_t i = 0; i < n; i++)
		fat_image_set(f, first + i, i + 1 < n ? first + i + 1 : end_mark(f));
	f->next_free += n;
	return first;
}

void fat_image_init(struct fat_image *f, uint32_t bits)
{
	uint32_t sectors = bits == 12 ? 2048 : bits == 16 ? 8192 : 70000, reserved = bits == 32 ? 32 : 1;
	uint32_t fat_size = (sectors * bits / 8 + 8 + SECTOR - 1) / SECTOR;
	uint8_t *b;

	*f = (struct fat_image){.bits = bits, .size = (size_t)sectors * SECTOR, .next_free = 2};
	b = f->bytes = calloc(1, f->size);
	if (!b)
		abort();
	f->root_entries = bits == 32 ? 0 : 128;
	memcpy(b, "\xeb\x3c\x90TESTFAT ", 11);
	put16(b + 11, SECTOR);
	b[13] = 1;
	put16(b + 14, reserved);
	b[16] = 2;
	put16(b + 17, f->root_entries);
	if (bits == 12)
		put16(b + 19, sectors);
	else
		put32(b + 32, sectors);
	b[21] = 0xf8;
	if (bits == 32) {
		put32(b + 36, fat_size);
		put32(b + 44, 2);
	} else {
		put16(b + 22, fat_size);
	}
	b[510] = 0x55;
	b[511] = 0xaa;
	f->fat = reserved * SECTOR;
	f->root = (reserved + 2 * fat_size) * SECTOR;
	f->data = f->root + f->root_entries * 32;
	f->clusters = (uint32_t)((f->size - f->data) / SECTOR);
	fat_image_set(f, 0, end_mark(f) - 7);
	fat_image_set(f, 1, end_mark(f));
	if (bits == 32)
		f->root = fat_image_offset(f, allocate(f, FOLDER_CLUSTERS));
}

void fat_image_free(struct fat_image *f)
{
	free(f->bytes);
	f->bytes = NULL;
}

/* Folders lie in one piece, so their entries are an array. */
static uint8_t *free_entries(struct fat_image *f, uint32_t folder, uint32_t n)
{
	uint8_t *p = f->bytes + fat_image_offset(f, folder);
	uint32_t i = 0, room = folder || f->bits == 32 ? FOLDER_CLUSTERS * SECTOR / 32 : f->root_entries;

	while (i < room && p[i * 32])
		i++;
	if (i + n > room)
		abort();
	return p + i * 32;
}

static int fits_short(const char *name)
{
	size_t n = strlen(name), base = strcspn(name, ".");

	return base && base <= 8 && (base == n || (n - base - 1 <= 3 && !strchr(name + base + 1, '.')));
}

static void short_name(struct fat_image *f, const char *name, uint8_t *out)
{
	size_t base = strcspn(name, ".");

	memset(out, ' ', 11);
	if (!fits_short(name)) {
		memcpy(out, "LONG~000EXT", 11);
		out[6] = (uint8_t)('0' + f->next_free / 10 % 10);
		out[7] = (uint8_t)('0' + f->next_free % 10);
		return;
	}
	for (size_t i = 0; i < base; i++)
		out[i] = (uint8_t)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 32 : name[i]);
	for (size_t i = 0; name[base] && name[base + 1 + i]; i++) {
		char c = name[base + 1 + i];
		out[8 + i] = (uint8_t)(c >= 'a' && c <= 'z' ? c - 32 : c);
	}
}

static void long_entries(const char *name, const uint8_t *shortened, uint8_t *p, uint32_t n)
{
	static const uint8_t places[13] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
	size_t length = strlen(name);
	uint8_t sum = 0;

	for (int i = 0; i < 11; i++)
		sum = (uint8_t)((sum << 7 | sum >> 1) + shortened[i]);
	for (uint32_t k = 0; k < n; k++) {
		uint32_t order = n - k;
		uint8_t *d = p + k * 32;
		d[0] = (uint8_t)(order | (k ? 0 : 0x40));
		d[11] = 0x0f;
		d[13] = sum;
		for (uint32_t i = 0; i < 13; i++) {
			size_t at = (order - 1) * 13 + i;
			put16(d + places[i], at < length ? (uint8_t)name[at] : at == length ? 0 : 0xffff);
		}
	}
}

static void add_entry(struct fat_image *f, uint32_t folder, const char *name, uint32_t attributes,
		      uint32_t cluster, size_t size)
{
	uint32_t pieces = fits_short(name) ? 0 : (uint32_t)(strlen(name) + 12) / 13;
	uint8_t *p = free_entries(f, folder, pieces + 1), *d = p + pieces * 32;

	short_name(f, name, d);
	long_entries(name, d, p, pieces);
	d[11] = (uint8_t)attributes;
	put16(d + 20, cluster >> 16);
	put16(d + 26, cluster);
	put32(d + 28, (uint32_t)size);
}

uint32_t fat_image_folder(struct fat_image *f, uint32_t folder, const char *name)
{
	uint32_t c = allocate(f, FOLDER_CLUSTERS);

	add_entry(f, folder, name, 0x10, c, 0);
	add_entry(f, c, "DOT", 0x10, c, 0);
	memcpy(f->bytes + fat_image_offset(f, c), ".          ", 11);
	return c;
}

uint32_t fat_image_file(struct fat_image *f, uint32_t folder, const char *name, const void *data, size_t size)
{
	uint32_t c = size ? allocate(f, (uint32_t)((size + SECTOR - 1) / SECTOR)) : 0;

	if (size)
		memcpy(f->bytes + fat_image_offset(f, c), data, size);
	add_entry(f, folder, name, 0x20, c, size);
	return c;
}

uint8_t *fat_image_entry(struct fat_image *f, uint32_t folder, uint32_t n)
{
	uint8_t *p = f->bytes + fat_image_offset(f, folder);

	for (;; p += 32) {
		if (p[11] != 0x0f && !n--)
			return p;
	}
}

/* ---- GPT ---------------------------------------------------------------------------------- */

uint8_t *disk_image_header(struct disk_image *d, int backup)
{
	return d->bytes + (backup ? d->size - d->block : d->block);
}

uint8_t *disk_image_entry(struct disk_image *d, int backup, uint32_t i)
{
	return d->bytes + (backup ? d->size - d->block - ENTRIES * 128 : 2 * d->block) + i * 128;
}

void disk_image_seal(struct disk_image *d, int backup)
{
	uint8_t *h = disk_image_header(d, backup);

	put32(h + 88, (uint32_t)crc32(0, disk_image_entry(d, backup, 0), ENTRIES * 128));
	put32(h + 16, 0);
	put32(h + 16, (uint32_t)crc32(0, h, 92));
}

void disk_image_init(struct disk_image *d, uint32_t block, const struct fat_image *esp)
{
	static const uint8_t type[16] = {0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
					 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b};
	size_t esp_blocks = (esp->size + block - 1) / block;

	*d = (struct disk_image){.block = block, .size = (DISK_ESP_BLOCK + esp_blocks + 64) * block};
	d->bytes = calloc(1, d->size);
	if (!d->bytes)
		abort();
	uint64_t last = d->size / block - 1;
	d->bytes[446 + 4] = 0xee;
	put32(d->bytes + 446 + 8, 1);
	put32(d->bytes + 446 + 12, (uint32_t)last);
	d->bytes[510] = 0x55;
	d->bytes[511] = 0xaa;
	memcpy(d->bytes + DISK_ESP_BLOCK * (size_t)block, esp->bytes, esp->size);
	for (int backup = 0; backup < 2; backup++) {
		uint8_t *h = disk_image_header(d, backup), *e = disk_image_entry(d, backup, 0);
		memcpy(h, "EFI PART", 8);
		put32(h + 8, 0x10000);
		put32(h + 12, 92);
		put64(h + 24, backup ? last : 1);
		put64(h + 32, backup ? 1 : last);
		put64(h + 40, DISK_ESP_BLOCK);
		put64(h + 48, DISK_ESP_BLOCK + esp_blocks - 1);
		memset(h + 56, 0x11, 16);
		put64(h + 72, (uint64_t)(e - d->bytes) / block);
		put32(h + 80, ENTRIES);
		put32(h + 84, 128);
		memcpy(e, type, 16);
		memset(e + 16, 0x22, 16);
		put64(e + 32, DISK_ESP_BLOCK);
		put64(e + 40, DISK_ESP_BLOCK + esp_blocks - 1);
		disk_image_seal(d, backup);
	}
}

void disk_image_free(struct disk_image *d)
{
	free(d->bytes);
	d->bytes = NULL;
}

uint8_t *gzip_of(const void *data, size_t size, size_t *out)
{
	z_stream z = {0};
	size_t room = size + size / 8 + 1024;
	uint8_t *b = malloc(room);

	if (!b || deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	z.next_in = (z_const Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)size;
	z.next_out = b;
	z.avail_out = (uInt)room;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	*out = room - z.avail_out;
	deflateEnd(&z);
	return b;
}
