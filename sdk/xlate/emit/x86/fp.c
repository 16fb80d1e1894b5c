/* SPDX-License-Identifier: MIT */
/*
 * fp.c: scalar floating point on the SSE unit, in VEX forms (SDM vol. 1, chapter 11 and appendix E).
 *
 * The unit rounds, and raises the sticky flags, as IEEE 754 says; MXCSR holds the guest's rounding mode.
 * Guests differ in which NaN a result is. So a result is computed into another register than its operands'
 * and compared with itself; if unordered, the out-of-line path has vr_isa.fp_slow compute it from the
 * operands. Comparisons and minima test their operands first, by ucomis, which is quiet on quiet NaNs; minsd
 * is not.
 *
 * Conversions to integer: cvtt raises Inexact or Invalid as the guests do and gives the "integer indefinite"
 * for operands out of range; that value goes to the fix-up. Where an operand out of range could raise Inexact
 * as well, the range is tested before any flag is raised.
 *
 * Underflow: the unit detects tininess after rounding, some guests detect it before. They differ for results
 * that round up to the smallest normal number, which therefore go to the fix-up as well. (A sum that small is
 * exact.)
 */
#include "lower.h"

static bool is_double(const struct vr_ir_op *o)
{
	return o->type == VR_T_F64;
}

static uint64_t fp_slow_function(struct emit *e)
{
	return (uint64_t)(uintptr_t)e->job->isa->fp_slow;
}

static struct emit_ool *fp_slow(struct emit *e, const struct vr_ir_op *o, uint32_t jump, uint32_t d,
				uint32_t dtype)
{
	return emit_fp_slow_ool(e, fp_slow_function(e), emit_fp_slow_what(o), o->imm, jump, d, dtype);
}

static void fp_slow_argument(struct emit_ool *s, uint32_t n, uint32_t reg)
{
	s->arg[n] = (uint8_t)reg;
	s->arg_type[n] = VR_T_V128;
}

/* Jump when register r holds a NaN. */
static uint32_t jump_nan(struct emit *e, uint32_t d, uint32_t r)
{
	v_rr(&e->c, d ? I_VUCOMISD : I_VUCOMISS, r, r);
	return jcc_far(&e->c, CC_P);
}

/*
 * Jump when |r| is the smallest normal number: it may have been rounded up to that, and a guest that detects
 * tininess before rounding (Arm ARM, shared/functions/float FPRound) then raises Underflow, which this unit,
 * looking after rounding, does not. t: a temporary, taken before any jump of the op: to make room for it, a
 * value may be spilled, which must happen on every path.
 */
static uint32_t jump_tiny(struct emit *e, uint32_t d, uint32_t r, uint32_t t)
{
	struct emit_code *c = &e->c;
	v_wrrr(c, I_VMOVD_TO, d, r, 0, t);
	alu_rr(c, ALU_ADD, d, t, t);
	if (d)
		alu_rm(c, ALU_CMP, 1, t, constant_mem(e, K_TWICE_TINY64));
	else
		alu_ri(c, ALU_CMP, 0, t, 0x01000000);
	return jcc_far(c, CC_E);
}

/* Where to compute a result that is tested before it may overwrite the operands. */
static uint32_t beside(struct emit *e, uint32_t d, uint32_t a, uint32_t b, uint32_t c)
{
	return d == a || d == b || d == c ? vtmp(e) : d;
}

/* May there be anything above `type` in the register of operand v, which scalar instructions copy to the
 * result's? */
uint8_t x86_fp_above(struct emit *e, uint32_t v, uint32_t type)
{
	uint32_t have = val(e, v)->type;
	return val(e, v)->dirty_high || have == VR_T_V128 || have == VR_T_V256 ||
	       (type == VR_T_F32 && have != VR_T_F32);
}

static void arithmetic(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t single, uint32_t dbl)
{
	struct emit_code *c = &e->c;
	emit_flags_clobber(e);
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = o->b ? ra_use_as(e, o->b, o->type) : ra;
	uint8_t dirty = x86_fp_above(e, o->a, o->type);
	ra_free(e, o->a);
	ra_free(e, o->b);
	uint32_t d = ra_def(e, i, NOREG), t = beside(e, d, ra, rb, NOREG);
	v_rrr(c, is_double(o) ? dbl : single, t, ra, rb);
	uint32_t looks = o->op == VR_IR_FMUL || o->op == VR_IR_FDIV, w = looks ? tmp(e) : 0;
	uint32_t nan = jump_nan(e, is_double(o), t), tiny = looks ? jump_tiny(e, is_double(o), t, w) : 0;
	if (o->op == VR_IR_FMUL && (o->aux & 1)) {
		v_rrm(c, I_VXORPS, t, t, constant_mem(e, is_double(o) ? K_SIGN64 : K_SIGN32));
		dirty = 1;
	}
	struct emit_ool *s = fp_slow(e, o, nan, t, o->type);
	s->jump[1] = tiny;
	fp_slow_argument(s, 0, ra);
	fp_slow_argument(s, 1, rb);
	movaps(c, d, t);
	val(e, i)->dirty_high = dirty;
}

