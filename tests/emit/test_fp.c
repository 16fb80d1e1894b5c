/* SPDX-License-Identifier: MIT */
/*
 * test_fp.c: floating point against the exact software arithmetic of an ISA's fix-up: results and sticky
 * flags, in every rounding mode, with NaNs, infinities, zeros, subnormals and numbers around every
 * conversion's limits.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "plugins/soft/interp.h"
#include "xlate/ir/ir.h"
#include "xlate/isa/arm64/arm64.h"

static uint8_t other[VR_EXEC_STATE + 65536] __attribute__((aligned(64)));

static int32_t VR_CALL exact(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			     const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c)
{
	struct vr_exec *y = (void *)other;
	y->fp_round = x->fp_round;
	y->fp_flags = 0;
	H.slow_fp++;
	a64_fp_slow(y, what, imm, d, a, b, c);
	x->fp_flags |= y->fp_flags;
	return 0;
}

static uint64_t special(int dbl)
{
	static const uint64_t d[] = {0,
				     0x8000000000000000,
				     0x3ff0000000000000,
				     0xbff0000000000000,
				     0x7ff0000000000000,
				     0xfff0000000000000,
				     0x7ff8000000000001,
				     0x7ff4000000000000,
				     0xfff0000000000001,
				     1,
				     0x000fffffffffffff,
				     0x0010000000000000,
				     0x7fefffffffffffff,
				     0x41e0000000000000,
				     0xc1e0000000000000,
				     0x41dfffffffc00000,
				     0x41dfffffffe00000,
				     0x41efffffffe00000,
				     0x41effffffff00000,
				     0x41f0000000000000,
				     0xc1e0000000200000,
				     0x43e0000000000000,
				     0xc3e0000000000000,
				     0x43efffffffffffff,
				     0x43f0000000000000,
				     0x43dfffffffffffff,
				     0x3fe0000000000000,
				     0xbfe0000000000000,
				     0x3ff8000000000000,
				     0x4004000000000000,
				     0xbfeccccccccccccd,
				     0x4330000000000001,
				     0x432fffffffffffff,
				     0xc1e0000000100000,
				     0x3810000000000000,
				     0x380fffffe0000000,
				     0x380ffffff0000000,
				     0x36a0000000000000,
				     0x47efffffe0000000,
				     0x47effffff0000000};
	static const uint32_t s[] = {0,          0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000,
				     0x7fc00001, 0x7fa00000, 0xff800001, 1,          0x007fffff, 0x00800000,
				     0x7f7fffff, 0x4f000000, 0xcf000000, 0x4effffff, 0x4f7fffff, 0x4f800000,
				     0x5f000000, 0xdf000000, 0x5f7fffff, 0x5f800000, 0x5effffff, 0x3f000000,
				     0xbf000000, 0x3fc00000, 0x40200000, 0xbf666666, 0x4b000001, 0x4affffff};
	uint64_t r = rnd();
	switch (r >> 62) {
	case 0:
		return dbl ? d[r % (sizeof(d) / 8)] : s[r % (sizeof(s) / 4)];
	case 1: { /* near one another */
		uint64_t k = rnd();
		return dbl ? 0x3fe0000000000000 + (k & 0x803fffffffffffff) : 0x3f000000 + (k & 0x81ffffff);
	}
	case 2:
		return dbl ? (rnd() & 0x800fffffffffffff) | (uint64_t)(1023 + rnd() % 70) << 52
			   : (rnd() & 0x807fffff) | (uint32_t)(127 + rnd() % 70) << 23;
	default:
		return dbl ? rnd() : (uint32_t)rnd();
	}
}

