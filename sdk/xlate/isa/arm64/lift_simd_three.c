/* SPDX-License-Identifier: MIT */
/* lift_simd_three.c: three registers of one type, integers (C4.1.6: Advanced SIMD three same, three same
 * extra). */
#include "lift_simd.h"

#define ES_B 1u
#define ES_H 2u
#define ES_S 4u
#define ES_D 8u
#define ES_BHS (ES_B | ES_H | ES_S)
#define ES_ALL (ES_BHS | ES_D)

/* Lane sizes for which an opcode is allocated: vector U = 0, U = 1, scalar U = 0, U = 1. */
static const uint8_t sizes[0x18][4] = {
	[0x00] = {ES_BHS, ES_BHS, 0, 0},                               /* SHADD UHADD */
	[0x01] = {ES_ALL, ES_ALL, ES_ALL, ES_ALL},                     /* SQADD UQADD */
	[0x02] = {ES_BHS, ES_BHS, 0, 0},                               /* SRHADD URHADD */
	[0x03] = {ES_ALL, ES_ALL, 0, 0},                               /* logic: the size is the opcode */
	[0x04] = {ES_BHS, ES_BHS, 0, 0},                               /* SHSUB UHSUB */
	[0x05] = {ES_ALL, ES_ALL, ES_ALL, ES_ALL},                     /* SQSUB UQSUB */
	[0x06] = {ES_ALL, ES_ALL, ES_D, ES_D},                         /* CMGT CMHI */
	[0x07] = {ES_ALL, ES_ALL, ES_D, ES_D},                         /* CMGE CMHS */
	[0x08] = {ES_ALL, ES_ALL, ES_D, ES_D},                         /* SSHL USHL */
	[0x09] = {ES_ALL, ES_ALL, ES_ALL, ES_ALL},                     /* SQSHL UQSHL */
	[0x0a] = {ES_ALL, ES_ALL, ES_D, ES_D},                         /* SRSHL URSHL */
	[0x0b] = {ES_ALL, ES_ALL, ES_ALL, ES_ALL},                     /* SQRSHL UQRSHL */
	[0x0c] = {ES_BHS, ES_BHS, 0, 0},                               /* SMAX UMAX */
	[0x0d] = {ES_BHS, ES_BHS, 0, 0},                               /* SMIN UMIN */
	[0x0e] = {ES_BHS, ES_BHS, 0, 0},                               /* SABD UABD */
	[0x0f] = {ES_BHS, ES_BHS, 0, 0},                               /* SABA UABA */
	[0x10] = {ES_ALL, ES_ALL, ES_D, ES_D},                         /* ADD SUB */
	[0x11] = {ES_ALL, ES_ALL, ES_D, ES_D},                         /* CMTST CMEQ */
	[0x12] = {ES_BHS, ES_BHS, 0, 0},                               /* MLA MLS */
	[0x13] = {ES_BHS, ES_B, 0, 0},                                 /* MUL PMUL */
	[0x14] = {ES_BHS, ES_BHS, 0, 0},                               /* SMAXP UMAXP */
	[0x15] = {ES_BHS, ES_BHS, 0, 0},                               /* SMINP UMINP */
	[0x16] = {ES_H | ES_S, ES_H | ES_S, ES_H | ES_S, ES_H | ES_S}, /* SQDMULH SQRDMULH */
	[0x17] = {ES_ALL, 0, 0, 0},                                    /* ADDP */
};

int a64_int3_ok(uint32_t u, uint32_t opc, uint32_t es, int scalar)
{
	return sizes[opc][(scalar ? 2 : 0) + u] >> es & 1;
}

