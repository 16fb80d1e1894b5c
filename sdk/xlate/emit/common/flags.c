/* SPDX-License-Identifier: MIT */
/*
 * flags.c: where FLAGS values are. They stay in the host's flags as long as nothing else needs those.
 *
 * A producer leaves its result in the host's flags and notes which value that is (emit_flags_set), and how it is encoded there
 * (`polarity`, the host's word). A consumer that comes before the flags change uses them as they are.
 *
 * A PUT to a FLAGS register is first only noted (put_pending); emit_flags_clobber(), which every handler calls
 * before it emits anything that changes the host's flags, does the store, in packed form. Every op that can fault
 * changes the flags, or calls emit_flags_clobber() all the same, so the guest register is up to date wherever it can be seen. A
 * conditional branch right after the PUT jumps first and stores on those edges only where the flags are live.
 *
 * emit_target.flags_pack() gives the packed form; back from there is the host's own matter.
 */
#include "emit.h"

uint32_t emit_flags_resolve(struct emit *e, uint32_t v)
{
	while (val(e, v)->loc == LOC_SAME)
		v = val(e, v)->chain;
	return v;
}

void emit_flags_done(struct emit *e, uint32_t v)
{
	ra_free(e, emit_flags_resolve(e, v));
}

uint32_t emit_flags_constant(const struct vr_ir_op *o)
{
	uint32_t k = (uint32_t)o->imm;
	return (k & 8 ? VR_FLAG_N : 0) | (k & 4 ? VR_FLAG_Z : 0) | (k & 2 ? 0 : VR_FLAG_NOT_C) |
	       (k & 1 ? VR_FLAG_V : 0);
}

uint32_t emit_flags_mask(const struct vr_ir_op *o)
{
	return emit_flags_constant(o) ^ VR_FLAG_NOT_C;
}

void emit_flags_clobber(struct emit *e)
{
	struct emit_flags *f = &e->fl;
	f->logic = 0;
	if (!f->value)
		return;
	uint32_t i = f->value;
	struct emit_value *v = val(e, i);
	bool wanted = v->uses && v->loc == LOC_HOST_FLAGS;
	if (wanted || f->put_pending) {
		uint64_t busy = e->busy;
		if (wanted && f->put_pending && e->fmem != i)
			emit_flags_leave_memory(e);
		uint32_t r = e->target->flags_pack(e);
		e->busy = busy;
		if (f->put_pending)
			e->target->store(e, EMIT_EXEC, f->put_offset, r, VR_T_I32);
		if (wanted && f->put_pending) {
			v->loc = LOC_FMEM;
			e->fmem = i;
			e->fmem_offset = f->put_offset;
		} else if (wanted) {
			ra_assign(e, i, r);
			e->busy = busy;
		}
	}
	f->value = 0;
	f->put_pending = 0;
}

void emit_flags_store_pending(struct emit *e)
{
	uint32_t offset = e->fl.put_offset;
	e->busy = 0;
	e->target->store(e, EMIT_EXEC, offset, e->target->flags_pack(e), VR_T_I32);
	e->busy = 0;
}

void emit_flags_set(struct emit *e, uint32_t i, uint32_t polarity)
{
	e->fl.value = i;
	e->fl.polarity = (uint8_t)polarity;
	e->fl.put_pending = 0;
	val(e, i)->loc = LOC_HOST_FLAGS;
}

/* The guest register in memory is about to change: a FLAGS value that is only there moves to a host register. */
void emit_flags_leave_memory(struct emit *e)
{
	if (e->fmem && val(e, e->fmem)->uses && val(e, e->fmem)->loc == LOC_FMEM) {
		uint32_t r = tmp(e);
		e->target->load(e, r, EMIT_EXEC, e->fmem_offset, VR_T_I32);
		ra_assign(e, e->fmem, r);
	}
	e->fmem = 0;
}

