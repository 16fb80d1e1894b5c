/* SPDX-License-Identifier: MIT */
/*
 * evict.c: making room in the code cache. All of it happens in exclusive sections, when no vCPU is inside generated code.
 *
 * Eviction takes the oldest segment (segments.c). Its regions die: their entries leave the table and links to them are undone.
 * Then nothing of the other segments leads to its memory, but for two things:
 *
 *  - Code holds addresses of entries that it pushes on return-address stacks. A region notes in which other segments those
 *    entries are (soft_region.refers); such regions die with the segment.
 *  - The vCPUs' indirect-branch caches and return-address stacks. Each vCPU drops what points into the segment before it enters
 *    generated code again (soft_mmu_drop_code()).
 *
 * After that the memory is used again.
 */
#include <string.h>

#include "soft.h"

static void forget_dead(struct soft_page *page)
{
	for (struct soft_region **p = &page->regions; *p;)
		if ((*p)->dead)
			*p = (*p)->page_next;
		else
			p = &(*p)->page_next;
	for (struct soft_region **p = &page->tail_regions; *p;)
		if ((*p)->dead)
			*p = (*p)->rare->tail_next;
		else
			p = &(*p)->rare->tail_next;
}

/*
 * The regions of segment k, and those of others that refer to it. A page of a library that each process has at another address
 * has a region for each of them, so its lists are long: they are gone through once for all that die.
 */
static void evict(struct soft_vm *vm, struct soft_vcpu *v, uint32_t k)
{
	const uint64_t bit = UINT64_C(1) << k;

	for (uint32_t i = 0; i < vm->segment_count; i++)
		for (struct soft_region *g = vm->segments[i].all; g; g = g->segment_next) {
			if (i != k && (g->dead || !(g->refers & bit)))
				continue;
			if (!g->dead) {
				soft_region_kill(vm, g);
				v->n.evicted++;
			}
			/* One that was dead may still be in the lists. */
			g->page->has_dead = 1;
			if (g->rare && g->rare->tail_page)
				g->rare->tail_page->has_dead = 1;
		}
	for (struct soft_page *p = vm->pages_all; p; p = p->all_next)
		if (p->has_dead) {
			p->has_dead = 0;
			forget_dead(p);
		}
	soft_segment_clear(&vm->segments[k]);
}

static uint64_t address_of(const struct soft_vm *vm, uint64_t offset)
{
	return (uint64_t)(uintptr_t)vm->code.execute + offset;
}

void soft_cache_make_room(struct soft_vcpu *v)
{
	struct soft_vm *vm = v->vm;

	pthread_mutex_lock(&vm->code_lock);
	if (soft_entries_grow(vm))
		goto out;
	uint32_t next = (vm->segment + 1) % vm->segment_count;
	const struct soft_segment *s = &vm->segments[next];

	if (s->all) {
		evict(vm, v, next);
		soft_mappings_sweep(vm);
		v->n.evictions++;
		vm->evicted_first = address_of(vm, s->start);
		vm->evicted_end = address_of(vm, s->end);
		atomic_fetch_add(&vm->evictions, 1);
	} else if (vm->mapping_count * sizeof(struct soft_mapping) * 2 > vm->meta_limit) {
		soft_mappings_sweep(vm);
	}
	vm->segment = next;
out:
	pthread_mutex_unlock(&vm->code_lock);
}

void soft_cache_reset(struct soft_vm *vm)
{
	pthread_mutex_lock(&vm->code_lock);
	soft_entries_clear(vm);
	for (uint32_t i = 0; i < vm->segment_count; i++)
		soft_segment_clear(&vm->segments[i]);
	vm->segment = 0;
	for (struct soft_page *p = vm->pages_all; p; p = p->all_next) {
		p->regions = p->tail_regions = NULL;
		soft_entries_none(p);
		atomic_store(&p->write_protected, 0);
	}
	soft_mappings_forget(vm);
	/* Every vCPU clears its MMU contexts when it next enters. */
	atomic_fetch_add(&vm->epoch, 1);
	pthread_mutex_unlock(&vm->code_lock);
}
