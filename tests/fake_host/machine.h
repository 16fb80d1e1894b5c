/* SPDX-License-Identifier: MIT */
/* machine.h: a board plugin with a fake host of its own, and its canonical states, for Criterion tests. */
#ifndef VR_TEST_MACHINE_H
#define VR_TEST_MACHINE_H

#include <vmrun/board.h>
#include <vmrun/plugin.h>

#include "fake.h"

struct machine {
	struct vr_fake_host *d;
	const struct vr_plugin *plugin;
	const struct vr_board_maker *b;
	struct vr_board *board;
};

/* The one board plugin that is linked, `id`, on the fake host d, which becomes the machine's. */
struct machine machine_make(struct vr_fake_host *d, const char *id, const char *arch, uint64_t ram_size);
void machine_drop(struct machine *a);

/* The i-th thing that has state; how many there are. */
struct vr_board_state machine_state_at(const struct machine *a, uint32_t i);
uint32_t machine_states(const struct machine *a);
/* Into `state`, filled with something else before; the error text of the fake host is of this call. */
int32_t machine_get(struct machine *a, const char *id, uint32_t index, void *state, uint32_t room);
int32_t machine_set(struct machine *a, const char *id, uint32_t index, const void *state, uint32_t room);
/* Guest time and every state of a to b, the last one first if `backwards`; and are they the same? */
void machine_move(struct machine *a, struct machine *b, int backwards);
void machine_same(struct machine *a, struct machine *b, const char *when);

#endif
