/* SPDX-License-Identifier: MIT */
/* Files of a FAT volume: their contents, by their cluster chains. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>

#include "boot/fat.h"
#include "boot/fat_bad.h"
#include "common/error.h"

/* Neighbouring clusters in one read. */
static int32_t read_chain(struct fat *f, const struct fat_entry *entry, uint8_t *to)
{
	uint32_t cluster = entry->cluster, next;
	uint64_t left = entry->size;

	while (left) {
		uint64_t run = f->cluster_size, offset;
		int32_t e = fat_locate(f, cluster, entry->name, &offset);
		if (!e)
			e = fat_next(f, cluster, entry->name, &next);
		while (!e && next == cluster + 1 && run < left) {
			cluster = next;
			run += f->cluster_size;
			e = fat_next(f, cluster, entry->name, &next);
		}
		if (!e)
			e = source_read(f->source, offset, to, (size_t)(run < left ? run : left),
					"a file's data");
		if (e)
			return e;
		to += run < left ? run : left;
		left -= run < left ? run : left;
		if (left && !next)
			return FAT_BAD(f, entry->at - f->base,
				       "%.200s has %" PRIu32 " bytes, but its cluster chain ends %" PRIu64
				       " bytes before that",
				       entry->name, entry->size, left);
		/* A chain that loops never ends, so this finds every loop. */
		if (!left && next)
			return FAT_BAD(f, entry->at - f->base,
				       "the cluster chain of %.200s goes on past its %" PRIu32
				       " bytes, or in a circle",
				       entry->name, entry->size);
		cluster = next;
	}
	return VR_OK;
}

int32_t fat_read(struct fat *f, const char *path, size_t limit, void **data, size_t *size)
{
	struct fat_entry entry;
	int32_t e = fat_find(f, path, &entry);

	*data = NULL;
	*size = 0;
	if (e)
		return e;
	if (entry.is_folder)
		return vr_error_set(VR_E_IMAGE,
				    "%s: %.300s on the FAT volume at byte %" PRIu64
				    " is a folder, not a file",
				    f->source->name, path, f->base);
	if (entry.size > limit)
		return vr_error_set(VR_E_IMAGE,
				    "%s: %.300s on the FAT volume at byte %" PRIu64 " has %" PRIu32
				    " bytes; at most %zu are allowed for it",
				    f->source->name, path, f->base, entry.size, limit);
	if (entry.size > (uint64_t)f->clusters * f->cluster_size)
		return FAT_BAD(f, entry.at - f->base, "%.200s has %" PRIu32 " bytes, more than the volume",
			       entry.name, entry.size);
	uint8_t *b = malloc((size_t)entry.size + 1);
	if (!b)
		return vr_error_set(VR_E_NOMEM, "%s: no memory for the %" PRIu32 " bytes of %.300s",
				    f->source->name, entry.size, path);
	b[entry.size] = 0;
	e = read_chain(f, &entry, b);
	if (e) {
		free(b);
		return e;
	}
	*data = b;
	*size = entry.size;
	return VR_OK;
}
