/* SPDX-License-Identifier: MIT */
/*
 * relocate.c: a region's code once more, for the same page at another linear address.
 *
 * While a region is emitted, each field that depends on where the code is, or on the page's linear address, is noted
 * (emit_relocation(), kinds in asm.h). Two kinds of fields, the most frequent, need no note:
 *
 *  - A fault point is the return address of the call of the thunk `memory`, whose displacement is right before it.
 *  - What an exit depends on lies at a fixed distance from what its vr_exit_site names: in its stub the exit's number and the
 *    displacement of the thunk `link`, before the check the index of the target's page in mmu_context.mapping_id[].
 *
 * All else is the same at every address: jumps inside the region, C functions' addresses, displacements from exec, context and frame.
 *
 * The encoder writes an address in the shortest form that holds it. A copy whose address does not fit that form is refused.
 */
#include "lower.h"

#define LINK_FIELD \
	7u /* of `mov qword [exec.link], imm32`: REX, opcode, ModRM, 4 bytes of displacement; the stub begins with it */

#define LINK_THUNK 12u /* of the jump after it */

_Static_assert(offsetof(struct vr_engine_exec, link) - EXEC_BIAS > 127, "LINK_FIELD");
_Static_assert(offsetof(struct vr_mmu_context, mapping_id) > 127, "the check has 4 bytes of displacement");

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

static void set32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, 4);
}

struct copy {
	const struct vr_relocate_job *job;
	uint32_t moved;    /* bytes from the region's code to the copy */
	uint64_t pc_moved; /* from the region's page to the copy's */
	uint64_t pc;       /* the last RELOC_PC_*'s */
	uint64_t look_up;  /* host code for where there is no entry */
};

/* The address that was `old`, of a kind that holds it in 4 bytes. false: those do not hold the new one. */
static bool pc_32(struct copy *to, uint32_t kind, uint64_t old, uint8_t *field)
{
	uint64_t pc = old + to->pc_moved;

	to->pc = pc;
	set32(field, (uint32_t)pc);
	return kind == RELOC_PC_CUT ||
	       pc == (kind == RELOC_PC_LOW ? (uint32_t)pc : (uint64_t)(int64_t)(int32_t)pc);
}

static void near(const struct copy *to, uint32_t at)
{
	uint8_t *field = to->job->write + at;

	set32(field, get32(field) - to->moved);
}

static bool relocate(struct copy *to, uint32_t kind, uint32_t at)
{
	const struct vr_relocate_job *job = to->job;
	uint8_t *field = job->write + at;

	switch (kind) {
	case RELOC_NONE:
		return true;
	case RELOC_NEAR:
		near(to, at);
		return true;
	case RELOC_ENTRY: {
		uint64_t host = VR_HAS(job, entry_at) ? job->entry_at(job->opaque, to->pc - job->pc_base) : 0;

		set32(field, (uint32_t)((host ? host : to->look_up) - (job->execute + at + 4)));
		return true;
	}
	case RELOC_PC_64: {
		uint64_t pc;

		memcpy(&pc, field, 8);
		pc += to->pc_moved;
		to->pc = pc;
		memcpy(field, &pc, 8);
		return true;
	}
	case RELOC_PC_HIGH:
		return pc_32(to, kind, (uint64_t)(int64_t)(int32_t)get32(field), field);
	default:
		return pc_32(to, kind, get32(field), field);
	}
}

static void relocate_exit(const struct copy *to, uint32_t n)
{
	const struct vr_relocate_job *job = to->job;
	const struct vr_exit_site *x = &job->exits[n];

	set32(job->write + x->jump, x->stub - (x->jump + 4));
	set32(job->write + x->stub + LINK_FIELD, job->exit_base + n);
	near(to, x->stub + LINK_THUNK);
	if (x->check) {
		set32(job->write + x->check - 4, x86_mapping_displacement(job->pc_base + x->place));
		set32(job->write + x->check, UINT32_MAX);
	}
}

int32_t VR_CALL x86_relocate(struct vr_emit_vm *vm, const struct vr_relocate_job *job)
{
	struct copy to = {.job = job,
			  .moved = (uint32_t)(job->execute - job->from_execute),
			  .pc_moved = job->pc_base - job->from_pc_base,
			  .look_up = x86_vm_of(vm)->thunks.jump};

	memcpy(job->write, job->from, job->code_size);
	for (uint32_t n = 0, at = 0; n < job->relocation_count; n++) {
		at += emit_relocation_distance(job->relocations[n]);
		if (!relocate(&to, emit_relocation_kind(job->relocations[n]), at))
			return VR_E_RANGE;
	}
	for (uint32_t n = 0; n < job->point_count; n++)
		near(&to, vr_fault_offset(job->points[n]) - 4);
	for (uint32_t n = 0; n < job->exit_count; n++)
		relocate_exit(&to, n);
	return VR_OK;
}
