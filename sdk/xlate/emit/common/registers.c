/* SPDX-License-Identifier: MIT */
/* registers.c: constants, guest registers, words of the vCPU's block. */
#include "emit.h"

EMIT_OP(NOP)
{
}

EMIT_OP(INSN_START)
{
	e->pc = o->imm;
	emit_mark(e, e->pc, VR_MARK_INSN);
}

EMIT_OP(CONST)
{
	val(e, i)->loc = LOC_CONST;
}

EMIT_OP(PC_CONST)
{
	val(e, i)->loc = LOC_CONST;
}

EMIT_OP(F_CONST)
{
	val(e, i)->loc = LOC_FCONST;
}

static bool is_int(const struct vr_guest_reg *reg)
{
	return reg->kind == VR_REG_INT || reg->kind == VR_REG_CONDITION;
}

static bool reg_ok(struct emit *e, uint64_t reg)
{
	if (reg < EMIT_GUEST_REGS && reg < e->job->isa->guest_reg_count)
		return true;
	e->error = VR_E_INVAL;
	return false;
}

static void get_flags(struct emit *e, const struct vr_ir_op *o, uint32_t i)
{
	struct emit_value *v = val(e, i);
	uint32_t offset = vr_isa_reg(e->job->isa, o->imm)->offset, same = 0;
	if (e->fl.put_pending && e->fl.put_offset == offset)
		same = e->fl.value;
	else if (e->fmem && e->fmem_offset == offset)
		same = e->fmem;
	if (same) {
		v->loc = LOC_SAME;
		v->chain = same;
		struct emit_value *s = val(e, same);
		if (!s->uses) {
			s->last = v->last;
			s->loc = same == e->fl.value ? LOC_HOST_FLAGS : LOC_FMEM;
		}
		s->uses += v->uses;
		return;
	}
	emit_flags_leave_memory(e);
	v->loc = LOC_FMEM;
	e->fmem = i;
	e->fmem_offset = offset;
}

EMIT_OP(GET)
{
	struct emit_value *v = val(e, i);
	if (!reg_ok(e, o->imm))
		return;
	uint32_t m = e->pin_of[o->imm];
	if (o->type == VR_T_FLAGS) {
		get_flags(e, o, i);
		return;
	}
	if (m != PIN_NONE) {
		ra_become_alias(e, i, m);
		if (o->type == VR_T_I32 || o->type == VR_T_V64 || o->type == VR_T_F64)
			v->dirty_high = o->type == VR_T_I32 || !(e->clean_scalar[1] >> m & 1);
		else if (o->type == VR_T_F32)
			v->dirty_high = !(e->clean_scalar[0] >> m & 1);
		else if (o->type == VR_T_V128)
			v->dirty_high = e->job->pinned[m].kind == VR_REG_VEC256;
		return;
	}
	uint32_t d = ra_def(e, i, NOREG);
	e->target->load(e, d, EMIT_EXEC, vr_isa_reg(e->job->isa, o->imm)->offset, o->type);
}

