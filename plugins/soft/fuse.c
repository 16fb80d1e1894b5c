/* SPDX-License-Identifier: MIT */
/*
 * fuse.c: peephole fusion: ops of several guest instructions become one op.
 *
 * An instruction set that has no instruction for an operation spells it with two: a shift and an addition, a
 * left shift and a right shift. The first one's result goes through a guest register, so the second op has a
 * GET as its operand; reaching[] gives the value that reaches it, from the PUT of the first instruction. The
 * two are fused only where the guest register is overwritten soon, usually by the second instruction, and
 * nothing can see the first result: then its PUT is removed as well. Otherwise the host would have to compute
 * both.
 *
 * A load from a table has an address that is a base plus an index with a known small maximum. The load then
 * names the base and that maximum (ir_ops.def, LOAD): an emitter can check and translate the whole table by
 * the base, which is known early, instead of the element's address, which is known late.
 */
#include "soft.h"
#include "xlate/ir/ir.h"

#define MOST_TABLE 1024u /* bytes: a larger table is in two pages too often */

/* May the guest's registers be looked at by what is not in this block? */
static int may_see_registers(const struct vr_ir_op *o)
{
	uint32_t class = vr_ir_ops[o->op].op_class;

	return class == VR_IRC_MEM || class == VR_IRC_TERM || class == VR_IRC_FP ||
	       vr_ir_helper(o) != UINT64_MAX;
}

static int reads(const struct vr_ir_op *o, uint32_t v)
{
	uint32_t value[4], n = vr_ir_reads(o, value);

	while (n-- > 0)
		if (value[n] == v)
			return 1;
	return 0;
}

static int constant(const struct vr_ir *ir, uint32_t v, uint64_t *k)
{
	*k = ir->ops[v].imm;
	return ir->ops[v].op == VR_IR_CONST;
}

static int read_later(const struct vr_ir *ir, const struct vr_ir_block *b, uint32_t after, uint32_t v)
{
	for (uint32_t k = after; k < b->first + b->count; k++)
		if (reads(&ir->ops[k], v))
			return 1;
	return 0;
}

/* Can op `by` replace `first`, whose value it reads through GET `get`? Then 1, and first's PUT is removed. */
static int fuse_into(struct vr_ir *ir, const struct vr_ir_block *b, uint32_t first, uint32_t get, uint32_t by)
{
	uint32_t put = 0;
	uint64_t reg = ir->ops[get].imm;

	if (first == get)
		return 1;
	for (uint32_t k = first + 1; k < b->first + b->count; k++) {
		struct vr_ir_op *o = &ir->ops[k];

		if (may_see_registers(o))
			return 0;
		if (o->op == VR_IR_PUT && o->imm == reg) {
			if (put) {
				if (read_later(ir, b, k, get))
					return 0;
				ir->ops[put] = (struct vr_ir_op){.op = VR_IR_NOP};
				return 1;
			}
			if (o->a != first || k > get)
				return 0;
			put = k;
			continue;
		}
		if (k != by && k != get &&
		    ((o->op == VR_IR_GET && o->imm == reg) || reads(o, first) || reads(o, get)))
			return 0;
	}
	return 0;
}

/* ADD of a value shifted left by 1..3: one op, an addressing mode of many hosts. Not when the ADD's flags are
 * used as well: hosts compute the sum and the flags by one instruction. */
static int scale_add(struct vr_ir *ir, const struct vr_ir_block *b, uint32_t i, const uint32_t *reaching)
{
	struct vr_ir_op *o = &ir->ops[i];
	uint64_t k;

	if (i + 1 < b->first + b->count && o[1].op == VR_IR_F_ADD)
		return 0;
	for (uint32_t n = 0; n < 2; n++) {
		uint32_t scaled = n ? o->a : o->b, other = n ? o->b : o->a, first = reaching[scaled];
		const struct vr_ir_op *s = &ir->ops[first];

		if (s->op != VR_IR_SHL || s->type != o->type || !constant(ir, s->b, &k) || k - 1 > 2 ||
		    other == scaled)
			continue;
		uint32_t value = s->a;

		if (!fuse_into(ir, b, first, scaled, i))
			continue;
		o->op = VR_IR_ADDSHL;
		o->a = other;
		o->b = value;
		o->aux = (uint8_t)k;
		return 1;
	}
	return 0;
}

