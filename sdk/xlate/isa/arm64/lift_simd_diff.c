/* SPDX-License-Identifier: MIT */
/* lift_simd_diff.c: widening and narrowing operations on three registers (C4.1.6: Advanced SIMD three
 * different). */
#include "lift_simd.h"

void a64_put_narrow(struct a64_lift *l, uint32_t rd, uint32_t upper, uint32_t es, uint32_t v)
{
	uint32_t r = a64_v1(l, VR_IR_VXTN, VR_T_V64, es, v, 0);

	if (upper)
		a64_put_v(l, rd, VR_T_V128,
			  vr_ir_op2(l->ir, VR_IR_VMOVHI, VR_T_V128, a64_get_v(l, rd, VR_T_V128), r));
	else
		a64_put_v(l, rd, VR_T_V64, r);
}

int a64_diff_ok(uint32_t u, uint32_t opc, uint32_t es)
{
	if (opc == 0xe) /* PMULL of bytes and doublewords */
		return !u && (es == 0 || es == 3);
	if (opc == 0xf || es == 3)
		return 0;
	if (opc == 0x9 || opc == 0xb || opc == 0xd) /* SQDMLAL SQDMLSL SQDMULL */
		return !u && es != 0;
	return 1;
}

/* [R]ADDHN, [R]SUBHN: the high halves of sums and differences. */
static void high_narrow(struct a64_lift *l, uint32_t rd, uint32_t round, uint32_t subtract, uint32_t es,
			uint32_t q, uint32_t n, uint32_t m)
{
	const uint32_t bits = 8u << es;
	uint32_t v = a64_v2(l, subtract ? VR_IR_VSUB : VR_IR_VADD, VR_T_V128, es + 1, n, m);

	if (round)
		v = a64_v2(l, VR_IR_VADD, VR_T_V128, es + 1, v,
			   a64_vconst(l, VR_T_V128, a64_replicate(1ull << (bits - 1), es + 1)));
	a64_put_narrow(l, rd, q, es, a64_v1(l, VR_IR_VSHR, VR_T_V128, es + 1, v, bits));
}

void a64_diff(struct a64_lift *l, uint32_t rd, uint32_t u, uint32_t opc, uint32_t es, uint32_t q, uint32_t n,
	      uint32_t m)
{
	static const uint8_t saturating[16] = {
		[0x9] = A64_QDMULL_ADD,
		[0xb] = A64_QDMULL_SUB,
		[0xd] = 0,
	};
	const uint32_t wide = es + 1;
	uint32_t r;

	switch (opc) {
	case 0x0: /* ADDL, ADDW, SUBL, SUBW */
	case 0x1:
	case 0x2:
	case 0x3:
		if (!(opc & 1))
			n = a64_widen(l, u, es, a64_upper(l, q, n));
		m = a64_widen(l, u, es, a64_upper(l, q, m));
		r = a64_v2(l, opc & 2 ? VR_IR_VSUB : VR_IR_VADD, VR_T_V128, wide, n, m);
		break;
	case 0x4:
	case 0x6:
		high_narrow(l, rd, u, opc & 2, es, q, n, m);
		return;
	case 0x5: /* ABAL, ABDL: a difference of narrow lanes fits them unsigned */
	case 0x7:
		n = a64_upper(l, q, n);
		m = a64_upper(l, q, m);
		r = a64_widen(l, 1, es, a64_int3(l, rd, u, 0x0e, es, VR_T_V64, 8u >> es, n, m));
		if (opc == 0x5)
			r = a64_v2(l, VR_IR_VADD, VR_T_V128, wide, a64_get_v(l, rd, VR_T_V128), r);
		break;
	case 0x8: /* MLAL, MLSL, MULL */
	case 0xa:
	case 0xc:
		r = a64_v2(l, u ? VR_IR_VUMULL : VR_IR_VSMULL, VR_T_V128, es, a64_upper(l, q, n),
			   a64_upper(l, q, m));
		if (opc != 0xc)
			r = a64_v2(l, opc == 0xa ? VR_IR_VSUB : VR_IR_VADD, VR_T_V128, wide,
				   a64_get_v(l, rd, VR_T_V128), r);
		break;
	case 0x9:
	case 0xb:
	case 0xd:
		r = a64_vcall(l, A64_H_simd_qdmull, n, m, a64_get_v(l, rd, VR_T_V128),
			      A64_SIMD_IMM(es, 8u >> es, 0, saturating[opc] | (q ? A64_QDMULL_UPPER : 0)));
		break;
	default: /* PMULL */
		if (es == 3)
			r = vr_ir_op2(l->ir, VR_IR_VPMULL64, VR_T_V128, a64_upper(l, q, n),
				      a64_upper(l, q, m));
		else
			r = a64_vcall(l, A64_H_simd_pmull8, n, m, 0, A64_SIMD_IMM(0, 8, 0, q));
		break;
	}
	a64_put_v(l, rd, VR_T_V128, r);
}

