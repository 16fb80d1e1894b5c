/* SPDX-License-Identifier: MIT */
/* lift_int.c: RV64I and M: computation, loads and stores, branches (vol. I, "RV32I", "RV64I", "M"). */
#include "lift.h"

/* ---- computation ------------------------------------------------------------------------------- */

static uint64_t imm12(const struct rv_fields *f)
{
	return rv_signed(f->imm, 12);
}

ROW(lui, rv_result(l, f, rv_const(l, rv_signed((uint64_t)f->imm << 12, 32))))
ROW(auipc, rv_result(l, f, rv_pc_const(l, l->pc + rv_signed((uint64_t)f->imm << 12, 32))))

static int op_imm(struct rv_lift *l, const struct rv_fields *f, uint32_t op)
{
	uint64_t value = imm12(f);

	if (f->rs1 == 0 && op == VR_IR_ADD) /* LI */
		return rv_result(l, f, rv_const(l, value));
	if (op == VR_IR_AND)
		return rv_result(l, f, rv_op(l, op, rv_get(l, f->rs1), rv_const(l, value)));
	return rv_result(l, f, rv_op_imm(l, op, VR_T_I64, rv_get(l, f->rs1), value));
}

static uint32_t compare(struct rv_lift *l, uint32_t condition, uint32_t a, uint32_t b)
{
	return vr_ir_add(l->ir, VR_IR_CMPSET, VR_T_I64, condition, a, b, 0, 0);
}

static int shift_imm(struct rv_lift *l, const struct rv_fields *f, uint32_t op)
{
	return rv_result(l, f, rv_op_imm(l, op, VR_T_I64, rv_get(l, f->rs1), f->shamt));
}

static int shift_imm_word(struct rv_lift *l, const struct rv_fields *f, uint32_t op)
{
	return rv_word_result(l, f, rv_op_imm(l, op, VR_T_I32, rv_get_typed(l, f->rs1, VR_T_I32), f->shamt));
}

static int op_reg_word(struct rv_lift *l, const struct rv_fields *f, uint32_t op)
{
	uint32_t a = rv_get_typed(l, f->rs1, VR_T_I32), b = rv_get_typed(l, f->rs2, VR_T_I32);

	return rv_word_result(l, f, vr_ir_op2(l->ir, op, VR_T_I32, a, b));
}

ROW(addi, op_imm(l, f, VR_IR_ADD))
ROW(xori, op_imm(l, f, VR_IR_XOR))
ROW(ori, op_imm(l, f, VR_IR_OR))
ROW(andi, op_imm(l, f, VR_IR_AND))

HANDLER(slti)
{
	uint32_t a = rv_get(l, f->rs1);

	return rv_result(l, f, compare(l, VR_CC_LT, a, rv_const(l, imm12(f))));
}

HANDLER(sltiu)
{
	uint32_t a = rv_get(l, f->rs1);

	return rv_result(l, f, compare(l, VR_CC_CC, a, rv_const(l, imm12(f))));
}

ROW(slli, shift_imm(l, f, VR_IR_SHL))
ROW(slliw, shift_imm_word(l, f, VR_IR_SHL))
ROW(srli, shift_imm(l, f, VR_IR_SHR))
ROW(srliw, shift_imm_word(l, f, VR_IR_SHR))
ROW(srai, shift_imm(l, f, VR_IR_SAR))
ROW(sraiw, shift_imm_word(l, f, VR_IR_SAR))

HANDLER(addiw)
{
	return rv_word_result(l, f,
			      rv_op_imm(l, VR_IR_ADD, VR_T_I32, rv_get_typed(l, f->rs1, VR_T_I32), imm12(f)));
}

ROW(add, rv_op_reg(l, f, VR_IR_ADD))
ROW(addw, op_reg_word(l, f, VR_IR_ADD))
ROW(sub, rv_op_reg(l, f, VR_IR_SUB))
ROW(subw, op_reg_word(l, f, VR_IR_SUB))
ROW(sll, rv_op_reg(l, f, VR_IR_SHL))
ROW(sllw, op_reg_word(l, f, VR_IR_SHL))
ROW(srl, rv_op_reg(l, f, VR_IR_SHR))
ROW(srlw, op_reg_word(l, f, VR_IR_SHR))
ROW(sra, rv_op_reg(l, f, VR_IR_SAR))
ROW(sraw, op_reg_word(l, f, VR_IR_SAR))
ROW(mul, rv_op_reg(l, f, VR_IR_MUL))
ROW(mulw, op_reg_word(l, f, VR_IR_MUL))
ROW(xor, rv_op_reg(l, f, VR_IR_XOR))
ROW(or, rv_op_reg(l, f, VR_IR_OR))
ROW(and, rv_op_reg(l, f, VR_IR_AND))
ROW(mulh, rv_op_reg(l, f, VR_IR_MULHS))
ROW(mulhu, rv_op_reg(l, f, VR_IR_MULHU))

HANDLER(slt)
{
	uint32_t a = rv_get(l, f->rs1);

	return rv_result(l, f, compare(l, VR_CC_LT, a, rv_get(l, f->rs2)));
}

