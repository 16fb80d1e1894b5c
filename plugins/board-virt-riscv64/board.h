/* SPDX-License-Identifier: MIT */
/* board.h: the riscv64 `virt` machine as a whole. */
#ifndef VR_BOARD_RISCV64_BOARD_H
#define VR_BOARD_RISCV64_BOARD_H

#include <vmrun/board.h>

extern const struct vr_board vr_board_riscv64;

#endif
