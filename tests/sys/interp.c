/* SPDX-License-Identifier: MIT */
/* The interpreter, op by op, on known answers. */
#include <criterion/criterion.h>
#include <fenv.h>
#include <stdio.h>
#include <string.h>
#include "soft/interp.h"
#include "xlate/ir/build.h"

/* ---- a guest with three guest_regs and two helpers ------------------------------------------------ */

struct guest {
	uint64_t integer;
	union vr_v128 vector;
	union vr_v256 wide;
	uint32_t flags;
	uint32_t field;
};
static union {
	struct vr_exec exec;
	uint8_t bytes[VR_EXEC_STATE + sizeof(struct guest)];
} block_memory __attribute__((aligned(64)));
#define X (&block_memory.exec)
#define GUEST ((struct guest *)(void *)(block_memory.bytes + VR_EXEC_STATE))
#define OFFSET(member) (uint32_t)(VR_EXEC_STATE + offsetof(struct guest, member))

static const struct vr_guest_reg guest_regs[] = {{OFFSET(integer), VR_REG_INT, "i"},
						 {OFFSET(vector), VR_REG_VEC, "v"},
						 {OFFSET(flags), VR_REG_FLAGS, "f"},
						 {OFFSET(wide), VR_REG_VEC256, "w"}};

static uint64_t VR_CALL helper_sum(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	return x->pc + a + 10 * b + 100 * c;
}
static uint64_t VR_CALL helper_leave(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)b, (void)c;
	x->pc = 0x7777;
	x->leave = (uint32_t)a;
	return 0;
}
static void VR_CALL helper_vector(struct vr_exec *x, union vr_v128 *d, const union vr_v128 *a,
				  const union vr_v128 *b, const union vr_v128 *c, uint64_t imm)
{
	(void)x, (void)c;
	d->d[0] = a->d[0] + imm;
	d->d[1] = b->d[1];
}
static uint64_t VR_CALL helper_six(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
				   uint64_t e, uint64_t f)
{
	(void)x;
	return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f;
}
static const struct vr_helper helpers[] = {
	{.name = "sum", .flags = VR_HF_PC, .u.fn = helper_sum},
	{.name = "leave", .flags = VR_HF_PC | VR_HF_MAY_LEAVE, .u.fn = helper_leave},
	{.name = "vector", .flags = VR_HF_VECTOR, .u.vfn = helper_vector},
	{.name = "six", .flags = VR_HF_SIX, .u.fn6 = helper_six},
};

static uint32_t slow_what;
static uint64_t slow_imm;
static int32_t VR_CALL fp_slow(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			       const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c)
{
	(void)x;
	slow_what = what;
	slow_imm = imm;
	d->d[0] = a->d[0] + b->d[0] + c->d[0];
	return 0;
}

static const struct vr_isa isa = {.size = sizeof(isa),
				  .guest_regs = guest_regs,
				  .guest_reg_stride = sizeof(struct vr_guest_reg),
				  .helper_stride = sizeof(struct vr_helper),
				  .guest_reg_count = 4,
				  .helpers = helpers,
				  .helper_count = 4,
				  .fp_slow = fp_slow};

static struct {
	uint32_t count, op;
	uint64_t address;
	union vr_v256 arg1, arg2, result[2];
	int32_t fault;
} memory;
static int32_t access_memory(struct vr_exec *x, const struct vr_ir_op *op, uint64_t address,
			     const union vr_v256 *arg1, const union vr_v256 *arg2, union vr_v256 *result)
{
	memory.count++;
	memory.op = op->op;
	memory.address = address;
	if (arg1)
		memory.arg1 = *arg1;
	if (arg2)
		memory.arg2 = *arg2;
	memcpy(result, memory.result, sizeof(memory.result));
	if (memory.fault) {
		x->pc = 0x8888;
		x->leave = 1;
	}
	return memory.fault;
}
static const struct soft_interp_memory access_table = {.access = access_memory};

/* ---- one IR at a time -------------------------------------------------------------------------- */

static struct vr_ir_op ops[64];
static struct vr_ir_block blocks[1];
static union vr_v256 values[64];
static struct vr_ir ir;

#define PAGE 0x1000u /* linear address of the block's page */

static void begin(void)
{
	memset(ops, 0, sizeof(ops));
	memset(values, 0xee, sizeof(values));
	memset(&memory, 0, sizeof(memory));
	X->leave = 0;
	ir = (struct vr_ir){.size = sizeof(ir),
			    .op_count = 1,
			    .op_capacity = 64,
			    .block_count = 1,
			    .ops = ops,
			    .blocks = blocks};
	vr_ir_add(&ir, VR_IR_INSN_START, 0, 0, 0, 0, 0, 0x10);
}

static uint32_t add(uint32_t op, uint32_t type, uint32_t aux, uint32_t a, uint32_t b, uint32_t c,
		    uint64_t imm)
{
	return vr_ir_add(&ir, op, type, aux, a, b, c, imm);
}

static uint32_t run(void)
{
	add(VR_IR_GOTO, 0, 0, 0, 0, 0, 0x2000 - PAGE);
	blocks[0] = (struct vr_ir_block){.start = 0x10, .end = 0x14, .first = 1, .count = ir.op_count - 1};
	return soft_interp_block(X, &isa, &ir, 0, PAGE, values, &access_table);
}

static uint32_t integer(uint64_t value)
{
	return add(VR_IR_CONST, VR_T_I64, 0, 0, 0, 0, value);
}

static uint32_t vector(uint64_t low, uint64_t high)
{
	uint32_t a = integer(low), b = integer(high);
	return add(VR_IR_VPACK, VR_T_V128, 0, a, b, 0, 0);
}

/* ---- integers ---------------------------------------------------------------------------------- */

struct integer_case {
	uint32_t op, type, aux;
	uint64_t a, b, imm, result;
};
#define I VR_T_I64
#define W VR_T_I32
#define MIN64 0x8000000000000000ull
#define BOX(lsb, width) ((lsb) | (width) << 8)

