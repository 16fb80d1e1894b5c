/* SPDX-License-Identifier: MIT */
/* board.h: the `pc` machine as a whole. */
#ifndef VR_BOARD_PC_BOARD_H
#define VR_BOARD_PC_BOARD_H

#include <board/slots.h>
#include <board/uart.h>
#include <vmrun/board.h>

#include "acpi_pm.h"
#include "cmos.h"
#include "intr.h"
#include "pci.h"
#include "pit.h"
#include "reset.h"

struct vr_pc {
	struct vr_tables t;
	uint32_t vcpu_count;
	uint64_t ram_size;
	uint32_t announce; /* board.c's */
	uint32_t ready;    /* intr, reset, pm and pci are to be taken down */
	struct vr_intr intr;
	struct vr_reset reset;
	struct vr_acpi_pm pm;
	struct vr_pci pci;
	struct vr_uart *uart;
	struct vr_pit *pit; /* NULL: the accelerator has it */
	struct vr_cmos *cmos;
	struct vr_slots slots;
};

extern const struct vr_board vr_board_pc;

/* state.c: vr_board's. board: a struct vr_pc. */
int32_t VR_CALL vr_pc_state_at(void *board, uint32_t i, struct vr_board_state *out);
int32_t VR_CALL vr_pc_get_state(void *board, const char *id, uint32_t index, void *state, uint32_t length);
int32_t VR_CALL vr_pc_set_state(void *board, const char *id, uint32_t index, const void *state,
				uint32_t length);

#endif
