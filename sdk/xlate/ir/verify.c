/* SPDX-License-Identifier: MIT */
/*
 * verify.c: is an IR well-formed? What an op may be is its row of ir_ops.def; this file has one case for each
 * kind of operand, aux and imm, and none for an op.
 *
 * Kinds are coarser than types, because the IR has no conversions: an I32 is a valid I64, and F32, F64, V64,
 * V128 and V256 are views of one vector register.
 *
 * Two makers of IR are told apart. A lifter says what the guest's code means. An engine may add what it has
 * found out: hints, table loads (LOAD's b), FLAGS that are not live. The first is checked in full; of the
 * second only the form can be checked.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "ir.h"

#define LANE_LETTERS "BHSD"
#define ACCESS_FLAGS (VR_MF_ACQUIRE | VR_MF_RELEASE | VR_MF_SC | VR_MF_ALIGN | VR_MF_UNPRIV)
#define HINT_BITS ((VR_MF_GROUPS - 1) << VR_MF_GROUP_SHIFT)

struct verifier {
	const struct vr_ir *ir;
	const struct vr_isa *isa;
	const struct vr_ir_block *block;
	bool from_engine;
	uint32_t *last; /* op of the last use of block's value i, 0: none */
	uint32_t last_capacity;
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

/* ---- aux and imm ---- */

static bool rounding_legal(uint32_t mode)
{
	return mode <= VR_RM_AWAY || mode == VR_RM_CURRENT;
}

static bool lane_legal(const struct vr_ir_op *o, uint32_t lane)
{
	const char *lanes = vr_ir_ops[o->op].lanes;
	return lane < 4 && (strchr(lanes, LANE_LETTERS[lane]) ||
			    (lane == 3 && o->type != VR_T_V64 && strchr(lanes, 'd')));
}

static bool bytes_legal(uint32_t type, uint32_t log2)
{
	switch (type) {
	case VR_T_I32:
		return log2 <= 2;
	case VR_T_I64:
		return log2 <= 3;
	case VR_T_F32:
		return log2 == 2;
	case VR_T_F64:
		return log2 == 3;
	case VR_T_V256:
		return log2 == 5;
	default:
		return type == VR_T_V128 && log2 >= 2 && log2 <= 4;
	}
}

static bool flags_aux_legal(uint32_t type, uint32_t aux)
{
	uint32_t narrow = aux & (VR_FA_8 | VR_FA_16);

	return aux <= (VR_FA_8 | VR_FA_16 | VR_FA_NOT_C) && narrow != (VR_FA_8 | VR_FA_16) &&
	       (!narrow || type == VR_T_I32);
}

bool vr_ir_aux_legal(const struct vr_ir_op *o, bool from_engine)
{
	uint32_t aux = o->aux;

	switch (vr_ir_ops[o->op].aux) {
	case VR_AUX_BOOL:
		return aux <= 1;
	case VR_AUX_GET:
		return aux <= (from_engine ? 1u : 0u);
	case VR_AUX_PUT:
		if (vr_ir_is_vector(o->type))
			return !(aux & ~(o->type == VR_T_V256
						 ? 0u
						 : VR_PUT_KEEP)); /* register_legal() looks at the register */
		return aux <= (from_engine && (o->type == VR_T_FLAGS || vr_ir_is_integer(o->type)) ? 3u : 0u);
	case VR_AUX_SCALE:
	case VR_AUX_NEGATE:
	case VR_AUX_ITOF:
		return aux <= 3;
	case VR_AUX_SHIFT:
		return aux < vr_ir_type_bits(o->type);
	case VR_AUX_GROUP:
		return aux >= 1 && aux <= (o->type == VR_T_I32 ? 2 : 3);
	case VR_AUX_WIDTH:
		return aux == 8 || aux == 16 || aux == 32;
	case VR_AUX_CRC:
		return aux <= 7;
	case VR_AUX_CC:
		return aux <= VR_CC_AL;
	case VR_AUX_LOAD:
		if (vr_ir_is_integer(o->type))
			aux &= ~VR_MS_SIGN;
		return bytes_legal(o->type, aux);
	case VR_AUX_STORE:
		return bytes_legal(o->type, aux);
	case VR_AUX_BYTES16:
		return aux == 4;
	case VR_AUX_FENCE:
		return aux <= 2;
	case VR_AUX_FTOI:
		return aux <= 31 && rounding_legal(aux >> 2);
	case VR_AUX_FROUND:
		return aux <= 15 && rounding_legal(aux & 7);
	case VR_AUX_LANE:
		return lane_legal(o, aux);
	case VR_AUX_LANE_OPT:
		return lane_legal(o, aux & ~4u);
	case VR_AUX_BIT:
		return aux <= 127;
	case VR_AUX_JUMP:
		return aux <= VR_JUMP_RET;
	case VR_AUX_FLAGS:
		return flags_aux_legal(o->type, aux);
	case VR_AUX_FLAGS_CARRY:
		return flags_aux_legal(o->type, aux & ~VR_FA_READS_NOT_C);
	case VR_AUX_CARRY:
		return !(aux & ~VR_FA_READS_NOT_C);
	default:
		return aux == 0;
	}
}

