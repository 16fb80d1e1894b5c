/* SPDX-License-Identifier: MIT */
/* lift_simd_move.c: what only moves lanes: copy, permute, table lookup, extract, modified immediate (C4.1.6).
 */
#include "lift_simd.h"

/* imm5: lane size by its lowest set bit, the index above it; 0: unallocated. */
static int lane_of(uint32_t imm5, uint32_t *es, uint32_t *index)
{
	if (!(imm5 & 15))
		return 0;
	*es = (uint32_t)__builtin_ctz(imm5);
	*index = imm5 >> (*es + 1);
	return 1;
}

int a64_lift_simd_copy(struct a64_lift *l, const struct a64_fields *f)
{
	const uint32_t type = a64_vtype(f->q);
	uint32_t es, index, itype, d, n;

	if (!a64_lift_fp_check(l))
		return 1;
	if (!lane_of(f->imm, &es, &index))
		return 0;
	itype = es == 3 ? VR_T_I64 : VR_T_I32;
	if (f->op) { /* INS (element) */
		if (!f->q)
			return 0;
		d = a64_get_v(l, f->rd, VR_T_V128);
		n = a64_get_v(l, f->rn, VR_T_V128);
		a64_put_v(l, f->rd, VR_T_V128,
			  vr_ir_add(l->ir, VR_IR_VINSLANE, VR_T_V128, es, d, n, 0,
				    index | (f->op2 >> es) << 4));
		return 1;
	}
	switch (f->op2) {
	case 0: /* DUP (element) */
		if (es == 3 && !f->q)
			return 0;
		a64_put_v(l, f->rd, type,
			  a64_v1(l, VR_IR_VDUPLANE, type, es, a64_get_v(l, f->rn, VR_T_V128), index));
		return 1;
	case 1: /* DUP (general) */
		if (es == 3 && !f->q)
			return 0;
		a64_put_v(l, f->rd, type, a64_v1(l, VR_IR_VDUP, type, es, a64_get_x(l, f->rn, itype), 0));
		return 1;
	case 3: /* INS (general) */
		if (!f->q)
			return 0;
		d = a64_get_v(l, f->rd, VR_T_V128);
		n = a64_get_x(l, f->rn, itype);
		a64_put_v(l, f->rd, VR_T_V128,
			  vr_ir_add(l->ir, VR_IR_VSETLANE, VR_T_V128, es, d, n, 0, index));
		return 1;
	case 5: /* SMOV */
		if (es > 1 + f->q)
			return 0;
		n = a64_get_v(l, f->rn, VR_T_V128);
		a64_put_x(l, f->rd, a64_v1(l, VR_IR_VGETLANE, f->q ? VR_T_I64 : VR_T_I32, es | 4, n, index));
		return 1;
	case 7: /* UMOV */
		if (f->q ? es != 3 : es == 3)
			return 0;
		n = a64_get_v(l, f->rn, VR_T_V128);
		a64_put_x(l, f->rd, a64_v1(l, VR_IR_VGETLANE, itype, es, n, index));
		return 1;
	default:
		return 0;
	}
}

/* DUP (element), scalar. */
int a64_lift_simd_s_copy(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t es, index;

	if (!a64_lift_fp_check(l))
		return 1;
	if (!lane_of(f->imm, &es, &index))
		return 0;
	uint32_t n = a64_get_v(l, f->rn, VR_T_V128);

	if (index)
		n = a64_v1(l, VR_IR_VDUPLANE, VR_T_V128, es, n, index);
	a64_put_v(l, f->rd, VR_T_V128, a64_v1(l, VR_IR_VZEXT, VR_T_V128, es, n, 0));
	return 1;
}

int a64_lift_simd_permute(struct a64_lift *l, const struct a64_fields *f)
{
	static const uint16_t op[8] = {0, VR_IR_VUZP1, VR_IR_VTRN1, VR_IR_VZIP1,
				       0, VR_IR_VUZP2, VR_IR_VTRN2, VR_IR_VZIP2};
	const uint32_t type = a64_vtype(f->q);

	if (!a64_lift_fp_check(l))
		return 1;
	if (!op[f->opc] || (f->size == 3 && !f->q))
		return 0;
	a64_put_v(l, f->rd, type,
		  a64_v2(l, op[f->opc], type, f->size, a64_get_v(l, f->rn, type), a64_get_v(l, f->rm, type)));
	return 1;
}

