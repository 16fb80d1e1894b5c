/* SPDX-License-Identifier: MIT */
/*
 * test_fp_rules.c: FP attributes. What the processor does itself is one instruction and calls nothing (VR_FPA_SSE); any other
 * combination asks the isa for each op; an op with VR_FPA_TRAPS faults as a memory op does.
 */
#include <criterion/criterion.h>
#include <fenv.h>
#include <stdio.h>
#include <string.h>

#include "fp_rules.h"
#include "harness.h"
#include "plugins/soft/interp.h"
#include "xlate/ir/ir.h"

#define PINNED 2 /* vector registers, of which the second has 32 bytes */

static union vr_v256 operand[3];

static uint64_t special(bool dbl)
{
	static const uint64_t d[] = {0,
				     0x8000000000000000,
				     0x3ff0000000000000,
				     0xc008000000000000,
				     0x7ff0000000000000,
				     0xfff0000000000000,
				     0x7ff8000000000001,
				     0xfff8000000000002,
				     0x7ff4000000000003,
				     0xfff0000000000004,
				     1,
				     0x800fffffffffffff,
				     0x0010000000000000,
				     0x0010000000000001,
				     0x7fefffffffffffff,
				     0x3fe0000000000001,
				     0x41e0000000000000,
				     0xc3e0000000000000,
				     0x3810000000000001,
				     0x380ffffff0000000};
	static const uint32_t s[] = {0,          0x80000000, 0x3f800000, 0xc0400000, 0x7f800000,
				     0xff800000, 0x7fc00001, 0xffc00002, 0x7fa00003, 0xff800004,
				     1,          0x807fffff, 0x00800000, 0x00800001, 0x7f7fffff,
				     0x3f000001, 0x4f000000, 0xdf000000, 0x00c00000, 0x34000001};
	uint64_t r = rnd();

	if (r >> 62 == 0)
		return dbl ? rnd() : (uint32_t)rnd();
	return dbl ? d[r % 20] : s[r % 20];
}

/* One op on operand[], with its result in register 3 of its kind, and all of the flags. */
static void build(const struct vr_ir_op *o)
{
	const struct vr_ir_info *info = &vr_ir_ops[o->op];
	bool wide = o->type == VR_T_V256;
	uint32_t v[3] = {0, 0, 0};

	ir_begin();
	block_begin(CODE_PC, VR_BLOCK_ENTRY);
	for (uint32_t n = 0; info->operands[n]; n++)
		v[n] = info->operands[n] == 'i'
			       ? vr_ir_get(&H.ir, VR_T_I64, 4)
			       : vr_ir_get(&H.ir, wide ? VR_T_V256 : VR_T_V128, (wide ? REG_W : REG_V) + n);
	uint32_t type = vr_ir_value_type(o), r = op(o->op, o->type, o->aux, v[0], v[1], v[2], o->imm);

	vr_ir_put(&H.ir, type,
		  type == VR_T_FLAGS       ? REG_FLAGS
		  : vr_ir_is_integer(type) ? 3u
		  : type == VR_T_V256      ? REG_W + 3u
					   : REG_V + 3u,
		  r);
	vr_ir_put(&H.ir, VR_T_I64, 5, op(VR_IR_FPGETFLAGS, VR_T_I64, 0, 0, 0, 0, 0));
	op(VR_IR_EXIT_TO, 0, 0, 0, 0, 0, CODE_PC + 4);
	block_end(CODE_PC + 4, VR_NO_BLOCK, VR_NO_BLOCK);
	char why[128];

	cr_assert_eq(vr_ir_verify(&H.ir, &fake_isa, why, sizeof(why)), 0, "%s", why);
}

static void load(uint32_t round)
{
	*reg_int(3) = *reg_int(5) = 99;
	*reg_int(4) = operand[0].d[0];
	*reg_flags() = 0;
	for (uint32_t n = 0; n < 4; n++) {
		*reg_vec(n) = n < 3 ? operand[n].half[0] : (union vr_v128){.d = {9, 9}};
		*reg_wide(n) = n < 3 ? operand[n] : (union vr_v256){.d = {9, 9, 9, 9}};
	}
	H.x->fp_round = round;
	H.x->fp_flags = 0;
}