static const struct integer_case integers[] = {
	{VR_IR_ADD, I, 0, ~0ull, 2, 0, 1},
	{VR_IR_ADD, W, 0, 0xffffffff, 2, 0, 1},
	{VR_IR_SUB, I, 0, 1, 2, 0, ~0ull},
	{VR_IR_SUB, W, 0, 1, 2, 0, 0xffffffff},
	{VR_IR_MUL, I, 0, ~0ull, 3, 0, 0xfffffffffffffffd},
	{VR_IR_MUL, W, 0, 0x10001, 0x10001, 0, 0x20001},
	{VR_IR_MULHU, I, 0, ~0ull, ~0ull, 0, 0xfffffffffffffffe},
	{VR_IR_MULHS, I, 0, ~0ull, ~0ull, 0, 0},
	{VR_IR_MULHS, I, 0, MIN64, 2, 0, ~0ull},
	{VR_IR_DIVU, I, 0, 100, 7, 0, 14},
	{VR_IR_DIVU, I, 0, 100, 0, 0, 0},
	{VR_IR_DIVU, W, 1, 100, 0, 0, 0xffffffff},
	{VR_IR_DIVU, W, 0, 0x1fffffffe, 2, 0, 0x7fffffff},
	{VR_IR_DIVS, I, 0, (uint64_t)-100, 7, 0, (uint64_t)-14},
	{VR_IR_DIVS, I, 0, MIN64, ~0ull, 0, MIN64},
	{VR_IR_DIVS, W, 0, 0x80000000, 0xffffffff, 0, 0x80000000},
	{VR_IR_DIVS, I, 1, 5, 0, 0, ~0ull},
	{VR_IR_REMU, I, 0, 100, 7, 0, 2},
	{VR_IR_REMU, I, 0, 100, 0, 0, 100},
	{VR_IR_REMS, I, 0, (uint64_t)-100, 7, 0, (uint64_t)-2},
	{VR_IR_REMS, I, 0, MIN64, ~0ull, 0, 0},
	{VR_IR_REMS, W, 0, 0xfffffff9, 0, 0, 0xfffffff9},
	{VR_IR_AND, I, 0, 0xf0f0, 0xff00, 0, 0xf000},
	{VR_IR_OR, I, 0, 0xf0f0, 0xff00, 0, 0xfff0},
	{VR_IR_XOR, I, 0, 0xf0f0, 0xff00, 0, 0x0ff0},
	{VR_IR_ANDN, I, 0, 0xf0f0, 0xff00, 0, 0x00f0},
	{VR_IR_ORN, W, 0, 1, 0xfffffff0, 0, 0xf},
	{VR_IR_XORN, W, 0, 0xff, 0xffffff00, 0, 0},
	{VR_IR_NOT, W, 0, 0, 0, 0, 0xffffffff},
	{VR_IR_NEG, W, 0, 1, 0, 0, 0xffffffff},
	{VR_IR_SHL, W, 0, 0x81, 36, 0, 0x810},
	{VR_IR_SHL, I, 0, 1, 127, 0, MIN64},
	{VR_IR_SHR, W, 0, 0xf80000000, 31, 0, 1},
	{VR_IR_SAR, W, 0, 0x80000000, 4, 0, 0xf8000000},
	{VR_IR_SAR, I, 0, MIN64, 63, 0, ~0ull},
	{VR_IR_ADDSHL, I, 3, 5, 0x2000000000000001, 0, 13},
	{VR_IR_ADDSHL, W, 2, 1, 0xffffffff40000001, 0, 5},
	{VR_IR_ROR, W, 0, 0x12345678, 8, 0, 0x78123456},
	{VR_IR_ROR, I, 0, 0x12345678, 64, 0, 0x12345678},
	{VR_IR_EXTR, W, 8, 0x11223344, 0x55667788, 0, 0x44556677},
	{VR_IR_EXTR, I, 0, 1, 2, 0, 2},
	{VR_IR_EXTR, I, 4, 0xa, 0xbc, 0, 0xa00000000000000b},
	{VR_IR_CLZ, I, 0, 1, 0, 0, 63},
	{VR_IR_CLZ, W, 0, 0, 0, 0, 32},
	{VR_IR_CLZ, W, 0, 0x100010000, 0, 0, 15},
	{VR_IR_CTZ, I, 0, 0, 0, 0, 64},
	{VR_IR_CTZ, W, 0, 0x100, 0, 0, 8},
	{VR_IR_CLS, I, 0, 0, 0, 0, 63},
	{VR_IR_CLS, W, 0, 0xffffffff, 0, 0, 31},
	{VR_IR_CLS, W, 0, 0xc0000000, 0, 0, 1},
	{VR_IR_CLS, I, 0, 0x4000000000000000, 0, 0, 0},
	{VR_IR_POPCNT, W, 0, 0xf0000000f, 0, 0, 4},
	{VR_IR_RBIT, W, 0, 1, 0, 0, 0x80000000},
	{VR_IR_RBIT, I, 0, 3, 0, 0, 0xc000000000000000},
	{VR_IR_BSWAP, I, 3, 0x0102030405060708, 0, 0, 0x0807060504030201},
	{VR_IR_BSWAP, I, 2, 0x0102030405060708, 0, 0, 0x0403020108070605},
	{VR_IR_BSWAP, W, 1, 0x01020304, 0, 0, 0x02010403},
	{VR_IR_SEXT, I, 8, 0x80, 0, 0, 0xffffffffffffff80},
	{VR_IR_SEXT, W, 16, 0x8000, 0, 0, 0xffff8000},
	{VR_IR_SEXT, I, 32, 0x80000000, 0, 0, 0xffffffff80000000},
	{VR_IR_ZEXT, I, 16, ~0ull, 0, 0, 0xffff},
	{VR_IR_BFX, I, 0, 0x123456789abcdef0, 0, BOX(8, 16), 0xbcde},
	{VR_IR_BFX, W, 1, 0x00008000, 0, BOX(8, 8), 0xffffff80},
	{VR_IR_BFX, I, 1, ~0ull, 0, BOX(0, 64), ~0ull},
	{VR_IR_BFI, I, 0, 0x1111111111111111, 0xff0, BOX(8, 8), 0x111111111111f011},
	{VR_IR_BFI, W, 0, 0, 1, BOX(31, 1), 0x80000000},
	{VR_IR_CRC32, W, 0, 0xffffffff, '1', 0, ~0x83dcefb7u},
	{VR_IR_CRC32, W, 7, 0, 0, 0, 0},
	{VR_IR_CRC32, W, 4, 0xffffffff, 'a', 0, ~0xc1d04330u},
	{VR_IR_CMPSET, I, VR_CC_LT, (uint64_t)-1, 0, 0, 1},
	{VR_IR_CMPSET, I, VR_CC_CC, (uint64_t)-1, 0, 0, 0},
	{VR_IR_CMPSET, W, VR_CC_EQ, 0x100000005, 5, 0, 1},
	{VR_IR_CMPSET, W, VR_CC_GT, 0x80000000, 1, 0, 0},
	{VR_IR_CMPSET, I, VR_CC_HI, 2, 1, 0, 1},
	/* flags, packed */
	{VR_IR_F_ADD, I, 0, ~0ull, 1, 0, VR_FLAG_Z},
	{VR_IR_F_ADD, W, 0, 0x7fffffff, 1, 0, VR_FLAG_N | VR_FLAG_V | VR_FLAG_NOT_C},
	{VR_IR_F_SUB, I, 0, 1, 1, 0, VR_FLAG_Z},
	{VR_IR_F_SUB, I, 0, 0, 1, 0, VR_FLAG_N | VR_FLAG_NOT_C},
	{VR_IR_F_SUB, W, 0, 0x80000000, 1, 0, VR_FLAG_V},
	{VR_IR_F_LOGIC, W, 0, 0x80000000, 0, 0, VR_FLAG_N | VR_FLAG_NOT_C},
	{VR_IR_F_LOGIC, I, 0, 0, 0, 0, VR_FLAG_Z | VR_FLAG_NOT_C},
	/* of fewer bits; what is above is not looked at */
	{VR_IR_F_ADD, W, VR_FA_8, 0x123456ff, 0x01, 0, VR_FLAG_Z},
	{VR_IR_F_ADD, W, VR_FA_8, 0x7f, 0xffffff01, 0, VR_FLAG_N | VR_FLAG_V | VR_FLAG_NOT_C},
	{VR_IR_F_ADD, W, VR_FA_16, 0xff, 1, 0, VR_FLAG_NOT_C},
	{VR_IR_F_ADD, W, VR_FA_16, 0xaaaa8000, 0x8000, 0, VR_FLAG_Z | VR_FLAG_V},
	{VR_IR_F_SUB, W, VR_FA_8, 0x100, 1, 0, VR_FLAG_N | VR_FLAG_NOT_C},
	{VR_IR_F_SUB, W, VR_FA_16, 0x18000, 1, 0, VR_FLAG_V},
	{VR_IR_F_LOGIC, W, VR_FA_8, 0xff00, 0, 0, VR_FLAG_Z | VR_FLAG_NOT_C},
	{VR_IR_F_LOGIC, W, VR_FA_16, 0x8000, 0, 0, VR_FLAG_N | VR_FLAG_NOT_C},
	/* C inverted: bit 8 is an x86 guest's CF */
	{VR_IR_F_ADD, I, VR_FA_NOT_C, ~0ull, 1, 0, VR_FLAG_Z | VR_FLAG_NOT_C},
	{VR_IR_F_ADD, W, VR_FA_8 | VR_FA_NOT_C, 0x7f, 1, 0, VR_FLAG_N | VR_FLAG_V},
	{VR_IR_F_SUB, I, VR_FA_NOT_C, 0, 1, 0, VR_FLAG_N},
	{VR_IR_F_LOGIC, I, VR_FA_NOT_C, 0, 0, 0, VR_FLAG_Z},
	/* FLAGS, packed, as operands */
	{VR_IR_F_MERGE, VR_T_FLAGS, 0, VR_FLAG_N | VR_FLAG_NOT_C, VR_FLAG_Z | VR_FLAG_V, 0xd,
	 VR_FLAG_Z | VR_FLAG_V | VR_FLAG_NOT_C},
	{VR_IR_F_MERGE, VR_T_FLAGS, 0, VR_FLAG_N, VR_FLAG_NOT_C | VR_FLAG_Z, 2, VR_FLAG_N | VR_FLAG_NOT_C},
	{VR_IR_F_FROM, I, 1, ~0ull, 0, 0, VR_FLAG_N | VR_FLAG_Z | VR_FLAG_NOT_C | VR_FLAG_V},
	{VR_IR_F_TO, I, 1, VR_FLAG_N | VR_FLAG_V, 0, 0, VR_FLAG_N | VR_FLAG_V},
	{VR_IR_PARITY, I, 0, 0xff01, 0, 0, 0},
	{VR_IR_PARITY, I, 0, 0x100, 0, 0, 1},
	{VR_IR_PARITY, W, 0, 0x83, 0, 0, 0},
	{VR_IR_PARITY, W, 0, 0x81, 0, 0, 1},
	{VR_IR_F_CONST, I, 0, 0, 0, 0xa, VR_FLAG_N},
	{VR_IR_F_CONST, I, 0, 0, 0, 0x5, VR_FLAG_Z | VR_FLAG_V | VR_FLAG_NOT_C},
	{VR_IR_F_FROM, I, 0, 0x60000000, 0, 0, VR_FLAG_Z},
	{VR_IR_F_TO, I, 0, VR_FLAG_N | VR_FLAG_V, 0, 0, 0xb0000000},
	{VR_IR_F_TO, I, 0, VR_FLAG_NOT_C, 0, 0, 0},
	/* signs of FP values, bits */
	{VR_IR_FNEG, VR_T_F32, 0, 0x3f800000, 0, 0, 0xbf800000},
	{VR_IR_FNEG, VR_T_F64, 0, 0, 0, 0, MIN64},
	{VR_IR_FABS, VR_T_F32, 0, 0xbf800000, 0, 0, 0x3f800000},
	{VR_IR_FABS, VR_T_F64, 0, ~0ull, 0, 0, ~MIN64},
	{VR_IR_FFROMI, VR_T_F32, 0, 0x1234567890, 0, 0, 0x34567890},
	{VR_IR_FTOBITS, W, 0, 0x1234567890, 0, 0, 0x34567890},
};