OP(FADD)
{
	arithmetic(e, o, i, I_VADDSS, I_VADDSD);
}

OP(FSUB)
{
	arithmetic(e, o, i, I_VSUBSS, I_VSUBSD);
}

OP(FMUL)
{
	arithmetic(e, o, i, I_VMULSS, I_VMULSD);
}

OP(FDIV)
{
	arithmetic(e, o, i, I_VDIVSS, I_VDIVSD);
}

OP(FSQRT)
{
	arithmetic(e, o, i, I_VSQRTSS, I_VSQRTSD);
}

OP(FMADD)
{
	/* by aux: product negated, addend negated */
	static const uint32_t ops[2][4] = {
		{I_VFMADD231SS, I_VFNMADD231SS, I_VFMSUB231SS, I_VFNMSUB231SS},
		{I_VFMADD231SD, I_VFNMADD231SD, I_VFMSUB231SD, I_VFNMSUB231SD},
	};
	struct emit_code *c = &e->c;
	emit_flags_clobber(e);
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type),
		 rc = ra_use_as(e, o->c, o->type);
	uint8_t dirty = x86_fp_above(e, o->c, o->type);
	ra_free(e, o->a);
	ra_free(e, o->b);
	ra_free(e, o->c);
	uint32_t d = ra_def(e, i, NOREG), t = beside(e, d, ra, rb, rc);
	movaps(c, t, rc);
	v_rrr(c, ops[is_double(o)][o->aux & 3], t, ra, rb);
	uint32_t w = tmp(e);
	uint32_t nan = jump_nan(e, is_double(o), t), tiny = jump_tiny(e, is_double(o), t, w);
	struct emit_ool *s = fp_slow(e, o, nan, t, o->type);
	s->jump[1] = tiny;
	fp_slow_argument(s, 0, ra);
	fp_slow_argument(s, 1, rb);
	fp_slow_argument(s, 2, rc);
	movaps(c, d, t);
	val(e, i)->dirty_high = dirty;
}

/*
 * min(a, b) | min(b, a), max(a, b) & max(b, a): minsd gives its second operand for equal ones, so zeros of
 * different sign combine as they should.
 */
static void extremum(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t single, uint32_t dbl,
		     uint32_t combine)
{
	struct emit_code *c = &e->c;
	emit_flags_clobber(e);
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type),
		 op = is_double(o) ? dbl : single;
	ra_free(e, o->a);
	ra_free(e, o->b);
	uint32_t d = ra_def(e, i, NOREG), t = beside(e, d, ra, rb, NOREG), u = vtmp(e);
	v_rr(c, is_double(o) ? I_VUCOMISD : I_VUCOMISS, ra, rb);
	uint32_t nan = jcc_far(c, CC_P);
	v_rrr(c, op, t, ra, rb);
	v_rrr(c, op, u, rb, ra);
	v_rrr(c, combine, t, t, u);
	struct emit_ool *s = fp_slow(e, o, nan, t, o->type);
	fp_slow_argument(s, 0, ra);
	fp_slow_argument(s, 1, rb);
	movaps(c, d, t);
	val(e, i)->dirty_high = 1;
}

OP(FMIN)
{
	extremum(e, o, i, I_VMINSS, I_VMINSD, I_VORPS);
}

OP(FMAX)
{
	extremum(e, o, i, I_VMAXSS, I_VMAXSD, I_VANDPS);
}

OP(FMINNM)
{
	extremum(e, o, i, I_VMINSS, I_VMINSD, I_VORPS);
}

OP(FMAXNM)
{
	extremum(e, o, i, I_VMAXSS, I_VMAXSD, I_VANDPS);
}

OP(FNEG)
{
	uint32_t r = ra_use_as(e, o->a, o->type);
	ra_free(e, o->a);
	v_rrm(&e->c, I_VXORPS, ra_def(e, i, r), r, constant_mem(e, is_double(o) ? K_SIGN64 : K_SIGN32));
	val(e, i)->dirty_high = 1;
}

OP(FABS)
{
	uint32_t r = ra_use_as(e, o->a, o->type);
	uint8_t dirty = x86_fp_above(e, o->a, o->type);
	ra_free(e, o->a);
	v_rrm(&e->c, I_VANDPS, ra_def(e, i, r), r, constant_mem(e, is_double(o) ? K_ABS64 : K_ABS32));
	val(e, i)->dirty_high = dirty;
}

