/* SPDX-License-Identifier: MIT */
/* lift_dp_imm.c: data processing with an immediate (Arm ARM DDI 0487 C4.1.2). */
#include "lift.h"

/* ADR, ADRP (C6.2.10, C6.2.11) */
int a64_lift_adr(struct a64_lift *l, const struct a64_fields *f)
{
	uint64_t offset = a64_signed((uint64_t)f->immhi << 2 | f->immlo, 21);

	/* ADRP's base is the page, where places are counted from. */
	a64_put_x(l, f->rd, a64_pc_const(l, f->op ? offset << 12 : l->pc + offset));
	return 1;
}

/* ADD, ADDS, SUB, SUBS (immediate) (C6.2.4, C6.2.8, C6.2.313, C6.2.319) */
int a64_lift_addsub_imm(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t type = a64_type(f->sf);
	uint64_t imm = (uint64_t)f->imm << (f->sh ? 12 : 0);
	uint32_t a = a64_get_xsp(l, f->rn, type);

	if (imm == 0 && !f->s) { /* MOV (to/from SP) */
		a64_put_xsp(l, f->rd, a);
		return 1;
	}
	a64_lift_addsub(l, type, f->op, f->s, f->rd, !f->s, a, a64_const(l, type, imm));
	return 1;
}

/*
 * DecodeBitMasks (J1.1.3): an element of 2..64 bits holding imms + 1 ones, rotated right by immr, repeated.
 * 0: reserved. No valid mask is 0.
 */
static uint64_t bit_mask(uint32_t sf, uint32_t n, uint32_t immr, uint32_t imms)
{
	uint32_t sizes = n << 6 | (~imms & 0x3f);

	if (sizes < 2 || (n && !sf)) /* no size, or one bit */
		return 0;
	uint32_t size = 1u << (31 - (uint32_t)__builtin_clz(sizes));
	uint32_t ones = (imms & (size - 1)) + 1, turn = immr & (size - 1);
	if (ones == size)
		return 0;
	uint64_t element = (UINT64_C(1) << ones) - 1;
	if (turn)
		element = element >> turn | element << (size - turn);
	if (size < 64)
		element &= (UINT64_C(1) << size) - 1;
	for (; size < 64; size *= 2)
		element |= element << size;
	return sf ? element : (uint32_t)element;
}

/* AND, ORR, EOR, ANDS (immediate) (C6.2.12, C6.2.222, C6.2.91, C6.2.14) */
int a64_lift_logic_imm(struct a64_lift *l, const struct a64_fields *f)
{
	static const uint16_t op[] = {VR_IR_AND, VR_IR_OR, VR_IR_XOR, VR_IR_AND};
	uint32_t type = a64_type(f->sf), v;
	uint64_t mask = bit_mask(f->sf, f->n, f->immr, f->imms);

	if (!mask)
		return 0;
	if (f->opc == 1 && f->rn == 31) { /* MOV (bitmask immediate) */
		v = a64_const(l, type, mask);
	} else {
		uint32_t a = a64_get_x(l, f->rn, type);
		if (f->opc == 0 && (mask == 0xff || mask == 0xffff || mask == 0xffffffff))
			v = vr_ir_add(l->ir, VR_IR_ZEXT, type, 64 - (uint32_t)__builtin_clzll(mask), a, 0, 0,
				      0);
		else
			v = vr_ir_op2(l->ir, op[f->opc], type, a, a64_const(l, type, mask));
	}
	if (f->opc == 3) {
		a64_put_flags(l, vr_ir_op1(l->ir, VR_IR_F_LOGIC, type, v));
		a64_put_x(l, f->rd, v);
	} else {
		a64_put_xsp(l, f->rd, v);
	}
	return 1;
}

/* MOVN (C6.2.205) */
int a64_lift_movn(struct a64_lift *l, const struct a64_fields *f)
{
	if (!f->sf && f->hw > 1)
		return 0;
	a64_put_x(l, f->rd, a64_const(l, a64_type(f->sf), ~((uint64_t)f->imm << (16 * f->hw))));
	return 1;
}

/* MOVZ (C6.2.206) */
int a64_lift_movz(struct a64_lift *l, const struct a64_fields *f)
{
	if (!f->sf && f->hw > 1)
		return 0;
	a64_put_x(l, f->rd, a64_const(l, a64_type(f->sf), (uint64_t)f->imm << (16 * f->hw)));
	return 1;
}

