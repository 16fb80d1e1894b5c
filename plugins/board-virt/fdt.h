/* SPDX-License-Identifier: MIT */
/* fdt.h: the device tree (Devicetree Specification 0.4; the Linux bindings for each compatible). */
#ifndef VR_BOARD_VIRT_FDT_H
#define VR_BOARD_VIRT_FDT_H

#include <board/boot_tree.h>

#define VR_FDT_SIZE (2u << 20) /* the boot protocol: no more than 2 MiB, and in one such block */

/* Writes the tree into buffer[0..size). 0, or a libfdt error (vr_tree_strerror). */
int vr_fdt_build(const struct vr_fdt_input *in, void *buffer, uint32_t size);

#endif
