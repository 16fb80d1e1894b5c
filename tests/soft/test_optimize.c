/* SPDX-License-Identifier: MIT */
/* test_optimize.c: the optimiser, compared with the interpreter: guest registers and memory are the same
 * before and after optimisation. */
#include <string.h>

#include <criterion/criterion.h>
#include <ir/build.h>
#include <ir/ir.h>

#include "interp.h"
#include "fake_isa.h"

#define REGS 8
#define FLAGS 16
#define CONDITION 17
#define WIDE 19
#define OPS 512
#define MEMORY 64

struct fake_region {
	struct vr_ir ir;
	struct vr_ir_op ops[OPS];
	struct vr_ir_block blocks[4];
};

static union {
	struct vr_exec x;
	uint8_t room[VR_EXEC_STATE + sizeof(struct fake_state)];
} exec;
static uint64_t memory[MEMORY];
static uint64_t seed;

static uint32_t any(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

/* Helpers: one changes guest registers, one reads them, one does neither. */
static uint64_t VR_CALL writes(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)c;
	fake_r(x)[a % REGS] ^= b + 1;
	fake_of(x)->flags ^= VR_FLAG_N;
	return a + b;
}

static uint64_t VR_CALL reads(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)c;
	return fake_r(x)[a % REGS] + b + fake_of(x)->flags;
}

static uint64_t VR_CALL pure(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)x, (void)c;
	return a * 3 + b;
}

static const struct vr_helper helpers[] = {
	{.name = "writes", .flags = VR_HF_READS | VR_HF_WRITES, .u.fn = writes},
	{.name = "reads", .flags = VR_HF_READS, .u.fn = reads},
	{.name = "pure", .u.fn = pure},
};

static int32_t access_memory(struct vr_exec *x, const struct vr_ir_op *op, uint64_t address,
			     const union vr_v256 *a, const union vr_v256 *b, union vr_v256 *result)
{
	uint64_t *at = &memory[address / 8 % MEMORY];
	uint64_t mask = (op->aux & 7) < 3 ? (UINT64_C(1) << (8u << (op->aux & 7))) - 1 : UINT64_MAX;

	(void)x, (void)b;
	if (op->op == VR_IR_STORE)
		*at = (*at & ~mask) | (a->d[0] & mask);
	else
		result->d[0] = *at & mask;
	return 0;
}

static const struct soft_interp_memory the_memory = {.access = access_memory};

static struct vr_isa isa(void)
{
	struct vr_isa i = fake_isa;

	i.helpers = helpers;
	i.helper_count = 3;
	i.helper_stride = sizeof(helpers[0]);
	return i;
}

/* Run from block 0 on, by pc (a block's number times 16), until a block exits or the limit is reached. */
static void run(const struct vr_isa *i, const struct vr_ir *ir)
{
	union vr_v256 values[OPS];

	exec.x.pc = 0;
	for (uint32_t n = 0; n < 50 && exec.x.pc / 16 < ir->block_count; n++)
		soft_interp_block(&exec.x, i, ir, (uint32_t)(exec.x.pc / 16), 0, values, &the_memory);
}

static void fill(uint64_t with)
{
	seed = with;
	memset(&exec, 0, sizeof(exec));
	for (uint32_t n = 0; n < REGS; n++)
		fake_r(&exec.x)[n] = (uint64_t)any(UINT32_MAX) << 32 | any(UINT32_MAX);
	fake_of(&exec.x)->flags = any(2) ? VR_FLAG_Z : VR_FLAG_NOT_C;
	for (uint32_t n = 0; n < MEMORY; n++)
		memory[n] = any(UINT32_MAX);
}

static void begin(struct fake_region *w)
{
	memset(w, 0, sizeof(*w));
	w->ir = (struct vr_ir){.size = sizeof(w->ir),
			       .op_count = 1,
			       .op_capacity = OPS,
			       .block_capacity = 4,
			       .ops = w->ops,
			       .blocks = w->blocks};
}

static void end_block(struct fake_region *w, uint32_t first, uint32_t taken, uint32_t fall)
{
	struct vr_ir_block *b = &w->ir.blocks[w->ir.block_count];

	*b = (struct vr_ir_block){.start = w->ir.block_count * 16,
				  .end = (w->ir.block_count + 1) * 16,
				  .first = first,
				  .count = w->ir.op_count - first,
				  .insns = 1,
				  .flags = VR_BLOCK_ENTRY,
				  .succ = {taken, fall}};
	w->ir.block_count++;
}

/* Optimise as for an emitter with so many registers for pinning. */
static void optimise_for(struct fake_region *w, uint32_t registers)
{
	static uint32_t scratch[2 * OPS];
	const struct vr_isa i = isa();
	const struct vr_emit emit = {.size = sizeof(emit), .integer_regs = registers};
	struct soft_reg_assignment plan;
	char why[160];

	cr_assert_eq(vr_ir_verify(&w->ir, &i, why, sizeof(why)), 0, "before: %s", why);
	soft_optimize(&i, registers ? &emit : NULL, &w->ir, &exec.x.code, scratch, &plan);
	cr_assert_leq(plan.pinned_count, registers);
	cr_assert_eq(vr_ir_verify_optimized(&w->ir, &i, why, sizeof(why)), 0, "after: %s", why);
}

static void optimise(struct fake_region *w)
{
	optimise_for(w, 0);
}

