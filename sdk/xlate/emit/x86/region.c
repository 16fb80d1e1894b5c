/* SPDX-License-Identifier: MIT */
/*
 * region.c: one region from ops to code.
 *
 *     [entry of block 0: load pinned] block 0, block 1, ... | slow paths, polls, exits | other entries
 */
#include "em.h"
#include "region.h"

typedef void (*op_handler)(struct em *e, const struct vr_ir_op *o, uint32_t i);

static const op_handler handlers[] = {
#define IR(name, class, args, doc) [VR_IR_##name] = x86_op_##name,
#include <vmrun/ir_ops.def>
#undef IR
};
_Static_assert(sizeof(handlers) / sizeof(handlers[0]) == VR_IR_COUNT, "one handler an op");

#define TEMPORARIES \
	(1u << RAX | 1u << RCX | 1u << RDX | 1u << RSI | 1u << RDI | ((1u << (16 - PINNED_VECS)) - 1) << XMM0)

static int32_t begin(struct em *e, struct vr_emit_job *job)
{
	memset(e->pin_of, 0xff, sizeof(e->pin_of));
	if (job->pinned_count > VR_PINNED_MAX)
		return VR_E_RANGE;
	uint32_t used = 0;
	for (uint32_t m = 0; m < job->pinned_count; m++) {
		const struct vr_pinned_reg *p = &job->pinned[m];
		if (p->guest_reg >= MAX_GUEST_REGS || p->guest_reg >= job->isa->guest_reg_count ||
		    p->host_reg >= (p->kind == VR_REG_VEC ? PINNED_VECS : PINNED_INTS))
			return VR_E_RANGE;
		e->pin_of[p->guest_reg] = (uint8_t)m;
		e->pin_reg[m] = (uint8_t)x86_pinned_register(p->kind, p->host_reg);
		used |= 1u << e->pin_reg[m];
	}
	/* registers that this region pins nothing in hold temporaries */
	e->pool = TEMPORARIES;
	for (uint32_t r = 0; r < PINNED_INTS; r++)
		e->pool |= ~used & 1u << x86_pinned_register(VR_REG_INT, r);
	for (uint32_t r = 0; r < PINNED_VECS; r++)
		e->pool |= ~used & 1u << x86_pinned_register(VR_REG_VEC, r);
	return VR_OK;
}

static void emit_block(struct em *e, uint32_t b)
{
	e->labels[b] = code_at(&e->c);
	begin_block(e, b);
	for (uint32_t i = e->first; i < e->op_end && !e->error; i++) {
		const struct vr_ir_op *o = &e->ops[i];
		if (e->c.p > e->limit) {
			e->error = VR_E_NOMEM;
			return;
		}
		if (val(e, i)->emitted)
			continue;
		handlers[o->op](e, o, i);
		e->busy = 0;
	}
}

/*
 * An entry stub, and before it the pad that x86_kill() turns it to. The stub's first instruction is at least
 * two bytes long and at an even address, so that one store replaces it by a short jump, also
 * while other vCPUs run it.
 */
static void entry(struct em *e, uint32_t b)
{
	struct code *c = &e->c;
	code_mark(e, e->ir->blocks[b].pc, VR_MARK_ENTRY);
	while (code_at(c) & 15)
		put8(c, 0xcc);
	uint32_t pad = code_at(c);
	set_pc(e, e->ir->blocks[b].pc);
	jmp_to(c, x86_thunk.lookup);
	while (code_at(c) - pad < ENTRY_PAD)
		put8(c, 0xcc);
	e->job->block_entry[b] = code_at(c);
	if (e->job->flags & VR_JOB_COUNT)
		x_rm(c, 0xff, 1, 0, ENGINE(entered)); /* inc qword */
	if (!e->job->pinned_count) {
		put8(c, 0x66);
		put8(c, 0x90);
	}
	load_pinned(e, e->job->pinned_count >= 32 ? ~0u : (1u << e->job->pinned_count) - 1);
}

