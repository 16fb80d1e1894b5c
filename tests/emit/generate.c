/* SPDX-License-Identifier: MIT */
/*
 * generate.c: see generate.h.
 *
 * A row says what an op may be, and the verifier's own functions say which aux and imm are legal; this file has
 * one case for each kind of operand and imm, where not every legal number makes sense to run (a guest register
 * must exist, an address should often be in RAM). So a new op is drawn as soon as it has its row.
 *
 * Operands come from what the block has computed so far, mostly of late, from guest registers and from
 * constants at the edges. Sequences that lifters make, and that optimiser and emitters look for, would be rare
 * among random ops. They are templates: a sum and its flags, a conditional compare, a pair whose halves are
 * PUT, a compare-and-swap that succeeds, a table, a loop.
 *
 * Two registers are not PUT at random. COUNTER counts the rounds of a loop, so that it ends; POINTER is an
 * address in RAM.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "generate.h"
#include "harness.h"
#include "xlate/ir/ir.h"

#define COUNTER (INTS - 1)
#define POINTER (INTS - 2)
#define PAGE_BLOCKS 16 /* 256 bytes each */
#define OUTSIDE 0x20000u

struct pool {
	uint32_t value[1024], count;
};
static struct pool ints, vectors, flags, pairs;
static uint64_t pc;
static uint32_t put_since; /* a PUT in this instruction: no memory op may follow */
static uint32_t last_address;

static uint8_t reached[VR_IR_COUNT][VR_T_COUNT];
/* The legal aux of an op of a type. */
static struct {
	uint8_t count, aux[256];
} legal[VR_IR_COUNT][VR_T_COUNT];
static struct {
	uint16_t op[VR_IR_COUNT];
	uint32_t count;
} rows[7]; /* by bit of GENERATE_* */

static uint32_t below(uint32_t n)
{
	return (uint32_t)(rnd() % n);
}

/* ---- what the table says -------------------------------------------------------------------- */

static uint32_t type_of_letter(char letter)
{
	return (uint32_t)(strchr(VR_IR_TYPE_LETTERS, letter) - VR_IR_TYPE_LETTERS);
}

static uint32_t kind_of_row(uint32_t op)
{
	const struct vr_ir_info *info = &vr_ir_ops[op];
	bool vector = vr_ir_is_vector(info->value_type), flag = info->value_type == VR_T_FLAGS;

	for (const char *p = info->operands; *p; p++) {
		vector |= *p == 'v' || *p == 'V';
		flag |= *p == 'f';
	}
	for (const char *p = info->types; info->value_type == VR_IR_TYPE_OF_OP && *p; p++)
		vector |= strchr("sdhVW", *p) && !strchr(info->types, 'I');
	switch (info->op_class) {
	case VR_IRC_MEM:
		return GENERATE_MEMORY;
	case VR_IRC_FP:
		return GENERATE_FP;
	case VR_IRC_TERM:
		return 0;
	case VR_IRC_EFFECT:
		if (op == VR_IR_ARGS) /* add_row() gives a CALL the one that it needs */
			return 0;
		if (info->imm == VR_IMM_HELPER || info->imm == VR_IMM_VHELPER)
			return GENERATE_CALL;
		return op == VR_IR_PUT || op == VR_IR_INSN_START ? 0 : GENERATE_STATE;
	default:
		break;
	}
	if (op == VR_IR_NOP || info->imm == VR_IMM_FIELD)
		return GENERATE_STATE;
	if (op == VR_IR_GET)
		return 0;
	if (strchr(info->operands, 'l'))
		return GENERATE_MEMORY;
	if (flag)
		return GENERATE_FLAGS;
	if (strchr(info->types, 's') && !strchr(info->types, 'V'))
		return GENERATE_FP;
	return vector ? GENERATE_VECTOR : GENERATE_INT;
}

static void read_table(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	for (uint32_t op = 0; op < VR_IR_COUNT; op++) {
		uint32_t kind = kind_of_row(op);

		for (const char *t = vr_ir_ops[op].types; *t; t++) {
			uint32_t type = type_of_letter(*t);

			for (uint32_t aux = 0; aux < 256; aux++) {
				struct vr_ir_op o = {
					.op = (uint16_t)op, .type = (uint8_t)type, .aux = (uint8_t)aux};

				if (vr_ir_aux_legal(&o, false))
					legal[op][type].aux[legal[op][type].count++] = (uint8_t)aux;
			}
		}
		for (uint32_t k = 0; k < 7; k++)
			if (kind >> k & 1)
				rows[k].op[rows[k].count++] = (uint16_t)op;
	}
}

