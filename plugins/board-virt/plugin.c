/* SPDX-License-Identifier: MIT */
/* plugin.c: what board-virt.so exports. */
#include <board/plugin_entry.h>
#include <board/registers.h>

#include "board.h"

VR_BOARD_PLUGIN_REGISTERS("board-virt", vr_board_virt, &vr_registers_arm64)
