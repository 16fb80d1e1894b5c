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
		.pc = 0x1000, .end = 0x1004, .first = 1, .insns = 1, .succ = {VR_NO_BLOCK, VR_NO_BLOCK}};
	vr_ir_add(&ir, VR_IR_INSN_START, VR_T_NONE, 0, 0, 0, 0, 0x1000);
}

static int close_block(void)
{
	blocks[0].count = ir.op_count - 1;
	return vr_ir_verify(&ir, NULL, why, sizeof(why));
}

static void leave(void)
{
	vr_ir_add(&ir, VR_IR_GOTO, VR_T_NONE, 0, 0, 0, 0, 0x1004);
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
	vr_ir_add(&ir, VR_IR_BRCC, VR_T_NONE, VR_CC_NE, f, 0, 0, 0x1000);
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
	vr_ir_add(&ir, VR_IR_INSN_START, VR_T_NONE, 0, 0, 0, 0, 0x1004);
	vr_ir_add(&ir, VR_IR_LOAD, VR_T_I64, 3, a, 0, 0, 0);
	leave();
	cr_assert_eq(close_block(), 0, "%s", why);
}

/* Every op has a signature that fits the operands of ir_ops.def: with operands of the right kind it is taken.
 */
Test(verify, knows_every_op)
{
	for (uint32_t op = 0; op < VR_IR_COUNT; op++) {
		struct vr_ir_info info = vr_ir_info(op);
		uint32_t taken = 0;
		for (uint32_t type = VR_T_NONE; type <= VR_T_FLAGS && !taken; type++)
			for (uint32_t kinds = 0; kinds < 27 && !taken; kinds++) {
				open_block();
				uint32_t of[3] = {vr_ir_const(&ir, VR_T_I64, 1),
						  vr_ir_get(&ir, VR_T_V128, 64),
						  vr_ir_get(&ir, VR_T_FLAGS, 32)};
				uint32_t first = of[kinds % 3], second = of[kinds / 3 % 3],
					 third = of[kinds / 9];
				if (op == VR_IR_LOADP_HI)
					first = vr_ir_add(&ir, VR_IR_LOADP, VR_T_I64, 3, of[0], 0, 0, 0);
				uint64_t imm = op == VR_IR_BFX || op == VR_IR_BFI ? 8 << 8 : of[0];
				vr_ir_add(&ir, op, type, 0, first, second, op == VR_IR_AMO ? 0 : third, imm);
				if (info.class != VR_IRC_TERM)
					leave();
				taken = close_block() == 0;
			}
		cr_assert(taken, "%s: %s", info.name, why);
	}
	cr_assert_null(vr_ir_info(VR_IR_COUNT).name);
}

Test(print, one_op_a_line)
{
	char *text = NULL;
	size_t size = 0;
	well_formed();
	cr_assert_eq(close_block(), 0);
	FILE *out = open_memstream(&text, &size);
	vr_ir_print(out, &ir, NULL);
	fclose(out);
	uint32_t lines = 0;
	for (char *p = text; (p = strchr(p, '\n')); p++)
		lines++;
	cr_assert_eq(lines, 1 + blocks[0].count);
	cr_assert(strstr(text, "LOAD.i64 v2 bytes=8 signed disp=-8 acquire sc"), "%s", text);
	cr_assert(strstr(text, "BRCC v7 ne -> 0x1000"), "%s", text);
	cr_assert(strstr(text, "PUT.flags v7 [reg 32] live=3"), "%s", text);
	free(text);
}
