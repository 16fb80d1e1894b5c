/* SPDX-License-Identifier: MIT */
/*
 * verify.c: is an IR well-formed?
 *
 * Kinds are coarser than types, because the IR has no conversions: an I32 is a valid I64, and F32, F64, V64
 * and V128 are views of one vector register. What an op takes and gives follows a signature, one letter a
 * value:
 *
 *	i  integer
 *	v  vector register (FP included)
 *	f  FLAGS
 *	t  as the op's type says
 *	.  nothing
 *	?  any kind, may be absent
 */
#include <stdarg.h>
#include <string.h>
#include "ir.h"

struct signature {
	uint16_t first, last; /* ops of ir_ops.def, in its order */
	const char *operands; /* up to three letters */
	char result;
	const char *types; /* allowed type letters, as below */
};

/* n none, i I32, I I64, s F32, d F64, h V64, V V128, f FLAGS */
#define ANY_TYPE "niIsdhVf"
#define INTEGER "iI"
#define VECTOR "hV"
#define SCALAR "sd"
#define REGISTER "iIsdhV"

static const struct signature signatures[] = {
	{VR_IR_NOP, VR_IR_INSN_START, "", '.', ANY_TYPE},
	{VR_IR_CONST, VR_IR_CONST, "", 't', INTEGER},
	{VR_IR_GET, VR_IR_GET, "", 't', "iIsdhVf"},
	{VR_IR_PUT, VR_IR_PUT, "t", '.', "iIsdhVf"},
	{VR_IR_LDS, VR_IR_LDS, "", 't', INTEGER},
	{VR_IR_STS, VR_IR_STS, "t", '.', INTEGER},
	{VR_IR_ADD, VR_IR_CRC32, "ttt", 't', INTEGER},
	{VR_IR_F_ADD, VR_IR_F_SUB, "tt", 'f', INTEGER},
	{VR_IR_F_ADC, VR_IR_F_SBC, "ttf", 'f', INTEGER},
	{VR_IR_F_LOGIC, VR_IR_F_LOGIC, "t", 'f', INTEGER},
	{VR_IR_F_CONST, VR_IR_F_CONST, "", 'f', ANY_TYPE},
	{VR_IR_F_SEL, VR_IR_F_SEL, "fff", 'f', ANY_TYPE},
	{VR_IR_F_FROM, VR_IR_F_FROM, "i", 'f', ANY_TYPE},
	{VR_IR_F_TO, VR_IR_F_TO, "f", 'i', INTEGER},
	{VR_IR_ADC, VR_IR_SBC, "ttf", 't', INTEGER},
	{VR_IR_SETCC, VR_IR_SETCC, "f", 'i', INTEGER},
	{VR_IR_SELECT, VR_IR_SELECT, "ftt", 't', REGISTER},
	{VR_IR_CMPSET, VR_IR_CMPSET, "tt", 'i', INTEGER},
	{VR_IR_SELNZ, VR_IR_SELNZ, "itt", 't', REGISTER},
	{VR_IR_LOAD, VR_IR_LOAD, "i?", 't', "iIsdV"},
	{VR_IR_STORE, VR_IR_STORE, "it", '.', "iIsdV"},
	{VR_IR_LOADP, VR_IR_LOADP, "i", 't', "iIsdV"},
	{VR_IR_LOADP_HI, VR_IR_LOADP_HI, "t", 't', "iIsdV"},
	{VR_IR_STOREP, VR_IR_STOREP, "itt", '.', "iIsdV"},
	{VR_IR_CAS, VR_IR_CAS, "itt", 't', INTEGER},
	{VR_IR_CAS2, VR_IR_CAS2, "itt", 't', "V"},
	{VR_IR_CASIF, VR_IR_CASIF, "itt", 't', INTEGER},
	{VR_IR_CAS2IF, VR_IR_CAS2IF, "itt", 't', "V"},
	{VR_IR_AMO, VR_IR_AMO, "it", 't', INTEGER},
	{VR_IR_FENCE, VR_IR_FENCE, "", '.', ANY_TYPE},
	{VR_IR_CALL, VR_IR_CALL, "???", 'i', ANY_TYPE},
	{VR_IR_VCALL, VR_IR_VCALL, "???", 'v', ANY_TYPE},
	{VR_IR_RAS_PUSH, VR_IR_RAS_PUSH, "", '.', ANY_TYPE},
	{VR_IR_FADD, VR_IR_FABS, "ttt", 't', SCALAR},
	{VR_IR_FCMP, VR_IR_FCMP, "tt", 'f', SCALAR},
	{VR_IR_FCVT, VR_IR_FCVT, "t", 't', SCALAR},
	{VR_IR_FTOI, VR_IR_FTOI, "v", 'i', INTEGER},
	{VR_IR_ITOF, VR_IR_ITOF, "i", 'v', SCALAR},
	{VR_IR_FROUND, VR_IR_FROUND, "t", 't', SCALAR},
	{VR_IR_FFROMI, VR_IR_FFROMI, "i", 'v', SCALAR},
	{VR_IR_FTOBITS, VR_IR_FTOBITS, "v", 'i', INTEGER},
	{VR_IR_FPSETROUND, VR_IR_FPSETROUND, "i", '.', ANY_TYPE},
	{VR_IR_FPGETFLAGS, VR_IR_FPGETFLAGS, "", 'i', ANY_TYPE},
	{VR_IR_FPSETFLAGS, VR_IR_FPSETFLAGS, "i", '.', ANY_TYPE},
	{VR_IR_VCONST, VR_IR_VCONST, "", 'v', VECTOR},
	{VR_IR_VPACK, VR_IR_VPACK, "i?", 'v', "V"},
	{VR_IR_VHALF, VR_IR_VHALF, "v", 'i', INTEGER},
	{VR_IR_VZEXT, VR_IR_VNEG, "vvv", 'v', REGISTER},
	{VR_IR_VABS, VR_IR_VSAR, "vv", 'v', VECTOR},
	{VR_IR_VDUP, VR_IR_VDUP, "i", 'v', VECTOR},
	{VR_IR_VDUPLANE, VR_IR_VDUPLANE, "v", 'v', VECTOR},
	{VR_IR_VGETLANE, VR_IR_VGETLANE, "v", 'i', INTEGER},
	{VR_IR_VSETLANE, VR_IR_VSETLANE, "vi", 'v', "V"},
	{VR_IR_VINSLANE, VR_IR_VINSLANE, "vv", 'v', "V"},
	{VR_IR_VEXT, VR_IR_VSHA256SU1, "vvv", 'v', VECTOR},
	{VR_IR_VFADD, VR_IR_VFROUND, "vvv", 'v', VECTOR},
	{VR_IR_GOTO, VR_IR_GOTO, "", '.', ANY_TYPE},
	{VR_IR_BRCC, VR_IR_BRCC, "f", '.', ANY_TYPE},
	{VR_IR_BRCMP, VR_IR_BRCMP, "tt", '.', INTEGER},
	{VR_IR_BRBIT, VR_IR_BRBIT, "i", '.', ANY_TYPE},
	{VR_IR_JUMP_INDIRECT, VR_IR_JUMP_INDIRECT, "i", '.', ANY_TYPE},
	{VR_IR_EXIT, VR_IR_EXIT_TO, "", '.', ANY_TYPE},
};