static bool register_legal(const struct vr_ir_op *o, const struct vr_isa *isa)
{
	if (!isa)
		return true;
	if (o->imm >= isa->guest_reg_count)
		return false;
	switch (vr_isa_reg(isa, o->imm)->kind) {
	case VR_REG_INT:
	case VR_REG_CONDITION:
		return vr_ir_is_integer(o->type);
	case VR_REG_VEC:
		return vr_ir_is_vector(o->type) && o->type != VR_T_V256 &&
		       !(o->op == VR_IR_PUT && o->aux & VR_PUT_KEEP);
	case VR_REG_VEC256:
		return vr_ir_is_vector(o->type);
	default:
		return o->type == VR_T_FLAGS;
	}
}

static bool field_legal(const struct vr_ir_op *o, const struct vr_isa *isa)
{
	uint64_t bytes = vr_ir_type_bits(o->type) / 8, end = o->imm + bytes;

	if (o->imm < VR_EXEC_STATE || o->imm % bytes || end > INT32_MAX)
		return false;
	if (!isa)
		return true;
	if (end > VR_EXEC_STATE + (uint64_t)isa->state_size)
		return false;
	for (uint32_t i = 0; i < isa->guest_reg_count; i++) {
		const struct vr_guest_reg *r = vr_isa_reg(isa, i);

		if (o->imm < (uint64_t)r->offset + vr_ir_reg_bytes(r->kind) && end > r->offset)
			return false;
	}
	return true;
}

static bool access_legal(const struct vr_ir_op *o, uint32_t allowed, bool hint)
{
	uint32_t flags = (uint32_t)(o->imm >> 32);

	/* A range of addresses is checked as a whole: without anything that one access asks for. */
	if (vr_ir_table_base(o))
		return flags == 0;
	if (hint && flags & VR_MF_SAME_PAGE)
		return !(flags & ~(VR_MF_SAME_PAGE | HINT_BITS));
	return !(flags & ~allowed);
}

/* kind: VR_HF_VECTOR and VR_HF_V256, as they have to be. */
static bool helper_legal(uint64_t number, uint32_t kind, const struct vr_isa *isa)
{
	return !isa || (number < isa->helper_count &&
			(vr_isa_helper(isa, number)->flags & (VR_HF_VECTOR | VR_HF_V256)) == kind);
}

static bool attributes_legal(const struct vr_ir_op *o, const struct vr_isa *isa)
{
	uint32_t a = vr_ir_fp_attributes(o);
	uint64_t always = isa ? VR_VALUE(isa, fp_always, 0) : 0;

	return !(o->imm & ~(uint64_t)(VR_FPA_ALL | 0xff)) && (o->imm & always) == always &&
	       (a & VR_FPA_NAN_MASK) <= VR_FPA_NAN_LARGER &&
	       (a & VR_FPA_MINMAX_MASK) <= VR_FPA_MINMAX_NUMBER &&
	       (a & VR_FPA_TINY_MASK) <= VR_FPA_TINY_AFTER;
}