struct result {
	uint64_t integer, raised;
	uint32_t flags;
	union vr_v128 vector;
	union vr_v256 wide;
	uint64_t pc;
};

static struct result taken(void)
{
	struct result r;

	memset(&r, 0, sizeof(r));
	r.integer = *reg_int(3);
	r.raised = *reg_int(5);
	r.flags = *reg_flags();
	r.vector = *reg_vec(3);
	r.wide = *reg_wide(3);
	r.pc = H.x->pc;
	return r;
}

static struct result interpreted(uint32_t round)
{
	static union vr_v256 values[64];
	static const struct soft_interp_memory m = {.access = NULL};

	load(round);
	feclearexcept(FE_ALL_EXCEPT);
	soft_interp_fenv_set_round(H.x, round);
	soft_interp_block(H.x, &fake_isa, &H.ir, 0, H.page, values, &m);
	feclearexcept(FE_ALL_EXCEPT);
	fesetround(FE_TONEAREST);
	return taken();
}

static void begin(uint32_t always)
{
	harness_init();
	use_wide(2);
	fake_isa.fp_slow = fp_by_rules;
	fake_isa.fp_always = always;
	vr_engine_exec(H.x)->fp_denormal = always != 0;
	pin_regs(2, PINNED);
}

static void draw_operands(const struct vr_ir_op *o)
{
	bool vector = *vr_ir_ops[o->op].lanes;
	bool dbl = vector                ? (o->aux & 3) == 3
		   : o->op == VR_IR_FTOI ? o->aux & 1
		   : o->op == VR_IR_FCVT ? o->type == VR_T_F32
					 : o->type == VR_T_F64;

	for (uint32_t n = 0; n < 3; n++)
		for (uint32_t k = 0; k < 4; k++)
			operand[n].d[k] = dbl ? special(true) : special(false) | special(false) << 32;
	if (rnd() % 4 == 0)
		operand[1] = operand[0];
}

/* Every FP op, type, aux and rounding, on many operands: the processor's instructions do what the isa says that they do.
 * `asks`: how often it may ask the isa. */
static uint32_t many(uint32_t attributes, bool *asked)
{
	uint32_t combinations = 0;

	for (uint32_t which = 0; which < VR_IR_COUNT; which++) {
		const struct vr_ir_info *info = &vr_ir_ops[which];

		for (const char *t = info->types; info->op_class == VR_IRC_FP && *t; t++)
			for (uint32_t aux = 0; aux < 32; aux++) {
				struct vr_ir_op o = {.op = (uint16_t)which, .aux = (uint8_t)aux};

				o.type = (uint8_t)(strchr(VR_IR_TYPE_LETTERS, *t) - VR_IR_TYPE_LETTERS);
				o.imm = attributes;
				if (info->imm != VR_IMM_FP)
					o.imm |= rnd() & 1 ? VR_RM_ZERO : VR_RM_CURRENT;
				if (!vr_ir_aux_legal(&o, false))
					continue;
				build(&o);
				cr_assert_eq(emit_region(), 0);
				for (uint32_t times = 0; times < 60; times++) {
					uint32_t round = (uint32_t)rnd() & 3;

					draw_operands(&o);
					struct result want = interpreted(round);

					H.slow_fp = 0;
					load(round);
					run_region();
					struct result got = taken();

					cr_assert_eq(
						memcmp(&want, &got, sizeof(want)), 0,
						"%s type %c aux %u imm %lx, round %u: %lx %lx flags %lx, not "
						"%lx %lx flags %lx, of %lx %lx %lx",
						info->name, *t, aux, o.imm, round, got.vector.d[0],
						got.integer, got.raised, want.vector.d[0], want.integer,
						want.raised, operand[0].d[0], operand[1].d[0],
						operand[2].d[0]);
					asked[which] |= H.slow_fp != 0;
				}
				combinations++;
				H.used = H.thunk_bytes;
			}
	}
	return combinations;
}

