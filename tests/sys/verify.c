/* SPDX-License-Identifier: MIT */
/* The IR verifier takes what is well-formed and names what is not; the printer prints all of it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "xlate/ir/build.h"
#include "xlate/ir/ir.h"

static struct vr_ir_op ops[64];
static struct vr_ir_block blocks[4];
static struct vr_ir ir;
static char why[160];

/* An IR of one block, to which the test adds ops; close() ends the block. */
static void open_block(void)
{
	memset(ops, 0, sizeof(ops));
	memset(blocks, 0, sizeof(blocks));
	ir = (struct vr_ir){.size = sizeof(ir),
			    .op_count = 1,
			    .op_capacity = 64,
			    .block_count = 1,
			    .block_capacity = 4,
			    .ops = ops,
			    .blocks = blocks};
	blocks[0] = (struct vr_ir_block){
		.start = 0x100, .end = 0x104, .first = 1, .insns = 1, .succ = {VR_NO_BLOCK, VR_NO_BLOCK}};
	vr_ir_add(&ir, VR_IR_INSN_START, VR_T_NONE, 0, 0, 0, 0, 0x100);
}

static int close_block(void)
{
	blocks[0].count = ir.op_count - 1;
	return vr_ir_verify(&ir, NULL, why, sizeof(why));
}

static void leave(void)
{
	vr_ir_add(&ir, VR_IR_GOTO, VR_T_NONE, 0, 0, 0, 0, 0x104);
}

static void refused(const char *reason)
{
	cr_assert_eq(close_block(), VR_E_INVAL);
	cr_assert(strstr(why, reason), "\"%s\" does not say \"%s\"", why, reason);
}

static void well_formed(void)
{
	open_block();
	uint32_t a = vr_ir_get(&ir, VR_T_I64, 3), b = vr_ir_const(&ir, VR_T_I32, 5);
	uint32_t v = vr_ir_add(&ir, VR_IR_LOAD, VR_T_I64, 3 | VR_MS_SIGN, a, 0, 0,
			       VR_MEM_IMM(-8, VR_MF_ACQUIRE | VR_MF_SC));
	uint32_t p = vr_ir_add(&ir, VR_IR_LOADP, VR_T_V128, 4, a, 0, 0, 0);
	uint32_t q = vr_ir_op1(&ir, VR_IR_LOADP_HI, VR_T_V128, p);
	uint32_t f = vr_ir_op2(&ir, VR_IR_F_SUB, VR_T_I64, v, b);
	uint32_t s = vr_ir_add(&ir, VR_IR_SELECT, VR_T_V128, VR_CC_GT, f, p, q, 0);
	vr_ir_add(&ir, VR_IR_CASIF, VR_T_I64, 3, a, v, b, v);
	vr_ir_put(&ir, VR_T_V128, 64, s);
	vr_ir_put(&ir, VR_T_FLAGS, 32, f);
	vr_ir_add(&ir, VR_IR_CALL, VR_T_I64, 0, 0, a, 0, 2);
	vr_ir_add(&ir, VR_IR_BRCC, VR_T_NONE, VR_CC_NE, f, 0, 0, 0x100);
	blocks[0].succ[VR_EDGE_TAKEN] = 0;
}

Test(verify, accepts)
{
	well_formed();
	cr_assert_eq(close_block(), 0, "%s", why);
	cr_assert_eq(why[0], 0);
}

Test(verify, operands)
{
	open_block();
	vr_ir_op2(&ir, VR_IR_ADD, VR_T_I64, 1, 0);
	leave();
	refused("op 1, which has no value");

	open_block();
	vr_ir_op2(&ir, VR_IR_ADD, VR_T_I64, vr_ir_const(&ir, VR_T_I64, 1), 0);
	leave();
	refused("operand b is missing");

	open_block();
	vr_ir_op1(&ir, VR_IR_NOT, VR_T_I64, 2);
	leave();
	refused("not an earlier one");

	open_block();
	vr_ir_op1(&ir, VR_IR_NOT, VR_T_I64, vr_ir_get(&ir, VR_T_V128, 64));
	leave();
	refused("kind 'v', not 'i'");

	open_block();
	vr_ir_add(&ir, VR_IR_SETCC, VR_T_I64, 0, vr_ir_const(&ir, VR_T_I64, 1), 0, 0, 0);
	leave();
	refused("kind 'i', not 'f'");

	open_block();
	vr_ir_op1(&ir, VR_IR_LOADP_HI, VR_T_I64, vr_ir_const(&ir, VR_T_I64, 1));
	leave();
	refused("not a LOADP");
}

