/* SPDX-License-Identifier: MIT */
/* lift_simd_misc.c: one register to one (C4.1.6: Advanced SIMD two-register miscellaneous), and reductions.
 */
#include "lift_simd.h"

#define BHS 7u
#define ALL 15u

/* Lane sizes by opcode: vector U = 0, U = 1, scalar U = 0, U = 1. */
static const uint8_t sizes[32][4] = {
	[0x00] = {BHS, 3, 0, 0},       /* REV64 REV32 */
	[0x01] = {1, 0, 0, 0},         /* REV16 */
	[0x02] = {BHS, BHS, 0, 0},     /* SADDLP UADDLP */
	[0x03] = {ALL, ALL, ALL, ALL}, /* SUQADD USQADD */
	[0x04] = {BHS, BHS, 0, 0},     /* CLS CLZ */
	[0x05] = {1, 3, 0, 0},         /* CNT; NOT, RBIT */
	[0x06] = {BHS, BHS, 0, 0},     /* SADALP UADALP */
	[0x07] = {ALL, ALL, ALL, ALL}, /* SQABS SQNEG */
	[0x08] = {ALL, ALL, 8, 8},     /* CMGT CMGE, zero */
	[0x09] = {ALL, ALL, 8, 8},     /* CMEQ CMLE, zero */
	[0x0a] = {ALL, 0, 8, 0},       /* CMLT zero */
	[0x0b] = {ALL, ALL, 8, 8},     /* ABS NEG */
	[0x12] = {BHS, BHS, 0, BHS},   /* XTN SQXTUN */
	[0x13] = {0, BHS, 0, 0},       /* SHLL */
	[0x14] = {BHS, BHS, BHS, BHS}, /* SQXTN UQXTN */
};

static int is_fp(const struct a64_fields *f)
{
	return (f->opc >= 0x0c && f->opc <= 0x0f) || f->opc >= 0x16;
}

/* Narrowing and widening, which put their result themselves. */
static void resize(struct a64_lift *l, const struct a64_fields *f, uint32_t lanes, int scalar)
{
	uint32_t n = a64_get_v(l, f->rn, VR_T_V128), p;

	if (f->opc == 0x13) { /* SHLL: by the lane's own size */
		n = a64_widen(l, 1, f->size, a64_upper(l, f->q, n));
		a64_put_v(l, f->rd, VR_T_V128,
			  a64_v1(l, VR_IR_VSHL, VR_T_V128, f->size + 1, n, 8u << f->size));
		return;
	}
	if (f->opc == 0x12 && !f->u) {
		a64_put_narrow(l, f->rd, f->q, f->size, n);
		return;
	}
	p = f->opc == 0x12 ? A64_QNARROW_TO_UNSIGNED
	    : f->u         ? A64_QNARROW_TO_UNSIGNED | A64_QNARROW_FROM_UNSIGNED
			   : 0;
	if (!scalar && f->q)
		p |= A64_QNARROW_UPPER;
	a64_put_v(l, f->rd, VR_T_V128,
		  a64_vcall(l, A64_H_simd_qnarrow, n, 0,
			    p & A64_QNARROW_UPPER ? a64_get_v(l, f->rd, VR_T_V128) : 0,
			    A64_SIMD_IMM(f->size, lanes, 0, p)));
}

static uint32_t compare_zero(struct a64_lift *l, uint32_t opc, uint32_t u, uint32_t es, uint32_t type,
			     uint32_t n)
{
	uint32_t zero = a64_vconst(l, type, 0);

	switch (opc << 1 | u) {
	case 0x10:
		return a64_v2(l, VR_IR_VCMPGT, type, es, n, zero);
	case 0x11:
		return a64_v2(l, VR_IR_VCMPGE, type, es, n, zero);
	case 0x12:
		return a64_v2(l, VR_IR_VCMPEQ, type, es, n, zero);
	case 0x13:
		return a64_v2(l, VR_IR_VCMPGE, type, es, zero, n);
	default:
		return a64_v2(l, VR_IR_VCMPGT, type, es, zero, n);
	}
}