/* Ops that the processor has in part only: unsigned integers, ties away from zero, 64 bits of a vector, a negated product. */
static bool in_part(uint32_t op)
{
	switch (op) {
	case VR_IR_FADD:
	case VR_IR_FSUB:
	case VR_IR_FDIV:
	case VR_IR_FSQRT:
	case VR_IR_FMADD:
	case VR_IR_FMIN:
	case VR_IR_FMAX:
	case VR_IR_FMINNM:
	case VR_IR_FMAXNM:
	case VR_IR_FCMP:
	case VR_IR_FCVT:
	case VR_IR_ITOF:
		return false;
	default:
		return true;
	}
}

Test(emit_fp_rules, the_processors_own)
{
	static bool asked[VR_IR_COUNT];

	begin(VR_FPA_DENORMAL);
	cr_assert_gt(many(VR_FPA_SSE, asked), 100);
	for (uint32_t op = 0; op < VR_IR_COUNT; op++)
		cr_expect(!asked[op] || in_part(op), "%s asks", vr_ir_ops[op].name);
}

/* Whole vectors, without an unsigned or negated form, call nothing either. */
Test(emit_fp_rules, vectors)
{
	static const uint16_t ops[] = {VR_IR_VFADD,   VR_IR_VFSUB,   VR_IR_VFMUL,   VR_IR_VFDIV,
				       VR_IR_VFSQRT,  VR_IR_VFMADD,  VR_IR_VFMIN,   VR_IR_VFMAX,
				       VR_IR_VFCMPEQ, VR_IR_VFCMPGE, VR_IR_VFCMPGT, VR_IR_VFROUND,
				       VR_IR_VFMINNM, VR_IR_VFMAXNM};

	begin(VR_FPA_DENORMAL);
	for (uint32_t n = 0; n < sizeof(ops) / sizeof(ops[0]); n++)
		for (uint32_t k = 0; k < 4; k++) {
			struct vr_ir_op o = {.op = ops[n],
					     .type = k & 1 ? VR_T_V256 : VR_T_V128,
					     .aux = (uint8_t)(2 + k / 2),
					     .imm = VR_FPA_SSE};

			build(&o);
			cr_assert_eq(emit_region(), 0);
			draw_operands(&o);
			load(0);
			H.slow_fp = 0;
			run_region();
			cr_expect_eq(H.slow_fp, 0, "%s", vr_ir_ops[ops[n]].name);
		}
}

/* Rules that are not the processor's: each op asks, once. */
Test(emit_fp_rules, other_rules)
{
	static const uint32_t rules[] = {
		VR_FPA_SSE | VR_FPA_FTZ,
		VR_FPA_SSE | VR_FPA_DAZ,
		(VR_FPA_SSE & ~VR_FPA_TINY_MASK) | VR_FPA_TINY_BEFORE,
		(VR_FPA_SSE & ~VR_FPA_NAN_MASK) | VR_FPA_NAN_DEFAULT,
		(VR_FPA_SSE & ~VR_FPA_NAN_MASK) | VR_FPA_NAN_SIGNALLING,
		(VR_FPA_SSE & ~VR_FPA_NAN_MASK) | VR_FPA_NAN_LARGER,
		VR_FPA_SSE & ~VR_FPA_NAN_NEGATIVE,
		VR_FPA_SSE, /* the isa has no fp_always here */
	};
	static bool asked[VR_IR_COUNT];

	for (uint32_t n = 0; n < sizeof(rules) / sizeof(rules[0]); n++) {
		begin(0);
		memset(asked, 0, sizeof(asked));
		many(rules[n], asked);
		for (uint32_t op = 0; op < VR_IR_COUNT; op++)
			cr_expect(asked[op] == (vr_ir_ops[op].op_class == VR_IRC_FP), "%s, rules %x",
				  vr_ir_ops[op].name, rules[n]);
	}
}

