/* SPDX-License-Identifier: MIT */
/*
 * fpvector.c: vector floating point. As fp.c, with vcmpunord and vptest to look for NaNs. An op on 64 bits
 * first copies its operands' low half to the high one, so that what lies there raises nothing.
 */
#include "lower.h"

#define W(op) x86_wide(o, op) /* as wide as the op `o` that is lowered */

static bool is_double(const struct vr_ir_op *o)
{
	return (o->aux & 3) == 3;
}

static uint64_t fp_slow_function(struct emit *e)
{
	return (uint64_t)(uintptr_t)e->job->isa->fp_slow;
}

/* The operand as it may be computed with. */
static uint32_t operand(struct emit *e, const struct vr_ir_op *o, uint32_t r)
{
	if (o->type != VR_T_V64)
		return r;
	uint32_t t = vtmp(e);
	v_rr(&e->c, W(I_VMOVDDUP), t, r);
	return t;
}

/* Jump when a lane of a or b is a NaN. */
static uint32_t jump_nan(struct emit *e, const struct vr_ir_op *o, uint32_t a, uint32_t b, uint32_t t)
{
	struct emit_code *c = &e->c;
	v_rrri(c, W(is_double(o) ? I_VCMPPD : I_VCMPPS), t, a, b, 3); /* UNORD_Q */
	v_rr(c, W(I_VPTEST), t, t);
	return jcc_far(c, CC_NE);
}

/*
 * Jump when a lane of r is a NaN or, as fp.c says, the smallest normal number. t, u: scratch.
 */
static uint32_t jump_nan_tiny(struct emit *e, const struct vr_ir_op *o, uint32_t r, uint32_t t, uint32_t u)
{
	struct emit_code *c = &e->c;
	v_rrm(c, W(I_VPAND), u, r, constant_mem(e, is_double(o) ? K_ABS64 : K_ABS32));
	v_rrm(c, W(is_double(o) ? I_VPCMPEQQ : I_VPCMPEQD), u, u,
	      constant_mem(e, is_double(o) ? K_TINY64 : K_TINY32));
	v_rrri(c, W(is_double(o) ? I_VCMPPD : I_VCMPPS), t, r, r, 3); /* UNORD_Q */
	v_rrr(c, W(I_VPOR), t, t, u);
	v_rr(c, W(I_VPTEST), t, t);
	return jcc_far(c, CC_NE);
}

/* Out of line: the fix-up, into t; back to the move into d. */
static void finish(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t jump,
		   const uint32_t args[3], uint32_t t, uint32_t d)
{
	struct emit_ool *s =
		emit_fp_slow_ool(e, fp_slow_function(e), emit_fp_slow_what(o), o->imm, jump, t, o->type);
	for (uint32_t n = 0; n < 3; n++) {
		s->arg[n] = (uint8_t)args[n];
		s->arg_type[n] = o->type == VR_T_V256 ? VR_T_V256 : VR_T_V128;
	}
	x86_copy(e, o, i, d, t);
	val(e, i)->dirty_high = o->type == VR_T_V64;
}

static uint32_t beside(struct emit *e, uint32_t d, const uint32_t args[3])
{
	return d == args[0] || d == args[1] || d == args[2] ? vtmp(e) : d;
}

static void arithmetic(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t single, uint32_t dbl)
{
	emit_flags_clobber(e);
	uint32_t args[3] = {ra_use_as(e, o->a, o->type), NOREG, NOREG};
	if (o->b)
		args[1] = ra_use_as(e, o->b, o->type);
	ra_free(e, o->a);
	ra_free(e, o->b);
	uint32_t a = operand(e, o, args[0]), b = o->b ? o->b == o->a ? a : operand(e, o, args[1]) : 0;
	uint32_t d = ra_def(e, i, a != args[0] ? a : NOREG), t = beside(e, d, args), u = vtmp(e);
	v_rrr(&e->c, W(is_double(o) ? dbl : single), t, o->b ? a : 0, o->b ? b : a);
	bool tiny = o->op == VR_IR_VFMUL || o->op == VR_IR_VFDIV;
	finish(e, o, i,
	       tiny ? jump_nan_tiny(e, o, t, u, o->type == VR_T_V64 && b != a && b != t ? b : vtmp(e))
		    : jump_nan(e, o, t, t, u),
	       args, t, d);
}

OP(VFADD)
{
	arithmetic(e, o, i, I_VADDPS, I_VADDPD);
}

