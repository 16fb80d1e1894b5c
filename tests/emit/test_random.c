/* SPDX-License-Identifier: MIT */
/*
 * test_random.c: random regions, run by the interpreter and as generated code, must leave the same guest
 * registers, memory and pc.
 *
 * Operands come from what the block has computed so far, from guest registers and from constants with many
 * edge values; addresses hit pages of every kind. The number of pinned registers varies, and with it the
 * pressure on registers.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "xlate/emit/x86/lower.h"
#include "plugins/soft/interp.h"
#include "xlate/ir/ir.h"

#define POOL 4096
static uint32_t ints[POOL], vecs[POOL], flags[POOL], n_ints, n_vecs, n_flags;

static uint64_t edge_value(void)
{
	static const uint64_t k[] = {0,
				     1,
				     2,
				     0x7f,
				     0x80,
				     0xff,
				     0x7fff,
				     0x8000,
				     0xffff,
				     0x7fffffff,
				     0x80000000,
				     0xffffffff,
				     0x100000000,
				     0x7fffffffffffffff,
				     0x8000000000000000,
				     ~0ull,
				     ~1ull,
				     31,
				     32,
				     63,
				     64};
	uint64_t r = rnd();
	switch (r >> 60) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
	case 5:
		return k[r % (sizeof(k) / sizeof(k[0]))];
	case 6:
	case 7:
		return r & 0xfff;
	case 8:
	case 9:
		return (uint64_t)(int64_t)(int32_t)r;
	default:
		return rnd();
	}
}

static uint32_t pick(const uint32_t *from, uint32_t n)
{
	uint64_t r = rnd();
	/* mostly recent ones, sometimes old ones */
	if (n > 6 && r % 4)
		return from[n - 1 - (r >> 8) % 6];
	return from[(r >> 8) % n];
}

static uint32_t an_int(void)
{
	if (!n_ints || rnd() % 5 == 0)
		return ints[n_ints++] = vr_ir_const(&H.ir, rnd() % 3 ? VR_T_I64 : VR_T_I32, edge_value());
	if (rnd() % 3 == 0)
		return ints[n_ints++] =
			       vr_ir_get(&H.ir, rnd() % 3 ? VR_T_I64 : VR_T_I32, (uint32_t)(rnd() % INTS));
	return pick(ints, n_ints);
}

static uint32_t a_vec(void)
{
	static const uint8_t types[] = {VR_T_V128, VR_T_V128, VR_T_V128, VR_T_V64};
	if (!n_vecs || rnd() % 3 == 0)
		return vecs[n_vecs++] = vr_ir_get(&H.ir, types[rnd() % 4], (uint32_t)(REG_V + rnd() % VECS));
	return pick(vecs, n_vecs);
}

static uint32_t a_flags(void)
{
	if (!n_flags || rnd() % 6 == 0)
		return flags[n_flags++] = vr_ir_get(&H.ir, VR_T_FLAGS, REG_FLAGS + (rnd() % 8 == 0));
	return rnd() % 4 ? flags[n_flags - 1] : flags[rnd() % n_flags];
}

static uint32_t an_address(uint32_t align)
{
	uint64_t page = rnd() % 40;
	page = page < 24 ? page % 2 : page < 30 ? 2 : page < 36 ? 3 : page < 39 ? 0 : 4;
	uint32_t v = vr_ir_op2(&H.ir, VR_IR_AND, VR_T_I64, an_int(),
			       vr_ir_const(&H.ir, VR_T_I64, 0xfff & ~(uint64_t)align));
	return vr_ir_op2(&H.ir, VR_IR_ADD, VR_T_I64, v, vr_ir_const(&H.ir, VR_T_I64, RAM_BASE + 4096 * page));
}

/* Often the one of the last access, so that several go off the same address. */
static uint32_t last_address;
static uint32_t some_address(void)
{
	if (!last_address || rnd() % 3 == 0)
		last_address = an_address(0);
	return last_address;
}

static const uint16_t int2[] = {VR_IR_ADD,  VR_IR_SUB,    VR_IR_MUL, VR_IR_DIVU, VR_IR_DIVS, VR_IR_REMU,
				VR_IR_REMS, VR_IR_AND,    VR_IR_OR,  VR_IR_XOR,  VR_IR_ANDN, VR_IR_ORN,
				VR_IR_XORN, VR_IR_ADDSHL, VR_IR_SHL, VR_IR_SHR,  VR_IR_SAR,  VR_IR_ROR,
				VR_IR_EXTR, VR_IR_BFI,    VR_IR_ADD, VR_IR_SUB,  VR_IR_AND};
