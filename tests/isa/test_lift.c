/* SPDX-License-Identifier: MIT */
/* test_lift.c: whatever the guest's bytes are, lifting them yields a well-formed block. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "xlate/ir/ir.h"
#include "xlate/isa/arm64/isa.h"
#define A64_DECODE_TABLE_ONLY
#include "a64_decode.h"
#include "random.h"

#define OPS 8192
#define AT UINT64_C(0x100) /* in the page */

static struct vr_ir_op ops[OPS];
static struct vr_ir_block blocks[4];

/* Lift `words` at offset `at` of a page into a fresh IR with a capacity of `capacity` ops. */
static int32_t lift_at(struct vr_ir *ir, uint64_t at, const uint32_t *words, uint32_t count,
		       uint64_t mode_flags, uint32_t capacity)
{
	struct vr_lift rq = {
		.size = sizeof(rq),
		.max_insns = count,
		.offset = (uint32_t)at,
		.mode_flags = mode_flags,
		.code = (const uint8_t *)words,
		.length = count * 4,
	};

	memset(ops, 0xa5, sizeof(ops));
	memset(ops, 0, sizeof(ops[0]));
	*ir = (struct vr_ir){.size = sizeof(*ir),
			     .op_count = 1,
			     .op_capacity = capacity,
			     .block_capacity = 4,
			     .ops = ops,
			     .blocks = blocks};
	return a64_lift_block(NULL, &rq, ir);
}

static void check(const struct vr_ir *ir, uint64_t start, const uint32_t *words, uint32_t count,
		  uint64_t mode_flags)
{
	char why[256];
	const struct vr_ir_block *b = &ir->blocks[0];

	cr_assert_eq(ir->block_count, 1);
	cr_assert_eq(ir->overflow, 0);
	cr_assert_eq(vr_ir_verify(ir, &a64_isa, why, sizeof(why)), 0, "%08x mode flags %#x: %s",
		     words[b->insns ? b->insns - 1 : 0], (unsigned)mode_flags, why);
	cr_assert_eq(b->start, start);
	cr_assert(b->insns >= 1 && b->insns <= count);
	cr_assert_eq(b->end, start + 4 * (uint64_t)b->insns);
	cr_assert_eq(b->first + b->count, ir->op_count);
	cr_assert(b->succ[0] == VR_NO_BLOCK && b->succ[1] == VR_NO_BLOCK);

	/* One INSN_START an instruction, in order, first. */
	uint64_t at = start;
	cr_assert_eq(ir->ops[b->first].op, VR_IR_INSN_START);
	for (uint32_t i = b->first; i < ir->op_count; i++) {
		const struct vr_ir_op *o = &ir->ops[i];
		if (o->op == VR_IR_INSN_START) {
			cr_assert_eq(o->imm, at);
			at += 4;
		}
		if (o->op == VR_IR_CALL)
			cr_assert_lt(o->imm, A64_H_COUNT);
	}
	cr_assert_eq(at, b->end);
}

static uint64_t random_mode_flags(uint64_t *seed)
{
	uint64_t mode_flags = random_next(seed) & 0x1fff;

	if (random_next(seed) & 3)
		mode_flags = (mode_flags | A64_MODE_FP) & ~(uint64_t)A64_MODE_STEP;
	return mode_flags;
}

Test(lift, any_word)
{
	uint64_t seed = 11;
	struct vr_ir ir;

	for (unsigned i = 0; i < 400000; i++) {
		uint32_t insn = (uint32_t)random_next(&seed);
		uint64_t mode_flags = random_mode_flags(&seed);
		cr_assert_eq(lift_at(&ir, AT, &insn, 1, mode_flags, 512), 0, "%08x", insn);
		check(&ir, AT, &insn, 1, mode_flags);
	}
}

