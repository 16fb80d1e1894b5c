/* SPDX-License-Identifier: MIT */
/* source.h: where an image's bytes come from: a file opened read-only, or memory. Every read is bounded. */
#ifndef VR_BOOT_SOURCE_H
#define VR_BOOT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vr_source {
	const char *name; /* for messages; not owned */
	uint64_t size;    /* bytes */
	const uint8_t *memory;
	int fd; /* when memory is NULL */
};

/* A regular file or a block device; never written. Errors name it. */
int32_t vr_source_open(const char *path, struct vr_source *out);
void vr_source_close(struct vr_source *s);
/* Finds out the size once more: the file may have been written since it was opened. */
int32_t vr_source_measure(struct vr_source *s);
/* The same over bytes that the caller keeps. */
void vr_source_memory(const char *name, const void *bytes, size_t size, struct vr_source *out);
/* [offset, offset + n) lies in the source. */
bool vr_source_has(const struct vr_source *s, uint64_t offset, uint64_t n);
/* All n bytes or an error that says `what` was to be read, and where. */
int32_t vr_source_read(const struct vr_source *s, uint64_t offset, void *to, size_t n, const char *what);

#endif