int a64_lift_simd_three_diff(struct a64_lift *l, const struct a64_fields *f)
{
	if (!a64_lift_fp_check(l))
		return 1;
	if (!a64_diff_ok(f->u, f->opc, f->size))
		return 0;
	a64_diff(l, f->rd, f->u, f->opc, f->size, f->q, a64_get_v(l, f->rn, VR_T_V128),
		 a64_get_v(l, f->rm, VR_T_V128));
	return 1;
}

/* SQDMLAL, SQDMLSL, SQDMULL of one element. */
static void scalar_qdmull(struct a64_lift *l, uint32_t rd, uint32_t opc, uint32_t es, uint32_t n, uint32_t m)
{
	const uint32_t p = opc == 0xd ? 0 : opc == 0x9 ? A64_QDMULL_ADD : A64_QDMULL_SUB;

	a64_put_v(l, rd, VR_T_V128,
		  a64_vcall(l, A64_H_simd_qdmull, n, m, a64_get_v(l, rd, VR_T_V128),
			    A64_SIMD_IMM(es, 1, 0, p)));
}

int a64_lift_simd_s_three_diff(struct a64_lift *l, const struct a64_fields *f)
{
	if (!a64_lift_fp_check(l))
		return 1;
	if ((f->opc != 0x9 && f->opc != 0xb && f->opc != 0xd) || f->size == 0 || f->size == 3)
		return 0;
	scalar_qdmull(l, f->rd, f->opc, f->size, a64_get_v(l, f->rn, VR_T_V128),
		      a64_get_v(l, f->rm, VR_T_V128));
	return 1;
}

/* ---- vector by element ---- */

/* What an opcode of the by-element group is in its own group. */
enum elem_kind { ELEM_NONE, ELEM_INT, ELEM_FP, ELEM_DIFF, ELEM_RDM, ELEM_DOT };

struct elem {
	uint8_t kind;
	uint8_t scalar; /* has a scalar form */
	uint8_t u, opc; /* there (FP: u | size<1> << 1) */
};

static const struct elem elems[2][16] = {
	{
		[0x1] = {ELEM_FP, 1, 0, 0x19},
		[0x2] = {ELEM_DIFF, 0, 0, 0x8},
		[0x3] = {ELEM_DIFF, 1, 0, 0x9},
		[0x5] = {ELEM_FP, 1, 2, 0x19},
		[0x6] = {ELEM_DIFF, 0, 0, 0xa},
		[0x7] = {ELEM_DIFF, 1, 0, 0xb},
		[0x8] = {ELEM_INT, 0, 0, 0x13},
		[0x9] = {ELEM_FP, 1, 1, 0x1b},
		[0xa] = {ELEM_DIFF, 0, 0, 0xc},
		[0xb] = {ELEM_DIFF, 1, 0, 0xd},
		[0xc] = {ELEM_INT, 1, 0, 0x16},
		[0xd] = {ELEM_INT, 1, 1, 0x16},
		[0xe] = {ELEM_DOT, 0, 0, 0},
	},
	{
		[0x0] = {ELEM_INT, 0, 0, 0x12},
		[0x2] = {ELEM_DIFF, 0, 1, 0x8},
		[0x4] = {ELEM_INT, 0, 1, 0x12},
		[0x6] = {ELEM_DIFF, 0, 1, 0xa},
		[0x9] = {ELEM_FP, 1, 0, 0x1b},
		[0xa] = {ELEM_DIFF, 0, 1, 0xc},
		[0xd] = {ELEM_RDM, 1, 0, 0},
		[0xe] = {ELEM_DOT, 0, 1, 0},
		[0xf] = {ELEM_RDM, 1, 1, 0},
	},
};

