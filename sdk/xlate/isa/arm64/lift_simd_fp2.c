/* SPDX-License-Identifier: MIT */
/* lift_simd_fp2.c: one register to one, floating point (C4.1.6: Advanced SIMD two-register miscellaneous). */
#include "lift_simd.h"

enum fp2_kind {
	NONE,
	ZERO_GT,
	ZERO_GE,
	ZERO_EQ,
	ZERO_LE,
	ZERO_LT,
	ABS,
	NEG,
	NARROW,
	NARROW_ODD,
	LONG,
	ROUND,
	TO_INT,
	FROM_INT,
	EXTRA,
	SQRT,
	ESTIMATE
};

struct fp2 {
	uint8_t kind;
	uint8_t scalar; /* has a scalar form (2: only that) */
	uint8_t mode;   /* VR_RM_*, | 8: signals inexact; of EXTRA: A64_FPX_* */
};

/* By opcode, and size<1>:U. */
static const struct fp2 table[32][4] = {
	[0x0c] = {{0, 0, 0}, {0, 0, 0}, {ZERO_GT, 1, 0}, {ZERO_GE, 1, 0}},
	[0x0d] = {{0, 0, 0}, {0, 0, 0}, {ZERO_EQ, 1, 0}, {ZERO_LE, 1, 0}},
	[0x0e] = {{0, 0, 0}, {0, 0, 0}, {ZERO_LT, 1, 0}, {0, 0, 0}},
	[0x0f] = {{0, 0, 0}, {0, 0, 0}, {ABS, 0, 0}, {NEG, 0, 0}},
	[0x16] = {{NARROW, 0, 0}, {NARROW_ODD, 1, 0}, {0, 0, 0}, {0, 0, 0}},
	[0x17] = {{LONG, 0, 0}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}},
	[0x18] = {{ROUND, 0, VR_RM_NEAREST}, {ROUND, 0, VR_RM_AWAY}, {ROUND, 0, VR_RM_UP}, {0, 0, 0}},
	[0x19] = {{ROUND, 0, VR_RM_DOWN},
		  {ROUND, 0, VR_RM_CURRENT | 8},
		  {ROUND, 0, VR_RM_ZERO},
		  {ROUND, 0, VR_RM_CURRENT}},
	[0x1a] = {{TO_INT, 1, VR_RM_NEAREST},
		  {TO_INT, 1, VR_RM_NEAREST},
		  {TO_INT, 1, VR_RM_UP},
		  {TO_INT, 1, VR_RM_UP}},
	[0x1b] = {{TO_INT, 1, VR_RM_DOWN},
		  {TO_INT, 1, VR_RM_DOWN},
		  {TO_INT, 1, VR_RM_ZERO},
		  {TO_INT, 1, VR_RM_ZERO}},
	[0x1c] = {{TO_INT, 1, VR_RM_AWAY}, {TO_INT, 1, VR_RM_AWAY}, {ESTIMATE, 0, 0}, {ESTIMATE, 0, 0}},
	[0x1d] = {{FROM_INT, 1, 0}, {FROM_INT, 1, 0}, {EXTRA, 1, A64_FPX_RECPE}, {EXTRA, 1, A64_FPX_RSQRTE}},
	[0x1f] = {{0, 0, 0}, {0, 0, 0}, {EXTRA, 2, A64_FPX_RECPX}, {SQRT, 0, 0}},
};

/* FCVTN, FCVTXN, FCVTL: Q picks the half of the narrower vector. */
static int resize(struct a64_lift *l, const struct a64_fields *f, uint32_t kind, int scalar)
{
	const uint32_t wide = f->size & 1 ? A64_F64 : A64_F32, narrow = wide - 1, upper = scalar ? 0 : f->q;
	const uint32_t odd = kind == NARROW_ODD;
	uint32_t n = a64_get_v(l, f->rn, VR_T_V128), low, high;

	if (odd && wide != A64_F64)
		return 0;
	if (narrow == A64_F16 || odd) { /* by helper */
		const uint32_t from = kind == LONG ? narrow : wide, to = kind == LONG ? wide : narrow;
		const uint32_t halves = kind == LONG ? upper << 9 : upper << 8;
		const uint32_t lanes = scalar ? 1 : 16u >> wide;

		a64_put_v(l, f->rd, VR_T_V128,
			  a64_fp_extra(l, A64_FPX_CVT, from, lanes,
				       to | (odd ? A64_RM_ODD : VR_RM_CURRENT) << 4 | halves, n,
				       kind != LONG && upper ? a64_get_v(l, f->rd, VR_T_V128) : 0));
		return 1;
	}
	if (kind == LONG) {
		n = a64_upper(l, upper, n);
		low = a64_fp_op(l, VR_IR_FCVT, VR_T_F64, 0, n, 0, 0, 0);
		high = a64_v1(l, VR_IR_VDUPLANE, VR_T_V128, 2, n, 1);
		high = a64_fp_op(l, VR_IR_FCVT, VR_T_F64, 0, high, 0, 0, 0);
		a64_put_v(l, f->rd, VR_T_V128, vr_ir_op2(l->ir, VR_IR_VMOVHI, VR_T_V128, low, high));
		return 1;
	}
	low = a64_fp_op(l, VR_IR_FCVT, VR_T_F32, 0, n, 0, 0, 0);
	high = a64_fp_op(l, VR_IR_FCVT, VR_T_F32, 0, a64_upper(l, 1, n), 0, 0, 0);
	n = a64_v2(l, VR_IR_VZIP1, VR_T_V64, 2, low, high);
	if (upper)
		a64_put_v(l, f->rd, VR_T_V128,
			  vr_ir_op2(l->ir, VR_IR_VMOVHI, VR_T_V128, a64_get_v(l, f->rd, VR_T_V128), n));
	else
		a64_put_v(l, f->rd, VR_T_V64, n);
	return 1;
}