/* AND BIC ORR ORN EOR BSL BIT BIF, by U:size. */
static uint32_t logic(struct a64_lift *l, uint32_t rd, uint32_t op, uint32_t type, uint32_t n, uint32_t m)
{
	static const uint16_t plain[5] = {VR_IR_VAND, VR_IR_VANDN, VR_IR_VOR, VR_IR_VORN, VR_IR_VXOR};

	if (op < 5)
		return vr_ir_op2(l->ir, plain[op], type, n, m);
	uint32_t d = a64_get_v(l, rd, type);

	if (op == 5)
		return vr_ir_op3(l->ir, VR_IR_VBSL, type, d, n, m);
	return op == 6 ? vr_ir_op3(l->ir, VR_IR_VBSL, type, m, n, d)
		       : vr_ir_op3(l->ir, VR_IR_VBSL, type, m, d, n);
}

uint32_t a64_shift_right(struct a64_lift *l, uint32_t type, uint32_t es, uint32_t u, uint32_t v, uint32_t by,
			 int round)
{
	const uint32_t op = u ? VR_IR_VSHR : VR_IR_VSAR;
	uint32_t r = a64_v1(l, op, type, es, v, by);

	if (!round)
		return r;
	/* plus the last bit that was shifted out */
	uint32_t bit = a64_v1(l, VR_IR_VSHR, type, es, v, by - 1);

	bit = vr_ir_op2(l->ir, VR_IR_VAND, type, bit, a64_vconst(l, type, a64_replicate(1, es)));
	return a64_v2(l, VR_IR_VADD, type, es, r, bit);
}

/*
 * Halving without a wider type: a + b = 2 (a & b) + (a ^ b) = 2 (a | b) - (a ^ b); a - b = (a ^ b) - 2 (b &
 * ~a).
 */
static uint32_t halving(struct a64_lift *l, uint32_t u, uint32_t opc, uint32_t es, uint32_t type, uint32_t n,
			uint32_t m)
{
	uint32_t half = a64_shift_right(l, type, es, u, vr_ir_op2(l->ir, VR_IR_VXOR, type, n, m), 1, 0);

	if (opc == 0x00)
		return a64_v2(l, VR_IR_VADD, type, es, vr_ir_op2(l->ir, VR_IR_VAND, type, n, m), half);
	if (opc == 0x02)
		return a64_v2(l, VR_IR_VSUB, type, es, vr_ir_op2(l->ir, VR_IR_VOR, type, n, m), half);
	return a64_v2(l, VR_IR_VSUB, type, es, half, vr_ir_op2(l->ir, VR_IR_VANDN, type, m, n));
}

static uint32_t minmax(struct a64_lift *l, uint32_t u, uint32_t min, uint32_t es, uint32_t type, uint32_t n,
		       uint32_t m)
{
	static const uint16_t op[2][2] = {{VR_IR_VSMAX, VR_IR_VSMIN}, {VR_IR_VUMAX, VR_IR_VUMIN}};

	return a64_v2(l, op[u][min], type, es, n, m);
}