uint32_t generate_missing(void)
{
	uint32_t missing = 0;

	read_table();
	for (uint32_t op = 0; op < VR_IR_COUNT; op++)
		for (const char *t = vr_ir_ops[op].types; *t; t++) {
			uint32_t type = type_of_letter(*t);

			if (reached[op][type] || !legal[op][type].count)
				continue;
			fprintf(stderr, "%s of type %c was never drawn\n", vr_ir_ops[op].name, *t);
			missing++;
		}
	return missing;
}

/* ---- values --------------------------------------------------------------------------------- */

uint64_t edge_value(void)
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
	case 0 ... 5:
		return k[r % (sizeof(k) / sizeof(k[0]))];
	case 6 ... 7:
		return r & 0xfff;
	case 8 ... 9:
		return (uint64_t)(int64_t)(int32_t)r;
	default:
		return rnd();
	}
}

/* Infinities, NaNs, numbers near 1, around the limits of integers, and subnormal ones; of either size. */
static uint64_t fp_value(void)
{
	static const uint64_t k[] = {0x3ff0000000000000, 0xbff8000000000000, 0x7ff0000000000000,
				     0xfff8000000000000, 0x7ff4000000000001, 0x0010000000000000,
				     0x000fffffffffffff, 0x43e0000000000000, 0xc1e0000000000000,
				     0x41efffffffe00000, 0x3f8000003f800000, 0x7f8000007fc00000,
				     0x7fa0000000800000, 0x007fffff4f000000, 0xcf0000005f000000,
				     0x8000000080000000, 0x3fe00000bf000000, 0x0000000100000001};
	uint64_t r = rnd();

	switch (r >> 62) {
	case 0:
		return k[r % (sizeof(k) / sizeof(k[0]))];
	case 1:
		return (rnd() & 0x800fffffffffffff) | (uint64_t)(1000 + below(60)) << 52;
	default:
		return (rnd() & 0x807fffff807fffff) | (uint64_t)(110 + below(40)) << 55 |
		       (uint64_t)(110 + below(40)) << 23;
	}
}

static uint32_t keep(struct pool *p, uint32_t v)
{
	if (p->count < sizeof(p->value) / sizeof(p->value[0]))
		p->value[p->count++] = v;
	return v;
}

static uint32_t pick(const struct pool *p)
{
	uint64_t r = rnd();

	/* mostly recent ones, sometimes old ones */
	if (p->count > 6 && r % 4)
		return p->value[p->count - 1 - (r >> 8) % 6];
	return p->value[(r >> 8) % p->count];
}

/* Append. Its value, if it has one, goes to the pool of its kind. */
static uint32_t append(uint32_t o, uint32_t type, uint32_t aux, uint32_t a, uint32_t b, uint32_t c,
		       uint64_t imm)
{
	uint32_t v = op(o, type, aux, a, b, c, imm), value_type = vr_ir_value_type(&H.ir.ops[v]);

	reached[o][type] = 1;
	if (value_type == VR_T_FLAGS)
		keep(&flags, v);
	else if (vr_ir_is_vector(value_type))
		keep(&vectors, v);
	else if (value_type != VR_T_NONE)
		keep(&ints, v);
	if (o == VR_IR_LOADP)
		keep(&pairs, v);
	return v;
}

static uint32_t a_constant(uint64_t k)
{
	return append(VR_IR_CONST, VR_T_I64, 0, 0, 0, 0, k);
}

static uint32_t integer_type(void)
{
	return below(2) ? VR_T_I64 : VR_T_I32;
}

static uint32_t a_register(uint32_t type, bool write)
{
	if (type == VR_T_FLAGS)
		return REG_FLAGS + (below(4) == 0);
	if (type == VR_T_V256 || (vr_ir_is_vector(type) && H.wide == 2 && below(2)))
		return (uint32_t)(REG_W + below(WIDES));
	if (vr_ir_is_vector(type))
		return (uint32_t)(REG_V + below(VECS));
	if (below(8) == 0)
		return REG_CONDITION + below(2);
	return below((write ? POINTER : INTS));
}

static uint32_t an_int(void)
{
	if (!ints.count || below(5) == 0) {
		uint32_t type = below(3) ? VR_T_I64 : VR_T_I32;
		uint64_t k = edge_value();

		return append(VR_IR_CONST, type, 0, 0, 0, 0, type == VR_T_I32 ? (uint32_t)k : k);
	}
	if (below(3) == 0)
		return append(VR_IR_GET, below(3) ? VR_T_I64 : VR_T_I32, 0, 0, 0, 0,
			      a_register(VR_T_I64, false));
	return pick(&ints);
}

