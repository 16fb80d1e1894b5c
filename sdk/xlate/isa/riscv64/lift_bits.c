/* SPDX-License-Identifier: MIT */
/* lift_bits.c: Zba, Zbb and Zbs: addresses, bit manipulation (vol. I, "B"). */
#include "lift.h"

/* ---- Zba ------------------------------------------------------------------------------------------ */

/* rs2 + (rs1 << n), of rs1's low word alone when uw. */
static int shift_add(struct rv_lift *l, const struct rv_fields *f, uint32_t n, uint32_t uw)
{
	uint32_t a = rv_get(l, f->rs1), b = rv_get(l, f->rs2);

	if (uw)
		a = vr_ir_add(l->ir, VR_IR_ZEXT, VR_T_I64, 32, a, 0, 0, 0);
	return rv_result(l, f, vr_ir_add(l->ir, VR_IR_ADDSHL, VR_T_I64, n, b, a, 0, 0));
}

ROW(add_uw, shift_add(l, f, 0, 1))
ROW(sh1add, shift_add(l, f, 1, 0))
ROW(sh1add_uw, shift_add(l, f, 1, 1))
ROW(sh2add, shift_add(l, f, 2, 0))
ROW(sh2add_uw, shift_add(l, f, 2, 1))
ROW(sh3add, shift_add(l, f, 3, 0))
ROW(sh3add_uw, shift_add(l, f, 3, 1))

HANDLER(slli_uw)
{
	uint32_t a = vr_ir_add(l->ir, VR_IR_ZEXT, VR_T_I64, 32, rv_get(l, f->rs1), 0, 0, 0);

	return rv_result(l, f, rv_op_imm(l, VR_IR_SHL, VR_T_I64, a, f->shamt));
}

/* ---- Zbb ------------------------------------------------------------------------------------------ */

static int unary(struct rv_lift *l, const struct rv_fields *f, uint32_t op, uint32_t type, uint32_t aux)
{
	return rv_result(l, f, vr_ir_add(l->ir, op, type, aux, rv_get_typed(l, f->rs1, type), 0, 0, 0));
}

ROW(andn, rv_op_reg(l, f, VR_IR_ANDN))
ROW(orn, rv_op_reg(l, f, VR_IR_ORN))
ROW(xnor, rv_op_reg(l, f, VR_IR_XORN))
ROW(clz, unary(l, f, VR_IR_CLZ, VR_T_I64, 0))
ROW(clzw, unary(l, f, VR_IR_CLZ, VR_T_I32, 0))
ROW(ctz, unary(l, f, VR_IR_CTZ, VR_T_I64, 0))
ROW(ctzw, unary(l, f, VR_IR_CTZ, VR_T_I32, 0))
ROW(cpop, unary(l, f, VR_IR_POPCNT, VR_T_I64, 0))
ROW(cpopw, unary(l, f, VR_IR_POPCNT, VR_T_I32, 0))
ROW(sext_b, unary(l, f, VR_IR_SEXT, VR_T_I64, 8))
ROW(sext_h, unary(l, f, VR_IR_SEXT, VR_T_I64, 16))
ROW(zext_h, unary(l, f, VR_IR_ZEXT, VR_T_I64, 16))
ROW(rev8, unary(l, f, VR_IR_BSWAP, VR_T_I64, 3))

/* MIN, MINU, MAX, MAXU by op */
HANDLER(min)
{
	static const uint8_t conditions[4] = {VR_CC_LT, VR_CC_CC, VR_CC_GT, VR_CC_HI};
	uint32_t a = rv_get(l, f->rs1), b = rv_get(l, f->rs2);
	uint32_t first = vr_ir_add(l->ir, VR_IR_CMPSET, VR_T_I64, conditions[f->op], a, b, 0, 0);

	return rv_result(l, f, vr_ir_op3(l->ir, VR_IR_SELNZ, VR_T_I64, first, a, b));
}

static int rotate(struct rv_lift *l, const struct rv_fields *f, uint32_t type, uint32_t left)
{
	uint32_t a = rv_get_typed(l, f->rs1, type), n = rv_get_typed(l, f->rs2, type);

	if (left)
		n = vr_ir_op1(l->ir, VR_IR_NEG, type, n);
	uint32_t v = vr_ir_op2(l->ir, VR_IR_ROR, type, a, n);

	if (type == VR_T_I32)
		rv_put_word(l, f->rd, v);
	else
		rv_put(l, f->rd, v);
	return 1;
}

ROW(rol, rotate(l, f, VR_T_I64, 1))
ROW(ror, rotate(l, f, VR_T_I64, 0))
ROW(rolw, rotate(l, f, VR_T_I32, 1))
ROW(rorw, rotate(l, f, VR_T_I32, 0))
ROW(rori, rv_result(l, f, rv_op_imm(l, VR_IR_ROR, VR_T_I64, rv_get(l, f->rs1), f->shamt)))
ROW(roriw,
    rv_word_result(l, f, rv_op_imm(l, VR_IR_ROR, VR_T_I32, rv_get_typed(l, f->rs1, VR_T_I32), f->shamt)))

/* Every byte that is not zero becomes all ones: bit 7 of each says so, and is spread over the byte. */
HANDLER(orc_b)
{
	uint32_t v = rv_get(l, f->rs1), low = rv_const(l, 0x7f7f7f7f7f7f7f7f);
	uint32_t t = rv_op(l, VR_IR_ADD, rv_op(l, VR_IR_AND, v, low), low);

	t = rv_op(l, VR_IR_ANDN, rv_op(l, VR_IR_OR, t, v), low);
	t = rv_op_imm(l, VR_IR_SHR, VR_T_I64, t, 7);
	return rv_result(l, f, rv_op(l, VR_IR_MUL, t, rv_const(l, 0xff)));
}

/* ---- Zbs ------------------------------------------------------------------------------------------ */

static int bit(struct rv_lift *l, const struct rv_fields *f, uint32_t op)
{
	uint32_t a = rv_get(l, f->rs1), n = rv_get(l, f->rs2);

	return rv_result(l, f, rv_op(l, op, a, rv_op(l, VR_IR_SHL, rv_const(l, 1), n)));
}

static int bit_imm(struct rv_lift *l, const struct rv_fields *f, uint32_t op)
{
	uint32_t a = rv_get(l, f->rs1);

	return rv_result(l, f, rv_op(l, op, a, rv_const(l, UINT64_C(1) << f->shamt)));
}

ROW(bclr, bit(l, f, VR_IR_ANDN))
ROW(bclri, bit_imm(l, f, VR_IR_ANDN))
ROW(binv, bit(l, f, VR_IR_XOR))
ROW(binvi, bit_imm(l, f, VR_IR_XOR))
ROW(bset, bit(l, f, VR_IR_OR))
ROW(bseti, bit_imm(l, f, VR_IR_OR))

HANDLER(bext)
{
	uint32_t a = rv_get(l, f->rs1), v = rv_op(l, VR_IR_SHR, a, rv_get(l, f->rs2));

	return rv_result(l, f, rv_op(l, VR_IR_AND, v, rv_const(l, 1)));
}

HANDLER(bexti)
{
	uint32_t v = rv_get(l, f->rs1);

	return rv_result(l, f, vr_ir_add(l->ir, VR_IR_BFX, VR_T_I64, 0, v, 0, 0, f->shamt | 1 << 8));
}