uint32_t a64_int3(struct a64_lift *l, uint32_t rd, uint32_t u, uint32_t opc, uint32_t es, uint32_t type,
		  uint32_t lanes, uint32_t n, uint32_t m)
{
	const uint64_t call = A64_SIMD_IMM(es, lanes, u, 0);
	uint32_t r;

	switch (opc) {
	case 0x00:
	case 0x02:
	case 0x04:
		return halving(l, u, opc, es, type, n, m);
	case 0x01:
		return a64_vcall(l, A64_H_simd_qadd, n, m, 0, call);
	case 0x03:
		return logic(l, rd, u << 2 | es, type, n, m);
	case 0x05:
		return a64_vcall(l, A64_H_simd_qsub, n, m, 0, call);
	case 0x06:
		return a64_v2(l, u ? VR_IR_VCMPHI : VR_IR_VCMPGT, type, es, n, m);
	case 0x07:
		return a64_v2(l, u ? VR_IR_VCMPHS : VR_IR_VCMPGE, type, es, n, m);
	case 0x08: /* 8 plain, 9 saturating, a rounding, b both */
	case 0x09:
	case 0x0a:
	case 0x0b:
		return a64_vcall(
			l, A64_H_simd_shl, n, m, 0,
			call | (uint64_t)((opc & 1 ? A64_SHL_SATURATE : 0) | (opc & 2 ? A64_SHL_ROUND : 0))
					<< 16);
	case 0x0c:
	case 0x0d:
		return minmax(l, u, opc & 1, es, type, n, m);
	case 0x0e:
	case 0x0f:
		r = a64_v2(l, VR_IR_VSUB, type, es, minmax(l, u, 0, es, type, n, m),
			   minmax(l, u, 1, es, type, n, m));
		return opc == 0x0f ? a64_v2(l, VR_IR_VADD, type, es, a64_get_v(l, rd, type), r) : r;
	case 0x10:
		return a64_v2(l, u ? VR_IR_VSUB : VR_IR_VADD, type, es, n, m);
	case 0x11:
		return a64_v2(l, u ? VR_IR_VCMPEQ : VR_IR_VTST, type, es, n, m);
	case 0x12:
		r = a64_v2(l, VR_IR_VMUL, type, es, n, m);
		return a64_v2(l, u ? VR_IR_VSUB : VR_IR_VADD, type, es, a64_get_v(l, rd, type), r);
	case 0x13:
		return u ? a64_vcall(l, A64_H_simd_pmul, n, m, 0, call)
			 : a64_v2(l, VR_IR_VMUL, type, es, n, m);
	case 0x14:
	case 0x15:
		return minmax(l, u, opc & 1, es, type, a64_v2(l, VR_IR_VUZP1, type, es, n, m),
			      a64_v2(l, VR_IR_VUZP2, type, es, n, m));
	case 0x16:
		return a64_vcall(l, A64_H_simd_qdmulh, n, m, 0, call | (uint64_t)u << 16);
	default: /* 0x17 */
		return a64_v2(l, VR_IR_VPADD, type, es, n, m);
	}
}

int a64_lift_simd_three_same(struct a64_lift *l, const struct a64_fields *f)
{
	const uint32_t type = a64_vtype(f->q), es = f->size;

	if (!a64_lift_fp_check(l))
		return 1;
	if (f->opc >= 0x18) {
		const uint32_t fes = 2 + (es & 1);

		if (!a64_fp3_ok(f->u, es >> 1, f->opc, 0) || (fes == 3 && !f->q))
			return 0;
		a64_put_v(l, f->rd, type,
			  a64_fp3(l, f->rd, f->u, es >> 1, f->opc, fes, type, a64_get_v(l, f->rn, type),
				  a64_get_v(l, f->rm, type)));
		return 1;
	}
	if (!a64_int3_ok(f->u, f->opc, es, 0) || (es == 3 && !f->q && f->opc != 3))
		return 0;
	uint32_t n = a64_get_v(l, f->rn, type);

	if (f->opc == 3 && f->u == 0 && es == 2 && f->rn == f->rm) { /* MOV */
		a64_put_v(l, f->rd, type, n);
		return 1;
	}
	uint32_t m = a64_get_v(l, f->rm, type);

	a64_put_v(l, f->rd, type, a64_int3(l, f->rd, f->u, f->opc, es, type, a64_lanes(type, es), n, m));
	return 1;
}

int a64_lift_simd_s_three_same(struct a64_lift *l, const struct a64_fields *f)
{
	const uint32_t es = f->size;

	if (!a64_lift_fp_check(l))
		return 1;
	if (f->opc >= 0x18) {
		const uint32_t fes = 2 + (es & 1), type = a64_ftype(fes);

		if (!a64_fp3_ok(f->u, es >> 1, f->opc, 1))
			return 0;
		a64_put_v(l, f->rd, type,
			  a64_fp3_scalar(l, f->rd, f->u, es >> 1, f->opc, fes, a64_get_v(l, f->rn, VR_T_V64),
					 a64_get_v(l, f->rm, VR_T_V64)));
		return 1;
	}
	if (!a64_int3_ok(f->u, f->opc, es, 1))
		return 0;
	/* What is inline is of D lanes: a V64 is one. */
	a64_put_v(l, f->rd, VR_T_V64,
		  a64_int3(l, f->rd, f->u, f->opc, es, VR_T_V64, 1, a64_get_v(l, f->rn, VR_T_V64),
			   a64_get_v(l, f->rm, VR_T_V64)));
	return 1;
}

