/* SPDX-License-Identifier: MIT */
/* ram.c: guest-physical RAM and the descriptors of pages that hold translated code. */
#include "soft.h"

static struct soft_slot *slot_of(struct soft_vm *vm, uint64_t pa, uint64_t length)
{
	for (uint32_t i = 0; i < SOFT_MAX_SLOTS; i++) {
		struct soft_slot *s = &vm->slots[i];

		if (s->used && pa >= s->gpa && pa - s->gpa < s->length && length <= s->length - (pa - s->gpa))
			return s;
	}
	return NULL;
}

uint8_t *soft_ram(struct soft_vm *vm, uint64_t pa, uint64_t length)
{
	const struct soft_slot *s = slot_of(vm, pa, length);

	return s ? s->host + (pa - s->gpa) : NULL;
}

uint8_t *soft_ram_page(struct soft_vm *vm, uint64_t pa, bool *writable)
{
	const struct soft_slot *s = slot_of(vm, pa & SOFT_PAGE_MASK, SOFT_PAGE);

	*writable = s && !(s->flags & VR_MEM_READONLY);
	return s ? s->host + ((pa & SOFT_PAGE_MASK) - s->gpa) : NULL;
}

struct soft_page *soft_page(struct soft_vm *vm, uint64_t pa, bool make)
{
	struct soft_slot *s = slot_of(vm, pa & SOFT_PAGE_MASK, SOFT_PAGE);

	if (!s)
		return NULL;
	struct soft_page **p = &s->pages[(pa - s->gpa) / SOFT_PAGE];
	struct soft_page *page = __atomic_load_n(p, __ATOMIC_ACQUIRE);

	if (!page && make) {
		page = soft_arena_alloc(vm->pages_arena, sizeof(*page));
		if (!page)
			return NULL;
		page->physical = pa & SOFT_PAGE_MASK;
		page->all_next = vm->pages_all;
		vm->pages_all = page;
		__atomic_store_n(p, page, __ATOMIC_RELEASE);
	}
	return page;
}