/* MOVK (C6.2.204) */
int a64_lift_movk(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t type = a64_type(f->sf), lsb = 16 * f->hw;

	if (!f->sf && f->hw > 1)
		return 0;
	uint32_t a = a64_get_x(l, f->rd, type);
	a64_put_x(l, f->rd,
		  vr_ir_add(l->ir, VR_IR_BFI, type, 0, a, a64_const(l, type, f->imm), 0, lsb | 16u << 8));
	return 1;
}

/* The fields of a bit-field move are valid (N equals sf, and neither reaches past the register). */
static int bitfield_valid(const struct a64_fields *f)
{
	return f->n == f->sf && (f->sf || (f->immr < 32 && f->imms < 32));
}

static int is_power_width(uint32_t width)
{
	return width == 8 || width == 16 || width == 32;
}

static int bitfield_move(struct a64_lift *l, const struct a64_fields *f, uint32_t sign)
{
	uint32_t type = a64_type(f->sf), bits = a64_bits(f->sf), v, width;
	uint32_t right = sign ? VR_IR_SAR : VR_IR_SHR, extend = sign ? VR_IR_SEXT : VR_IR_ZEXT;

	if (!bitfield_valid(f))
		return 0;
	v = a64_get_x(l, f->rn, type);
	if (f->imms == bits - 1) {
		v = a64_op_imm(l, right, type, v, f->immr);
	} else if (!sign && f->imms + 1 == f->immr) {
		v = a64_op_imm(l, VR_IR_SHL, type, v, bits - f->immr);
	} else if (f->imms >= f->immr) {
		width = f->imms - f->immr + 1;
		if (f->immr == 0 && is_power_width(width))
			v = vr_ir_add(l->ir, extend, type, width, v, 0, 0, 0);
		else
			v = vr_ir_add(l->ir, VR_IR_BFX, type, sign, v, 0, 0, f->immr | width << 8);
	} else {
		width = f->imms + 1;
		uint32_t shift = bits - f->immr;
		if (is_power_width(width)) {
			v = vr_ir_add(l->ir, extend, type, width, v, 0, 0, 0);
			v = a64_op_imm(l, VR_IR_SHL, type, v, shift);
		} else if (!sign && width < 32) {
			v = a64_op_imm(l, VR_IR_AND, type, v, (UINT64_C(1) << width) - 1);
			v = a64_op_imm(l, VR_IR_SHL, type, v, shift);
		} else {
			v = a64_op_imm(l, VR_IR_SHL, type, v, bits - width);
			v = a64_op_imm(l, right, type, v, bits - width - shift);
		}
	}
	a64_put_x(l, f->rd, v);
	return 1;
}

/* SBFM: ASR, SBFX, SBFIZ, SXTB, SXTH, SXTW (C6.2.266) */
int a64_lift_sbfm(struct a64_lift *l, const struct a64_fields *f)
{
	return bitfield_move(l, f, 1);
}

/* UBFM: LSR, LSL, UBFX, UBFIZ, UXTB, UXTH (C6.2.384) */
int a64_lift_ubfm(struct a64_lift *l, const struct a64_fields *f)
{
	return bitfield_move(l, f, 0);
}

/* BFM: BFI, BFXIL, BFC (C6.2.29) */
int a64_lift_bfm(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t type = a64_type(f->sf), bits = a64_bits(f->sf), lsb = 0, width;

	if (!bitfield_valid(f))
		return 0;
	uint32_t from = a64_get_x(l, f->rn, type);
	if (f->imms >= f->immr) {
		from = a64_op_imm(l, VR_IR_SHR, type, from, f->immr);
		width = f->imms - f->immr + 1;
	} else {
		lsb = bits - f->immr;
		width = f->imms + 1;
	}
	if (width != bits) {
		uint32_t into = a64_get_x(l, f->rd, type);
		from = vr_ir_add(l->ir, VR_IR_BFI, type, 0, into, from, 0, lsb | width << 8);
	}
	a64_put_x(l, f->rd, from);
	return 1;
}

/* EXTR, ROR (immediate) (C6.2.99) */
int a64_lift_extr(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t type = a64_type(f->sf), v;

	if (f->n != f->sf || (!f->sf && f->imms > 31))
		return 0;
	if (f->imms == 0 || f->rn == f->rm) {
		v = a64_op_imm(l, VR_IR_ROR, type, a64_get_x(l, f->rm, type), f->imms);
	} else {
		uint32_t high = a64_get_x(l, f->rn, type), low = a64_get_x(l, f->rm, type);
		v = vr_ir_add(l->ir, VR_IR_EXTR, type, f->imms, high, low, 0, 0);
	}
	a64_put_x(l, f->rd, v);
	return 1;
}