void emit_flags_put(struct emit *e, const struct vr_ir_op *o, uint32_t offset)
{
	struct emit_flags *f = &e->fl;
	uint32_t i = emit_flags_resolve(e, o->a), index = (uint32_t)(o - e->ops);
	struct emit_value *v = val(e, i);
	uint32_t edges = index + 2 == e->op_end ? ~o->aux & 3u : 3;
	if (f->put_pending && (f->put_offset != offset || f->value != i))
		emit_flags_clobber(e);
	if (e->fmem && e->fmem_offset == offset && e->fmem != i)
		emit_flags_leave_memory(e);
	if (f->value == i && v->loc == LOC_HOST_FLAGS) {
		emit_flags_done(e, i);
		f->put_pending = edges != 0;
		f->put_edges = (uint8_t)edges;
		f->put_offset = offset;
	} else if (v->loc == LOC_FCONST) {
		uint32_t k = emit_flags_constant(&e->ops[i]);
		if (!e->target->store_constant(e, EMIT_EXEC, offset, k, VR_T_I32)) {
			uint32_t r = tmp(e);
			e->target->constant(e, r, k);
			e->target->store(e, EMIT_EXEC, offset, r, VR_T_I32);
		}
		emit_flags_done(e, i);
	} else if (v->loc == LOC_FMEM && e->fmem_offset == offset) {
		emit_flags_done(e, i);
	} else {
		uint32_t r = emit_flags_packed(e, i);
		e->target->store(e, EMIT_EXEC, offset, r, VR_T_I32);
		emit_flags_done(e, i);
	}
}

uint32_t emit_flags_packed(struct emit *e, uint32_t v)
{
	uint32_t i = emit_flags_resolve(e, v), r;
	if (e->fl.value == i && val(e, i)->loc == LOC_HOST_FLAGS)
		emit_flags_clobber(e);
	switch (val(e, i)->loc) {
	case LOC_FMEM:
		r = tmp(e);
		e->target->load(e, r, EMIT_EXEC, e->fmem_offset, VR_T_I32);
		return r;
	case LOC_FCONST:
		r = tmp(e);
		e->target->constant(e, r, emit_flags_constant(&e->ops[i]));
		return r;
	default:
		return ra_use(e, i);
	}
}

/* Does op u read no more than the low bits of its n-th operand? */
static bool reads_low(const struct vr_ir_op *u, uint32_t n, uint32_t bits)
{
	switch (u->op) {
	case VR_IR_PARITY:
		return true;
	case VR_IR_ZEXT:
	case VR_IR_SEXT:
		return u->aux <= bits;
	case VR_IR_BFX:
		return (u->imm & 0xff) + (u->imm >> 8) <= bits;
	case VR_IR_BFI:
		return n == 1 && u->imm >> 8 <= bits;
	case VR_IR_STORE:
		return n == 1 && 8u << u->aux <= bits;
	case VR_IR_F_LOGIC:
		return (u->aux & VR_FA_8) || ((u->aux & VR_FA_16) && bits == 16);
	default:
		return false;
	}
}

/* Do all ops that use value i, none of which has been emitted, read no more than its low bits? */
static bool only_low(struct emit *e, uint32_t i, uint32_t bits)
{
	uint32_t left = val(e, i)->uses;
	for (uint32_t k = i + 1; left && k < e->op_end && k <= i + 24; k++) {
		uint32_t value[4], n = val(e, k)->emitted ? 0 : vr_ir_reads(&e->ops[k], value);
		for (uint32_t j = 0; j < n; j++) {
			if (value[j] != i)
				continue;
			if (!reads_low(&e->ops[k], j, bits))
				return false;
			left--;
		}
	}
	return !left;
}

/* One instruction computes both when they read the same carry, and FLAGS are of all bits that are used. */
static bool one_instruction(struct emit *e, uint32_t i, uint32_t k)
{
	const struct vr_ir_op *o = &e->ops[i], *p = &e->ops[k];
	uint32_t aux = o->aux | p->aux;
	if ((o->aux ^ p->aux) & VR_FA_READS_NOT_C)
		return false;
	return !(aux & (VR_FA_8 | VR_FA_16)) ||
	       only_low(e, vr_ir_value_type(o) == VR_T_FLAGS ? k : i, aux & VR_FA_8 ? 8 : 16);
}

uint32_t emit_flags_partner(struct emit *e, uint32_t i, uint32_t fop)
{
	const struct vr_ir_op *o = &e->ops[i];
	for (uint32_t k = i + 1; k < e->op_end && k <= i + 3; k++) {
		const struct vr_ir_op *p = &e->ops[k];
		if (p->op == fop && p->a == o->a && p->b == o->b && p->c == o->c && p->type == o->type &&
		    one_instruction(e, i, k))
			return val(e, k)->emitted ? 0 : k;
		if (!vr_ir_is_constant(p->op) && p->op != VR_IR_INSN_START &&
		    !(p->op == VR_IR_PUT && p->type != VR_T_FLAGS))
			break;
	}
	return 0;
}
