/* SPDX-License-Identifier: MIT */
/*
 * copy.c: a region once more, for its page at another linear address.
 *
 * Translated code holds linear addresses (of calls' return addresses, of what the guest computes from its pc), and so belongs to one.
 * But the same page is often needed at others: each process under address-space randomisation has the C library somewhere else, and
 * a program that runs twice is twice at different addresses. Then the code that was added last, the origin (entries.c), is copied,
 * and the emitter changes what depends on the address (vr_emit.relocate). That takes about a tenth of the time of a translation.
 *
 * Nothing else differs: code depends on the page's contents, and a write to the page kills all regions of it; on the mode, which is
 * compared; and on the address. What it depends on besides can't be copied: an instruction that goes on on the next page, a checked
 * page, code spaces other than plain 64-bit addresses, and what the emitter refused.
 *
 * A copy may be copied again, so the origin may be evicted. Its exits are its own, and start out unlinked.
 */
#include <string.h>

#include "log.h"
#include "soft.h"

struct copy {
	struct soft_vm *vm;
	const struct soft_itlb_entry *page;
	const struct soft_mode *mode;
	uint64_t refers; /* soft_region.refers */
};

static uint64_t VR_CALL entry_at(void *opaque, uint64_t place)
{
	struct copy *c = opaque;

	return soft_entry_at(c->vm, c->page, c->mode, place, &c->refers);
}

struct soft_region *soft_copy(struct soft_vm *vm, struct soft_vcpu *v, const struct soft_itlb_entry *page,
			      uint64_t pc, const struct soft_mode *mode, bool quick)
{
	const uint64_t place = pc - page->va_page;
	struct soft_segment *to = soft_segment(vm);
	struct vr_exit_site exits[SOFT_REGION_EXITS];

	if (page->checked || !soft_page_may_have_entry(page->page, place))
		return NULL;
	const struct soft_entry *origin = soft_origin_find(vm, place, page->page, mode);

	if (!origin || (origin->region->quick && !quick))
		return NULL;
	const uint64_t started = vm->timer->now(vm->host);
	struct soft_region *from = origin->region;
	const struct soft_region_counts *n = &from->count;
	const struct soft_region made = {
		.page = page->page,
		.va_page = page->va_page,
		.mode_flags = mode->flags,
		.code_offset = (uint32_t)to->top,
		.code_size = from->code_size,
		.count = *n,
		.quick = from->quick,
	};

	if (to->end - to->top < from->code_size || !soft_segment_reserve(vm, n->exits))
		return NULL;
	struct soft_region *g = soft_region_new(vm, &made);

	if (!g)
		return NULL;
	soft_segment_commit(vm, from->code_size);
	for (uint32_t i = 0; i < n->exits; i++)
		exits[i] = soft_exit_of(vm, from->exit_first + i)->site;

	struct copy c = {.vm = vm, .page = page, .mode = mode};
	const struct vr_relocate_job job = {
		.size = sizeof(job),
		.code_size = from->code_size,
		.from = vm->code.write + from->code_offset,
		.from_execute = soft_code_address(vm, from->code_offset),
		.from_pc_base = from->va_page,
		.exits = exits,
		.points = soft_region_points(from),
		.relocations = soft_region_relocations(from),
		.exit_count = n->exits,
		.point_count = n->points,
		.relocation_count = n->relocations,
		.write = vm->code.write + to->top,
		.execute = soft_code_address(vm, g->code_offset),
		.pc_base = page->va_page,
		.exit_base = soft_segment_exit_base(vm),
		.entry_at = entry_at,
		.opaque = &c,
	};

	vm->codecache->begin_write(vm->host, &vm->code);
	int32_t rc = vm->emit->relocate(vm->emitter, &job);

	vm->codecache->end_write(vm->host, &vm->code, to->top, job.code_size);
	if (rc < 0)
		return NULL;
	g->refers = c.refers;
	memcpy(soft_region_pinned(g), soft_region_pinned(from), n->pinned * sizeof(struct vr_pinned_reg));
	memcpy(soft_region_points(g), job.points, n->points * sizeof(job.points[0]));
	memcpy(soft_region_relocations(g), job.relocations, n->relocations * sizeof(job.relocations[0]));
	for (uint32_t i = 0; i < n->entries; i++) {
		const struct soft_entry *e = &from->entries[i];

		soft_region_entry(vm, g, i, e->pc - from->va_page, e->host - from->code_offset);
	}
	if (vm->log)
		soft_log_copied(vm, g, pc);
	soft_segment_add(vm, g, exits);
	v->n.copies++;
	v->n.copied_insns += n->insns;
	v->n.copied_bytes += g->code_size;
	v->n.copy_ns += vm->timer->now(vm->host) - started;
	return g;
}
