/* SPDX-License-Identifier: MIT */
/*
 * flag_ops.c: the ops that make, test and convert FLAGS, and those that select by them. flags.c keeps track of
 * where each FLAGS value is.
 */
#include "lower.h"

/* Flags of a comparison that another op's handler makes: the next op, when the sum or difference (op `value`)
 * is wanted too; or F_SEL, when it alone uses them, and the other choice is a constant. */
static bool made_by_another(struct emit *e, uint32_t i, uint32_t value)
{
	const struct vr_ir_op *user = &e->ops[val(e, i)->last];

	if (i + 1 < e->op_end && emit_flags_partner(e, i, value) == i + 1) {
		x86_add_sub(e, i + 1, i);
		return true;
	}
	if (val(e, i)->uses == 1 && user->op == VR_IR_F_SEL && user->b == i &&
	    e->ops[user->c].op == VR_IR_F_CONST) {
		val(e, i)->loc = LOC_LATER;
		return true;
	}
	return false;
}

OP(F_SUB)
{
	if (made_by_another(e, i, VR_IR_SUB))
		return;
	emit_flags_clobber(e);
	x86_compare(e, o->a, o->b, x86_flag_bits(o));
	emit_flags_set(e, i, x86_made(o, POL_SUB));
}

OP(F_ADD)
{
	if (made_by_another(e, i, VR_IR_ADD))
		return;
	emit_flags_clobber(e);
	int32_t imm;
	uint32_t t = ra_copy(e, o->a, wide(o)), bits = x86_flag_bits(o);
	if (x86_imm_bits(e, o->b, bits, &imm))
		alu_ri_bits(&e->c, ALU_ADD, bits, t, imm);
	else
		alu_rr_bits(&e->c, ALU_ADD, bits, t, ra_use_as(e, o->b, o->type));
	ra_free(e, o->a);
	ra_free(e, o->b);
	emit_flags_set(e, i, x86_made(o, POL_ADD));
}

/* Both the sum and its flags, of which one may be unused. */
static void with_carry(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t alu, uint32_t flags,
		       uint32_t result)
{
	struct emit_code *c = &e->c;
	uint32_t w = wide(o), bits = flags ? x86_flag_bits(&e->ops[flags]) : w ? 64 : 32;
	bool inverted = (o->aux & VR_FA_READS_NOT_C) != 0;
	if (flags && result) {
		/* one instruction consumes the operands of two ops */
		uint32_t other = flags == i ? result : flags;
		val(e, other)->emitted = 1;
		ra_free(e, o->a);
		ra_free(e, o->b);
		emit_flags_done(e, o->c);
	}
	x86_flags_keep_others(e, o->c);
	int32_t imm;
	bool constant = x86_imm_bits(e, o->b, bits, &imm);
	uint32_t ra = ra_use_as(e, o->a, o->type),
		 rb = constant ? (uint32_t)NOREG : ra_use_as(e, o->b, o->type);
	x86_flags_carry(e, o->c, (alu == ALU_SBB) != inverted);
	ra_free(e, o->a);
	ra_free(e, o->b);
	emit_flags_done(e, o->c);
	/* moves only from here on: CF is the carry */
	uint32_t d = result ? ra_def(e, result, ra) : tmp(e), t = d == rb && d != ra ? tmp(e) : d;
	if (t != ra)
		mov_rr(c, w, t, ra);
	if (constant)
		alu_ri_bits(c, alu, bits, t, imm);
	else
		alu_rr_bits(c, alu, bits, t, rb);
	e->fl.logic = 0;
	emit_move(e, d, t, o->type);
	if (flags)
		emit_flags_set(e, flags, x86_made(&e->ops[flags], alu == ALU_SBB ? POL_SUB : POL_ADD));
}

OP(F_ADC)
{
	uint32_t k = emit_flags_partner(e, i, VR_IR_ADC);
	with_carry(e, o, i, ALU_ADC, i, k == i + 1 ? k : 0);
}

OP(F_SBC)
{
	uint32_t k = emit_flags_partner(e, i, VR_IR_SBC);
	with_carry(e, o, i, ALU_SBB, i, k == i + 1 ? k : 0);
}

OP(ADC)
{
	with_carry(e, o, i, ALU_ADC, emit_flags_partner(e, i, VR_IR_F_ADC), i);
}

OP(SBC)
{
	with_carry(e, o, i, ALU_SBB, emit_flags_partner(e, i, VR_IR_F_SBC), i);
}

OP(F_LOGIC)
{
	uint32_t bits = x86_flag_bits(o);
	if (e->fl.logic == o->a && e->fl.logic && e->fl.logic_bits == bits) {
		ra_free(e, o->a);
	} else {
		emit_flags_clobber(e);
		uint32_t r = ra_use_as(e, o->a, o->type);
		test_rr_bits(&e->c, bits, r, r);
		ra_free(e, o->a);
	}
	e->fl.logic = 0;
	emit_flags_set(e, i, x86_made(o, POL_ADD));
}

