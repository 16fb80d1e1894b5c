/* SPDX-License-Identifier: MIT */
/*
 * lift_fp.c: F and D on the host's unit (vol. I, "F", "D").
 *
 * frm is among the mode flags, so the rounding mode of an instruction is known here. Where it is the current
 * one the op stands alone; another one is set around it; RMM, which hosts do not have, goes through a helper,
 * except for conversions to integers, which round by themselves.
 *
 * A single whose register is not known to be NaN-boxed is looked at first: the canonical NaN stands for it
 * when it is not.
 */
#include "lift.h"

#define BOX 0xffffffff00000000ull
#define CANONICAL_S 0x7fc00000u

#define RM_RMM 4u
#define RM_DYN 7u

static const uint8_t host_rounding[5] = {VR_RM_NEAREST, VR_RM_ZERO, VR_RM_DOWN, VR_RM_UP, VR_RM_AWAY};

static uint32_t type_of(const struct rv_fields *f)
{
	return f->d ? VR_T_F64 : VR_T_F32;
}

/* The register's 64 bits. */
static uint32_t get_bits(struct rv_lift *l, uint32_t r)
{
	return vr_ir_op1(l->ir, VR_IR_FTOBITS, VR_T_I64, vr_ir_get(l->ir, VR_T_F64, RV_REG_F(r)));
}

/* Is it NaN-boxed? I64, 0 or 1. */
static uint32_t is_boxed(struct rv_lift *l, uint32_t bits)
{
	return vr_ir_add(l->ir, VR_IR_CMPSET, VR_T_I64, VR_CC_CS, bits, rv_const(l, BOX), 0, 0);
}

/* A single's bits as an integer. */
static uint32_t get_single_bits(struct rv_lift *l, uint32_t r)
{
	uint32_t bits = get_bits(l, r);

	if (l->boxed >> r & 1)
		return vr_ir_add(l->ir, VR_IR_ZEXT, VR_T_I64, 32, bits, 0, 0, 0);
	uint32_t low = vr_ir_add(l->ir, VR_IR_ZEXT, VR_T_I64, 32, bits, 0, 0, 0);

	return vr_ir_op3(l->ir, VR_IR_SELNZ, VR_T_I64, is_boxed(l, bits), low, rv_const(l, CANONICAL_S));
}

static uint32_t get_fp(struct rv_lift *l, uint32_t r, uint32_t type)
{
	if (type == VR_T_F64 || l->boxed >> r & 1)
		return vr_ir_get(l->ir, type, RV_REG_F(r));
	return vr_ir_op1(l->ir, VR_IR_FFROMI, VR_T_F32, get_single_bits(l, r));
}

static void put_double(struct rv_lift *l, uint32_t r, uint32_t v)
{
	vr_ir_put(l->ir, VR_T_F64, RV_REG_F(r), v);
	l->boxed &= ~(1u << r);
}

static void put_single(struct rv_lift *l, uint32_t r, uint32_t v)
{
	uint32_t box = vr_ir_add(l->ir, VR_IR_VCONST, VR_T_V128, 1, 0, 0, 0, BOX);

	v = vr_ir_add(l->ir, VR_IR_VZEXT, VR_T_V128, 2, v, 0, 0, 0);
	vr_ir_put(l->ir, VR_T_V128, RV_REG_F(r), vr_ir_op2(l->ir, VR_IR_VOR, VR_T_V128, v, box));
	l->boxed |= 1u << r;
}

static void put_fp(struct rv_lift *l, uint32_t r, uint32_t type, uint32_t v)
{
	if (type == VR_T_F64)
		put_double(l, r, v);
	else
		put_single(l, r, v);
}

/* A single from an integer whose low word has its bits. */
static void put_single_bits(struct rv_lift *l, uint32_t r, uint32_t bits)
{
	bits = rv_op(l, VR_IR_OR, bits, rv_const(l, BOX));
	vr_ir_put(l->ir, VR_T_F64, RV_REG_F(r), vr_ir_op1(l->ir, VR_IR_FFROMI, VR_T_F64, bits));
	l->boxed |= 1u << r;
}

/* ---- rounding --------------------------------------------------------------------------------------- */

static uint32_t frm_of(const struct rv_lift *l)
{
	return (uint32_t)(l->mode_flags & RV_MODE_FRM) >> RV_MODE_FRM_SHIFT;
}

/* The instruction's rounding mode; a reserved one makes it illegal. */
static uint32_t rounding(const struct rv_lift *l, const struct rv_fields *f)
{
	return f->rm == RM_DYN ? frm_of(l) : f->rm;
}

static void set_round(struct rv_lift *l, uint32_t frm)
{
	uint32_t mode = frm < RM_RMM ? host_rounding[frm] : VR_RM_NEAREST;

	vr_ir_add(l->ir, VR_IR_FPSETROUND, VR_T_NONE, 0, rv_const(l, mode), 0, 0, 0);
}