static const uint16_t int1[] = {VR_IR_NOT,  VR_IR_NEG,   VR_IR_CLZ,  VR_IR_CTZ,  VR_IR_CLS, VR_IR_POPCNT,
				VR_IR_RBIT, VR_IR_BSWAP, VR_IR_SEXT, VR_IR_ZEXT, VR_IR_BFX};

static uint64_t field(uint32_t size)
{
	uint64_t lsb = rnd() % size, width = 1 + rnd() % (size - lsb);
	if (rnd() % 4 == 0) {
		lsb = 0;
		width = 8u << rnd() % (size == 64 ? 3 : 2);
	}
	return lsb | width << 8;
}

static uint32_t last_fault; /* memory ops are allowed only before the first PUT of an instruction */
static uint64_t pc;

static void next_insn(void)
{
	pc += 4;
	op(VR_IR_INSN_START, 0, 0, 0, 0, 0, pc);
	last_fault = 0;
}

static void add_int(void)
{
	uint32_t type = rnd() % 2 ? VR_T_I64 : VR_T_I32, size = type == VR_T_I64 ? 64 : 32, r, a, b, o;
	switch (rnd() % 12) {
	case 0:
	case 1:
	case 2:
	case 3:
		o = int2[rnd() % (sizeof(int2) / 2)];
		a = an_int();
		b = an_int();
		r = op(o, type,
		       o == VR_IR_EXTR                      ? (uint32_t)(rnd() % size)
		       : o == VR_IR_DIVU || o == VR_IR_DIVS ? (uint32_t)rnd() & 1
							    : 0,
		       a, b, 0, o == VR_IR_BFI ? field(size) : 0);
		break;
	case 4:
	case 5:
	case 6: {
		o = int1[rnd() % (sizeof(int1) / 2)];
		a = an_int();
		static const uint8_t ext[] = {8, 16, 32};
		uint32_t aux = o == VR_IR_BSWAP ? 1 + (uint32_t)rnd() % (size == 64 ? 3 : 2)
			       : o == VR_IR_SEXT || o == VR_IR_ZEXT ? ext[rnd() % 3]
			       : o == VR_IR_BFX                     ? (uint32_t)rnd() & 1
								    : 0;
		r = op(o, type, aux, a, 0, 0, o == VR_IR_BFX ? field(size) : 0);
		break;
	}
	case 7:
		a = an_int();
		b = an_int();
		r = op(rnd() % 2 ? VR_IR_MULHU : VR_IR_MULHS, VR_T_I64, 0, a, b, 0, 0);
		break;
	case 8:
		a = an_int();
		b = an_int();
		r = op(VR_IR_CRC32, VR_T_I32, rnd() & 7, a, b, 0, 0);
		break;
	case 9:
		a = an_int();
		b = an_int();
		r = op(VR_IR_CMPSET, type, (uint32_t)(rnd() % 15), a, b, 0, 0);
		break;
	case 10:
		a = an_int();
		b = an_int();
		r = op(VR_IR_SELNZ, type, 0, an_int(), a, b, 0);
		break;
	default:
		a = an_int();
		b = an_int();
		r = op(VR_IR_SELECT, type, (uint32_t)(rnd() % 15), a_flags(), a, b, 0);
		break;
	}
	ints[n_ints++] = r;
}