/* Most random words are undefined: words made from the rows' patterns reach every handler. */
Test(lift, any_word_of_any_row)
{
	uint64_t seed = 12;
	struct vr_ir ir;

	for (int row = 0; row < A64_ROWS; row++) {
		for (unsigned i = 0; i < 300; i++) {
			uint32_t insn = a64_row_table[row].value |
					((uint32_t)random_next(&seed) & ~a64_row_table[row].mask);
			uint64_t mode_flags = random_mode_flags(&seed);
			cr_assert_eq(lift_at(&ir, AT, &insn, 1, mode_flags, 512), 0, "%08x", insn);
			check(&ir, AT, &insn, 1, mode_flags);
		}
	}
}

static void random_block(uint64_t *seed, uint32_t *words, unsigned count)
{
	for (unsigned k = 0; k < count; k++) {
		const struct a64_row_info *r = &a64_row_table[random_next(seed) % A64_ROWS];
		words[k] = r->value | ((uint32_t)random_next(seed) & ~r->mask);
	}
}

Test(lift, blocks)
{
	uint64_t seed = 13;
	uint32_t words[64];
	struct vr_ir ir;

	for (unsigned i = 0; i < 20000; i++) {
		uint64_t mode_flags = random_mode_flags(&seed),
			 at = random_next(&seed) % 0xf00 & ~UINT64_C(3);
		random_block(&seed, words, 64);
		cr_assert_eq(lift_at(&ir, at, words, 64, mode_flags, OPS), 0);
		check(&ir, at, words, 64, mode_flags);
	}
}

/* With a smaller capacity the block is a shorter one, down to none. */
Test(lift, overflow_shortens)
{
	uint64_t seed = 14;
	uint32_t words[32];
	struct vr_ir ir;

	for (unsigned i = 0; i < 3000; i++) {
		uint64_t mode_flags = random_mode_flags(&seed);
		random_block(&seed, words, 32);
		for (uint32_t capacity = 1; capacity < 80;
		     capacity += 1 + (uint32_t)(random_next(&seed) & 7)) {
			int32_t rc = lift_at(&ir, AT, words, 32, mode_flags, capacity);
			cr_assert_leq(ir.op_count, capacity);
			cr_assert_eq(ir.op_capacity, capacity);
			if (rc == 0) {
				check(&ir, AT, words, 32, mode_flags);
			} else {
				cr_assert_eq(rc, VR_E_NOMEM);
				cr_assert_eq(ir.op_count, 1);
				cr_assert_eq(ir.block_count, 0);
				cr_assert_eq(ir.overflow, 1);
			}
		}
	}
}

/* Software step: one instruction, and a way out that can be stopped. */
Test(lift, a_step_is_one_instruction)
{
	uint64_t seed = 15;
	uint32_t words[8];
	struct vr_ir ir;

	for (unsigned i = 0; i < 100000; i++) {
		uint64_t mode_flags = random_mode_flags(&seed) | A64_MODE_STEP;
		random_block(&seed, words, 8);
		cr_assert_eq(lift_at(&ir, AT, words, 8, mode_flags, 1024), 0);
		check(&ir, AT, words, 1, mode_flags);
		uint32_t k = ir.blocks[0].first + 1;
		while (vr_ir_is_constant(ir.ops[k].op))
			k++;
		cr_assert(ir.ops[k].op == VR_IR_CALL && ir.ops[k].imm == A64_H_step, "%08x", words[0]);
		uint32_t last = ir.ops[ir.op_count - 1].op;
		cr_assert(last == VR_IR_EXIT || last == VR_IR_EXIT_TO || last == VR_IR_JUMP_INDIRECT, "%08x",
			  words[0]);
	}
}

