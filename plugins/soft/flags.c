/* SPDX-License-Identifier: MIT */
/*
 * flags.c: which of the guest's condition flags are of use.
 *
 * Most instructions of some guests make flags and few read them. An op that makes FLAGS goes when nothing reads them, and what
 * keeps it is a PUT. So PUTs are looked at backward over the region's graph: one that is overwritten before it is read, on every
 * path, is removed. A path that leaves the region reads all. An op that may fault reads them when its instruction or a
 * later one of the block uses the same flags, although that one has them as a value: after a fault the guest resumes in another
 * region, with that instruction, and reads them from memory. When the flags are overwritten first, the old ones are not read. PUTs right before the terminator are
 * marked with the edges on which they are dead, so the emitter can store the flags after the jump, on the other edges only.
 *
 * FLAGS are four bits, N Z C V, and each is followed by itself, in registers and in values, because an op may make some and keep
 * the rest (F_MERGE: an increment that keeps the carry). A reader of the bits that came from one operand of an F_MERGE reads that
 * operand instead (soft_flags_operands()); an F_MERGE whose other bits are of no use becomes that operand. What is left of
 * an INC before a branch on zero is its sum and one flag test.
 *
 * Registers of kind VR_REG_CONDITION are integers, and followed as a whole.
 */
#include <string.h>

#include "soft.h"
#include "xlate/ir/ir.h"

#define ALL 0xfu
#define MOST_FLAGS 8u       /* registers of FLAGS that are followed, 4 bits each; others are always live */
#define MOST_CONDITIONS 32u /* of kind CONDITION, a bit each */

/* ---- merges ---- */

/* Two merges become one where the second one takes all that the first one took. */
static void join_merges(const struct vr_ir *ir, struct vr_ir_op *o)
{
	const struct vr_ir_op *first = &ir->ops[o->a];

	while (first->op == VR_IR_F_MERGE && !(first->imm & ~o->imm)) {
		o->a = first->a;
		first = &ir->ops[o->a];
	}
}

/* Operands of o, which are before it in the block, without the merges whose other bits it does not look at. */
void soft_flags_operands(const struct vr_ir *ir, struct vr_ir_op *o)
{
	uint32_t *operand[3] = {&o->a, &o->b, &o->c};

	for (uint32_t of = vr_ir_ops[o->op].flags; of; of &= of - 1) {
		uint32_t n = (uint32_t)__builtin_ctz(of), read = vr_ir_flags_read(o, n, ALL);

		for (;;) {
			const struct vr_ir_op *from = &ir->ops[*operand[n]];

			if (from->op != VR_IR_F_MERGE)
				break;
			if (!(read & ~from->imm))
				*operand[n] = from->b;
			else if (!(read & from->imm))
				*operand[n] = from->a;
			else
				break;
		}
	}
	if (o->op == VR_IR_F_MERGE)
		join_merges(ir, o);
}

/* ---- liveness ---- */

/* Guest registers that are followed, each with its bits; 0: not one. */
struct followed {
	uint64_t bits[SOFT_GUEST_REGS];
};

static bool find_registers(const struct vr_isa *isa, struct followed *f)
{
	uint32_t flags = 0, conditions = 0;

	memset(f, 0, sizeof(*f));
	for (uint32_t i = 0; i < isa->guest_reg_count && i < SOFT_GUEST_REGS; i++) {
		uint32_t kind = vr_isa_reg(isa, i)->kind;

		if (kind == VR_REG_FLAGS && flags < MOST_FLAGS)
			f->bits[i] = (uint64_t)ALL << 4 * flags++;
		else if (kind == VR_REG_CONDITION && conditions < MOST_CONDITIONS)
			f->bits[i] = 1ull << (4 * MOST_FLAGS + conditions++);
	}
	return flags || conditions;
}

static uint64_t bits_of(const struct followed *f, const struct vr_ir_op *o)
{
	return o->imm < SOFT_GUEST_REGS ? f->bits[o->imm] : 0;
}

