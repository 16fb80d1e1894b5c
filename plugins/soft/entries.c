/* SPDX-License-Identifier: MIT */
/*
 * entries.c: the table of entries into translated code, by guest virtual pc, physical page and mode.
 *
 * Look-ups take no lock inside generated code, or in what that calls. Entries are only added, complete, at
 * the front of a chain. An entry that was taken out still leads to the rest of its chain, and its memory
 * stays until the exclusive section in which its part of the cache is evicted; no look-up overlaps that. Changes are made
 * under code_lock. The table grows in an exclusive section, too.
 *
 * A second table is by place in the physical page, whatever the page's address: it holds, of all entries at the place whose regions
 * can be copied (copy.c), the one that was added last, which is mostly evicted last. It is the place's origin. This table is for the
 * translator, under code_lock.
 *
 * Most look-ups are the translator's, of branch targets that have no entry. So each page has a filter, a bit for each four bytes, which
 * tells most of those without a look at the table.
 */
#include <stdlib.h>
#include <string.h>

#include "soft.h"

#define CHAINS_MIN 16384u
#define CHAINS_MAX (1u << 22)

static uint32_t hash(uint64_t pc, const struct soft_page *page, const struct soft_mode *mode)
{
	uint64_t h = pc * UINT64_C(0x9e3779b97f4a7c15);

	h ^= (page->physical >> 12) * UINT64_C(0xc2b2ae3d27d4eb4f) ^
	     (mode->flags + mode->code.base) * UINT64_C(0x165667b19e3779f9);
	return (uint32_t)(h >> 32);
}

static struct soft_entry **table_chain(struct soft_vm *vm, uint64_t pc, const struct soft_page *page,
				       const struct soft_mode *mode)
{
	return &vm->table[hash(pc, page, mode) & vm->table_mask];
}

static struct soft_entry **chain_of(struct soft_vm *vm, const struct soft_entry *e)
{
	const struct soft_mode mode = soft_region_mode(e->region);

	return table_chain(vm, e->pc, e->region->page, &mode);
}

void soft_entry_add(struct soft_vm *vm, struct soft_entry *e)
{
	struct soft_entry **to = chain_of(vm, e);
	const uint32_t bit = soft_place_bit(e->pc & ~SOFT_PAGE_MASK);
	_Atomic uint64_t *word = &e->region->page->entry_filter[bit / 64];

	e->hash_next = *to;
	__atomic_store_n(to, e, __ATOMIC_RELEASE);
	atomic_store_explicit(word,
			      atomic_load_explicit(word, memory_order_relaxed) | UINT64_C(1) << bit % 64,
			      memory_order_relaxed);
	vm->entry_count++;
}

static uint64_t place_of(const struct soft_entry *e)
{
	return e->pc & ~SOFT_PAGE_MASK;
}

static struct soft_entry **origins_chain(const struct soft_vm *vm, uint64_t place,
					 const struct soft_page *page, const struct soft_mode *mode)
{
	return &vm->origins[hash(place, page, mode) & vm->table_mask];
}

struct soft_entry *soft_origin_find(const struct soft_vm *vm, uint64_t place, const struct soft_page *page,
				    const struct soft_mode *mode)
{
	struct soft_entry *e = *origins_chain(vm, place, page, mode);

	while (e &&
	       !(place_of(e) == place && e->region->page == page && soft_region_in_mode(e->region, mode)))
		e = e->origin_next;
	return e;
}

static struct soft_entry **origins_chain_of(const struct soft_vm *vm, const struct soft_entry *e)
{
	const struct soft_mode mode = soft_region_mode(e->region);

	return origins_chain(vm, place_of(e), e->region->page, &mode);
}

static void origin_remove(struct soft_vm *vm, struct soft_entry *e)
{
	struct soft_entry **p = origins_chain_of(vm, e);

	while (*p != e)
		p = &(*p)->origin_next;
	*p = e->origin_next;
	e->origin = 0;
}