/* An op under rounding mode rm (0..4). */
static uint32_t rounded(struct rv_lift *l, uint32_t rm, uint32_t op, uint32_t type, uint32_t aux, uint32_t a,
			uint32_t b, uint32_t c)
{
	if (rm == RM_RMM) {
		uint64_t imm = op | (uint64_t)type << 12 | (uint64_t)aux << 16;

		if (op == VR_IR_ITOF)
			a = vr_ir_op2(l->ir, VR_IR_VPACK, VR_T_V128, a, 0);
		return vr_ir_add(l->ir, VR_IR_VCALL, VR_T_V128, 0, a, b, c, RV_H_fp_rmm | imm << 16);
	}
	if (rm == frm_of(l))
		return vr_ir_add(l->ir, op, type, aux, a, b, c, 0);
	set_round(l, rm);
	uint32_t v = vr_ir_add(l->ir, op, type, aux, a, b, c, 0);

	set_round(l, frm_of(l));
	return v;
}

/* ---- loads and stores ---------------------------------------------------------------------------- */

static uint64_t displacement(const struct rv_fields *f)
{
	return VR_MEM_IMM(rv_signed(f->imm, 12), 0);
}

HANDLER(flw)
{
	if (!rv_fp_enabled(l))
		return 0;
	put_single(l, f->rd,
		   vr_ir_add(l->ir, VR_IR_LOAD, VR_T_F32, 2, rv_get(l, f->rs1), 0, 0, displacement(f)));
	return 1;
}

HANDLER(fld)
{
	if (!rv_fp_enabled(l))
		return 0;
	put_double(l, f->rd,
		   vr_ir_add(l->ir, VR_IR_LOAD, VR_T_F64, 3, rv_get(l, f->rs1), 0, 0, displacement(f)));
	return 1;
}

static int store(struct rv_lift *l, const struct rv_fields *f, uint32_t type, uint32_t log2)
{
	if (!rv_fp_enabled(l))
		return 0;
	uint32_t a = rv_get(l, f->rs1), v = vr_ir_get(l->ir, type, RV_REG_F(f->rs2));

	vr_ir_add(l->ir, VR_IR_STORE, type, log2, a, v, 0, displacement(f));
	return 1;
}

ROW(fsw, store(l, f, VR_T_F32, 2))
ROW(fsd, store(l, f, VR_T_F64, 3))

/* ---- arithmetic ----------------------------------------------------------------------------------- */

/* FADD, FSUB, FMUL, FDIV by op */
HANDLER(farith)
{
	static const uint16_t ops[4] = {VR_IR_FADD, VR_IR_FSUB, VR_IR_FMUL, VR_IR_FDIV};
	uint32_t rm = rounding(l, f), type = type_of(f);

	if (rm > RM_RMM)
		return 0;
	if (!rv_fp_enabled(l))
		return 0;
	uint32_t a = get_fp(l, f->rs1, type), b = get_fp(l, f->rs2, type);

	put_fp(l, f->rd, type, rounded(l, rm, ops[f->op], type, 0, a, b, 0));
	return 1;
}

/* FMADD, FMSUB, FNMSUB, FNMADD by op: bit 1 negates the product; the addend is subtracted in FMSUB, FNMADD */
HANDLER(fmadd)
{
	static const uint8_t aux[4] = {0, 2, 1, 3};
	uint32_t rm = rounding(l, f), type = type_of(f);

	if (rm > RM_RMM)
		return 0;
	if (!rv_fp_enabled(l))
		return 0;
	uint32_t a = get_fp(l, f->rs1, type), b = get_fp(l, f->rs2, type), c = get_fp(l, f->rs3, type);

	put_fp(l, f->rd, type, rounded(l, rm, VR_IR_FMADD, type, aux[f->op], a, b, c));
	return 1;
}

HANDLER(fsqrt)
{
	uint32_t rm = rounding(l, f), type = type_of(f);

	if (rm > RM_RMM)
		return 0;
	if (!rv_fp_enabled(l))
		return 0;
	put_fp(l, f->rd, type, rounded(l, rm, VR_IR_FSQRT, type, 0, get_fp(l, f->rs1, type), 0, 0));
	return 1;
}

HANDLER(fminmax)
{
	uint32_t type = type_of(f);

	if (!rv_fp_enabled(l))
		return 0;
	uint32_t a = get_fp(l, f->rs1, type), b = get_fp(l, f->rs2, type);

	put_fp(l, f->rd, type, vr_ir_op2(l->ir, f->op ? VR_IR_FMAXNM : VR_IR_FMINNM, type, a, b));
	return 1;
}