bool vr_ir_imm_legal(const struct vr_ir_op *o, const struct vr_isa *isa, bool from_engine)
{
	uint32_t lane = o->aux & 3u, count = 16u >> lane;
	uint64_t imm = o->imm;

	switch (vr_ir_ops[o->op].imm) {
	case VR_IMM_PC: /* instructions begin in the page, and go anywhere */
		return o->op != VR_IR_INSN_START || imm < 4096;
	case VR_IMM_VALUE:
		return true;
	case VR_IMM_CONST:
		return o->type != VR_T_I32 || imm <= UINT32_MAX;
	case VR_IMM_REG:
		return register_legal(o, isa);
	case VR_IMM_FIELD:
		return field_legal(o, isa);
	case VR_IMM_BITS:
		return imm <= 0xffff && imm >> 8 && (imm & 0xff) + (imm >> 8) <= vr_ir_type_bits(o->type);
	case VR_IMM_NZCV:
		return imm <= 15;
	case VR_IMM_ACCESS:
		return access_legal(o, ACCESS_FLAGS, from_engine);
	case VR_IMM_AMO:
		return access_legal(o, ACCESS_FLAGS | VR_MF_SPLIT, false);
	case VR_IMM_ATOMIC:
		return !(uint32_t)imm && access_legal(o, ACCESS_FLAGS | VR_MF_SPLIT, false);
	case VR_IMM_ATOMIC_IF: /* check_op() looks at the value */
		return access_legal(o, ACCESS_FLAGS | VR_MF_SPLIT | VR_MF_STORE, false);
	case VR_IMM_HELPER:
		return helper_legal(imm, 0, isa);
	case VR_IMM_VHELPER:
		return helper_legal(imm & 0xffff, VR_HF_VECTOR | (o->type == VR_T_V256 ? VR_HF_V256 : 0),
				    isa);
	case VR_IMM_SHIFT:
		return imm < 8u << lane;
	case VR_IMM_SHIFT_ALL:
		return imm <= 8u << lane;
	case VR_IMM_INDEX:
		return imm < count;
	case VR_IMM_INDEX2:
		return imm <= 0xff && (imm & 15) < count && imm >> 4 < count;
	case VR_IMM_BYTES:
		return imm < (o->type == VR_T_V64 ? 8 : 16);
	case VR_IMM_GROUP:
		return imm > lane && imm <= 3;
	case VR_IMM_FP:
		return !(imm & 0xff) && attributes_legal(o, isa);
	case VR_IMM_ROUND:
		return rounding_legal(imm & 0xff) && attributes_legal(o, isa);
	case VR_IMM_ROUND_OPT:
		return (imm & 0xff) <= 15 && rounding_legal(imm & 7) && attributes_legal(o, isa);
	default:
		return imm == 0;
	}
}

/* ---- operands ---- */

static char kind_of_type(uint32_t type)
{
	return vr_ir_is_integer(type) ? 'i' : vr_ir_is_vector(type) ? 'v' : type == VR_T_FLAGS ? 'f' : '.';
}

/* The kind of value that the operand letter asks for. */
static char kind_of_letter(char letter, uint32_t type)
{
	switch (letter) {
	case 't':
	case 'l':
		return kind_of_type(type);
	case 'v':
	case 'V':
		return 'v';
	case 'f':
		return 'f';
	default: /* i, p, j, b, I */
		return 'i';
	}
}

static int check_value(struct verifier *v, uint32_t at, uint32_t value, char letter, char which)
{
	const struct vr_ir_op *o = &v->ir->ops[at];

	if ((letter == 'I' || letter == 'V' || letter == 'b') && value == 0)
		return 0;
	if (value == 0)
		return wrong(v, at, "operand %c is missing", which);
	if (value < v->block->first || value >= at)
		return wrong(v, at, "operand %c is value %u, not an earlier one of this block", which, value);
	char have = kind_of_type(vr_ir_value_type(&v->ir->ops[value])),
	     want = kind_of_letter(letter, o->type);
	if (have == '.')
		return wrong(v, at, "operand %c is op %u, which has no value", which, value);
	if (have != want)
		return wrong(v, at, "operand %c has kind '%c', not '%c'", which, have, want);
	if (letter == 'l' && (v->ir->ops[value].op != VR_IR_LOADP || v->ir->ops[value].type != o->type))
		return wrong(v, at, "operand %c is not a LOADP of this type", which);
	v->last[value - v->block->first] = at;
	return 0;
}