static uint32_t compare_zero(struct a64_lift *l, uint32_t kind, uint32_t es, uint32_t type, int scalar,
			     uint32_t n)
{
	const uint32_t op = kind == ZERO_EQ                      ? VR_IR_VFCMPEQ
			    : kind == ZERO_GE || kind == ZERO_LE ? VR_IR_VFCMPGE
								 : VR_IR_VFCMPGT;
	uint32_t zero = a64_vconst(l, type, 0), a = n, b = zero;

	if (kind == ZERO_LE || kind == ZERO_LT) {
		a = zero;
		b = n;
	}
	return scalar ? a64_fp_compare_scalar(l, op, es, a, b) : a64_fp_op(l, op, type, es, a, b, 0, 0);
}

/* A scalar conversion stays in the register file. */
static uint32_t scalar_convert(struct a64_lift *l, const struct fp2 *e, uint32_t u, uint32_t es, uint32_t n)
{
	const uint32_t type = a64_ftype(es), itype = es == 3 ? VR_T_I64 : VR_T_I32, wide = es == 3;

	if (e->kind == TO_INT) {
		n = a64_fp_op(l, VR_IR_FTOI, itype, wide | u << 1 | (uint32_t)e->mode << 2, n, 0, 0, 0);
		return vr_ir_op1(l->ir, VR_IR_FFROMI, type, n);
	}
	n = vr_ir_op1(l->ir, VR_IR_FTOBITS, itype, n);
	return a64_fp_op(l, VR_IR_ITOF, type, wide | u << 1, n, 0, 0, 0);
}

int a64_simd_fp_misc(struct a64_lift *l, const struct a64_fields *f, int scalar)
{
	const struct fp2 *e = &table[f->opc][(f->size & 2) | f->u];
	const uint32_t es = 2 + (f->size & 1), lane = scalar ? a64_ftype(es) : a64_vtype(f->q);
	const uint32_t type = scalar ? VR_T_V64 : lane, lanes = scalar ? 1 : a64_lanes(type, es);
	uint32_t r;

	if (e->kind == NONE || (scalar ? !e->scalar : e->scalar == 2))
		return 0;
	if (e->kind == NARROW || e->kind == NARROW_ODD || e->kind == LONG)
		return resize(l, f, e->kind, scalar);
	if ((es == 3 && !scalar && !f->q) || (e->kind == ESTIMATE && es == 3))
		return 0;
	uint32_t n = a64_get_v(l, f->rn, scalar && (e->kind == TO_INT || e->kind == FROM_INT) ? lane : type);

	switch (e->kind) {
	case ABS:
		r = a64_v1(l, VR_IR_VFABS, type, es, n, 0);
		break;
	case NEG:
		r = a64_v1(l, VR_IR_VFNEG, type, es, n, 0);
		break;
	case ROUND:
		r = a64_fp_op(l, VR_IR_VFROUND, type, es, n, 0, 0, e->mode);
		break;
	case TO_INT:
		r = scalar ? scalar_convert(l, e, f->u, es, n)
			   : a64_fp_op(l, VR_IR_VFTOI, type, es | f->u << 2, n, 0, 0, e->mode);
		break;
	case FROM_INT:
		r = scalar ? scalar_convert(l, e, f->u, es, n)
			   : a64_fp_op(l, VR_IR_VITOF, type, es | f->u << 2, n, 0, 0, 0);
		break;
	case EXTRA:
		r = a64_fp_extra(l, e->mode, es, lanes, 0, n, 0);
		break;
	case SQRT:
		r = a64_fp_op(l, VR_IR_VFSQRT, type, es, n, 0, 0, 0);
		break;
	case ESTIMATE:
		r = a64_vcall(l, A64_H_simd_estimate, n, 0, 0, A64_SIMD_IMM(2, lanes, 0, f->u));
		break;
	default:
		r = compare_zero(l, e->kind, es, type, scalar, n);
		break;
	}
	a64_put_v(l, f->rd, lane, r);
	return 1;
}