Test(interp, integers)
{
	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
		const struct integer_case *c = &integers[i];
		begin();
		uint32_t a = integer(c->a), b = integer(c->b);
		uint32_t v = add(c->op, c->type, c->aux, a, b, 0, c->imm);
		cr_assert_eq(run(), SOFT_INTERP_NEXT);
		cr_assert_eq(values[v].d[0], c->result, "case %zu, op %u: %lx", i, c->op,
			     (unsigned long)values[v].d[0]);
		cr_assert_eq(values[v].d[1], 0);
	}
}

Test(interp, conditions)
{
	/* N Z C V in bits 3:0: bit c of holds[] says whether condition c is true (C1.2.4) */
	for (uint32_t nzcv = 0; nzcv < 16; nzcv++) {
		uint32_t n = nzcv >> 3 & 1, z = nzcv >> 2 & 1, c = nzcv >> 1 & 1, o = nzcv & 1;
		const uint32_t holds[] = {z,  !z,      c,          !c,     n,      !n,           o,
					  !o, c && !z, !(c && !z), n == o, n != o, !z && n == o, z || n != o,
					  1};
		for (uint32_t cc = 0; cc <= VR_CC_AL; cc++) {
			begin();
			uint32_t f = add(VR_IR_F_CONST, VR_T_FLAGS, 0, 0, 0, 0, nzcv);
			uint32_t set = add(VR_IR_SETCC, I, cc, f, 0, 0, 0);
			uint32_t one = vector(1, 2), two = vector(3, 4);
			uint32_t wide = add(VR_IR_SELECT, VR_T_V128, cc, f, one, two, 0);
			uint32_t half = add(VR_IR_SELECT, VR_T_F32, cc, f, one, two, 0);
			uint32_t g = add(VR_IR_F_CONST, VR_T_FLAGS, 0, 0, 0, 0, 8);
			uint32_t sel = add(VR_IR_F_SEL, VR_T_FLAGS, cc, f, f, g, 0);
			add(VR_IR_BRCC, 0, cc, f, 0, 0, 0x5000 - PAGE);
			run();
			cr_assert_eq(values[set].d[0], holds[cc], "nzcv %x cc %u", nzcv, cc);
			cr_assert_eq(values[wide].d[1], holds[cc] ? 2 : 4);
			cr_assert_eq(values[half].d[0], holds[cc] ? 1 : 3);
			cr_assert_eq(values[half].d[1], 0);
			cr_assert_eq(values[sel].d[0], values[holds[cc] ? f : g].d[0]);
			cr_assert_eq(X->pc, holds[cc] ? 0x5000 : PAGE + 0x14);
		}
	}
}