static const struct signature *signature_of(uint32_t op)
{
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
		if (op >= signatures[i].first && op <= signatures[i].last)
			return &signatures[i];
	return NULL;
}

static char kind_of_type(uint32_t type)
{
	switch (type) {
	case VR_T_I32:
	case VR_T_I64:
		return 'i';
	case VR_T_F32:
	case VR_T_F64:
	case VR_T_V64:
	case VR_T_V128:
		return 'v';
	case VR_T_FLAGS:
		return 'f';
	default:
		return '.';
	}
}

static char kind_of_value(const struct vr_ir_op *o)
{
	const struct signature *s = signature_of(o->op);
	return s == NULL ? '.' : s->result == 't' ? kind_of_type(o->type) : s->result;
}

struct verifier {
	const struct vr_ir *ir;
	const struct vr_ir_block *block;
	char *why;
	size_t capacity;
};

__attribute__((format(printf, 3, 4))) static int wrong(struct verifier *v, uint32_t op, const char *format,
						       ...)
{
	char text[128];
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (v->capacity) {
		const char *name = op < v->ir->op_count ? vr_ir_info(v->ir->ops[op].op).name : NULL;
		snprintf(v->why, v->capacity, "op %u (%s): %s", op, name ? name : "?", text);
	}
	return VR_E_INVAL;
}

static int check_operand(struct verifier *v, uint32_t at, uint32_t value, char kind, char which)
{
	if (kind == '?' && value == 0)
		return 0;
	if (value == 0)
		return wrong(v, at, "operand %c is missing", which);
	if (value < v->block->first || value >= at)
		return wrong(v, at, "operand %c is value %u, not an earlier one of this block", which, value);
	char have = kind_of_value(&v->ir->ops[value]);
	if (have == '.')
		return wrong(v, at, "operand %c is op %u, which has no value", which, value);
	if (kind == 't')
		kind = kind_of_type(v->ir->ops[at].type);
	if (kind != '?' && have != kind)
		return wrong(v, at, "operand %c has kind '%c', not '%c'", which, have, kind);
	return 0;
}

