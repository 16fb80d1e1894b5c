/* SPDX-License-Identifier: MIT */
/* lift_dp_reg.c: data processing on registers (Arm ARM DDI 0487 C4.1.5). */
#include "lift.h"

uint32_t a64_shifted(struct a64_lift *l, uint32_t r, uint32_t type, uint32_t shift, uint32_t amount)
{
	static const uint16_t op[] = {VR_IR_SHL, VR_IR_SHR, VR_IR_SAR, VR_IR_ROR};

	return a64_op_imm(l, op[shift], type, a64_get_x(l, r, type), amount);
}

uint32_t a64_extended(struct a64_lift *l, uint32_t r, uint32_t type, uint32_t opt, uint32_t amount)
{
	uint32_t width = 8u << (opt & 3), v;

	/* A W register is zero-extended already; extending to the whole of the type is nothing. */
	if (width == 32) {
		v = a64_get_x(l, r, VR_T_I32);
		if (opt == 6 && type == VR_T_I64)
			v = vr_ir_add(l->ir, VR_IR_SEXT, type, width, v, 0, 0, 0);
	} else {
		v = a64_get_x(l, r, type);
		if (width < 32)
			v = vr_ir_add(l->ir, opt & 4 ? VR_IR_SEXT : VR_IR_ZEXT, type, width, v, 0, 0, 0);
	}
	return a64_op_imm(l, VR_IR_SHL, type, v, amount);
}

/*
 * The flags follow the sum at once and with the same operands, so that an emitter makes one instruction of
 * both. A compare (rd 31) has no sum.
 */
void a64_lift_addsub(struct a64_lift *l, uint32_t type, uint32_t sub, uint32_t s, uint32_t rd, uint32_t sp,
		     uint32_t a, uint32_t b)
{
	uint32_t v = 0;

	if (!s || rd != 31)
		v = vr_ir_op2(l->ir, sub ? VR_IR_SUB : VR_IR_ADD, type, a, b);
	if (s)
		a64_put_flags(l, vr_ir_op2(l->ir, sub ? VR_IR_F_SUB : VR_IR_F_ADD, type, a, b));
	if (sp)
		a64_put_xsp(l, rd, v);
	else if (v)
		a64_put_x(l, rd, v);
}

/* ADD, ADDS, SUB, SUBS (shifted register): CMN, CMP, NEG, NEGS (C6.2.5, C6.2.9, C6.2.314, C6.2.320) */
int a64_lift_addsub_shift(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t type = a64_type(f->sf);

	if (f->shift == 3 || (!f->sf && f->imm > 31))
		return 0;
	if (f->op && !f->s && f->rn == 31) {
		uint32_t v = a64_shifted(l, f->rm, type, f->shift, f->imm);
		a64_put_x(l, f->rd, vr_ir_op1(l->ir, VR_IR_NEG, type, v));
		return 1;
	}
	uint32_t a = a64_get_x(l, f->rn, type);
	a64_lift_addsub(l, type, f->op, f->s, f->rd, 0, a, a64_shifted(l, f->rm, type, f->shift, f->imm));
	return 1;
}

/* ADD, ADDS, SUB, SUBS (extended register) (C6.2.3, C6.2.7, C6.2.312, C6.2.318) */
int a64_lift_addsub_ext(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t type = a64_type(f->sf);

	if (f->imm > 4)
		return 0;
	uint32_t a = a64_get_xsp(l, f->rn, type);
	a64_lift_addsub(l, type, f->op, f->s, f->rd, !f->s, a, a64_extended(l, f->rm, type, f->opt, f->imm));
	return 1;
}

/* ADC, ADCS, SBC, SBCS: NGC, NGCS (C6.2.1, C6.2.2, C6.2.263, C6.2.264) */
int a64_lift_adc(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t type = a64_type(f->sf);
	uint32_t a = a64_get_x(l, f->rn, type), b = a64_get_x(l, f->rm, type), flags = a64_get_flags(l);
	uint32_t v = vr_ir_op3(l->ir, f->op ? VR_IR_SBC : VR_IR_ADC, type, a, b, flags);

	if (f->s)
		a64_put_flags(l, vr_ir_op3(l->ir, f->op ? VR_IR_F_SBC : VR_IR_F_ADC, type, a, b, flags));
	a64_put_x(l, f->rd, v);
	return 1;
}