static void add_flags(void)
{
	uint32_t type = rnd() % 2 ? VR_T_I64 : VR_T_I32, a, b, f, r = 0, i;
	switch (rnd() % 12) {
	case 0:
	case 1:
	case 2: { /* result and flags, in any order */
		uint32_t sub = rnd() & 1, first = rnd() & 1;
		a = an_int();
		b = an_int();
		if (first)
			flags[n_flags++] = op(sub ? VR_IR_F_SUB : VR_IR_F_ADD, type, 0, a, b, 0, 0);
		i = op(sub ? VR_IR_SUB : VR_IR_ADD, type, 0, a, b, 0, 0);
		if (!first) {
			if (rnd() % 3 == 0)
				vr_ir_put(&H.ir, type, (uint32_t)(rnd() % INTS), i), last_fault = 1;
			flags[n_flags++] = op(sub ? VR_IR_F_SUB : VR_IR_F_ADD, type, 0, a, b, 0, 0);
		}
		ints[n_ints++] = i;
		break;
	}
	case 3: {
		uint32_t sub = rnd() & 1, first = rnd() & 1;
		a = an_int();
		b = an_int();
		f = a_flags();
		if (first)
			r = op(sub ? VR_IR_F_SBC : VR_IR_F_ADC, type, 0, a, b, f, 0);
		i = op(sub ? VR_IR_SBC : VR_IR_ADC, type, 0, a, b, f, 0);
		if (!first)
			r = op(sub ? VR_IR_F_SBC : VR_IR_F_ADC, type, 0, a, b, f, 0);
		flags[n_flags++] = r;
		ints[n_ints++] = i;
		break;
	}
	case 4:
		a = an_int();
		b = an_int();
		i = op(rnd() % 2 ? VR_IR_AND : VR_IR_ANDN, type, 0, a, b, 0, 0);
		flags[n_flags++] = op(VR_IR_F_LOGIC, type, 0, i, 0, 0, 0);
		ints[n_ints++] = i;
		break;
	case 5:
		flags[n_flags++] = op(VR_IR_F_LOGIC, type, 0, an_int(), 0, 0, 0);
		break;
	case 6:
	case 7: { /* conditional compare */
		f = a_flags();
		a = an_int();
		b = an_int();
		uint32_t x = op(rnd() % 2 ? VR_IR_F_SUB : VR_IR_F_ADD, type, 0, a, b, 0, 0);
		uint32_t k = op(VR_IR_F_CONST, VR_T_FLAGS, 0, 0, 0, 0, rnd() & 15);
		flags[n_flags++] = op(VR_IR_F_SEL, VR_T_FLAGS, (uint32_t)(rnd() % 15), f, x, k, 0);
		break;
	}
	case 8:
		a = a_flags();
		b = a_flags();
		flags[n_flags++] = op(VR_IR_F_SEL, VR_T_FLAGS, (uint32_t)(rnd() % 15), a_flags(), a, b, 0);
		break;
	case 9:
		flags[n_flags++] = op(VR_IR_F_FROM, VR_T_FLAGS, 0, an_int(), 0, 0, 0);
		break;
	case 10:
		ints[n_ints++] = op(VR_IR_F_TO, VR_T_I64, 0, a_flags(), 0, 0, 0);
		break;
	default:
		a = a_flags();
		ints[n_ints++] = op(VR_IR_SETCC, type, (uint32_t)(rnd() % 15), a, 0, 0, 0);
	}
	if (rnd() % 3 == 0 && n_flags) {
		vr_ir_put(&H.ir, VR_T_FLAGS, REG_FLAGS + (rnd() % 8 == 0), flags[n_flags - 1]);
		last_fault = 1;
	}
}

