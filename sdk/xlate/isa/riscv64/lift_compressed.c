/* SPDX-License-Identifier: MIT */
/*
 * lift_compressed.c: C (vol. I, "C" Standard Extension): each 16-bit form is lifted as the 32-bit instruction
 * it stands for. Registers of three bits are x8..x15.
 */
#include "lift.h"

#define SP 2u

/* Opcodes (vol. I, "RV32/64G Instruction Set Listings"). */
#define LOAD 0x03u
#define LOAD_FP 0x07u
#define OP_IMM 0x13u
#define OP_IMM_32 0x1bu
#define STORE 0x23u
#define STORE_FP 0x27u
#define OP 0x33u
#define OP_32 0x3bu
#define LUI 0x37u
#define BRANCH 0x63u
#define JALR 0x67u
#define JAL 0x6fu
#define EBREAK 0x00100073u

static int r_type(struct rv_lift *l, uint32_t opcode, uint32_t funct7, uint32_t funct3, uint32_t rd,
		  uint32_t rs1, uint32_t rs2)
{
	return rv_lift_expanded(l, funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode);
}

static int i_type(struct rv_lift *l, uint32_t opcode, uint32_t funct3, uint32_t rd, uint32_t rs1,
		  uint32_t imm)
{
	return rv_lift_expanded(l, imm << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode);
}

static int s_type(struct rv_lift *l, uint32_t opcode, uint32_t funct3, uint32_t rs1, uint32_t rs2,
		  uint32_t imm)
{
	return rv_lift_expanded(l, (imm >> 5 & 0x7f) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 |
					   (imm & 0x1f) << 7 | opcode);
}

/* The bits of `raw`, the highest first, go where the list says. */
static uint32_t scatter(uint32_t raw, const char *to)
{
	uint32_t n = 0, value = 0;

	while (to[n])
		n++;
	for (uint32_t i = 0; i < n; i++)
		value |= (raw >> (n - 1 - i) & 1) << (uint32_t)(to[i] - 'a');
	return value;
}

/* Positions, a = bit 0: how the listings give them. */
#define AT_4SPN "fejihgcd" /* 5:4|9:6|2|3 */
#define AT_W "fedcg"       /* 5:3|2|6 */
#define AT_D "fedhg"       /* 5:3|7:6 */
#define AT_6 "fedcba"      /* 5|4:0 */
#define AT_16SP "jegihf"   /* 9|4|6|8:7|5 */
#define AT_J "lejikghdcbf" /* 11|4|9:8|10|6|7|3:1|5 */
#define AT_B "iedhgcbf"    /* 8|4:3|7:6|2:1|5 */
#define AT_LWSP "fedchg"   /* 5|4:2|7:6 */
#define AT_LDSP "fedihg"   /* 5|4:3|8:6 */
#define AT_SWSP "fedchg"   /* 5:2|7:6 */
#define AT_SDSP "fedihg"   /* 5:3|8:6 */

static uint32_t x8(uint32_t r)
{
	return r + 8;
}

/* All zeros is illegal by definition: it has no immediate. */
ROW(c_addi4spn, f->imm ? i_type(l, OP_IMM, 0, x8(f->rd), SP, scatter(f->imm, AT_4SPN)) : 0)
ROW(c_fld, i_type(l, LOAD_FP, 3, x8(f->rd), x8(f->rs1), scatter(f->imm, AT_D)))
ROW(c_lw, i_type(l, LOAD, 2, x8(f->rd), x8(f->rs1), scatter(f->imm, AT_W)))
ROW(c_ld, i_type(l, LOAD, 3, x8(f->rd), x8(f->rs1), scatter(f->imm, AT_D)))
ROW(c_fsd, s_type(l, STORE_FP, 3, x8(f->rs1), x8(f->rs2), scatter(f->imm, AT_D)))
ROW(c_sw, s_type(l, STORE, 2, x8(f->rs1), x8(f->rs2), scatter(f->imm, AT_W)))
ROW(c_sd, s_type(l, STORE, 3, x8(f->rs1), x8(f->rs2), scatter(f->imm, AT_D)))

