/* SPDX-License-Identifier: MIT */
/* virt_tree.h: the device tree of a `virt` machine (Devicetree Specification 0.4; the Linux bindings for each
 * compatible). */
#ifndef VR_BOARD_VIRT_TREE_H
#define VR_BOARD_VIRT_TREE_H

#include "virt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A block of RAM: the tree, and after it a page that the board may use. */
#define VIRT_TREE_BLOCK (2u << 20)
#define VIRT_TREE_SIZE (VIRT_TREE_BLOCK - 0x1000u)

/* A device on the bus. */
struct virt_device {
	const char *name;
	const char *compatible; /* strings joined by "\0", by VIRT_COMPATIBLE() */
	uint32_t compatible_size;
	uint32_t line;
	uint64_t base, size;
	void (*more)(struct vr_tree *t); /* its other properties; NULL: none */
};
#define VIRT_COMPATIBLE(literal) .compatible = literal, .compatible_size = sizeof(literal)

/* What is in the tree of one architecture's machine. The order of the members is that of the tree. */
struct virt_tree {
	const char *compatible, *model;
	const struct virt_map *map;
	uint32_t interrupt_parent; /* phandle, for the whole tree; 0: interrupts() names it */
	void (*root)(struct vr_tree *t, const struct vr_fdt_input *in); /* processors, firmware */
	const char *bus, *bus_compatible; /* the node around controllers and devices; NULL: the root */
	void (*controllers)(struct vr_tree *t, const struct vr_fdt_input *in); /* NULL: none on the bus */
	const struct virt_device *devices; /* the first one is the console */
	uint32_t device_count;
	struct vr_slots_nodes nodes; /* interrupts() writes those of the board's own devices as well */
};

/* Writes the tree into buffer[0..size). 0, or a libfdt error (vr_tree_strerror). */
int vr_virt_tree_build(const struct virt_tree *v, const struct vr_fdt_input *in, void *buffer, uint32_t size);

#ifdef __cplusplus
}
#endif

#endif