static uint32_t a_vector(void)
{
	static const uint8_t types[] = {VR_T_V128, VR_T_V128, VR_T_V128, VR_T_V128,
					VR_T_V64,  VR_T_V64,  VR_T_F64,  VR_T_F32};

	if (!vectors.count || below(3) == 0) {
		if (H.wide == 2 && below(2))
			return append(VR_IR_GET, below(3) ? VR_T_V256 : types[below(8)], 0, 0, 0, 0,
				      REG_W + below(WIDES));
		return append(VR_IR_GET, types[below(8)], 0, 0, 0, 0, REG_V + below(VECS));
	}
	return pick(&vectors);
}

static uint32_t some_flags(void)
{
	if (!flags.count || below(6) == 0)
		return append(VR_IR_GET, VR_T_FLAGS, 0, 0, 0, 0, REG_FLAGS + (below(4) == 0));
	return below(4) ? flags.value[flags.count - 1] : flags.value[below(flags.count)];
}

/* An address whose low bits in `align` are zero; pages of every kind, and one that is not there. */
static uint32_t an_address(uint32_t align)
{
	uint64_t page = below(40);

	page = page < 24 ? page % 2 : page < 30 ? 2 : page < 36 ? 3 : page < 39 ? 0 : 4;
	uint32_t x = an_int(), mask = a_constant(0xfff & ~(uint64_t)align);
	uint32_t v = append(VR_IR_AND, VR_T_I64, 0, x, mask, 0, 0), base = a_constant(RAM_BASE + 4096 * page);

	return append(VR_IR_ADD, VR_T_I64, 0, v, base, 0, 0);
}

/* Often the one of the last access, so that several go off the same address. */
static uint32_t some_address(void)
{
	if (below(8) == 0)
		return last_address = append(VR_IR_GET, VR_T_I64, 0, 0, 0, 0, POINTER);
	if (!last_address || below(3) == 0)
		last_address = an_address(0);
	return last_address;
}

static void next_insn(void)
{
	pc += 4;
	append(VR_IR_INSN_START, VR_T_NONE, below(8) == 0, 0, 0, 0, pc);
	put_since = 0;
}

static void put(uint32_t type, uint32_t reg, uint32_t v)
{
	uint32_t keep_high = reg >= REG_W && type != VR_T_V256 && below(2) ? VR_PUT_KEEP : 0;

	append(VR_IR_PUT, type, keep_high, v, 0, 0, reg);
	put_since = 1;
}

/* ---- one row -------------------------------------------------------------------------------- */

static uint32_t value_of_type(uint32_t type)
{
	return type == VR_T_FLAGS ? some_flags() : vr_ir_is_vector(type) ? a_vector() : an_int();
}

static uint32_t an_operand(char letter, uint32_t type, uint32_t aux, bool atomic)
{
	switch (letter) {
	case 'i':
		return an_int();
	case 'I':
		return below(4) ? an_int() : 0;
	case 'v':
	case 'V':
		return a_vector();
	case 'f':
		return some_flags();
	case 't':
		return value_of_type(type);
	case 'p':
		return atomic && below(3) ? an_address((1u << (aux & 7)) - 1) : some_address();
	case 'j': {
		/* Of either type; also with bits that code addresses do not have. */
		uint32_t to = integer_type(), x = an_int(),
			 low = append(VR_IR_AND, to, 0, x, a_constant(below(2) ? 0x3f : ~UINT64_C(0x1ffffc0)),
				      0, 0);

		return append(VR_IR_OR, to, 0, low, a_constant(OUTSIDE), 0, 0);
	}
	case 'k':
		return below((VR_AMO_SWAP + 1));
	default: /* b, n: an engine's */
		return 0;
	}
}

static uint64_t access_flags(void)
{
	static const uint8_t some[] = {0,
				       0,
				       0,
				       0,
				       VR_MF_ACQUIRE | VR_MF_SC,
				       VR_MF_RELEASE | VR_MF_SC,
				       VR_MF_ACQUIRE,
				       VR_MF_RELEASE,
				       VR_MF_ALIGN,
				       VR_MF_UNPRIV,
				       VR_MF_ALIGN | VR_MF_ACQUIRE | VR_MF_SC};

	return some[below(sizeof(some))];
}

