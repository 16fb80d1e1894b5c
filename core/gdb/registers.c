/* SPDX-License-Identifier: MIT */
/* registers.c: packets g, G, p, P: registers out of, and into, a vCPU's canonical state. */
#include <string.h>

#include "common/error.h"
#include "gdb/session.h"

#define REGISTER_BYTES (VR_REGISTER_BITS / 8)

/* Between g->state and the vCPU. */
static bool move_state(struct gdb *g, uint32_t vcpu, bool set)
{
	const struct vr_registers *r = g->registers;
	int32_t rc = vcpu_state(g->m, vcpu, r->state_id, g->state, r->state_size, set);

	vr_error_clear();
	return rc >= 0;
}

static bool take_state(struct gdb *g, uint32_t vcpu)
{
	return move_state(g, vcpu, false);
}

static bool give_state(struct gdb *g, uint32_t vcpu)
{
	return move_state(g, vcpu, true);
}

/* Digits 'x': the register is not there. */
static void put_register(struct gdb *g, const struct vr_register *r)
{
	uint8_t value[REGISTER_BYTES] = {0};
	int32_t rc = g->registers->get(g->state, r->place, r->bits / 8, value);

	if (rc >= 0)
		gdb_output_hex(&g->out, value, r->bits / 8);
	for (uint32_t i = 0; rc < 0 && i < r->bits / 8; i++)
		gdb_output_print(&g->out, "xx");
}

GDB_HANDLER(read_registers)
{
	const struct vr_register *r;
	bool general;

	(void)args, (void)length;
	if (!take_state(g, g->thread_g)) {
		gdb_error(g, GDB_E_ABSENT);
		return;
	}
	for (uint32_t n = 0; (r = gdb_register(g, n, &general)) && general; n++)
		put_register(g, r);
}

GDB_HANDLER(write_registers)
{
	const struct vr_register *r;
	uint8_t value[REGISTER_BYTES];
	bool general;

	(void)length;
	if (!take_state(g, g->thread_g)) {
		gdb_error(g, GDB_E_ABSENT);
		return;
	}
	/* What gdb does not know it sends as 'x'. */
	for (uint32_t n = 0; *args && (r = gdb_register(g, n, &general)) && general; n++) {
		if (strspn(args, "x") >= r->bits / 4) {
			args += r->bits / 4;
		} else if (gdb_bytes(&args, value, r->bits / 8)) {
			g->registers->set(g->state, r->place, r->bits / 8, value);
		} else {
			gdb_error(g, GDB_E_SYNTAX);
			return;
		}
	}
	if (*args)
		gdb_error(g, GDB_E_SYNTAX);
	else if (give_state(g, g->thread_g))
		gdb_ok(g);
	else
		gdb_error(g, GDB_E_REFUSED);
}

GDB_HANDLER(read_register)
{
	const struct vr_register *r;
	uint64_t n;
	bool general;

	(void)length;
	if (!gdb_number(&args, &n) || *args || !(r = gdb_register(g, n, &general)))
		gdb_error(g, GDB_E_SYNTAX);
	else if (!take_state(g, g->thread_g))
		gdb_error(g, GDB_E_ABSENT);
	else
		put_register(g, r);
}

GDB_HANDLER(write_register)
{
	const struct vr_register *r;
	uint8_t value[REGISTER_BYTES];
	uint64_t n;
	bool general;

	(void)length;
	if (!gdb_number(&args, &n) || !gdb_char(&args, '=') || !(r = gdb_register(g, n, &general)) ||
	    !gdb_bytes(&args, value, r->bits / 8) || *args) {
		gdb_error(g, GDB_E_SYNTAX);
		return;
	}
	if (!take_state(g, g->thread_g))
		gdb_error(g, GDB_E_ABSENT);
	else if (g->registers->set(g->state, r->place, r->bits / 8, value) < 0 || !give_state(g, g->thread_g))
		gdb_error(g, GDB_E_REFUSED);
	else
		gdb_ok(g);
}

void gdb_set_pc(struct gdb *g, uint32_t vcpu, uint64_t pc)
{
	bool general;
	const struct vr_register *r = gdb_register(g, g->registers->pc, &general);

	if (r && r->bits == 64 && take_state(g, vcpu) && g->registers->set(g->state, r->place, 8, &pc) >= 0)
		give_state(g, vcpu);
}
