/* SPDX-License-Identifier: MIT */
/*
 * optimize.c: passes over a region's IR between lifting and emission, and register assignment.
 *
 *  1. Register assignment. Uses of guest registers are counted, weighted by block frequency (block_freq.c);
 *     the most used ones are pinned: they live in a host register for the whole region. A GET counts more
 *     than a PUT: ops wait for a load, but not for a store.
 *  2. Forward, block by block: constants are folded (an address of code and a constant are an address of code); a GET is replaced by the value that the block last PUT
 *     or GOT, when that value is a constant or the guest register is not pinned (a GET of a pinned register
 *     costs nothing).
 *  3. Ops without effect and without uses are removed. A PUT of flags moves down to the branch that tests
 *     them.
 *  4. A PUT of flags that is overwritten before it is read, on every path, is removed (flags.c).
 *  5. Forward: the pinned registers that may differ from memory when a block begins.
 *  6. Accesses of a loop that stay in one page get hints (induction.c).
 */
#include <string.h>

#include "log.h"
#include "soft.h"
#include "xlate/ir/ir.h"

#define GET_COST 3

/* ---- 1. register assignment ---- */

/* A guest register of that kind, in an integer or in a vector register of the host? */
static int can_be_pinned(const struct vr_emit *emit, uint32_t kind, uint32_t vector)
{
	if (kind == VR_REG_VEC256)
		return vector && VR_VALUE(emit, vector_bytes, 16) >= 32;
	return kind == (vector ? VR_REG_VEC : VR_REG_INT);
}

static void assign_registers(const struct vr_isa *isa, const struct vr_emit *emit, const struct vr_ir *ir,
			     const uint32_t *freq, struct soft_reg_assignment *regs, uint8_t *pinned)
{
	uint32_t count[SOFT_GUEST_REGS] = {0};

	for (uint32_t i = 0; i < ir->block_count; i++) {
		const struct vr_ir_block *b = &ir->blocks[i];

		for (uint32_t k = b->first; k < b->first + b->count; k++) {
			const struct vr_ir_op *o = &ir->ops[k];

			if ((o->op == VR_IR_GET || o->op == VR_IR_PUT) && o->imm < SOFT_GUEST_REGS)
				count[o->imm] += freq[i] * (o->op == VR_IR_GET ? GET_COST : 1);
		}
	}
	const uint32_t limit[2] = {emit->integer_regs, emit->vector_regs};
	uint16_t worth[SOFT_GUEST_REGS];
	uint32_t worth_count = 0;

	/* A single use costs the same in memory. A load and a store outweigh the load at the entry. */
	for (uint32_t s = 0; s < isa->guest_reg_count && s < SOFT_GUEST_REGS; s++)
		if (count[s] >= (GET_COST + 1) * SOFT_ONCE)
			worth[worth_count++] = (uint16_t)s;
	for (uint32_t vector = 0; vector < 2; vector++)
		for (uint32_t n = 0; n < limit[vector] && regs->pinned_count < VR_PINNED_MAX; n++) {
			uint32_t best = SOFT_GUEST_REGS;

			for (uint32_t k = 0; k < worth_count; k++) {
				uint32_t s = worth[k];

				if ((best == SOFT_GUEST_REGS || count[s] > count[best]) && !pinned[s] &&
				    can_be_pinned(emit, vr_isa_reg(isa, s)->kind, vector))
					best = s;
			}
			if (best == SOFT_GUEST_REGS)
				break;
			pinned[best] = 1;
			regs->pinned[regs->pinned_count++] =
				(struct vr_pinned_reg){.guest_reg = (uint16_t)best,
						       .kind = (uint8_t)vr_isa_reg(isa, best)->kind,
						       .host_reg = (uint8_t)n};
		}
}

/* ---- 2. forwarding and folding ---- */

static int fold(const struct vr_ir_op *o, uint64_t a, uint64_t b, uint64_t *out)
{
	uint32_t bits = o->type == VR_T_I32 ? 32 : 64;
	uint64_t mask = bits == 32 ? UINT32_MAX : UINT64_MAX;

	a &= mask;
	b &= mask;
	switch (o->op) {
	case VR_IR_ADD:
		*out = a + b;
		break;
	case VR_IR_SUB:
		*out = a - b;
		break;
	case VR_IR_AND:
		*out = a & b;
		break;
	case VR_IR_OR:
		*out = a | b;
		break;
	case VR_IR_XOR:
		*out = a ^ b;
		break;
	case VR_IR_SHL:
		*out = a << (b & (bits - 1));
		break;
	case VR_IR_SHR:
		*out = a >> (b & (bits - 1));
		break;
	default:
		return 0;
	}
	*out &= mask;
	return 1;
}

