/* SPDX-License-Identifier: MIT */
/* board.h: the arm64 `virt` machine as a whole. */
#ifndef VR_BOARD_VIRT_BOARD_H
#define VR_BOARD_VIRT_BOARD_H

#include <board/virt.h>

#include "gic.h"
#include "pl011.h"
#include "pl031.h"
#include "psci.h"

struct a64_machine {
	struct virt_machine m; /* first */
	struct vr_gic *gic;
	struct vr_pl011 *uart;
	struct vr_pl031 *rtc;
	struct vr_psci psci;
};

extern const struct vr_board vr_board_virt;

/* state.c: vr_board's. board: a struct a64_machine. */
int32_t VR_CALL vr_virt_state_at(void *board, uint32_t i, struct vr_board_state *out);
int32_t VR_CALL vr_virt_get_state(void *board, const char *id, uint32_t index, void *state, uint32_t length);
int32_t VR_CALL vr_virt_set_state(void *board, const char *id, uint32_t index, const void *state,
				  uint32_t length);

#endif
