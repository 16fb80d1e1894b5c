/* SPDX-License-Identifier: MIT */
/* FAT volumes of the three widths: names, chains, and damage. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>
#include "boot/fat.h"
#include "image.h"
#include "common/error.h"

#define BIG 100000u
#define LONG_FOLDER "a folder with a long name"
#define LONG_FILE "debian-6.1.0-50-arm64.conf"

struct fake_volume {
	struct fat_image image;
	struct source source;
	struct fat fat;
	uint8_t *big;
	uint32_t folder, file, big_at;
};

static void fake_volume_init(struct fake_volume *w, uint32_t bits)
{
	fat_image_init(&w->image, bits);
	w->big = malloc(BIG);
	for (uint32_t i = 0; i < BIG; i++)
		w->big[i] = (uint8_t)(i * 7 + i / 512);
	fat_image_file(&w->image, 0, "hello.txt", "hello", 5);
	fat_image_file(&w->image, 0, "empty", NULL, 0);
	w->folder = fat_image_folder(&w->image, 0, LONG_FOLDER);
	w->file = fat_image_file(&w->image, w->folder, LONG_FILE, "title x\n", 8);
	w->big_at = fat_image_file(&w->image, w->folder, "big.bin", w->big, BIG);
	source_memory("d.img", w->image.bytes, w->image.size, &w->source);
}

static void fake_volume_free(struct fake_volume *w)
{
	fat_image_free(&w->image);
	free(w->big);
}

static int32_t open_volume(struct fake_volume *w)
{
	return fat_open(&w->source, 0, w->image.size, &w->fat);
}

static void says(int32_t e, int32_t code, const char *text)
{
	cr_assert_eq(e, code, "%s: %s", vr_error_name(e), vr_error_text(e));
	cr_assert(strstr(vr_error_text(e), text), "\"%s\" lacks \"%s\"", vr_error_text(e), text);
	cr_assert(!strncmp(vr_error_text(e), "d.img: ", 7), "%s", vr_error_text(e));
	vr_error_clear();
}

static void holds(struct fake_volume *w, const char *path, const void *bytes, size_t n)
{
	size_t size;
	void *data;
	int32_t e = fat_read(&w->fat, path, 1 << 20, &data, &size);

	cr_assert_eq(e, VR_OK, "%s: %s", path, vr_error_text(e));
	cr_assert_eq(size, n);
	cr_assert(!n || !memcmp(data, bytes, n));
	cr_assert_eq(((char *)data)[n], 0);
	free(data);
}

static int32_t reads(struct fake_volume *w, const char *path)
{
	size_t size;
	void *data;
	int32_t e = fat_read(&w->fat, path, 1 << 20, &data, &size);

	cr_assert(e || data);
	free(data);
	return e;
}

#define EACH_WIDTH(name)                                                                       \
	static void name##_of(struct fake_volume *w);                                          \
	Test(fat, name)                                                                        \
	{                                                                                      \
		for (uint32_t bits = 12; bits <= 32; bits += bits == 12 ? 4 : 16) {            \
			struct fake_volume w;                                                  \
			fake_volume_init(&w, bits);                                            \
			cr_assert_eq(open_volume(&w), VR_OK, "%s", vr_error_text(VR_E_IMAGE)); \
			cr_assert_eq(w.fat.bits, bits);                                        \
			name##_of(&w);                                                         \
			fake_volume_free(&w);                                                  \
		}                                                                              \
	}                                                                                      \
	static void name##_of(struct fake_volume *w)

EACH_WIDTH(files)
{
	holds(w, "/hello.txt", "hello", 5);
	holds(w, "HELLO.TXT", "hello", 5);
	holds(w, "//hello.TXT", "hello", 5);
	holds(w, "/empty", "", 0);
	holds(w, "/" LONG_FOLDER "/" LONG_FILE, "title x\n", 8);
	holds(w, "/A Folder With A Long Name/DEBIAN-6.1.0-50-ARM64.CONF", "title x\n", 8);
	holds(w, "\\" LONG_FOLDER "\\big.bin", w->big, BIG);
}

EACH_WIDTH(scattered_clusters)
{
	/* big.bin's 4th and 5th cluster change places. */
	uint32_t a = w->big_at + 3, b = a + 1;
	uint8_t tmp[512], *p = w->image.bytes + fat_image_offset(&w->image, a), *q = p + 512;

	memcpy(tmp, p, 512);
	memcpy(p, q, 512);
	memcpy(q, tmp, 512);
	fat_image_set(&w->image, a - 1, b);
	fat_image_set(&w->image, b, a);
	fat_image_set(&w->image, a, b + 1);
	holds(w, "/" LONG_FOLDER "/big.bin", w->big, BIG);
}