static void put_pinned(struct emit *e, const struct vr_ir_op *o, uint32_t m)
{
	const struct emit_target *t = e->target;
	struct emit_value *v = val(e, o->a);
	uint32_t d = e->pin_reg[m];
	uint64_t bit = 1ull << m;
	bool cut = vr_ir_type_bits(o->type) < vr_ir_type_bits(v->type);
	e->dirty |= bit;
	e->clean_scalar[0] &= ~bit;
	e->clean_scalar[1] &= ~bit;
	uint32_t type = cut ? o->type : v->type;
	if (is_vector(type) && o->aux & VR_PUT_KEEP) {
		uint32_t s = ra_use_as(e, o->a, VR_T_V128);
		ra_free(e, o->a);
		if (cut) {
			uint32_t low = ra_tmp_of(e, EMIT_VECTORS);
			t->clean(e, low, s, o->type);
			s = low;
		}
		ra_spill_aliases(e, m);
		t->low_half(e, d, s);
		return;
	}
	if (type == VR_T_F32)
		e->clean_scalar[0] |= bit;
	if (is_vector(type) && vr_ir_type_bits(type) <= 64)
		e->clean_scalar[1] |= bit;
	if (v->loc == LOC_CONST) {
		ra_free(e, o->a);
		ra_spill_aliases(e, m);
		ra_constant(e, d, o->a, cut);
		return;
	}
	if (v->loc == LOC_PINNED && v->reg == d && !v->dirty_high && !cut) {
		ra_free(e, o->a);
		return;
	}
	if (v->loc == LOC_SPILL && v->uses == 1 && !v->dirty_high && !cut) {
		uint32_t offset = ra_spill_offset(v);
		ra_free(e, o->a);
		ra_spill_aliases(e, m);
		t->load(e, d, EMIT_FRAME, offset, ra_whole(v->type));
		return;
	}
	uint32_t s = ra_use(e, o->a);
	/* A VEC register's bits above V128 are never looked at. */
	bool above = v->dirty_high && (type != VR_T_V128 || e->job->pinned[m].kind == VR_REG_VEC256);
	bool dirty = above || cut; /* ra_spill_aliases() may clean v's copy */
	ra_free(e, o->a);
	ra_spill_aliases(e, m);
	if (dirty)
		t->clean(e, d, s, cut ? o->type : v->type);
	else
		emit_move(e, d, s, v->type);
	if (v->uses && v->loc == LOC_REG && !cut) {
		e->free |= reg_bit(v->reg);
		v->dirty_high = 0;
		ra_become_alias(e, o->a, m);
	}
}

EMIT_OP(PUT)
{
	const struct emit_target *t = e->target;
	if (!reg_ok(e, o->imm) || !o->a)
		return;
	const struct vr_guest_reg *reg = vr_isa_reg(e->job->isa, o->imm);
	if (reg->kind == VR_REG_FLAGS) {
		emit_flags_put(e, o, reg->offset);
		return;
	}
	uint32_t m = e->pin_of[o->imm];
	if (m != PIN_NONE) {
		put_pinned(e, o, m);
		return;
	}
	if (reg->kind == VR_REG_CONDITION && emit_condition_put(e, o, reg->offset))
		return;
	uint64_t k;
	if (is_int(reg) && const_of(e, o->a, &k) && (k <= INT32_MAX || o->type == VR_T_I64) &&
	    t->store_constant(e, EMIT_EXEC, reg->offset, k, VR_T_I64)) {
		ra_free(e, o->a);
		return;
	}
	if (is_int(reg) && o->type == VR_T_I64 && val(e, o->a)->type == VR_T_I64 && pc_of(e, o->a, &k) &&
	    t->store_pc(e, reg->offset, k)) {
		ra_free(e, o->a);
		return;
	}
	uint32_t whole = ra_whole_of(reg->kind);
	if (whole == VR_T_V256 && o->aux & VR_PUT_KEEP)
		whole = VR_T_V128;
	uint32_t s = ra_use_as(e, o->a, whole);
	if (vr_ir_type_bits(o->type) < vr_ir_type_bits(val(e, o->a)->type) &&
	    vr_ir_type_bits(o->type) < vr_ir_type_bits(whole)) {
		uint32_t cut = ra_tmp_of(e, is_int(reg) ? EMIT_INTS : EMIT_VECTORS);
		t->clean(e, cut, s, o->type);
		s = cut;
	}
	t->store(e, EMIT_EXEC, reg->offset, s, whole);
	ra_free(e, o->a);
}

EMIT_OP(LDS)
{
	e->target->load(e, ra_def(e, i, NOREG), EMIT_EXEC, (uint32_t)o->imm, o->type);
}

EMIT_OP(STS)
{
	uint64_t k;
	if (!const_of(e, o->a, &k) || !e->target->store_constant(e, EMIT_EXEC, (uint32_t)o->imm, k, o->type))
		e->target->store(e, EMIT_EXEC, (uint32_t)o->imm, ra_use_as(e, o->a, o->type), o->type);
	ra_free(e, o->a);
}