/*
 * A conditional compare: F_SEL(cc, old, F_SUB/F_ADD, F_CONST) whose comparison was put off until here.
 *     jcc over; cmp; jmp out; over: load constant; out:
 */
static void conditional_compare(struct emit *e, const struct vr_ir_op *o, uint32_t i)
{
	struct emit_code *c = &e->c;
	const struct vr_ir_op *f = &e->ops[o->b];
	uint32_t old = emit_flags_resolve(e, o->a), w = wide(f), bits = x86_flag_bits(f);
	if (e->fl.value && (e->fl.value != old || e->fl.put_pending ||
			    (val(e, old)->uses > 1 && val(e, old)->loc == LOC_HOST_FLAGS)))
		emit_flags_clobber(e);
	e->fl.logic = 0;
	ra_reserve(e, RAX);
	int32_t imm;
	bool constant = x86_imm_bits(e, f->b, bits, &imm);
	uint32_t ra = f->op == VR_IR_F_ADD ? ra_copy(e, f->a, w) : ra_use_as(e, f->a, f->type);
	uint32_t rb = constant ? 0 : ra_use_as(e, f->b, f->type);
	struct emit_condition k = x86_flags_condition(e, o->a, o->aux);
	uint32_t out[2];
	k.invert ^= 1;
	x86_jump_if(e, k, out);
	uint32_t alu = f->op == VR_IR_F_ADD ? ALU_ADD : ALU_CMP;
	if (constant)
		alu_ri_bits(c, alu, bits, ra, imm);
	else
		alu_rr_bits(c, alu, bits, ra, rb);
	if (x86_made(f, alu == ALU_ADD ? POL_ADD : POL_SUB) == POL_ADD)
		put8(c, 0xf5); /* cmc */
	uint32_t end = jmp_near(c);
	patch_here(c, out[0]);
	if (out[1])
		patch_here(c, out[1]);
	mov_imm(c, RAX, emit_flags_constant(&e->ops[o->c]));
	x86_flags_unpack(c);
	patch_near(c, end);
	emit_flags_done(e, o->a);
	ra_free(e, f->a);
	ra_free(e, f->b);
	ra_free(e, o->b);
	ra_free(e, o->c);
	emit_flags_set(e, i, POL_SUB);
}

OP(F_SEL)
{
	if (o->b && val(e, o->b)->loc == LOC_LATER) {
		conditional_compare(e, o, i);
		return;
	}
	emit_flags_clobber(e);
	ra_reserve(e, RAX);
	uint32_t d = tmp(e), s = emit_flags_packed(e, o->b);
	mov_rr(&e->c, 0, d, s);
	s = emit_flags_packed(e, o->c);
	struct emit_condition k = x86_flags_condition(e, o->a, o->aux);
	if (k.two) { /* only from EFLAGS, which were packed above */
		e->error = VR_E_INTERNAL;
		return;
	}
	cmov(&e->c, k.cc ^ 1u, 0, d, s);
	emit_flags_done(e, o->a);
	emit_flags_done(e, o->b);
	emit_flags_done(e, o->c);
	ra_assign(e, i, d);
}

/* ((a ^ b) & mask) ^ a, packed; x86_step() does what can be done in EFLAGS. */
OP(F_MERGE)
{
	struct emit_code *c = &e->c;
	emit_flags_clobber(e);
	uint32_t from_b = emit_flags_mask(o), d = tmp(e), s = emit_flags_packed(e, o->b);
	mov_rr(c, 0, d, s);
	s = emit_flags_packed(e, o->a);
	alu_rr(c, ALU_XOR, 0, d, s);
	alu_ri(c, ALU_AND, 0, d, (int32_t)from_b);
	alu_rr(c, ALU_XOR, 0, d, s);
	emit_flags_done(e, o->a);
	emit_flags_done(e, o->b);
	ra_assign(e, i, d);
}

OP(F_FROM)
{
	emit_flags_clobber(e);
	struct emit_code *c = &e->c;
	if (o->aux) {
		uint32_t r = ra_copy(e, o->a, 0);
		alu_ri(c, ALU_AND, 0, r, EMIT_FLAGS_MASK);
		ra_free(e, o->a);
		ra_assign(e, i, r);
		return;
	}
	uint32_t s = ra_use(e, o->a), d = tmp(e), m = tmp(e);
	mov_imm(c, m, EMIT_FLAGS_MASK);
	mov_rr(c, 0, d, s);
	shift_ri(c, SH_SHR, 0, d, 28);
	v_wrrr(c, I_PDEP, 0, d, d, m);
	alu_ri(c, ALU_XOR, 0, d, VR_FLAG_NOT_C);
	ra_free(e, o->a);
	ra_assign(e, i, d);
}