/* An entry to block 0 for code that depends on another page: to block 0's stub, or to its pad. */
static void guarded_entry(struct em *e)
{
	struct code *c = &e->c;
	struct vr_emit_job *job = e->job;
	code_mark(e, e->ir->blocks[0].pc, VR_MARK_ENTRY);
	while (code_at(c) & 15)
		put8(c, 0xcc);
	job->guarded = code_at(c);
	uint32_t index = (uint32_t)(job->guard_page >> 12) & (VR_MAPPING_ID_ENTRIES - 1);
	alu_mi(c, ALU_CMP, 0, mem_base(REG_MMU, MMU(mapping_id) + (int32_t)(4 * index)),
	       (int32_t)job->guard_mapping_id);
	patch_to(c, jcc_far(c, CC_NE), job->block_entry[0] - ENTRY_PAD);
	patch_to(c, jmp_far(c), job->block_entry[0]);
}

void VR_CALL x86_kill(uint8_t *write, uint32_t at)
{
	const uint16_t back = 0xeb | (uint16_t)((uint8_t)(-(ENTRY_PAD + 2))) << 8; /* jmp short */
	__atomic_store_n((uint16_t *)(void *)(write + at), back, __ATOMIC_RELEASE);
}

int32_t VR_CALL x86_region(struct vr_emit_job *job)
{
	const struct vr_ir *ir = job->ir;
	struct region_scratch *s = job->scratch;
	if (job->scratch_size < sizeof(*s) || !x86_thunk.lookup || !ir->block_count)
		return VR_E_INVAL;
	if (job->capacity < 2 * OP_CAPACITY)
		return VR_E_NOMEM;
	if (ir->block_count > MAX_BLOCKS)
		return VR_E_RANGE;
	struct em *e = &s->em;
	e->c = (struct code){job->write, job->write, job->execute};
	e->job = job;
	e->ir = ir;
	e->ops = ir->ops;
	e->limit = job->write + job->capacity - OP_CAPACITY;
	e->error = 0;
	e->ool_count = e->fixup_count = e->hint_count[0] = e->hint_count[1] = 0;
	memset(e->hint, 0, sizeof(e->hint));
	e->values = s->values;
	e->ools = s->ools;
	e->fixups = s->fixups;
	e->labels = s->labels;
	job->point_count = job->exit_count = job->code_size = 0;
	if (wants_marks(job))
		job->mark_count = 0;
	int32_t rc = begin(e, job);
	if (rc)
		return rc;
	for (uint32_t b = 0; b < ir->block_count; b++)
		job->block_entry[b] = UINT32_MAX;
	if (ir->blocks[0].flags & VR_BLOCK_ENTRY)
		entry(e, 0);
	for (uint32_t b = 0; b < ir->block_count && !e->error; b++)
		emit_block(e, b);
	if (!e->error)
		emit_ools(e);
	for (uint32_t b = 1; b < ir->block_count && !e->error; b++) {
		if (!(ir->blocks[b].flags & VR_BLOCK_ENTRY))
			continue;
		if (e->c.p > e->limit)
			e->error = VR_E_NOMEM;
		else {
			entry(e, b);
			patch_to(&e->c, jmp_far(&e->c), e->labels[b]);
		}
	}
	if (!e->error && (job->flags & VR_JOB_GUARD) && VR_REACHES(job, guarded) &&
	    job->block_entry[0] != UINT32_MAX) {
		if (e->c.p > e->limit)
			e->error = VR_E_NOMEM;
		else
			guarded_entry(e);
	}
	if (e->error)
		return e->error;
	for (uint32_t n = 0; n < e->fixup_count; n++) {
		const struct fixup *f = &e->fixups[n];
		patch_to(&e->c, f->field, f->entry ? job->block_entry[f->block] : e->labels[f->block]);
	}
	job->code_size = code_at(&e->c);
	return VR_OK;
}