static uint32_t imm6(const struct rv_fields *f)
{
	return (uint32_t)rv_signed(f->imm, 6) & 0xfff;
}

ROW(c_addi, i_type(l, OP_IMM, 0, f->rd, f->rd, imm6(f)))
ROW(c_addiw, f->rd ? i_type(l, OP_IMM_32, 0, f->rd, f->rd, imm6(f)) : 0)
ROW(c_li, i_type(l, OP_IMM, 0, f->rd, 0, imm6(f)))

HANDLER(c_addi16sp)
{
	uint32_t imm = (uint32_t)rv_signed(scatter(f->imm, AT_16SP), 10) & 0xfff;

	return imm ? i_type(l, OP_IMM, 0, SP, SP, imm) : 0;
}

HANDLER(c_lui)
{
	uint32_t imm = (uint32_t)rv_signed(f->imm, 6) & 0xfffff;

	return imm ? rv_lift_expanded(l, imm << 12 | f->rd << 7 | LUI) : 0;
}

ROW(c_srli, i_type(l, OP_IMM, 5, x8(f->rd), x8(f->rd), f->imm))
ROW(c_srai, i_type(l, OP_IMM, 5, x8(f->rd), x8(f->rd), f->imm | 0x400))
ROW(c_andi, i_type(l, OP_IMM, 7, x8(f->rd), x8(f->rd), imm6(f)))

/* C.SUB, C.XOR, C.OR, C.AND */
HANDLER(c_arith)
{
	static const uint8_t funct3[4] = {0, 4, 6, 7};

	return r_type(l, OP, f->op ? 0 : 0x20, funct3[f->op], x8(f->rd), x8(f->rd), x8(f->rs2));
}

/* C.SUBW, C.ADDW */
ROW(c_arithw, r_type(l, OP_32, f->op ? 0 : 0x20, 0, x8(f->rd), x8(f->rd), x8(f->rs2)))

HANDLER(c_j)
{
	uint32_t to = (uint32_t)rv_signed(scatter(f->imm, AT_J), 12);

	return rv_lift_expanded(l, (to >> 20 & 1) << 31 | (to >> 1 & 0x3ff) << 21 | (to >> 11 & 1) << 20 |
					   (to >> 12 & 0xff) << 12 | JAL);
}

/* C.BEQZ, C.BNEZ */
HANDLER(c_beqz)
{
	uint32_t to = (uint32_t)rv_signed(scatter(f->imm, AT_B), 9);

	return rv_lift_expanded(l, (to >> 12 & 1) << 31 | (to >> 5 & 0x3f) << 25 | x8(f->rs1) << 15 |
					   f->op << 12 | (to >> 1 & 0xf) << 8 | (to >> 11 & 1) << 7 | BRANCH);
}

ROW(c_slli, i_type(l, OP_IMM, 1, f->rd, f->rd, f->imm))
ROW(c_fldsp, i_type(l, LOAD_FP, 3, f->rd, SP, scatter(f->imm, AT_LDSP)))
ROW(c_lwsp, f->rd ? i_type(l, LOAD, 2, f->rd, SP, scatter(f->imm, AT_LWSP)) : 0)
ROW(c_ldsp, f->rd ? i_type(l, LOAD, 3, f->rd, SP, scatter(f->imm, AT_LDSP)) : 0)

HANDLER(c_ebreak)
{
	(void)f;
	return rv_lift_expanded(l, EBREAK);
}

ROW(c_jr, f->rs1 ? i_type(l, JALR, 0, f->op, f->rs1, 0) : 0)
ROW(c_mv, r_type(l, OP, 0, 0, f->rd, 0, f->rs2))
ROW(c_add, r_type(l, OP, 0, 0, f->rd, f->rd, f->rs2))
ROW(c_fsdsp, s_type(l, STORE_FP, 3, SP, f->rs2, scatter(f->imm, AT_SDSP)))
ROW(c_swsp, s_type(l, STORE, 2, SP, f->rs2, scatter(f->imm, AT_SWSP)))
ROW(c_sdsp, s_type(l, STORE, 3, SP, f->rs2, scatter(f->imm, AT_SDSP)))