/*
 * An address of code and a constant are another place's address: plus and minus the constant, and without low bits, since pages
 * begin at multiples of their size. Where code addresses wrap they may not be, and nothing is folded.
 */
static int fold_place(struct vr_ir_op *o, const struct vr_ir_op *a, const struct vr_ir_op *b,
		      const struct vr_code_space *code)
{
	bool turned = a->op == VR_IR_CONST && o->op != VR_IR_SUB;
	const struct vr_ir_op *place = turned ? b : a, *constant = turned ? a : b;
	uint64_t k = constant->imm;

	if (place->op != VR_IR_PC_CONST || constant->op != VR_IR_CONST || code->base || code->ignored ||
	    o->type != VR_T_I64 || place->type != VR_T_I64)
		return 0;
	switch (o->op) {
	case VR_IR_ADD:
		k = place->imm + k;
		break;
	case VR_IR_SUB:
		k = place->imm - k;
		break;
	case VR_IR_AND:
		if (~k >= SOFT_PAGE)
			return 0;
		k &= place->imm;
		break;
	default:
		return 0;
	}
	*o = (struct vr_ir_op){.op = VR_IR_PC_CONST, .type = VR_T_I64, .imm = k};
	return 1;
}

/* Constants move to the right operand. Not of ADD and F_ADD: one host instruction does both where they have the
 * same operands. */
static int is_turned(uint32_t op)
{
	return vr_ir_ops[op].attribute == VR_ATTRIBUTE_COMMUTES && op != VR_IR_ADD && op != VR_IR_F_ADD;
}

static void forward_block(const struct vr_isa *isa, struct vr_ir *ir, const struct vr_ir_block *b,
			  const struct vr_code_space *code, const uint8_t *pinned, uint32_t *replacement,
			  uint32_t *reaching)
{
	uint32_t held[SOFT_GUEST_REGS]; /* value known to be in the reg, 0: none */
	uint8_t held_type[SOFT_GUEST_REGS];

	memset(held, 0, sizeof(held));
	memset(held_type, 0, sizeof(held_type));
	for (uint32_t i = b->first; i < b->first + b->count; i++) {
		struct vr_ir_op *o = &ir->ops[i];
		uint32_t n = vr_ir_ops[o->op].args;

		replacement[i] = reaching[i] = i;
		if (n > 0)
			o->a = replacement[o->a];
		if (n > 1)
			o->b = replacement[o->b];
		if (n > 2)
			o->c = replacement[o->c];
		if (vr_ir_condition_value(o))
			o->imm = (o->imm & ~(uint64_t)UINT32_MAX) | replacement[(uint32_t)o->imm];

		if (vr_ir_ops[o->op].flags)
			soft_flags_operands(ir, o);

		uint64_t helper = vr_ir_helper(o);

		if (helper != UINT64_MAX) {
			if (vr_isa_helper(isa, helper)->flags & VR_HF_WRITES)
				memset(held, 0, sizeof(held));
		} else if (o->op == VR_IR_PUT && o->imm < SOFT_GUEST_REGS) {
			/* A PUT of a wider value than its type cuts it. */
			held[o->imm] =
				vr_ir_type_bits(o->type) < vr_ir_type_bits(vr_ir_value_type(&ir->ops[o->a]))
					? 0
					: o->a;
			held_type[o->imm] = o->type == VR_T_I32 ? VR_T_I64 : o->type;
		} else if (o->op == VR_IR_GET && o->imm < SOFT_GUEST_REGS) {
			uint32_t v = held[o->imm];
			uint32_t type = held_type[o->imm];

			if (v && (vr_ir_is_constant(ir->ops[v].op) || !pinned[o->imm]) &&
			    (type == o->type ||
			     (type == VR_T_I64 && o->type == VR_T_I32 && ir->ops[v].type == VR_T_I32))) {
				replacement[i] = v;
				if (vr_ir_is_flags_reg(vr_isa_reg(isa, o->imm)->kind))
					o->aux = SOFT_FORWARDED;
			} else if (v && type == VR_T_I64 && o->type == VR_T_I64) {
				reaching[i] = v;
			} else if (!v && !pinned[o->imm]) {
				held[o->imm] = i;
				held_type[o->imm] = o->type;
				/* An I32 view of an integer reg is not its whole value. */
				if (o->type == VR_T_I32)
					held[o->imm] = 0;
			}
		} else if (o->op == VR_IR_LOAD) {
			soft_fuse(ir, b, i, reaching);
		} else if (n == 2 && vr_ir_ops[o->op].op_class == VR_IRC_PURE && vr_ir_is_integer(o->type)) {
			uint64_t value;

			if (is_turned(o->op) && vr_ir_is_constant(ir->ops[o->a].op)) {
				uint32_t first = o->a;

				o->a = o->b;
				o->b = first;
			}
			if (soft_fuse(ir, b, i, reaching))
				continue;
			const struct vr_ir_op *ca = &ir->ops[o->a], *cb = &ir->ops[o->b];

			if (fold_place(o, ca, cb, code) || cb->op != VR_IR_CONST)
				continue;
			if (ca->op == VR_IR_CONST && fold(o, ca->imm, cb->imm, &value)) {
				*o = (struct vr_ir_op){.op = VR_IR_CONST, .type = o->type, .imm = value};
			} else if (cb->imm == 0 && (o->type == VR_T_I64 || ca->type == VR_T_I32) &&
				   (o->op == VR_IR_ADD || o->op == VR_IR_SUB || o->op == VR_IR_OR ||
				    o->op == VR_IR_XOR || o->op == VR_IR_SHL || o->op == VR_IR_SHR)) {
				replacement[i] = o->a;
			}
		}
	}
}

