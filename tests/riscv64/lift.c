/* SPDX-License-Identifier: MIT */
/* The lifter: whatever the bytes are, the IR is well-formed; blocks end where they should. */
#include <criterion/criterion.h>
#include <string.h>
#include "xlate/ir/ir.h"
#include "xlate/isa/riscv64/isa.h"

#define OPS 4096
static struct vr_ir_op ops[OPS];
static struct vr_ir_block blocks[4];

static int32_t lift(const void *code, uint32_t length, uint64_t mode_flags, uint32_t capacity,
		    struct vr_ir *ir)
{
	const struct vr_lift rq = {.size = sizeof(rq),
				   .max_insns = 32,
				   .offset = 0x100,
				   .mode_flags = mode_flags,
				   .code = code,
				   .length = length};
	*ir = (struct vr_ir){.size = sizeof(*ir),
			     .op_count = 1,
			     .op_capacity = capacity,
			     .block_capacity = 4,
			     .ops = ops,
			     .blocks = blocks};
	memset(&ops[0], 0, sizeof(ops[0]));
	return rv_lift_block(NULL, &rq, ir);
}

Test(lift, random_bytes)
{
	uint64_t seed = 88172645463325252ull;
	char why[256];
	for (uint32_t i = 0; i < 200000; i++) {
		uint64_t code[4];
		struct vr_ir ir;
		for (uint32_t k = 0; k < 4; k++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			code[k] = seed;
		}
		uint64_t mode_flags = seed >> 20 & (RV_MODE_PRIVILEGE | RV_MODE_FP | RV_MODE_FRM);
		uint32_t capacity = i & 1 ? OPS : 8 + i % 40;
		int32_t rc = lift(code, sizeof(code), mode_flags, capacity, &ir);
		if (rc == VR_E_NOMEM && capacity != OPS)
			continue;
		cr_assert_eq(rc, 0);
		cr_assert_eq(vr_ir_verify(&ir, &rv_isa, why, sizeof(why)), 0, "%016llx: %s",
			     (unsigned long long)code[0], why);
	}
}

Test(lift, cut_off)
{
	static const uint16_t code[] = {0x0001, 0x0513, 0x0010}; /* C.NOP; ADDI a0, x0, 1 */
	struct vr_ir ir;
	cr_assert_eq(lift(code, 4, RV_MACHINE, OPS, &ir), 0);
	cr_assert_eq(blocks[0].insns, 1);
	cr_assert_eq(blocks[0].end, 0x102);
	cr_assert_eq(ops[ir.op_count - 1].op, VR_IR_GOTO);
	cr_assert_eq(lift(code + 1, 2, RV_MACHINE, OPS, &ir), VR_E_AGAIN);
	cr_assert_eq(lift(code + 1, 1, RV_MACHINE, OPS, &ir), VR_E_AGAIN);
	cr_assert_eq(lift(code + 1, 4, RV_MACHINE, OPS, &ir), 0);
	cr_assert_eq(blocks[0].end, 0x104);
}

static uint32_t calls(uint32_t word, uint64_t mode_flags, uint32_t helper)
{
	struct vr_ir ir;
	cr_assert_eq(lift(&word, 4, mode_flags, OPS, &ir), 0);
	for (uint32_t i = 1; i < ir.op_count; i++)
		if (ops[i].op == VR_IR_CALL && ops[i].imm == helper)
			return 1;
	return 0;
}

static uint32_t raises(uint32_t word, uint64_t mode_flags)
{
	return calls(word, mode_flags, RV_H_raise);
}

Test(lift, who_may)
{
	cr_assert(raises(0x30200073, RV_SUPERVISOR)); /* MRET */
	cr_assert(!raises(0x30200073, RV_MACHINE));
	cr_assert(raises(0x10200073, RV_USER)); /* SRET */
	cr_assert(!raises(0x10200073, RV_SUPERVISOR));
	cr_assert(raises(0x10500073, RV_USER)); /* WFI */
	cr_assert(raises(0x12000073, RV_USER)); /* SFENCE.VMA */
	cr_assert(raises(0x00000053, RV_USER)); /* FADD.S with FS off */
	cr_assert(!raises(0x00000053, RV_USER | RV_MODE_FP));
	/* In other modes FP is checked when the instruction runs, unless it is illegal anyway. */
	cr_assert(calls(0x00000053, RV_SUPERVISOR, RV_H_fp_on));
	cr_assert(calls(0x00302573, RV_SUPERVISOR, RV_H_fp_on)); /* FRCSR */
	cr_assert(!calls(0x00000053, RV_SUPERVISOR | RV_MODE_FP, RV_H_fp_on));
	cr_assert(raises(0x00005053, RV_SUPERVISOR)); /* a reserved rm */
	cr_assert(raises(0xffffffff, RV_SUPERVISOR));
	cr_assert(raises(0x00007053, RV_USER | RV_MODE_FP | 5u << RV_MODE_FRM_SHIFT)); /* a reserved frm */
	cr_assert(raises(0x00005053, RV_USER | RV_MODE_FP));                           /* a reserved rm */
}