static const struct {
	const char *name;
	uint16_t op;
	uint8_t args;
	uint8_t kind; /* 0 scalar, 1 FCMP, 2 FTOI, 3 ITOF, 4 FROUND, 5 FCVT, 6 vector, 7 VFTOI/VFROUND, 8
			 VITOF */
	uint32_t aux;
} ops[] = {
	{"fadd", VR_IR_FADD, 2, 0, 0},       {"fsub", VR_IR_FSUB, 2, 0, 0},
	{"fmul", VR_IR_FMUL, 2, 0, 1},       {"fdiv", VR_IR_FDIV, 2, 0, 0},
	{"fsqrt", VR_IR_FSQRT, 1, 0, 0},     {"fmadd", VR_IR_FMADD, 3, 0, 3},
	{"fmin", VR_IR_FMIN, 2, 0, 0},       {"fmax", VR_IR_FMAX, 2, 0, 0},
	{"fminnm", VR_IR_FMINNM, 2, 0, 0},   {"fmaxnm", VR_IR_FMAXNM, 2, 0, 0},
	{"fneg", VR_IR_FNEG, 1, 0, 0},       {"fabs", VR_IR_FABS, 1, 0, 0},
	{"fcmp", VR_IR_FCMP, 2, 1, 1},       {"ftoi", VR_IR_FTOI, 1, 2, 0},
	{"itof", VR_IR_ITOF, 1, 3, 0},       {"fround", VR_IR_FROUND, 1, 4, 0},
	{"fcvt", VR_IR_FCVT, 1, 5, 0},       {"vfadd", VR_IR_VFADD, 2, 6, 0},
	{"vfsub", VR_IR_VFSUB, 2, 6, 0},     {"vfmul", VR_IR_VFMUL, 2, 6, 0},
	{"vfdiv", VR_IR_VFDIV, 2, 6, 0},     {"vfsqrt", VR_IR_VFSQRT, 1, 6, 0},
	{"vfmadd", VR_IR_VFMADD, 3, 6, 4},   {"vfmin", VR_IR_VFMIN, 2, 6, 0},
	{"vfmax", VR_IR_VFMAX, 2, 6, 0},     {"vfminnm", VR_IR_VFMINNM, 2, 6, 0},
	{"vfmaxnm", VR_IR_VFMAXNM, 2, 6, 0}, {"vfneg", VR_IR_VFNEG, 1, 6, 0},
	{"vfabs", VR_IR_VFABS, 1, 6, 0},     {"vfcmpeq", VR_IR_VFCMPEQ, 2, 6, 0},
	{"vfcmpge", VR_IR_VFCMPGE, 2, 6, 0}, {"vfcmpgt", VR_IR_VFCMPGT, 2, 6, 0},
	{"vftoi", VR_IR_VFTOI, 1, 7, 4},     {"vfround", VR_IR_VFROUND, 1, 7, 0},
	{"vitof", VR_IR_VITOF, 1, 8, 4},
};

