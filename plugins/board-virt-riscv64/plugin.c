/* SPDX-License-Identifier: MIT */
/* plugin.c: what board-virt-riscv64.so exports. */
#include <board/plugin_entry.h>
#include <board/registers.h>

#include "board.h"

VR_BOARD_PLUGIN_REGISTERS("board-virt-riscv64", board_riscv64, &vr_registers_riscv64)
