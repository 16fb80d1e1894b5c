/* SPDX-License-Identifier: MIT */
/* Any bytes as a FAT volume: all its folders to a depth, and every file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "boot/fat.h"
#include "common/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NAMES 8

struct found {
	uint32_t count;
	char names[NAMES][FAT_NAME_MAX];
};

static int32_t note(void *opaque, const struct fat_entry *e)
{
	struct found *f = opaque;

	memcpy(f->names[f->count], e->name, sizeof(e->name));
	return ++f->count == NAMES;
}

static void walk(struct fat *f, const char *path, int depth)
{
	struct found *found = calloc(1, sizeof(*found));

	if (!found)
		return;
	fat_list(f, path, note, found);
	vr_error_clear();
	for (uint32_t i = 0; i < found->count; i++) {
		char *deeper = malloc(strlen(path) + FAT_NAME_MAX + 2);
		void *data;
		size_t size;
		if (!deeper)
			break;
		sprintf(deeper, "%s/%s", path, found->names[i]);
		if (!fat_read(f, deeper, 1 << 20, &data, &size))
			free(data);
		vr_error_clear();
		if (depth)
			walk(f, deeper, depth - 1);
		free(deeper);
	}
	free(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fat f;
	struct source s;

	source_memory("f", data, size, &s);
	if (!fat_open(&s, 0, size, &f))
		walk(&f, "", 2);
	vr_error_clear();
	return 0;
}
