/* SPDX-License-Identifier: MIT */
/*
 * test_flags.c: FLAGS of an x86 guest on x86 hosts: what the processor's own instructions give, by the instructions that one would write by
 * hand. A guest's CF is in bit 8 of packed FLAGS: additions and logic make C inverted, additions with carry read it so.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <Zydis/Zydis.h>

#include "harness.h"
#include "plugins/soft/soft.h"
#include "xlate/ir/ir.h"

#define MASK (VR_FLAG_N | VR_FLAG_Z | VR_FLAG_NOT_C | VR_FLAG_V)
#define PARITY 15    /* as a condition */
#define KEEPS_C 0xdu /* F_MERGE: N, Z and V are new */

enum insn { I_ADD, I_ADC, I_SUB, I_SBB, I_AND, I_INC, I_DEC, INSNS };

static const struct {
	uint16_t op, flags_op;
	uint8_t aux;
} how[INSNS] = {
	[I_ADD] = {VR_IR_ADD, VR_IR_F_ADD, VR_FA_NOT_C},
	[I_ADC] = {VR_IR_ADC, VR_IR_F_ADC, VR_FA_NOT_C | VR_FA_READS_NOT_C},
	[I_SUB] = {VR_IR_SUB, VR_IR_F_SUB, 0},
	[I_SBB] = {VR_IR_SBC, VR_IR_F_SBC, 0},
	[I_AND] = {VR_IR_AND, VR_IR_F_LOGIC, VR_FA_NOT_C},
	[I_INC] = {VR_IR_ADD, VR_IR_F_ADD, VR_FA_NOT_C},
	[I_DEC] = {VR_IR_SUB, VR_IR_F_SUB, 0},
};

static uint32_t get(uint32_t reg)
{
	return vr_ir_get(&H.ir, VR_T_I64, reg);
}

static uint32_t flags_now(void)
{
	return vr_ir_get(&H.ir, VR_T_FLAGS, REG_FLAGS);
}

/* An instruction of a guest: register d and s, or the constant k. keep: the result is not written (CMP, TEST). */
static void insn(enum insn n, uint32_t bits, uint32_t d, int32_t s, uint64_t k, bool keep)
{
	uint32_t type = bits == 64 ? VR_T_I64 : VR_T_I32, narrow = bits == 8    ? VR_FA_8
								   : bits == 16 ? VR_FA_16
										: 0;
	uint32_t old = n == I_INC || n == I_DEC || n == I_ADC || n == I_SBB ? flags_now() : 0;
	uint32_t c = n == I_ADC || n == I_SBB ? old : 0, a = vr_ir_get(&H.ir, type, d);
	uint32_t b = n == I_INC || n == I_DEC ? vr_ir_const(&H.ir, type, 1)
		     : s >= 0                 ? vr_ir_get(&H.ir, type, (uint32_t)s)
					      : vr_ir_const(&H.ir, type, k);
	uint32_t v = op(how[n].op, type, how[n].aux & VR_FA_READS_NOT_C, a, b, c, 0), f;

	if (n == I_AND)
		f = op(VR_IR_F_LOGIC, type, how[n].aux | narrow, v, 0, 0, 0);
	else
		f = op(how[n].flags_op, type, how[n].aux | narrow, a, b, c, 0);
	if (n == I_INC || n == I_DEC)
		f = op(VR_IR_F_MERGE, VR_T_FLAGS, 0, old, f, 0, KEEPS_C);
	uint32_t parity = op(VR_IR_ZEXT, VR_T_I32, 8, v, 0, 0, 0);
	if (!keep && narrow)
		v = op(VR_IR_BFI, VR_T_I64, 0, get(d), v, 0, bits << 8);
	if (!keep)
		vr_ir_put(&H.ir, VR_T_I64, d, v);
	vr_ir_put(&H.ir, VR_T_I64, REG_CONDITION, parity);
	vr_ir_put(&H.ir, VR_T_FLAGS, REG_FLAGS, f);
}

/* ---- against the processor ------------------------------------------------------------------------ */

#ifdef __x86_64__
#define NATIVE(name, suffix, modifier)                                                                      \
	__asm__("btl $0, %k[cf]\n\t" name suffix " %" modifier "[b], %" modifier "[r]\n\tlahf\n\tseto %%al" \
		: "=&a"(ax), [r] "+q"(*r)                                                                   \
		: [cf] "r"(cf), [b] "q"(b)                                                                  \
		: "cc")