/* Of FP ops: none, those of a processor, or any. */
static uint32_t attributes(void)
{
	struct vr_ir_op o = {.op = VR_IR_FADD, .type = VR_T_F64};
	uint32_t a = fake_isa.fp_always;

	switch (below(8)) {
	case 0 ... 2:
		return a;
	case 3 ... 5:
		a = (VR_FPA_SSE & ~VR_FPA_DENORMAL) | (below(4) ? 0 : VR_FPA_NAN_ADDEND) | a;
		return below(4) ? a : a | VR_FPA_DENORMAL;
	case 6:
		return (VR_FPA_SSE & ~VR_FPA_DENORMAL) | a | (below(2) ? VR_FPA_TRAPS : 0) |
		       (below(2) ? VR_FPA_FTZ : 0) | (below(2) ? VR_FPA_DAZ : 0);
	default:
		do
			o.imm = (rnd() & VR_FPA_ALL) | a;
		while (!vr_ir_imm_legal(&o, &fake_isa, false));
		return (uint32_t)o.imm;
	}
}

static uint64_t atomic_flags(void)
{
	return access_flags() | (below(4) == 0 ? VR_MF_SPLIT : 0);
}

static uint64_t an_imm(const struct vr_ir_op *o)
{
	uint64_t imm;

	switch (vr_ir_ops[o->op].imm) {
	case VR_IMM_NONE:
		return 0;
	case VR_IMM_PC:
		if (o->op == VR_IR_PC_CONST && below(2))
			return edge_value();
		return OUTSIDE | (rnd() & 0x3f);
	case VR_IMM_CONST:
	case VR_IMM_VALUE:
		imm = edge_value();
		return o->type == VR_T_I32 ? (uint32_t)imm : imm;
	case VR_IMM_REG:
		return a_register(o->type, o->op == VR_IR_PUT);
	case VR_IMM_FIELD:
		return FIELDS + 8 * (below(FIELD_COUNT)) + (o->type == VR_T_I32 && below(2) ? 4 : 0);
	case VR_IMM_ACCESS:
		return VR_MEM_IMM(below(2) ? (int32_t)(below(64)) - 32 : 0, access_flags());
	case VR_IMM_AMO:
		return VR_MEM_IMM(below(2) ? (int32_t)(below(64)) - 32 : 0, atomic_flags());
	case VR_IMM_ATOMIC:
		return VR_MEM_IMM(0, atomic_flags());
	case VR_IMM_ATOMIC_IF:
		return an_int() | (atomic_flags() | (below(4) == 0 ? VR_MF_STORE : 0)) << 32;
	case VR_IMM_HELPER:
	case VR_IMM_VHELPER:
		do
			imm = below(FAKE_HELPERS);
		while ((fake_isa.helpers[imm].flags & (VR_HF_VECTOR | VR_HF_V256)) !=
			       (vr_ir_ops[o->op].imm != VR_IMM_VHELPER ? 0
				: o->type == VR_T_V256                 ? VR_HF_VECTOR | VR_HF_V256
								       : VR_HF_VECTOR) ||
		       imm == FAKE_HELPER_SET_PC);
		return vr_ir_ops[o->op].imm == VR_IMM_VHELPER ? imm | below(100) << 16 : imm;
	case VR_IMM_FP:
		return attributes();
	case VR_IMM_ROUND:
	case VR_IMM_ROUND_OPT: {
		struct vr_ir_op copy = *o;
		uint32_t a = attributes();

		do
			copy.imm = (rnd() & 15) | a;
		while (!vr_ir_imm_legal(&copy, &fake_isa, false));
		return copy.imm;
	}
	default: {
		/* Short ranges: draw until one is legal. */
		struct vr_ir_op copy = *o;

		do
			copy.imm = rnd() & (vr_ir_ops[o->op].imm == VR_IMM_BITS ? 0x7f3f
					    : below(2)                          ? 0xff
										: 0x1f);
		while (!vr_ir_imm_legal(&copy, &fake_isa, false));
		return copy.imm;
	}
	}
}

