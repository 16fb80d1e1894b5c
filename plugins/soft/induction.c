/* SPDX-License-Identifier: MIT */
/*
 * induction.c: accesses of a loop that stay in one page for many iterations get a hint (VR_MF_SAME_PAGE).
 *
 * A loop over an array adds a small stride to a pointer or an index in each iteration. An access that is
 * addressed by it is nearly always in the same page as in the iteration before, and an emitter can keep that
 * page's addend. A chain of pointers or a hashed index has no such page: there a hint would cost a comparison
 * that mostly fails.
 *
 * In each innermost loop, a guest register is
 *  - unchanged: the loop has no PUT to it;
 *  - affine: each PUT to it is an affine register plus a constant of at most MOST_STRIDE bytes, or an
 *    expression of affine registers other than itself (a pointer that is computed again from base and index).
 *    Expressions are constants, sums, and left shifts by a constant. An unchanged register is affine;
 *  - an induction variable: affine, and a PUT to it adds a stride or has an induction variable as operand;
 *  - unknown: all others.
 * All registers begin as affine, and passes over the loop take that away until nothing changes. So registers
 * that are copied to each other around the loop stay affine.
 *
 * An access gets a hint when its address is affine and an induction variable is among its operands. An
 * address that does not change gains little: many loops end after one or two iterations.
 *
 * Accesses off the same guest register, or of the same expression, are one group, and have one hint in the
 * emitter. A loop that calls a helper gets no hints: the helper may change the TLB.
 */
#include <string.h>

#include "soft.h"
#include "xlate/ir/ir.h"

#define MOST_STRIDE 256 /* bytes a round */

/* What is known of a value, in a word of the engine's scratch array. 0: unknown. */
#define REG 0xffu /* STRIDED: the guest register */
#define AFFINE 0x100u
#define INDUCTION 0x200u
#define STRIDED 0x400u /* it is a guest register and a small constant */

struct loop {
	struct vr_ir *ir;
	uint64_t blocks;
	uint32_t *known; /* by op */
	uint32_t *has;   /* by op: guest registers of the expression, by their low 5 bits */
	uint8_t unknown[SOFT_GUEST_REGS], induction[SOFT_GUEST_REGS];
	uint32_t groups[VR_MF_GROUPS], group_count;
};
_Static_assert(SOFT_GUEST_REGS <= REG + 1, "a guest register's number");

static int small(const struct vr_ir *ir, uint32_t v)
{
	int64_t k = (int64_t)ir->ops[v].imm;

	if (ir->ops[v].type == VR_T_I32)
		k = (int32_t)k;
	return ir->ops[v].op == VR_IR_CONST && k >= -MOST_STRIDE && k <= MOST_STRIDE;
}

static uint32_t sum(uint32_t a, uint32_t b)
{
	return a && b ? AFFINE | ((a | b) & INDUCTION) : 0;
}

static uint32_t value(const struct loop *l, uint32_t i, uint32_t *has)
{
	const struct vr_ir_op *o = &l->ir->ops[i];

	*has = 0;
	switch (o->op) {
	case VR_IR_CONST:
	case VR_IR_PC_CONST:
		return AFFINE;
	case VR_IR_GET:
		if (o->imm >= SOFT_GUEST_REGS || l->unknown[o->imm] ||
		    (o->type != VR_T_I64 && o->type != VR_T_I32))
			return 0;
		*has = 1u << (o->imm & 31);
		return AFFINE | STRIDED | (uint32_t)o->imm | (l->induction[o->imm] ? INDUCTION : 0);
	case VR_IR_SEXT:
	case VR_IR_ZEXT:
		*has = l->has[o->a];
		return l->known[o->a];
	case VR_IR_SHL:
		if (l->ir->ops[o->b].op != VR_IR_CONST)
			return 0;
		*has = l->has[o->a];
		return l->known[o->a] & (AFFINE | INDUCTION);
	case VR_IR_ADD:
	case VR_IR_SUB:
		*has = l->has[o->a] | l->has[o->b];
		if (small(l->ir, o->b))
			return l->known[o->a];
		if (small(l->ir, o->a) && o->op == VR_IR_ADD)
			return l->known[o->b];
		return sum(l->known[o->a], l->known[o->b]);
	case VR_IR_ADDSHL:
		*has = l->has[o->a] | l->has[o->b];
		return sum(l->known[o->a], l->known[o->b]);
	default:
		return 0;
	}
}

