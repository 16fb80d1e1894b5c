/* SPDX-License-Identifier: MIT */
/* lift_fp_data.c: scalar FP data processing (C4.1.6). Half precision exists as a format of FCVT only. */
#include "lift_fp.h"

/* F32 or F64 of ftype; VR_T_NONE: unallocated. */
static uint32_t type_of(uint32_t ftype)
{
	return ftype == 0 ? VR_T_F32 : ftype == 1 ? VR_T_F64 : VR_T_NONE;
}

static uint32_t condition(uint32_t cond)
{
	return cond == 15 ? VR_CC_AL : cond;
}

static int convert(struct a64_lift *l, const struct a64_fields *f)
{
	static const uint8_t format[4] = {A64_F32, A64_F64, 0, A64_F16};
	const uint32_t from = format[f->ftype], to = format[f->opc & 3];

	if (!from || !to || from == to)
		return 0;
	if (from != A64_F16 && to != A64_F16) {
		uint32_t v = a64_get_v(l, f->rn, a64_ftype(from));

		a64_put_v(l, f->rd, a64_ftype(to), a64_fp_op(l, VR_IR_FCVT, a64_ftype(to), 0, v, 0, 0, 0));
		return 1;
	}
	uint32_t v = a64_fp_extra(l, A64_FPX_CVT, from, 1, to | VR_RM_CURRENT << 4,
				  a64_get_v(l, f->rn, VR_T_V128), 0);

	a64_put_v(l, f->rd, VR_T_V128, v);
	return 1;
}

int a64_lift_fp_dp1(struct a64_lift *l, const struct a64_fields *f)
{
	const uint32_t type = type_of(f->ftype), mode = f->opc & 7;

	if (!a64_lift_fp_check(l))
		return 1;
	if ((f->opc & ~3u) == 4)
		return convert(l, f);
	if (type == VR_T_NONE || f->opc > 15 || f->opc == 13)
		return 0;
	uint32_t v = a64_get_v(l, f->rn, type);

	if (f->opc >= 8) { /* FRINT[NPMZA], X: with the inexact flag, I */
		const uint32_t aux = mode == 6 ? VR_RM_CURRENT | 8 : mode;

		v = a64_fp_op(l, VR_IR_FROUND, type, aux, v, 0, 0, 0);
	} else if (f->opc == 1) {
		v = vr_ir_op1(l->ir, VR_IR_FABS, type, v);
	} else if (f->opc == 2) {
		v = vr_ir_op1(l->ir, VR_IR_FNEG, type, v);
	} else if (f->opc == 3) {
		v = a64_fp_op(l, VR_IR_FSQRT, type, 0, v, 0, 0, 0);
	}
	a64_put_v(l, f->rd, type, v);
	return 1;
}

int a64_lift_fp_dp2(struct a64_lift *l, const struct a64_fields *f)
{
	static const uint16_t op[9] = {VR_IR_FMUL, VR_IR_FDIV,   VR_IR_FADD,   VR_IR_FSUB, VR_IR_FMAX,
				       VR_IR_FMIN, VR_IR_FMAXNM, VR_IR_FMINNM, VR_IR_FMUL};
	const uint32_t type = type_of(f->ftype);

	if (!a64_lift_fp_check(l))
		return 1;
	if (type == VR_T_NONE || f->opc > 8)
		return 0;
	uint32_t v =
		a64_fp_op(l, op[f->opc], type, 0, a64_get_v(l, f->rn, type), a64_get_v(l, f->rm, type), 0, 0);

	if (f->opc == 8) /* FNMUL negates every result, a NaN as well */
		v = vr_ir_op1(l->ir, VR_IR_FNEG, type, v);
	a64_put_v(l, f->rd, type, v);
	return 1;
}