/* op, lanes allowed (mask), operands v: vector, i: integer, types h V */
static const struct {
	uint16_t op;
	uint8_t lanes;
	const char *args;
	const char *types;
	uint8_t imm; /* 1: 0..bits-1, 2: 0..bits, 3: lane, 4: two lanes, 5: 0..15 (V64 0..7), 6: group */
} vops[] = {
	{VR_IR_VAND, 15, "vv", "hV", 0},     {VR_IR_VOR, 15, "vv", "hV", 0},
	{VR_IR_VXOR, 15, "vv", "hV", 0},     {VR_IR_VANDN, 15, "vv", "hV", 0},
	{VR_IR_VORN, 15, "vv", "hV", 0},     {VR_IR_VNOT, 15, "v", "hV", 0},
	{VR_IR_VBSL, 15, "vvv", "hV", 0},    {VR_IR_VADD, 15, "vv", "hV", 0},
	{VR_IR_VSUB, 15, "vv", "hV", 0},     {VR_IR_VMUL, 7, "vv", "hV", 0},
	{VR_IR_VNEG, 15, "v", "hV", 0},      {VR_IR_VABS, 15, "v", "hV", 0},
	{VR_IR_VSMAX, 7, "vv", "hV", 0},     {VR_IR_VSMIN, 7, "vv", "hV", 0},
	{VR_IR_VUMAX, 7, "vv", "hV", 0},     {VR_IR_VUMIN, 7, "vv", "hV", 0},
	{VR_IR_VCMPEQ, 15, "vv", "hV", 0},   {VR_IR_VCMPGT, 15, "vv", "hV", 0},
	{VR_IR_VCMPGE, 15, "vv", "hV", 0},   {VR_IR_VCMPHI, 15, "vv", "hV", 0},
	{VR_IR_VCMPHS, 15, "vv", "hV", 0},   {VR_IR_VTST, 15, "vv", "hV", 0},
	{VR_IR_VSHL, 15, "v", "hV", 1},      {VR_IR_VSHR, 15, "v", "hV", 2},
	{VR_IR_VSAR, 15, "v", "hV", 2},      {VR_IR_VDUP, 15, "i", "hV", 0},
	{VR_IR_VDUPLANE, 15, "v", "hV", 3},  {VR_IR_VSETLANE, 15, "vi", "V", 3},
	{VR_IR_VINSLANE, 15, "vv", "V", 4},  {VR_IR_VEXT, 1, "vv", "hV", 5},
	{VR_IR_VZIP1, 7, "vv", "hV", 0},     {VR_IR_VZIP2, 7, "vv", "hV", 0},
	{VR_IR_VUZP1, 7, "vv", "hV", 0},     {VR_IR_VUZP2, 7, "vv", "hV", 0},
	{VR_IR_VTRN1, 7, "vv", "hV", 0},     {VR_IR_VTRN2, 7, "vv", "hV", 0},
	{VR_IR_VZIP1, 8, "vv", "V", 0},      {VR_IR_VZIP2, 8, "vv", "V", 0},
	{VR_IR_VUZP1, 8, "vv", "V", 0},      {VR_IR_VUZP2, 8, "vv", "V", 0},
	{VR_IR_VTRN1, 8, "vv", "V", 0},      {VR_IR_VTRN2, 8, "vv", "V", 0},
	{VR_IR_VREV, 7, "v", "hV", 6},       {VR_IR_VTBL, 1, "vv", "hV", 0},
	{VR_IR_VPADD, 7, "vv", "hV", 0},     {VR_IR_VPADD, 8, "vv", "V", 0},
	{VR_IR_VSXTL, 7, "v", "V", 0},       {VR_IR_VUXTL, 7, "v", "V", 0},
	{VR_IR_VXTN, 7, "v", "h", 0},        {VR_IR_VMOVHI, 1, "vv", "V", 0},
	{VR_IR_VHITOLO, 1, "v", "h", 0},     {VR_IR_VSMULL, 7, "vv", "V", 0},
	{VR_IR_VUMULL, 7, "vv", "V", 0},     {VR_IR_VPMULL64, 1, "vv", "V", 0},
	{VR_IR_VCNT, 1, "v", "hV", 0},       {VR_IR_VSQADD, 3, "vv", "hV", 0},
	{VR_IR_VAESE, 1, "vv", "V", 0},      {VR_IR_VAESD, 1, "vv", "V", 0},
	{VR_IR_VAESMC, 1, "v", "V", 0},      {VR_IR_VAESIMC, 1, "v", "V", 0},
	{VR_IR_VSHA256H, 1, "vvv", "V", 0},  {VR_IR_VSHA256H2, 1, "vvv", "V", 0},
	{VR_IR_VSHA256SU0, 1, "vv", "V", 0}, {VR_IR_VSHA256SU1, 1, "vvv", "V", 0},
	{VR_IR_VZEXT, 15, "v", "V", 0},      {VR_IR_VPACK, 1, "ii", "V", 0},
	{VR_IR_VCONST, 3, "", "hV", 7},
};

static void add_vec(void)
{
	uint64_t r = rnd();
	if (r % 16 == 0) {
		ints[n_ints++] = op(VR_IR_VHALF, VR_T_I64, rnd() & 1, a_vec(), 0, 0, 0);
		return;
	}
	if (r % 16 == 1) {
		uint32_t n = rnd() & 3, type = n == 3 || rnd() % 2 ? VR_T_I64 : VR_T_I32;
		ints[n_ints++] = op(VR_IR_VGETLANE, type, n | (rnd() & 4), a_vec(), 0, 0, rnd() % (16u >> n));
		return;
	}
	if (r % 16 == 2) {
		uint32_t a = a_vec(), b = a_vec();
		vecs[n_vecs++] = op(VR_IR_SELECT, VR_T_V128, (uint32_t)(rnd() % 15), a_flags(), a, b, 0);
		return;
	}
	const __typeof__(vops[0]) *v = &vops[(r >> 8) % (sizeof(vops) / sizeof(vops[0]))];
	uint32_t lane, arg[3] = {0}, type, wide_type;
	do
		lane = (uint32_t)rnd() & 3;
	while (!(v->lanes >> lane & 1));
	wide_type = v->types[rnd() % strlen(v->types)] == 'V';
	type = wide_type ? VR_T_V128 : VR_T_V64;
	for (uint32_t n = 0; v->args[n]; n++)
		arg[n] = v->args[n] == 'v' ? a_vec() : an_int();
	uint32_t bits = 8u << lane;
	uint64_t imm = 0;
	switch (v->imm) {
	case 1:
		imm = rnd() % bits;
		break;
	case 2:
		imm = rnd() % (bits + 1);
		break;
	case 3:
		imm = rnd() % (16u >> lane);
		break;
	case 4:
		imm = rnd() % (16u >> lane) | rnd() % (16u >> lane) << 4;
		break;
	case 5:
		imm = rnd() % (wide_type ? 16 : 8);
		break;
	case 6:
		imm = lane + 1 + rnd() % (3 - lane);
		break;
	case 7:
		imm = edge_value();
		if (!wide_type)
			lane = 0;
		break;
	default:
		break;
	}
	vecs[n_vecs++] = op(v->op, type, lane, arg[0], arg[1], arg[2], imm);
}