/* Register and index of the element; 0: unallocated. */
static int element(const struct a64_fields *f, const struct elem *e, uint32_t *rm, uint32_t *index)
{
	*rm = f->m << 4 | f->rm;
	*index = f->h << 1 | f->l;
	switch (e->kind) {
	case ELEM_NONE:
		return 0;
	case ELEM_FP:
		if (f->size < 2 || (f->size == 3 && f->l))
			return 0;
		*index >>= f->size == 3;
		return 1;
	case ELEM_DOT:
		return f->size == 2;
	default:
		if (f->size == 1) {
			*rm = f->rm;
			*index = *index << 1 | f->m;
		}
		return f->size == 1 || f->size == 2;
	}
}

int a64_lift_simd_elem(struct a64_lift *l, const struct a64_fields *f)
{
	const struct elem *e = &elems[f->u][f->opc];
	const uint32_t type = a64_vtype(f->q), es = f->size;
	uint32_t rm, index, r;

	if (!a64_lift_fp_check(l))
		return 1;
	if (!element(f, e, &rm, &index) || (e->kind == ELEM_FP && es == 3 && !f->q))
		return 0;
	const uint32_t all = e->kind == ELEM_DIFF ? VR_T_V128 : type;
	uint32_t n = a64_get_v(l, f->rn, all);
	uint32_t m = a64_v1(l, VR_IR_VDUPLANE, all, es, a64_get_v(l, rm, VR_T_V128), index);

	switch (e->kind) {
	case ELEM_DIFF:
		a64_diff(l, f->rd, e->u, e->opc, es, f->q, n, m);
		return 1;
	case ELEM_FP:
		r = a64_fp3(l, f->rd, e->u & 1, e->u >> 1, e->opc, es, type, n, m);
		break;
	case ELEM_RDM:
		r = a64_rdmlah(l, f->rd, e->u, es, a64_lanes(type, es), n, m);
		break;
	case ELEM_DOT:
		r = a64_dot(l, f->rd, e->u, type, n, m);
		break;
	default:
		r = a64_int3(l, f->rd, e->u, e->opc, es, type, a64_lanes(type, es), n, m);
		break;
	}
	a64_put_v(l, f->rd, type, r);
	return 1;
}

int a64_lift_simd_s_elem(struct a64_lift *l, const struct a64_fields *f)
{
	const struct elem *e = &elems[f->u][f->opc];
	const uint32_t es = f->size;
	uint32_t rm, index;

	if (!a64_lift_fp_check(l))
		return 1;
	if (!e->scalar || !element(f, e, &rm, &index))
		return 0;
	uint32_t n = a64_get_v(l, f->rn, VR_T_V128);
	uint32_t m = a64_v1(l, VR_IR_VDUPLANE, VR_T_V128, es, a64_get_v(l, rm, VR_T_V128), index);

	switch (e->kind) {
	case ELEM_DIFF:
		scalar_qdmull(l, f->rd, e->opc, es, n, m);
		return 1;
	case ELEM_FP:
		a64_put_v(l, f->rd, a64_ftype(es),
			  a64_fp3_scalar(l, f->rd, e->u & 1, e->u >> 1, e->opc, es, n, m));
		return 1;
	case ELEM_RDM:
		a64_put_v(l, f->rd, VR_T_V128, a64_rdmlah(l, f->rd, e->u, es, 1, n, m));
		return 1;
	default:
		a64_put_v(l, f->rd, VR_T_V128, a64_int3(l, f->rd, e->u, e->opc, es, VR_T_V64, 1, n, m));
		return 1;
	}
}
