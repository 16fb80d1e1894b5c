/* SPDX-License-Identifier: MIT */
/* ram.c: guest-physical RAM and the descriptors of pages that hold translated code. */
#include <stdlib.h>
#include <sys/mman.h>

#include "soft.h"

static struct soft_memslot *memslot_of(struct soft_vm *vm, uint64_t pa, uint64_t length)
{
	for (uint32_t i = 0; i < SOFT_MAX_MEMSLOTS; i++) {
		struct soft_memslot *s = &vm->memslots[i];

		if (s->used && pa >= s->gpa && pa - s->gpa < s->length && length <= s->length - (pa - s->gpa))
			return s;
	}
	return NULL;
}

uint8_t *soft_ram(struct soft_vm *vm, uint64_t pa, uint64_t length)
{
	const struct soft_memslot *s = memslot_of(vm, pa, length);

	return s ? s->host + (pa - s->gpa) : NULL;
}

int32_t soft_memslot_init(struct soft_memslot *s, uint64_t gpa, uint64_t length, void *host, uint32_t flags)
{
	uint64_t pages = length / SOFT_PAGE;

	s->written = calloc(pages / 64 + 1, sizeof(*s->written));
	s->pages = mmap(NULL, pages * sizeof(struct soft_page *), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!s->written || s->pages == MAP_FAILED) {
		if (s->pages != MAP_FAILED)
			munmap(s->pages, pages * sizeof(struct soft_page *));
		free(s->written);
		return VR_E_NOMEM;
	}
	s->gpa = gpa;
	s->length = length;
	s->host = host;
	s->flags = flags;
	s->used = 1;
	return VR_OK;
}

void soft_memslot_fini(struct soft_memslot *s)
{
	munmap(s->pages, s->length / SOFT_PAGE * sizeof(struct soft_page *));
	free(s->written);
	*s = (struct soft_memslot){0};
}

static _Atomic uint64_t *written_word(struct soft_vm *vm, uint64_t pa, uint64_t *bit)
{
	struct soft_memslot *s = memslot_of(vm, pa & SOFT_PAGE_MASK, SOFT_PAGE);

	if (!s)
		return NULL;
	uint64_t page = (pa - s->gpa) / SOFT_PAGE;

	*bit = UINT64_C(1) << (page & 63);
	return &s->written[page / 64];
}

bool soft_ram_note_written(struct soft_vm *vm, uint64_t pa, bool now)
{
	uint64_t bit;
	_Atomic uint64_t *word = written_word(vm, pa, &bit);

	if (!word)
		return false;
	if (!(atomic_load(word) & bit)) {
		if (!now)
			return false;
		atomic_fetch_or(word, bit);
	}
	return true;
}

bool soft_ram_take_written(struct soft_vm *vm, uint64_t pa)
{
	uint64_t bit;
	_Atomic uint64_t *word = written_word(vm, pa, &bit);

	return word && (atomic_load(word) & bit) && (atomic_fetch_and(word, ~bit) & bit);
}

uint8_t *soft_ram_page(struct soft_vm *vm, uint64_t pa, bool *writable)
{
	const struct soft_memslot *s = memslot_of(vm, pa & SOFT_PAGE_MASK, SOFT_PAGE);

	*writable = s && !(s->flags & VR_MEM_READONLY);
	return s ? s->host + ((pa & SOFT_PAGE_MASK) - s->gpa) : NULL;
}

struct soft_page *soft_page(struct soft_vm *vm, uint64_t pa, bool make)
{
	struct soft_memslot *s = memslot_of(vm, pa & SOFT_PAGE_MASK, SOFT_PAGE);

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