Test(verify, other_block)
{
	open_block();
	uint32_t a = vr_ir_const(&ir, VR_T_I64, 1);
	leave();
	blocks[0].count = ir.op_count - 1;
	blocks[1] =
		(struct vr_ir_block){.first = ir.op_count, .count = 2, .succ = {VR_NO_BLOCK, VR_NO_BLOCK}};
	ir.block_count = 2;
	vr_ir_op1(&ir, VR_IR_NOT, VR_T_I64, a);
	leave();
	cr_assert_eq(vr_ir_verify(&ir, NULL, why, sizeof(why)), VR_E_INVAL);
	cr_assert(strstr(why, "not an earlier one of this block"));
}

Test(verify, shape)
{
	open_block();
	vr_ir_const(&ir, VR_T_I64, 1);
	refused("without a terminator");

	open_block();
	leave();
	leave();
	refused("terminator inside");

	open_block();
	leave();
	blocks[0].succ[0] = 1;
	refused("edge 0");

	open_block();
	leave();
	blocks[0].count = 60;
	cr_assert_eq(vr_ir_verify(&ir, NULL, why, sizeof(why)), VR_E_INVAL);

	open_block();
	ops[0].op = VR_IR_INSN_START;
	leave();
	refused("op 0");

	open_block();
	vr_ir_add(&ir, VR_IR_COUNT, 0, 0, 0, 0, 0, 0);
	leave();
	refused("unknown op");

	open_block();
	vr_ir_add(&ir, VR_IR_CONST, 9, 0, 0, 0, 0, 0);
	leave();
	refused("type 9");

	open_block();
	vr_ir_add(&ir, VR_IR_ADD, VR_T_V128, 0, 1, 1, 0, 0);
	leave();
	refused("type 6");
}

Test(verify, precise_faults)
{
	open_block();
	uint32_t a = vr_ir_get(&ir, VR_T_I64, 0);
	vr_ir_put(&ir, VR_T_I64, 1, a);
	vr_ir_add(&ir, VR_IR_LOAD, VR_T_I64, 3, a, 0, 0, 0);
	leave();
	refused("may fault after PUT");

	open_block();
	a = vr_ir_get(&ir, VR_T_I64, 0);
	vr_ir_put(&ir, VR_T_I64, 1, a);
	vr_ir_add(&ir, VR_IR_INSN_START, VR_T_NONE, 0, 0, 0, 0, 0x104);
	vr_ir_add(&ir, VR_IR_LOAD, VR_T_I64, 3, a, 0, 0, 0);
	leave();
	cr_assert_eq(close_block(), 0, "%s", why);
}

/* ---- rows ---- */

#define WIDE 5u
static struct vr_guest_reg registers[] = {
	{.offset = 0, .kind = VR_REG_INT, .name = "x"},
	{.offset = 16, .kind = VR_REG_VEC, .name = "v"},
	{.offset = 8, .kind = VR_REG_FLAGS, .name = "f"},
	{.offset = VR_EXEC_STATE + 16, .kind = VR_REG_INT, .name = "y"},
	{.offset = 32, .kind = VR_REG_CONDITION, .name = "p"},
	[WIDE] = {.offset = 64, .kind = VR_REG_VEC256, .name = "w"},
};
static const struct vr_helper helpers[] = {{.name = "plain"},
					   {.name = "vector", .flags = VR_HF_VECTOR},
					   {.name = "six", .flags = VR_HF_SIX},
					   {.name = "wide", .flags = VR_HF_VECTOR | VR_HF_V256}};
