/* SPDX-License-Identifier: MIT */
/* board.h: the `virt` machine as a whole. */
#ifndef VR_BOARD_VIRT_BOARD_H
#define VR_BOARD_VIRT_BOARD_H

#include <board/slots.h>
#include <vmrun/board.h>

#include "gic.h"
#include "pl011.h"
#include "pl031.h"
#include "psci.h"

struct vr_virt {
	struct vr_tables t;
	uint32_t vcpu_count;
	uint64_t ram_size;
	struct vr_gic *gic;
	struct vr_pl011 *uart;
	struct vr_pl031 *rtc;
	struct vr_psci psci;
	uint32_t psci_ready;
	struct vr_slots slots;
};

extern const struct vr_board vr_board_virt;

/* state.c: vr_board's. board: a struct vr_virt. */
int32_t VR_CALL vr_virt_state_at(void *board, uint32_t i, struct vr_board_state *out);
int32_t VR_CALL vr_virt_get_state(void *board, const char *id, uint32_t index, void *state, uint32_t length);
int32_t VR_CALL vr_virt_set_state(void *board, const char *id, uint32_t index, const void *state,
				  uint32_t length);

#endif