/* Of several NaNs the result is the one that the attributes name; known answers. */
Test(emit_fp_rules, which_nan)
{
	static const struct {
		uint32_t attributes;
		uint64_t result;
	} t[] = {
		{VR_FPA_SSE, 0x7ff8000000000001},
		{VR_FPA_SSE | VR_FPA_NAN_ADDEND, 0xfff8000000000003},
		{(VR_FPA_SSE & ~VR_FPA_NAN_MASK) | VR_FPA_NAN_SIGNALLING, 0x7ffc000000000002},
		{(VR_FPA_SSE & ~VR_FPA_NAN_MASK) | VR_FPA_NAN_LARGER, 0x7ff8000000000009},
		{(VR_FPA_SSE & ~VR_FPA_NAN_MASK) | VR_FPA_NAN_DEFAULT, 0xfff8000000000000},
		{VR_FPA_NAN_DEFAULT | VR_FPA_DENORMAL, 0x7ff8000000000000},
	};

	begin(VR_FPA_DENORMAL);
	for (uint32_t n = 0; n < sizeof(t) / sizeof(t[0]); n++)
		for (uint32_t skip = 0; skip < 2; skip++) {
			struct vr_ir_op o = {.op = VR_IR_FMADD,
					     .type = VR_T_F64,
					     .aux = 3, /* a NaN keeps its sign */
					     .imm = t[n].attributes};
			uint32_t rule = t[n].attributes & VR_FPA_NAN_MASK,
				 addend = t[n].attributes & VR_FPA_NAN_ADDEND;

			memset(operand, 0, sizeof(operand));
			operand[0].d[0] = 0x7ff8000000000001;
			operand[1].d[0] = 0x7ff4000000000002;
			operand[2].d[0] = 0xfff8000000000003;
			if (rule == VR_FPA_NAN_LARGER)
				operand[2].d[0] = 0x7ff8000000000009;
			uint64_t want = t[n].result;

			if (skip && rule == VR_FPA_NAN_FIRST) { /* without a the order of b and c shows */
				operand[0].d[0] = 0x3ff0000000000000;
				want = addend ? 0xfff8000000000003 : 0x7ffc000000000002;
			}
			build(&o);
			cr_assert_eq(emit_region(), 0);
			cr_expect_eq(interpreted(0).vector.d[0], want, "interpreted, %x", t[n].attributes);
			load(0);
			run_region();
			cr_expect_eq(reg_vec(3)->d[0], want, "emitted, %x: %lx", t[n].attributes,
				     reg_vec(3)->d[0]);
			/* a signalling NaN; only with FTZ, DAZ and rules by Arm's arithmetic not so */
			cr_expect(*reg_int(5) & VR_FP_INVALID);
		}
}

/* The denormal flag is the guest's when all of its ops raise it, and never else. */
Test(emit_fp_rules, denormal_flag)
{
	static const uint32_t rules[4] = {0, VR_FPA_SSE & ~VR_FPA_DENORMAL, VR_FPA_SSE,
					  VR_FPA_SSE | VR_FPA_DAZ};

	for (uint32_t always = 0; always < 2; always++)
		for (uint32_t n = always ? 2 : 0; n < 4; n++) {
			struct vr_ir_op o = {.op = VR_IR_FADD, .type = VR_T_F64, .imm = rules[n]};

			begin(always ? VR_FPA_DENORMAL : 0);
			memset(operand, 0, sizeof(operand));
			operand[0].d[0] = 5;
			operand[1].d[0] = 0x3ff0000000000000;
			build(&o);
			cr_assert_eq(emit_region(), 0);
			uint64_t want = (n == 2 ? VR_FP_DENORMAL : 0) | (n == 3 ? 0 : VR_FP_INEXACT);

			cr_expect_eq(interpreted(0).raised, want);
			load(0);
			run_region();
			cr_expect_eq(*reg_int(5), want, "always %u, rules %x: %lx", always, rules[n],
				     *reg_int(5));
			cr_expect_eq(H.x->fp_flags, want);
		}
}

