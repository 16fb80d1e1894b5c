/* SPDX-License-Identifier: MIT */
/*
 * reach.c: hosts whose direct jumps and calls do not reach all of the code cache (emit_thunks.far).
 *
 * Three kinds of jumps leave a region, each with its own answer:
 *
 *   to a thunk    Thunks are at the start of the code cache. The region begins with an island: for each thunk that is out
 *                 of reach, a constant, its address, and a jump to what the constant holds. The region jumps and calls
 *                 there. A killed entry goes to its pad, which is just before it, and from there by the island.
 *   to a region   An exit is one jump, which vr_emit.link() redirects. After the exit's stub there is a veneer: again a
 *                 constant and a jump to what it holds. A target within reach is jumped to; for another one the constant
 *                 becomes its address, and then the jump is turned to the veneer. Without a veneer the link is refused
 *                 (VR_E_RANGE), and the exit goes on by its stub and the look-up.
 *   by address    Indirect jumps, returns and C functions: they reach everything.
 *
 * Jumps inside a region reach, since no region is larger than that.
 *
 * Both of link()'s changes are one aligned store each. A vCPU that runs the exit meanwhile sees the old jump or the new one,
 * and in the veneer the old constant or the new one: it goes where the exit went before, or to the target. The constant
 * is written first. When an exit is linked anew from one far target to another, its jump stays as it is. Constants are
 * read as data, so instruction caches need not be told of them: link() reports the jump alone.
 */
#include "emit.h"

#define INSTRUCTION 16u /* bytes: distances count from somewhere in the jump */

static bool reaches(const struct emit_target *t, uint64_t from, uint64_t to)
{
	uint64_t distance = to > from ? to - from : from - to;
	return distance <= t->reach - INSTRUCTION;
}

/* A constant and a jump to what it holds; the jump's offset. */
static uint32_t constant_jump(struct emit *e, uint64_t address, uint64_t place)
{
	struct emit_code *c = &e->c;
	uint32_t over = (uint32_t)(c->execute + code_at(c)) & 7;
	if (over)
		e->target->fill(e, 8 - over);
	uint32_t constant = code_at(c);
	emit_mark(e, place, VR_MARK_DATA);
	put64(c, address);
	emit_mark(e, place, VR_MARK_SLOW);
	uint32_t at = code_at(c);
	e->target->jump_constant(e, constant);
	return at;
}

/* Where the region jumps to for a thunk, from its first byte and from its last. */
static uint64_t way_to(struct emit *e, uint64_t thunk)
{
	const struct emit_code *c = &e->c;
	uint64_t last = c->execute + (uint64_t)(e->limit - c->base) + EMIT_OP_CAPACITY;
	if (reaches(e->target, c->execute, thunk) && reaches(e->target, last, thunk))
		return thunk;
	uint32_t at = constant_jump(e, thunk, e->ir->blocks[0].start);
	return c->execute + at;
}

void emit_island(struct emit *e)
{
	struct emit_thunks *at = &e->thunk_at;
	*at = *e->thunks;
	if (!e->thunks->far)
		return;
	at->lookup = way_to(e, at->lookup);
	at->resume = way_to(e, at->resume);
	at->hot = way_to(e, at->hot);
	at->link = way_to(e, at->link);
	at->memory = way_to(e, at->memory);
	at->fp_slow = way_to(e, at->fp_slow);
	if (e->target->vector_bytes >= 32) {
		at->memory_wide = way_to(e, at->memory_wide);
		at->fp_slow_wide = way_to(e, at->fp_slow_wide);
	}
	at->jump = way_to(e, at->jump);
}

void emit_veneer(struct emit *e, struct vr_exit_site *x, uint64_t place)
{
	if (e->thunks->far)
		x->veneer = constant_jump(e, e->c.execute + x->stub, place);
}

int32_t emit_link(const struct emit_target *t, uint8_t *write, uint64_t execute, const struct vr_exit_site *x,
		  uint64_t target, struct vr_code_change *changed)
{
	if (reaches(t, execute + x->jump, target)) {
		t->redirect(write, execute, x->jump, target, changed);
		return VR_LINK_DIRECT;
	}
	if (!x->veneer)
		return VR_E_RANGE;
	__atomic_store_n((uint64_t *)(void *)(write + x->veneer - 8), target, __ATOMIC_RELEASE);
	t->redirect(write, execute, x->jump, execute + x->veneer, changed);
	return VR_LINK_VENEER;
}
