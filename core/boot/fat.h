/* SPDX-License-Identifier: MIT */
/*
 * fat.h: reading FAT12, FAT16 and FAT32 volumes with long names (Microsoft's "FAT: General Overview of
 * On-Disk Format", 1.03, which the UEFI specification, section 13.3, refers to). Nothing is written.
 */
#ifndef BOOT_FAT_H
#define BOOT_FAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "boot/source.h"

#define FAT_NAME_MAX 768  /* 255 UTF-16 units as UTF-8, and a NUL */
#define FAT_DIR_MAX 65536 /* entries in a folder: the format's limit is 2 MiB of 32 bytes each */

struct fat {
	const struct source *source;
	uint64_t base, length; /* the volume in the source, bytes */
	uint64_t fat, data;    /* source offsets of the FAT in use and of cluster 2 */
	uint64_t root;         /* FAT12/16: source offset of the root folder */
	uint32_t root_entries; /* FAT12/16 */
	uint32_t root_cluster; /* FAT32 */
	uint32_t bits;         /* 12, 16 or 32 */
	uint32_t cluster_size; /* bytes */
	uint32_t clusters;     /* numbered 2..clusters + 1 */
	uint64_t window_at;    /* source offset of the piece of FAT in `window`; 0: none */
	uint32_t window_size;
	uint8_t window[4096];
};

/* A file or folder, as its directory entry says. */
struct fat_entry {
	char name[FAT_NAME_MAX]; /* the long name, or the short one */
	char short_name[13];
	bool is_folder;
	uint32_t cluster; /* 0: empty, or the root folder */
	uint32_t size;    /* bytes; 0 for folders */
	uint64_t at;      /* source offset of the entry, for messages */
};

/* 0: go on; positive: stop, and fat_list returns it; negative: an error, with text. */
typedef int32_t (*fat_visit)(void *opaque, const struct fat_entry *e);

int32_t fat_open(const struct source *s, uint64_t base, uint64_t length, struct fat *out);
/* Every entry of the folder `path` ("/a/b"; no case), without "." and "..". VR_E_NOENT: no such folder. */
int32_t fat_list(struct fat *f, const char *path, fat_visit visit, void *opaque);
/* A whole file, malloc'ed and NUL-terminated (the NUL is not counted); at most `limit` bytes. */
int32_t fat_read(struct fat *f, const char *path, size_t limit, void **data, size_t *size);

/* fat.c, for fat_dir.c and fat_file.c: the cluster after `cluster`; 0 at the end of the chain. */
int32_t fat_next(struct fat *f, uint32_t cluster, const char *what, uint32_t *next);
/* The source offset of a cluster; an error when there is no such cluster. */
int32_t fat_locate(const struct fat *f, uint32_t cluster, const char *what, uint64_t *offset);
/* fat_dir.c, for fat_file.c: the entry of a path; the root folder has cluster 0 and is_folder. */
int32_t fat_find(struct fat *f, const char *path, struct fat_entry *out);

#endif