EACH_WIDTH(missing)
{
	says(reads(w, "/nothing"), VR_E_NOENT, "no /nothing");
	says(reads(w, "/hello.txt/x"), VR_E_NOENT, "(\"x\" is missing)");
	says(reads(w, "/hello.tx"), VR_E_NOENT, "hello.tx");
	says(reads(w, "/hello.txtt"), VR_E_NOENT, "hello.txtt");
	says(reads(w, "/" LONG_FOLDER "/../hello.txt"), VR_E_NOENT, "\"..\" is missing");
	says(reads(w, "/" LONG_FOLDER), VR_E_IMAGE, "is a folder");
	says(reads(w, ""), VR_E_IMAGE, "is a folder");
}

EACH_WIDTH(limit)
{
	size_t size;
	void *data;

	says(fat_read(&w->fat, "/hello.txt", 4, &data, &size), VR_E_IMAGE, "at most 4");
}

struct seen {
	uint32_t count;
	char names[8][FAT_NAME_MAX];
};

static int32_t see(void *opaque, const struct fat_entry *e)
{
	struct seen *s = opaque;

	if (s->count < 8)
		strcpy(s->names[s->count], e->name);
	s->count++;
	return 0;
}

EACH_WIDTH(listing)
{
	struct seen s = {0};

	cr_assert_eq(fat_list(&w->fat, "/", see, &s), VR_OK);
	cr_assert_eq(s.count, 3);
	cr_assert_str_eq(s.names[0], "HELLO.TXT");
	cr_assert_str_eq(s.names[1], "EMPTY");
	cr_assert_str_eq(s.names[2], LONG_FOLDER);
	s.count = 0;
	cr_assert_eq(fat_list(&w->fat, LONG_FOLDER, see, &s), VR_OK);
	cr_assert_eq(s.count, 2); /* without "." */
	says(fat_list(&w->fat, "/hello.txt", see, &s), VR_E_NOENT, "is no folder");
	says(fat_list(&w->fat, "/none", see, &s), VR_E_NOENT, "no /none");
}

EACH_WIDTH(lower_case_flags)
{
	struct seen s = {0};

	fat_image_entry(&w->image, 0, 0)[12] = 0x18;
	fat_image_entry(&w->image, 0, 1)[12] = 0x08;
	cr_assert_eq(fat_list(&w->fat, "/", see, &s), VR_OK);
	cr_assert_str_eq(s.names[0], "hello.txt");
	cr_assert_str_eq(s.names[1], "empty");
}

EACH_WIDTH(orphaned_long_names)
{
	struct seen s = {0};
	uint8_t *d = fat_image_entry(&w->image, 0, 2);

	d[0] = 'X'; /* the checksum does not fit any more */
	cr_assert_eq(fat_list(&w->fat, "/", see, &s), VR_OK);
	cr_assert(!strncmp(s.names[2], "XONG~", 5), "%s", s.names[2]);
	d[-32] = 5; /* nor does the order */
	cr_assert_eq(fat_list(&w->fat, "/", see, &s), VR_OK);
	d[-32] = 0x7f;
	d[-64] = 0x40;
	cr_assert_eq(fat_list(&w->fat, "/", see, &s), VR_OK);
}

