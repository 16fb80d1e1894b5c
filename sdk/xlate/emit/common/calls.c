/* SPDX-License-Identifier: MIT */
/*
 * calls.c: calls of the guest's helpers.
 *
 * Temporaries that the C convention does not keep are spilled; pinned registers are stored as far as the helper, or an
 * exception that it takes, needs them, and loaded again when it may have changed them. Integer arguments go to the
 * convention's registers, vectors through exec.argument[] and exec.result[].
 *
 * A register for an argument may be one that holds a pinned register, and the value of a later argument. All pinned registers
 * that a C function may change have been stored by then, so the later argument is loaded from there.
 */
#include "emit.h"

static uint64_t caller_saved_pins(const struct emit *e)
{
	uint64_t mask = 0;
	for (uint32_t m = 0; m < e->job->pinned_count; m++)
		if (e->target->caller_saved >> e->pin_reg[m] & 1)
			mask |= 1ull << m;
	return mask;
}

/* As long as the type of the op. */
static void vector_arguments(struct emit *e, const uint32_t args[3], uint32_t type)
{
	for (uint32_t n = 0; n < 3; n++) {
		if (!args[n])
			continue;
		e->target->store(e, EMIT_EXEC, EMIT_IN_ENGINE(argument) + EMIT_VECTOR_BYTES * n,
				 ra_use_as(e, args[n], type), type);
		ra_free(e, args[n]);
	}
}

/* ARGS has emitted nothing: its operands are this CALL's, too. */
static void integer_call(struct emit *e, const struct vr_ir_op *o, const struct vr_helper *h)
{
	const struct emit_target *t = e->target;
	uint32_t args[6] = {o->a, o->b, o->c}, n = 3;
	uint64_t lost = 0;
	bool stacked = false;
	if ((h->flags & VR_HF_SIX) && o[-1].op == VR_IR_ARGS) {
		args[3] = o[-1].a;
		args[4] = o[-1].b;
		args[5] = o[-1].c;
		n = 6;
	}
	if (args[5] && t->argument[6] == NOREG) { /* by a register that holds no argument */
		ra_load_into(e, t->scratch, args[5], lost);
		stacked = true;
	}
	for (uint32_t k = 0; k < n; k++) {
		uint32_t r = t->argument[k + 1];
		if (args[k] && r != NOREG) {
			ra_load_into(e, r, args[k], lost);
			lost |= reg_bit(r);
		}
	}
	for (uint32_t k = 0; k < n; k++)
		ra_free(e, args[k]);
	if (stacked)
		t->call_stacked(e, (uint64_t)(uintptr_t)h->u.fn6, t->scratch);
	else
		t->call(e,
			h->flags & VR_HF_SIX ? (uint64_t)(uintptr_t)h->u.fn6 : (uint64_t)(uintptr_t)h->u.fn);
}

static void call_helper(struct emit *e, const struct vr_ir_op *o, uint32_t i, bool vector)
{
	const struct emit_target *t = e->target;
	uint64_t number = vector ? o->imm & 0xffff : o->imm;
	uint32_t args[3] = {o->a, o->b, o->c};
	if (number >= e->job->isa->helper_count) {
		e->error = VR_E_INVAL;
		return;
	}
	const struct vr_helper *h = vr_isa_helper(e->job->isa, number);
	uint32_t hf = h->flags;
	uint64_t all = emit_all_pinned(e);
	e->coalesced.active = 0;
	emit_flags_clobber(e);
	if (hf & VR_HF_WRITES) {
		emit_flags_leave_memory(e);
		for (uint32_t m = 0; m < e->job->pinned_count; m++) {
			ra_spill_aliases(e, m);
			e->busy = 0;
		}
	}
	if (vector)
		vector_arguments(e, args, o->type);
	e->busy = 0;
	ra_spill_mask(e, t->caller_saved);
	uint64_t lost = hf & VR_HF_WRITES ? all : caller_saved_pins(e);
	uint64_t save = e->dirty & (hf & (VR_HF_READS | VR_HF_WRITES | VR_HF_MAY_LEAVE) ? all : lost);
	emit_store_dirty(e, save);
	e->dirty &= ~save;
	if (hf & VR_HF_PC)
		emit_set_pc(e, e->pc);
	t->address(e, t->argument[0], t->exec, -t->exec_bias);
	if (vector) {
		t->vector_arguments(e, o->imm >> 16);
		t->call(e, (uint64_t)(uintptr_t)h->u.vfn);
	} else {
		integer_call(e, o, h);
	}
	t->forget_hints(e);
	if (hf & VR_HF_MAY_LEAVE)
		emit_ool_new(e, OOL_LEAVE)->jump[0] = t->jump_word(e, EMIT_IN_EXEC(leave), true);
	emit_load_pinned(e, lost);
	if (hf & VR_HF_WRITES)
		e->clean_scalar[0] = e->clean_scalar[1] = 0;
	if (!val(e, i)->uses)
		return;
	if (vector) {
		uint32_t d = vtmp(e);
		t->load(e, d, EMIT_EXEC, EMIT_IN_ENGINE(result), o->type);
		ra_assign(e, i, d);
	} else {
		ra_assign(e, i, t->result);
	}
}

EMIT_OP(CALL)
{
	call_helper(e, o, i, false);
}

EMIT_OP(ARGS)
{
}

EMIT_OP(VCALL)
{
	call_helper(e, o, i, true);
}
