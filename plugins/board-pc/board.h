/* SPDX-License-Identifier: MIT */
/* board.h: the `pc` machine as a whole. */
#ifndef BOARD_PC_BOARD_H
#define BOARD_PC_BOARD_H

#include <board/slots.h>
#include <board/uart.h>
#include <vmrun/board.h>

#include "acpi_pm.h"
#include "cmos.h"
#include "intr.h"
#include "pci.h"
#include "pit.h"
#include "reset.h"

struct pc_board {
	struct vr_tables t;
	uint32_t vcpu_count;
	uint64_t ram_size;
	uint32_t announce; /* board.c's */
	uint32_t ready;    /* intr, reset, pm and pci are to be taken down */
	struct intr intr;
	struct reset_control reset;
	struct acpi_pm pm;
	struct pci pci;
	struct vr_uart *uart;
	struct pit *pit; /* NULL: the accelerator has it */
	struct cmos *cmos;
	struct vr_slots slots;
};

static inline struct pc_board *pc_board_of(struct vr_board *board)
{
	return (struct pc_board *)board;
}

extern const struct vr_board_maker board_pc;

/* state.c: vr_board's. board: a struct pc_board. */
int32_t VR_CALL pc_state_at(struct vr_board *board, uint32_t i, struct vr_board_state *out);
int32_t VR_CALL pc_get_state(struct vr_board *board, const char *id, uint32_t index, void *state,
			     uint32_t length);
int32_t VR_CALL pc_set_state(struct vr_board *board, const char *id, uint32_t index, const void *state,
			     uint32_t length);

#endif