static void add_memory(void)
{
	uint32_t n, a, b, k, type, unaligned = rnd() % 3 == 0;
	if (last_fault)
		next_insn();
	uint64_t mf = rnd() % 4 == 0 ? VR_MF_ACQUIRE | VR_MF_SC : 0;
	/* A hint may be wrong: only speed depends on it. */
	uint64_t near = !mf && rnd() % 2 ? VR_MF_SAME_PAGE | rnd() % VR_MF_GROUPS << VR_MF_GROUP_SHIFT : mf;
	int32_t disp = rnd() % 2 ? (int32_t)(rnd() % 64) - 32 : 0;
	switch (rnd() % 10) {
	case 0:
	case 1:
	case 2:
		n = (uint32_t)rnd() % 4;
		type = n == 3 || rnd() % 2 ? VR_T_I64 : VR_T_I32;
		a = some_address();
		if (rnd() % 3 == 0) {
			/* of a table that is known */
			uint32_t index = vr_ir_op2(&H.ir, VR_IR_AND, VR_T_I64, an_int(),
						   vr_ir_const(&H.ir, VR_T_I64, 0x7f));
			uint32_t at = op(VR_IR_ADDSHL, VR_T_I64, 3, a, index, 0, 0);

			ints[n_ints++] = op(VR_IR_LOAD, type, n | (rnd() & 1 ? VR_MS_SIGN : 0), at, a,
					    0x7f << 3, VR_MEM_IMM(disp, 0));
			break;
		}
		ints[n_ints++] = op(VR_IR_LOAD, type, n | (rnd() & 1 ? VR_MS_SIGN : 0), a, 0, 0,
				    VR_MEM_IMM(disp, near));
		break;
	case 3:
	case 4:
		n = (uint32_t)rnd() % 4;
		type = n == 3 ? VR_T_I64 : VR_T_I32;
		a = some_address();
		b = an_int();
		op(VR_IR_STORE, type, n, a, b, 0, VR_MEM_IMM(disp, near));
		break;
	case 5:
		if (rnd() % 2) {
			n = 2 + ((uint32_t)rnd() & 1);
			type = n == 3 ? VR_T_I64 : VR_T_I32;
			a = some_address();
			k = op(VR_IR_LOADP, type, n, a, 0, 0, VR_MEM_IMM(disp, near));
			b = op(VR_IR_LOADP_HI, type, 0, k, 0, 0, 0);
			if (rnd() % 2) {
				vr_ir_put(&H.ir, type, (uint32_t)(rnd() % INTS), k);
				vr_ir_put(&H.ir, type, (uint32_t)(rnd() % INTS), b);
				last_fault = 1;
			}
			ints[n_ints++] = k;
			ints[n_ints++] = b;
		} else {
			a = some_address();
			k = op(VR_IR_LOADP, VR_T_V128, 4, a, 0, 0, VR_MEM_IMM(disp, near));
			vecs[n_vecs++] = k;
			vecs[n_vecs++] = op(VR_IR_LOADP_HI, VR_T_V128, 0, k, 0, 0, 0);
		}
		break;
	case 6:
		a = some_address();
		if (rnd() % 2)
			op(VR_IR_STOREP, VR_T_V128, 4, a, a_vec(), a_vec(), VR_MEM_IMM(disp, near));
		else
			op(VR_IR_STOREP, VR_T_I64, 3, a, an_int(), an_int(), VR_MEM_IMM(disp, near));
		break;
	case 7:
		a = some_address();
		if (rnd() % 2)
			op(VR_IR_STORE, VR_T_V128, 4, a, a_vec(), 0, VR_MEM_IMM(disp, near));
		else
			vecs[n_vecs++] = op(VR_IR_LOAD, VR_T_V128, 4, a, 0, 0, VR_MEM_IMM(disp, near));
		break;
	case 8: {
		n = (uint32_t)rnd() % 4;
		type = n == 3 ? VR_T_I64 : VR_T_I32;
		a = an_address(unaligned ? 0 : (1u << n) - 1);
		ints[n_ints++] =
			op(VR_IR_AMO, type, n, a, an_int(), (uint32_t)(rnd() % 9), VR_MEM_IMM(0, mf));
		break;
	}
	default:
		n = (uint32_t)rnd() % 5;
		type = n == 4 ? VR_T_V128 : n == 3 ? VR_T_I64 : VR_T_I32;
		uint32_t cond = an_int();
		a = an_address(n == 4 ? 15 : unaligned ? 0 : (1u << n) - 1);
		/* make it succeed now and then */
		if (n < 4) {
			uint32_t expect = rnd() % 2 ? op(VR_IR_LOAD, type, n, a, 0, 0, 0) : an_int();
			b = an_int();
			if (rnd() % 2)
				k = op(VR_IR_CAS, type, n, a, expect, b, VR_MEM_IMM(0, mf));
			else
				k = op(VR_IR_CASIF, type, n, a, expect, b, cond | mf << 32);
			ints[n_ints++] = k;
		} else {
			uint32_t expect = rnd() % 2 ? op(VR_IR_LOAD, type, n, a, 0, 0, 0) : a_vec();
			b = a_vec();
			if (rnd() % 2)
				k = op(VR_IR_CAS2, type, n, a, expect, b, VR_MEM_IMM(0, mf));
			else
				k = op(VR_IR_CAS2IF, type, n, a, expect, b, cond | mf << 32);
			vecs[n_vecs++] = k;
		}
	}
}