/* `of` the bits of a FLAGS register, as N Z C V. */
static uint32_t low(uint64_t of, uint64_t bits)
{
	return (uint32_t)(of / (bits / ALL)) & ALL;
}

static uint64_t edge_live(const struct vr_ir_block *b, uint32_t edge, const uint64_t *live_in)
{
	return b->succ[edge] == VR_NO_BLOCK ? UINT64_MAX : live_in[b->succ[edge]];
}

/* FLAGS operands of o: which of N Z C V it wants of them. */
static void read_operands(const struct vr_ir_op *o, uint32_t own, uint32_t *wanted)
{
	const uint32_t operand[3] = {o->a, o->b, o->c};

	for (uint32_t of = vr_ir_ops[o->op].flags; of; of &= of - 1) {
		uint32_t n = (uint32_t)__builtin_ctz(of);

		wanted[operand[n]] |= vr_ir_flags_read(o, n, own);
	}
}

struct pass {
	const struct vr_isa *isa;
	const struct followed *f;
	struct vr_ir *ir;
	uint32_t *wanted; /* of each FLAGS value: N Z C V that are read */
	int change;       /* drop dead PUTs, mark edges */
	uint32_t merges;  /* became one of their operands: imm ALL or 0 */
	bool dropped;     /* a PUT was */
	bool quiet; /* the block has nothing to do with the registers: what is live after it is live before it */
};

/* A PUT; what is live before it. */
static uint64_t put(struct pass *p, struct vr_ir_op *o, uint64_t live, uint64_t bits)
{
	if (p->change && !(live & bits)) {
		*o = (struct vr_ir_op){.op = VR_IR_NOP};
		p->dropped = true;
		return live;
	}
	if (o->type == VR_T_FLAGS)
		p->wanted[o->a] |= low(live & bits, bits);
	return live & ~bits;
}

/* What is live at the end of a block that goes `to` some of its edges. */
static uint64_t live_out(uint32_t to, const uint64_t *after)
{
	if (!to)
		return UINT64_MAX;
	return after[VR_EDGE_TAKEN] | (to >> VR_EDGE_FALL & 1 ? after[VR_EDGE_FALL] : 0);
}

/* One block backward; returns what is live at its start, when `after` is on its edges. */
static uint64_t block(struct pass *p, const struct vr_ir_block *b, const uint64_t *after)
{
	struct vr_ir *ir = p->ir;
	uint32_t last = b->first + b->count - 1, to = vr_ir_edges(ir->ops[last].op);
	uint64_t taken = after[VR_EDGE_TAKEN], fall = after[VR_EDGE_FALL];
	uint64_t live = live_out(to, after);
	/* Used by a replaced GET further down: that reads memory only after a fault in between. Or before an op that faults, in
	 * the same instruction, with which the guest resumes. */
	uint64_t used = 0;
	bool faults = false;
	int tail = to > 1u << VR_EDGE_TAKEN; /* nothing but such PUTs comes before the branch */

	p->quiet = true;
	memset(p->wanted + b->first, 0, b->count * sizeof(p->wanted[0]));
	for (uint32_t i = last + 1; i-- > b->first;) {
		struct vr_ir_op *o = &ir->ops[i];
		const struct vr_ir_info *info = &vr_ir_ops[o->op];

		if (info->op_class == VR_IRC_PURE && !info->flags && o->op != VR_IR_GET) { /* most ops */
			tail = tail && o->op == VR_IR_NOP;
			continue;
		}
		uint64_t bits = o->op == VR_IR_PUT || o->op == VR_IR_GET ? bits_of(p->f, o) : 0;

		if (bits && o->op == VR_IR_PUT) {
			if (p->change && tail && (live & bits))
				o->aux = (uint8_t)(!(taken & bits) << VR_EDGE_TAKEN |
						   !(fall & bits) << VR_EDGE_FALL);
			live = put(p, o, live, bits);
			used &= ~bits;
			p->quiet = false;
			continue;
		}
		tail = tail && (i == last || o->op == VR_IR_NOP);
		p->quiet = p->quiet && !bits && !info->flags;
		if (bits) {
			if (soft_is_forwarded(o)) {
				used |= bits;
				live |= faults ? bits : 0;
			} else if (o->type == VR_T_FLAGS)
				live |= p->wanted[i] * (bits / ALL);
			else
				live |= bits;
		} else if (vr_ir_may_fault(o)) {
			live |= used;
			faults = true;
		} else if (vr_ir_helper(o) != UINT64_MAX) {
			if (vr_isa_helper(p->isa, vr_ir_helper(o))->flags &
			    (VR_HF_READS | VR_HF_WRITES | VR_HF_MAY_LEAVE)) {
				live = UINT64_MAX;
				p->quiet = false;
			}
		} else if (o->op == VR_IR_PUT) { /* of a register that is not followed */
			p->wanted[o->a] = ALL;
			p->quiet = p->quiet && o->type != VR_T_FLAGS;
		} else if (o->op == VR_IR_INSN_START) {
			faults = false;
		} else {
			read_operands(o, p->wanted[i], p->wanted);
			if (p->change && o->op == VR_IR_F_MERGE &&
			    (!(p->wanted[i] & ~o->imm) || !(p->wanted[i] & o->imm))) {
				o->imm = p->wanted[i] & ~o->imm ? 0 : ALL;
				p->merges++;
			}
		}
	}
	return live;
}

