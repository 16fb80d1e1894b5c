/* SPDX-License-Identifier: MIT */
/* plugin.c: what board-pc.so exports. */
#include <board/join.h>

#include "board.h"

VR_BOARD_PLUGIN("board-pc", vr_board_pc)
