/* SPDX-License-Identifier: MIT */
/* fdt.h: the device tree (Devicetree Specification 0.4; the Linux bindings for each compatible). */
#ifndef VR_BOARD_VIRT_FDT_H
#define VR_BOARD_VIRT_FDT_H

#include <board/slots.h>
#include <stdint.h>

#define VR_FDT_SIZE (2u << 20) /* the boot protocol: no more than 2 MiB, and in one such block */

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

/* Writes the tree into buffer[0..size). 0, or a libfdt error (vr_tree_strerror). */
int vr_fdt_build(const struct vr_fdt_input *in, void *buffer, uint32_t size);

#endif
