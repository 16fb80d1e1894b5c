/* SPDX-License-Identifier: MIT */
/*
 * control.c: the ends of blocks.
 *
 * An edge inside the region is a jump; registers agree by construction, since every pinned register is in its
 * host register everywhere. An edge that leaves stores the dirty registers and jumps through a field that the
 * engine may redirect at any time (emit_target.jump_exit); unlinked it goes to a stub that asks for it. Edges that could
 * close a loop (to the same or an earlier block or address) poll exec.exit_request, as do indirect jumps.
 *
 * Indirect targets are in target.jump_pc, as linear addresses: the return-address stack and the indirect-branch cache are
 * flushed by these. Where code addresses are others, the target is converted first. A return is predicted by the return-address stack in the MMU context, other
 * jumps by its indirect-branch cache.
 */
#include "emit.h"

/* ---- edges ---- */

static void add_fixup(struct emit *e, struct emit_fixup f)
{
	if (e->fixup_count >= EMIT_FIXUPS) {
		e->error = VR_E_RANGE;
		return;
	}
	e->fixups[e->fixup_count++] = f;
}

static void jump_to_block(struct emit *e, uint32_t field, uint32_t block)
{
	if (block <= e->block_index)
		e->target->patch(e, field, e->labels[block]);
	else
		add_fixup(e, (struct emit_fixup){field, block, 0});
}

/* Jump when exec.exit_request is set, or when it is clear. */
static uint32_t poll(struct emit *e, bool set)
{
	return e->target->jump_word(e, EMIT_IN_EXEC(exit_request), set);
}

static void leave_region(struct emit *e, uint64_t place)
{
	struct vr_emit_job *job = e->job;
	emit_store_dirty(e, e->dirty);
	if (job->exit_count >= job->exit_capacity) {
		e->error = VR_E_RANGE;
		return;
	}
	uint32_t n = job->exit_count++;
	struct vr_exit_site *x = &job->exits[n];
	*x = (struct vr_exit_site){.place = place};
	struct emit_ool *s = emit_ool_new(e, OOL_EXIT);
	s->exit = n;
	s->pc = place;
	if (place >> 12) { /* another page */
		uint32_t index = (uint32_t)(emit_address(e, place) >> 12) & (VR_MAPPING_ID_ENTRIES - 1);
		s->jump[0] = e->target->jump_mapping(e, index, UINT32_MAX, &x->check);
	}
	x->jump = e->target->jump_exit(e);
}

static bool closes_loop(const struct emit *e, uint64_t place, uint32_t succ)
{
	return (int64_t)place <= (int64_t)e->pc || (succ != VR_NO_BLOCK && succ <= e->block_index);
}

static uint32_t successor(const struct emit *e, uint32_t which)
{
	uint32_t s = e->block->succ[which];
	return s < e->ir->block_count ? s : VR_NO_BLOCK;
}

/* Store FLAGS whose PUT is pending. The other edge finds the values that are pending where they are now. */
static void store_flags(struct emit *e)
{
	struct emit_flags keep = e->fl;
	struct emit_value values[EMIT_PENDING] = {{0}};
	for (uint32_t n = 0; n < e->pending_count; n++)
		values[n] = *val(e, e->pending[n].value);
	emit_flags_store_pending(e);
	for (uint32_t n = 0; n < e->pending_count; n++)
		*val(e, e->pending[n].value) = values[n];
	e->fl = keep;
}

/* Go to a place over edge `which`. `last`: the block's code ends here, so the next block need not be jumped to. */
static void edge(struct emit *e, uint32_t which, uint64_t place, bool last)
{
	uint32_t succ = successor(e, which);
	if (e->pending_edges >> which & 1)
		emit_condition_store(e, which);
	if (e->fl.put_pending && (e->fl.put_edges >> which & 1))
		store_flags(e);
	if (closes_loop(e, place, succ)) {
		struct emit_ool *s = emit_ool_new(e, OOL_POLL);
		s->pc = place;
		if (succ != VR_NO_BLOCK && (!last || succ != e->block_index + 1)) {
			/* one conditional jump serves both as the poll and as the back-edge */
			emit_store_dirty(e, e->dirty & ~e->ir->blocks[succ].dirty_in);
			uint32_t request = poll(e, false);
			s->jump[0] = e->target->jump(e);
			jump_to_block(e, request, succ);
			return;
		}
		s->jump[0] = poll(e, true);
	}
	if (succ == VR_NO_BLOCK) {
		leave_region(e, place);
		return;
	}
	emit_store_dirty(e, e->dirty & ~e->ir->blocks[succ].dirty_in);
	if (!last || succ != e->block_index + 1)
		jump_to_block(e, e->target->jump(e), succ);
}