#define NATIVE1(name, suffix, modifier)                                                   \
	__asm__("btl $0, %k[cf]\n\t" name suffix " %" modifier "[r]\n\tlahf\n\tseto %%al" \
		: "=&a"(ax), [r] "+q"(*r)                                                 \
		: [cf] "r"(cf)                                                            \
		: "cc")
#define SIZES(form, name)             \
	switch (bits) {               \
	case 8:                       \
		form(name, "b", "b"); \
		break;                \
	case 16:                      \
		form(name, "w", "w"); \
		break;                \
	case 32:                      \
		form(name, "l", "k"); \
		break;                \
	default:                      \
		form(name, "q", "q"); \
	}                             \
	break

/* Packed FLAGS, as LAHF and SETO have them. */
static uint32_t native(enum insn n, uint32_t bits, uint64_t *r, uint64_t b, uint32_t cf)
{
	uint64_t ax = 0;

	switch (n) {
	case I_ADD:
		SIZES(NATIVE, "add");
	case I_ADC:
		SIZES(NATIVE, "adc");
	case I_SUB:
		SIZES(NATIVE, "sub");
	case I_SBB:
		SIZES(NATIVE, "sbb");
	case I_AND:
		SIZES(NATIVE, "and");
	case I_INC:
		SIZES(NATIVE1, "inc");
	default:
		SIZES(NATIVE1, "dec");
	}
	return (uint32_t)ax & MASK;
}

static uint64_t a_number(void)
{
	static const uint64_t edge[] = {0,          1,         0x7f,       0x80,       0xff,
					0x7fff,     0x8000,    0xffff,     0x7fffffff, 0x80000000,
					0xffffffff, INT64_MAX, 1ull << 63, ~0ull};
	uint64_t n = rnd();

	return n % 4 ? edge[n / 4 % (sizeof(edge) / sizeof(edge[0]))] : rnd();
}

Test(emit_flags, as_the_processor)
{
	for (uint32_t n = 0; n < INSNS; n++)
		for (uint32_t bits = 8; bits <= 64; bits *= 2)
			for (uint32_t made = 0; made < 2;
			     made++) { /* with the old flags made in this block, too */
				harness_init();
				pin_regs(n & 1 ? 4 : 0, 0);
				block_begin(CODE_PC, VR_BLOCK_ENTRY);
				if (made)
					insn(I_ADD, 64, 2, 3, 0, false);
				insn((enum insn)n, bits, 0, 1, 0, false);
				op(VR_IR_GOTO, 0, 0, 0, 0, 0, CODE_PC + 4);
				block_end(CODE_PC + 4, VR_NO_BLOCK, VR_NO_BLOCK);
				cr_assert_eq(emit_region(), 0);
				for (uint32_t k = 0; k < 300; k++) {
					uint64_t a = a_number(), b = a_number(), r = a, x = k % 2 ? ~0ull : 0;
					uint32_t f = native((enum insn)n, bits, &r, b, k & 1);

					*reg_int(0) = a;
					*reg_int(1) = b;
					*reg_int(2) = x;
					*reg_int(3) = 1;
					*reg_flags() = k & 1 && !made ? MASK : 0;
					run_region();
					cr_assert_eq(*reg_flags(), f,
						     "insn %u, %u bits, %lx, %lx: %x, not %x", n, bits, a, b,
						     *reg_flags(), f);
					cr_assert_eq(*reg_int(0), bits == 32 ? (uint32_t)r : r,
						     "insn %u, %u bits, %lx, %lx: %lx, not %lx", n, bits, a,
						     b, *reg_int(0), r);
				}
			}
}
#endif

/* ---- instructions --------------------------------------------------------------------------------- */

static char text[512];

/* Mnemonics of the code in line for the guest instruction at pc. */
static const char *code_of(uint64_t pc)
{
	static ZydisDecoder decoder;
	const struct vr_code_mark *m = H.job.marks;
	ZydisDecodedInstruction one;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	text[0] = 0;
	for (uint32_t n = 0; n + 1 < H.job.mark_count; n++) {
		if (m[n].place != pc - H.page || m[n].kind != VR_MARK_INSN)
			continue;
		for (uint32_t at = m[n].offset; at < m[n + 1].offset; at += one.length) {
			cr_assert(ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, H.job.write + at,
									     m[n + 1].offset - at, &one)));
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", text[0] ? " " : "",
				 ZydisMnemonicGetString(one.mnemonic));
		}
	}
	return text;
}