/* Which operand order serves the first consumer? */
static bool wants_swapped(const struct emit *e, uint32_t i)
{
	for (uint32_t k = i + 1; k < e->op_end && k < i + 8; k++) {
		const struct vr_ir_op *p = &e->ops[k];
		if ((p->op == VR_IR_BRCC || p->op == VR_IR_SETCC || p->op == VR_IR_SELECT ||
		     p->op == VR_IR_F_SEL) &&
		    p->a == i)
			return 1u << (p->aux & 15) & (1u << VR_CC_CS | 1u << VR_CC_CC | 1u << VR_CC_MI |
						      1u << VR_CC_PL | 1u << VR_CC_HI | 1u << VR_CC_LS);
	}
	return false;
}

OP(FCMP)
{
	struct emit_code *c = &e->c;
	emit_flags_clobber(e);
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type), d = is_double(o);
	bool swapped = wants_swapped(e, i);
	uint32_t op = o->aux & 1 ? d ? I_VCOMISD : I_VCOMISS : d ? I_VUCOMISD : I_VUCOMISS;
	v_rr(c, op, swapped ? rb : ra, swapped ? ra : rb);
	ra_free(e, o->a);
	ra_free(e, o->b);
	emit_flags_set(e, i, swapped ? POL_FCMP_SWAP : POL_FCMP);
}

OP(FCVT)
{
	struct emit_code *c = &e->c;
	emit_flags_clobber(e);
	uint32_t ra = ra_use_bits(e, o->a, is_double(o) ? 32 : 64);
	uint8_t dirty = is_double(o) ? x86_fp_above(e, o->a, o->type) : 1;
	ra_free(e, o->a);
	uint32_t d = ra_def(e, i, NOREG), t = beside(e, d, ra, NOREG, NOREG);
	v_rrr(c, is_double(o) ? I_VCVTSS2SD : I_VCVTSD2SS, t, ra, ra);
	uint32_t w = is_double(o) ? 0 : tmp(e);
	uint32_t nan = jump_nan(e, is_double(o), t), tiny = is_double(o) ? 0 : jump_tiny(e, 0, t, w);
	struct emit_ool *s = fp_slow(e, o, nan, t, o->type);
	s->jump[1] = tiny;
	fp_slow_argument(s, 0, ra);
	movaps(c, d, t);
	val(e, i)->dirty_high = dirty;
}

/* SDM vol. 2, ROUNDSD: bits 1:0 mode, bit 2 MXCSR's, bit 3 no Inexact. */
uint32_t x86_round_control(uint32_t mode, bool quiet)
{
	static const uint8_t rc[4] = {
		[VR_RM_NEAREST] = 0, [VR_RM_UP] = 2, [VR_RM_DOWN] = 1, [VR_RM_ZERO] = 3};
	return (mode == VR_RM_CURRENT ? 4u : rc[mode & 3]) | (quiet ? 8 : 0);
}

OP(FTOI)
{
	struct emit_code *c = &e->c;
	uint32_t d64 = o->aux & 1, mode = o->aux >> 2 & 7, w = wide(o);
	bool is_unsigned = o->aux & 2;
	if (mode == VR_RM_AWAY || (mode > VR_RM_AWAY && mode != VR_RM_CURRENT)) {
		emit_fp_slow_inline(e, o, i, fp_slow_function(e));
		return;
	}
	emit_flags_clobber(e);
	uint32_t ra = ra_use_bits(e, o->a, d64 ? 64 : 32), x = ra, jumps[3] = {0};
	ra_free(e, o->a);
	uint32_t d = ra_def(e, i, NOREG), convert = d64 ? I_VCVTTSD2SI : I_VCVTTSS2SI;
	uint32_t compare_op = d64 ? I_VUCOMISD : I_VUCOMISS, round = d64 ? I_VROUNDSD : I_VROUNDSS;
	if (is_unsigned || (d64 && !w && mode != VR_RM_ZERO)) {
		/* Decide on the rounded value, silently, whether it fits. */
		if (mode != VR_RM_ZERO) {
			x = vtmp(e);
			v_rrri(c, round, x, ra, ra, x86_round_control(mode, true));
		}
		if (is_unsigned) {
			v_rm(c, compare_op, x, constant_mem(e, d64 ? K_F64_MINUS_1 : K_F32_MINUS_1));
			jumps[0] = jcc_far(c, CC_BE); /* unordered, too */
			uint32_t limit = d64 ? w ? K_F64_2_63 : K_F64_2_32 : w ? K_F32_2_63 : K_F32_2_32;
			v_rm(c, compare_op, x, constant_mem(e, limit));
			jumps[1] = jcc_far(c, CC_AE);
			v_wrrr(c, convert, 1, d, 0, x);
		} else {
			v_wrrr(c, convert, 1, d, 0, x);
			uint32_t t = tmp(e);
			x_rr(c, X_MOVSXD, 1, t, d);
			alu_rr(c, ALU_CMP, 1, t, d);
			jumps[0] = jcc_far(c, CC_NE);
			mov_rr(c, 0, d, d);
		}
		if (mode != VR_RM_ZERO)
			v_rrri(c, round, x, ra, ra, x86_round_control(mode, false)); /* for Inexact */
	} else {
		if (mode == VR_RM_CURRENT) {
			convert = d64 ? I_VCVTSD2SI : I_VCVTSS2SI;
		} else if (mode != VR_RM_ZERO) {
			/* what does not fit is integral already and raises nothing here */
			x = vtmp(e);
			v_rrri(c, round, x, ra, ra, x86_round_control(mode, false));
		}
		v_wrrr(c, convert, w, d, 0, x);
		alu_ri(c, ALU_CMP, w, d, 1);
		jumps[0] = jcc_far(c, CC_O); /* the integer indefinite */
	}
	struct emit_ool *s = fp_slow(e, o, jumps[0], d, o->type);
	s->jump[1] = jumps[1];
	fp_slow_argument(s, 0, ra);
}

