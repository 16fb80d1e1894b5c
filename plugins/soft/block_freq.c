/* SPDX-License-Identifier: MIT */
/*
 * block_freq.c: an estimate of how often each block of a region runs, from the region's graph.
 *
 * A loop is a set of blocks that reach each other (a strongly connected component). The loops inside it are
 * found by removing the edges to its head. A jump back does not always close a loop: code placed out of line,
 * as the rarer arm of an `if`, jumps back to where the other arm continues.
 *
 * A branch is estimated to stay in its innermost loop seven times in eight. Where both edges stay in it, or
 * none does, each is taken half the time. The frequency of the entries then flows along the edges; flow along
 * an edge that goes back is added in the next sweep. SWEEPS sweeps are close enough: the result only ranks
 * guest registers for assignment.
 *
 * A set of blocks is one word, so all of it is a few hundred instructions.
 */
#include "soft.h"

_Static_assert(SOFT_IR_BLOCKS <= 64, "a set of blocks is a word");

#define SWEEPS 16

struct graph {
	uint32_t count;
	uint64_t next[SOFT_IR_BLOCKS];
	struct {
		uint8_t to, share; /* SHARE_* */
	} edge[SOFT_IR_BLOCKS][2];
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

/* The head: the block where `loop` is entered; the first one, when there are several. */
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
			sets[n++] = loop; /* at most one for each block, since each loop removed a head */
		}
	}
}

/* Of the runs of a block: how many take an edge. */
enum { SHARE_NONE, SHARE_ALL, SHARE_HALF, SHARE_MOST, SHARE_FEW };

static uint32_t share_of(uint32_t freq, uint32_t share)
{
	switch (share) {
	case SHARE_ALL:
		return freq;
	case SHARE_HALF:
		return freq / 2;
	case SHARE_MOST:
		return freq - freq / 8;
	default:
		return freq / 8;
	}
}

static void find_shares(struct graph *g, const struct vr_ir *ir)
{
	for (uint32_t i = 0; i < g->count; i++) {
		const struct vr_ir_block *b = &ir->blocks[i];
		bool all = ir->ops[b->first + b->count - 1].op == VR_IR_GOTO, stays[2];

		for (uint32_t e = 0; e < 2; e++)
			stays[e] = b->succ[e] != VR_NO_BLOCK && (g->loop[i] >> b->succ[e] & 1);
		for (uint32_t e = 0; e < 2; e++) {
			g->edge[i][e].to = (uint8_t)b->succ[e];
			g->edge[i][e].share = b->succ[e] == VR_NO_BLOCK ? SHARE_NONE
					      : all                     ? SHARE_ALL
					      : stays[0] == stays[1]    ? SHARE_HALF
					      : stays[e]                ? SHARE_MOST
									: SHARE_FEW;
		}
	}
}

static void flow(const struct graph *g, uint64_t entries, uint32_t sweeps, uint32_t *freq)
{
	uint32_t round[SOFT_IR_BLOCKS] = {0};

	while (sweeps--) {
		for (uint32_t i = 0; i < g->count; i++) {
			freq[i] = round[i] + (entries >> i & 1 ? SOFT_ONCE : 0);
			round[i] = 0;
		}
		for (uint32_t i = 0; i < g->count; i++)
			for (uint32_t e = 0; e < 2; e++) {
				uint32_t to = g->edge[i][e].to, share = g->edge[i][e].share;

				if (share == SHARE_NONE)
					continue;
				if (to > i)
					freq[to] += share_of(freq[i], share);
				else
					round[to] += share_of(freq[i], share);
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
	find_shares(&g, ir);
	flow(&g, entries, back ? SWEEPS : 1, freq);
}
