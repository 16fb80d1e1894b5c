/* SPDX-License-Identifier: MIT */
/*
 * fpplain.c: FP ops whose attributes are the rules of this processor: one instruction each, nothing to check.
 *
 * SSE and AVX instructions (SDM vol. 1, 4.8.3 and 11.5) give the first operand that is a NaN, made quiet, and for an
 * invalid operation the default NaN with its sign set; they find tininess after rounding; a minimum of zeros or with a NaN is
 * the second operand; conversions to integers give the integer indefinite; they raise the denormal flag. So an op with these
 * attributes (VR_FPA_SSE) needs neither a test of its result nor a slow path. Of a fused product's operands the factors come
 * first, in the order in which the manual writes the product (231: vvvv, r/m), then the addend.
 *
 * The denormal flag is MXCSR's own, which other ops raise too: it can be used when all of the guest's ops raise it
 * (vr_isa.fp_always). FTZ and DAZ are bits of MXCSR that guest code does not run with, so ops that have them go to
 * fp_slow. So does each combination that is not here.
 */
#include "lower.h"

#define W(op) x86_wide(o, op) /* as wide as the op `o` that is lowered */

enum plain {
	NOT_PLAIN,
	TWO,    /* instruction d, a, b */
	ONE,    /* d, a */
	FUSED,  /* d = a * b + c */
	ROUND,  /* d, a, rounding mode */
	COMMON, /* the op's handler, which tests nothing */
	TO_INTEGER,
};

static const struct {
	uint8_t kind;
	uint32_t single, dbl;
} rows[VR_IR_COUNT] = {
	[VR_IR_FADD] = {TWO, I_VADDSS, I_VADDSD},
	[VR_IR_FSUB] = {TWO, I_VSUBSS, I_VSUBSD},
	[VR_IR_FMUL] = {TWO, I_VMULSS, I_VMULSD},
	[VR_IR_FDIV] = {TWO, I_VDIVSS, I_VDIVSD},
	[VR_IR_FMIN] = {TWO, I_VMINSS, I_VMINSD},
	[VR_IR_FMAX] = {TWO, I_VMAXSS, I_VMAXSD},
	[VR_IR_FMINNM] = {TWO, I_VMINSS, I_VMINSD},
	[VR_IR_FMAXNM] = {TWO, I_VMAXSS, I_VMAXSD},
	[VR_IR_FSQRT] = {ONE, I_VSQRTSS, I_VSQRTSD},
	[VR_IR_FCVT] = {ONE, I_VCVTSD2SS, I_VCVTSS2SD},
	[VR_IR_FMADD] = {FUSED, I_VFMADD231SS, I_VFMADD231SD},
	[VR_IR_FROUND] = {ROUND, I_VROUNDSS, I_VROUNDSD},
	[VR_IR_FCMP] = {COMMON, 0, 0},
	[VR_IR_ITOF] = {COMMON, 0, 0},
	[VR_IR_FTOI] = {TO_INTEGER, 0, 0},
	[VR_IR_VFADD] = {TWO, I_VADDPS, I_VADDPD},
	[VR_IR_VFSUB] = {TWO, I_VSUBPS, I_VSUBPD},
	[VR_IR_VFMUL] = {TWO, I_VMULPS, I_VMULPD},
	[VR_IR_VFDIV] = {TWO, I_VDIVPS, I_VDIVPD},
	[VR_IR_VFMIN] = {TWO, I_VMINPS, I_VMINPD},
	[VR_IR_VFMAX] = {TWO, I_VMAXPS, I_VMAXPD},
	[VR_IR_VFMINNM] = {TWO, I_VMINPS, I_VMINPD},
	[VR_IR_VFMAXNM] = {TWO, I_VMAXPS, I_VMAXPD},
	[VR_IR_VFSQRT] = {ONE, I_VSQRTPS, I_VSQRTPD},
	[VR_IR_VFMADD] = {FUSED, I_VFMADD231PS, I_VFMADD231PD},
	[VR_IR_VFROUND] = {ROUND, I_VROUNDPS, I_VROUNDPD},
	[VR_IR_VFCMPEQ] = {COMMON, 0, 0},
	[VR_IR_VFCMPGE] = {COMMON, 0, 0},
	[VR_IR_VFCMPGT] = {COMMON, 0, 0},
	[VR_IR_VFTOI] = {TO_INTEGER, 0, 0},
};

static bool is_vector_op(const struct vr_ir_op *o)
{
	return *vr_ir_ops[o->op].lanes != 0;
}

static bool is_double(const struct vr_ir_op *o)
{
	return is_vector_op(o) ? (o->aux & 3) == 3 : o->type == VR_T_F64;
}

/* Are the attributes what the processor does? */
static bool same_rules(const struct emit *e, const struct vr_ir_op *o)
{
	uint32_t a = vr_ir_fp_attributes(o), always = VR_VALUE(e->job->isa, fp_always, 0);

	if (rows[o->op].kind != FUSED)
		a &= ~VR_FPA_NAN_ADDEND;
	return (a & ~VR_FPA_DENORMAL) == (VR_FPA_SSE & ~VR_FPA_DENORMAL) &&
	       (!(a & VR_FPA_DENORMAL) || always & VR_FPA_DENORMAL);
}