/* ---- 3. dead ops ---- */

/* What is used is marked on the way from the block's end to its start. keep: also the GETs of flags that step 4 needs. */
static void drop_dead(struct vr_ir *ir, const struct vr_ir_block *b, uint32_t *used, int keep)
{
	memset(used + b->first, 0, b->count * sizeof(*used));
	for (uint32_t i = b->first + b->count; i-- > b->first;) {
		struct vr_ir_op *o = &ir->ops[i];
		const struct vr_ir_info *info = &vr_ir_ops[o->op];

		if (!used[i] && info->op_class == VR_IRC_PURE && !(keep && soft_is_forwarded(o))) {
			if (o->op != VR_IR_NOP)
				*o = (struct vr_ir_op){.op = VR_IR_NOP};
			continue;
		}
		switch (info->args) {
		case 3:
			used[o->c] = 1;
			/* fall through */
		case 2:
			used[o->b] = 1;
			/* fall through */
		case 1:
			used[o->a] = 1;
			break;
		default:
			break;
		}
		used[vr_ir_condition_value(o)] = 1; /* 0: none */
	}
}

/* PUTs of condition flags move down to the terminator, in their order. Only NOPs, the branch's own INSN_START and GETs of which nothing is
 * left may lie between, so nothing can see the difference. */
static void sink_flags(const struct vr_isa *isa, struct vr_ir *ir, const struct vr_ir_block *b)
{
	for (uint32_t end = b->first + b->count - 1;; end--) {
		uint32_t i = end;

		while (i > b->first &&
		       (ir->ops[i - 1].op == VR_IR_NOP || ir->ops[i - 1].op == VR_IR_INSN_START ||
			soft_is_forwarded(&ir->ops[i - 1])))
			i--;
		if (i == b->first || ir->ops[i - 1].op != VR_IR_PUT ||
		    !vr_ir_is_flags_reg(vr_isa_reg(isa, ir->ops[i - 1].imm)->kind))
			return;
		if (i == end)
			continue;
		/* The ops between have no values that are used, so each can move up by one ... */
		struct vr_ir_op put = ir->ops[i - 1];

		for (uint32_t k = i; k < end; k++)
			if (soft_is_forwarded(&ir->ops[k]) && ir->ops[k].imm == put.imm)
				ir->ops[k] = (struct vr_ir_op){.op = VR_IR_NOP};
		/* ... in the same order. */
		memmove(&ir->ops[i - 1], &ir->ops[i], (end - i) * sizeof(put));
		ir->ops[end - 1] = put;
	}
}