static int in_double;
static void generate(uint32_t k)
{
	uint32_t v[3] = {0}, type, aux = 0, r;
	uint64_t imm = 0;
	int dbl = in_double;
	static const uint8_t modes[] = {0, 1, 2, 3, 4, 7};
	uint32_t mode = modes[rnd() % 6];
	ir_begin();
	block_begin(CODE_PC, VR_BLOCK_ENTRY);
	uint32_t scalar = dbl ? VR_T_F64 : VR_T_F32;
	uint32_t to = REG_V + (uint32_t)rnd() % 12; /* sometimes an operand's register */
	switch (ops[k].kind) {
	case 6:
	case 7:
	case 8:
		type = dbl || rnd() % 2 ? VR_T_V128 : VR_T_V64;
		aux = (dbl ? 3 : 2) | (rnd() % 2 ? ops[k].aux : 0);
		if (ops[k].kind == 7)
			imm = mode | (rnd() & 8);
		if (ops[k].op == VR_IR_VFTOI)
			imm = mode;
		for (uint32_t n = 0; n < ops[k].args; n++)
			v[n] = vr_ir_get(&H.ir, type, REG_V + n * 3);
		break;
	default:
		type = scalar;
		aux = ops[k].kind == 0 ? (uint32_t)rnd() & ops[k].aux : 0;
		if (ops[k].kind == 5)
			scalar = dbl ? VR_T_F32 : VR_T_F64;
		for (uint32_t n = 0; n < ops[k].args; n++)
			v[n] = ops[k].kind == 3 ? vr_ir_get(&H.ir, VR_T_I64, n)
						: vr_ir_get(&H.ir, scalar, REG_V + n * 3);
	}
	if (ops[k].args < 3)
		v[2] = 0;
	if (ops[k].args < 2)
		v[1] = 0;
	switch (ops[k].kind) {
	case 1:
		r = op(VR_IR_FCMP, type, rnd() & 1, v[0], v[1], 0, 0);
		uint32_t cc = (uint32_t)rnd() % 14, flow = (uint32_t)rnd() % 4;
		if (flow & 1)
			vr_ir_put(&H.ir, VR_T_FLAGS, REG_FLAGS, r);
		uint32_t one = vr_ir_const(&H.ir, VR_T_I64, 1), two = vr_ir_const(&H.ir, VR_T_I64, 2);
		vr_ir_put(&H.ir, VR_T_I64, 3, op(VR_IR_SELECT, VR_T_I64, cc, r, one, two, 0));
		vr_ir_put(&H.ir, VR_T_I64, 4, op(VR_IR_SETCC, VR_T_I64, (uint32_t)rnd() % 14, r, 0, 0, 0));
		vr_ir_put(&H.ir, type, REG_V + 5, op(VR_IR_SELECT, type, cc ^ 1, r, v[0], v[1], 0));
		if (flow & 2) {
			vr_ir_put(&H.ir, VR_T_FLAGS, REG_FLAGS, r);
			op(VR_IR_BRCC, 0, (uint32_t)rnd() % 14, r, 0, 0, CODE_PC + 0x100);
			block_end(CODE_PC + 0x80, VR_NO_BLOCK, VR_NO_BLOCK);
			return;
		}
		break;
	case 2: {
		uint32_t t = rnd() % 2 ? VR_T_I64 : VR_T_I32;
		r = op(VR_IR_FTOI, t, (uint32_t)dbl | (rnd() & 2) | mode << 2, v[0], 0, 0, 0);
		vr_ir_put(&H.ir, t, (uint32_t)rnd() % 12, r);
		break;
	}
	case 3:
		r = op(VR_IR_ITOF, type, rnd() & 3, v[0], 0, 0, 0);
		vr_ir_put(&H.ir, type, to, r);
		break;
	case 4:
		r = op(VR_IR_FROUND, type, mode | (rnd() & 8), v[0], 0, 0, 0);
		vr_ir_put(&H.ir, type, to, r);
		break;
	default:
		r = op(ops[k].op, type, aux, v[0], v[1], v[2], imm);
		vr_ir_put(&H.ir, type, to, r);
		if (rnd() % 2)
			vr_ir_put(&H.ir, type, REG_V + 14, r);
	}
	op(VR_IR_GOTO, 0, 0, 0, 0, 0, CODE_PC + 0x100);
	block_end(CODE_PC + 4, VR_NO_BLOCK, VR_NO_BLOCK);
}

static uint8_t before[8192], want[8192];