static const struct vr_isa isa = {
	.size = sizeof(isa),
	.guest_reg_stride = sizeof(struct vr_guest_reg),
	.helper_stride = sizeof(struct vr_helper),
	.state_size = 64,
	.guest_regs = registers,
	.guest_reg_count = sizeof(registers) / sizeof(registers[0]),
	.helpers = helpers,
	.helper_count = sizeof(helpers) / sizeof(helpers[0]),
};

static uint32_t type_of(char letter)
{
	return (uint32_t)(strchr(VR_IR_TYPE_LETTERS, letter) - VR_IR_TYPE_LETTERS);
}

static uint32_t value_of(uint32_t type)
{
	return type == VR_T_FLAGS      ? vr_ir_get(&ir, VR_T_FLAGS, 2)
	       : type == VR_T_V256     ? vr_ir_get(&ir, type, WIDE)
	       : vr_ir_is_vector(type) ? vr_ir_get(&ir, type, 1)
				       : vr_ir_const(&ir, VR_T_I64, 1);
}

/* An op with operands as its row says, in a block of its own, which is not closed. Returns its number. */
static uint32_t lone_op(uint32_t op, uint32_t type)
{
	const struct vr_ir_info *info = &vr_ir_ops[op];
	uint32_t operand[3] = {0, 0, 0}, at;

	open_block();
	uint32_t condition = value_of(VR_T_I64);

	for (uint32_t i = 0; info->operands[i]; i++)
		switch (info->operands[i]) {
		case 'k':
		case 'n':
		case 'b':
			break;
		case 'l':
			operand[i] = vr_ir_add(&ir, VR_IR_LOADP, type, 0, condition, 0, 0, 0);
			while (!vr_ir_aux_legal(&ops[operand[i]], false))
				ops[operand[i]].aux++;
			break;
		case 'f':
			operand[i] = value_of(VR_T_FLAGS);
			break;
		case 'v':
		case 'V':
			operand[i] = value_of(VR_T_V128);
			break;
		case 't':
			operand[i] = value_of(type);
			break;
		default:
			operand[i] = value_of(VR_T_I64);
		}
	at = vr_ir_add(&ir, op, type, 0, operand[0], operand[1], operand[2], 0);
	for (uint32_t aux = 0; aux < 256 && !vr_ir_aux_legal(&ops[at], false); aux++)
		ops[at].aux = (uint8_t)aux;
	if (info->imm == VR_IMM_ATOMIC_IF)
		ops[at].imm = condition;
	else
		for (uint64_t imm = 0; imm < 0x10000 && !vr_ir_imm_legal(&ops[at], &isa, false); imm++)
			ops[at].imm = imm;
	return at;
}

static int close_of(uint32_t at)
{
	if (ops[at].op == VR_IR_ARGS)
		vr_ir_add(&ir, VR_IR_CALL, VR_T_I64, 0, 0, 0, 0, 2);
	if (vr_ir_ops[ops[at].op].op_class != VR_IRC_TERM)
		leave();
	blocks[0].count = ir.op_count - 1;
	return vr_ir_verify(&ir, &isa, why, sizeof(why));
}

/* Each op is taken in each of its types, and in no other; it has the operands that its row says, and no more. */
Test(verify, rows)
{
	for (uint32_t op = 0; op < VR_IR_COUNT; op++)
		for (uint32_t type = VR_T_NONE; type < VR_T_COUNT; type++) {
			const struct vr_ir_info *info = &vr_ir_ops[op];
			int legal = strchr(info->types, VR_IR_TYPE_LETTERS[type]) != NULL;

			/* A row may allow a lane size in one of its types only. */
			if (!legal) {
				uint32_t at = lone_op(op, type_of(info->types[0]));

				ops[at].type = (uint8_t)type;
				cr_expect_eq(close_of(at), VR_E_INVAL, "%s of type %u", info->name, type);
				continue;
			}
			uint32_t at = lone_op(op, type);

			cr_expect_eq(close_of(at), 0, "%s of type %u: %s", info->name, type, why);
			uint32_t *operand[3] = {&ops[at].a, &ops[at].b, &ops[at].c};
			for (uint32_t i = 0; i < 3; i++) {
				uint32_t was = *operand[i], n = (uint32_t)strlen(info->operands);
				int optional = i < n && strchr("IVkn", info->operands[i]) != NULL;

				*operand[i] = was && !optional ? 0 : 999;
				cr_expect_eq(vr_ir_verify(&ir, &isa, why, sizeof(why)), VR_E_INVAL,
					     "%s with operand %u = %u", info->name, i, *operand[i]);
				*operand[i] = was;
			}
		}
	cr_assert_null(vr_ir_info(VR_IR_COUNT).name);
}