Test(interp, carries)
{
	for (uint32_t carry = 0; carry < 2; carry++) {
		begin();
		uint32_t f = add(VR_IR_F_CONST, VR_T_FLAGS, 0, 0, 0, 0, carry << 1);
		uint32_t a = integer(~0ull), b = integer(0);
		uint32_t adc = add(VR_IR_ADC, I, 0, a, b, f, 0), sbc = add(VR_IR_SBC, W, 0, b, b, f, 0);
		uint32_t fadc = add(VR_IR_F_ADC, I, 0, a, b, f, 0), fsbc = add(VR_IR_F_SBC, W, 0, b, b, f, 0);
		uint32_t nz = add(VR_IR_SELNZ, I, 0, b, a, b, 0);
		run();
		cr_assert_eq(values[adc].d[0], carry ? 0 : ~0ull);
		cr_assert_eq(values[sbc].d[0], carry ? 0 : 0xffffffff);
		cr_assert_eq(values[fadc].d[0], carry ? VR_FLAG_Z : VR_FLAG_N | VR_FLAG_NOT_C);
		cr_assert_eq(values[fsbc].d[0], carry ? VR_FLAG_Z : VR_FLAG_N | VR_FLAG_NOT_C);
		cr_assert_eq(values[nz].d[0], 0);
	}
	/* The same with the other polarity read, and with the other one made. */
	for (uint32_t carry = 0; carry < 2; carry++) {
		const uint32_t in = VR_FA_READS_NOT_C, out = VR_FA_NOT_C;

		begin();
		uint32_t f = add(VR_IR_F_CONST, VR_T_FLAGS, 0, 0, 0, 0, carry ? 0 : 2);
		uint32_t a = integer(~0ull), b = integer(0);
		uint32_t adc = add(VR_IR_ADC, I, in, a, b, f, 0), sbc = add(VR_IR_SBC, W, in, b, b, f, 0);
		uint32_t fadc = add(VR_IR_F_ADC, I, in | out, a, b, f, 0);
		uint32_t fsbc = add(VR_IR_F_SBC, W, in | VR_FA_8, b, b, f, 0);
		run();
		cr_assert_eq(values[adc].d[0], carry ? 0 : ~0ull);
		cr_assert_eq(values[sbc].d[0], carry ? 0 : 0xffffffff);
		cr_assert_eq(values[fadc].d[0], carry ? VR_FLAG_Z | VR_FLAG_NOT_C : VR_FLAG_N);
		cr_assert_eq(values[fsbc].d[0], carry ? VR_FLAG_Z : VR_FLAG_N | VR_FLAG_NOT_C);
	}
}

/* ---- guest_regs, memory, calls, terminators ----------------------------------------------------------- */

Test(interp, guest_regs)
{
	begin();
	GUEST->integer = 0x1122334455667788;
	GUEST->vector = (union vr_v128){.d = {0x0102030405060708, 9}};
	GUEST->flags = VR_FLAG_Z;
	GUEST->field = 0xaabbccdd;
	uint32_t i32 = vr_ir_get(&ir, W, 0), i64 = vr_ir_get(&ir, I, 0), v64 = vr_ir_get(&ir, VR_T_V64, 1);
	uint32_t f32 = vr_ir_get(&ir, VR_T_F32, 1), v128 = vr_ir_get(&ir, VR_T_V128, 1),
		 f = vr_ir_get(&ir, VR_T_FLAGS, 2);
	uint32_t field = add(VR_IR_LDS, W, 0, 0, 0, 0, OFFSET(field));
	vr_ir_put(&ir, VR_T_F32, 1, v128);
	add(VR_IR_STS, W, 0, i64, 0, 0, OFFSET(field));
	vr_ir_put(&ir, W, 0, i32);
	vr_ir_put(&ir, VR_T_FLAGS, 2, add(VR_IR_F_CONST, VR_T_FLAGS, 0, 0, 0, 0, 2));
	run();
	cr_assert_eq(values[i32].d[0], 0x55667788);
	cr_assert_eq(values[i64].d[0], 0x1122334455667788);
	cr_assert_eq(values[v64].d[1], 0);
	cr_assert_eq(values[f32].d[0], 0x05060708);
	cr_assert_eq(values[v128].d[1], 9);
	cr_assert_eq(values[f].d[0], VR_FLAG_Z);
	cr_assert_eq(values[field].d[0], 0xaabbccdd);
	cr_assert_eq(GUEST->vector.d[0], 0x05060708);
	cr_assert_eq(GUEST->vector.d[1], 0);
	cr_assert_eq(GUEST->field, 0x55667788);
	cr_assert_eq(GUEST->integer, 0x55667788);
	cr_assert_eq(GUEST->flags, 0);
}

Test(interp, memory)
{
	begin();
	memory.result[0].d[0] = 0x80;
	uint32_t a = integer(0x5000);
	uint32_t v = add(VR_IR_LOAD, I, 0 | VR_MS_SIGN, a, 0, 0, VR_MEM_IMM(-16, VR_MF_ACQUIRE));
	uint32_t u = add(VR_IR_LOAD, W, 0 | VR_MS_SIGN, a, 0, 0, VR_MEM_IMM(0, 0));
	uint32_t z = add(VR_IR_LOAD, I, 0, a, 0, 0, VR_MEM_IMM(-16, 0));
	cr_assert_eq(run(), SOFT_INTERP_NEXT);
	cr_assert_eq(memory.address, 0x4ff0);
	cr_assert_eq(values[v].d[0], 0xffffffffffffff80);
	cr_assert_eq(values[u].d[0], 0xffffff80);
	cr_assert_eq(values[z].d[0], 0x80);

	begin();
	memory.result[0] = (union vr_v256){.d = {0x80000000}};
	memory.result[1] = (union vr_v256){.d = {0x90000000}};
	a = integer(0x5000);
	uint32_t p = add(VR_IR_LOADP, I, 2 | VR_MS_SIGN, a, 0, 0, 0);
	uint32_t q = vr_ir_op1(&ir, VR_IR_LOADP_HI, I, p);
	uint32_t b = integer(1), c = integer(2);
	add(VR_IR_STOREP, I, 3, a, b, c, 8);
	cr_assert_eq(run(), SOFT_INTERP_NEXT);
	cr_assert_eq(values[p].d[0], 0xffffffff80000000);
	cr_assert_eq(values[q].d[0], 0xffffffff90000000);
	cr_assert_eq(memory.address, 0x5008);
	cr_assert_eq(memory.arg1.d[0], 1);
	cr_assert_eq(memory.arg2.d[0], 2);
}