static uint32_t use(struct emit *e, const struct vr_ir_op *o, uint32_t v)
{
	return o->op == VR_IR_FCVT ? ra_use_bits(e, v, is_double(o) ? 32 : 64) : ra_use_as(e, v, o->type);
}

/* Instructions of one or two operands; a scalar one copies what is above from the first. */
static void plain(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t kind, uint32_t op)
{
	struct emit_code *c = &e->c;
	uint32_t ra = use(e, o, o->a), rb = kind == TWO ? use(e, o, o->b) : ra;
	uint8_t dirty = 0;
	uint32_t mode = is_vector_op(o) ? (uint32_t)o->imm : o->aux;
	if (!is_vector_op(o))
		dirty = o->op == VR_IR_FCVT && !is_double(o) ? 1 : x86_fp_above(e, o->a, o->type);
	ra_free(e, o->a);
	if (kind == TWO)
		ra_free(e, o->b);
	uint32_t d = ra_def(e, i, ra), v = is_vector_op(o) && kind != TWO ? 0 : ra;
	if (kind == ROUND)
		v_rrri(c, W(op), d, v, rb, x86_round_control(mode & 7, !(mode & 8)));
	else
		v_rrr(c, W(op), d, v, rb);
	val(e, i)->dirty_high = dirty;
}

/* The opcode's low digit: 8, 9 FMADD, A, B FMSUB, C, D FNMADD, E, F FNMSUB. */
static void fused(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t op)
{
	struct emit_code *c = &e->c;
	uint32_t negate = is_vector_op(o) ? o->aux >> 2 & 1 : o->aux & 3;
	uint32_t ra = use(e, o, o->a), rb = use(e, o, o->b), rc = use(e, o, o->c), t = vtmp(e);
	uint8_t dirty = is_vector_op(o) ? 0 : x86_fp_above(e, o->c, o->type);
	ra_free(e, o->a);
	ra_free(e, o->b);
	ra_free(e, o->c);
	v_rr(c, W(I_VMOVAPS), t, rc);
	v_rrr(c, W(op + (negate & 1 ? 4u : 0u) + (negate & 2 ? 2u : 0u)), t, ra, rb);
	uint32_t d = ra_def(e, i, t);
	if (d != t)
		v_rr(c, W(I_VMOVAPS), d, t);
	val(e, i)->dirty_high = dirty;
}

/* By truncation, or in the current mode. */
static bool to_integer(struct emit *e, const struct vr_ir_op *o, uint32_t i)
{
	struct emit_code *c = &e->c;
	uint32_t d64 = o->aux & 1, mode = is_vector_op(o) ? (uint32_t)o->imm & 7 : o->aux >> 2 & 7;
	if ((mode != VR_RM_ZERO && mode != VR_RM_CURRENT) || o->aux & (is_vector_op(o) ? 4 : 2))
		return false;
	bool truncated = mode == VR_RM_ZERO;
	if (is_vector_op(o)) {
		if (is_double(o))
			return false;
		uint32_t ra = use(e, o, o->a);
		ra_free(e, o->a);
		v_rr(c, W(truncated ? I_VCVTTPS2DQ : I_VCVTPS2DQ), ra_def(e, i, ra), ra);
		return true;
	}
	uint32_t ra = ra_use_bits(e, o->a, d64 ? 64 : 32);
	ra_free(e, o->a);
	v_wrrr(c,
	       truncated ? d64 ? I_VCVTTSD2SI : I_VCVTTSS2SI
	       : d64     ? I_VCVTSD2SI
			 : I_VCVTSS2SI,
	       wide(o), ra_def(e, i, NOREG), 0, ra);
	return true;
}

bool x86_fp_attributes(struct emit *e, const struct vr_ir_op *o, uint32_t i)
{
	uint32_t kind = rows[o->op].kind, op = is_double(o) ? rows[o->op].dbl : rows[o->op].single;
	uint32_t mode = is_vector_op(o) ? (uint32_t)o->imm & 7 : o->aux & 7;

	/* An op on 64 bits of vectors would have the unit look at the other 64, too. */
	if (!same_rules(e, o) || (o->type == VR_T_V64 && is_vector_op(o)))
		return false;
	switch (kind) {
	case TWO:
		if (o->op == VR_IR_FMUL && o->aux)
			return false;
		plain(e, o, i, kind, op);
		return true;
	case ROUND:
		if (mode == VR_RM_AWAY)
			return false;
		plain(e, o, i, kind, op);
		return true;
	case ONE:
		plain(e, o, i, kind, op);
		return true;
	case FUSED:
		fused(e, o, i, op);
		return true;
	case COMMON:
		e->target->handlers[o->op](e, o, i);
		return true;
	case TO_INTEGER:
		return to_integer(e, o, i);
	default:
		return false;
	}
}