OP(F_TO)
{
	emit_flags_clobber(e);
	struct emit_code *c = &e->c;
	uint32_t s = emit_flags_packed(e, o->a);
	if (o->aux) {
		emit_flags_done(e, o->a);
		mov_rr(c, 0, ra_def(e, i, s), s);
		return;
	}
	uint32_t m = tmp(e);
	mov_imm(c, m, EMIT_FLAGS_MASK);
	emit_flags_done(e, o->a);
	uint32_t d = ra_def_apart(e, i, s, m, NOREG);
	v_wrrr(c, I_PEXT, 0, d, s, m);
	alu_ri(c, ALU_XOR, 0, d, 2);
	shift_ri(c, SH_SHL, 0, d, 28);
}

OP(SETCC)
{
	struct emit_code *c = &e->c;
	struct emit_condition k = x86_flags_condition(e, o->a, o->aux);
	emit_flags_done(e, o->a);
	uint32_t d = ra_def(e, i, NOREG);
	mov_imm(c, d, 0);
	if (k.two) {
		uint32_t t = tmp(e);
		mov_imm(c, t, !k.invert);
		setcc(c, k.invert ? CC_NP : CC_P, d);
		cmov(c, CC_NE, 0, d, t);
	} else {
		setcc(c, k.cc ^ k.invert, d);
	}
}

OP(CMPSET)
{
	emit_flags_clobber(e);
	x86_compare(e, o->a, o->b, wide(o) ? 64 : 32);
	uint32_t d = ra_def(e, i, NOREG);
	mov_imm(&e->c, d, o->aux >= VR_CC_AL);
	if (o->aux < VR_CC_AL)
		setcc(&e->c, x86_cc_of_arm[o->aux & 15], d);
}

/* d = condition ? b : c, for registers of either file. */
static void select_value(struct emit *e, const struct vr_ir_op *o, uint32_t i, struct emit_condition k)
{
	struct emit_code *c = &e->c;
	uint32_t rb = ra_use_as(e, o->b, o->type), rc = ra_use_as(e, o->c, o->type);
	uint32_t cc = k.cc ^ k.invert, w = wide(o);
	ra_free(e, o->b);
	ra_free(e, o->c);
	if (is_vector(o->type)) {
		/* d gets one, and the other when a jump is not taken */
		uint32_t d = ra_def(e, i, rb), x = rb, y = rc;
		/* a copy that is none leaves what is above */
		val(e, i)->dirty_high = o->type != VR_T_V256 && (o->type != VR_T_V128 || e->wide);
		bool flip = false;
		void (*move)(struct emit_code *, uint32_t, uint32_t) =
			o->type == VR_T_V256 ? movaps256 : movaps;
		if (d == y && d != x) {
			x = rc;
			y = rb;
			flip = true;
		}
		move(c, d, x);
		if (k.two) {                           /* ne or p: true; b unless inverted */
			if ((k.invert != 0) == flip) { /* keep x when ne or p */
				uint32_t n0 = jcc_near(c, CC_NE), n1 = jcc_near(c, CC_P);
				move(c, d, y);
				patch_near(c, n0);
				patch_near(c, n1);
			} else {
				uint32_t n0 = jcc_near(c, CC_NE), n1 = jcc_near(c, CC_NP);
				patch_near(c, n0);
				move(c, d, y);
				patch_near(c, n1);
			}
		} else {
			uint32_t n = jcc_near(c, flip ? cc ^ 1 : cc);
			move(c, d, y);
			patch_near(c, n);
		}
		return;
	}
	if (k.two) {
		/* x when neither ne nor p, y otherwise */
		uint32_t x = k.invert ? rb : rc, y = k.invert ? rc : rb,
			 d = ra_def_apart(e, i, y, NOREG, NOREG);
		if (d == y) {
			e->error = VR_E_INTERNAL;
			return;
		}
		mov_rr(c, w, d, x);
		cmov(c, CC_NE, w, d, y);
		cmov(c, CC_P, w, d, y);
		return;
	}
	uint32_t d = ra_def(e, i, rc);
	if (d == rb && d != rc) {
		cmov(c, cc ^ 1, w, d, rc);
	} else {
		if (d != rc)
			mov_rr(c, w, d, rc);
		cmov(c, cc, w, d, rb);
	}
}

OP(SELECT)
{
	struct emit_condition k = x86_flags_condition(e, o->a, o->aux);
	/* not before its uses: x86_flags_condition() may have left them in a register */
	emit_flags_done(e, o->a);
	select_value(e, o, i, k);
}

OP(SELNZ)
{
	emit_flags_clobber(e);
	uint32_t r = ra_use_clean(e, o->a);
	test_rr(&e->c, 1, r, r);
	ra_free(e, o->a);
	select_value(e, o, i, (struct emit_condition){CC_NE, 0, 0});
}