static void add_call(void)
{
	if (last_fault)
		next_insn();
	uint32_t h = (uint32_t)rnd() % 5, a = an_int(), b = an_int(), c = an_int();
	if (h == 2 && rnd() % 4)
		a = vr_ir_const(&H.ir, VR_T_I64, rnd() & ~1ull);
	if (h == 4) {
		a = a_vec();
		b = a_vec();
		c = a_vec();
		vecs[n_vecs++] = op(VR_IR_VCALL, VR_T_V128, 0, a, b, c, h | rnd() % 100 << 16);
	} else {
		ints[n_ints++] = op(VR_IR_CALL, VR_T_I64, 0, a, b, c, h);
	}
}

static void add_put(void)
{
	last_fault = 1;
	if (rnd() % 3 && n_ints) {
		vr_ir_put(&H.ir, rnd() % 4 ? VR_T_I64 : VR_T_I32, (uint32_t)(rnd() % INTS),
			  pick(ints, n_ints));
	} else if (n_vecs) {
		uint64_t r = rnd() % 8;
		vr_ir_put(&H.ir,
			  r == 0   ? VR_T_F32
			  : r == 1 ? VR_T_F64
			  : r == 2 ? VR_T_V64
				   : VR_T_V128,
			  (uint32_t)(REG_V + rnd() % VECS), pick(vecs, n_vecs));
	}
}

static uint32_t what; /* mask of kinds */
enum { W_INT = 1, W_FLAGS = 2, W_VEC = 4, W_MEM = 8, W_CALL = 16 };