OP(ITOF)
{
	struct emit_code *c = &e->c;
	uint32_t w = o->aux & 1, op = is_double(o) ? I_VCVTSI2SD : I_VCVTSI2SS;
	bool is_unsigned = o->aux & 2;
	if (is_unsigned && w)
		emit_flags_clobber(e);
	uint32_t r = w || is_unsigned ? ra_use_clean(e, o->a) : ra_use(e, o->a);
	ra_free(e, o->a);
	uint32_t d = ra_def(e, i, NOREG);
	v_rrr(c, I_VPXOR, d, d, d);
	if (!is_unsigned || !w) {
		if (is_unsigned && val(e, o->a)->type == VR_T_I64) { /* the low half */
			uint32_t t = tmp(e);
			mov_rr(c, 0, t, r);
			r = t;
		}
		v_wrrr(c, op, w || is_unsigned, d, d, r);
		return;
	}
	/* With the top bit set: half of it, its lowest bit sticky, doubled. */
	uint32_t t = tmp(e), u = tmp(e);
	test_rr(c, 1, r, r);
	uint32_t big = jcc_near(c, CC_S);
	v_wrrr(c, op, 1, d, d, r);
	uint32_t end = jmp_near(c);
	patch_near(c, big);
	mov_rr(c, 1, t, r);
	mov_rr(c, 0, u, r);
	shift_ri(c, SH_SHR, 1, t, 1);
	alu_ri(c, ALU_AND, 0, u, 1);
	alu_rr(c, ALU_OR, 1, t, u);
	v_wrrr(c, op, 1, d, d, t);
	v_rrr(c, is_double(o) ? I_VADDSD : I_VADDSS, d, d, d);
	patch_near(c, end);
}

OP(FROUND)
{
	struct emit_code *c = &e->c;
	uint32_t mode = o->aux & 7;
	if (mode >= VR_RM_AWAY && mode != VR_RM_CURRENT) {
		emit_fp_slow_inline(e, o, i, fp_slow_function(e));
		return;
	}
	emit_flags_clobber(e);
	uint32_t ra = ra_use_as(e, o->a, o->type);
	uint8_t dirty = x86_fp_above(e, o->a, o->type);
	ra_free(e, o->a);
	uint32_t d = ra_def(e, i, NOREG), t = beside(e, d, ra, NOREG, NOREG);
	v_rrri(c, is_double(o) ? I_VROUNDSD : I_VROUNDSS, t, ra, ra, x86_round_control(mode, !(o->aux & 8)));
	struct emit_ool *s = fp_slow(e, o, jump_nan(e, is_double(o), t), t, o->type);
	fp_slow_argument(s, 0, ra);
	movaps(c, d, t);
	val(e, i)->dirty_high = dirty;
}

OP(FFROMI)
{
	uint32_t r = is_double(o) ? ra_use_clean(e, o->a) : ra_use(e, o->a);
	ra_free(e, o->a);
	v_wrrr(&e->c, I_VMOVD_FROM, is_double(o), ra_def(e, i, NOREG), 0, r);
}

OP(FTOBITS)
{
	uint32_t r = ra_use(e, o->a);
	bool both = wide(o) && val(e, o->a)->type != VR_T_F32;
	ra_free(e, o->a);
	v_wrrr(&e->c, I_VMOVD_TO, both, r, 0, ra_def(e, i, NOREG));
}