EACH_WIDTH(deleted_and_label)
{
	struct seen s = {0};

	fat_image_entry(&w->image, 0, 0)[0] = 0xe5;
	fat_image_entry(&w->image, 0, 1)[11] = 0x08;
	cr_assert_eq(fat_list(&w->fat, "/", see, &s), VR_OK);
	cr_assert_eq(s.count, 1);
}

EACH_WIDTH(file_chain_in_a_circle)
{
	fat_image_set(&w->image, w->big_at + 10, w->big_at + 2);
	says(reads(w, "/" LONG_FOLDER "/big.bin"), VR_E_IMAGE, "in a circle");
	open_volume(w);
	fat_image_set(&w->image, w->big_at, w->big_at);
	says(reads(w, "/" LONG_FOLDER "/big.bin"), VR_E_IMAGE, "in a circle");
}

EACH_WIDTH(folder_chain_in_a_circle)
{
	struct seen s = {0};

	/* No end mark in it, so that the chain is followed. */
	for (uint32_t c = w->folder; c < w->folder + 8; c++) {
		uint8_t *p = w->image.bytes + fat_image_offset(&w->image, c);
		for (uint32_t i = 0; i < 16; i++)
			p[i * 32] = p[i * 32] ? p[i * 32] : 0xe5;
	}
	fat_image_set(&w->image, w->folder + 7, w->folder);
	says(fat_list(&w->fat, LONG_FOLDER, see, &s), VR_E_IMAGE, "is a circle");
	says(reads(w, "/" LONG_FOLDER "/nothing"), VR_E_IMAGE, "is a circle");
}

EACH_WIDTH(chains_that_lead_nowhere)
{
	static const uint32_t values[] = {0, 1, 0x0ffffff7};

	for (size_t i = 0; i < 3; i++) {
		uint32_t v =
			w->image.bits == 32 ? values[i] : values[i] & (w->image.bits == 12 ? 0xfff : 0xffff);
		open_volume(w); /* a new window onto the FAT */
		fat_image_set(&w->image, w->big_at + 1, v);
		says(reads(w, "/" LONG_FOLDER "/big.bin"), VR_E_IMAGE, "which is no cluster");
	}
	open_volume(w);
	fat_image_set(&w->image, w->big_at + 1, w->image.clusters + 2);
	if (w->image.clusters + 2 < (w->image.bits == 12 ? 0xff8u : 0xfff8u) || w->image.bits == 32)
		says(reads(w, "/" LONG_FOLDER "/big.bin"), VR_E_IMAGE, "which is no cluster");
}

EACH_WIDTH(chain_of_the_wrong_length)
{
	fat_image_set(&w->image, w->big_at + 1, 0x0fffffff);
	says(reads(w, "/" LONG_FOLDER "/big.bin"), VR_E_IMAGE,
	     "its cluster chain ends 98976 bytes before that");
	put32(fat_image_entry(&w->image, 0, 0) + 28, 513);
	says(reads(w, "/hello.txt"), VR_E_IMAGE, "its cluster chain ends 1 bytes before");
	put32(fat_image_entry(&w->image, 0, 0) + 28, 0xffffffff);
	says(reads(w, "/hello.txt"), VR_E_IMAGE, "at most");
	size_t size;
	void *data;
	says(fat_read(&w->fat, "/hello.txt", SIZE_MAX, &data, &size), VR_E_IMAGE, "more than the volume");
}

EACH_WIDTH(first_clusters_out_of_range)
{
	uint8_t *d = fat_image_entry(&w->image, 0, 0);

	put16(d + 26, 0);
	says(reads(w, "/hello.txt"), VR_E_IMAGE, "HELLO.TXT has cluster 0");
	put16(d + 26, 1);
	says(reads(w, "/hello.txt"), VR_E_IMAGE, "has cluster 1");
	put16(d + 26, 0xfff6);
	put16(d + 20, 0xffff);
	says(reads(w, "/hello.txt"), VR_E_IMAGE, "has cluster");
	put16(fat_image_entry(&w->image, 0, 2) + 26, 1);
	says(reads(w, "/" LONG_FOLDER "/big.bin"), VR_E_IMAGE, LONG_FOLDER " has cluster 1");
}