/* An exception that is not masked: no result, the registers are those before the instruction, the handler's writes stay. */
Test(emit_fp_rules, traps)
{
	for (uint32_t fault = 0; fault < 2; fault++)
		for (uint32_t emitted = 0; emitted < 2; emitted++) {
			static union vr_v256 values[64];
			static const struct soft_interp_memory m = {.access = NULL};

			begin(0);
			ir_begin();
			block_begin(CODE_PC, VR_BLOCK_ENTRY);
			uint32_t one = vr_ir_const(&H.ir, VR_T_I64, 1);
			/* pinned registers that are newer than memory: an integer, and a vector of each length */
			vr_ir_put(&H.ir, VR_T_I64, 0,
				  vr_ir_op2(&H.ir, VR_IR_ADD, VR_T_I64, vr_ir_get(&H.ir, VR_T_I64, 0), one));
			uint32_t v = vr_ir_get(&H.ir, VR_T_V128, REG_V),
				 w = vr_ir_get(&H.ir, VR_T_V256, REG_W);
			vr_ir_put(&H.ir, VR_T_V128, REG_V, op(VR_IR_VADD, VR_T_V128, 3, v, v, 0, 0));
			vr_ir_put(&H.ir, VR_T_V256, REG_W, op(VR_IR_VADD, VR_T_V256, 3, w, w, 0, 0));
			op(VR_IR_INSN_START, 0, 0, 0, 0, 0, CODE_PC + 4);
			uint32_t q = op(VR_IR_VFDIV, VR_T_V256, 3, vr_ir_get(&H.ir, VR_T_V256, REG_W + 1),
					vr_ir_get(&H.ir, VR_T_V256, REG_W + 2), 0, VR_FPA_SSE | VR_FPA_TRAPS);
			vr_ir_put(&H.ir, VR_T_V256, REG_W, q);
			op(VR_IR_INSN_START, 0, 0, 0, 0, 0, CODE_PC + 8);
			vr_ir_put(&H.ir, VR_T_I64, 0, one);
			op(VR_IR_EXIT_TO, 0, 0, 0, 0, 0, CODE_PC + 12);
			block_end(CODE_PC + 12, VR_NO_BLOCK, VR_NO_BLOCK);
			H.ir.blocks[0].insns = 3;
			char why[128];

			cr_assert_eq(vr_ir_verify(&H.ir, &fake_isa, why, sizeof(why)), 0, "%s", why);
			*reg_int(0) = 10;
			*reg_int(1) = 1000;
			*reg_vec(0) = (union vr_v128){.d = {3, 4}};
			*reg_wide(0) = (union vr_v256){.d = {1, 2, 3, 4}};
			*reg_wide(1) = (union vr_v256){.f64 = {1, 2, 3, 4}};
			*reg_wide(2) = (union vr_v256){.f64 = {2, 2, 2, fault ? 0 : 2}};
			if (emitted) {
				cr_assert_eq(emit_region(), 0);
				run_region();
			} else {
				uint32_t end =
					soft_interp_block(H.x, &fake_isa, &H.ir, 0, H.page, values, &m);
				cr_assert_eq(end, fault ? SOFT_INTERP_LEFT : SOFT_INTERP_NEXT);
			}
			cr_assert_eq(H.bad, 0);
			if (!fault) {
				cr_assert_eq(H.x->pc, CODE_PC + 12);
				cr_assert(reg_wide(0)->f64[0] == 0.5 && reg_wide(0)->f64[3] == 2);
				cr_assert_eq(*reg_int(0), 1);
				continue;
			}
			cr_assert_eq(H.x->pc, FAULT_PC);
			cr_assert_eq(H.fault_pc, CODE_PC + 4);
			cr_assert_eq(*reg_int(0), 11);
			cr_assert_eq(*reg_int(1), 1000 + (11 ^ 8));
			cr_assert_eq(reg_vec(0)->d[1], 8);
			cr_assert(reg_wide(0)->d[0] == 2 && reg_wide(0)->d[3] == 8);
			cr_assert(H.x->fp_flags & VR_FP_DIVZERO);
		}
}