/* FSGNJ, FSGNJN, FSGNJX by op: on the bits alone. */
HANDLER(fsgnj)
{
	if (f->op > 2)
		return 0;
	if (!rv_fp_enabled(l))
		return 0;
	uint32_t a = f->d ? get_bits(l, f->rs1) : get_single_bits(l, f->rs1);
	uint32_t b = f->rs1 == f->rs2 ? a : f->d ? get_bits(l, f->rs2) : get_single_bits(l, f->rs2);
	uint32_t sign = rv_const(l, f->d ? 1ull << 63 : 1ull << 31), v;

	if (f->rs1 == f->rs2 && f->op == 0) { /* FMV */
		v = a;
	} else if (f->op == 2) {
		v = rv_op(l, VR_IR_XOR, a, rv_op(l, VR_IR_AND, b, sign));
	} else {
		if (f->op == 1)
			b = vr_ir_op1(l->ir, VR_IR_NOT, VR_T_I64, b);
		v = rv_op(l, VR_IR_OR, rv_op(l, VR_IR_ANDN, a, sign), rv_op(l, VR_IR_AND, b, sign));
	}
	if (f->d)
		put_double(l, f->rd, vr_ir_op1(l->ir, VR_IR_FFROMI, VR_T_F64, v));
	else
		put_single_bits(l, f->rd, v);
	return 1;
}

/* FLE, FLT (which signal), FEQ by op */
HANDLER(fcmp)
{
	static const uint8_t conditions[3] = {VR_CC_LS, VR_CC_MI, VR_CC_EQ};
	uint32_t type = type_of(f);

	if (f->op > 2)
		return 0;
	if (!rv_fp_enabled(l))
		return 0;
	uint32_t a = get_fp(l, f->rs1, type), b = get_fp(l, f->rs2, type);
	uint32_t flags = vr_ir_add(l->ir, VR_IR_FCMP, type, f->op < 2, a, b, 0, 0);

	rv_put(l, f->rd, vr_ir_add(l->ir, VR_IR_SETCC, VR_T_I64, conditions[f->op], flags, 0, 0, 0));
	return 1;
}

HANDLER(fclass)
{
	if (!rv_fp_enabled(l))
		return 0;
	uint32_t v = f->d ? get_bits(l, f->rs1) : get_single_bits(l, f->rs1);

	rv_put(l, f->rd, rv_call(l, f->d ? RV_H_fclass_d : RV_H_fclass_s, v, 0, 0));
	return 1;
}

/* ---- conversions and moves -------------------------------------------------------------------------- */

HANDLER(fcvt_int)
{
	uint32_t rm = rounding(l, f);

	if (rm > RM_RMM)
		return 0;
	if (!rv_fp_enabled(l))
		return 0;
	uint32_t aux = f->d | f->u << 1 | (uint32_t)host_rounding[rm] << 2, a = get_fp(l, f->rs1, type_of(f));
	uint32_t v = vr_ir_add(l->ir, VR_IR_FTOI, f->w ? VR_T_I64 : VR_T_I32, aux, a, 0, 0, 0);

	if (f->w)
		rv_put(l, f->rd, v);
	else
		rv_put_word(l, f->rd, v);
	return 1;
}

HANDLER(fcvt_fp)
{
	uint32_t rm = rounding(l, f), type = type_of(f);

	if (rm > RM_RMM)
		return 0;
	if (!rv_fp_enabled(l))
		return 0;
	uint32_t a = rv_get_typed(l, f->rs1, f->w ? VR_T_I64 : VR_T_I32);

	if (f->d && !f->w) /* exact, in any mode */
		rm = frm_of(l) < RM_RMM ? frm_of(l) : 0;
	put_fp(l, f->rd, type, rounded(l, rm, VR_IR_ITOF, type, f->w | f->u << 1, a, 0, 0));
	return 1;
}

HANDLER(fcvt_s_d)
{
	uint32_t rm = rounding(l, f);

	if (rm > RM_RMM)
		return 0;
	if (!rv_fp_enabled(l))
		return 0;
	put_single(l, f->rd, rounded(l, rm, VR_IR_FCVT, VR_T_F32, 0, get_fp(l, f->rs1, VR_T_F64), 0, 0));
	return 1;
}

/* Exact, in any mode. */
HANDLER(fcvt_d_s)
{
	if (rounding(l, f) > RM_RMM)
		return 0;
	if (!rv_fp_enabled(l))
		return 0;
	put_double(l, f->rd, vr_ir_op1(l->ir, VR_IR_FCVT, VR_T_F64, get_fp(l, f->rs1, VR_T_F32)));
	return 1;
}

/* FMV.X.W sign-extends the low word, whether the register is NaN-boxed or not. */
HANDLER(fmv_x)
{
	if (!rv_fp_enabled(l))
		return 0;
	uint32_t bits = get_bits(l, f->rs1);

	if (f->d)
		rv_put(l, f->rd, bits);
	else
		rv_put_word(l, f->rd, bits);
	return 1;
}

HANDLER(fmv_f)
{
	if (!rv_fp_enabled(l))
		return 0;
	uint32_t v = rv_get(l, f->rs1);

	if (f->d)
		put_double(l, f->rd, vr_ir_op1(l->ir, VR_IR_FFROMI, VR_T_F64, v));
	else
		put_single_bits(l, f->rd, v);
	return 1;
}