uint32_t a64_rdmlah(struct a64_lift *l, uint32_t rd, uint32_t subtract, uint32_t es, uint32_t lanes,
		    uint32_t n, uint32_t m)
{
	return a64_vcall(l, A64_H_simd_qrdmlah, n, m, a64_get_v(l, rd, VR_T_V128),
			 A64_SIMD_IMM(es, lanes, 0, subtract));
}

uint32_t a64_add_long_pairs(struct a64_lift *l, uint32_t u, uint32_t es, uint32_t type, uint32_t v)
{
	const uint32_t bits = 8u << es;
	uint32_t odd = a64_v1(l, u ? VR_IR_VSHR : VR_IR_VSAR, type, es + 1, v, bits), even;

	if (u)
		even = vr_ir_op2(l->ir, VR_IR_VAND, type, v,
				 a64_vconst(l, type, a64_replicate((1ull << bits) - 1, es + 1)));
	else
		even = a64_v1(l, VR_IR_VSAR, type, es + 1, a64_v1(l, VR_IR_VSHL, type, es + 1, v, bits),
			      bits);
	return a64_v2(l, VR_IR_VADD, type, es + 1, even, odd);
}

/* Four products of bytes to each 32-bit lane: products as halfwords, pairs of those as words, pairs again. */
uint32_t a64_dot(struct a64_lift *l, uint32_t rd, uint32_t u, uint32_t type, uint32_t n, uint32_t m)
{
	const uint32_t multiply = u ? VR_IR_VUMULL : VR_IR_VSMULL;
	uint32_t low = a64_add_long_pairs(l, u, 1, VR_T_V128, a64_v2(l, multiply, VR_T_V128, 0, n, m)),
		 high = low;

	if (type == VR_T_V128) {
		high = a64_v2(l, multiply, VR_T_V128, 0, a64_upper(l, 1, n), a64_upper(l, 1, m));
		high = a64_add_long_pairs(l, u, 1, VR_T_V128, high);
	}
	uint32_t sum = a64_v2(l, VR_IR_VPADD, VR_T_V128, 2, low, high);

	return a64_v2(l, VR_IR_VADD, type, 2, a64_get_v(l, rd, type), sum);
}

/* SQRDMLAH, SQRDMLSH (FEAT_RDM), SDOT, UDOT (FEAT_DotProd). */
int a64_lift_simd_three_extra(struct a64_lift *l, const struct a64_fields *f)
{
	const uint32_t type = a64_vtype(f->q), es = f->size;
	uint32_t r;

	if (!a64_lift_fp_check(l))
		return 1;
	if (f->opc == 2 ? es != 2 : f->opc > 2 || !f->u || es == 0 || es == 3)
		return 0;
	uint32_t n = a64_get_v(l, f->rn, type), m = a64_get_v(l, f->rm, type);

	if (f->opc == 2)
		r = a64_dot(l, f->rd, f->u, type, n, m);
	else
		r = a64_rdmlah(l, f->rd, f->opc, es, a64_lanes(type, es), n, m);
	a64_put_v(l, f->rd, type, r);
	return 1;
}

int a64_lift_simd_s_three_extra(struct a64_lift *l, const struct a64_fields *f)
{
	if (!a64_lift_fp_check(l))
		return 1;
	if (f->opc > 1 || !f->u || f->size == 0 || f->size == 3)
		return 0;
	a64_put_v(l, f->rd, VR_T_V64,
		  a64_rdmlah(l, f->rd, f->opc, f->size, 1, a64_get_v(l, f->rn, VR_T_V64),
			     a64_get_v(l, f->rm, VR_T_V64)));
	return 1;
}