Test(lift, misaligned_pc_faults)
{
	uint32_t nop = 0xd503201f;
	struct vr_ir ir;
	char why[256];

	cr_assert_eq(lift_at(&ir, AT + 2, &nop, 1, A64_MODE_EL1, 64), 0);
	cr_assert_eq(vr_ir_verify(&ir, &a64_isa, why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(ir.ops[ir.op_count - 1].op, VR_IR_EXIT);
}

/* The ops of one instruction, without INSN_START and the closing GOTO. */
static uint32_t ops_of(uint32_t insn, uint64_t mode_flags, const struct vr_ir_op **first)
{
	struct vr_ir ir;

	cr_assert_eq(lift_at(&ir, AT, &insn, 1, mode_flags, 512), 0);
	check(&ir, AT, &insn, 1, mode_flags);
	*first = &ops[ir.blocks[0].first + 1];
	return ir.blocks[0].count - 2;
}

/* Emitters make one instruction of a sum and the flags right after it with the same operands. */
Test(lift, flags_follow_the_sum)
{
	static const struct {
		uint32_t insn;
		uint16_t sum, flags;
	} both[] = {
		{0xab020020, VR_IR_ADD, VR_IR_F_ADD}, /* adds x0, x1, x2 */
		{0x71001c83, VR_IR_SUB, VR_IR_F_SUB}, /* subs w3, w4, #7 */
		{0xba020020, VR_IR_ADC, VR_IR_F_ADC}, /* adcs x0, x1, x2 */
		{0x7a020020, VR_IR_SBC, VR_IR_F_SBC}, /* sbcs w0, w1, w2 */
	};

	for (unsigned i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
		const struct vr_ir_op *o;
		uint32_t count = ops_of(both[i].insn, 0, &o), k = 0;
		while (k < count && o[k].op != both[i].sum)
			k++;
		cr_assert_lt(k + 1, count, "%08x", both[i].insn);
		cr_assert_eq(o[k + 1].op, both[i].flags);
		cr_assert(o[k + 1].a == o[k].a && o[k + 1].b == o[k].b && o[k + 1].c == o[k].c);
		cr_assert_eq(o[k + 1].type, o[k].type);
	}
}

static uint32_t count_op(uint32_t insn, uint64_t mode_flags, uint16_t op)
{
	const struct vr_ir_op *o;
	uint32_t count = ops_of(insn, mode_flags, &o), n = 0;

	for (uint32_t i = 0; i < count; i++)
		n += o[i].op == op;
	return n;
}

Test(lift, idioms_are_short)
{
	cr_expect_eq(count_op(0xeb02003f, 0, VR_IR_SUB), 0, "CMP has no difference");
	cr_expect_eq(count_op(0xaa0103e0, 0, VR_IR_OR), 0, "MOV is a copy");
	cr_expect_eq(count_op(0x910003e0, 0, VR_IR_ADD), 0, "MOV from SP is a copy");
	cr_expect_eq(count_op(0xd37df020, 0, VR_IR_SHL), 1, "LSL #3 is a shift");
	cr_expect_eq(count_op(0x93407c20, 0, VR_IR_SEXT), 1, "SXTW");
	cr_expect_eq(count_op(0x1a9f07e0, 0, VR_IR_SETCC), 1, "CSET");
	cr_expect_eq(count_op(0xa9bf7bfd, 0, VR_IR_STOREP), 1, "STP is one access");
	cr_expect_eq(count_op(0xa9bf7bfd, A64_MODE_ALIGN, VR_IR_STORE), 2,
		     "... or two where alignment is checked");
	cr_expect_eq(count_op(0xd53bd040, 0, VR_IR_CALL), 0, "MRS TPIDR_EL0 is a load");
	cr_expect_eq(count_op(0xd5384100, 0, VR_IR_CALL), 1, "MRS SP_EL0 at EL0 is the helper's");
}

/* EL0 may not use what belongs to EL1. */
Test(lift, privileged_words_are_undefined_at_el0)
{
	static const uint32_t words[] = {
		0xd69f03e0, /* eret */
		0xd4000002, /* hvc #0 */
		0xd4000003, /* smc #0 */
		0xd508831f, /* tlbi vmalle1is */
		0xd508711f, /* ic ialluis */
		0xd5087803, /* at s1e1r, x3 */
		0xd50041bf, /* msr spsel, #1 */
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct vr_ir_op *o;
		uint32_t count = ops_of(words[i], A64_MODE_FP, &o), n = 0;
		for (uint32_t k = 0; k < count; k++)
			n += o[k].op == VR_IR_CALL && o[k].imm == A64_H_raise;
		cr_expect_eq(n, 1, "%08x", words[i]);
		ops_of(words[i], A64_MODE_FP | A64_MODE_EL1, &o);
	}
}

/* Where branches go: terminator, its aux, and its target relative to the instruction (0 for indirect ones).
 */
Test(lift, branches)
{
	static const struct {
		uint32_t insn;
		uint16_t op;
		uint8_t aux;
		int64_t offset;
	} known[] = {
		{0x15ffffff, VR_IR_GOTO, 0, 0x7fffffc},                     /* b .+134217724 */
		{0x97ffffff, VR_IR_GOTO, 1, -4},                            /* bl .-4 */
		{0x54000040, VR_IR_BRCC, VR_CC_EQ, 8},                      /* b.eq .+8 */
		{0x54ffffad, VR_IR_BRCC, VR_CC_LE, -12},                    /* b.le .-12 */
		{0x54ffffae, VR_IR_GOTO, 0, -12},                           /* b.al .-12 */
		{0xb4000040, VR_IR_BRCMP, VR_CC_EQ, 8},                     /* cbz x0, .+8 */
		{0x35ffffc3, VR_IR_BRCMP, VR_CC_NE, -8},                    /* cbnz w3, .-8 */
		{0xb400005f, VR_IR_GOTO, 0, 8},                             /* cbz xzr, .+8 */
		{0xb500005f, VR_IR_GOTO, 0, 4},                             /* cbnz xzr, .+8 */
		{0xb6fbffe0, VR_IR_BRBIT, 63 | 64, 32764},                  /* tbz x0, #63, .+32764 */
		{0x37040000, VR_IR_BRBIT, 0, -32768},                       /* tbnz w0, #0, .-32768 */
		{0xd61f0220, VR_IR_JUMP_INDIRECT, VR_JUMP, INT64_MIN},      /* br x17 */
		{0xd63f03c0, VR_IR_JUMP_INDIRECT, VR_JUMP_CALL, INT64_MIN}, /* blr x30 */
		{0xd65f03c0, VR_IR_JUMP_INDIRECT, VR_JUMP_RET, INT64_MIN},  /* ret */
		{0xd5033fdf, VR_IR_EXIT_TO, 0, 4},                          /* isb */
		{0xd4000001, VR_IR_EXIT, 0, INT64_MIN},                     /* svc #0 */
	};

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct vr_ir_op *o;
		const struct vr_ir_op *last = (ops_of(known[i].insn, 0, &o), o);
		while (vr_ir_info(last->op).op_class != VR_IRC_TERM)
			last++;
		cr_expect_eq(last->op, known[i].op, "%08x", known[i].insn);
		cr_expect_eq(last->aux, known[i].aux, "%08x", known[i].insn);
		if (known[i].offset != INT64_MIN)
			cr_expect_eq(last->imm, AT + (uint64_t)known[i].offset, "%08x", known[i].insn);
	}
	/* The target is read before the link register is written, and X30 gets the return address. */
	const struct vr_ir_op *o;
	uint32_t count = ops_of(0xd63f03c0, 0, &o);
	cr_expect_eq(count, 4);
	cr_expect(o[0].op == VR_IR_GET && o[0].imm == 30);
	cr_expect(o[1].op == VR_IR_PC_CONST && o[1].imm == AT + 4);
	cr_expect(o[2].op == VR_IR_PUT && o[2].imm == 30 && o[2].a == (uint32_t)(&o[1] - ops));
	cr_expect(o[3].op == VR_IR_RAS_PUSH && o[3].imm == AT + 4);
	cr_expect_eq(o[4].a, (uint32_t)(&o[0] - ops));
}