Test(interp, atomics)
{
	begin();
	memory.result[0].d[0] = 0x1234;
	uint32_t a = integer(0x5000), b = integer(0x55), c = integer(2), no = integer(0);
	uint32_t cas = add(VR_IR_CAS, I, 3, a, b, c, 0);
	uint32_t amo = add(VR_IR_AMO, W, 2, a, b, VR_AMO_ADD, 0);
	uint32_t yes = add(VR_IR_CASIF, W, 0, a, b, c, b);
	uint32_t not = add(VR_IR_CASIF, W, 0, a, b, c, no);
	uint32_t pair = vector(1, 2), not2 = add(VR_IR_CAS2IF, VR_T_V128, 4, a, pair, pair, no);
	uint32_t yes2 = add(VR_IR_CAS2IF, VR_T_V128, 4, a, pair, pair, a);
	cr_assert_eq(run(), SOFT_INTERP_NEXT);
	cr_assert_eq(memory.count, 4);
	cr_assert_eq(values[cas].d[0], 0x1234);
	cr_assert_eq(values[amo].d[0], 0x1234);
	cr_assert_eq(values[yes].d[0], 0x1234);
	cr_assert_eq(values[not ].d[0], 0xaa);
	cr_assert_eq(values[not2].d[0], ~1ull);
	cr_assert_eq(values[not2].d[1], ~2ull);
	cr_assert_eq(values[yes2].d[0], 0x1234);
}

Test(interp, a_fault_ends_the_block)
{
	begin();
	memory.fault = 1;
	GUEST->integer = 5;
	uint32_t a = integer(0x5000), v = add(VR_IR_LOAD, I, 3, a, 0, 0, 0);
	vr_ir_put(&ir, I, 0, v);
	cr_assert_eq(run(), SOFT_INTERP_LEFT);
	cr_assert_eq(X->pc, 0x8888);
	cr_assert_eq(X->leave, 0);
	cr_assert_eq(GUEST->integer, 5);
}

Test(interp, calls)
{
	begin();
	uint32_t a = integer(1), b = integer(2);
	uint32_t v = add(VR_IR_CALL, I, 0, a, 0, b, 0);
	uint32_t pair = vector(5, 6), w = add(VR_IR_VCALL, VR_T_V128, 0, pair, pair, 0, 2 | 7 << 16);
	uint32_t zero = integer(0);
	add(VR_IR_CALL, I, 0, zero, 0, 0, 1);
	add(VR_IR_FENCE, 0, 0, 0, 0, 0, 0);
	add(VR_IR_RAS_PUSH, 0, 0, 0, 0, 0, 0);
	cr_assert_eq(run(), SOFT_INTERP_NEXT);
	cr_assert_eq(values[v].d[0], PAGE + 0x10 + 1 + 200);
	cr_assert_eq(values[w].d[0], 12);
	cr_assert_eq(values[w].d[1], 6);
	cr_assert_eq(X->pc, 0x2000);

	begin();
	uint32_t n[7];
	for (uint32_t k = 1; k < 7; k++)
		n[k] = integer(k);
	add(VR_IR_ARGS, I, 0, n[4], n[5], n[6], 0);
	v = add(VR_IR_CALL, I, 0, n[1], n[2], n[3], 3);
	w = add(VR_IR_CALL, I, 0, n[1], n[2], n[3], 3);
	cr_assert_eq(run(), SOFT_INTERP_NEXT);
	cr_assert_eq(values[v].d[0], 654321);
	cr_assert_eq(values[w].d[0], 321, "the ARGS of the CALL before are not this one's");

	begin();
	add(VR_IR_CALL, I, 0, integer(1), 0, 0, 1);
	cr_assert_eq(run(), SOFT_INTERP_LEFT);
	cr_assert_eq(X->pc, 0x7777);
	cr_assert_eq(X->leave, 0);
}

Test(interp, terminators)
{
	static const struct {
		uint32_t op, type, aux;
		uint64_t a, b, imm, pc;
	} cases[] = {
		{VR_IR_GOTO, 0, 1, 0, 0, 0x5000, 0x5000},
		{VR_IR_BRCMP, I, VR_CC_LT, (uint64_t)-1, 1, 0x5000, 0x5000},
		{VR_IR_BRCMP, I, VR_CC_CC, (uint64_t)-1, 1, 0x5000, PAGE + 0x14},
		{VR_IR_BRCMP, W, VR_CC_EQ, 0x100000000, 0, 0x5000, 0x5000},
		{VR_IR_BRBIT, I, 63, MIN64, 0, 0x5000, 0x5000},
		{VR_IR_BRBIT, I, 63, 0, 0, 0x5000, PAGE + 0x14},
		{VR_IR_BRBIT, I, 64 | 5, 0, 0, 0x5000, 0x5000},
		{VR_IR_BRBIT, I, 64 | 5, 32, 0, 0x5000, PAGE + 0x14},
		{VR_IR_JUMP_INDIRECT, I, VR_JUMP_RET, 0x123456789abc, 0, 0, 0x123456789abc},
		{VR_IR_EXIT, 0, 0, 0, 0, 0x5000, PAGE + 0x10},
		{VR_IR_EXIT_TO, 0, 0, 0, 0, 0x5000, 0x5000},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		uint32_t a = integer(cases[i].a), b = integer(cases[i].b);
		add(cases[i].op, cases[i].type, cases[i].aux, a, b, 0, cases[i].imm - PAGE);
		cr_assert_eq(run(), SOFT_INTERP_NEXT);
		cr_assert_eq(X->pc, cases[i].pc, "case %zu", i);
	}
}

/* Code with a base, of 16 bits: what an instruction sees is the code address, exec.pc is the linear one. */
Test(interp, code_addresses)
{
	X->code = (struct vr_code_space){.base = 0x120, .ignored = ~UINT64_C(0xffff)};
	begin();
	uint32_t here = add(VR_IR_PC_CONST, I, 0, 0, 0, 0, 0x10),
		 before = add(VR_IR_PC_CONST, I, 0, 0, 0, 0, -(uint64_t)PAGE);
	uint32_t narrow = add(VR_IR_PC_CONST, W, 0, 0, 0, 0, 0x20), to = integer(0x5abcd);

	add(VR_IR_JUMP_INDIRECT, 0, VR_JUMP, to, 0, 0, 0);
	run();
	cr_assert_eq(values[here].d[0], PAGE + 0x10 - 0x120);
	cr_assert_eq(values[before].d[0], 0x10000 - 0x120);
	cr_assert_eq(values[narrow].d[0], PAGE + 0x20 - 0x120);
	cr_assert_eq(X->pc, 0xabcd + 0x120);
	X->code = (struct vr_code_space){0};
	begin();
	here = add(VR_IR_PC_CONST, I, 0, 0, 0, 0, -(uint64_t)(PAGE + 4));
	narrow = add(VR_IR_PC_CONST, W, 0, 0, 0, 0, -(uint64_t)(PAGE + 4));
	run();
	cr_assert_eq(values[here].d[0], (uint64_t)-4);
	cr_assert_eq(values[narrow].d[0], (uint32_t)-4);
}