OP(VFSUB)
{
	arithmetic(e, o, i, I_VSUBPS, I_VSUBPD);
}

OP(VFMUL)
{
	arithmetic(e, o, i, I_VMULPS, I_VMULPD);
}

OP(VFDIV)
{
	arithmetic(e, o, i, I_VDIVPS, I_VDIVPD);
}

OP(VFSQRT)
{
	arithmetic(e, o, i, I_VSQRTPS, I_VSQRTPD);
}

OP(VFMADD)
{
	static const uint32_t ops[2][2] = {{I_VFMADD231PS, I_VFNMADD231PS}, {I_VFMADD231PD, I_VFNMADD231PD}};
	struct emit_code *c = &e->c;
	emit_flags_clobber(e);
	uint32_t args[3] = {ra_use_as(e, o->a, o->type), ra_use_as(e, o->b, o->type),
			    ra_use_as(e, o->c, o->type)};
	ra_free(e, o->a);
	ra_free(e, o->b);
	ra_free(e, o->c);
	/* The accumulator is a copy in any case; with two halves the product's operands are, too. */
	uint32_t a = args[0], b = args[1], t = vtmp(e), u = NOREG;
	if (o->type == VR_T_V64) {
		a = operand(e, o, a);
		u = operand(e, o, b);
		b = u;
		v_rr(c, W(I_VMOVDDUP), t, args[2]);
	} else {
		v_rr(c, W(I_VMOVAPS), t, args[2]);
	}
	v_rrr(c, W(ops[is_double(o)][o->aux >> 2 & 1]), t, a, b);
	if (u == NOREG)
		u = vtmp(e);
	uint32_t w = a != args[0] ? a : vtmp(e), d = ra_def(e, i, t);
	finish(e, o, i, jump_nan_tiny(e, o, t, u, w), args, t, d);
}

static void extremum(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t single, uint32_t dbl,
		     uint32_t combine)
{
	struct emit_code *c = &e->c;
	emit_flags_clobber(e);
	uint32_t args[3] = {ra_use_as(e, o->a, o->type), ra_use_as(e, o->b, o->type), NOREG};
	uint32_t a = operand(e, o, args[0]), b = operand(e, o, args[1]), op = is_double(o) ? dbl : single;
	ra_free(e, o->a);
	ra_free(e, o->b);
	uint32_t t = vtmp(e), u = a != args[0] ? a : vtmp(e), d = ra_def(e, i, t);
	uint32_t nan = jump_nan(e, o, a, b, t);
	v_rrr(c, W(op), t, a, b);
	v_rrr(c, W(op), u, b, a);
	v_rrr(c, W(combine), t, t, u);
	finish(e, o, i, nan, args, t, d);
}

OP(VFMIN)
{
	extremum(e, o, i, I_VMINPS, I_VMINPD, I_VORPS);
}

OP(VFMAX)
{
	extremum(e, o, i, I_VMAXPS, I_VMAXPD, I_VANDPS);
}

OP(VFMINNM)
{
	extremum(e, o, i, I_VMINPS, I_VMINPD, I_VORPS);
}

OP(VFMAXNM)
{
	extremum(e, o, i, I_VMAXPS, I_VMAXPD, I_VANDPS);
}

static void sign(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t op, uint32_t k)
{
	uint32_t r = ra_use_as(e, o->a, o->type);
	ra_free(e, o->a);
	v_rrm(&e->c, W(op), ra_def(e, i, r), r, constant_mem(e, k));
	val(e, i)->dirty_high = o->type == VR_T_V64;
}

OP(VFNEG)
{
	sign(e, o, i, I_VXORPS, is_double(o) ? K_SIGN64 : K_SIGN32);
}

OP(VFABS)
{
	sign(e, o, i, I_VANDPS, is_double(o) ? K_ABS64 : K_ABS32);
}

/* Predicates, SDM vol. 2, CMPPD: EQ_OQ 0, GE_OS 13, GT_OS 14. */
static void compare_lanes(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t predicate)
{
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type);
	uint32_t a = operand(e, o, ra), b = operand(e, o, rb);
	ra_free(e, o->a);
	ra_free(e, o->b);
	v_rrri(&e->c, W(is_double(o) ? I_VCMPPD : I_VCMPPS), ra_def(e, i, a), a, b, predicate);
	val(e, i)->dirty_high = o->type == VR_T_V64;
}

OP(VFCMPEQ)
{
	compare_lanes(e, o, i, 0);
}

OP(VFCMPGE)
{
	compare_lanes(e, o, i, 13);
}

