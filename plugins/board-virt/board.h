/* SPDX-License-Identifier: MIT */
/* board.h: the `virt` machine as a whole. */
#ifndef VR_BOARD_VIRT_BOARD_H
#define VR_BOARD_VIRT_BOARD_H

#include <vmrun/board.h>

extern const struct vr_board vr_board_virt;

#endif