/* A block with what add() adds and a branch by it, and two that use all registers, and no flags, or those of condition `lives`. */
static const char *compiled(void (*add)(void), uint32_t cc, uint32_t lives)
{
	static uint32_t scratch[2 * 16384];
	static struct vr_code_mark marks[256];
	struct soft_reg_assignment regs;
	char why[160];

	harness_init();
	block_begin(CODE_PC, VR_BLOCK_ENTRY);
	add();
	if (cc == PARITY) {
		uint32_t p =
			op(VR_IR_PARITY, VR_T_I64, 0, vr_ir_get(&H.ir, VR_T_I64, REG_CONDITION), 0, 0, 0);

		op(VR_IR_BRBIT, VR_T_I64, 0, p, 0, 0, CODE_PC + 512);
	} else {
		op(VR_IR_BRCC, 0, cc, flags_now(), 0, 0, CODE_PC + 512);
	}
	block_end(CODE_PC + 256, 2, 1);
	for (uint32_t b = 1; b < 3; b++) {
		block_begin(CODE_PC + 256 * b, 0);
		if (lives == PARITY && b == 1)
			vr_ir_put(&H.ir, VR_T_I64, 5,
				  op(VR_IR_PARITY, VR_T_I64, 0, vr_ir_get(&H.ir, VR_T_I64, REG_CONDITION), 0,
				     0, 0));
		else if (lives && lives != PARITY)
			vr_ir_put(&H.ir, VR_T_I64, 5, op(VR_IR_SETCC, VR_T_I64, lives, flags_now(), 0, 0, 0));
		for (uint32_t n = 0; n < 5; n++)
			for (uint32_t k = 0; k < 3; k++)
				vr_ir_put(&H.ir, VR_T_I64, n,
					  op(VR_IR_ADD, VR_T_I64, 0, get(n), get(n), 0, 0));
		vr_ir_put(&H.ir, VR_T_FLAGS, REG_FLAGS, op(VR_IR_F_CONST, VR_T_FLAGS, 0, 0, 0, 0, 0));
		vr_ir_put(&H.ir, VR_T_I64, REG_CONDITION, vr_ir_const(&H.ir, VR_T_I64, 0));
		op(VR_IR_GOTO, 0, 0, 0, 0, 0, 0x20000);
		block_end(CODE_PC + 256 * (b + 1), VR_NO_BLOCK, VR_NO_BLOCK);
	}
	soft_optimize(&fake_isa, H.emit, &H.ir, &H.space, scratch, &regs);
	cr_assert_eq(vr_ir_verify_optimized(&H.ir, &fake_isa, why, sizeof(why)), 0, "%s", why);
	memcpy(H.pinned, regs.pinned, sizeof(H.pinned));
	H.pinned_count = regs.pinned_count;
	H.job.marks = marks;
	H.job.mark_capacity = 256;
	cr_assert_eq(emit_region(), 0);
	const char *code = code_of(CODE_PC);
	H.job.marks = NULL;
	return code;
}

static void add_ab(void)
{
	insn(I_ADD, 64, 0, 1, 0, false);
}
static void sub_ab(void)
{
	insn(I_SUB, 64, 0, 1, 0, false);
}
static void cmp_ab(void)
{
	insn(I_SUB, 32, 0, 1, 0, true);
}
static void cmp8_ab(void)
{
	insn(I_SUB, 8, 0, 1, 0, true);
}
static void cmp8_constant(void)
{
	insn(I_SUB, 8, 0, -1, 0x90, true);
}
static void cmp16_constant(void)
{
	insn(I_SUB, 16, 0, -1, 0x1234, true);
}
static void test8_ab(void)
{
	insn(I_AND, 8, 0, 1, 0, true);
}
static void test8_constant(void)
{
	insn(I_AND, 8, 0, -1, 4, true);
}
static void and_ab(void)
{
	insn(I_AND, 32, 0, 1, 0, false);
}
static void add8_ab(void)
{
	insn(I_ADD, 8, 0, 1, 0, false);
}
static void adc_chain(void)
{
	insn(I_ADD, 64, 0, 1, 0, false);
	insn(I_ADC, 64, 2, 1, 0, false);
	insn(I_ADC, 64, 3, -1, 0, false);
}
static void sbb_chain(void)
{
	insn(I_SUB, 32, 0, 1, 0, false);
	insn(I_SBB, 32, 2, 1, 0, false);
}
static void inc(void)
{
	insn(I_INC, 32, 0, 0, 0, false);
}
static void add_inc(void)
{
	insn(I_ADD, 64, 0, 1, 0, false);
	insn(I_INC, 64, 2, 0, 0, false);
}
static void add_dec_adc(void)
{
	insn(I_ADD, 64, 0, 1, 0, false);
	insn(I_DEC, 64, 2, 0, 0, false);
	insn(I_ADC, 64, 3, 4, 0, false);
}