Test(interp, floating_point_is_the_isas)
{
	begin();
	uint32_t a = vector(1, 0), b = vector(20, 0), c = vector(300, 0);
	uint32_t v = add(VR_IR_FMADD, VR_T_F64, 3, a, b, c, 0x77);
	run();
	cr_assert_eq(values[v].d[0], 321);
	cr_assert_eq(slow_what, (uint32_t)VR_IR_FMADD | VR_T_F64 << 16 | 3u << 24);
	cr_assert_eq(slow_imm, 0x77);
	begin();
	a = vector(5, 0);
	v = add(VR_IR_FSQRT, VR_T_F32, 0, a, 0, 0, 0);
	run();
	cr_assert_eq(values[v].d[0], 5, "absent operands are zero");
}

Test(interp, fp_environment)
{
	begin();
	X->fp_flags = VR_FP_INVALID;
	feclearexcept(FE_ALL_EXCEPT);
	feraiseexcept(FE_DIVBYZERO);
	uint32_t v = add(VR_IR_FPGETFLAGS, I, 0, 0, 0, 0, 0);
	add(VR_IR_FPSETFLAGS, I, 0, integer(VR_FP_OVERFLOW), 0, 0, 0);
	uint32_t u = add(VR_IR_FPGETFLAGS, I, 0, 0, 0, 0, 0);
	add(VR_IR_FPSETROUND, W, 0, integer(VR_RM_DOWN), 0, 0, 0);
	run();
	cr_assert_eq(values[v].d[0], VR_FP_INVALID | VR_FP_DIVZERO);
	cr_assert_eq(values[u].d[0], VR_FP_OVERFLOW);
	cr_assert_eq(X->fp_round, VR_RM_DOWN);
	cr_assert_eq(fegetround(), FE_DOWNWARD);
	fesetround(FE_TONEAREST);
}

/* ---- vectors --------------------------------------------------------------------------------------- */

#define Q VR_T_V128
#define H VR_T_V64
#define A_LOW 0x8877665544332211ull
#define A_HIGH 0x00ffeeddccbbaa99ull
#define B_LOW 0x0102030405060708ull
#define B_HIGH 0x807f80ff00010203ull

static const struct {
	uint32_t op, type, aux;
	uint64_t imm, low, high;
} vectors[] = {
	{VR_IR_VCONST, Q, 0, 5, 5, 5},
	{VR_IR_VCONST, H, 0, 5, 5, 0},
	{VR_IR_VCONST, Q, 1, 5, 5, 0},
	{VR_IR_VHALF, I, 1, 0, A_HIGH, 0},
	{VR_IR_VZEXT, Q, 0, 0, 0x11, 0},
	{VR_IR_VZEXT, Q, 3, 0, A_LOW, 0},
	{VR_IR_VAND, Q, 0, 0, A_LOW &B_LOW, A_HIGH &B_HIGH},
	{VR_IR_VOR, H, 0, 0, A_LOW | B_LOW, 0},
	{VR_IR_VXOR, Q, 0, 0, A_LOW ^ B_LOW, A_HIGH ^ B_HIGH},
	{VR_IR_VANDN, Q, 0, 0, A_LOW & ~B_LOW, A_HIGH & ~B_HIGH},
	{VR_IR_VORN, Q, 0, 0, A_LOW | ~B_LOW, A_HIGH | ~B_HIGH},
	{VR_IR_VNOT, H, 0, 0, ~A_LOW, 0},
	{VR_IR_VADD, Q, 0, 0, 0x8979695949392919, 0x807e6edcccbcac9c},
	{VR_IR_VADD, H, 2, 0, 0x8979695949392919, 0},
	{VR_IR_VSUB, H, 1, 0, 0x877563513f2d1b09, 0},
	{VR_IR_VNEG, H, 0, 0, 0x78899aabbccddeef, 0},
	{VR_IR_VABS, H, 0, 0, 0x7877665544332211, 0},
	{VR_IR_VABS, H, 3, 0, 0x778899aabbccddef, 0},
	{VR_IR_VMUL, H, 2, 0, 0xa9ba9854a8ed8788, 0},
	{VR_IR_VSMAX, H, 0, 0, 0x0177665544332211, 0},
	{VR_IR_VSMIN, H, 0, 0, 0x8802030405060708, 0},
	{VR_IR_VUMAX, Q, 0, 0, 0x8877665544332211, 0x80ffeeffccbbaa99},
	{VR_IR_VUMIN, Q, 0, 0, 0x0102030405060708, 0x007f80dd00010203},
	{VR_IR_VCMPEQ, H, 0, 0, 0, 0},
	{VR_IR_VCMPGT, H, 0, 0, 0x00ffffffffffffff, 0},
	{VR_IR_VCMPGE, Q, 3, 0, 0, ~0ull},
	{VR_IR_VCMPHI, Q, 3, 0, ~0ull, 0},
	{VR_IR_VCMPHS, H, 2, 0, ~0ull, 0},
	{VR_IR_VTST, H, 0, 0, 0x00ffffffffffff00, 0},
	{VR_IR_VSHL, H, 0, 4, 0x8070605040302010, 0},
	{VR_IR_VSHR, H, 0, 4, 0x0807060504030201, 0},
	{VR_IR_VSHR, H, 0, 8, 0, 0},
	{VR_IR_VSAR, H, 1, 16, 0xffff000000000000, 0},
	{VR_IR_VSAR, H, 0, 4, 0xf807060504030201, 0},
	{VR_IR_VDUPLANE, Q, 0, 14, ~0ull, ~0ull},
	{VR_IR_VGETLANE, I, 0 | 4, 7, 0xffffffffffffff88, 0},
	{VR_IR_VGETLANE, W, 0 | 4, 7, 0xffffff88, 0},
	{VR_IR_VGETLANE, I, 2, 3, 0x00ffeedd, 0},
	{VR_IR_VINSLANE, Q, 3, 1 << 4 | 0, B_HIGH, A_HIGH},
	{VR_IR_VEXT, Q, 0, 3, 0xbbaa998877665544, 0x06070800ffeeddcc},
	{VR_IR_VEXT, H, 0, 3, 0x0607088877665544, 0},
	{VR_IR_VZIP1, Q, 0, 0, 0x0544063307220811, 0x0188027703660455},
	{VR_IR_VZIP2, H, 1, 0, 0x0102887703046655, 0},
	{VR_IR_VUZP1, H, 0, 0, 0x0204060877553311, 0},
	{VR_IR_VUZP2, Q, 2, 0, 0x00ffeedd88776655, 0x807f80ff01020304},
	{VR_IR_VTRN1, H, 0, 0, 0x0277045506330811, 0},
	{VR_IR_VTRN2, H, 1, 0, 0x0102887705064433, 0},
	{VR_IR_VREV, H, 0, 3, 0x1122334455667788, 0},
	{VR_IR_VREV, H, 1, 2, 0x6655887722114433, 0},
	{VR_IR_VREV, Q, 0, 1, 0x7788556633441122, 0xff00ddeebbcc99aa},
	{VR_IR_VTBL, H, 0, 0, 0x2233445566778899, 0},
	{VR_IR_VPADD, H, 0, 0, 0x03070b0fffbb7733, 0},
	{VR_IR_VSXTL, Q, 0, 0, 0x0044003300220011, 0xff88007700660055},
	{VR_IR_VUXTL, Q, 2, 0, 0x44332211, 0x88776655},
	{VR_IR_VXTN, H, 0, 0, 0xffddbb9977553311, 0},
	{VR_IR_VXTN, H, 2, 0, 0xccbbaa9944332211, 0},
	{VR_IR_VMOVHI, Q, 0, 0, A_LOW, B_LOW},
	{VR_IR_VHITOLO, H, 0, 0, A_HIGH, 0},
	{VR_IR_VSMULL, Q, 0, 0, 0x0154013200ee0088, 0xff8800ee01320154},
	{VR_IR_VUMULL, Q, 2, 0, 0x44332211ull * 0x05060708ull, 0x88776655ull * 0x01020304ull},
	{VR_IR_VCNT, Q, 0, 0, 0x0206040402040202, 0x0008060604060404},
	{VR_IR_VSQADD, H, 0, 0, 0x8979695949392919, 0},
	{VR_IR_VFNEG, H, 2, 0, A_LOW ^ 0x8000000080000000, 0},
	{VR_IR_VFABS, Q, 3, 0, A_LOW & ~MIN64, A_HIGH},
};