/* AND, ORR, EOR, ANDS and their inverting forms BIC, ORN, EON, BICS; MOV, MVN, TST (C6.2.13 and others) */
int a64_lift_logic_shift(struct a64_lift *l, const struct a64_fields *f)
{
	static const uint16_t op[2][4] = {
		{VR_IR_AND, VR_IR_OR, VR_IR_XOR, VR_IR_AND},
		{VR_IR_ANDN, VR_IR_ORN, VR_IR_XORN, VR_IR_ANDN},
	};
	uint32_t type = a64_type(f->sf), v;

	if (!f->sf && f->imm > 31)
		return 0;
	if (f->opc == 1 && f->rn == 31) {
		v = a64_shifted(l, f->rm, type, f->shift, f->imm);
		if (f->n)
			v = vr_ir_op1(l->ir, VR_IR_NOT, type, v);
	} else {
		uint32_t a = a64_get_x(l, f->rn, type);
		uint32_t b =
			f->rm == f->rn && f->imm == 0 ? a : a64_shifted(l, f->rm, type, f->shift, f->imm);
		v = vr_ir_op2(l->ir, op[f->n][f->opc], type, a, b);
	}
	if (f->opc == 3)
		a64_put_flags(l, vr_ir_op1(l->ir, VR_IR_F_LOGIC, type, v));
	a64_put_x(l, f->rd, v);
	return 1;
}

/* What CCMP and CCMN do with their operands (C6.2.40..43): the flags of the comparison, or #nzcv. */
static int conditional_compare(struct a64_lift *l, const struct a64_fields *f, uint32_t type, uint32_t a,
			       uint32_t b)
{
	uint32_t before = a64_always(f->cond) ? 0 : a64_get_flags(l);
	uint32_t flags = vr_ir_op2(l->ir, f->op ? VR_IR_F_SUB : VR_IR_F_ADD, type, a, b);

	if (!a64_always(f->cond)) {
		uint32_t otherwise = vr_ir_add(l->ir, VR_IR_F_CONST, VR_T_FLAGS, 0, 0, 0, 0, f->nzcv);
		flags = vr_ir_add(l->ir, VR_IR_F_SEL, VR_T_FLAGS, f->cond, before, flags, otherwise, 0);
	}
	a64_put_flags(l, flags);
	return 1;
}

int a64_lift_ccmp_reg(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t type = a64_type(f->sf);
	uint32_t a = a64_get_x(l, f->rn, type);

	return conditional_compare(l, f, type, a, a64_get_x(l, f->rm, type));
}

int a64_lift_ccmp_imm(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t type = a64_type(f->sf);
	uint32_t a = a64_get_x(l, f->rn, type);

	return conditional_compare(l, f, type, a, a64_const(l, type, f->imm));
}

/* CSEL, CSINC, CSINV, CSNEG: CSET, CSETM, CINC ... (C6.2.67..70). op o2: 00 Rm, 01 Rm+1, 10 ~Rm, 11 -Rm. */
int a64_lift_csel(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t type = a64_type(f->sf), kind = f->op << 1 | f->o2, v;

	if (a64_always(f->cond)) {
		v = a64_get_x(l, f->rn, type);
	} else if (f->rn == 31 && f->rm == 31 && (kind == 1 || kind == 2)) {
		/* CSET, CSETM: all of the result follows from the condition. */
		v = vr_ir_add(l->ir, VR_IR_SETCC, type, f->cond ^ 1, a64_get_flags(l), 0, 0, 0);
		if (kind == 2)
			v = vr_ir_op1(l->ir, VR_IR_NEG, type, v);
	} else {
		uint32_t a = a64_get_x(l, f->rn, type);
		uint32_t b = f->rm == f->rn ? a : a64_get_x(l, f->rm, type);
		if (kind == 1)
			b = a64_op_imm(l, VR_IR_ADD, type, b, 1);
		else if (kind)
			b = vr_ir_op1(l->ir, kind == 2 ? VR_IR_NOT : VR_IR_NEG, type, b);
		v = vr_ir_add(l->ir, VR_IR_SELECT, type, f->cond, a64_get_flags(l), a, b, 0);
	}
	a64_put_x(l, f->rd, v);
	return 1;
}

static int binary(struct a64_lift *l, const struct a64_fields *f, uint32_t op)
{
	uint32_t type = a64_type(f->sf);
	uint32_t a = a64_get_x(l, f->rn, type);

	a64_put_x(l, f->rd, vr_ir_op2(l->ir, op, type, a, a64_get_x(l, f->rm, type)));
	return 1;
}

/* UDIV, SDIV (C6.2.388, C6.2.270): a division by zero gives 0. */
int a64_lift_udiv(struct a64_lift *l, const struct a64_fields *f)
{
	return binary(l, f, VR_IR_DIVU);
}

int a64_lift_sdiv(struct a64_lift *l, const struct a64_fields *f)
{
	return binary(l, f, VR_IR_DIVS);
}