/* What uses an F_MERGE of all bits, or of none, uses its operand. */
static void replace_merges(struct vr_ir *ir, const struct vr_ir_block *b)
{
	for (uint32_t i = b->first; i < b->first + b->count; i++) {
		struct vr_ir_op *o = &ir->ops[i];
		uint32_t *operand[3] = {&o->a, &o->b, &o->c};

		/* a PUT's as well */
		for (uint32_t n = 0; n < vr_ir_ops[o->op].args; n++) {
			const struct vr_ir_op *from = &ir->ops[*operand[n]];

			if (from->op == VR_IR_F_MERGE && (from->imm == 0 || from->imm == ALL))
				*operand[n] = from->imm ? from->b : from->a;
		}
	}
}

uint64_t soft_flags_liveness(const struct vr_isa *isa, struct vr_ir *ir, uint32_t *scratch)
{
	struct followed f;
	uint64_t live_in[SOFT_IR_BLOCKS] = {0}, after[SOFT_IR_BLOCKS][2];
	struct pass p = {.isa = isa, .f = &f, .ir = ir, .wanted = scratch};
	bool again = true, first = true;
	uint64_t quiet = 0, changed = 0;

	if (!find_registers(isa, &f))
		return 0;
	scratch[0] = 0;
	for (; again; first = false) {
		again = false;
		for (uint32_t i = ir->block_count; i-- > 0;) {
			const struct vr_ir_block *b = &ir->blocks[i];
			uint64_t taken = edge_live(b, VR_EDGE_TAKEN, live_in),
				 fall = edge_live(b, VR_EDGE_FALL, live_in);

			if (!first && after[i][VR_EDGE_TAKEN] == taken && after[i][VR_EDGE_FALL] == fall)
				continue;
			after[i][VR_EDGE_TAKEN] = taken;
			after[i][VR_EDGE_FALL] = fall;
			again = true;
			if (quiet >> i & 1) {
				live_in[i] =
					live_out(vr_ir_edges(ir->ops[b->first + b->count - 1].op), after[i]);
				continue;
			}
			live_in[i] = block(&p, b, after[i]);
			quiet |= (uint64_t)p.quiet << i;
		}
	}
	p.change = 1;
	for (uint32_t i = 0; i < ir->block_count; i++) {
		if (quiet >> i & 1)
			continue;
		p.merges = 0;
		p.dropped = false;
		block(&p, &ir->blocks[i], after[i]);
		if (p.merges)
			replace_merges(ir, &ir->blocks[i]);
		changed |= (uint64_t)(p.dropped || p.merges) << i;
	}
	return changed;
}
