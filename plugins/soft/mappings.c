/* SPDX-License-Identifier: MIT */
/*
 * mappings.c: page-mapping ids. Each (virtual page, physical page) pair that code is fetched from has one; see cache.c for what
 * they are compared with. An id is never given to another pair, so a vCPU or a link may hold one that is no longer listed
 * here: what it says stays true, and the pair gets another id when it is next fetched.
 *
 * A guest may map one page everywhere, and each exec under address-space randomisation makes new pairs. So pairs that were
 * not fetched lately are dropped with each eviction of code: soft_mappings_sweep().
 */
#include "soft.h"

uint32_t soft_mapping_id(struct soft_vm *vm, struct soft_page *page, uint64_t va_page)
{
	for (struct soft_mapping *p = page->mappings; p; p = p->next)
		if (p->va_page == va_page) {
			p->used = 1;
			return p->id;
		}
	struct soft_mapping *p = vm->mappings_free;

	if (vm->mapping_last == UINT32_MAX || (vm->mapping_count + 1) * sizeof(*p) > vm->meta_limit)
		return 0;
	if (p)
		vm->mappings_free = p->next;
	else
		p = soft_arena_alloc(vm->mappings_arena, sizeof(*p));
	if (!p)
		return 0;
	p->va_page = va_page;
	p->id = ++vm->mapping_last;
	p->used = 1;
	p->next = page->mappings;
	page->mappings = p;
	vm->mapping_count++;
	return p->id;
}

void soft_mappings_sweep(struct soft_vm *vm)
{
	for (struct soft_page *page = vm->pages_all; page; page = page->all_next) {
		/* Entries of regions that go on here compare the id that they were translated with. */
		if (page->tail_regions)
			continue;
		for (struct soft_mapping **at = &page->mappings; *at;) {
			struct soft_mapping *p = *at;

			if (p->used) {
				p->used = 0;
				at = &p->next;
				continue;
			}
			*at = p->next;
			p->next = vm->mappings_free;
			vm->mappings_free = p;
			vm->mapping_count--;
		}
	}
}

void soft_mappings_forget(struct soft_vm *vm)
{
	for (struct soft_page *page = vm->pages_all; page; page = page->all_next)
		page->mappings = NULL;
	soft_arena_reset(vm->mappings_arena);
	vm->mappings_free = NULL;
	vm->mapping_count = vm->mapping_last = 0;
}
