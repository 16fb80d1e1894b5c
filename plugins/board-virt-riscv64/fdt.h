/* SPDX-License-Identifier: MIT */
/* fdt.h: the board's device tree. */
#ifndef BOARD_RISCV64_FDT_H
#define BOARD_RISCV64_FDT_H

#include <board/virt_tree.h>

/* vr_virt_tree_build() of this board's tree. */
int fdt_build(const struct vr_fdt_input *in, void *buffer, uint32_t size);

#endif