/* With operands of its own; a terminator's imm and aux come from outside. */
static uint32_t add_row(uint32_t which)
{
	const struct vr_ir_info *info = &vr_ir_ops[which];
	struct vr_ir_op o = {.op = (uint16_t)which};
	uint32_t operand[3] = {0, 0, 0};

	if (!H.wide && !strcmp(info->types, "W"))
		return 0;
	do
		o.type = (uint8_t)type_of_letter(info->types[below((uint32_t)strlen(info->types))]);
	while (!legal[which][o.type].count || (o.type == VR_T_V256 && !H.wide));
	o.aux = legal[which][o.type].aux[below(legal[which][o.type].count)];
	if (strchr(info->operands, 'l')) {
		if (!pairs.count)
			return 0;
		operand[0] = pick(&pairs);
		o.type = H.ir.ops[operand[0]].type;
	}
	if (info->op_class == VR_IRC_MEM && put_since)
		next_insn();
	o.imm = an_imm(&o);
	if (vr_ir_may_fault(&o) && put_since)
		next_insn();
	for (uint32_t i = 0; info->operands[i] && !operand[i]; i++)
		operand[i] = an_operand(info->operands[i], o.type, o.aux, info->imm != VR_IMM_ACCESS);
	if (vr_ir_helper(&o) != UINT64_MAX) { /* what it looks at must be there */
		uint32_t args = fake_helper_args[vr_ir_helper(&o)], more[3];

		for (uint32_t i = 0; i < 3; i++)
			if (!operand[i] && i < args)
				operand[i] = info->imm == VR_IMM_VHELPER ? a_vector() : an_int();
		for (uint32_t i = 3; i < args; i++)
			more[i - 3] = an_int();
		if (args > 3)
			append(VR_IR_ARGS, VR_T_I64, 0, more[0], more[1], more[2], 0);
	}
	return append(which, o.type, o.aux, operand[0], operand[1], operand[2], o.imm);
}

/* ---- templates ------------------------------------------------------------------------------ */

/* A sum or difference, perhaps with carry, and its flags; in either order, perhaps with a PUT between. Flags may be of fewer
 * bits; then the ops that use the sum may be such that use no more of it. */
static void sum_and_flags(void)
{
	static const uint16_t of[4][2] = {{VR_IR_ADD, VR_IR_F_ADD},
					  {VR_IR_SUB, VR_IR_F_SUB},
					  {VR_IR_ADC, VR_IR_F_ADC},
					  {VR_IR_SBC, VR_IR_F_SBC}};
	uint32_t k = below(4), type = integer_type(), a = an_int(), b = an_int(),
		 c = k > 1 ? some_flags() : 0, first = rnd() & 1,
		 in = k > 1 && below(2) ? VR_FA_READS_NOT_C : 0,
		 out = (below(2) ? VR_FA_NOT_C : 0) |
		       (type == VR_T_I32 && below(2) ? VR_FA_8 << below(2) : 0);

	if (first)
		append(of[k][1], type, in | out, a, b, c, 0);
	uint32_t r = append(of[k][0], type, in, a, b, c, 0);

	if (!first && below(3) == 0)
		put(type, a_register(type, true), r);
	if (!first)
		append(of[k][1], type, in | out, a, b, c, 0);
	if (out & VR_FA_8 && below(2)) {
		ints.count--; /* nothing else uses the sum */
		uint32_t reg = a_register(VR_T_I64, true), old = append(VR_IR_GET, VR_T_I64, 0, 0, 0, 0, reg);

		put(VR_T_I64, reg, append(VR_IR_BFI, VR_T_I64, 0, old, r, 0, below(2) ? 8 << 8 : 8 | 8 << 8));
	}
}

/* Flags but the carry of a sum with 1, the old carry: what INC does; and what reads them. */
static void increment(void)
{
	uint32_t type = integer_type(), sub = below(2), a = an_int(), one = a_constant(1), old = some_flags();
	uint32_t aux = below(2) ? VR_FA_NOT_C : 0;
	uint32_t sum = append(sub ? VR_IR_SUB : VR_IR_ADD, type, 0, a, one, 0, 0);
	uint32_t f = append(sub ? VR_IR_F_SUB : VR_IR_F_ADD, type, aux, a, one, 0, 0);

	if (below(8))
		flags.count--; /* nothing else uses them */
	if (below(2))
		put(type, a_register(type, true), sum);
	uint32_t m = append(VR_IR_F_MERGE, VR_T_FLAGS, 0, old, f, 0, below(8) ? 13 : rnd() & 15);

	if (below(2))
		put(VR_T_FLAGS, a_register(VR_T_FLAGS, true), m);
	if (below(2))
		append(VR_IR_SETCC, VR_T_I64, below(15), m, 0, 0, 0);
}

/* Merges of merges. */
static void merges(void)
{
	uint32_t a = some_flags(), b = some_flags();
	uint32_t m = append(VR_IR_F_MERGE, VR_T_FLAGS, 0, a, b, 0, 1u << below(4));

	append(VR_IR_F_MERGE, VR_T_FLAGS, 0, m, some_flags(), 0, below(2) ? 2 : rnd() & 15);
}