static void check(uint32_t k, uint64_t seed)
{
	static union vr_v256 values[16384];
	static const struct soft_interp_memory m;
	rnd_state = seed * 77777 + k * 3 + (uint64_t)in_double;
	harness_init();
	fake_isa.fp_slow = exact;
	generate(k);
	pin_regs((uint32_t)rnd() % (H.emit->integer_regs + 1), (uint32_t)rnd() % (H.emit->vector_regs + 1));
	cr_assert_eq(emit_region(), 0);
	for (uint32_t n = 0; n < 12; n++) {
		for (uint32_t j = 0; j < INTS; j++)
			*reg_int(j) = rnd() % 3 ? rnd() >> rnd() % 64 : ~0ull << rnd() % 64;
		for (uint32_t j = 0; j < VECS; j++) {
			int is_d = in_double != (ops[k].kind == 5 && 0);
			if (ops[k].kind == 5)
				is_d = !in_double;
			for (uint32_t h = 0; h < 2; h++)
				reg_vec(j)->d[h] = is_d ? special(1) : special(0) | special(0) << 32;
		}
		H.x->fp_round = (uint32_t)rnd() % 4;
		H.x->fp_flags = 0;
		memcpy(before, H.x, sizeof(before));
		H.emit->fp_load(H.x);
		soft_interp_block(H.x, &fake_isa, &H.ir, 0, H.page, values, &m);
		H.emit->fp_save(H.x);
		memcpy(want, H.x, sizeof(want));
		memcpy(H.x, before, sizeof(before));
		run_region();
		const struct vr_exec *w = (const void *)want;
		uint32_t extra = H.x->fp_flags ^ w->fp_flags;
		if (memcmp(H.x->hot, w->hot, 256) ||
		    memcmp((uint8_t *)H.x + VR_EXEC_STATE, want + VR_EXEC_STATE, 16 * VECS) || extra ||
		    H.x->pc != w->pc) {
			for (uint32_t s = 0; s < REGS; s++) {
				uint32_t at = fake_isa.guest_regs[s].offset, bytes = s < INTS        ? 8
										     : s < REG_FLAGS ? 16
												     : 4;
				uint64_t g[2] = {0}, e[2] = {0}, b[2] = {0};
				memcpy(g, (uint8_t *)H.x + at, bytes);
				memcpy(e, want + at, bytes);
				memcpy(b, before + at, bytes);
				if (memcmp(g, e, bytes) || s == REG_V || s == REG_V + 3 || s == REG_V + 6)
					fprintf(stderr,
						"guest register %u was %016lx:%016lx is %016lx:%016lx, "
						"wanted "
						"%016lx:%016lx\n",
						s, b[1], b[0], g[1], g[0], e[1], e[0]);
			}
			for (uint32_t j = 1; j < H.ir.op_count; j++)
				fprintf(stderr, "op %u type %u aux %x imm %lx\n", H.ir.ops[j].op,
					H.ir.ops[j].type, H.ir.ops[j].aux, H.ir.ops[j].imm);
			cr_assert_fail(
				"%s%s: seed %lu, run %u: flags %x, wanted %x; round %u; pc %lx, wanted %lx",
				ops[k].name, in_double ? " double" : "", seed, n, H.x->fp_flags, w->fp_flags,
				w->fp_round, H.x->pc, w->pc);
		}
	}
}