OP(VFCMPGT)
{
	compare_lanes(e, o, i, 14);
}

OP(VITOF)
{
	struct emit_code *c = &e->c;
	if (is_double(o) || (o->aux & 4)) {
		if (!is_double(o) || (o->aux & 4) || o->type == VR_T_V256) {
			emit_fp_slow_inline(e, o, i, fp_slow_function(e));
			return;
		}
		uint32_t ra = ra_use_as(e, o->a, o->type), r = tmp(e), t = vtmp(e), u = vtmp(e);
		v_wrrr(c, I_VMOVD_TO, 1, ra, 0, r);
		v_rrr(c, W(I_VPXOR), t, t, t);
		v_wrrr(c, I_VCVTSI2SD, 1, t, t, r);
		if (o->type == VR_T_V64) {
			ra_free(e, o->a);
			movaps(c, ra_def(e, i, t), t);
			return;
		}
		v_rrri(c, I_VPEXTRQ, ra, 0, r, 1);
		v_rrr(c, W(I_VPXOR), u, u, u);
		v_wrrr(c, I_VCVTSI2SD, 1, u, u, r);
		ra_free(e, o->a);
		v_rrr(c, W(I_VPUNPCKLQDQ), ra_def(e, i, t), t, u);
		return;
	}
	uint32_t ra = ra_use_as(e, o->a, o->type), a = operand(e, o, ra);
	ra_free(e, o->a);
	v_rr(c, W(I_VCVTDQ2PS), ra_def(e, i, a), a);
	val(e, i)->dirty_high = o->type == VR_T_V64;
}

static bool host_mode(uint32_t mode)
{
	return mode < VR_RM_AWAY || mode == VR_RM_CURRENT;
}

OP(VFTOI)
{
	struct emit_code *c = &e->c;
	uint32_t mode = (uint32_t)o->imm & 7;
	if ((o->aux & 4) || !host_mode(mode) || (is_double(o) && o->type != VR_T_V128)) {
		emit_fp_slow_inline(e, o, i, fp_slow_function(e));
		return;
	}
	emit_flags_clobber(e);
	uint32_t args[3] = {ra_use_as(e, o->a, o->type), NOREG, NOREG}, a = operand(e, o, args[0]);
	ra_free(e, o->a);
	uint32_t t = vtmp(e), u = vtmp(e);
	if (mode != VR_RM_ZERO) {
		v_rrri(c, W(is_double(o) ? I_VROUNDPD : I_VROUNDPS), t, 0, a, x86_round_control(mode, false));
		a = t;
	}
	if (is_double(o)) {
		uint32_t r = tmp(e);
		v_wrrr(c, I_VCVTTSD2SI, 1, r, 0, a);
		v_rrr(c, W(I_VPUNPCKHQDQ), u, a, a);
		v_wrrr(c, I_VMOVD_FROM, 1, t, 0, r);
		v_wrrr(c, I_VCVTTSD2SI, 1, r, 0, u);
		v_rrri(c, I_VPINSRQ, t, t, r, 1);
		v_rm(c, W(I_VMOVUPS), u, constant_mem(e, K_SIGN64));
		v_rrr(c, W(I_VPCMPEQQ), u, u, t);
	} else {
		v_rr(c, W(I_VCVTTPS2DQ), t, a);
		v_rm(c, W(I_VMOVUPS), u, constant_mem(e, K_SIGN32));
		v_rrr(c, W(I_VPCMPEQD), u, u, t);
	}
	uint32_t d = ra_def(e, i, t);
	v_rr(c, W(I_VPTEST), u, u);
	finish(e, o, i, jcc_far(c, CC_NE), args, t, d);
}

OP(VFROUND)
{
	struct emit_code *c = &e->c;
	uint32_t mode = (uint32_t)o->imm & 7;
	if (!host_mode(mode)) {
		emit_fp_slow_inline(e, o, i, fp_slow_function(e));
		return;
	}
	emit_flags_clobber(e);
	uint32_t args[3] = {ra_use_as(e, o->a, o->type), NOREG, NOREG}, a = operand(e, o, args[0]);
	ra_free(e, o->a);
	uint32_t t = vtmp(e), u = vtmp(e), d = ra_def(e, i, t);
	v_rrri(c, W(is_double(o) ? I_VROUNDPD : I_VROUNDPS), t, 0, a, x86_round_control(mode, !(o->imm & 8)));
	finish(e, o, i, jump_nan(e, o, t, t, u), args, t, d);
}
