/* SPDX-License-Identifier: MIT */
/* unit.c: what the guests' generators share: random values, and how a unit's instructions are put into a case. It knows no
 * guest: it is told of one by struct diff_isa. */
#include "isa.h"

/* ---- random values ---- */

uint64_t diff_random(struct diff_generator *g)
{
	return diff_next(&g->seed) * 0x2545f4914f6cdd1dull;
}

uint32_t diff_below(struct diff_generator *g, uint32_t n)
{
	return (uint32_t)((diff_random(g) >> 33) % n);
}

uint64_t diff_edge_integer(struct diff_generator *g)
{
	static const uint64_t edges[] = {0,
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
					 0xffffffffffffffff,
					 0xfffffffffffffffe,
					 0xffffffff80000000,
					 0x5555555555555555,
					 63,
					 64,
					 31,
					 32};

	switch (diff_below(g, 4)) {
	case 0:
		return edges[diff_below(g, sizeof(edges) / sizeof(edges[0]))];
	case 1:
		return diff_random(g) >> diff_below(g, 64);
	default:
		return diff_random(g);
	}
}

uint64_t diff_edge_double(struct diff_generator *g)
{
	static const uint64_t edges[] = {0,
					 0x8000000000000000,
					 0x3ff0000000000000,
					 0xbff0000000000000,
					 0x7ff0000000000000,
					 0xfff0000000000000,
					 0x7ff8000000000000,
					 0xfff8000000000001,
					 0x7ff0000000000001,
					 0xfff4000000000000,
					 0x0010000000000000,
					 0x000fffffffffffff,
					 0x0000000000000001,
					 0x8000000000000001,
					 0x7fefffffffffffff,
					 0x41dfffffffc00000,
					 0x41e0000000000000,
					 0xc1e0000000200000,
					 0x43e0000000000000,
					 0xc3e0000000000000,
					 0x43f0000000000000,
					 0x3fe0000000000000,
					 0x3ff8000000000000,
					 0x4004000000000000,
					 0x3fdfffffffffffff};

	if (diff_below(g, 2))
		return edges[diff_below(g, sizeof(edges) / sizeof(edges[0]))];
	/* near 1, so that sums round and cancel */
	return (diff_random(g) & 0x800fffffffffffff) | (uint64_t)(0x3ff - 20 + diff_below(g, 40)) << 52;
}

uint32_t diff_edge_float(struct diff_generator *g)
{
	static const uint32_t edges[] = {
		0,          0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000,
		0xffc00001, 0x7f800001, 0xffa00000, 0x00800000, 0x007fffff, 0x00000001, 0x80000001,
		0x7f7fffff, 0x4effffff, 0x4f000000, 0xcf000000, 0x4f800000, 0x5f000000, 0x5f800000,
		0x3f000000, 0x3fc00000, 0x40200000, 0x477fe000, 0x33800000, 0x38800000};

	if (diff_below(g, 2))
		return edges[diff_below(g, sizeof(edges) / sizeof(edges[0]))];
	return ((uint32_t)diff_random(g) & 0x807fffff) | (127 - 12 + diff_below(g, 24)) << 23;
}

uint32_t diff_address(struct diff_generator *g)
{
	return (uint32_t)(DIFF_WINDOW + DIFF_WINDOW_BYTES / 2) + diff_below(g, 0x400);
}

/* ---- units ---- */

void diff_put(struct diff_making *m, uint32_t insn)
{
	struct diff_case *c = m->c;

	c->code[c->halves++] = (uint16_t)insn;
	if (m->isa->halves(insn) == 2)
		c->code[c->halves++] = (uint16_t)(insn >> 16);
}

void diff_put_branch(struct diff_making *m, uint32_t insn)
{
	m->aimed[m->aimed_count++] = m->units;
	diff_put(m, insn);
}

int diff_is_undefined(const struct diff_isa *isa, uint32_t insn)
{
	static struct vr_ir_op ops[512];
	static struct vr_ir_block blocks[2];
	struct vr_ir ir = {.size = sizeof(ir),
			   .op_count = 1,
			   .op_capacity = 512,
			   .block_capacity = 2,
			   .ops = ops,
			   .blocks = blocks};
	struct vr_lift rq = {.size = sizeof(rq),
			     .max_insns = 1,
			     .offset = DIFF_CODE & 4095,
			     .mode_flags = isa->mode_flags,
			     .code = (const uint8_t *)&insn,
			     .length = 4};

	if (isa->isa->lift(NULL, &rq, &ir) || !ir.block_count)
		return 1;
	for (uint32_t i = 1; i < ir.op_count; i++)
		if (ops[i].op == VR_IR_CALL && ops[i].imm == isa->raise)
			return 1;
	return 0;
}