static void logic_and_flags(void)
{
	uint32_t type = integer_type(), a = an_int(), b = an_int();

	uint32_t aux = type == VR_T_I32 ? (uint32_t[]){0, 0, VR_FA_8, VR_FA_16}[below(4)] : 0;

	append(VR_IR_F_LOGIC, type, aux | (below(2) ? VR_FA_NOT_C : 0),
	       append(below(2) ? VR_IR_AND : VR_IR_ANDN, type, 0, a, b, 0, 0), 0, 0, 0);
}

static void conditional_compare(void)
{
	uint32_t type = integer_type(), f = some_flags(), a = an_int(), b = an_int();
	uint32_t aux = type == VR_T_I32 ? (uint32_t[]){0, 0, VR_FA_8, VR_FA_16}[below(4)] : 0;
	uint32_t x = append(below(2) ? VR_IR_F_SUB : VR_IR_F_ADD, type, aux | (below(2) ? VR_FA_NOT_C : 0), a,
			    b, 0, 0);
	uint32_t k = append(VR_IR_F_CONST, VR_T_FLAGS, 0, 0, 0, 0, rnd() & 15);

	append(VR_IR_F_SEL, VR_T_FLAGS, below(15), f, x, k, 0);
}

/* A pair, its second value at once or later, or twice, and PUTs of both. */
static void load_pair(void)
{
	static const uint8_t types[] = {VR_T_I32, VR_T_I64, VR_T_V128, VR_T_F32, VR_T_F64};
	static const uint8_t sizes[] = {2, 3, 4, 2, 3};
	uint32_t k = below(5), type = types[k], address = some_address();
	uint32_t first =
		append(VR_IR_LOADP, type, sizes[k], address, 0, 0, VR_MEM_IMM((int32_t)(below(64)) - 32, 0));

	for (uint32_t n = below(12); n > 6; n--)
		add_row(rows[0].op[below(rows[0].count)]);
	uint32_t second = append(VR_IR_LOADP_HI, type, 0, first, 0, 0, 0);

	if (below(2))
		return;
	put(type, a_register(type, true), first);
	put(type, a_register(type, true), second);
	if (below(4) == 0)
		append(VR_IR_LOADP_HI, type, 0, first, 0, 0, 0);
}

/* Compare-and-swap with what is there. */
static void swap_that_succeeds(void)
{
	uint32_t n = below(5), type = n == 4 ? VR_T_V128 : n == 3 ? VR_T_I64 : VR_T_I32;
	uint32_t a = an_address((1u << n) - 1), expect = append(VR_IR_LOAD, type, n, a, 0, 0, 0),
		 with = value_of_type(type), condition = an_int();

	if (below(2))
		append(n == 4 ? VR_IR_CAS2 : VR_IR_CAS, type, n, a, expect, with, 0);
	else
		append(n == 4 ? VR_IR_CAS2IF : VR_IR_CASIF, type, n, a, expect, with, condition);
}

/* An element of a table whose place is known: optimisers check the table as a whole. */
static void table(void)
{
	uint32_t base = below(2) ? append(VR_IR_GET, VR_T_I64, 0, 0, 0, 0, POINTER)
				 : a_constant(RAM_BASE + below(0x1800));
	uint32_t n = below(4), x = an_int(), most = a_constant(below(2) ? 0x7f : 0x1f);
	uint32_t index = append(VR_IR_AND, VR_T_I64, 0, x, most, 0, 0);
	uint32_t at = append(VR_IR_ADDSHL, VR_T_I64, n, base, index, 0, 0);

	append(VR_IR_LOAD, n == 3 ? VR_T_I64 : VR_T_I32, n, at, 0, 0, 0);
}

/* A shift by a constant and what may be made of two. */
static void shifts(void)
{
	static const uint16_t right[] = {VR_IR_SHR, VR_IR_SAR, VR_IR_ADD};
	uint32_t x = an_int(), k = below(3);
	uint32_t left = append(VR_IR_SHL, VR_T_I64, 0, x, a_constant(k == 2 ? 1 + below(3) : below(64)), 0,
			       0),
		 reg = a_register(VR_T_I64, true);

	put(VR_T_I64, reg, left);
	uint32_t again = append(VR_IR_GET, VR_T_I64, 0, 0, 0, 0, reg);
	uint32_t by = k == 2 ? an_int() : a_constant(below(64));

	put(VR_T_I64, reg, append(right[k], VR_T_I64, 0, again, by, 0, 0));
}

