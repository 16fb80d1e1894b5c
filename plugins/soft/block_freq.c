/* SPDX-License-Identifier: MIT */
/*
 * block frequencies.c: how often each block of a region runs, as far as its graph tells.
 *
 * A loop is a set of blocks that reach each other (a strongly connected part of the graph); the loops within
 * it are what is left of that when no edge leads to its head any more. Not every jump back closes a loop: the
 * far arm of an `if` goes back to where the near one has got to.
 *
 * A branch stays in its innermost loop seven times in eight, and goes either way as often where both ways do.
 * What comes in at the entries then flows over the edges; what goes round is added in the next sweep. SWEEPS
 * of them come close enough: the block frequencies only say which of two guest registers is worth more.
 *
 * Sets of blocks are words, so all of it is a few hundred instructions.
 */
#include "soft.h"

_Static_assert(SOFT_IR_BLOCKS <= 64, "a set of blocks is a word");

#define SWEEPS 16

struct graph {
	uint32_t count;
	uint64_t next[SOFT_IR_BLOCKS];
	uint64_t *loop; /* the innermost one that the block is in, 0: none */
};

static uint32_t lowest(uint64_t set)
{
	return (uint32_t)__builtin_ctzll(set);
}

/* reach[i]: blocks of `set` that i gets to within it, by one edge or more. */
static void close_over(const uint64_t *next, uint64_t set, uint64_t *reach)
{
	for (uint64_t m = set; m; m &= m - 1)
		reach[lowest(m)] = next[lowest(m)] & set;
	for (uint64_t k = set; k; k &= k - 1)
		for (uint64_t m = set; m; m &= m - 1)
			if (reach[lowest(m)] >> lowest(k) & 1)
				reach[lowest(m)] |= reach[lowest(k)];
}

/* Where `loop` is entered; of several places the first. */
static uint64_t head_of(const struct graph *g, uint64_t loop, uint64_t entries)
{
	uint64_t heads = entries;

	for (uint32_t i = 0; i < g->count; i++)
		heads |= loop >> i & 1 ? 0 : g->next[i];
	heads &= loop;
	heads = heads ? heads : loop;
	return heads & (0 - heads);
}

static void find_loops(struct graph *g, uint64_t entries)
{
	uint64_t reach[SOFT_IR_BLOCKS], next[SOFT_IR_BLOCKS], sets[SOFT_IR_BLOCKS + 1];
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->count; i++)
		next[i] = g->next[i];
	sets[n++] = ~0ull >> (64 - g->count);
	while (n) {
		uint64_t set = sets[--n];

		close_over(next, set, reach);
		while (set) {
			uint32_t first = lowest(set);
			uint64_t loop = 0;

			set &= set - 1;
			for (uint64_t m = reach[first]; m; m &= m - 1)
				loop |= (reach[lowest(m)] >> first & 1) << lowest(m);
			if (!loop)
				continue;
			set &= ~loop;

			uint64_t head = head_of(g, loop, entries);

			for (uint64_t m = loop; m; m &= m - 1) {
				next[lowest(m)] &= ~head;
				g->loop[lowest(m)] = loop;
			}
			sets[n++] = loop; /* at most one a block: each has lost a head */
		}
	}
}

/* Of `freq` runs of block i, how many go on over `edge`. */
static uint32_t edge_freq(const struct graph *g, const struct vr_ir *ir, uint32_t i, uint32_t edge,
			  uint32_t freq)
{
	const struct vr_ir_block *b = &ir->blocks[i];
	uint32_t stays[2];

	if (ir->ops[b->first + b->count - 1].op == VR_IR_GOTO)
		return freq;
	for (uint32_t e = 0; e < 2; e++)
		stays[e] = b->succ[e] != VR_NO_BLOCK && (g->loop[i] >> b->succ[e] & 1);
	if (stays[0] == stays[1])
		return freq / 2;
	return stays[edge] ? freq - freq / 8 : freq / 8;
}

static void flow(const struct graph *g, const struct vr_ir *ir, uint64_t entries, uint32_t sweeps,
		 uint32_t *freq)
{
	uint32_t round[SOFT_IR_BLOCKS] = {0};

	while (sweeps--) {
		for (uint32_t i = 0; i < g->count; i++) {
			freq[i] = round[i] + (entries >> i & 1 ? SOFT_ONCE : 0);
			round[i] = 0;
		}
		for (uint32_t i = 0; i < g->count; i++)
			for (uint32_t e = 0; e < 2; e++) {
				uint32_t to = ir->blocks[i].succ[e];

				if (to == VR_NO_BLOCK)
					continue;
				if (to > i)
					freq[to] += edge_freq(g, ir, i, e, freq[i]);
				else
					round[to] += edge_freq(g, ir, i, e, freq[i]);
			}
	}
}

void soft_block_freq(const struct vr_ir *ir, uint32_t *freq, uint64_t *loop)
{
	struct graph g = {.count = ir->block_count, .loop = loop};
	uint64_t entries = 0;
	int back = 0;

	for (uint32_t i = 0; i < g.count; i++) {
		loop[i] = 0;
		entries |= (uint64_t)((ir->blocks[i].flags & VR_BLOCK_ENTRY) != 0) << i;
		for (uint32_t e = 0; e < 2; e++) {
			uint32_t to = ir->blocks[i].succ[e];

			if (to == VR_NO_BLOCK)
				continue;
			g.next[i] |= 1ull << to;
			back |= to <= i;
		}
	}
	if (back)
		find_loops(&g, entries);
	flow(&g, ir, entries, back ? SWEEPS : 1, freq);
}
