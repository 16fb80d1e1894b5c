/* SPDX-License-Identifier: MIT */
/*
 * entries.c: the table of entries into translated code, by guest virtual pc, physical page and mode.
 *
 * Look-ups take no lock inside generated code, or in what that calls. Entries are only added, complete, at
 * the front of a chain. An entry that was taken out still leads to the rest of its chain, and its memory
 * stays until the exclusive section in which its part of the cache is evicted; no look-up overlaps that. Changes are made
 * under code_lock. The table grows in an exclusive section, too.
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

void soft_entry_add(struct soft_vm *vm, struct soft_entry *e)
{
	struct soft_entry **to = table_chain(vm, e->pc, e->region->page, &e->region->mode);
	const uint32_t bit = soft_place_bit(e->pc & ~SOFT_PAGE_MASK);
	_Atomic uint64_t *word = &e->region->page->entry_filter[bit / 64];

	e->hash_next = *to;
	__atomic_store_n(to, e, __ATOMIC_RELEASE);
	atomic_store_explicit(word,
			      atomic_load_explicit(word, memory_order_relaxed) | UINT64_C(1) << bit % 64,
			      memory_order_relaxed);
	vm->entry_count++;
}

void soft_entry_remove(struct soft_vm *vm, struct soft_entry *e)
{
	struct soft_entry **p = table_chain(vm, e->pc, e->region->page, &e->region->mode);

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
	const uint32_t bit = soft_place_bit(pc & ~SOFT_PAGE_MASK);

	if (!(atomic_load_explicit(&page->entry_filter[bit / 64], memory_order_relaxed) >> bit % 64 & 1))
		return NULL;
	struct soft_entry *e = __atomic_load_n(table_chain(vm, pc, page, mode), __ATOMIC_ACQUIRE);

	for (; e; e = __atomic_load_n(&e->hash_next, __ATOMIC_ACQUIRE))
		if (e->pc == pc && e->region->page == page && soft_mode_same(&e->region->mode, mode))
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
	vm->table_mask = CHAINS_MIN - 1;
	return vm->table != NULL;
}

void soft_entries_fini(struct soft_vm *vm)
{
	free(vm->table);
}

void soft_entries_clear(struct soft_vm *vm)
{
	memset(vm->table, 0, ((size_t)vm->table_mask + 1) * sizeof(*vm->table));
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
	struct soft_entry **old = vm->table;
	const uint32_t old_chains = vm->table_mask + 1, chains = old_chains * 4;

	vm->table = calloc(chains, sizeof(*vm->table));
	if (!vm->table) {
		/* Long chains are slow, but right. */
		vm->table = old;
		vm->table_stays = true;
		return true;
	}
	vm->table_mask = chains - 1;
	for (uint32_t i = 0; i < old_chains; i++)
		for (struct soft_entry *e = old[i], *next; e; e = next) {
			struct soft_entry **to = table_chain(vm, e->pc, e->region->page, &e->region->mode);

			next = e->hash_next;
			e->hash_next = *to;
			*to = e;
		}
	free(old);
	return true;
}
