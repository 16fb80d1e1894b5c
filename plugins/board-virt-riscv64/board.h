/* SPDX-License-Identifier: MIT */
/* board.h: the riscv64 `virt` machine as a whole. */
#ifndef BOARD_RISCV64_BOARD_H
#define BOARD_RISCV64_BOARD_H

#include <vmrun/board.h>

extern const struct vr_board_maker board_riscv64;

#endif
