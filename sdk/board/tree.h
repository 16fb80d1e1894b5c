/* SPDX-License-Identifier: MIT */
/*
 * tree.h: a device tree, written front to back with libfdt's sequential interface, so that nodes keep their
 * order: Linux names disks by it. The first error stays in `error`; nothing is written after it.
 */
#ifndef VR_BOARD_TREE_H
#define VR_BOARD_TREE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vr_tree {
	void *fdt;
	int error; /* 0, or a libfdt error */
};

/* Begins the root node / ends it and the tree. */
void vr_tree_start(struct vr_tree *t, void *buffer, uint32_t size);
void vr_tree_finish(struct vr_tree *t);
const char *vr_tree_strerror(int error);

void vr_tree_begin(struct vr_tree *t, const char *name);
void vr_tree_begin_at(struct vr_tree *t, const char *name, uint64_t address); /* name@address */
void vr_tree_end(struct vr_tree *t);

void vr_tree_bytes(struct vr_tree *t, const char *name, const void *value, size_t length);
void vr_tree_flag(struct vr_tree *t, const char *name);
void vr_tree_string(struct vr_tree *t, const char *name, const char *value);
void vr_tree_cells(struct vr_tree *t, const char *name, const uint32_t *value, size_t count);

/* A string list: a literal whose strings are joined by "\0". */
#define VR_TREE_STRINGS(t, name, literal) vr_tree_bytes(t, name, literal, sizeof(literal))
#define VR_TREE_CELLS(t, name, ...)                             \
	vr_tree_cells(t, name, (const uint32_t[]){__VA_ARGS__}, \
		      sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))
/* Two cells, the higher first. */
#define VR_TREE_PAIR(x) (uint32_t)((uint64_t)(x) >> 32), (uint32_t)(x)

#ifdef __cplusplus
}
#endif

#endif
