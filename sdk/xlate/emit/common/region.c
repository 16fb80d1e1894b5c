/* SPDX-License-Identifier: MIT */
/*
 * region.c: one region from ops to code.
 *
 *     [island] [entry of block 0: load pinned] block 0, block 1, ... | slow paths, polls, exits | other entries
 */
#include "emit.h"

static int32_t begin(struct emit *e, struct vr_emit_job *job)
{
	memset(e->pin_of, 0xff, sizeof(e->pin_of));
	if (job->pinned_count > VR_PINNED_MAX)
		return VR_E_RANGE;
	const struct emit_target *t = e->target;
	uint64_t used = 0;
	for (uint32_t m = 0; m < job->pinned_count; m++) {
		const struct vr_pinned_reg *p = &job->pinned[m];
		if (p->guest_reg >= EMIT_GUEST_REGS || p->guest_reg >= job->isa->guest_reg_count ||
		    p->host_reg >= (vr_ir_is_vector_reg(p->kind) ? t->pinned_vecs : t->pinned_ints) ||
		    (p->kind == VR_REG_VEC256 && t->vector_bytes < 32))
			return VR_E_RANGE;
		e->pin_of[p->guest_reg] = (uint8_t)m;
		e->pin_reg[m] = (uint8_t)ra_pinned_register(t, p->kind, p->host_reg);
		used |= reg_bit(e->pin_reg[m]);
	}
	/* Another region, or one of a VEC256 register's halves, may have left something above V128. */
	e->wide = false;
	for (uint32_t r = 0; r < job->isa->guest_reg_count && !e->wide; r++)
		e->wide = vr_isa_reg(job->isa, r)->kind == VR_REG_VEC256;
	/* registers that this region pins nothing in hold temporaries */
	e->pool = t->temporaries;
	for (uint32_t r = 0; r < t->pinned_ints; r++)
		e->pool |= ~used & reg_bit(t->pinned_int[r]);
	for (uint32_t r = 0; r < t->pinned_vecs; r++)
		e->pool |= ~used & reg_bit(t->pinned_vec[r]);
	return VR_OK;
}

/* An FP op with attributes: right by construction, fast where the host follows the same rules. */
static void emit_fp(struct emit *e, const struct vr_ir_op *o, uint32_t i)
{
	const struct emit_target *t = e->target;
	if (o->imm & VR_FPA_TRAPS)
		emit_fp_traps(e, o, i);
	else if (!t->fp_attributes || !t->fp_attributes(e, o, i))
		emit_fp_slow_inline(e, o, i, (uint64_t)(uintptr_t)e->job->isa->fp_slow);
}

static void emit_block(struct emit *e, uint32_t b)
{
	const emit_handler *handlers = e->target->handlers;
	e->labels[b] = code_at(&e->c);
	ra_begin_block(e, b);
	for (uint32_t i = e->first; i < e->op_end && !e->error; i++) {
		const struct vr_ir_op *o = &e->ops[i];
		if (emit_is_full(e))
			return;
		if (val(e, i)->emitted)
			continue;
		if (vr_ir_ops[o->op].op_class == VR_IRC_FP && vr_ir_fp_attributes(o))
			emit_fp(e, o, i);
		else
			handlers[o->op](e, o, i);
		e->busy = 0;
	}
}

static void align(struct emit *e, uint32_t to)
{
	uint32_t over = code_at(&e->c) & (to - 1);
	if (over)
		e->target->fill(e, to - over);
}

/*
 * An entry stub, and before it the pad that vr_emit.kill turns it to. The host makes the stub's first instruction one that a
 * single store replaces by a jump to the pad, also while other vCPUs run it.
 */
static void entry(struct emit *e, uint32_t b)
{
	const struct emit_target *t = e->target;
	struct emit_code *c = &e->c;
	emit_mark(e, e->ir->blocks[b].start, VR_MARK_ENTRY);
	align(e, t->entry_align);
	uint32_t pad = code_at(c);
	emit_set_pc(e, e->ir->blocks[b].start);
	t->jump_to(e, e->thunk_at.lookup);
	if (code_at(c) - pad > t->entry_pad)
		e->error = VR_E_INTERNAL;
	else
		t->fill(e, t->entry_pad - (code_at(c) - pad));
	e->job->block_entry[b] = code_at(c);
	const bool heat = b == 0 && e->job->heat_step;
	t->entry(e, e->job->flags & VR_JOB_COUNT, !e->job->pinned_count && !heat);
	if (heat) {
		struct emit_ool *s = emit_ool_new(e, OOL_HOT);
		s->pc = s->origin = e->ir->blocks[0].start;
		s->jump[0] = t->jump_heat(e, e->job->heat, e->job->heat_step);
	}
	emit_load_pinned(e, emit_all_pinned(e));
}