/* aux and imm beyond their ranges: for each kind of either, one op of that kind. */
static const struct {
	uint16_t op;
	uint8_t type, aux;
	uint64_t imm;
} beyond[] = {
	{VR_IR_NOT, VR_T_I64, 1, 0},
	{VR_IR_NOT, VR_T_I64, 0, 1},
	{VR_IR_DIVU, VR_T_I64, 2, 0},
	{VR_IR_PUT, VR_T_FLAGS, 1, 2},
	{VR_IR_PUT, VR_T_I64, 3, 4},
	{VR_IR_ADDSHL, VR_T_I64, 4, 0},
	{VR_IR_EXTR, VR_T_I32, 32, 0},
	{VR_IR_BSWAP, VR_T_I32, 3, 0},
	{VR_IR_BSWAP, VR_T_I64, 0, 0},
	{VR_IR_SEXT, VR_T_I64, 24, 0},
	{VR_IR_CRC32, VR_T_I32, 8, 0},
	{VR_IR_SETCC, VR_T_I64, 15, 0},
	{VR_IR_LOAD, VR_T_I32, 3, 0},
	{VR_IR_LOAD, VR_T_F64, 2, 0},
	{VR_IR_LOAD, VR_T_V128, 5, 0},
	{VR_IR_LOAD, VR_T_V256, 4, 0},
	{VR_IR_GET, VR_T_V256, 0, 1},
	{VR_IR_PUT, VR_T_V256, 0, 1},
	{VR_IR_PUT, VR_T_V128, VR_PUT_KEEP, 1},
	{VR_IR_PUT, VR_T_V256, VR_PUT_KEEP, WIDE},
	{VR_IR_PUT, VR_T_I64, VR_PUT_KEEP, 0},
	{VR_IR_VCALL, VR_T_V256, 0, 1},
	{VR_IR_VCALL, VR_T_V128, 0, 3},
	{VR_IR_VEXT, VR_T_V256, 0, 16},
	{VR_IR_STORE, VR_T_I64, 3 | VR_MS_SIGN, 0},
	{VR_IR_CAS2, VR_T_V128, 3, 0},
	{VR_IR_FENCE, VR_T_NONE, 3, 0},
	{VR_IR_FMADD, VR_T_F64, 4, 0},
	{VR_IR_FADD, VR_T_F64, 0, 1},
	{VR_IR_FADD, VR_T_F64, 0, VR_FPA_NAN_LARGER + VR_FPA_NAN_DEFAULT},
	{VR_IR_FADD, VR_T_F64, 0, VR_FPA_MINMAX_MASK},
	{VR_IR_FADD, VR_T_F64, 0, VR_FPA_TINY_MASK},
	{VR_IR_FADD, VR_T_F64, 0, VR_FPA_ALL + 1},
	{VR_IR_VFADD, VR_T_V128, 2, 1ull << 32},
	{VR_IR_FNEG, VR_T_F64, 0, VR_FPA_TRAPS},
	{VR_IR_VFROUND, VR_T_V128, 3, VR_FPA_SSE | 16},
	{VR_IR_FTOI, VR_T_I64, 5 << 2, 0},
	{VR_IR_ITOF, VR_T_F64, 4, 0},
	{VR_IR_FROUND, VR_T_F64, 6, 0},
	{VR_IR_VMUL, VR_T_V128, 3, 0},
	{VR_IR_VZIP1, VR_T_V64, 3, 0},
	{VR_IR_VADD, VR_T_V128, 4, 0},
	{VR_IR_VGETLANE, VR_T_I64, 8, 0},
	{VR_IR_BRBIT, VR_T_I64, 128, 0},
	{VR_IR_JUMP_INDIRECT, VR_T_NONE, 3, 0},
	{VR_IR_INSN_START, VR_T_NONE, 0, 4096},
	{VR_IR_INSN_START, VR_T_NONE, 0, ~0ull},
	{VR_IR_F_ADD, VR_T_I32, VR_FA_8 | VR_FA_16, 0},
	{VR_IR_F_ADD, VR_T_I64, VR_FA_8, 0},
	{VR_IR_F_SUB, VR_T_I32, VR_FA_READS_NOT_C, 0},
	{VR_IR_F_SBC, VR_T_I64, VR_FA_16, 0},
	{VR_IR_F_ADC, VR_T_I32, 16, 0},
	{VR_IR_ADC, VR_T_I32, VR_FA_8, 0},
	{VR_IR_SBC, VR_T_I32, VR_FA_NOT_C, 0},
	{VR_IR_F_TO, VR_T_I64, 2, 0},
	{VR_IR_F_MERGE, VR_T_FLAGS, 0, 16},
	{VR_IR_CONST, VR_T_I32, 0, 1ull << 32},
	{VR_IR_GET, VR_T_I64, 0, 1},
	{VR_IR_GET, VR_T_F64, 0, 0},
	{VR_IR_GET, VR_T_FLAGS, 0, WIDE},
	{VR_IR_GET, VR_T_FLAGS, 0, WIDE + 1},
	{VR_IR_GET, VR_T_FLAGS, 0, 4},
	{VR_IR_GET, VR_T_I64, 1, 4},
	{VR_IR_LDS, VR_T_I64, 0, 0},
	{VR_IR_LDS, VR_T_I64, 0, VR_EXEC_STATE + 4},
	{VR_IR_LDS, VR_T_I32, 0, VR_EXEC_STATE + 20},
	{VR_IR_LDS, VR_T_I64, 0, VR_EXEC_STATE + 64},
	{VR_IR_BFX, VR_T_I64, 0, 0},
	{VR_IR_BFX, VR_T_I32, 0, 1 | 32 << 8},
	{VR_IR_F_CONST, VR_T_FLAGS, 0, 16},
	{VR_IR_LOAD, VR_T_I64, 3, VR_MEM_IMM(0, VR_MF_SAME_PAGE)},
	{VR_IR_LOAD, VR_T_I64, 3, VR_MEM_IMM(0, VR_MF_STORE)},
	{VR_IR_AMO, VR_T_I64, 3, VR_MEM_IMM(0, 1 << 15)},
	{VR_IR_CAS, VR_T_I64, 3, VR_MEM_IMM(8, 0)},
	{VR_IR_CASIF, VR_T_I64, 3, 0},
	{VR_IR_CALL, VR_T_I64, 0, 1},
	{VR_IR_CALL, VR_T_I64, 0, 3},
	{VR_IR_CALL, VR_T_I64, 0, 4},
	{VR_IR_VCALL, VR_T_V128, 0, 0},
	{VR_IR_VSHL, VR_T_V128, 1, 16},
	{VR_IR_VSHR, VR_T_V128, 1, 17},
	{VR_IR_VDUPLANE, VR_T_V128, 2, 4},
	{VR_IR_VINSLANE, VR_T_V128, 3, 0x20},
	{VR_IR_VEXT, VR_T_V64, 0, 8},
	{VR_IR_VREV, VR_T_V128, 1, 1},
	{VR_IR_VFTOI, VR_T_V128, 3, 5},
	{VR_IR_VFROUND, VR_T_V128, 3, 16},
};