static uint32_t count_ops(const struct fake_region *w, uint32_t op)
{
	uint32_t n = 0;

	for (uint32_t i = 1; i < w->ir.op_count; i++)
		n += w->ops[i].op == op;
	return n;
}

/* ---- by hand ---- */

Test(optimize, constants_fold_as_they_are_computed)
{
	static const uint16_t kinds[] = {VR_IR_ADD, VR_IR_SUB, VR_IR_AND, VR_IR_OR,
					 VR_IR_XOR, VR_IR_SHL, VR_IR_SHR, VR_IR_MUL};
	static const uint64_t numbers[] = {0,  1,          31,         32,        63,
					   64, 0x80000000, UINT32_MAX, INT64_MAX, UINT64_MAX};
	const struct vr_isa i = isa();
	struct fake_region w;

	for (uint32_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (uint32_t n = 0; n < 200; n++) {
			uint32_t type = n & 1 ? VR_T_I32 : VR_T_I64;

			begin(&w);
			vr_ir_add(&w.ir, VR_IR_INSN_START, 0, 0, 0, 0, 0, 0);
			uint32_t a = vr_ir_const(&w.ir, type, numbers[n / 2 % 10]),
				 b = vr_ir_const(&w.ir, type, numbers[n / 20]);
			uint32_t c = vr_ir_op2(&w.ir, kinds[k], type, a, b);

			vr_ir_put(&w.ir, VR_T_I64, 0, c);
			/* Also with an unknown value. */
			vr_ir_put(&w.ir, VR_T_I64, 2,
				  vr_ir_op2(&w.ir, kinds[k], type, vr_ir_get(&w.ir, type, 1), b));
			vr_ir_add(&w.ir, VR_IR_GOTO, 0, 0, 0, 0, 0, 4096);
			end_block(&w, 1, VR_NO_BLOCK, VR_NO_BLOCK);
			fill(n);
			run(&i, &w.ir);
			uint64_t want = fake_r(&exec.x)[0], other = fake_r(&exec.x)[2];

			optimise(&w);
			fill(n);
			run(&i, &w.ir);
			cr_assert_eq(fake_r(&exec.x)[0], want, "op %u row %u", kinds[k], n);
			cr_assert_eq(fake_r(&exec.x)[2], other, "op %u row %u", kinds[k], n);
			if (kinds[k] != VR_IR_MUL)
				cr_assert_leq(count_ops(&w, kinds[k]), 1);
		}
}

/* An address of code and a constant are one address of code, unless addresses wrap; through a register as well. */
Test(optimize, addresses_of_code_fold)
{
	static const struct {
		uint32_t op, turned;
		uint64_t k;
	} cases[] = {{VR_IR_ADD, 0, 0x123456},
		     {VR_IR_ADD, 1, (uint64_t)-0x5000},
		     {VR_IR_SUB, 0, 0x2040},
		     {VR_IR_AND, 0, ~UINT64_C(1)},
		     {VR_IR_AND, 1, ~UINT64_C(0xfff)},
		     {VR_IR_SUB, 1, 0x7fff0000},
		     {VR_IR_AND, 0, ~UINT64_C(0x1fff)},
		     {VR_IR_XOR, 0, 1}};
	static const uint32_t folded = 5; /* of the cases: the first ones */
	const struct vr_isa i = isa();
	struct fake_region w;

	for (uint32_t n = 0; n < 2 * sizeof(cases) / sizeof(cases[0]); n++) {
		uint32_t c = n / 2, wraps = n & 1;

		begin(&w);
		memset(&exec, 0, sizeof(exec));
		exec.x.code.ignored = wraps ? ~UINT64_C(0xffff) : 0;
		vr_ir_add(&w.ir, VR_IR_INSN_START, 0, 0, 0, 0, 0, 0);
		vr_ir_put(&w.ir, VR_T_I64, 1, vr_ir_pc_const(&w.ir, VR_T_I64, (uint64_t)-0x6543));
		uint32_t pc = vr_ir_get(&w.ir, VR_T_I64, 1), k = vr_ir_const(&w.ir, VR_T_I64, cases[c].k);

		vr_ir_put(&w.ir, VR_T_I64, 2,
			  vr_ir_op2(&w.ir, cases[c].op, VR_T_I64, cases[c].turned ? k : pc,
				    cases[c].turned ? pc : k));
		vr_ir_add(&w.ir, VR_IR_GOTO, 0, 0, 0, 0, 0, 4096);
		end_block(&w, 1, VR_NO_BLOCK, VR_NO_BLOCK);
		union vr_v256 values[OPS];

		soft_interp_block(&exec.x, &i, &w.ir, 0, 0x7654000, values, &the_memory);
		uint64_t want = fake_r(&exec.x)[2];

		optimise(&w);
		cr_assert_eq(count_ops(&w, cases[c].op), wraps || c >= folded, "case %u", n);
		fake_r(&exec.x)[2] = 0;
		soft_interp_block(&exec.x, &i, &w.ir, 0, 0x7654000, values, &the_memory);
		cr_assert_eq(fake_r(&exec.x)[2], want, "case %u", n);
	}
}

Test(optimize, flags_that_are_overwritten_go)
{
	struct fake_region w;

	begin(&w);
	uint32_t a = vr_ir_get(&w.ir, VR_T_I64, 0), b = vr_ir_get(&w.ir, VR_T_I64, 1);

	vr_ir_put(&w.ir, VR_T_FLAGS, FLAGS, vr_ir_op2(&w.ir, VR_IR_F_SUB, VR_T_I64, a, b));
	uint32_t f = vr_ir_op2(&w.ir, VR_IR_F_ADD, VR_T_I64, a, b);

	vr_ir_put(&w.ir, VR_T_FLAGS, FLAGS, f);
	vr_ir_add(&w.ir, VR_IR_BRCC, VR_T_NONE, VR_CC_EQ, f, 0, 0, 4096);
	end_block(&w, 1, VR_NO_BLOCK, VR_NO_BLOCK);
	optimise(&w);
	cr_assert_eq(count_ops(&w, VR_IR_F_SUB), 0);
	cr_assert_eq(count_ops(&w, VR_IR_F_ADD), 1);
	cr_assert_eq(count_ops(&w, VR_IR_PUT), 1, "a path that leaves the region reads them");
}

/* INC twice and a branch on zero: one F_MERGE is left, for a path that leaves the region; the branch reads the sum's flags. */
Test(optimize, merged_flags_are_followed_bit_by_bit)
{
	struct fake_region w;

	begin(&w);
	uint32_t one = vr_ir_const(&w.ir, VR_T_I64, 1), last = 0, sum = 0;

	for (uint32_t n = 0; n < 2; n++) {
		uint32_t a = vr_ir_get(&w.ir, VR_T_I64, n), old = vr_ir_get(&w.ir, VR_T_FLAGS, FLAGS);

		sum = vr_ir_op2(&w.ir, VR_IR_F_ADD, VR_T_I64, a, one);
		last = vr_ir_add(&w.ir, VR_IR_F_MERGE, VR_T_FLAGS, 0, old, sum, 0, 0xd);
		vr_ir_put(&w.ir, VR_T_FLAGS, FLAGS, last);
	}
	uint32_t carry = vr_ir_add(&w.ir, VR_IR_SETCC, VR_T_I64, VR_CC_CS, last, 0, 0, 0),
		 put = w.ir.op_count - 2;

	vr_ir_put(&w.ir, VR_T_I64, 2, carry);
	vr_ir_add(&w.ir, VR_IR_BRCC, VR_T_NONE, VR_CC_EQ, last, 0, 0, 4096);
	end_block(&w, 1, VR_NO_BLOCK, VR_NO_BLOCK);
	optimise(&w);
	cr_assert_eq(count_ops(&w, VR_IR_F_MERGE), 1);
	cr_assert_eq(count_ops(&w, VR_IR_F_ADD), 1);
	cr_assert_eq(w.ops[w.ir.op_count - 1].a, sum, "the branch reads Z of the sum");
	cr_assert_eq(w.ops[w.ops[carry].a].op, VR_IR_GET, "C is what it was before both");
	cr_assert_eq(w.ops[w.ops[put].a].op, VR_IR_F_MERGE);
}

/* Where only Z is read later, and all is overwritten then, an F_MERGE is its second operand, also over an edge. */
Test(optimize, a_merge_goes_where_its_other_bits_are_dead)
{
	for (uint32_t cc = VR_CC_EQ; cc <= VR_CC_CS; cc += VR_CC_CS) {
		struct fake_region w;

		begin(&w);
		uint32_t a = vr_ir_get(&w.ir, VR_T_I64, 0), one = vr_ir_const(&w.ir, VR_T_I64, 1);
		uint32_t old = vr_ir_get(&w.ir, VR_T_FLAGS, FLAGS);
		uint32_t sum = vr_ir_op2(&w.ir, VR_IR_F_ADD, VR_T_I64, a, one);

		vr_ir_put(&w.ir, VR_T_FLAGS, FLAGS,
			  vr_ir_add(&w.ir, VR_IR_F_MERGE, VR_T_FLAGS, 0, old, sum, 0, 0xd));
		vr_ir_add(&w.ir, VR_IR_GOTO, VR_T_NONE, 0, 0, 0, 0, 16);
		end_block(&w, 1, 1, VR_NO_BLOCK);
		uint32_t first = w.ir.op_count, f = vr_ir_get(&w.ir, VR_T_FLAGS, FLAGS);

		vr_ir_put(&w.ir, VR_T_I64, 1, vr_ir_add(&w.ir, VR_IR_SETCC, VR_T_I64, cc, f, 0, 0, 0));
		f = vr_ir_get(&w.ir, VR_T_I64, 1);
		vr_ir_put(&w.ir, VR_T_FLAGS, FLAGS, vr_ir_op2(&w.ir, VR_IR_F_SUB, VR_T_I64, f, f));
		vr_ir_add(&w.ir, VR_IR_GOTO, VR_T_NONE, 0, 0, 0, 0, 4096);
		end_block(&w, first, VR_NO_BLOCK, VR_NO_BLOCK);
		optimise(&w);
		cr_assert_eq(count_ops(&w, VR_IR_F_MERGE), 0);
		cr_assert_eq(count_ops(&w, VR_IR_F_ADD), cc == VR_CC_EQ, "which operand it became");
	}
}

/* Registers of kind CONDITION as FLAGS: overwritten before they are read, also with an access between. */
Test(optimize, condition_registers_that_are_overwritten_go)
{
	for (uint32_t used = 0; used < 2; used++)
		for (uint32_t reg = 2; reg <= CONDITION; reg += CONDITION - 2) {
			struct fake_region w;

			begin(&w);
			uint32_t a = vr_ir_get(&w.ir, VR_T_I64, 0), b = vr_ir_get(&w.ir, VR_T_I64, 1);

			vr_ir_put(&w.ir, VR_T_I64, reg, vr_ir_op2(&w.ir, VR_IR_SUB, VR_T_I64, a, b));
			vr_ir_add(&w.ir, VR_IR_INSN_START, 0, 0, 0, 0, 0, 4);
			vr_ir_add(&w.ir, VR_IR_STORE, VR_T_I64, 3, a, b, 0, 0);
			if (used) {
				uint32_t g = vr_ir_get(&w.ir, VR_T_I64, reg);

				vr_ir_put(&w.ir, VR_T_I64, 3, vr_ir_op1(&w.ir, VR_IR_PARITY, VR_T_I64, g));
			}
			vr_ir_put(&w.ir, VR_T_I32, reg, a);
			vr_ir_add(&w.ir, VR_IR_GOTO, 0, 0, 0, 0, 0, 4096);
			end_block(&w, 1, VR_NO_BLOCK, VR_NO_BLOCK);
			optimise(&w);
			cr_assert_eq(count_ops(&w, VR_IR_PUT), used ? 3 : reg == CONDITION ? 1 : 2);
			cr_assert_eq(count_ops(&w, VR_IR_SUB), used || reg != CONDITION);
		}
}

/* Flags must be in memory where an access, or an FP op, may fault, although their user has them as a value: when that is a later
 * instruction, or the one that faults, which is begun anew; not when it is over by then. */
Test(optimize, flags_that_are_used_around_an_access_stay)
{
	enum { NEVER, AFTER, BEFORE, OVER };
	static const uint32_t puts[] = {1, 3, 3, 2};

	for (uint32_t n = 0; n < 8; n++) {
		const uint32_t fp = n & 1, used = n >> 1;
		struct fake_region w;
		uint32_t c = 0;

		begin(&w);
		uint32_t a = vr_ir_get(&w.ir, VR_T_I64, 0), b = vr_ir_get(&w.ir, VR_T_I64, 1);
#define EQUAL() \
	vr_ir_add(&w.ir, VR_IR_SETCC, VR_T_I64, VR_CC_EQ, vr_ir_get(&w.ir, VR_T_FLAGS, FLAGS), 0, 0, 0)
#define INSN(n) vr_ir_add(&w.ir, VR_IR_INSN_START, 0, 0, 0, 0, 0, n)
		vr_ir_put(&w.ir, VR_T_FLAGS, FLAGS, vr_ir_op2(&w.ir, VR_IR_F_SUB, VR_T_I64, a, b));
		INSN(4);
		if (used == BEFORE || used == OVER)
			c = EQUAL();
		if (used == OVER) {
			vr_ir_put(&w.ir, VR_T_I64, 2, c);
			INSN(8);
		}
		if (fp)
			vr_ir_add(&w.ir, VR_IR_VFDIV, VR_T_V256, 3, vr_ir_get(&w.ir, VR_T_V256, WIDE),
				  vr_ir_get(&w.ir, VR_T_V256, WIDE + 1), 0, VR_FPA_SSE | VR_FPA_TRAPS);
		else
			vr_ir_add(&w.ir, VR_IR_STORE, VR_T_I64, 3, a, b, 0, 0);
		if (used == AFTER) {
			INSN(12);
			c = EQUAL();
		}
#undef INSN
#undef EQUAL
		if (used == AFTER || used == BEFORE)
			vr_ir_put(&w.ir, VR_T_I64, 2, c);
		vr_ir_put(&w.ir, VR_T_FLAGS, FLAGS, vr_ir_op2(&w.ir, VR_IR_F_ADD, VR_T_I64, a, b));
		vr_ir_add(&w.ir, VR_IR_GOTO, 0, 0, 0, 0, 0, 4096);
		end_block(&w, 1, VR_NO_BLOCK, VR_NO_BLOCK);
		optimise(&w);
		cr_assert_eq(count_ops(&w, VR_IR_PUT), puts[used], "use %u, %s", used, fp ? "FP" : "access");
	}
}

/* Down to the branch move flags, and no other registers. */
Test(optimize, vectors_do_not_sink)
{
	struct fake_region w;

	begin(&w);
	uint32_t a = vr_ir_get(&w.ir, VR_T_I64, 0), v = vr_ir_get(&w.ir, VR_T_V256, WIDE + 1);

	vr_ir_put(&w.ir, VR_T_I64, CONDITION, a);
	vr_ir_put(&w.ir, VR_T_V256, WIDE, v);
	vr_ir_add(&w.ir, VR_IR_INSN_START, 0, 0, 0, 0, 0, 4);
	vr_ir_add(&w.ir, VR_IR_BRCMP, VR_T_I64, VR_CC_EQ, a, a, 0, 4096);
	end_block(&w, 1, VR_NO_BLOCK, VR_NO_BLOCK);
	optimise(&w);
	cr_assert_eq(w.ir.ops[w.ir.op_count - 3].op, VR_IR_PUT);
}

Test(optimize, a_call_in_between_reads_flags_and_changes_registers)
{
	const struct vr_isa i = isa();
	struct fake_region w;

	for (uint32_t helper = 0; helper < 3; helper++) {
		begin(&w);
		uint32_t a = vr_ir_get(&w.ir, VR_T_I64, 0), zero = vr_ir_const(&w.ir, VR_T_I64, 0);

		vr_ir_put(&w.ir, VR_T_FLAGS, FLAGS, vr_ir_op2(&w.ir, VR_IR_F_SUB, VR_T_I64, a, zero));
		vr_ir_put(&w.ir, VR_T_I64, 1, vr_ir_add(&w.ir, VR_IR_CALL, VR_T_I64, 0, zero, a, 0, helper));
		vr_ir_put(&w.ir, VR_T_FLAGS, FLAGS, vr_ir_op2(&w.ir, VR_IR_F_ADD, VR_T_I64, a, a));
		vr_ir_put(&w.ir, VR_T_I64, 2, vr_ir_get(&w.ir, VR_T_I64, 0));
		vr_ir_add(&w.ir, VR_IR_GOTO, 0, 0, 0, 0, 0, 4096);
		end_block(&w, 1, VR_NO_BLOCK, VR_NO_BLOCK);
		fill(1);
		run(&i, &w.ir);
		uint64_t one = fake_r(&exec.x)[1], two = fake_r(&exec.x)[2];

		optimise(&w);
		fill(1);
		run(&i, &w.ir);
		cr_assert_eq(fake_r(&exec.x)[1], one);
		cr_assert_eq(fake_r(&exec.x)[2], two);
		cr_assert_eq(count_ops(&w, VR_IR_F_SUB), helper < 2 ? 1 : 0);
		cr_assert_eq(count_ops(&w, VR_IR_GET), helper == 0 ? 2 : 1);
	}
}

/* With pinned registers: a register that a block changes is dirty in its successors, around a loop too, and
 * nowhere else. */
Test(optimize, dirty_regs)
{
	static const struct vr_emit emit = {.size = sizeof(emit), .integer_regs = 2, .vector_regs = 0};
	static uint32_t scratch[2 * OPS];
	const struct vr_isa i = isa();
	struct soft_reg_assignment plan;
	struct fake_region w;

	begin(&w);
	for (uint32_t b = 0; b < 3; b++) {
		uint32_t first = w.ir.op_count, reg = b == 1 ? 3 : 5;
		uint32_t v = vr_ir_get(&w.ir, VR_T_I64, reg), other = vr_ir_get(&w.ir, VR_T_I64, 8 - reg);

		v = vr_ir_op2(&w.ir, VR_IR_ADD, VR_T_I64, v, other);
		if (b == 1)
			vr_ir_put(&w.ir, VR_T_I64, reg, v);
		vr_ir_add(&w.ir, VR_IR_BRCMP, VR_T_I64, VR_CC_NE, v, other, 0, 16);
		end_block(&w, first, b == 1 ? 1 : VR_NO_BLOCK, b < 2 ? b + 1 : VR_NO_BLOCK);
	}
	soft_optimize(&i, &emit, &w.ir, &exec.x.code, scratch, &plan);
	cr_assert_eq(plan.pinned_count, 2);
	uint32_t bit = plan.pinned[0].guest_reg == 3 ? 1 : 2;

	cr_assert_eq(plan.pinned[bit - 1].guest_reg, 3);
	cr_assert_eq(w.blocks[0].dirty_in, 0);
	cr_assert_eq(w.blocks[1].dirty_in, bit);
	cr_assert_eq(w.blocks[2].dirty_in, bit);
}

/*
 * A loop in a loop, and after them an arm that jumps back to before the outer loop's branch, as a compiler
 * places an `else`: 0 -> 1 -> 2 <-> 2, 2 -> 1 or 3; 3 exits. Registers 0 to 3 are used only in the block of
 * that number, register 4 is PUT only in block 2.
 */
Test(optimize, the_innermost_loop_has_the_registers)
{
	static const uint32_t to[4][2] = {{1, 3}, {2, 2}, {2, 3}, {1, VR_NO_BLOCK}};
	struct fake_region w;

	begin(&w);
	for (uint32_t b = 0; b < 4; b++) {
		uint32_t first = w.ir.op_count, v = vr_ir_get(&w.ir, VR_T_I64, b);

		for (uint32_t n = 0; n < 2; n++)
			v = vr_ir_op2(&w.ir, VR_IR_ADD, VR_T_I64, v, vr_ir_get(&w.ir, VR_T_I64, b));
		vr_ir_put(&w.ir, VR_T_I64, b, v);
		if (b == 2)
			vr_ir_put(&w.ir, VR_T_I64, 4, v);
		vr_ir_add(&w.ir, VR_IR_BRCMP, VR_T_I64, VR_CC_NE, v, v, 0, 16);
		end_block(&w, first, to[b][0], to[b][1]);
		if (b)
			w.blocks[b].flags = 0;
	}

	uint32_t freq[4];
	uint64_t loop[4];

	soft_block_freq(&w.ir, freq, loop);
	cr_assert_eq(loop[0], 0);
	cr_assert_eq(loop[1], 14);
	cr_assert_eq(loop[2], 4);
	cr_assert_eq(loop[3], 14);
	cr_assert_eq(freq[0], SOFT_ONCE);
	cr_assert_gt(freq[1], 2 * SOFT_ONCE);
	cr_assert_gt(freq[2], 3 * freq[1]);
	cr_assert_lt(freq[3], freq[1] + SOFT_ONCE);

	static const struct vr_emit emit = {.size = sizeof(emit), .integer_regs = 2};
	static uint32_t scratch[2 * OPS];
	const struct vr_isa i = isa();
	struct soft_reg_assignment plan;

	soft_optimize(&i, &emit, &w.ir, &exec.x.code, scratch, &plan);
	cr_assert_eq(plan.pinned_count, 2);
	cr_assert_eq(plan.pinned[0].guest_reg, 2);
	cr_assert_neq(plan.pinned[1].guest_reg, 4, "what is only written waits for nothing");
}

/* An arm of an `if` that is placed out of line jumps back; that is no loop. */
Test(optimize, a_jump_back_alone_is_no_loop)
{
	static const uint32_t to[4][2] = {{3, 1}, {2, 2}, {VR_NO_BLOCK, VR_NO_BLOCK}, {1, 2}};
	struct fake_region w;
	uint32_t freq[4];
	uint64_t loop[4];

	begin(&w);
	for (uint32_t b = 0; b < 4; b++) {
		uint32_t first = w.ir.op_count, v = vr_ir_get(&w.ir, VR_T_I64, b);

		vr_ir_add(&w.ir, VR_IR_BRCMP, VR_T_I64, VR_CC_NE, v, v, 0, 16);
		end_block(&w, first, to[b][0], to[b][1]);
		if (b)
			w.blocks[b].flags = 0;
	}
	soft_block_freq(&w.ir, freq, loop);
	for (uint32_t b = 0; b < 4; b++) {
		cr_assert_eq(loop[b], 0);
		cr_assert_leq(freq[b], SOFT_ONCE);
	}
	cr_assert_eq(freq[3], SOFT_ONCE / 2);
	cr_assert_eq(freq[2], SOFT_ONCE);
}

/* Which accesses of a loop get hints. Register 0: has a stride; 1: a copy of it; 2: an index; 3: unchanged;
 * 4: loaded; 5: doubled. */
Test(optimize, same_page_hints)
{
	static const struct vr_emit emit = {.size = sizeof(emit), .integer_regs = 2};
	static uint32_t scratch[2 * OPS];
	const struct vr_isa i = isa();
	struct soft_reg_assignment plan;

	for (uint32_t call = 0; call < 2; call++) {
		struct fake_region w;
		uint32_t load[7], k = 0, a;

		begin(&w);
		uint32_t s[6], one = vr_ir_const(&w.ir, VR_T_I64, 1), eight = vr_ir_const(&w.ir, VR_T_I64, 8);

		for (uint32_t n = 0; n < 6; n++)
			s[n] = vr_ir_get(&w.ir, VR_T_I64, n);
#define LOAD(address) (load[k++] = vr_ir_add(&w.ir, VR_IR_LOAD, VR_T_I64, 3, address, 0, 0, 0))
		a = LOAD(s[0]);
		vr_ir_put(&w.ir, VR_T_I64, 6, a);
		vr_ir_put(&w.ir, VR_T_I64, 7, LOAD(s[1]));
		vr_ir_put(&w.ir, VR_T_I64, 6,
			  LOAD(vr_ir_add(&w.ir, VR_IR_ADDSHL, VR_T_I64, 3, s[3], s[2], 0, 0)));
		vr_ir_put(&w.ir, VR_T_I64, 7, LOAD(s[3]));
		vr_ir_put(&w.ir, VR_T_I64, 4, LOAD(s[4]));
		vr_ir_put(&w.ir, VR_T_I64, 7, LOAD(s[5]));
		vr_ir_put(&w.ir, VR_T_I64, 6, LOAD(vr_ir_op2(&w.ir, VR_IR_ADD, VR_T_I64, s[0], a)));
#undef LOAD
		if (call)
			vr_ir_add(&w.ir, VR_IR_CALL, VR_T_I64, 0, one, one, 0, 2);
		vr_ir_put(&w.ir, VR_T_I64, 1, s[0]);
		vr_ir_put(&w.ir, VR_T_I64, 0, vr_ir_op2(&w.ir, VR_IR_ADD, VR_T_I64, s[0], eight));
		vr_ir_put(&w.ir, VR_T_I64, 2, vr_ir_op2(&w.ir, VR_IR_SUB, VR_T_I64, s[2], one));
		vr_ir_put(&w.ir, VR_T_I64, 5, vr_ir_op2(&w.ir, VR_IR_ADD, VR_T_I64, s[5], s[5]));
		vr_ir_add(&w.ir, VR_IR_BRCMP, VR_T_I64, VR_CC_NE, s[2], one, 0, 16);
		end_block(&w, 1, 0, VR_NO_BLOCK);
		soft_optimize(&i, &emit, &w.ir, &exec.x.code, scratch, &plan);

		uint32_t group[7];

		for (uint32_t n = 0; n < 7; n++) {
			uint64_t flags = w.ops[load[n]].imm >> 32;

			group[n] = (uint32_t)(flags >> VR_MF_GROUP_SHIFT);
			cr_assert_eq(flags & 0xff, !call && n < 3 ? VR_MF_SAME_PAGE : 0, "load %u", n);
		}
		cr_assert(call || (group[0] != group[1] && group[1] != group[2] && group[0] != group[2]));
	}
}

/* Register 3 = register 2 << 48, register 3 >>= 48, by two instructions. `seen`: an op between them needs the
 * first result. */
static void shift_pair(struct fake_region *w, uint32_t op, int seen)
{
	begin(w);
	uint32_t first = w->ir.op_count, by = vr_ir_const(&w->ir, VR_T_I64, 48);

	vr_ir_put(&w->ir, VR_T_I64, 3,
		  vr_ir_op2(&w->ir, VR_IR_SHL, VR_T_I64, vr_ir_get(&w->ir, VR_T_I64, 2), by));
	if (seen)
		vr_ir_put(&w->ir, VR_T_I64, 4, vr_ir_get(&w->ir, VR_T_I64, 3));
	vr_ir_put(&w->ir, VR_T_I64, 3, vr_ir_op2(&w->ir, op, VR_T_I64, vr_ir_get(&w->ir, VR_T_I64, 3), by));
	for (uint32_t n = 0; n < 4; n++) /* enough uses to be pinned */
		vr_ir_put(&w->ir, VR_T_I64, 5, vr_ir_get(&w->ir, VR_T_I64, 2 + n % 3));
	vr_ir_add(&w->ir, VR_IR_GOTO, VR_T_NONE, 0, 0, 0, 0, 16);
	end_block(w, first, VR_NO_BLOCK, VR_NO_BLOCK);
}

Test(optimize, two_shifts_are_one_extension)
{
	struct fake_region w;

	shift_pair(&w, VR_IR_SHR, 0);
	optimise_for(&w, 8);
	cr_assert_eq(count_ops(&w, VR_IR_ZEXT), 1);
	cr_assert_eq(count_ops(&w, VR_IR_SHL), 0);
	shift_pair(&w, VR_IR_SAR, 0);
	optimise_for(&w, 8);
	cr_assert_eq(count_ops(&w, VR_IR_SEXT), 1);
	cr_assert_eq(count_ops(&w, VR_IR_SHL), 0);
	shift_pair(&w, VR_IR_SHR, 1);
	optimise_for(&w, 8);
	cr_assert_eq(count_ops(&w, VR_IR_SHL), 1);
	cr_assert_eq(count_ops(&w, VR_IR_SHR), 1);
}

/* A load from a table names its base, unless the index has no known maximum or the base has changed. */
Test(optimize, table_loads)
{
	for (uint32_t how = 0; how < 3; how++) {
		struct fake_region w;

		begin(&w);
		uint32_t first = w.ir.op_count, base = vr_ir_get(&w.ir, VR_T_I64, 2),
			 index = vr_ir_get(&w.ir, VR_T_I64, 3), most = vr_ir_const(&w.ir, VR_T_I64, 255);

		if (how != 1)
			index = vr_ir_op2(&w.ir, VR_IR_AND, VR_T_I64, index, most);
		uint32_t at = vr_ir_add(&w.ir, VR_IR_ADDSHL, VR_T_I64, 2, base, index, 0, 0);

		if (how == 2)
			vr_ir_put(&w.ir, VR_T_I64, 2, most);
		vr_ir_add(&w.ir, VR_IR_INSN_START, 0, 0, 0, 0, 0, 4);
		uint32_t v = vr_ir_add(&w.ir, VR_IR_LOAD, VR_T_I64, 2, at, 0, 0, VR_MEM_IMM(8, 0));

		vr_ir_put(&w.ir, VR_T_I64, 4, v);
		vr_ir_add(&w.ir, VR_IR_GOTO, VR_T_NONE, 0, 0, 0, 0, 16);
		end_block(&w, first, VR_NO_BLOCK, VR_NO_BLOCK);
		optimise_for(&w, 8);
		cr_assert_eq(w.ops[v].b, how ? 0 : base);
		cr_assert_eq(w.ops[v].c, how ? 0 : 255 * 4);
	}
}

/* ---- at random ---- */

/* An operation of two instructions, the first one's result in a guest register. */
static uint32_t spelled(struct fake_region *w)
{
	uint32_t reg = any(REGS), to = any(3) ? reg : any(REGS), op = any(3);
	uint32_t v = vr_ir_get(&w->ir, VR_T_I64, any(REGS)),
		 by = vr_ir_const(&w->ir, VR_T_I64, op ? any(64) : any(5));

	vr_ir_put(&w->ir, VR_T_I64, reg, vr_ir_op2(&w->ir, VR_IR_SHL, VR_T_I64, v, by));
	if (any(4) == 0)
		vr_ir_put(&w->ir, VR_T_I64, any(REGS), vr_ir_get(&w->ir, VR_T_I64, any(REGS)));
	v = vr_ir_get(&w->ir, VR_T_I64, reg);
	if (op == 0)
		v = vr_ir_op2(&w->ir, VR_IR_ADD, VR_T_I64, v, vr_ir_get(&w->ir, VR_T_I64, any(REGS)));
	else
		v = vr_ir_op2(&w->ir, op == 1 ? VR_IR_SHR : VR_IR_SAR, VR_T_I64, v,
			      any(2) ? by : vr_ir_const(&w->ir, VR_T_I64, any(64)));
	vr_ir_put(&w->ir, VR_T_I64, to, v);
	return v;
}

static void random_block(struct fake_region *w, uint32_t number, uint32_t blocks)
{
	static const uint16_t two[] = {VR_IR_ADD, VR_IR_SUB, VR_IR_AND, VR_IR_OR,   VR_IR_XOR,   VR_IR_SHL,
				       VR_IR_SHR, VR_IR_SAR, VR_IR_MUL, VR_IR_ANDN, VR_IR_CMPSET};
	uint32_t first = w->ir.op_count, ints[64], flags[64], ni = 0, nf = 0;

	vr_ir_add(&w->ir, VR_IR_INSN_START, 0, 0, 0, 0, 0, number * 16);
	ints[ni++] = vr_ir_const(&w->ir, VR_T_I64, any(3) ? any(9) : 0);
	flags[nf++] = vr_ir_get(&w->ir, VR_T_FLAGS, FLAGS);
	for (uint32_t n = 0; n < 40; n++) {
		uint32_t type = any(3) ? VR_T_I64 : VR_T_I32, a = ints[any(ni)], b = ints[any(ni)];

		switch (any(13)) {
		case 11:
			ints[ni++] = spelled(w);
			break;
		case 0:
			ints[ni++] = vr_ir_const(&w->ir, type, any(4) ? any(3) : UINT64_MAX);
			break;
		case 1:
		case 2:
			ints[ni++] = vr_ir_get(&w->ir, type, any(REGS));
			break;
		case 3:
		case 4:
			/* A lifter PUTs all 64 bits of an integer. */
			vr_ir_put(&w->ir, VR_T_I64, any(REGS), a);
			break;
		case 5:
			vr_ir_put(&w->ir, VR_T_FLAGS, FLAGS, flags[any(nf)]);
			break;
		case 6:
			flags[nf++] =
				any(3) ? vr_ir_op2(&w->ir, any(2) ? VR_IR_F_ADD : VR_IR_F_SUB, type, a, b)
				       : vr_ir_get(&w->ir, VR_T_FLAGS, FLAGS);
			break;
		case 7:
			ints[ni++] =
				vr_ir_add(&w->ir, VR_IR_SETCC, VR_T_I64, any(14), flags[any(nf)], 0, 0, 0);
			break;
		case 8:
			vr_ir_add(&w->ir, VR_IR_INSN_START, 0, 0, 0, 0, 0, number * 16);
			ints[ni++] = vr_ir_add(&w->ir, VR_IR_LOAD, VR_T_I64,
					       any(4) | (any(2) ? VR_MS_SIGN : 0), a, 0, 0, any(64));
			break;
		case 9:
			vr_ir_add(&w->ir, VR_IR_INSN_START, 0, 0, 0, 0, 0, number * 16);
			vr_ir_add(&w->ir, VR_IR_STORE, VR_T_I64, any(4), a, b, 0, any(64));
			break;
		case 10:
			ints[ni++] = vr_ir_add(&w->ir, VR_IR_CALL, VR_T_I64, 0, a, b, 0, any(3));
			break;
		default: {
			uint32_t op = two[any(sizeof(two) / sizeof(two[0]))];

			ints[ni++] =
				vr_ir_add(&w->ir, op, type, op == VR_IR_CMPSET ? any(14) : 0, a, b, 0, 0);
		}
		}
	}
	uint32_t taken = any(blocks + 1), fall = number + 1;

	switch (any(3)) {
	case 0:
		vr_ir_put(&w->ir, VR_T_FLAGS, FLAGS, flags[nf - 1]);
		vr_ir_add(&w->ir, VR_IR_BRCC, VR_T_NONE, any(14), flags[nf - 1], 0, 0, taken * 16);
		break;
	case 1:
		vr_ir_add(&w->ir, VR_IR_BRCMP, VR_T_I64, any(14), ints[any(ni)], ints[any(ni)], 0,
			  taken * 16);
		break;
	default:
		vr_ir_add(&w->ir, VR_IR_GOTO, VR_T_NONE, 0, 0, 0, 0, taken * 16);
		fall = blocks;
	}
	end_block(w, first, taken < blocks ? taken : VR_NO_BLOCK, fall < blocks ? fall : VR_NO_BLOCK);
}

Test(optimize, random_regions, .timeout = 120)
{
	static struct fake_region w;
	const struct vr_isa i = isa();

	for (uint64_t n = 0; n < 20000; n++) {
		uint64_t regs[REGS], cells[MEMORY], pc;
		uint32_t flags;

		begin(&w);
		seed = n;
		for (uint32_t b = 0; b < 3; b++)
			random_block(&w, b, 3);
		fill(n + 1);
		run(&i, &w.ir);
		memcpy(regs, exec.x.hot, sizeof(regs));
		memcpy(cells, memory, sizeof(cells));
		flags = fake_of(&exec.x)->flags;
		pc = exec.x.pc;
		optimise_for(&w, n % 2 * REGS);
		fill(n + 1);
		run(&i, &w.ir);
		cr_assert_arr_eq(regs, exec.x.hot, sizeof(regs), "seed %llu", (unsigned long long)n);
		cr_assert_arr_eq(cells, memory, sizeof(cells), "seed %llu", (unsigned long long)n);
		cr_assert_eq(pc, exec.x.pc, "seed %llu", (unsigned long long)n);
		/* Where the region was left. Of a loop that was stopped by the limit, dead flags are not
		 * compared. */
		if (pc / 16 >= 3)
			cr_assert_eq(flags, fake_of(&exec.x)->flags, "seed %llu", (unsigned long long)n);
	}
}