/* An entry to block 0 for code that depends on another page: to block 0's stub, or to its pad. */
static void guarded_entry(struct emit *e)
{
	const struct emit_target *t = e->target;
	struct vr_emit_job *job = e->job;
	emit_mark(e, e->ir->blocks[0].start, VR_MARK_ENTRY);
	align(e, t->entry_align);
	job->guarded = code_at(&e->c);
	uint32_t index = (uint32_t)(job->guard_page >> 12) & (VR_MAPPING_ID_ENTRIES - 1);
	t->patch(e, t->jump_mapping(e, index, job->guard_mapping_id, NULL),
		 job->block_entry[0] - t->entry_pad);
	t->patch(e, t->jump(e), job->block_entry[0]);
}

/* A region of any size jumps within itself, so it may not be larger than jumps reach; nor than fault points do. */
static void set_limit(struct emit *e, uint64_t capacity)
{
	const struct emit_target *t = e->target;
	uint64_t reached = t->region_bytes && t->region_bytes < t->reach ? t->region_bytes : t->reach;
	reached = reached < VR_FAULT_OFFSETS ? reached : VR_FAULT_OFFSETS;
	e->full = VR_E_NOMEM;
	if (capacity > reached) {
		capacity = reached;
		e->full = VR_E_RANGE;
	}
	e->limit = e->c.base + capacity - EMIT_OP_CAPACITY;
}

/* Only what vr_emit.relocate() says it is for; and islands and veneers hold addresses. */
static bool is_relocatable(const struct emit *e)
{
	const struct vr_emit_job *job = e->job;
	const struct vr_code_space *space = &job->code;
	return e->c.relocation_count <= e->c.relocation_capacity && !e->thunks->far &&
	       !(job->flags & VR_JOB_GUARD) && !(space->base | space->ignored | space->linear_ignored);
}

int32_t emit_compile(struct vr_emit_job *job, const struct emit_target *t, const struct emit_thunks *thunks)
{
	const struct vr_ir *ir = job->ir;
	struct emit_scratch *s = job->scratch;
	if (job->scratch_size < sizeof(*s) || !ir->block_count)
		return VR_E_INVAL;
	if (job->capacity < 2 * EMIT_OP_CAPACITY)
		return VR_E_NOMEM;
	if (ir->block_count > EMIT_BLOCKS)
		return VR_E_RANGE;
	struct emit *e = &s->emit;
	e->c = (struct emit_code){.p = job->write,
				  .base = job->write,
				  .execute = job->execute,
				  .relocations = job->relocations,
				  .relocation_capacity = job->relocations ? job->relocation_capacity : 0};
	e->target = t;
	e->thunks = thunks;
	e->job = job;
	e->ir = ir;
	e->ops = ir->ops;
	set_limit(e, job->capacity);
	e->error = 0;
	e->ool_count = e->fixup_count = e->hint_count[0] = e->hint_count[1] = 0;
	memset(e->hint, 0, sizeof(e->hint));
	e->values = s->values;
	e->ools = s->ools;
	e->fixups = s->fixups;
	e->labels = s->labels;
	job->point_count = job->exit_count = job->code_size = 0;
	job->relocation_count = UINT32_MAX;
	if (job->marks)
		job->mark_count = 0;
	int32_t rc = begin(e, job);
	if (rc)
		return rc;
	for (uint32_t b = 0; b < ir->block_count; b++)
		job->block_entry[b] = UINT32_MAX;
	emit_island(e);
	if (ir->blocks[0].flags & VR_BLOCK_ENTRY)
		entry(e, 0);
	for (uint32_t b = 0; b < ir->block_count && !e->error; b++)
		emit_block(e, b);
	if (!e->error)
		emit_ool_all(e);
	for (uint32_t b = 1; b < ir->block_count && !e->error; b++) {
		if (!(ir->blocks[b].flags & VR_BLOCK_ENTRY))
			continue;
		if (!emit_is_full(e)) {
			entry(e, b);
			t->patch(e, t->jump(e), e->labels[b]);
		}
	}
	if (!e->error && (job->flags & VR_JOB_GUARD) && job->block_entry[0] != UINT32_MAX && !emit_is_full(e))
		guarded_entry(e);
	if (e->error)
		return e->error;
	for (uint32_t n = 0; n < e->fixup_count; n++) {
		const struct emit_fixup *f = &e->fixups[n];
		if (f->entry)
			t->patch_address(e, f->field, job->block_entry[f->block]);
		else
			t->patch(e, f->field, e->labels[f->block]);
	}
	job->code_size = code_at(&e->c);
	if (job->relocations && is_relocatable(e))
		job->relocation_count = e->c.relocation_count;
	return VR_OK;
}