HANDLER(sltu)
{
	uint32_t a = rv_get(l, f->rs1);

	return rv_result(l, f, compare(l, VR_CC_CC, a, rv_get(l, f->rs2)));
}

/* The unsigned product's high half is too large by b when a is negative. */
HANDLER(mulhsu)
{
	uint32_t a = rv_get(l, f->rs1), b = rv_get(l, f->rs2);
	uint32_t high = rv_op(l, VR_IR_MULHU, a, b), sign = rv_op_imm(l, VR_IR_SAR, VR_T_I64, a, 63);

	return rv_result(l, f, rv_op(l, VR_IR_SUB, high, rv_op(l, VR_IR_AND, sign, b)));
}

/* DIV, DIVU, REM, REMU by op; division by zero gives all ones. */
static uint32_t divide(struct rv_lift *l, const struct rv_fields *f, uint32_t type)
{
	static const uint16_t ops[4] = {VR_IR_DIVS, VR_IR_DIVU, VR_IR_REMS, VR_IR_REMU};
	uint32_t a = rv_get_typed(l, f->rs1, type), b = rv_get_typed(l, f->rs2, type);

	return vr_ir_add(l->ir, ops[f->op], type, f->op < 2, a, b, 0, 0);
}

ROW(div, rv_result(l, f, divide(l, f, VR_T_I64)))
ROW(divw, rv_word_result(l, f, divide(l, f, VR_T_I32)))

/* ---- loads and stores ---------------------------------------------------------------------------- */

static int load(struct rv_lift *l, const struct rv_fields *f, uint32_t aux)
{
	return rv_result(l, f,
			 vr_ir_add(l->ir, VR_IR_LOAD, VR_T_I64, aux, rv_get(l, f->rs1), 0, 0,
				   VR_MEM_IMM(imm12(f), 0)));
}

/* LB, LH, LW, LD */
ROW(load, load(l, f, f->op | (f->op < 3 ? VR_MS_SIGN : 0)))

/* LBU, LHU */
ROW(loadu, load(l, f, f->op))
ROW(lwu, load(l, f, 2))

/* SB, SH, SW, SD */
HANDLER(store)
{
	uint32_t a = rv_get(l, f->rs1);

	vr_ir_add(l->ir, VR_IR_STORE, VR_T_I64, f->op, a, rv_get(l, f->rs2), 0, VR_MEM_IMM(imm12(f), 0));
	return 1;
}

/* ---- branches ------------------------------------------------------------------------------------ */

static int branch(struct rv_lift *l, const struct rv_fields *f, uint32_t condition)
{
	/* imm[12|10:5] and imm[4:1|11] */
	uint64_t to = (uint64_t)(f->imm >> 11 & 1) << 12 | (uint64_t)(f->imm & 1) << 11 | (f->imm & 0x7fe);
	uint32_t a = rv_get(l, f->rs1), b = rv_get(l, f->rs2);

	l->branch = (struct rv_branch){.to = l->pc + rv_signed(to, 13), .cc = condition, .a = a, .b = b};
	l->branch.op = vr_ir_add(l->ir, VR_IR_BRCMP, VR_T_I64, condition, a, b, 0, l->branch.to);
	l->done = 1;
	return 1;
}

ROW(beq, branch(l, f, f->op ? VR_CC_NE : VR_CC_EQ))

/* BLT, BGE, BLTU, BGEU */
HANDLER(blt)
{
	static const uint8_t conditions[4] = {VR_CC_LT, VR_CC_GE, VR_CC_CC, VR_CC_CS};

	return branch(l, f, conditions[f->op]);
}

/* x1 and x5 are link registers (vol. I, "Unconditional Jumps"): hints for a return-address stack. */
static uint32_t is_link(uint32_t r)
{
	return r == 1 || r == 5;
}

static void link_register(struct rv_lift *l, uint32_t rd)
{
	if (rd)
		rv_put(l, rd, rv_pc_const(l, l->pc + l->length));
	if (is_link(rd))
		vr_ir_add(l->ir, VR_IR_RAS_PUSH, VR_T_NONE, 0, 0, 0, 0, l->pc + l->length);
}

HANDLER(jal)
{
	/* imm[20|10:1|11|19:12] */
	uint64_t to = (uint64_t)(f->imm >> 19 & 1) << 20 | (f->imm >> 9 & 0x3ff) << 1 |
		      (f->imm >> 8 & 1) << 11 | (f->imm & 0xff) << 12;

	link_register(l, f->rd);
	rv_end(l, VR_IR_GOTO, is_link(f->rd), 0, l->pc + rv_signed(to, 21));
	return 1;
}

HANDLER(jalr)
{
	uint32_t to = rv_op_imm(l, VR_IR_ADD, VR_T_I64, rv_get(l, f->rs1), imm12(f));

	to = rv_op_imm(l, VR_IR_AND, VR_T_I64, to, ~UINT64_C(1));
	link_register(l, f->rd);
	rv_end(l, VR_IR_JUMP_INDIRECT,
	       is_link(f->rd)    ? VR_JUMP_CALL
	       : is_link(f->rs1) ? VR_JUMP_RET
				 : VR_JUMP,
	       to, 0);
	return 1;
}