/* A left shift and then a right shift by constants: a bit field of the value. */
static int shift_pair(struct vr_ir *ir, const struct vr_ir_block *b, uint32_t i, const uint32_t *reaching)
{
	struct vr_ir_op *o = &ir->ops[i];
	uint32_t first = reaching[o->a];
	struct vr_ir_op s = ir->ops[first];
	uint64_t left, right;

	if (o->type != VR_T_I64 || s.op != VR_IR_SHL || s.type != VR_T_I64 || !constant(ir, s.b, &left) ||
	    !constant(ir, o->b, &right) || left > 63 || right > 63 || right < left)
		return 0;
	uint32_t width = 64 - (uint32_t)right, sign = o->op == VR_IR_SAR;

	if (!fuse_into(ir, b, first, o->a, i))
		return 0;
	if (left == right && (width == 8 || width == 16 || width == 32))
		*o = (struct vr_ir_op){.op = sign ? VR_IR_SEXT : VR_IR_ZEXT,
				       .type = VR_T_I64,
				       .aux = (uint8_t)width,
				       .a = s.a};
	else
		*o = (struct vr_ir_op){.op = VR_IR_BFX,
				       .type = VR_T_I64,
				       .aux = (uint8_t)sign,
				       .a = s.a,
				       .imm = (right - left) | width << 8};
	return 1;
}

/* The largest value that v can have, as far as its op says. */
static uint64_t largest(const struct vr_ir *ir, uint32_t v, const uint32_t *reaching, uint32_t depth)
{
	const struct vr_ir_op *o = &ir->ops[reaching[v]];
	uint64_t k, most;

	switch (o->op) {
	case VR_IR_CONST:
		return o->imm;
	case VR_IR_AND:
		return constant(ir, o->b, &k) ? k : UINT64_MAX;
	case VR_IR_ZEXT:
		return o->aux < 64 ? (1ull << o->aux) - 1 : UINT64_MAX;
	case VR_IR_BFX:
		k = o->imm >> 8 & 0xff;
		return o->aux || k > 63 ? UINT64_MAX : (1ull << k) - 1;
	case VR_IR_LOAD:
		return vr_ir_is_integer(o->type) && !(o->aux & VR_MS_SIGN) && (o->aux & 7) < 3
			       ? (1ull << (8u << (o->aux & 7))) - 1
			       : UINT64_MAX;
	case VR_IR_SHR:
		if (!constant(ir, o->b, &k) || !k || k >= (o->type == VR_T_I32 ? 32 : 64))
			return UINT64_MAX;
		return UINT64_MAX >> (o->type == VR_T_I32 ? 32 + k : k);
	case VR_IR_SHL:
		most = depth ? largest(ir, o->a, reaching, depth - 1) : UINT64_MAX;
		return constant(ir, o->b, &k) && k < 16 && most <= UINT16_MAX ? most << k : UINT64_MAX;
	default:
		return UINT64_MAX;
	}
}

/* Is v a constant, or a guest register that has not changed up to `until`? */
static int at_hand(const struct vr_ir *ir, uint32_t v, uint32_t until)
{
	const struct vr_ir_op *o = &ir->ops[v];

	if (vr_ir_is_constant(o->op))
		return 1;
	if (o->op != VR_IR_GET || o->type != VR_T_I64)
		return 0;
	for (uint32_t k = v + 1; k < until; k++)
		if (ir->ops[k].op == VR_IR_PUT && ir->ops[k].imm == o->imm)
			return 0;
	return 1;
}

static void table_load(struct vr_ir *ir, uint32_t i, const uint32_t *reaching)
{
	struct vr_ir_op *o = &ir->ops[i];
	const struct vr_ir_op *address = &ir->ops[reaching[o->a]];
	uint32_t scale = address->op == VR_IR_ADDSHL ? address->aux : 0;

	if (o->imm >> 32 || address->type != VR_T_I64 ||
	    (address->op != VR_IR_ADD && address->op != VR_IR_ADDSHL))
		return;
	for (uint32_t n = 0; n < (address->op == VR_IR_ADD ? 2u : 1u); n++) {
		uint32_t base = n ? address->b : address->a, index = n ? address->a : address->b;
		uint64_t most = largest(ir, index, reaching, 2);

		if (!most || most > MOST_TABLE || most << scale > MOST_TABLE || !at_hand(ir, base, i))
			continue;
		o->b = base;
		o->c = (uint32_t)(most << scale);
		return;
	}
}

int soft_fuse(struct vr_ir *ir, const struct vr_ir_block *b, uint32_t i, const uint32_t *reaching)
{
	switch (ir->ops[i].op) {
	case VR_IR_ADD:
		return scale_add(ir, b, i, reaching);
	case VR_IR_SHR:
	case VR_IR_SAR:
		return shift_pair(ir, b, i, reaching);
	case VR_IR_LOAD:
		table_load(ir, i, reaching);
		return 0;
	default:
		return 0;
	}
}
