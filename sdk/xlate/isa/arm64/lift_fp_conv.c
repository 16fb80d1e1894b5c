/* SPDX-License-Identifier: MIT */
/* lift_fp_conv.c: between SIMD&FP and general registers: FMOV, FCVT*, SCVTF, UCVTF and the fixed-point forms
 * (C4.1.6). */
#include "lift_fp.h"

static void to_integer(struct a64_lift *l, const struct a64_fields *f, uint32_t round)
{
	const uint32_t aux = (f->ftype & 1) | (f->opc & 1) << 1 | round << 2;
	uint32_t v = a64_get_v(l, f->rn, a64_ftype(2 + f->ftype));

	a64_put_x(l, f->rd, a64_fp_op(l, VR_IR_FTOI, f->sf ? VR_T_I64 : VR_T_I32, aux, v, 0, 0, 0));
}

static uint32_t from_integer(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t v = a64_get_x(l, f->rn, f->sf ? VR_T_I64 : VR_T_I32);

	return a64_fp_op(l, VR_IR_ITOF, a64_ftype(2 + f->ftype), f->sf | (f->opc & 1) << 1, v, 0, 0, 0);
}

/* FMOV between a general register and S, D or V.D[1]. */
static int move(struct a64_lift *l, const struct a64_fields *f)
{
	const int to_fp = f->opc & 1;

	if (f->rmode == 1 && f->ftype == 2 && f->sf) {
		uint32_t v = a64_get_v(l, to_fp ? f->rd : f->rn, VR_T_V128);

		if (to_fp)
			a64_put_v(l, f->rd, VR_T_V128,
				  vr_ir_add(l->ir, VR_IR_VSETLANE, VR_T_V128, 3, v,
					    a64_get_x(l, f->rn, VR_T_I64), 0, 1));
		else
			a64_put_x(l, f->rd, a64_v1(l, VR_IR_VHALF, VR_T_I64, 1, v, 0));
		return 1;
	}
	if (f->rmode || f->ftype > 1 || f->ftype != f->sf)
		return 0;
	const uint32_t type = a64_ftype(2 + f->ftype), itype = f->sf ? VR_T_I64 : VR_T_I32;

	if (to_fp)
		a64_put_v(l, f->rd, type, vr_ir_op1(l->ir, VR_IR_FFROMI, type, a64_get_x(l, f->rn, itype)));
	else
		a64_put_x(l, f->rd, vr_ir_op1(l->ir, VR_IR_FTOBITS, itype, a64_get_v(l, f->rn, type)));
	return 1;
}

int a64_lift_fp_int(struct a64_lift *l, const struct a64_fields *f)
{
	if (!a64_lift_fp_check(l))
		return 1;
	if (f->opc >= 6)
		return move(l, f);
	if (f->ftype > 1)
		return 0;
	if (f->opc < 2) { /* FCVT[NPMZ][SU]: rmode counts as VR_RM_* do */
		to_integer(l, f, f->rmode);
		return 1;
	}
	if (f->rmode)
		return 0;
	if (f->opc < 4)
		a64_put_v(l, f->rd, a64_ftype(2 + f->ftype), from_integer(l, f));
	else
		to_integer(l, f, VR_RM_AWAY);
	return 1;
}

/* 2^exponent as F32 or F64. */
static uint32_t power_of_two(struct a64_lift *l, uint32_t type, int exponent)
{
	if (type == VR_T_F64)
		return vr_ir_op1(l->ir, VR_IR_FFROMI, type,
				 vr_ir_const(l->ir, VR_T_I64, (uint64_t)(1023 + exponent) << 52));
	return vr_ir_op1(l->ir, VR_IR_FFROMI, type,
			 vr_ir_const(l->ir, VR_T_I32, (uint64_t)(127 + exponent) << 23));
}

int a64_lift_fp_fixed(struct a64_lift *l, const struct a64_fields *f)
{
	const int fbits = 64 - (int)f->scale;

	if (!a64_lift_fp_check(l))
		return 1;
	if (f->ftype > 1 || (!f->sf && fbits > 32))
		return 0;
	const uint32_t type = a64_ftype(2 + f->ftype), itype = f->sf ? VR_T_I64 : VR_T_I32;

	if (f->rmode == 0 && (f->opc & 6) == 2) {
		/* Scaling by 2^-fbits is exact: nothing gets below 2^-64. */
		uint32_t v = from_integer(l, f);

		a64_put_v(l, f->rd, type,
			  a64_fp_op(l, VR_IR_FMUL, type, 0, v, power_of_two(l, type, -fbits), 0, 0));
		return 1;
	}
	if (f->rmode != 3 || f->opc > 1)
		return 0;
	uint32_t v = a64_get_v(l, f->rn, type);

	if (type == VR_T_F32) { /* exact in double: neither overflows nor loses bits */
		v = a64_fp_op(l, VR_IR_FCVT, VR_T_F64, 0, v, 0, 0, 0);
		v = a64_fp_op(l, VR_IR_FMUL, VR_T_F64, 0, v, power_of_two(l, VR_T_F64, fbits), 0, 0);
		v = a64_fp_op(l, VR_IR_FTOI, itype, 1 | f->opc << 1 | VR_RM_ZERO << 2, v, 0, 0, 0);
	} else {
		v = a64_fp_extra(l, A64_FPX_TOFIX, A64_F64, 1,
				 (uint32_t)fbits | f->opc << 7 | (2 + f->sf) << 8, v, 0);
		v = a64_v1(l, VR_IR_VHALF, VR_T_I64, 0, v, 0);
	}
	a64_put_x(l, f->rd, v);
	return 1;
}