/* Rules that a signature cannot express. */
static int check_special(struct verifier *v, uint32_t at)
{
	const struct vr_ir_op *o = &v->ir->ops[at];
	switch (o->op) {
	case VR_IR_LOAD:
	case VR_IR_STORE:
	case VR_IR_LOADP:
	case VR_IR_STOREP:
	case VR_IR_AMO:
	case VR_IR_CAS:
	case VR_IR_CASIF:
		if ((o->aux & 7) > (o->type == VR_T_V128 ? 4 : 3))
			return wrong(v, at, "access of 2^%u bytes", o->aux & 7);
		if (o->op == VR_IR_AMO && o->c > VR_AMO_SWAP)
			return wrong(v, at, "unknown kind %u", o->c);
		if (o->op == VR_IR_CASIF)
			return check_operand(v, at, (uint32_t)o->imm, 'i', 'i');
		return 0;
	case VR_IR_CAS2IF:
		return check_operand(v, at, (uint32_t)o->imm, 'i', 'i');
	case VR_IR_LOADP_HI:
		if (v->ir->ops[o->a].op != VR_IR_LOADP)
			return wrong(v, at, "operand a is not a LOADP");
		return 0;
	case VR_IR_F_SEL:
	case VR_IR_SETCC:
	case VR_IR_SELECT:
	case VR_IR_CMPSET:
	case VR_IR_BRCC:
	case VR_IR_BRCMP:
		return o->aux > VR_CC_AL ? wrong(v, at, "unknown condition %u", o->aux) : 0;
	case VR_IR_BFX:
	case VR_IR_BFI: {
		uint64_t lsb = o->imm & 0xff, width = o->imm >> 8 & 0xff,
			 bits = o->type == VR_T_I32 ? 32 : 64;
		return width == 0 || lsb + width > bits
			       ? wrong(v, at, "bits [%u, +%u)", (unsigned)lsb, (unsigned)width)
			       : 0;
	}
	case VR_IR_JUMP_INDIRECT:
		return o->aux > VR_JUMP_RET ? wrong(v, at, "unknown jump %u", o->aux) : 0;
	default:
		return 0;
	}
}

static int check_op(struct verifier *v, uint32_t at)
{
	const struct vr_ir_op *o = &v->ir->ops[at];
	const struct signature *s = signature_of(o->op);
	if (s == NULL)
		return wrong(v, at, "unknown op %u", o->op);
	if (o->type > VR_T_FLAGS || strchr(s->types, ANY_TYPE[o->type]) == NULL)
		return wrong(v, at, "type %u", o->type);

	const uint32_t operand[3] = {o->a, o->b, o->c};
	const char *args = vr_ir_info(o->op).args;
	for (uint32_t i = 0; args[i]; i++) {
		int rc = check_operand(v, at, operand[i], s->operands[i], args[i]);
		if (rc)
			return rc;
	}
	return check_special(v, at);
}

static int check_edges(struct verifier *v, uint32_t last)
{
	for (uint32_t i = 0; i < 2; i++)
		if (v->block->succ[i] != VR_NO_BLOCK && v->block->succ[i] >= v->ir->block_count)
			return wrong(v, last, "edge %u goes to block %u of %u", i, v->block->succ[i],
				     v->ir->block_count);
	return 0;
}

static int check_block(struct verifier *v)
{
	const struct vr_ir_block *b = v->block;
	if (b->count == 0 || b->first == 0 || b->first > v->ir->op_count ||
	    b->count > v->ir->op_count - b->first)
		return wrong(v, b->first, "block of ops [%u, +%u) of %u", b->first, b->count,
			     v->ir->op_count);

	uint32_t last = b->first + b->count - 1, put = 0;
	for (uint32_t i = b->first; i <= last; i++) {
		int rc = check_op(v, i);
		if (rc)
			return rc;
		uint32_t op = v->ir->ops[i].op, class = vr_ir_info(op).class;
		if ((class == VR_IRC_TERM) != (i == last))
			return wrong(v, i,
				     i == last ? "a block ends without a terminator"
					       : "terminator inside a block");
		/* Faults are precise: nothing of an instruction may have happened when it faults. */
		if (op == VR_IR_INSN_START)
			put = 0;
		else if (op == VR_IR_PUT)
			put = i;
		else if (class == VR_IRC_MEM && put)
			return wrong(v, i, "may fault after PUT %u of the same instruction", put);
	}
	return check_edges(v, last);
}

int vr_ir_verify(const struct vr_ir *ir, char *why, size_t n)
{
	struct verifier v = {.ir = ir, .why = why, .capacity = n};
	if (n)
		why[0] = 0;
	if (ir->op_count == 0 || ir->op_count > ir->op_capacity || ir->ops[0].op != VR_IR_NOP)
		return wrong(&v, 0, "op 0 is not a NOP");
	for (uint32_t i = 0; i < ir->block_count; i++) {
		v.block = &ir->blocks[i];
		int rc = check_block(&v);
		if (rc)
			return rc;
	}
	return 0;
}
