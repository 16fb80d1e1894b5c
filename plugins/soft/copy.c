/* SPDX-License-Identifier: MIT */
/*
 * copy.c: a region once more, for its page at another linear address.
 *
 * Translated code holds linear addresses (of calls' return addresses, of what the guest computes from its pc), and so belongs to one.
 * But the same page is often needed at others: each process under address-space randomisation has the C library somewhere else, and
 * a program that runs twice is twice at different addresses. Then the code that was made first, the origin (entries.c), is copied,
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

/* What relates to the code's place only is the same for the copy. */
static bool copy_notes(struct soft_vm *vm, const struct soft_region *from, struct soft_region *g)
{
	struct soft_arena *meta = soft_segment(vm)->meta;

	g->pinned = soft_arena_alloc(meta, from->pinned_count * sizeof(*g->pinned));
	g->points = soft_arena_alloc(meta, from->point_count * sizeof(*g->points));
	g->relocations = soft_arena_alloc(meta, from->relocation_count * sizeof(*g->relocations));
	if (!g->pinned || !g->points || !g->relocations || !soft_region_entries(vm, g))
		return false;
	memcpy(g->pinned, from->pinned, from->pinned_count * sizeof(*g->pinned));
	memcpy(g->points, from->points, from->point_count * sizeof(*g->points));
	memcpy(g->relocations, from->relocations, from->relocation_count * sizeof(*g->relocations));
	return true;
}

struct soft_region *soft_copy(struct soft_vm *vm, struct soft_vcpu *v, const struct soft_itlb_entry *page,
			      uint64_t pc, const struct soft_mode *mode, bool quick)
{
	const uint64_t place = pc - page->va_page, code = (uint64_t)(uintptr_t)vm->code.execute;
	struct soft_segment *to = soft_segment(vm);
	struct vr_exit_site exits[SOFT_REGION_EXITS];

	if (page->checked || !soft_page_may_have_entry(page->page, place))
		return NULL;
	const struct soft_entry *origin = soft_origin_find(vm, place, page->page, mode);

	if (!origin || (origin->region->quick && !quick))
		return NULL;
	const uint64_t started = vm->timer->now(vm->host);
	const struct soft_region *from = origin->region;
	struct soft_region *g = soft_arena_alloc(to->meta, sizeof(*g));

	if (!g || to->end - to->top < from->code_size || !soft_segment_reserve(vm, from->exit_count))
		return NULL;
	*g = (struct soft_region){
		.page = page->page,
		.va_page = page->va_page,
		.mode = *mode,
		.code_offset = to->top,
		.code_size = from->code_size,
		.pinned_count = from->pinned_count,
		.point_count = from->point_count,
		.entry_count = from->entry_count,
		.exit_count = from->exit_count,
		.relocation_count = from->relocation_count,
		.quick = from->quick,
		.insns = from->insns,
	};
	if (!copy_notes(vm, from, g))
		return NULL;
	soft_segment_commit(vm, from->code_size);
	for (uint32_t i = 0; i < from->exit_count; i++)
		exits[i] = soft_exit_of(vm, from->exit_first + i)->site;

	struct copy c = {.vm = vm, .page = page, .mode = mode};
	const struct vr_relocate_job job = {
		.size = sizeof(job),
		.code_size = from->code_size,
		.from = vm->code.write + from->code_offset,
		.from_execute = code + from->code_offset,
		.from_pc_base = from->va_page,
		.exits = exits,
		.exit_count = from->exit_count,
		.relocation_count = from->relocation_count,
		.relocations = from->relocations,
		.write = vm->code.write + to->top,
		.execute = code + to->top,
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
	for (uint32_t i = 0; i < from->entry_count; i++) {
		const struct soft_entry *e = &from->entries[i];

		soft_region_entry(vm, g, i, e->pc - from->va_page, (uint32_t)(e->host - job.from_execute));
	}
	if (vm->log)
		soft_log_copied(vm, g, pc);
	soft_segment_add(vm, g, exits);
	v->n.copies++;
	v->n.copied_insns += g->insns;
	v->n.copied_bytes += g->code_size;
	v->n.copy_ns += vm->timer->now(vm->host) - started;
	return g;
}
