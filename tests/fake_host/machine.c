/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <criterion/criterion.h>
#include <string.h>

#define ROOM 16384u /* of the largest state */

struct machine machine_make(struct vr_fake_host *d, const char *id, const char *arch, uint64_t ram_size)
{
	struct vr_board_config c = {
		.size = sizeof(c), .vcpu_count = d->vcpu_count, .ram_size = ram_size, .arch = arch};
	struct machine a = {.d = d};

	cr_assert_eq(vmrun_plugin_create(d->host, id, &a.plugin), VR_OK);
	a.b = a.plugin->query(a.plugin->self, VR_BOARD_ID);
	cr_assert_eq(a.b->create(a.plugin->self, &c, &a.board), VR_OK, "%s", d->error_text);
	return a;
}

void machine_drop(struct machine *a)
{
	a->b->destroy(a->board);
	a->plugin->destroy(a->plugin->self);
	fake_free(a->d);
}

struct vr_board_state machine_state_at(const struct machine *a, uint32_t i)
{
	struct vr_board_state s = {.size = sizeof(s)};

	cr_assert_eq(a->b->state_at(a->board, i, &s), VR_OK);
	return s;
}

uint32_t machine_states(const struct machine *a)
{
	struct vr_board_state s = {.size = sizeof(s)};
	uint32_t n = 0;

	while (a->b->state_at(a->board, n, &s) == VR_OK)
		n++;
	return n;
}

int32_t machine_get(struct machine *a, const char *id, uint32_t index, void *state, uint32_t room)
{
	memset(state, 0xee, room);
	vr_fake_host_error_clear(a->d);
	return a->b->get_state(a->board, id, index, state, room);
}

int32_t machine_set(struct machine *a, const char *id, uint32_t index, const void *state, uint32_t room)
{
	vr_fake_host_error_clear(a->d);
	return a->b->set_state(a->board, id, index, state, room);
}

void machine_move(struct machine *a, struct machine *b, int backwards)
{
	_Alignas(16) uint8_t s[ROOM];
	uint32_t n = machine_states(a);

	b->d->now = a->d->now;
	b->d->wall = a->d->wall;
	for (uint32_t i = 0; i < n; i++) {
		struct vr_board_state w = machine_state_at(a, backwards ? n - 1 - i : i);

		cr_assert_eq(machine_get(a, w.id, w.index, s, ROOM), VR_OK);
		cr_assert_eq(machine_set(b, w.id, w.index, s, ROOM), VR_OK, "%s: %s", w.id, b->d->error_text);
	}
}

void machine_same(struct machine *a, struct machine *b, const char *when)
{
	_Alignas(16) uint8_t s[ROOM], t[ROOM];

	for (uint32_t i = 0; i < machine_states(a); i++) {
		struct vr_board_state w = machine_state_at(a, i);

		cr_assert_eq(machine_get(a, w.id, w.index, s, ROOM), VR_OK);
		cr_assert_eq(machine_get(b, w.id, w.index, t, ROOM), VR_OK);
		cr_assert_arr_eq(s, t, w.length, "%s: %s %u", when, w.id, w.index);
	}
}
