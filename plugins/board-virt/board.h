/* SPDX-License-Identifier: MIT */
/* board.h: the arm64 `virt` machine as a whole. */
#ifndef BOARD_VIRT_BOARD_H
#define BOARD_VIRT_BOARD_H

#include <board/virt.h>

#include "gic.h"
#include "pl011.h"
#include "pl031.h"
#include "psci.h"

struct a64_machine {
	struct virt_machine m; /* first */
	struct gic *gic;
	struct pl011 *uart;
	struct pl031 *rtc;
	struct psci psci;
};

static inline struct a64_machine *a64_machine_of(struct vr_board *board)
{
	return (struct a64_machine *)board;
}

extern const struct vr_board_maker vr_board_virt;

/* state.c: vr_board's. board: a struct a64_machine. */
int32_t VR_CALL virt_state_at(struct vr_board *board, uint32_t i, struct vr_board_state *out);
int32_t VR_CALL virt_get_state(struct vr_board *board, const char *id, uint32_t index, void *state,
			       uint32_t length);
int32_t VR_CALL virt_set_state(struct vr_board *board, const char *id, uint32_t index, const void *state,
			       uint32_t length);

#endif