Test(verify, ranges)
{
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		uint32_t at = lone_op(beyond[i].op, beyond[i].type);

		ops[at].aux = beyond[i].aux;
		ops[at].imm = beyond[i].imm;
		cr_expect_eq(close_of(at), VR_E_INVAL, "row %zu: %s, aux %u, imm 0x%lx", i,
			     vr_ir_ops[beyond[i].op].name, beyond[i].aux, beyond[i].imm);
	}
}

/* ARGS stands directly before a CALL, whose helper wants it. */
Test(verify, arguments)
{
	static const uint32_t helper[] = {2, 0};

	for (uint32_t n = 0; n < 2; n++) {
		open_block();
		uint32_t a = vr_ir_get(&ir, VR_T_I64, 0);
		vr_ir_add(&ir, VR_IR_ARGS, VR_T_I64, 0, a, 0, a, 0);
		vr_ir_add(&ir, VR_IR_CALL, VR_T_I64, 0, a, a, a, helper[n]);
		leave();
		blocks[0].count = ir.op_count - 1;
		cr_expect_eq(vr_ir_verify(&ir, &isa, why, sizeof(why)), n ? VR_E_INVAL : 0, "%s", why);
		/* Without an isa, that of the helper is not looked at. */
		cr_expect_eq(vr_ir_verify(&ir, NULL, why, sizeof(why)), 0, "%s", why);
	}
	open_block();
	uint32_t a = vr_ir_get(&ir, VR_T_I64, 0);
	vr_ir_add(&ir, VR_IR_ARGS, VR_T_I64, 0, a, 0, a, 0);
	vr_ir_add(&ir, VR_IR_NOP, VR_T_NONE, 0, 0, 0, 0, 0);
	vr_ir_add(&ir, VR_IR_CALL, VR_T_I64, 0, a, a, a, 2);
	leave();
	refused("follows at once");
	/* Without ARGS, the last three are missing, as others may be. */
	open_block();
	vr_ir_add(&ir, VR_IR_CALL, VR_T_I64, 0, 0, 0, 0, 2);
	leave();
	cr_assert_eq(close_block(), 0, "%s", why);
}