static void add_block(uint32_t index, uint32_t count, uint32_t ops)
{
	pc = CODE_PC + 256 * index;
	block_begin(pc, index == 0 || rnd() % 3 == 0 ? VR_BLOCK_ENTRY : 0);
	n_ints = n_vecs = n_flags = last_fault = 0;
	last_address = 0;
	for (uint32_t n = 0; n < ops; n++) {
		if (rnd() % 4 == 0)
			next_insn();
		switch (rnd() % 8) {
		case 0:
		case 1:
			if (what & W_INT)
				add_int();
			break;
		case 2:
			if (what & W_FLAGS)
				add_flags();
			break;
		case 3:
		case 4:
			if (what & W_VEC)
				add_vec();
			break;
		case 5:
			if (what & W_MEM)
				add_memory();
			break;
		case 6:
			if (what & W_CALL && rnd() % 4 == 0)
				add_call();
			break;
		default:
			add_put();
		}
	}
	next_insn();
	uint32_t next = index + 1 < count ? index + 1 : VR_NO_BLOCK;
	uint32_t far = index + 1 < count ? index + 1 + (uint32_t)rnd() % (count - index) : count;
	uint32_t taken = far < count ? far : VR_NO_BLOCK;
	uint64_t taken_pc = CODE_PC + 256 * (uint64_t)far, end = CODE_PC + 256 * (uint64_t)(index + 1);
	uint32_t a, b;
	switch (rnd() % 6) {
	case 0:
		op(VR_IR_GOTO, 0, 0, 0, 0, 0, taken_pc);
		break;
	case 1:
	case 2:
		a = a_flags();
		if (rnd() % 2) {
			uint32_t type = rnd() % 2 ? VR_T_I64 : VR_T_I32, x = an_int(), y = an_int();
			a = op(rnd() % 2 ? VR_IR_F_SUB : VR_IR_F_ADD, type, 0, x, y, 0, 0);
		}
		if (rnd() % 2)
			vr_ir_put(&H.ir, VR_T_FLAGS, REG_FLAGS, a);
		op(VR_IR_BRCC, 0, (uint32_t)(rnd() % 15), a, 0, 0, taken_pc);
		break;
	case 3:
	case 4:
		a = an_int();
		b = an_int();
		op(VR_IR_BRCMP, rnd() % 2 ? VR_T_I64 : VR_T_I32, (uint32_t)(rnd() % 15), a, b, 0, taken_pc);
		break;
	default:
		op(VR_IR_BRBIT, VR_T_I64, (uint32_t)rnd() & 127, an_int(), 0, 0, taken_pc);
	}
	block_end(end, taken, next);
}

/* ---- the interpreter's side ---- */

static int32_t access_ram(struct vr_exec *x, const struct vr_ir_op *o, uint64_t address,
			  const union vr_v128 *a, const union vr_v128 *b, union vr_v128 *r)
{
	if (!ram_access(o->op, o->type, o->aux, o->c, address, a, b, r, 0))
		return 0;
	x->pc = FAULT_PC;
	return 1;
}

static void interpret(void)
{
	static union vr_v128 values[16384];
	static const struct soft_interp_memory m = {.access = access_ram};
	uint32_t b = 0;
	while (b != VR_NO_BLOCK) {
		uint32_t rc = soft_interp_block(H.x, &fake_isa, &H.ir, b, values, &m);
		if (rc == SOFT_INTERP_LEFT)
			return;
		uint32_t next = VR_NO_BLOCK;
		for (uint32_t s = 0; s < 2; s++) {
			uint32_t t = H.ir.blocks[b].succ[s];
			if (t != VR_NO_BLOCK && H.ir.blocks[t].pc == H.x->pc)
				next = t;
		}
		b = next;
	}
}

static uint8_t before[8192], ram_before[RAM_PAGES * 4096], want[8192], ram_want[RAM_PAGES * 4096];
#define STATE_BYTES (VR_EXEC_STATE + 16 * VECS)

static void fill(void)
{
	for (uint32_t n = 0; n < INTS; n++)
		*reg_int(n) = edge_value();
	for (uint32_t n = 0; n < VECS; n++) {
		reg_vec(n)->d[0] = rnd() % 3 ? rnd() : edge_value();
		reg_vec(n)->d[1] = rnd() % 3 ? rnd() : edge_value();
	}
	for (uint32_t n = 0; n < 2; n++)
		reg_flags()[n] = rnd() & 0xc101;
	for (uint32_t n = 0; n < RAM_PAGES * 4096; n += 8) {
		uint64_t k = rnd();
		memcpy(H.ram + n, &k, 8);
	}
}