Test(interp, vectors)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		begin();
		uint32_t a = vector(A_LOW, A_HIGH), b = vector(B_LOW, B_HIGH);
		uint32_t v = add(vectors[i].op, vectors[i].type, vectors[i].aux, a, b, a, vectors[i].imm);
		run();
		cr_assert(values[v].d[0] == vectors[i].low && values[v].d[1] == vectors[i].high,
			  "case %zu, op %u: %016lx %016lx", i, vectors[i].op, (unsigned long)values[v].d[1],
			  (unsigned long)values[v].d[0]);
	}
}

Test(interp, vectors_from_integers)
{
	begin();
	uint32_t n = integer(0x1ff), a = vector(1, 2), b = vector(3, 5);
	uint32_t dup = add(VR_IR_VDUP, H, 0, n, 0, 0, 0), set = add(VR_IR_VSETLANE, Q, 1, a, n, 0, 7);
	uint32_t low = add(VR_IR_VPACK, Q, 0, n, 0, 0, 0);
	uint32_t mask = vector(0xff00, ~0ull), bsl = add(VR_IR_VBSL, Q, 0, mask, n, a, 0);
	uint32_t product = add(VR_IR_VPMULL64, Q, 0, b, vector(MIN64 | 3, 0), 0, 0);
	uint32_t sub = add(VR_IR_VSUB, Q, 3, a, b, 0, 0);
	uint32_t sat = add(VR_IR_VSQADD, Q, 1, vector(0x7fff8000, 0), vector(0x0001ffff, 0), 0, 0);
	run();
	cr_assert_eq(values[dup].d[0], ~0ull);
	cr_assert_eq(values[dup].d[1], 0);
	cr_assert_eq(values[set].d[1], 0x01ff000000000002);
	cr_assert_eq(values[low].d[0], 0x1ff);
	cr_assert_eq(values[low].d[1], 0);
	cr_assert_eq(values[bsl].d[0], 0x101);
	cr_assert_eq(values[bsl].d[1], 0);
	cr_assert_eq(values[product].d[0], MIN64 | 5); /* 3 x 3 without carries; 3 x^63 */
	cr_assert_eq(values[product].d[1], 1);
	cr_assert_eq(values[sub].d[0], (uint64_t)-2);
	cr_assert_eq(values[sub].d[1], (uint64_t)-3);
	cr_assert_eq(values[sat].d[0], 0x7fff8000);
}

#define Y VR_T_V256
#define W_IS(v, d0, d1, d2, d3)                                                                        \
	do {                                                                                           \
		const uint64_t want_[4] = {d0, d1, d2, d3};                                            \
		cr_expect_eq(memcmp(&values[v], want_, 32), 0, #v ": %lx %lx %lx %lx", values[v].d[0], \
			     values[v].d[1], values[v].d[2], values[v].d[3]);                          \
	} while (0)