/* ---- 5. dirty registers ---- */

static void dirty_regs(struct vr_ir *ir, const struct soft_reg_assignment *regs)
{
	uint8_t bit[SOFT_GUEST_REGS];
	uint64_t puts[SOFT_IR_BLOCKS];
	int again = 1;

	memset(bit, 0xff, sizeof(bit));
	for (uint32_t i = 0; i < regs->pinned_count; i++)
		bit[regs->pinned[i].guest_reg] = (uint8_t)i;
	for (uint32_t i = 0; i < ir->block_count; i++) {
		struct vr_ir_block *b = &ir->blocks[i];

		b->dirty_in = 0;
		puts[i] = 0;
		for (uint32_t k = b->first; k < b->first + b->count; k++)
			if (ir->ops[k].op == VR_IR_PUT && ir->ops[k].imm < SOFT_GUEST_REGS &&
			    bit[ir->ops[k].imm] != 0xff)
				puts[i] |= 1ull << bit[ir->ops[k].imm];
	}
	while (again) {
		again = 0;
		for (uint32_t i = 0; i < ir->block_count; i++)
			for (uint32_t e = 0; e < 2; e++) {
				uint32_t to = ir->blocks[i].succ[e];

				if (to == VR_NO_BLOCK)
					continue;
				uint64_t dirty = ir->blocks[to].dirty_in | ir->blocks[i].dirty_in | puts[i];

				if (dirty != ir->blocks[to].dirty_in) {
					ir->blocks[to].dirty_in = dirty;
					again = 1;
				}
			}
	}
}

static void passed(struct soft_log *log, const char *pass, const struct vr_ir *ir)
{
	if (log)
		soft_log_pass(log, pass, ir);
}

void soft_optimize(const struct vr_isa *isa, const struct vr_emit *emit, struct vr_ir *ir,
		   const struct vr_code_space *code, uint32_t *scratch, struct soft_reg_assignment *regs)
{
	soft_optimize_logged(isa, emit, ir, code, scratch, regs, NULL);
}

void soft_optimize_quick(const struct vr_isa *isa, struct vr_ir *ir, const struct vr_code_space *code,
			 uint32_t *scratch, struct soft_log *log)
{
	const uint8_t pinned[SOFT_GUEST_REGS] = {0};

	scratch[0] = scratch[ir->op_capacity] = 0;
	for (uint32_t i = 0; i < ir->block_count; i++) {
		ir->blocks[i].dirty_in = 0;
		forward_block(isa, ir, &ir->blocks[i], code, pinned, scratch, scratch + ir->op_capacity);
	}
	passed(log, "forwarding and folding", ir);
}

void soft_optimize_logged(const struct vr_isa *isa, const struct vr_emit *emit, struct vr_ir *ir,
			  const struct vr_code_space *code, uint32_t *scratch,
			  struct soft_reg_assignment *regs, struct soft_log *log)
{
	uint8_t pinned[SOFT_GUEST_REGS] = {0};
	uint32_t freq[SOFT_IR_BLOCKS];
	uint64_t loop[SOFT_IR_BLOCKS];

	regs->pinned_count = 0;
	if (emit) {
		soft_block_freq(ir, freq, loop);
		assign_registers(isa, emit, ir, freq, regs, pinned);
	}
	scratch[0] = scratch[ir->op_capacity] = 0;
	for (uint32_t i = 0; i < ir->block_count; i++)
		forward_block(isa, ir, &ir->blocks[i], code, pinned, scratch, scratch + ir->op_capacity);
	passed(log, "forwarding and folding", ir);
	for (uint32_t i = 0; i < ir->block_count; i++) {
		drop_dead(ir, &ir->blocks[i], scratch, 1);
		sink_flags(isa, ir, &ir->blocks[i]);
	}
	passed(log, "dropping dead ops and sinking flags", ir);
	uint64_t changed = soft_flags_liveness(isa, ir, scratch);

	for (uint64_t m = changed; m; m &= m - 1)
		drop_dead(ir, &ir->blocks[__builtin_ctzll(m)], scratch, 0);
	passed(log, "flags' liveness", ir);
	dirty_regs(ir, regs);
	if (emit) {
		soft_same_page_hints(ir, loop, scratch);
		passed(log, "same-page hints", ir);
	}
}