EACH_WIDTH(boot_sectors)
{
	static const struct {
		uint32_t at, width, value;
		const char *text;
	} bad[] = {
		{510, 2, 0, "no 55 AA signature"},  {11, 2, 0, "0 bytes a sector"},
		{11, 2, 513, "513 bytes a sector"}, {11, 2, 8192, "8192 bytes a sector"},
		{13, 1, 0, "0 sectors a cluster"},  {13, 1, 3, "3 sectors a cluster"},
		{14, 2, 0, "0 reserved sectors"},   {14, 2, 0xffff, ""},
		{16, 1, 0, "and 0 FATs"},           {22, 2, 1, "does not describe"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t keep[512], *b = w->image.bytes;
		memcpy(keep, b, 512);
		b[bad[i].at] = (uint8_t)bad[i].value;
		if (bad[i].width == 2)
			b[bad[i].at + 1] = (uint8_t)(bad[i].value >> 8);
		/* A reserved area that leaves less than all clusters is allowed; it must only not crash. */
		if (*bad[i].text)
			says(open_volume(w), VR_E_IMAGE, bad[i].text);
		else if (open_volume(w))
			vr_error_clear();
		memcpy(b, keep, 512);
	}
	w->image.bytes[19] = w->image.bytes[20] = 0;
	put32(w->image.bytes + 32, 0xffffffff);
	says(open_volume(w), VR_E_IMAGE, "are more than its");
	put32(w->image.bytes + 32, 0);
	says(open_volume(w), VR_E_IMAGE, "sectors do not hold");
}

Test(fat, root_cluster_and_active_fat)
{
	struct fake_volume w;

	fake_volume_init(&w, 32);
	put32(w.image.bytes + 44, 0x0fffffff);
	says(open_volume(&w), VR_E_IMAGE, "the root folder's cluster 268435455");
	put32(w.image.bytes + 44, 0);
	says(open_volume(&w), VR_E_IMAGE, "the root folder's cluster 0");
	put32(w.image.bytes + 44, 2);
	w.image.bytes[40] = 0x85;
	says(open_volume(&w), VR_E_IMAGE, "FAT 5 is in use");
	w.image.bytes[40] = 0x81; /* the second one, which is empty here */
	cr_assert_eq(open_volume(&w), VR_OK);
	says(reads(&w, "/" LONG_FOLDER "/big.bin"), VR_E_IMAGE, "which is no cluster");
	fake_volume_free(&w);
}

Test(fat, truncated_volumes)
{
	struct fake_volume w;

	fake_volume_init(&w, 12);
	for (size_t size = 0; size < w.image.size; size += size < 2000 ? 17 : 40009) {
		uint8_t *part = malloc(size ? size : 1);
		struct source s;
		memcpy(part, w.image.bytes, size);
		source_memory("d.img", part, size, &s);
		says(fat_open(&s, 0, size, &w.fat), VR_E_IMAGE, "FAT volume at byte ");
		/* The partition claims more than the image has. */
		says(fat_open(&s, 0, w.image.size, &w.fat), VR_E_IMAGE, "are not in the image");
		free(part);
	}
	fake_volume_free(&w);
}

Test(fat, unicode_names)
{
	struct fake_volume w;
	struct seen s = {0};
	uint8_t *d;

	fake_volume_init(&w, 16);
	cr_assert_eq(open_volume(&w), VR_OK);
	d = fat_image_entry(&w.image, 0, 2) - 32; /* the first piece of the long name */
	put16(d + 1, 0xe4);
	put16(d + 3, 0x20ac);
	put16(d + 5, 0xd83d);
	put16(d + 7, 0xde00);
	put16(d + 9, 0xdc00); /* half of a pair */
	put16(d + 14, 0x1b);
	cr_assert_eq(fat_list(&w.fat, "/", see, &s), VR_OK);
	cr_assert(!strncmp(s.names[2], "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd_", 13), "%s",
		  s.names[2]);
	fake_volume_free(&w);
}