/* Every vector op with all pinned registers taken and more values alive than there are temporaries. */
static void pressure(uint64_t seed)
{
	static union vr_v256 values[16384];
	static const struct soft_interp_memory m;
	static const uint8_t types[] = {VR_T_F32, VR_T_F64, VR_T_V64, VR_T_V128};
	uint32_t v[4][9];
	rnd_state = seed;
	harness_init();
	fake_isa.fp_slow = exact;
	block_begin(CODE_PC, VR_BLOCK_ENTRY);
	for (uint32_t t = 0; t < 4; t++)
		for (uint32_t n = 0; n < 9; n++) {
			uint32_t g = vr_ir_get(&H.ir, types[t], REG_V + n);
			v[t][n] = t < 2       ? op(VR_IR_FNEG, types[t], 0, g, 0, 0, 0)
				  : rnd() % 2 ? op(VR_IR_VNOT, types[t], 0, g, 0, 0, 0)
					      : op(VR_IR_VFNEG, types[t], 3, g, 0, 0, 0);
		}
	for (uint32_t n = 0; n < 40; n++) {
		uint32_t k = (uint32_t)rnd() % (sizeof(ops) / sizeof(ops[0]));
		if ((ops[k].kind != 0 && ops[k].kind != 6 && ops[k].kind != 7) || ops[k].op == VR_IR_VFTOI)
			continue;
		uint32_t t = ops[k].kind == 0 ? (uint32_t)rnd() % 2 : 2 + (uint32_t)rnd() % 2;
		uint32_t aux = ops[k].kind == 0 ? (uint32_t)rnd() & ops[k].aux
						: (t == 2 ? 2 : 2 + ((uint32_t)rnd() & 1)) |
							  (rnd() % 2 ? ops[k].aux : 0);
		uint32_t r =
			op(ops[k].op, types[t], aux, v[t][rnd() % 9], ops[k].args > 1 ? v[t][rnd() % 9] : 0,
			   ops[k].args > 2 ? v[t][rnd() % 9] : 0, 0);
		vr_ir_put(&H.ir, types[t], REG_V + (uint32_t)rnd() % VECS, r);
		v[t][rnd() % 9] = r;
	}
	for (uint32_t n = 0; n < 16; n++)
		vr_ir_put(&H.ir, types[n % 4], REG_V + n, v[n % 4][n / 2]);
	op(VR_IR_GOTO, 0, 0, 0, 0, 0, CODE_PC + 0x100);
	block_end(CODE_PC + 4, VR_NO_BLOCK, VR_NO_BLOCK);
	if (getenv("EMIT_SEED"))
		vr_ir_print(stderr, &H.ir, &fake_isa, H.page);
	pin_regs(H.emit->integer_regs, H.emit->vector_regs);
	cr_assert_eq(emit_region(), 0, "seed %lu", seed);
	for (uint32_t n = 0; n < 4; n++) {
		for (uint32_t j = 0; j < VECS; j++)
			for (uint32_t h = 0; h < 2; h++)
				reg_vec(j)->d[h] = rnd() % 2 ? special(1) : special(0) | special(0) << 32;
		H.x->fp_flags = 0;
		memcpy(before, H.x, sizeof(before));
		H.emit->fp_load(H.x);
		soft_interp_block(H.x, &fake_isa, &H.ir, 0, H.page, values, &m);
		H.emit->fp_save(H.x);
		memcpy(want, H.x, sizeof(want));
		memcpy(H.x, before, sizeof(before));
		run_region();
		if (getenv("EMIT_SEED"))
			for (uint32_t j = 0; j < VECS; j++)
				fprintf(stderr, "%u: %016lx:%016lx, wanted %016lx:%016lx\n", j,
					reg_vec(j)->d[1], reg_vec(j)->d[0],
					((uint64_t *)(void *)(want + VR_EXEC_STATE))[2 * j + 1],
					((uint64_t *)(void *)(want + VR_EXEC_STATE))[2 * j]);
		cr_assert_arr_eq((uint8_t *)H.x + VR_EXEC_STATE, want + VR_EXEC_STATE, 16 * VECS, "seed %lu",
				 seed);
	}
}

Test(emit_fp, pressure)
{
	const char *s = getenv("EMIT_SEED");
	for (uint64_t n = 1; n < 4000; n++)
		if (!s || strtoull(s, NULL, 0) == n)
			pressure(n);
}

static void all(uint32_t first, uint32_t last)
{
	const char *s = getenv("EMIT_SEED");
	for (uint32_t k = 0; k < sizeof(ops) / sizeof(ops[0]); k++) {
		if (ops[k].kind < first || ops[k].kind > last)
			continue;
		for (in_double = 0; in_double < 2; in_double++)
			for (uint64_t n = 1; n <= 700; n++)
				if (!s || strtoull(s, NULL, 0) == n)
					check(k, n);
	}
}

Test(emit_fp, arithmetic)
{
	all(0, 0);
}
Test(emit_fp, compare)
{
	all(1, 1);
}
Test(emit_fp, to_integer)
{
	all(2, 2);
}
Test(emit_fp, from_integer)
{
	all(3, 3);
}
Test(emit_fp, round)
{
	all(4, 4);
}
Test(emit_fp, convert)
{
	all(5, 5);
}
Test(emit_fp, vector)
{
	all(6, 6);
}
Test(emit_fp, vector_convert)
{
	all(7, 8);
}
