/* SPDX-License-Identifier: MIT */
/*
 * bits.c: one line for each op of the IR that has a value, and for each guest's rules of floating point: a digest of what the
 * interpreter gives for random operands, with the rounding mode and the FP flags that it leaves. The same on every host:
 * bits.sh compares the lines of this host, those of arm64 under qemu, and bits.txt, which is committed.
 *
 * Types, kinds of operands and of the result, aux and imm are drawn as the op's row of ir_ops.def says; so no rule of an op is
 * stated again here, and vr_ir_verify() has to take each case. Floating-point operands are often zeros, infinities, NaNs, subnormal or nearly equal numbers.
 */
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <plugins/soft/interp.h>
#include <xlate/ir/build.h>
#include <xlate/ir/ir.h>
#include <xlate/isa/arm64/isa.h>
#include <xlate/isa/riscv64/isa.h>

#define CASES 1500     /* of each op and type */
#define SCRATCH 0x3000 /* offset in the vCPU's block, of operands and results: past the state of each isa */

static uint64_t state;
static uint64_t rnd(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* A number whose bit pattern is likely to matter. */
static uint64_t operand(void)
{
	static const uint64_t odd[] = {0,
				       1,
				       0x7f,
				       0x80,
				       0xffff,
				       0x7fffffff,
				       0x80000000,
				       0xffffffff,
				       0x7fffffffffffffff,
				       0x8000000000000000,
				       0xffffffffffffffff,
				       0x3ff0000000000000,
				       0x7ff0000000000000,
				       0xfff0000000000000,
				       0x7ff8000000000000,
				       0x7ff0000000000001,
				       0x0010000000000000,
				       0x000fffffffffffff,
				       0x7fefffffffffffff,
				       0x41dfffffffc00000,
				       0x43e0000000000000,
				       0x3f8000003f800000,
				       0x7f8000007f800000,
				       0x7fc00000ff800001,
				       0x0080000000800000,
				       0x007fffff80000001,
				       0x7f7fffff4f000000,
				       0x4effffff5f000000};
	/* in statements of their own: the order in which an expression calls rnd() is the compiler's */
	uint64_t r = rnd(), a = rnd(), b = rnd(), v = odd[r % (sizeof(odd) / sizeof(odd[0]))];
	switch (r >> 8 & 7) {
	case 0:
	case 1:
		return a;
	case 2:
		return v ^ (a & 3);
	case 3: /* a double near 1, or any small exponent */
		return 0x3ff0000000000000 ^ (a & 0x800fffffffffffff) ^ (b & 0x0070000000000000);
	case 4: /* two floats, likewise */
		return 0x3f8000003f800000 ^ (a & 0x81ffffff81ffffff);
	case 5: /* products of these are subnormal */
		return (a & 0x800fffffffffffff) | (480 + (b & 63)) << 52;
	case 6:
		return (a & 0x807fffff807fffff) | (60 + (b & 7)) << 23 | (60 + (b >> 8 & 7)) << 55;
	default:
		return v;
	}
}

/* ---- one op: operands come by LDS, as integers, and are made what the op wants ---- */

static struct vr_ir_op ops[64];
static struct vr_ir_block block;
static struct vr_ir ir = {
	.size = sizeof(ir), .op_capacity = 64, .block_capacity = 1, .ops = ops, .blocks = &block};
static _Alignas(16) uint8_t exec[16384];
#define X ((struct vr_exec *)(void *)exec)

enum kind { INT, FLAGS, SCALAR, VECTOR, WIDE };
#define HIGH 128       /* from SCRATCH: the high halves of V256 operands */
static uint32_t words; /* 64 bits each, of the result */

static uint32_t make(uint32_t kind, uint32_t type, uint32_t place)
{
	uint32_t low = vr_ir_add(&ir, VR_IR_LDS, VR_T_I64, 0, 0, 0, 0, SCRATCH + 16 * place);
	switch (kind) {
	case INT:
		return low;
	case FLAGS:
		return vr_ir_op1(&ir, VR_IR_F_FROM, VR_T_FLAGS, low);
	case SCALAR:
		return vr_ir_op1(&ir, VR_IR_FFROMI, type == VR_T_F32 ? VR_T_F32 : VR_T_F64, low);
	case WIDE:
		return vr_ir_op2(&ir, VR_IR_VJOIN, VR_T_V256, make(VECTOR, type, place),
				 make(VECTOR, type, HIGH / 16 + place));
	default:
		return vr_ir_op2(&ir, VR_IR_VPACK, VR_T_V128, low,
				 vr_ir_add(&ir, VR_IR_LDS, VR_T_I64, 0, 0, 0, 0, SCRATCH + 16 * place + 8));
	}
}

static void keep(uint32_t value, uint32_t place)
{
	vr_ir_add(&ir, VR_IR_STS, VR_T_I64, 0, value, 0, 0, SCRATCH + 64 + 8 * place);
}

/* Store result `r` of the op as the kind says it is. */
static void take(uint32_t kind, uint32_t type, uint32_t r)
{
	uint32_t high;

	words = kind == WIDE ? 4 : 2;
	switch (kind) {
	case INT:
		keep(r, 0);
		break;
	case FLAGS:
		keep(vr_ir_op1(&ir, VR_IR_F_TO, VR_T_I64, r), 0);
		break;
	case SCALAR:
		keep(vr_ir_op1(&ir, VR_IR_FTOBITS, type == VR_T_F32 ? VR_T_I32 : VR_T_I64, r), 0);
		break;
	case WIDE:
		high = vr_ir_op1(&ir, VR_IR_VHIGH, VR_T_V128, r);
		keep(vr_ir_add(&ir, VR_IR_VHALF, VR_T_I64, 0, high, 0, 0, 0), 2);
		keep(vr_ir_add(&ir, VR_IR_VHALF, VR_T_I64, 1, high, 0, 0, 0), 3);
		keep(vr_ir_add(&ir, VR_IR_VHALF, VR_T_I64, 0, r, 0, 0, 0), 0);
		keep(vr_ir_add(&ir, VR_IR_VHALF, VR_T_I64, 1, r, 0, 0, 0), 1);
		break;
	default:
		keep(vr_ir_add(&ir, VR_IR_VHALF, VR_T_I64, 0, r, 0, 0, 0), 0);
		keep(vr_ir_add(&ir, VR_IR_VHALF, VR_T_I64, 1, r, 0, 0, 0), 1);
	}
}

static const char *const type_names[] = {"none", "i32", "i64", "f32", "f64", "v64", "v128", "flags", "v256"};

static uint32_t kind_of_type(uint32_t type)
{
	return vr_ir_is_integer(type)                 ? INT
	       : type == VR_T_FLAGS                   ? FLAGS
	       : type == VR_T_F32 || type == VR_T_F64 ? SCALAR
	       : type == VR_T_V256                    ? WIDE
						      : VECTOR;
}

/* Of an operand, by its letter in ir_ops.def. */
static uint32_t kind_of_operand(char letter, uint32_t type, bool wide)
{
	switch (letter) {
	case 't':
		return kind_of_type(type);
	case 'f':
		return FLAGS;
	case 'v':
	case 'V':
		return wide ? WIDE : VECTOR;
	default:
		return INT;
	}
}

/* aux and imm, each drawn until it is in the range of its kind. */
static void draw_numbers(struct vr_ir_op *o)
{
	static const uint64_t masks[] = {~0ull, 0xffffffff, 0x7f3f, 0xff, 0x1f, 3, 0};
	do
		o->aux = (uint8_t)(rnd() >> 32);
	while (!vr_ir_aux_legal(o, false));
	do {
		uint64_t mask = masks[(rnd() >> 32) % (sizeof(masks) / sizeof(masks[0]))];
		o->imm = rnd() & mask;
	} while (!vr_ir_imm_legal(o, NULL, false) ||
		 (vr_ir_ops[o->op].op_class == VR_IRC_FP && vr_ir_fp_attributes(o)));
}

/* Build the op; it must be one that the verifier takes. */
static void build(uint32_t op, uint32_t type)
{
	const struct vr_ir_info *info = &vr_ir_ops[op];
	struct vr_ir_op o = {.op = (uint16_t)op, .type = (uint8_t)type};
	uint32_t v[3] = {0, 0, 0};
	bool wide = type == VR_T_V256 || op == VR_IR_VHIGH;
	char why[128];

	memset(ops, 0, sizeof(ops));
	ir.op_count = 1;
	ir.block_count = 1;
	ir.overflow = 0;
	block = (struct vr_ir_block){.start = 0,
				     .end = 4,
				     .first = 1,
				     .insns = 1,
				     .flags = VR_BLOCK_ENTRY,
				     .succ = {VR_NO_BLOCK, VR_NO_BLOCK}};
	vr_ir_add(&ir, VR_IR_INSN_START, VR_T_NONE, 0, 0, 0, 0, 0);
	for (uint32_t n = 0; n < info->args; n++)
		v[n] = make(kind_of_operand(info->operands[n], type, wide), type, n);
	draw_numbers(&o);
	uint32_t r = vr_ir_add(&ir, op, type, o.aux, v[0], v[1], v[2], o.imm), result = vr_ir_value_type(&o);
	take(kind_of_type(result), result, r);
	vr_ir_add(&ir, VR_IR_EXIT_TO, VR_T_NONE, 0, 0, 0, 0, 4);
	block.count = ir.op_count - 1;
	if (vr_ir_verify(&ir, NULL, why, sizeof(why))) {
		fprintf(stderr, "%s %s: %s\n", info->name, type_names[type], why);
		exit(1);
	}
}

static int32_t no_access(struct vr_exec *x, const struct vr_ir_op *o, uint64_t address,
			 const union vr_v256 *a, const union vr_v256 *b, union vr_v256 *r)
{
	(void)x, (void)o, (void)address, (void)a, (void)b, (void)r;
	abort();
}

static uint64_t run(const struct vr_isa *isa, bool wide, uint64_t digest)
{
	static const struct soft_interp_memory memory = {.access = no_access};
	static union vr_v256 values[64];
	memset(exec + SCRATCH, 0, HIGH + 48);
	for (uint32_t n = 0; n < 6; n++) {
		uint64_t k = operand();
		memcpy(exec + SCRATCH + 8 * n, &k, 8);
	}
	for (uint32_t n = 0; wide && n < 6; n++) {
		uint64_t k = operand();
		memcpy(exec + SCRATCH + HIGH + 8 * n, &k, 8);
	}
	if (!(rnd() & 7)) { /* equal operands */
		memcpy(exec + SCRATCH + 16, exec + SCRATCH, 16);
		memcpy(exec + SCRATCH + HIGH + 16, exec + SCRATCH + HIGH, 16);
	}
	soft_interp_fenv_set_flags(X, 0);
	soft_interp_fenv_set_round(X, (uint32_t)rnd() & 3);
	soft_interp_block(X, isa, &ir, 0, 0x1000, values, &memory);
	uint64_t out[5];
	memcpy(out, exec + SCRATCH + 64, 8 * words);
	out[words] = soft_interp_fenv_get_flags(X);
	fesetround(FE_TONEAREST);
	for (uint32_t n = 0; n <= words; n++)
		digest = (digest ^ out[n]) * 0x100000001b3, digest ^= digest >> 29;
	return digest;
}

/* Ops that are no computation: control, guest memory, registers, calls. */
static int has_value(uint32_t op)
{
	switch (op) {
	case VR_IR_NOP:
	case VR_IR_GET:
	case VR_IR_PUT:
	case VR_IR_LDS:
	case VR_IR_STS:
	case VR_IR_CALL:
	case VR_IR_VCALL:
	case VR_IR_INSN_START:
	case VR_IR_LOADP_HI:
	case VR_IR_FPSETFLAGS:
	case VR_IR_FPSETROUND:
		return 0;
	default:
		return vr_ir_info(op).op_class == VR_IRC_PURE || vr_ir_info(op).op_class == VR_IRC_FP;
	}
}

static uint32_t type_of_letter(char letter)
{
	return (uint32_t)(strchr(VR_IR_TYPE_LETTERS, letter) - VR_IR_TYPE_LETTERS);
}

int main(void)
{
	static const struct vr_isa *const isas[] = {&a64_isa, &rv_isa};

	for (uint32_t op = 0; op < VR_IR_COUNT; op++) {
		for (const char *letter = vr_ir_ops[op].types; has_value(op) && *letter; letter++) {
			uint64_t digest[2] = {1, 1};
			uint32_t type = type_of_letter(*letter);

			state = op * 1000 + type;
			for (uint32_t t = 0; t < CASES; t++) {
				build(op, type);
				uint64_t at = state;
				for (uint32_t k = 0; k < 2; k++) {
					state = at;
					digest[k] = run(isas[k], type == VR_T_V256 || op == VR_IR_VHIGH,
							digest[k]);
				}
			}
			printf("%s %s %016lx", vr_ir_ops[op].name, type_names[type],
			       (unsigned long)digest[0]);
			if (digest[1] != digest[0])
				printf(" %016lx", (unsigned long)digest[1]);
			printf("\n");
		}
	}
	return 0;
}