/* One pass over the loop: 1 when a guest register has become unknown or an induction variable. */
static int pass(struct loop *l)
{
	int changed = 0;

	for (uint64_t m = l->blocks; m; m &= m - 1) {
		const struct vr_ir_block *b = &l->ir->blocks[__builtin_ctzll(m)];

		for (uint32_t i = b->first; i < b->first + b->count; i++) {
			const struct vr_ir_op *o = &l->ir->ops[i];

			l->known[i] = value(l, i, &l->has[i]);
			if (o->op != VR_IR_PUT || o->imm >= SOFT_GUEST_REGS || l->unknown[o->imm])
				continue;
			uint32_t v = l->known[o->a];
			int self = l->has[o->a] >> (o->imm & 31) & 1;

			if (!v || (self && !(v & STRIDED))) {
				l->unknown[o->imm] = 1;
				changed = 1;
			} else if (!l->induction[o->imm] &&
				   ((v & INDUCTION) || (self && l->ir->ops[o->a].op != VR_IR_GET))) {
				l->induction[o->imm] = 1;
				changed = 1;
			}
		}
	}
	return changed;
}

static uint32_t group_of(struct loop *l, uint32_t what)
{
	for (uint32_t n = 0; n < l->group_count; n++)
		if (l->groups[n] == what)
			return n;
	if (l->group_count == VR_MF_GROUPS)
		return what % VR_MF_GROUPS;
	l->groups[l->group_count] = what;
	return l->group_count++;
}

static void add_hints(struct loop *l, const struct vr_ir_block *b)
{
	for (uint32_t i = b->first; i < b->first + b->count; i++) {
		struct vr_ir_op *o = &l->ir->ops[i];
		bool plain = vr_ir_ops[o->op].imm == VR_IMM_ACCESS && !vr_ir_table_base(o);

		if (!plain || o->imm >> 32 || !(l->known[o->a] & INDUCTION))
			continue;
		uint32_t v = l->known[o->a], what = v & STRIDED ? v & REG : l->has[o->a] | 1u << 31;

		o->imm |= (uint64_t)(VR_MF_SAME_PAGE | group_of(l, what) << VR_MF_GROUP_SHIFT) << 32;
	}
}

static int calls(const struct loop *l)
{
	for (uint64_t m = l->blocks; m; m &= m - 1) {
		const struct vr_ir_block *b = &l->ir->blocks[__builtin_ctzll(m)];

		for (uint32_t i = b->first; i < b->first + b->count; i++)
			if (vr_ir_helper(&l->ir->ops[i]) != UINT64_MAX)
				return 1;
	}
	return 0;
}

void soft_same_page_hints(struct vr_ir *ir, const uint64_t *loops, uint32_t *scratch)
{
	struct loop l = {.ir = ir, .known = scratch, .has = scratch + ir->op_capacity};

	scratch[0] = scratch[ir->op_capacity] = 0;
	for (uint32_t i = 0; i < ir->block_count; i++) {
		uint32_t first = 0;

		l.blocks = loops[i];
		while (loops[first] != l.blocks)
			first++;
		/* Each loop once: at its first block. */
		if (!l.blocks || first != i || calls(&l))
			continue;
		memset(l.unknown, 0, sizeof(l.unknown));
		memset(l.induction, 0, sizeof(l.induction));
		while (pass(&l))
			;
		for (uint64_t m = l.blocks; m; m &= m - 1)
			if (loops[__builtin_ctzll(m)] == l.blocks)
				add_hints(&l, &ir->blocks[__builtin_ctzll(m)]);
	}
}