static const struct {
	const char *name;
	void (*add)(void);
	uint32_t cc;
	uint32_t
		lives; /* condition that is tested after the branch, 0: none; PARITY: where it falls through */
	const char *code;
} patterns[] = {
	{"add; jb", add_ab, VR_CC_CC, 0, "add jb"},
	{"add; ja", add_ab, VR_CC_HI, 0, "add jnbe"},
	{"sub; jb", sub_ab, VR_CC_CC, 0, "sub jb"},
	{"sub; jbe", sub_ab, VR_CC_LS, 0, "sub jbe"},
	{"cmp; jl", cmp_ab, VR_CC_LT, 0, "cmp jl"},
	{"cmp r8; je", cmp8_ab, VR_CC_EQ, 0, "cmp jz"},
	{"cmp r8, k; jb", cmp8_constant, VR_CC_CC, 0, "cmp jb"},
	{"cmp r16, k; jg", cmp16_constant, VR_CC_GT, 0, "cmp jnle"},
	{"test r8; jz", test8_ab, VR_CC_EQ, 0, "test jz"},
	{"test r8, k; jnz", test8_constant, VR_CC_NE, 0, "test jnz"},
	{"and; ja", and_ab, VR_CC_HI, 0, "and jnbe"},
	{"add r8; jb", add8_ab, VR_CC_CC, 0, "mov add mov jb"},
	{"add; adc; adc; jb", adc_chain, VR_CC_CC, 0, "add adc adc jb"},
	{"sub; sbb; jb", sbb_chain, VR_CC_CC, 0, "sub sbb jb"},
	{"inc; jz", inc, VR_CC_EQ, 0, "add jz"},
	{"add; inc; jb", add_inc, VR_CC_CC, 0, "add lea jb"},
	{"add; inc; ja", add_inc, VR_CC_HI, 0, "add inc jnbe"},
	{"add; dec; adc; jb", add_dec_adc, VR_CC_CC, 0, "add lea adc jb"},
	{"cmp r8; jp", cmp8_ab, PARITY, 0, "mov sub movzx test jp"},
	/* Where flags live after the branch they are stored, as far as they are not in memory: INC's carry is. */
	{"cmp r8; jb, jp where it falls through", cmp8_ab, VR_CC_CC, PARITY, "mov sub movzx jb mov"},
	{"inc; jz, then CF", inc, VR_CC_EQ, VR_CC_CC, "add jz"},
	{"inc; jz, then ja", inc, VR_CC_EQ, VR_CC_HI, "bt inc jnz lahf seto and mov jmp lahf seto and mov"},
	{"add; inc; jz, then CF", add_inc, VR_CC_EQ, VR_CC_CC, "add lahf seto and add mov jz"},
	{"add; inc; jz, then ja", add_inc, VR_CC_EQ, VR_CC_HI,
	 "add inc jnz lahf seto and mov jmp lahf seto and mov"},
};

Test(emit_flags, instructions)
{
	for (size_t n = 0; n < sizeof(patterns) / sizeof(patterns[0]); n++) {
		const char *code = compiled(patterns[n].add, patterns[n].cc, patterns[n].lives);

		if (strcmp(H.emit->arch, "x86_64"))
			continue;
		cr_expect_str_eq(code, patterns[n].code, "%s: \"%s\", not \"%s\"", patterns[n].name, code,
				 patterns[n].code);
	}
}