static int check_operand(struct verifier *v, uint32_t at, uint32_t value, char letter, char which)
{
	const struct vr_ir_op *o = &v->ir->ops[at];

	switch (letter) {
	case 0:
		return value ? wrong(v, at, "%c is %u, but the op has no such operand", which, value) : 0;
	case 'k':
		return value > VR_AMO_SWAP ? wrong(v, at, "unknown kind %u", value) : 0;
	case 'b':
		return value && !v->from_engine ? wrong(v, at, "operand %c, a hint, is the engine's", which)
						: check_value(v, at, value, letter, which);
	case 'n':
		return value && !o->b ? wrong(v, at, "a range without its base") : 0;
	default:
		return check_value(v, at, value, letter, which);
	}
}

static int check_op(struct verifier *v, uint32_t at)
{
	const struct vr_ir_op *o = &v->ir->ops[at];
	if (o->op >= VR_IR_COUNT)
		return wrong(v, at, "unknown op %u", o->op);
	const struct vr_ir_info *info = &vr_ir_ops[o->op];
	if (o->type >= VR_T_COUNT || !strchr(info->types, VR_IR_TYPE_LETTERS[o->type]))
		return wrong(v, at, "type %u", o->type);

	const uint32_t operand[3] = {o->a, o->b, o->c};
	for (uint32_t i = 0, n = (uint32_t)strlen(info->operands); i < 3; i++) {
		int rc = check_operand(v, at, operand[i], i < n ? info->operands[i] : 0, "abc"[i]);
		if (rc)
			return rc;
	}
	if (!vr_ir_aux_legal(o, v->from_engine))
		return wrong(v, at, "aux %u", o->aux);
	if (!vr_ir_imm_legal(o, v->isa, v->from_engine))
		return wrong(v, at, "imm 0x%llx", (unsigned long long)o->imm);
	return info->imm == VR_IMM_ATOMIC_IF ? check_value(v, at, (uint32_t)o->imm, 'i', 'i') : 0;
}

/* ---- blocks ---- */

/* An edge inside the region leads where the terminator says. */
static int check_edges(struct verifier *v, uint32_t last)
{
	const struct vr_ir_op *o = &v->ir->ops[last];

	for (uint32_t i = 0; i < 2; i++) {
		uint32_t to = v->block->succ[i];

		if (to == VR_NO_BLOCK)
			continue;
		if (to >= v->ir->block_count)
			return wrong(v, last, "edge %u goes to block %u of %u", i, to, v->ir->block_count);
		if (!(vr_ir_edges(o->op) >> i & 1))
			return wrong(v, last, "edge %u, which the op does not have", i);
		if (v->ir->blocks[to].start != (i == VR_EDGE_TAKEN ? o->imm : v->block->end))
			return wrong(v, last, "edge %u goes to block %u, which is at another place", i, to);
	}
	return 0;
}

/* How many values wait for a later op? LOADP_HI's has been read by its LOADP. */
static int check_live(struct verifier *v)
{
	const struct vr_ir_block *b = v->block;
	uint32_t live[2] = {0, 0};

	/* Backward; a value whose last use has been passed is live up to its op. */
	for (uint32_t i = b->first + b->count; i-- > b->first;) {
		const struct vr_ir_op *o = &v->ir->ops[i];
		uint32_t value[4], type = vr_ir_value_type(o), n = vr_ir_reads(o, value);

		if (v->last[i - b->first] && !vr_ir_is_constant(o->op) && o->op != VR_IR_F_CONST &&
		    o->op != VR_IR_LOADP_HI)
			live[vr_ir_is_vector(type)]--;
		if (o->op == VR_IR_LOADP)
			for (uint32_t k = i + 1; k < b->first + b->count; k++)
				live[vr_ir_is_vector(type)] -= v->ir->ops[k].op == VR_IR_LOADP_HI &&
							       v->ir->ops[k].a == i &&
							       v->last[k - b->first] != 0;
		for (uint32_t k = 0; k < n; k++) {
			if (!value[k] || v->last[value[k] - b->first] != i)
				continue;
			const struct vr_ir_op *from = &v->ir->ops[value[k]];
			bool again = false;

			for (uint32_t j = 0; j < k; j++)
				again |= value[j] == value[k];
			if (again || vr_ir_is_constant(from->op) || from->op == VR_IR_F_CONST)
				continue;
			live[vr_ir_is_vector(vr_ir_value_type(from))]++;
		}
		if (live[0] > VR_IR_LIVE || live[1] > VR_IR_LIVE)
			return wrong(v, i, "more than %u values are live", VR_IR_LIVE);
	}
	return 0;
}

