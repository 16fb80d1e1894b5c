/* SPDX-License-Identifier: MIT */
/* plugin.c: what board-pc.so exports. */
#include <board/plugin_entry.h>
#include <board/registers.h>

#include "board.h"

VR_BOARD_PLUGIN_REGISTERS("board-pc", board_pc, &vr_registers_x86_64)