void soft_origin_set(struct soft_vm *vm, struct soft_entry *e)
{
	const struct soft_mode mode = soft_region_mode(e->region);
	struct soft_entry *old = soft_origin_find(vm, place_of(e), e->region->page, &mode);
	struct soft_entry **to = origins_chain_of(vm, e);

	if (old)
		origin_remove(vm, old);
	e->origin_next = *to;
	*to = e;
	e->origin = 1;
}

void soft_entry_remove(struct soft_vm *vm, struct soft_entry *e)
{
	struct soft_entry **p = chain_of(vm, e);

	if (e->origin)
		origin_remove(vm, e);

	for (; *p; p = &(*p)->hash_next)
		if (*p == e) {
			__atomic_store_n(p, e->hash_next, __ATOMIC_RELEASE);
			vm->entry_count--;
			return;
		}
}

struct soft_entry *soft_entry_find(struct soft_vm *vm, uint64_t pc, const struct soft_page *page,
				   const struct soft_mode *mode)
{
	if (!soft_page_may_have_entry(page, pc & ~SOFT_PAGE_MASK))
		return NULL;
	struct soft_entry *e = __atomic_load_n(table_chain(vm, pc, page, mode), __ATOMIC_ACQUIRE);

	for (; e; e = __atomic_load_n(&e->hash_next, __ATOMIC_ACQUIRE))
		if (e->pc == pc && e->region->page == page && soft_region_in_mode(e->region, mode))
			return e;
	return NULL;
}

void soft_entries_none(struct soft_page *page)
{
	for (uint32_t i = 0; i < SOFT_FILTER_WORDS; i++)
		atomic_store_explicit(&page->entry_filter[i], 0, memory_order_relaxed);
}

bool soft_entries_init(struct soft_vm *vm)
{
	vm->table = calloc(CHAINS_MIN, sizeof(*vm->table));
	vm->origins = calloc(CHAINS_MIN, sizeof(*vm->origins));
	vm->table_mask = CHAINS_MIN - 1;
	return vm->table && vm->origins;
}

void soft_entries_fini(struct soft_vm *vm)
{
	free(vm->table);
	free(vm->origins);
}

void soft_entries_clear(struct soft_vm *vm)
{
	memset(vm->table, 0, ((size_t)vm->table_mask + 1) * sizeof(*vm->table));
	memset(vm->origins, 0, ((size_t)vm->table_mask + 1) * sizeof(*vm->origins));
	vm->entry_count = 0;
}

bool soft_entries_crowded(const struct soft_vm *vm)
{
	return vm->entry_count > vm->table_mask && vm->table_mask + 1 < CHAINS_MAX && !vm->table_stays;
}

bool soft_entries_grow(struct soft_vm *vm)
{
	if (!soft_entries_crowded(vm))
		return false;
	struct soft_entry **old = vm->table, **old_origins = vm->origins;
	const uint32_t old_chains = vm->table_mask + 1, chains = old_chains * 4;
	struct soft_entry **table = calloc(chains, sizeof(struct soft_entry *)),
			  **origins = calloc(chains, sizeof(struct soft_entry *));

	if (!table || !origins) {
		/* Long chains are slow, but right. */
		free(table);
		free(origins);
		vm->table_stays = true;
		return true;
	}
	vm->table = table;
	vm->origins = origins;
	vm->table_mask = chains - 1;
	for (uint32_t i = 0; i < old_chains; i++) {
		for (struct soft_entry *e = old[i], *next; e; e = next) {
			struct soft_entry **to = chain_of(vm, e);

			next = e->hash_next;
			e->hash_next = *to;
			*to = e;
		}
		for (struct soft_entry *e = old_origins[i], *next; e; e = next) {
			struct soft_entry **to = origins_chain_of(vm, e);

			next = e->origin_next;
			e->origin_next = *to;
			*to = e;
		}
	}
	free(old);
	free(old_origins);
	return true;
}
