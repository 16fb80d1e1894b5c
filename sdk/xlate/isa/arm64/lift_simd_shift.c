/* SPDX-License-Identifier: MIT */
/* lift_simd_shift.c: shifts by immediate and conversions with fraction bits (C4.1.6: Advanced SIMD shift by
 * immediate). */
#include "lift_simd.h"

/* How an opcode may be used: lane sizes by immh, in bits as in ES = 1 << es. */
struct shift {
	uint8_t vector[2]; /* U = 0, 1 */
	uint8_t scalar[2];
};
static const struct shift table[32] = {
	[0x00] = {{15, 15}, {8, 8}},   /* SSHR USHR */
	[0x02] = {{15, 15}, {8, 8}},   /* SSRA USRA */
	[0x04] = {{15, 15}, {8, 8}},   /* SRSHR URSHR */
	[0x06] = {{15, 15}, {8, 8}},   /* SRSRA URSRA */
	[0x08] = {{0, 15}, {0, 8}},    /* SRI */
	[0x0a] = {{15, 15}, {8, 8}},   /* SHL SLI */
	[0x0c] = {{0, 15}, {0, 15}},   /* SQSHLU */
	[0x0e] = {{15, 15}, {15, 15}}, /* SQSHL UQSHL */
	[0x10] = {{7, 7}, {0, 7}},     /* SHRN SQSHRUN */
	[0x11] = {{7, 7}, {0, 7}},     /* RSHRN SQRSHRUN */
	[0x12] = {{7, 7}, {7, 7}},     /* SQSHRN UQSHRN */
	[0x13] = {{7, 7}, {7, 7}},     /* SQRSHRN UQRSHRN */
	[0x14] = {{7, 7}, {0, 0}},     /* SSHLL USHLL */
	[0x1c] = {{12, 12}, {12, 12}}, /* SCVTF UCVTF */
	[0x1f] = {{12, 12}, {12, 12}}, /* FCVTZS FCVTZU */
};

static uint64_t ones(uint32_t es)
{
	return es == 3 ? UINT64_MAX : (1ull << (8u << es)) - 1;
}

/* SHRN, RSHRN and the saturating ones: es of the result. */
static void narrow(struct a64_lift *l, const struct a64_fields *f, uint32_t es, uint32_t by, int scalar)
{
	uint32_t n = a64_get_v(l, f->rn, VR_T_V128), upper = scalar ? 0 : f->q, p = by;

	if (f->opc < 0x12 && !f->u) {
		a64_put_narrow(l, f->rd, upper, es,
			       a64_shift_right(l, VR_T_V128, es + 1, 1, n, by, f->opc & 1));
		return;
	}
	if (f->opc & 1)
		p |= A64_QNARROW_ROUND;
	if (f->u)
		p |= A64_QNARROW_TO_UNSIGNED | (f->opc >= 0x12 ? A64_QNARROW_FROM_UNSIGNED : 0);
	if (upper)
		p |= A64_QNARROW_UPPER;
	a64_put_v(l, f->rd, VR_T_V128,
		  a64_vcall(l, A64_H_simd_qnarrow, n, 0, upper ? a64_get_v(l, f->rd, VR_T_V128) : 0,
			    A64_SIMD_IMM(es, scalar ? 1 : 8u >> es, 0, p)));
}

/* 2^-fbits in every lane. */
static uint64_t scale(uint32_t es, uint32_t fbits)
{
	return es == 3 ? (uint64_t)(1023 - fbits) << 52 : a64_replicate((uint64_t)(127 - fbits) << 23, 2);
}

