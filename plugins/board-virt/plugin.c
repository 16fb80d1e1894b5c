/* SPDX-License-Identifier: MIT */
/* plugin.c: what board-virt.so exports. */
#include <board/join.h>

#include "board.h"

VR_BOARD_PLUGIN("board-virt", vr_board_virt)
