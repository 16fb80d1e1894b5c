/* SPDX-License-Identifier: MIT */
/*
 * boot_tree.h: what the device trees of all boards have in common (Devicetree Specification 0.4, chapter 3):
 * where the kernel finds its command line, its initrd, its console and its memory.
 */
#ifndef VR_BOARD_BOOT_TREE_H
#define VR_BOARD_BOOT_TREE_H

#include "slots.h"
#include "tree.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vr_fdt_input {
	uint32_t vcpu_count;
	uint32_t virtio_slots;        /* the first n are in use */
	const struct vr_slots *slots; /* for its windows; NULL: none */
	uint64_t ram_size;
	const char *cmdline;
	uint64_t initrd_start, initrd_end; /* equal: none */
	uint8_t rng_seed[32];
	uint8_t kaslr_seed[8];
};

/* /chosen; the console is the node `console`@address. */
void vr_boot_tree_chosen(struct vr_tree *t, const struct vr_fdt_input *in, const char *console,
			 uint64_t address);
/* /memory: all of RAM at `base`. */
void vr_boot_tree_memory(struct vr_tree *t, const struct vr_fdt_input *in, uint64_t base);

/* A fixed-clock (the binding of that name) that devices refer to. */
void vr_boot_tree_clock(struct vr_tree *t, const char *node, const char *name, uint32_t hz, uint32_t phandle);

/* Gives *in its seeds and has `build` write the tree to size bytes of guest RAM at `gpa`. build: 0 or a
 * libfdt error. An error's text says what to change. */
int32_t vr_boot_tree_load(const struct vr_tables *t, struct vr_fdt_input *in,
			  int (*build)(const struct vr_fdt_input *in, void *buffer, uint32_t size),
			  uint64_t gpa, uint32_t size);

#ifdef __cplusplus
}
#endif

#endif