static int make_last(struct verifier *v)
{
	uint32_t count = v->block->count;

	if (count > v->last_capacity) {
		uint32_t *more = realloc(v->last, count * sizeof(*more));

		if (!more) {
			if (v->capacity)
				snprintf(v->why, v->capacity, "no memory for %u ops", count);
			return VR_E_NOMEM;
		}
		v->last = more;
		v->last_capacity = count;
	}
	memset(v->last, 0, count * sizeof(v->last[0]));
	return 0;
}

static bool takes_args(const struct verifier *v, uint32_t at, uint32_t last)
{
	const struct vr_ir_op *call = &v->ir->ops[at + 1];

	/* The number itself is looked at when it is the CALL's turn. */
	return at < last && call->op == VR_IR_CALL &&
	       (!v->isa || call->imm >= v->isa->helper_count ||
		vr_isa_helper(v->isa, call->imm)->flags & VR_HF_SIX);
}

static int check_block(struct verifier *v)
{
	const struct vr_ir_block *b = v->block;
	if (b->count == 0 || b->first == 0 || b->first > v->ir->op_count ||
	    b->count > v->ir->op_count - b->first)
		return wrong(v, b->first, "block of ops [%u, +%u) of %u", b->first, b->count,
			     v->ir->op_count);

	uint32_t last = b->first + b->count - 1, put = 0;
	int rc = make_last(v);
	for (uint32_t i = b->first; !rc && i <= last; i++) {
		rc = check_op(v, i);
		if (rc)
			return rc;
		uint32_t op = v->ir->ops[i].op, class = vr_ir_ops[op].op_class;
		if ((class == VR_IRC_TERM) != (i == last))
			return wrong(v, i,
				     i == last ? "a block ends without a terminator"
					       : "terminator inside a block");
		if (op == VR_IR_ARGS && !takes_args(v, i, last))
			return wrong(v, i, "no CALL of a helper with six arguments follows at once");
		/* Faults are precise: nothing of an instruction may have happened when it faults. */
		if (op == VR_IR_INSN_START)
			put = 0;
		else if (op == VR_IR_PUT)
			put = i;
		else if (put && vr_ir_may_fault(&v->ir->ops[i]))
			return wrong(v, i, "may fault after PUT %u of the same instruction", put);
	}
	if (!rc && !v->from_engine)
		rc = check_live(v);
	return rc ? rc : check_edges(v, last);
}

static int verify(struct verifier *v)
{
	const struct vr_ir *ir = v->ir;
	int rc = 0;
	if (v->capacity)
		v->why[0] = 0;
	if (ir->op_count == 0 || ir->op_count > ir->op_capacity || ir->ops[0].op != VR_IR_NOP)
		return wrong(v, 0, "op 0 is not a NOP");
	for (uint32_t i = 0; !rc && i < ir->block_count; i++) {
		v->block = &ir->blocks[i];
		rc = check_block(v);
	}
	free(v->last);
	return rc;
}

int vr_ir_verify(const struct vr_ir *ir, const struct vr_isa *isa, char *why, size_t n)
{
	struct verifier v = {.ir = ir, .isa = isa, .why = why, .capacity = n};
	return verify(&v);
}

int vr_ir_verify_optimized(const struct vr_ir *ir, const struct vr_isa *isa, char *why, size_t n)
{
	struct verifier v = {.ir = ir, .isa = isa, .from_engine = true, .why = why, .capacity = n};
	return verify(&v);
}