/* V256: halves, registers, what widens and what is cut; ops that move lanes stay in their half. */
Test(interp, v256)
{
	begin();
	GUEST->wide = (union vr_v256){.d = {1, 2, 3, 4}};
	uint32_t w = vr_ir_get(&ir, Y, 3), low = vr_ir_get(&ir, Q, 3), one = vr_ir_get(&ir, VR_T_V64, 3);
	uint32_t high = vr_ir_op1(&ir, VR_IR_VHIGH, Q, w), swapped = vr_ir_op2(&ir, VR_IR_VJOIN, Y, high, w);
	uint32_t sum = add(VR_IR_VADD, Y, 3, w, low, 0, 0), narrow = add(VR_IR_VADD, Q, 3, w, w, 0, 0);
	uint32_t lane = add(VR_IR_VDUPLANE, Y, 3, w, 0, 0, 1), ext = add(VR_IR_VEXT, Y, 0, w, swapped, 0, 8);
	uint32_t zip = add(VR_IR_VZIP2, Y, 3, w, swapped, 0, 0), pair = add(VR_IR_VPADD, Y, 3, w, w, 0, 0);
	uint32_t wider = add(VR_IR_VSXTL, Y, 2, add(VR_IR_VNOT, Q, 0, low, 0, 0, 0), 0, 0, 0);
	uint32_t k = add(VR_IR_VCONST, Y, 0, 0, 0, 0, 7), k1 = add(VR_IR_VCONST, Y, 1, 0, 0, 0, 7);
	uint32_t bytes = add(VR_IR_VTBL, Y, 0, w, k1, 0, 0);
	uint32_t chosen = add(VR_IR_SELNZ, Y, 0, integer(1), low, w, 0);
	run();
	W_IS(w, 1, 2, 3, 4);
	W_IS(low, 1, 2, 0, 0);
	W_IS(one, 1, 0, 0, 0);
	W_IS(high, 3, 4, 0, 0);
	W_IS(swapped, 3, 4, 1, 2);
	W_IS(sum, 2, 4, 3, 4);
	W_IS(narrow, 2, 4, 0, 0);
	W_IS(lane, 2, 2, 2, 2);
	W_IS(ext, 2, 3, 4, 1);
	W_IS(zip, 2, 4, 4, 2);
	W_IS(pair, 3, 3, 7, 7);
	W_IS(wider, ~1ull, ~0ull, ~2ull, ~0ull);
	W_IS(k, 7, 7, 7, 7);
	W_IS(k1, 7, 0, 0, 0);
	W_IS(bytes, 0x0101010101010100, 0x0101010101010101, 0x0303030303030303, 0x0303030303030303);
	W_IS(chosen, 1, 2, 0, 0);
	for (uint32_t keep = 0; keep < 2; keep++) {
		const uint64_t puts[3][4] = {
			{1, 2, keep ? 6 : 0, keep ? 5 : 0}, {8, 0, keep ? 6 : 0, keep ? 5 : 0}, {8, 7, 6, 5}};
		for (uint32_t n = 0; n < 3; n++) {
			static const uint32_t types[3] = {VR_T_V128, VR_T_V64, VR_T_V256};

			begin();
			GUEST->vector = (union vr_v128){.d = {1, 2}};
			GUEST->wide = (union vr_v256){.d = {8, 7, 6, 5}};
			uint32_t from = n ? vr_ir_get(&ir, Y, 3) : vr_ir_get(&ir, Q, 1);

			add(VR_IR_PUT, types[n], keep && n < 2 ? VR_PUT_KEEP : 0, from, 0, 0, 3);
			run();
			cr_expect_eq(memcmp(&GUEST->wide, puts[n], 32), 0, "PUT %u, keep %u", n, keep);
		}
	}
	begin();
	uint32_t a = integer(0x4000), load;
	memory.result[0] = (union vr_v256){.d = {1, 2, 3, 4}};
	load = add(VR_IR_LOAD, Y, 5, a, 0, 0, 0);
	add(VR_IR_STORE, Y, 5, a, add(VR_IR_VADD, Y, 3, load, load, 0, 0), 0, 0);
	run();
	W_IS(load, 1, 2, 3, 4);
	cr_expect_eq(memory.arg1.d[3], 8);
}

static union vr_v128 bytes16(const char *hex)
{
	union vr_v128 v;
	for (uint32_t i = 0; i < 16; i++) {
		unsigned byte;
		sscanf(hex + 2 * i, "%2x", &byte);
		v.b[i] = (uint8_t)byte;
	}
	return v;
}

/* FIPS 197, appendix B: the first round of the example. */
Test(interp, aes)
{
	union vr_v128 input = bytes16("3243f6a8885a308d313198a2e0370734"),
		      key = bytes16("2b7e151628aed2a6abf7158809cf4f3c");
	union vr_v128 shifted = bytes16("d4bf5d30e0b452aeb84111f11e2798e5"),
		      mixed = bytes16("046681e5e0cb199a48f8d37a2806264c");
	begin();
	uint32_t s = vector(input.d[0], input.d[1]), k = vector(key.d[0], key.d[1]), zero = vector(0, 0);
	uint32_t e = add(VR_IR_VAESE, Q, 0, s, k, 0, 0), mc = add(VR_IR_VAESMC, Q, 0, e, 0, 0, 0);
	uint32_t imc = add(VR_IR_VAESIMC, Q, 0, mc, 0, 0, 0), d = add(VR_IR_VAESD, Q, 0, imc, zero, 0, 0);
	uint32_t back = add(VR_IR_VXOR, Q, 0, d, k, 0, 0);
	run();
	cr_assert_eq(memcmp(&values[e], &shifted, 16), 0);
	cr_assert_eq(memcmp(&values[mc], &mixed, 16), 0);
	cr_assert_eq(memcmp(&values[imc], &shifted, 16), 0);
	cr_assert_eq(memcmp(&values[back], &input, 16), 0);
}

static uint32_t fractional(double root)
{
	return (uint32_t)((root - (double)(uint64_t)root) * 4294967296.0);
}

/* SHA-256 of "abc" (FIPS 180-4), with the four ops doing all the work. */
Test(interp, sha256)
{
	uint32_t k[64], h[8], w[64] = {0x61626380, [15] = 24};
	for (uint32_t n = 0, p = 2; n < 64; p++) {
		uint32_t prime = 1;
		for (uint32_t q = 2; q * q <= p; q++)
			prime &= p % q != 0;
		if (!prime)
			continue;
		k[n] = fractional(__builtin_cbrt(p));
		if (n < 8)
			h[n] = fractional(__builtin_sqrt(p));
		n++;
	}
	union vr_v128 abcd, efgh, word[16];
	memcpy(&abcd, h, 16);
	memcpy(&efgh, h + 4, 16);
	memcpy(word, w, sizeof(w));
	for (uint32_t i = 0; i < 16; i++) {
		begin();
		uint32_t su1 = 0;
		if (i >= 4) {
			uint32_t a = vector(word[i - 4].d[0], word[i - 4].d[1]),
				 b = vector(word[i - 3].d[0], word[i - 3].d[1]);
			uint32_t c = vector(word[i - 2].d[0], word[i - 2].d[1]),
				 d = vector(word[i - 1].d[0], word[i - 1].d[1]);
			uint32_t su0 = add(VR_IR_VSHA256SU0, Q, 0, a, b, 0, 0);
			su1 = add(VR_IR_VSHA256SU1, Q, 0, su0, c, d, 0);
			run();
			word[i] = values[su1].half[0];
			begin();
		}
		union vr_v128 wk;
		for (uint32_t j = 0; j < 4; j++)
			wk.s[j] = word[i].s[j] + k[4 * i + j];
		uint32_t a = vector(abcd.d[0], abcd.d[1]), e = vector(efgh.d[0], efgh.d[1]),
			 x = vector(wk.d[0], wk.d[1]);
		uint32_t h1 = add(VR_IR_VSHA256H, Q, 0, a, e, x, 0),
			 h2 = add(VR_IR_VSHA256H2, Q, 0, e, a, x, 0);
		run();
		abcd = values[h1].half[0];
		efgh = values[h2].half[0];
	}
	static const uint32_t expected[8] = {0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
					     0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad};
	for (uint32_t i = 0; i < 4; i++) {
		cr_assert_eq(abcd.s[i] + h[i], expected[i]);
		cr_assert_eq(efgh.s[i] + h[4 + i], expected[4 + i]);
	}
}