Test(verify, pairs)
{
	open_block();
	uint32_t a = vr_ir_get(&ir, VR_T_I64, 0), p = vr_ir_add(&ir, VR_IR_LOADP, VR_T_I64, 3, a, 0, 0, 0);
	vr_ir_op1(&ir, VR_IR_LOADP_HI, VR_T_I32, p);
	leave();
	refused("not a LOADP of this type");
}

/* What only an engine may say. */
Test(verify, lifter_and_engine)
{
	open_block();
	uint32_t a = vr_ir_get(&ir, VR_T_I64, 0), b = vr_ir_get(&ir, VR_T_I64, 0);
	vr_ir_add(&ir, VR_IR_LOAD, VR_T_I64, 3, a, b, 8, 0);
	uint32_t hint = vr_ir_add(&ir, VR_IR_LOAD, VR_T_I64, 3, a, 0, 0, VR_MEM_IMM(0, VR_MF_SAME_PAGE));
	uint32_t f = vr_ir_op2(&ir, VR_IR_F_SUB, VR_T_I64, a, b);
	vr_ir_add(&ir, VR_IR_PUT, VR_T_FLAGS, 1, f, 0, 0, 2);
	leave();
	refused("the engine's");
	cr_assert_eq(vr_ir_verify_optimized(&ir, &isa, why, sizeof(why)), 0, "%s", why);
	ops[hint].imm |= (uint64_t)VR_MF_ACQUIRE << 32;
	cr_assert_eq(vr_ir_verify_optimized(&ir, &isa, why, sizeof(why)), VR_E_INVAL);
}