int a64_lift_fp_dp3(struct a64_lift *l, const struct a64_fields *f)
{
	const uint32_t type = type_of(f->ftype), aux = (f->o0 ^ f->o1) | f->o1 << 1;

	if (!a64_lift_fp_check(l))
		return 1;
	if (type == VR_T_NONE)
		return 0;
	a64_put_v(l, f->rd, type,
		  a64_fp_op(l, VR_IR_FMADD, type, aux, a64_get_v(l, f->rn, type), a64_get_v(l, f->rm, type),
			    a64_get_v(l, f->ra, type), 0));
	return 1;
}

static uint32_t zero(struct a64_lift *l, uint32_t type)
{
	const uint32_t itype = type == VR_T_F64 ? VR_T_I64 : VR_T_I32;

	return vr_ir_op1(l->ir, VR_IR_FFROMI, type, vr_ir_const(l->ir, itype, 0));
}

int a64_lift_fp_cmp(struct a64_lift *l, const struct a64_fields *f)
{
	const uint32_t type = type_of(f->ftype);

	if (!a64_lift_fp_check(l))
		return 1;
	if (type == VR_T_NONE)
		return 0;
	uint32_t a = a64_get_v(l, f->rn, type), b = f->op & 1 ? zero(l, type) : a64_get_v(l, f->rm, type);

	vr_ir_put(l->ir, VR_T_FLAGS, A64_REG_FLAGS, a64_fp_op(l, VR_IR_FCMP, type, f->op >> 1, a, b, 0, 0));
	return 1;
}

/* The comparison raises flags only when the condition holds: otherwise zeros are compared. */
int a64_lift_fp_ccmp(struct a64_lift *l, const struct a64_fields *f)
{
	const uint32_t type = type_of(f->ftype), cc = condition(f->cond);

	if (!a64_lift_fp_check(l))
		return 1;
	if (type == VR_T_NONE)
		return 0;
	uint32_t flags = vr_ir_get(l->ir, VR_T_FLAGS, A64_REG_FLAGS), none = zero(l, type);
	uint32_t a = vr_ir_add(l->ir, VR_IR_SELECT, type, cc, flags, a64_get_v(l, f->rn, type), none, 0);
	uint32_t b = vr_ir_add(l->ir, VR_IR_SELECT, type, cc, flags, a64_get_v(l, f->rm, type), none, 0);
	uint32_t yes = a64_fp_op(l, VR_IR_FCMP, type, f->op, a, b, 0, 0);
	uint32_t no = vr_ir_add(l->ir, VR_IR_F_CONST, VR_T_FLAGS, 0, 0, 0, 0, f->nzcv);

	vr_ir_put(l->ir, VR_T_FLAGS, A64_REG_FLAGS,
		  vr_ir_add(l->ir, VR_IR_F_SEL, VR_T_FLAGS, cc, flags, yes, no, 0));
	return 1;
}

int a64_lift_fp_csel(struct a64_lift *l, const struct a64_fields *f)
{
	const uint32_t type = type_of(f->ftype);

	if (!a64_lift_fp_check(l))
		return 1;
	if (type == VR_T_NONE)
		return 0;
	uint32_t flags = vr_ir_get(l->ir, VR_T_FLAGS, A64_REG_FLAGS);

	a64_put_v(l, f->rd, type,
		  vr_ir_add(l->ir, VR_IR_SELECT, type, condition(f->cond), flags, a64_get_v(l, f->rn, type),
			    a64_get_v(l, f->rm, type), 0));
	return 1;
}

int a64_lift_fp_imm(struct a64_lift *l, const struct a64_fields *f)
{
	const uint32_t type = type_of(f->ftype);

	if (!a64_lift_fp_check(l))
		return 1;
	if (type == VR_T_NONE)
		return 0;
	a64_put_v(l, f->rd, VR_T_V128,
		  vr_ir_add(l->ir, VR_IR_VCONST, VR_T_V128, 1, 0, 0, 0,
			    a64_fp_expand_imm(type == VR_T_F64 ? 3 : 2, f->imm)));
	return 1;
}