static int differs(const char *name)
{
	int bad = 0;
	const struct vr_exec *w = (const void *)want;
	for (uint32_t n = 0; n < REGS; n++) {
		uint32_t at = fake_isa.guest_regs[n].offset, bytes = n < INTS ? 8 : n < REG_FLAGS ? 16 : 4;
		if (memcmp((uint8_t *)H.x + at, want + at, bytes)) {
			uint64_t g[2] = {0}, e[2] = {0};
			memcpy(g, (uint8_t *)H.x + at, bytes);
			memcpy(e, want + at, bytes);
			fprintf(stderr, "%s: register %u is %016lx:%016lx, wanted %016lx:%016lx\n", name, n,
				g[1], g[0], e[1], e[0]);
			bad = 1;
		}
	}
	if (H.x->pc != w->pc) {
		fprintf(stderr, "%s: pc %lx, wanted %lx\n", name, H.x->pc, w->pc);
		bad = 1;
	}
	for (uint32_t n = 0; n < RAM_PAGES * 4096; n++)
		if (H.ram[n] != ram_want[n]) {
			fprintf(stderr, "%s: RAM differs at %x\n", name, n);
			bad = 1;
			break;
		}
	if (H.bad) {
		fprintf(stderr, "%s: harness line %d\n", name, H.bad);
		bad = 1;
	}
	return bad;
}

static void one(const char *name, uint64_t seed, uint32_t blocks, uint32_t ops)
{
	rnd_state = seed * 0x1234567 + what;
	harness_init();
	for (uint32_t b = 0; b < blocks; b++)
		add_block(b, blocks, ops);
	cr_assert_not(H.ir.overflow);
	char why[256] = "";
	pin_regs((uint32_t)rnd() % (x86_emit.integer_regs + 1), (uint32_t)rnd() % (x86_emit.vector_regs + 1));
	if (getenv("EMIT_DUMP")) {
		vr_ir_print(stderr, &H.ir, &fake_isa);
		fprintf(stderr, "map %u\n", H.pinned_count);
	}
	if (vr_ir_verify(&H.ir, why, sizeof(why)))
		cr_assert_fail("%s: seed %lu: bad IR: %s", name, seed, why);
	int32_t rc = emit_region();
	if (getenv("EMIT_DUMP")) {
		FILE *f = fopen(getenv("EMIT_DUMP"), "wb");
		fwrite(H.job.write, 1, H.job.code_size, f);
		fclose(f);
		fprintf(stderr, "code at %lx\n", H.job.execute);
	}
	cr_assert_eq(rc, 0, "%s: seed %lu: error %d", name, seed, rc);
	for (uint32_t n = 0; n < 4; n++) {
		fill();
		memcpy(before, H.x, sizeof(before));
		memcpy(ram_before, H.ram, sizeof(ram_before));
		interpret();
		memcpy(want, H.x, sizeof(want));
		memcpy(ram_want, H.ram, sizeof(ram_want));
		memcpy(H.x, before, sizeof(before));
		memcpy(H.ram, ram_before, sizeof(ram_before));
		run_region();
		if (differs(name))
			cr_assert_fail("%s: seed %lu, run %u", name, seed, n);
	}
}

static void many(const char *name, uint32_t kinds, uint32_t blocks, uint32_t ops, uint32_t times)
{
	const char *s = getenv("EMIT_SEED");
	what = kinds;
	if (s) {
		one(name, strtoull(s, NULL, 0), blocks, ops);
		return;
	}
	if (getenv("EMIT_TIMES"))
		times *= (uint32_t)atoi(getenv("EMIT_TIMES"));
	for (uint32_t n = 0; n < times; n++)
		one(name, n + 1, blocks, ops);
}

Test(emit_random, integer_short)
{
	many("integer_short", W_INT, 1, 8, 20000);
}
Test(emit_random, integer)
{
	many("integer", W_INT, 2, 60, 6000);
}
Test(emit_random, flags_short)
{
	many("flags_short", W_FLAGS, 1, 14, 30000);
}
Test(emit_random, flags)
{
	many("flags", W_INT | W_FLAGS, 3, 60, 6000);
}
Test(emit_random, memory_short)
{
	many("memory_short", W_MEM, 1, 10, 12000);
}
Test(emit_random, memory)
{
	many("memory", W_MEM | W_INT, 2, 40, 8000);
}
Test(emit_random, vector_short)
{
	many("vector_short", W_VEC, 1, 10, 30000);
}
/* As on a processor that has none of the optional instructions. */
Test(emit_random, vector_fallback)
{
	harness_init();
	x86_vm_of(H.emitter)->has = (struct x86_features){0};
	many("vector_fallback", W_VEC | W_INT, 1, 10, 20000);
}
Test(emit_random, vector)
{
	many("vector", W_VEC | W_INT, 2, 60, 6000);
}
Test(emit_random, calls)
{
	many("calls", W_CALL | W_INT | W_VEC | W_FLAGS, 2, 50, 8000);
}
Test(emit_random, everything)
{
	many("everything", 31, 6, 60, 10000);
}