/* LSLV, LSRV, ASRV, RORV (C6.2.177, C6.2.180, C6.2.17, C6.2.261): the amount modulo the size, as the IR has
 * it. */
int a64_lift_shiftv(struct a64_lift *l, const struct a64_fields *f)
{
	static const uint16_t op[] = {VR_IR_SHL, VR_IR_SHR, VR_IR_SAR, VR_IR_ROR};

	return binary(l, f, op[f->op2]);
}

/* CRC32B..X, CRC32CB..X (C6.2.65, C6.2.66) */
int a64_lift_crc32(struct a64_lift *l, const struct a64_fields *f)
{
	if (f->sf != (f->size == 3))
		return 0;
	uint32_t crc = a64_get_x(l, f->rn, VR_T_I32), data = a64_get_x(l, f->rm, a64_type(f->sf));
	a64_put_x(l, f->rd, vr_ir_add(l->ir, VR_IR_CRC32, VR_T_I32, f->size | f->op << 2, crc, data, 0, 0));
	return 1;
}

static int unary(struct a64_lift *l, const struct a64_fields *f, uint32_t op, uint32_t aux)
{
	uint32_t type = a64_type(f->sf);

	a64_put_x(l, f->rd, vr_ir_add(l->ir, op, type, aux, a64_get_x(l, f->rn, type), 0, 0, 0));
	return 1;
}

/* RBIT (C6.2.253) */
int a64_lift_rbit(struct a64_lift *l, const struct a64_fields *f)
{
	return unary(l, f, VR_IR_RBIT, 0);
}

/* REV16 (C6.2.257) */
int a64_lift_rev16(struct a64_lift *l, const struct a64_fields *f)
{
	return unary(l, f, VR_IR_BSWAP, 1);
}

/* REV32, and REV of a W register (C6.2.258, C6.2.256) */
int a64_lift_rev32(struct a64_lift *l, const struct a64_fields *f)
{
	return unary(l, f, VR_IR_BSWAP, 2);
}

/* REV of an X register (C6.2.256) */
int a64_lift_rev64(struct a64_lift *l, const struct a64_fields *f)
{
	a64_put_x(l, f->rd,
		  vr_ir_add(l->ir, VR_IR_BSWAP, VR_T_I64, 3, a64_get_x(l, f->rn, VR_T_I64), 0, 0, 0));
	return 1;
}

/* CLZ, CLS (C6.2.57, C6.2.56) */
int a64_lift_clz(struct a64_lift *l, const struct a64_fields *f)
{
	return unary(l, f, VR_IR_CLZ, 0);
}

int a64_lift_cls(struct a64_lift *l, const struct a64_fields *f)
{
	return unary(l, f, VR_IR_CLS, 0);
}

/* ra + product, ra - product; ra 31 is MUL or MNEG. */
static void multiply_add(struct a64_lift *l, const struct a64_fields *f, uint32_t type, uint32_t a,
			 uint32_t b)
{
	uint32_t v = vr_ir_op2(l->ir, VR_IR_MUL, type, a, b);

	if (f->ra != 31)
		v = vr_ir_op2(l->ir, f->o0 ? VR_IR_SUB : VR_IR_ADD, type, a64_get_x(l, f->ra, type), v);
	else if (f->o0)
		v = vr_ir_op1(l->ir, VR_IR_NEG, type, v);
	a64_put_x(l, f->rd, v);
}

/* MADD, MSUB (C6.2.195, C6.2.210) */
int a64_lift_madd(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t type = a64_type(f->sf);
	uint32_t a = a64_get_x(l, f->rn, type);

	multiply_add(l, f, type, a, a64_get_x(l, f->rm, type));
	return 1;
}

/* SMADDL, SMSUBL, UMADDL, UMSUBL (C6.2.283, C6.2.288, C6.2.389, C6.2.391) */
int a64_lift_maddl(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t a = a64_extended(l, f->rn, VR_T_I64, f->u ? 2 : 6, 0);

	multiply_add(l, f, VR_T_I64, a, a64_extended(l, f->rm, VR_T_I64, f->u ? 2 : 6, 0));
	return 1;
}

/* SMULH, UMULH (C6.2.289, C6.2.392) */
int a64_lift_mulh(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t a = a64_get_x(l, f->rn, VR_T_I64), b = a64_get_x(l, f->rm, VR_T_I64);

	a64_put_x(l, f->rd, vr_ir_op2(l->ir, f->u ? VR_IR_MULHU : VR_IR_MULHS, VR_T_I64, a, b));
	return 1;
}