static int misc(struct a64_lift *l, const struct a64_fields *f, int scalar)
{
	const uint32_t type = scalar ? VR_T_V64 : a64_vtype(f->q), es = f->size;
	const uint32_t lanes = scalar ? 1 : a64_lanes(type, es);
	const uint64_t call = A64_SIMD_IMM(es, lanes, f->u, 0);
	uint32_t r;

	if (!(sizes[f->opc][(scalar ? 2 : 0) + f->u] >> es & 1) || (es == 3 && !scalar && !f->q))
		return 0;
	if (f->opc >= 0x12) {
		resize(l, f, scalar ? 1 : 8u >> es, scalar);
		return 1;
	}
	uint32_t n = a64_get_v(l, f->rn, type);

	switch (f->opc) {
	case 0x00:
		r = a64_v1(l, VR_IR_VREV, type, es, n, f->u ? 2 : 3);
		break;
	case 0x01:
		r = a64_v1(l, VR_IR_VREV, type, es, n, 1);
		break;
	case 0x02:
		r = a64_add_long_pairs(l, f->u, es, type, n);
		break;
	case 0x03:
		r = a64_vcall(l, A64_H_simd_qadd_mixed, a64_get_v(l, f->rd, type), n, 0, call);
		break;
	case 0x04:
		r = a64_vcall(l, A64_H_simd_count, n, 0, 0,
			      call | (uint64_t)(f->u ? A64_COUNT_CLZ : A64_COUNT_CLS) << 16);
		break;
	case 0x05:
		if (!f->u)
			r = vr_ir_op1(l->ir, VR_IR_VCNT, type, n);
		else if (es == 0)
			r = vr_ir_op1(l->ir, VR_IR_VNOT, type, n);
		else
			r = a64_vcall(l, A64_H_simd_count, n, 0, 0,
				      A64_SIMD_IMM(0, a64_lanes(type, 0), 0, A64_COUNT_RBIT));
		break;
	case 0x06:
		r = a64_v2(l, VR_IR_VADD, type, es + 1, a64_get_v(l, f->rd, type),
			   a64_add_long_pairs(l, f->u, es, type, n));
		break;
	case 0x07:
		r = a64_vcall(l, A64_H_simd_qabs, n, 0, 0, call | (uint64_t)f->u << 16);
		break;
	case 0x0b:
		r = a64_v1(l, f->u ? VR_IR_VNEG : VR_IR_VABS, type, es, n, 0);
		break;
	default:
		r = compare_zero(l, f->opc, f->u, es, type, n);
		break;
	}
	a64_put_v(l, f->rd, type, r);
	return 1;
}

int a64_lift_simd_two_misc(struct a64_lift *l, const struct a64_fields *f)
{
	if (!a64_lift_fp_check(l))
		return 1;
	return is_fp(f) ? a64_simd_fp_misc(l, f, 0) : misc(l, f, 0);
}

int a64_lift_simd_s_two_misc(struct a64_lift *l, const struct a64_fields *f)
{
	if (!a64_lift_fp_check(l))
		return 1;
	return is_fp(f) ? a64_simd_fp_misc(l, f, 1) : misc(l, f, 1);
}

/* ---- across lanes ---- */