void emit_branch(struct emit *e, uint64_t taken, struct emit_condition k)
{
	const struct emit_target *t = e->target;
	uint32_t succ = successor(e, VR_EDGE_TAKEN), out[2];
	bool plain = succ != VR_NO_BLOCK && !closes_loop(e, taken, succ) &&
		     !(e->fl.put_pending && (e->fl.put_edges >> VR_EDGE_TAKEN & 1)) &&
		     !(e->pending_edges >> VR_EDGE_TAKEN & 1) && !(e->dirty & ~e->ir->blocks[succ].dirty_in);
	if (plain) {
		t->jump_if(e, k, out);
		jump_to_block(e, out[0], succ);
		if (out[1])
			jump_to_block(e, out[1], succ);
		edge(e, VR_EDGE_FALL, e->block->end, true);
		return;
	}
	k.invert ^= 1;
	t->jump_if(e, k, out);
	edge(e, VR_EDGE_TAKEN, taken, false);
	t->patch(e, out[0], code_at(&e->c));
	if (out[1])
		t->patch(e, out[1], code_at(&e->c));
	edge(e, VR_EDGE_FALL, e->block->end, true);
}

/* ---- terminators ---- */

EMIT_OP(GOTO)
{
	edge(e, VR_EDGE_TAKEN, o->imm, true);
}

EMIT_OP(RAS_PUSH)
{
	emit_flags_clobber(e);
	uint32_t block = VR_NO_BLOCK;
	for (uint32_t k = 0; k < e->ir->block_count; k++)
		if (e->ir->blocks[k].start == o->imm && (e->ir->blocks[k].flags & VR_BLOCK_ENTRY))
			block = k;
	if (block != VR_NO_BLOCK) {
		add_fixup(e,
			  (struct emit_fixup){e->target->ras_push(e, emit_address(e, o->imm), 0), block, 1});
		return;
	}
	uint64_t known = VR_HAS(e->job, entry_at) ? e->job->entry_at(e->job->opaque, o->imm) : 0;
	/* `jump` finds the address where JUMP_INDIRECT leaves it */
	e->target->ras_push(e, emit_address(e, o->imm), known ? known : e->thunks->jump);
}

EMIT_OP(JUMP_INDIRECT)
{
	const struct emit_target *t = e->target;
	emit_flags_clobber(e);
	emit_move(e, t->jump_pc, ra_use_clean(e, o->a), VR_T_I64);
	if (e->job->code.base || e->job->code.ignored || e->job->code.linear_ignored)
		t->linear_address(e, &e->job->code, vr_ir_value_type(&e->ops[o->a]) == VR_T_I32);
	emit_store_dirty(e, e->dirty);
	emit_ool_new(e, OOL_POLL_R)->jump[0] = poll(e, true);
	if (o->aux == VR_JUMP_RET)
		emit_ool_new(e, OOL_JUMP)->jump[0] = t->ras_jump(e);
	else
		emit_ool_new(e, OOL_POLL_R)->jump[0] = t->indirect_jump(e);
}

EMIT_OP(EXIT)
{
	emit_flags_clobber(e);
	emit_store_dirty(e, e->dirty);
	e->target->jump_to(e, e->thunk_at.resume);
}

EMIT_OP(EXIT_TO)
{
	emit_flags_clobber(e);
	emit_store_dirty(e, e->dirty);
	emit_set_pc(e, o->imm);
	e->target->jump_to(e, e->thunk_at.resume);
}
