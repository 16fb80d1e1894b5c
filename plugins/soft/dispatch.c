/* SPDX-License-Identifier: MIT */
/*
 * dispatch.c: where the vCPU goes on: the look-ups that generated code makes, and the vCPU loop's first one.
 *
 * An entry is code, or IR that is interpreted because the emitter refused it. Interpreted entries run here, inside
 * the look-up: the guest's registers are in memory anyway, and the look-up goes on with the next pc. No link,
 * indirect-branch cache or return-address stack leads to them (soft_entry_cached()), so that a guest meets
 * them here only. In generated code the guest's FP environment is in the host's unit; it is put away meanwhile.
 */
#include "log.h"
#include "soft.h"

static void interpret(struct soft_vcpu *v, const struct soft_entry *e, bool in_generated_code)
{
	const struct vr_emit *emit = v->vm->emit;

	if (in_generated_code)
		emit->fp_save(v->x);
	soft_interpret_entry(v, e);
	if (in_generated_code)
		emit->fp_load(v->x);
}

static uint64_t lookup(struct vr_exec *x, bool in_generated_code)
{
	struct soft_vcpu *v = soft_of(x);

	while (!__atomic_load_n(&x->exit_request, __ATOMIC_RELAXED)) {
		const struct soft_itlb_entry *it;

		v->n.lookups++;
		struct soft_entry *e = soft_find(x, &it);

		if (!e)
			continue;
		if (e->region->ir) {
			interpret(v, e, in_generated_code);
			continue;
		}
		uint64_t cached = soft_entry_cached(v->vm, e);

		/* Stored under the address that was found: flushes name that one, without the bits that a
		 * branch ignores. */
		if (cached) {
			uint64_t pc = x->pc;
			uint64_t index = vr_indirect_index(pc, v->vm->isa->code_align_log2);
			struct vr_branch_entry *j = &vr_engine_exec(x)->mmu_context->indirect[index];

			j->pc = pc;
			j->host = cached;
		}
		if (soft_log_on(v->vm, VR_DEBUGLOG_EXEC))
			soft_log_exec(v, e, "look-up");
		return soft_code_address(v->vm, e->host);
	}
	return 0;
}

uint64_t soft_lookup(struct vr_exec *x)
{
	return lookup(x, true);
}

uint64_t soft_hot(struct vr_exec *x)
{
	if (!__atomic_load_n(&x->exit_request, __ATOMIC_RELAXED))
		soft_heat(soft_of(x));
	return lookup(x, true);
}

uint64_t soft_first_lookup(struct soft_vcpu *v)
{
	return lookup(v->x, false);
}

uint64_t soft_link(struct vr_exec *x)
{
	struct soft_vcpu *v = soft_of(x);
	const struct soft_itlb_entry *it;
	uint64_t number = vr_engine_exec(x)->link, pc = x->pc = soft_exit_target(v->vm, number);

	if (__atomic_load_n(&x->exit_request, __ATOMIC_RELAXED))
		return 0;
	v->n.lookups++;
	struct soft_entry *e = soft_find(x, &it);

	if (!e || e->region->ir)
		return soft_lookup(x);
	if (soft_log_on(v->vm, VR_DEBUGLOG_EXEC))
		soft_log_exec(v, e, "a direct exit");
	if (soft_entry_cached(v->vm, e))
		soft_link_exit(v, number, pc, e, it);
	return soft_code_address(v->vm, e->host);
}