/* SCVTF, UCVTF: scaling down is exact. FCVTZS, FCVTZU: by helper. */
static void fixed_point(struct a64_lift *l, const struct a64_fields *f, uint32_t es, uint32_t fbits,
			int scalar)
{
	const uint32_t type = a64_vtype(f->q), ftype = a64_ftype(es), itype = es == 3 ? VR_T_I64 : VR_T_I32;
	uint32_t v;

	if (f->opc == 0x1f) {
		v = a64_fp_extra(l, A64_FPX_TOFIX, es, scalar ? 1 : a64_lanes(type, es),
				 fbits | f->u << 7 | es << 8, a64_get_v(l, f->rn, VR_T_V128), 0);
		a64_put_v(l, f->rd, VR_T_V128, v);
	} else if (scalar) {
		v = vr_ir_op1(l->ir, VR_IR_FTOBITS, itype, a64_get_v(l, f->rn, ftype));
		v = a64_fp_op(l, VR_IR_ITOF, ftype, (es == 3) | f->u << 1, v, 0, 0, 0);
		v = a64_fp_op(l, VR_IR_FMUL, ftype, 0, v, a64_vconst(l, VR_T_V64, scale(es, fbits)), 0, 0);
		a64_put_v(l, f->rd, ftype, v);
	} else {
		v = a64_fp_op(l, VR_IR_VITOF, type, es | f->u << 2, a64_get_v(l, f->rn, type), 0, 0, 0);
		v = a64_fp_op(l, VR_IR_VFMUL, type, es, v, a64_vconst(l, type, scale(es, fbits)), 0, 0);
		a64_put_v(l, f->rd, type, v);
	}
}

static int shift(struct a64_lift *l, const struct a64_fields *f, int scalar)
{
	const uint32_t amount = f->immh << 3 | f->immb;

	if (!f->immh)
		return 0;
	const uint32_t es = 31 - (uint32_t)__builtin_clz(f->immh), bits = 8u << es;
	const uint32_t right = 2 * bits - amount, left = amount - bits;
	const uint32_t type = scalar ? VR_T_V64 : a64_vtype(f->q), lanes = scalar ? 1 : a64_lanes(type, es);
	const uint8_t *sizes = scalar ? table[f->opc].scalar : table[f->opc].vector;
	uint32_t r, p;

	if (!(sizes[f->u] >> es & 1) || (es == 3 && !scalar && !f->q))
		return 0;
	if (f->opc >= 0x1c) {
		fixed_point(l, f, es, right, scalar);
		return 1;
	}
	if (f->opc >= 0x10 && f->opc < 0x14) {
		narrow(l, f, es, right, scalar);
		return 1;
	}
	if (f->opc == 0x14) {
		r = a64_widen(l, f->u, es, a64_upper(l, f->q, a64_get_v(l, f->rn, VR_T_V128)));
		if (left)
			r = a64_v1(l, VR_IR_VSHL, VR_T_V128, es + 1, r, left);
		a64_put_v(l, f->rd, VR_T_V128, r);
		return 1;
	}
	uint32_t n = a64_get_v(l, f->rn, type);

	switch (f->opc) {
	case 0x00: /* plain, accumulating, rounding, both */
	case 0x02:
	case 0x04:
	case 0x06:
		r = a64_shift_right(l, type, es, f->u, n, right, f->opc & 4);
		if (f->opc & 2)
			r = a64_v2(l, VR_IR_VADD, type, es, a64_get_v(l, f->rd, type), r);
		break;
	case 0x08: /* SRI */
		r = a64_v1(l, VR_IR_VSHR, type, es, n, right);
		r = vr_ir_op3(l->ir, VR_IR_VBSL, type,
			      a64_vconst(l, type, a64_replicate(right == bits ? 0 : ones(es) >> right, es)),
			      r, a64_get_v(l, f->rd, type));
		break;
	case 0x0a: /* SHL, SLI */
		r = a64_v1(l, VR_IR_VSHL, type, es, n, left);
		if (f->u)
			r = vr_ir_op3(l->ir, VR_IR_VBSL, type,
				      a64_vconst(l, type, a64_replicate(ones(es) << left & ones(es), es)), r,
				      a64_get_v(l, f->rd, type));
		break;
	default: /* SQSHLU, SQSHL, UQSHL */
		p = left | (f->opc == 0x0c ? A64_QSHL_TO_UNSIGNED : 0);
		r = a64_vcall(l, A64_H_simd_qshl_imm, n, 0, 0,
			      A64_SIMD_IMM(es, lanes, f->opc == 0x0e && f->u, p));
		break;
	}
	a64_put_v(l, f->rd, type, r);
	return 1;
}

int a64_lift_simd_shift(struct a64_lift *l, const struct a64_fields *f)
{
	if (!a64_lift_fp_check(l))
		return 1;
	return shift(l, f, 0);
}

int a64_lift_simd_s_shift(struct a64_lift *l, const struct a64_fields *f)
{
	if (!a64_lift_fp_check(l))
		return 1;
	return shift(l, f, 1);
}