int a64_lift_simd_ext(struct a64_lift *l, const struct a64_fields *f)
{
	const uint32_t type = a64_vtype(f->q);

	if (!a64_lift_fp_check(l))
		return 1;
	if (!f->q && f->imm > 7)
		return 0;
	a64_put_v(l, f->rd, type,
		  vr_ir_add(l->ir, VR_IR_VEXT, type, 0, a64_get_v(l, f->rn, type), a64_get_v(l, f->rm, type),
			    0, f->imm));
	return 1;
}

/*
 * TBL, TBX. An index that is out of one register's range gives zero there, so a table of several is the OR of
 * lookups with the index lowered by 16 each time (below zero wraps to out of range).
 */
int a64_lift_simd_table(struct a64_lift *l, const struct a64_fields *f)
{
	const uint32_t type = a64_vtype(f->q), regs = f->len + 1;
	uint32_t r = 0;

	if (!a64_lift_fp_check(l))
		return 1;
	uint32_t index = a64_get_v(l, f->rm, type);

	for (uint32_t i = 0; i < regs; i++) {
		uint32_t table = a64_get_v(l, (f->rn + i) & 31, VR_T_V128), at = index;

		if (i)
			at = a64_v2(l, VR_IR_VSUB, type, 0, index,
				    a64_vconst(l, type, a64_replicate(16 * i, 0)));
		uint32_t part = vr_ir_op2(l->ir, VR_IR_VTBL, type, table, at);

		r = i ? vr_ir_op2(l->ir, VR_IR_VOR, type, r, part) : part;
	}
	if (f->op) { /* TBX keeps the destination where the index is out of the table */
		uint32_t limit = a64_vconst(l, type, a64_replicate(16 * regs, 0));
		uint32_t out = a64_v2(l, VR_IR_VCMPHS, type, 0, index, limit);

		r = vr_ir_op3(l->ir, VR_IR_VBSL, type, out, a64_get_v(l, f->rd, type), r);
	}
	a64_put_v(l, f->rd, type, r);
	return 1;
}

/* AdvSIMDExpandImm (shared/functions/vector). */
static uint64_t expand(uint32_t op, uint32_t cmode, uint32_t imm8)
{
	uint64_t v = imm8;

	switch (cmode >> 1) {
	case 0:
	case 1:
	case 2:
	case 3:
		return a64_replicate(v << (8 * (cmode >> 1)), 2);
	case 4:
	case 5:
		return a64_replicate(v << (8 * (cmode >> 1 & 1)), 1);
	case 6: /* shifted ones in */
		return a64_replicate(cmode & 1 ? v << 16 | 0xffff : v << 8 | 0xff, 2);
	default:
		break;
	}
	if (cmode & 1)
		return op ? a64_fp_expand_imm(3, imm8) : a64_replicate(a64_fp_expand_imm(2, imm8), 2);
	if (!op)
		return a64_replicate(v, 0);
	v = 0;
	for (unsigned i = 0; i < 8; i++)
		v |= imm8 >> i & 1 ? 0xffull << (8 * i) : 0;
	return v;
}

int a64_lift_simd_mod_imm(struct a64_lift *l, const struct a64_fields *f)
{
	const uint32_t type = a64_vtype(f->q);
	uint64_t imm = expand(f->op, f->cmode, f->immhi << 5 | f->immlo);

	if (!a64_lift_fp_check(l))
		return 1;
	if (f->o2 || (f->cmode == 15 && f->op && !f->q))
		return 0;
	if ((f->cmode & 1) && f->cmode < 12) { /* ORR, BIC */
		a64_put_v(l, f->rd, type,
			  vr_ir_op2(l->ir, f->op ? VR_IR_VANDN : VR_IR_VOR, type, a64_get_v(l, f->rd, type),
				    a64_vconst(l, type, imm)));
		return 1;
	}
	if (f->op && f->cmode < 14) /* MVNI */
		imm = ~imm;
	a64_put_v(l, f->rd, type, a64_vconst(l, type, imm));
	return 1;
}