/* FMAXNMV, FMINNMV, FMAXV, FMINV of four singles: of the low pair and the high pair, then of those. */
static int across_fp(struct a64_lift *l, const struct a64_fields *f)
{
	static const uint16_t op[2][2][2] = {
		{{VR_IR_VFMAXNM, VR_IR_FMAXNM}, {VR_IR_VFMINNM, VR_IR_FMINNM}},
		{{VR_IR_VFMAX, VR_IR_FMAX}, {VR_IR_VFMIN, VR_IR_FMIN}},
	};
	const uint16_t *o = op[f->opc == 0x0f][f->size >> 1];

	if (!f->u || !f->q || (f->size & 1))
		return 0;
	uint32_t n = a64_get_v(l, f->rn, VR_T_V128);
	uint32_t even = a64_v2(l, VR_IR_VUZP1, VR_T_V128, 2, n, n),
		 odd = a64_v2(l, VR_IR_VUZP2, VR_T_V128, 2, n, n);
	uint32_t pairs = a64_fp_op(l, o[0], VR_T_V64, 2, even, odd, 0, 0);
	uint32_t high = a64_v1(l, VR_IR_VDUPLANE, VR_T_V64, 2, pairs, 1);

	a64_put_v(l, f->rd, VR_T_F32, a64_fp_op(l, o[1], VR_T_F32, 0, pairs, high, 0, 0));
	return 1;
}

/* Halve the vector by op until one lane is left. */
static uint32_t reduce(struct a64_lift *l, uint32_t op, uint32_t es, uint32_t type, uint32_t v)
{
	if (type == VR_T_V128)
		v = a64_v2(l, op, VR_T_V64, es, v, a64_upper(l, 1, v));
	for (uint32_t bytes = 4; bytes >= 1u << es; bytes /= 2)
		v = a64_v2(l, op, VR_T_V64, es, v, vr_ir_add(l->ir, VR_IR_VEXT, VR_T_V64, 0, v, v, 0, bytes));
	return a64_v1(l, VR_IR_VZEXT, VR_T_V128, es, v, 0);
}

int a64_lift_simd_across(struct a64_lift *l, const struct a64_fields *f)
{
	const uint32_t type = a64_vtype(f->q);
	uint32_t op, es = f->size;

	if (!a64_lift_fp_check(l))
		return 1;
	if (f->opc == 0x0c || f->opc == 0x0f)
		return across_fp(l, f);
	switch (f->opc) {
	case 0x03:
		op = VR_IR_VADD;
		break;
	case 0x0a:
		op = f->u ? VR_IR_VUMAX : VR_IR_VSMAX;
		break;
	case 0x1a:
		op = f->u ? VR_IR_VUMIN : VR_IR_VSMIN;
		break;
	case 0x1b:
		if (f->u)
			return 0;
		op = VR_IR_VADD;
		break;
	default:
		return 0;
	}
	if (es == 3 || (es == 2 && !f->q))
		return 0;
	uint32_t v = a64_get_v(l, f->rn, type);

	if (f->opc == 0x03) /* SADDLV, UADDLV */
		v = a64_add_long_pairs(l, f->u, es++, type, v);
	a64_put_v(l, f->rd, VR_T_V128, reduce(l, op, es, type, v));
	return 1;
}

int a64_lift_simd_s_pairwise(struct a64_lift *l, const struct a64_fields *f)
{
	const uint32_t es = 2 + (f->size & 1), minimum = f->size >> 1, type = a64_ftype(es);
	uint32_t op;

	if (!a64_lift_fp_check(l))
		return 1;
	if (f->opc == 0x1b && !f->u && f->size == 3) { /* ADDP D */
		uint32_t n = a64_get_v(l, f->rn, VR_T_V128);

		a64_put_v(l, f->rd, VR_T_V64, a64_v2(l, VR_IR_VADD, VR_T_V64, 3, n, a64_upper(l, 1, n)));
		return 1;
	}
	if (!f->u)
		return 0;
	switch (f->opc) {
	case 0x0c:
		op = minimum ? VR_IR_FMINNM : VR_IR_FMAXNM;
		break;
	case 0x0d:
		if (minimum)
			return 0;
		op = VR_IR_FADD;
		break;
	case 0x0f:
		op = minimum ? VR_IR_FMIN : VR_IR_FMAX;
		break;
	default:
		return 0;
	}
	uint32_t n = a64_get_v(l, f->rn, VR_T_V128);

	a64_put_v(l, f->rd, type,
		  a64_fp_op(l, op, type, 0, n, a64_v1(l, VR_IR_VDUPLANE, VR_T_V128, es, n, 1), 0, 0));
	return 1;
}