/* FP attributes: any of them beside rounding; those of fp_always; an op that may fault comes before its instruction's PUTs. */
Test(verify, fp_attributes)
{
	struct vr_isa always = isa;

	always.fp_always = VR_FPA_DENORMAL;
	for (uint32_t put = 0; put < 2; put++)
		for (uint32_t traps = 0; traps < 2; traps++) {
			open_block();
			uint32_t v = vr_ir_get(&ir, VR_T_V128, 1);

			if (put)
				vr_ir_put(&ir, VR_T_V128, 1, v);
			vr_ir_add(&ir, VR_IR_VFROUND, VR_T_V128, 3, v, 0, 0,
				  VR_FPA_SSE | 8 | VR_RM_ZERO | (traps ? VR_FPA_TRAPS : 0));
			leave();
			if (put && traps)
				refused("may fault after PUT");
			else
				cr_assert_eq(close_block(), 0, "%s", why);
		}
	open_block();
	uint32_t d = vr_ir_get(&ir, VR_T_F64, 1);
	uint32_t at = vr_ir_op2(&ir, VR_IR_FADD, VR_T_F64, d, d);

	leave();
	cr_assert_eq(close_block(), 0, "%s", why);
	cr_assert_eq(vr_ir_verify(&ir, &always, why, sizeof(why)), VR_E_INVAL);
	ops[at].imm = VR_FPA_DENORMAL;
	cr_assert_eq(vr_ir_verify(&ir, &always, why, sizeof(why)), 0, "%s", why);
}

/* A VEC256 register takes vectors of all types. */
Test(verify, wide_registers)
{
	open_block();
	uint32_t w = vr_ir_get(&ir, VR_T_V256, WIDE), low = vr_ir_get(&ir, VR_T_F32, WIDE);

	vr_ir_put(&ir, VR_T_V256, WIDE, low);
	vr_ir_put(&ir, VR_T_V128, WIDE, w);
	vr_ir_add(&ir, VR_IR_PUT, VR_T_V64, VR_PUT_KEEP, w, 0, 0, WIDE);
	vr_ir_put(&ir, VR_T_V128, 1, w);
	leave();
	cr_assert_eq(close_block(), 0, "%s", why);
}

Test(verify, edges)
{
	open_block();
	leave();
	blocks[0].succ[VR_EDGE_TAKEN] = 0;
	refused("another place");
	open_block();
	vr_ir_add(&ir, VR_IR_GOTO, VR_T_NONE, 0, 0, 0, 0, 0x100);
	blocks[0].succ[VR_EDGE_TAKEN] = 0;
	cr_assert_eq(close_block(), 0, "%s", why);
	blocks[0].succ[VR_EDGE_FALL] = 0;
	refused("does not have");
}

/* VR_IR_LIVE values may wait for their use, one more may not; constants don't count. */
Test(verify, live_values)
{
	static struct vr_ir_op many[256];

	for (uint32_t extra = 0; extra < 2; extra++) {
		open_block();
		memset(many, 0, sizeof(many));
		memcpy(many, ops, 2 * sizeof(ops[0]));
		ir.ops = many;
		ir.op_capacity = 256;
		uint32_t n = VR_IR_LIVE + extra, value[VR_IR_LIVE + 1], sum = vr_ir_const(&ir, VR_T_I64, 1);

		for (uint32_t i = 0; i < n; i++)
			value[i] = vr_ir_get(&ir, VR_T_I64, 0);
		for (uint32_t i = n; i-- > 0;)
			sum = vr_ir_op2(&ir, VR_IR_ADD, VR_T_I64, value[i], sum);
		vr_ir_put(&ir, VR_T_I64, 0, sum);
		leave();
		if (extra)
			refused("are live");
		else
			cr_assert_eq(close_block(), 0, "%s", why);
	}
}

Test(print, one_op_a_line)
{
	char *text = NULL;
	size_t size = 0;
	well_formed();
	cr_assert_eq(close_block(), 0);
	FILE *out = open_memstream(&text, &size);
	vr_ir_print(out, &ir, NULL, 0x40000000);
	fclose(out);
	uint32_t lines = 0;
	for (char *p = text; (p = strchr(p, '\n')); p++)
		lines++;
	cr_assert_eq(lines, 1 + blocks[0].count);
	cr_assert(strstr(text, "LOAD.i64 v2 bytes=8 signed disp=-8 acquire sc"), "%s", text);
	cr_assert(strstr(text, "BRCC v7 ne -> 0x40000100"), "%s", text);
	cr_assert(strstr(text, "PUT.flags v7 [reg 32]\n"), "%s", text);
	free(text);
}
