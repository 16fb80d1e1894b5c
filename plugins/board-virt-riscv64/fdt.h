/* SPDX-License-Identifier: MIT */
/* fdt.h: the device tree (Devicetree Specification 0.4; the Linux bindings for each compatible). */
#ifndef VR_BOARD_RISCV64_FDT_H
#define VR_BOARD_RISCV64_FDT_H

#include <board/boot_tree.h>

/* A block of 2 MiB: the tree, and after it a page for OpenSBI's information. */
#define VR_FDT_BLOCK (2u << 20)
#define VR_FDT_SIZE (VR_FDT_BLOCK - 0x1000u)

/* Writes the tree into buffer[0..size). 0, or a libfdt error (vr_tree_strerror). */
int vr_fdt_build(const struct vr_fdt_input *in, void *buffer, uint32_t size);

#endif