static void step_pointer(void)
{
	uint32_t p = append(VR_IR_GET, VR_T_I64, 0, 0, 0, 0, POINTER), n = below(4);

	if (below(2))
		append(VR_IR_LOAD, VR_T_I64, n, p, 0, 0, VR_MEM_IMM((int32_t)(below(32)), 0));
	else
		append(VR_IR_STORE, n == 3 ? VR_T_I64 : VR_T_I32, n, p, an_int(), 0,
		       VR_MEM_IMM((int32_t)(below(32)), 0));
	put(VR_T_I64, POINTER, append(VR_IR_ADD, VR_T_I64, 0, p, a_constant(8 + 8 * (below(4))), 0, 0));
	next_insn();
}

static const struct {
	uint32_t kind;
	bool memory;
	void (*add)(void);
} templates[] = {
	{GENERATE_FLAGS, false, sum_and_flags},
	{GENERATE_FLAGS, false, logic_and_flags},
	{GENERATE_FLAGS, false, conditional_compare},
	{GENERATE_FLAGS, false, increment},
	{GENERATE_FLAGS, false, merges},
	{GENERATE_MEMORY, true, load_pair},
	{GENERATE_MEMORY, true, swap_that_succeeds},
	{GENERATE_MEMORY, true, table},
	{GENERATE_INT, false, shifts},
	{GENERATE_MEMORY, true, step_pointer},
};

/* ---- blocks --------------------------------------------------------------------------------- */

static void add_put(void)
{
	static const uint8_t vector_types[] = {VR_T_V128, VR_T_V128, VR_T_V128, VR_T_V64, VR_T_F64, VR_T_F32};
	uint32_t vector = H.wide == 2 && below(3) == 0 ? VR_T_V256 : vector_types[below(6)];
	uint32_t type = below(8) == 0 && flags.count     ? VR_T_FLAGS
			: below(3) == 0 && vectors.count ? vector
			: below(4)                       ? VR_T_I64
							 : VR_T_I32;

	put(type, a_register(type, true), value_of_type(type));
}

static void add_something(uint32_t kinds)
{
	if (below(4) == 0)
		next_insn();
	if (below(6) == 0) {
		add_put();
		return;
	}
	if (below(6) == 0) {
		uint32_t t = below(sizeof(templates) / sizeof(templates[0]));

		if (!(templates[t].kind & kinds))
			return;
		if (templates[t].memory && put_since)
			next_insn();
		templates[t].add();
		return;
	}
	uint32_t k = below(8);

	if (k == 7)
		k = 0;
	if (!(kinds >> k & 1) || ((1u << k) == GENERATE_CALL && below(3)))
		return;
	add_row(rows[k].op[below(rows[k].count)]);
}

/* Back to block `to` as long as COUNTER says. */
static void close_loop(uint32_t index, uint32_t to)
{
	uint32_t n = append(VR_IR_GET, VR_T_I64, 0, 0, 0, 0, COUNTER);
	uint32_t left = append(VR_IR_SUB, VR_T_I64, 0, n, a_constant(1), 0, 0);

	put(VR_T_I64, COUNTER, left);
	append(VR_IR_BRCMP, VR_T_I64, VR_CC_NE, left, a_constant(0), 0, CODE_PC + 256 * (uint64_t)to);
	block_end(CODE_PC + 256 * (uint64_t)(index + 1), to, VR_NO_BLOCK);
}

