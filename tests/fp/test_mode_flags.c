/* SPDX-License-Identifier: MIT */
/* test_mode_flags.c: what every FP and SIMD encoding must keep to, whatever the mode flags: random words of
 * each decode row. */
#include <criterion/criterion.h>
#include <string.h>

#include "ir/ir.h"
#include "isa/arm64/isa.h"

#define A64_DECODE_TABLE_ONLY
#include "a64_decode.h"

#define WORDS 3000

static struct vr_ir_op ops[512];
static struct vr_ir_block blocks[2];
static struct vr_ir ir;

static void lift(uint32_t word, uint64_t mode_flags)
{
	struct vr_lift rq = {.size = sizeof(rq),
			     .max_insns = 1,
			     .mode_flags = A64_MODE_EL1 | mode_flags,
			     .code = (const uint8_t *)&word,
			     .length = 4};

	ir = (struct vr_ir){.size = sizeof(ir),
			    .op_count = 1,
			    .op_capacity = 512,
			    .block_capacity = 2,
			    .ops = ops,
			    .blocks = blocks};
	cr_assert_eq(a64_lift_block(NULL, &rq, &ir), 0, "%08x", word);
	cr_assert_eq(ir.overflow, 0, "%08x", word);
}

static int is_mem(const struct vr_ir_op *o)
{
	return vr_ir_info(o->op).op_class == VR_IRC_MEM;
}

/* Calls check(word, row name) for random words of every row of this room. */
static void each_word(void (*check)(uint32_t word, const char *name))
{
	uint64_t s = 0x2545f4914f6cdd1d;

	for (int row = 0; row < A64_ROWS; row++) {
		const char *name = a64_row_table[row].name;

		if (strncmp(name, "fp_", 3) && strncmp(name, "simd_", 5))
			continue;
		for (int k = 0; k < WORDS; k++) {
			s ^= s << 13;
			s ^= s >> 7;
			s ^= s << 17;
			uint32_t word =
				((uint32_t)(s >> 13) & ~a64_row_table[row].mask) | a64_row_table[row].value;

			if (a64_decode(word) == row)
				check(word, name);
		}
	}
}

static void check_well_formed(uint32_t word, const char *name)
{
	static const uint64_t modes[] = {A64_MODE_FP, A64_MODE_FP | A64_MODE_FPSLOW,
					 A64_MODE_FP | A64_MODE_ALIGN, 0};
	char why[200];

	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		lift(word, modes[i]);
		cr_assert_eq(vr_ir_verify(&ir, &a64_isa, why, sizeof(why)), 0, "%s %08x: %s", name, word,
			     why);
	}
}

/* Among other things: no PUT before the last access. */
Test(mode_flags, well_formed)
{
	each_word(check_well_formed);
}

/* With FZ, DN or AHP set nothing is left to the host's unit. */
static void check_slow(uint32_t word, const char *name)
{
	lift(word, A64_MODE_FP | A64_MODE_FPSLOW);
	for (uint32_t i = 1; i < ir.op_count; i++)
		cr_assert_neq(vr_ir_info(ops[i].op).op_class, VR_IRC_FP, "%s %08x", name, word);
}

Test(mode_flags, slow_modes)
{
	each_word(check_slow);
}

/* Without access everything traps, and does nothing else. */
static void check_trap(uint32_t word, const char *name)
{
	int traps = 0;

	lift(word, 0);
	for (uint32_t i = 1; i < ir.op_count; i++) {
		traps |= ops[i].op == VR_IR_CALL && ops[i].imm == A64_H_trap_fp;
		cr_assert(!is_mem(&ops[i]) && ops[i].op != VR_IR_PUT, "%s %08x", name, word);
	}
	cr_assert(traps && ops[ir.op_count - 1].op == VR_IR_EXIT, "%s %08x", name, word);
}

Test(mode_flags, no_access)
{
	each_word(check_trap);
}

/* SCTLR.A: each access, or for structures the first, is checked, for the size of an element. */
static void check_alignment(uint32_t word, const char *name)
{
	int mem = 0, checked = 0, bytes_only = 1;

	lift(word, A64_MODE_FP | A64_MODE_ALIGN);
	for (uint32_t i = 1; i < ir.op_count; i++) {
		if (!is_mem(&ops[i]))
			continue;
		mem = 1;
		checked |= (ops[i].imm >> 32 & VR_MF_ALIGN) != 0;
	}
	bytes_only = !strncmp(name, "simd_ldst_multi", 15) && !(word >> 10 & 3);
	cr_assert(!mem || checked || bytes_only, "%s %08x", name, word);
}

Test(mode_flags, alignment)
{
	each_word(check_alignment);
}