static void add_end(uint32_t index, uint32_t count)
{
	static const uint16_t ends[] = {VR_IR_GOTO,    VR_IR_BRCC,         VR_IR_BRCC,  VR_IR_BRCMP,
					VR_IR_BRCMP,   VR_IR_BRBIT,        VR_IR_BRBIT, VR_IR_EXIT,
					VR_IR_EXIT_TO, VR_IR_JUMP_INDIRECT};
	uint32_t which = ends[below(index + 1 < count && below(4) ? 7 : 10)];
	uint32_t next = index + 1 < count ? index + 1 : VR_NO_BLOCK, taken = VR_NO_BLOCK;

	next_insn();
	if (which == VR_IR_EXIT) {
		uint32_t to = an_int();

		append(VR_IR_CALL, VR_T_I64, 0, to, 0, 0, FAKE_HELPER_SET_PC);
	}
	if (which == VR_IR_BRCC && below(2))
		sum_and_flags();
	for (uint32_t n = below(4); n-- > 0;)
		put(integer_type(), REG_CONDITION + below(2),
		    ints.count && below(4) ? pick(&ints) : an_int());
	if (below(2) && flags.count)
		put(VR_T_FLAGS, a_register(VR_T_FLAGS, true), some_flags());
	uint32_t at;

	if (which == VR_IR_EXIT) {
		at = append(which, VR_T_NONE, 0, 0, 0, 0, 0);
	} else if (which == VR_IR_BRBIT && below(2)) { /* on a parity, which nothing else uses */
		uint32_t parity = append(VR_IR_PARITY, integer_type(), 0, an_int(), 0, 0, 0);

		if (below(2))
			put(VR_T_I64, a_register(VR_T_I64, true), an_int());
		at = append(which, VR_T_I64, below(2) ? 0 : 64, parity, 0, 0, OUTSIDE);
	} else {
		at = add_row(which);
	}
	struct vr_ir_op *o = &H.ir.ops[at];

	if ((vr_ir_ops[which].attribute == VR_ATTRIBUTE_GOES && !o->aux) ||
	    vr_ir_ops[which].attribute == VR_ATTRIBUTE_BRANCH) {
		if (index + 1 < count)
			taken = index + 1 + below((count - index));
		if (taken >= count)
			taken = VR_NO_BLOCK;
		else
			o->imm = 256 * (uint64_t)taken;
	}
	block_end(CODE_PC + 256 * (uint64_t)(index + 1), taken,
		  vr_ir_ops[which].attribute == VR_ATTRIBUTE_BRANCH ? next : VR_NO_BLOCK);
}

/* How code addresses lie in linear ones: mostly not otherwise. */
static void some_space(void)
{
	static const uint64_t ignored[] = {0, ~UINT64_C(0xffff), ~UINT64_C(0xffffffff), ~UINT64_C(0xffffff)},
			      bases[] = {0, 0x10, 0x8000, 0xfffff000, 0x123456789000, ~UINT64_C(0xff)};

	if (below(3))
		return;
	H.space.ignored = ignored[below(4)];
	H.space.base = bases[below(6)];
	H.space.linear_ignored = below(2) ? 0 : ignored[below(4)] & ~UINT64_C(0xffff);
}

void generate_region(uint32_t kinds, uint32_t blocks, uint32_t ops)
{
	read_table();
	some_space();
	if (blocks > PAGE_BLOCKS)
		blocks = PAGE_BLOCKS;
	for (uint32_t b = 0; b < blocks; b++) {
		pc = CODE_PC + 256 * b;
		ints.count = vectors.count = flags.count = pairs.count = 0;
		put_since = last_address = 0;
		block_begin(pc, b == 0 || below(3) == 0 ? VR_BLOCK_ENTRY : 0);
		for (uint32_t n = 0; n < ops; n++)
			add_something(kinds);
		if (b + 1 == blocks && below(2))
			close_loop(b, below(blocks));
		else
			add_end(b, blocks);
	}
}

void generate_state(void)
{
	static const uint8_t modes[] = {VR_RM_NEAREST, VR_RM_NEAREST, VR_RM_UP, VR_RM_DOWN, VR_RM_ZERO};

	for (uint32_t n = 0; n < INTS; n++)
		*reg_int(n) = edge_value();
	for (uint32_t n = 0; n < 2; n++)
		*reg_int(REG_CONDITION + n) = edge_value();
	*reg_int(COUNTER) = 1 + below(3);
	*reg_int(POINTER) = RAM_BASE + (below(0x2000) & ~(uint64_t)(below(2) ? 7 : 0));
	for (uint32_t n = 0; n < VECS; n++)
		for (uint32_t k = 0; k < 2; k++)
			reg_vec(n)->d[k] = below(3) == 0 ? rnd() : below(2) ? fp_value() : edge_value();
	for (uint32_t n = 0; n < WIDES; n++)
		for (uint32_t k = 0; k < 4; k++)
			reg_wide(n)->d[k] = below(3) == 0 ? rnd() : below(2) ? fp_value() : edge_value();
	for (uint32_t n = 0; n < 2; n++)
		reg_flags()[n] = rnd() & (VR_FLAG_V | VR_FLAG_NOT_C | VR_FLAG_Z | VR_FLAG_N);
	for (uint32_t n = 0; n < FIELD_COUNT; n++) {
		uint64_t k = edge_value();

		memcpy((uint8_t *)H.x + FIELDS + 8 * n, &k, 8);
	}
	H.x->code = H.space;
	H.x->fp_round = modes[below(5)];
	H.x->fp_flags = below(4) ? 0 : rnd() & 63;
	for (uint32_t n = 0; n < RAM_PAGES * 4096; n += 8) {
		uint64_t k = rnd();

		memcpy(H.ram + n, &k, 8);
	}
}
