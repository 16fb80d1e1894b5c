/* SPDX-License-Identifier: MIT */
/*
 * segments.c: the code cache's memory: host code, and what the engine notes about it.
 *
 * The cache is a ring of up to SOFT_SEGMENTS segments of equal size. New code goes into the current one. A segment owns
 * everything that lives as long as its code: the code memory, an arena for regions, entries and fault points, and the
 * numbers of exits. When the current segment is full, the next one becomes current; it holds the oldest code, which is
 * evicted first (evict.c). So room is made a part at a time, and the newest code, 31 parts of 32, stays.
 *
 * The address space is reserved for the largest cache; memory is committed as code comes to it, many pages at a time, since a page
 * fault for each costs as much as translating a few instructions. How much of it
 * is used depends on the guest's RAM (soft_segments_start()), which is known when the first vCPU runs.
 *
 * An exit's number, which generated code holds, is its segment's number and an index.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "soft.h"

#define EXIT_BITS 24   /* of an exit's number: the index */
#define REGION_BITS 26 /* likewise */
#define SEGMENT_MIN (1u << 20)
#define EXITS_FIRST 1024u
#define REGIONS_FIRST 256u

_Static_assert(SOFT_SEGMENTS <= 1u << (32 - EXIT_BITS) && SOFT_SEGMENTS <= 1u << (32 - REGION_BITS),
	       "numbers are 32 bits");

/* Half the guest's RAM, within limits: a guest that only runs what it has in RAM fits. */
#define CACHE_MIN (256u << 20)

static uint64_t ram_bytes(const struct soft_vm *vm)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < SOFT_MAX_MEMSLOTS; i++)
		if (vm->memslots[i].used && !(vm->memslots[i].flags & VR_MEM_READONLY))
			sum += vm->memslots[i].length;
	return sum;
}

int32_t soft_segments_start(struct soft_vm *vm)
{
	uint64_t limit = vm->cache_limit;

	if (vm->segment_count)
		return VR_OK;
	if (!limit) {
		limit = ram_bytes(vm) / 2;
		limit = limit < CACHE_MIN ? CACHE_MIN : limit;
		limit = limit > SOFT_CACHE_MAX ? SOFT_CACHE_MAX : limit;
	}
	if (vm->emit && limit > vm->code.length)
		limit = vm->code.length;
	uint64_t bytes = limit / SOFT_SEGMENTS;

	bytes = (bytes < SEGMENT_MIN ? SEGMENT_MIN : bytes) & SOFT_PAGE_MASK;
	uint32_t n = (uint32_t)(limit / bytes);

	n = n < 1 ? 1 : n > SOFT_SEGMENTS ? SOFT_SEGMENTS : n;
	for (uint32_t i = 0; i < n; i++) {
		struct soft_segment *s = &vm->segments[i];

		if (!s->meta)
			s->meta = soft_arena_new();
		if (!s->meta)
			return VR_E_NOMEM;
		if (!vm->emit)
			continue;
		s->start = i ? i * bytes : vm->thunks_end;
		s->end = (i + 1) * bytes < vm->code.length ? (i + 1) * bytes : vm->code.length;
		s->top = s->committed = s->start;
	}
	vm->segment_bytes = bytes;
	vm->meta_limit = vm->meta_limit ? vm->meta_limit : limit;
	vm->segment_count = n;
	return VR_OK;
}

void soft_segments_fini(struct soft_vm *vm)
{
	for (uint32_t i = 0; i < SOFT_SEGMENTS; i++) {
		struct soft_segment *s = &vm->segments[i];

		free(s->regions);
		free(s->exits);
		soft_arena_free(s->meta);
	}
}

static uint64_t arrays_bytes(const struct soft_segment *s)
{
	return s->exit_count * sizeof(*s->exits) + s->region_count * sizeof(*s->regions);
}

#define COMMIT_BYTES (256u << 10)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* madvise(2), Linux 5.14 */
#endif

void soft_segment_commit(struct soft_vm *vm, uint32_t code_bytes)
{
	struct soft_segment *s = &vm->segments[vm->segment];

	if (!vm->emit || s->top + code_bytes <= s->committed)
		return;
	uint64_t from = (s->committed > s->top ? s->committed : s->top) & SOFT_PAGE_MASK;
	uint64_t to = from + COMMIT_BYTES < s->end ? from + COMMIT_BYTES : s->end;

	/* A refusal only costs time: pages are then made one by one, when they are written. */
	madvise(vm->code.write + from, to - from, MADV_POPULATE_WRITE);
	s->committed = to;
}

bool soft_segment_full(const struct soft_vm *vm, uint32_t code_bytes)
{
	const struct soft_segment *s = &vm->segments[vm->segment];

	return (vm->emit && s->end - s->top < code_bytes) ||
	       s->exit_count + SOFT_REGION_EXITS >= 1u << EXIT_BITS ||
	       s->region_count + 1 >= 1u << REGION_BITS ||
	       soft_arena_used(s->meta) + arrays_bytes(s) >= vm->meta_limit / vm->segment_count;
}

bool soft_segment_reserve(struct soft_vm *vm, uint32_t exits)
{
	struct soft_segment *s = &vm->segments[vm->segment];

	if (s->region_count == s->region_capacity) {
		uint32_t n = s->region_capacity ? s->region_capacity * 2 : REGIONS_FIRST;
		struct soft_region **p = realloc(s->regions, n * sizeof(struct soft_region *));

		if (!p)
			return false;
		s->regions = p;
		s->region_capacity = n;
	}
	if (s->exit_count + exits > s->exit_capacity) {
		uint32_t n = s->exit_capacity ? s->exit_capacity * 2 : EXITS_FIRST;
		struct soft_exit *p = realloc(s->exits, n * sizeof(*p));

		if (!p)
			return false;
		s->exits = p;
		s->exit_capacity = n;
	}
	return true;
}

uint32_t soft_segment_exit_base(const struct soft_vm *vm)
{
	return vm->segment << EXIT_BITS | vm->segments[vm->segment].exit_count;
}

void soft_segment_add(struct soft_vm *vm, struct soft_region *g, const struct vr_exit_site *sites)
{
	struct soft_segment *s = &vm->segments[vm->segment];

	g->segment = (uint8_t)vm->segment;
	g->segment_next = s->all;
	s->all = g;
	if (g->ir)
		return;
	g->exit_first = soft_segment_exit_base(vm);
	for (uint32_t i = 0; i < g->count.exits; i++)
		s->exits[s->exit_count++] = (struct soft_exit){
			.region = vm->segment << REGION_BITS | s->region_count, .site = sites[i]};
	s->regions[s->region_count++] = g;
	s->top = ((uint64_t)g->code_offset + g->code_size + 63) & ~(uint64_t)63;
	if (s->top > s->end)
		s->top = s->end;
	uint64_t used = soft_segments_code(vm);

	if (used > vm->code_peak)
		vm->code_peak = used;
}

struct soft_exit *soft_exit_of(struct soft_vm *vm, uint64_t number)
{
	return &vm->segments[number >> EXIT_BITS].exits[number & ((1u << EXIT_BITS) - 1)];
}

struct soft_region *soft_region_numbered(const struct soft_vm *vm, uint32_t number)
{
	return vm->segments[number >> REGION_BITS].regions[number & ((1u << REGION_BITS) - 1)];
}

struct soft_region *soft_region_at(const struct soft_vm *vm, uint64_t offset)
{
	uint64_t i = offset / vm->segment_bytes;
	const struct soft_segment *s = &vm->segments[i < vm->segment_count ? i : vm->segment_count - 1];
	uint32_t low = 0, high = s->region_count;

	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;

		if (s->regions[middle]->code_offset <= offset)
			low = middle;
		else
			high = middle;
	}
	return s->regions[low];
}

void soft_segment_clear(struct soft_segment *s)
{
	s->all = NULL;
	s->region_count = s->exit_count = 0;
	s->top = s->start;
	soft_arena_reset(s->meta);
}

uint64_t soft_segments_code(const struct soft_vm *vm)
{
	uint64_t sum = vm->thunks_end;

	for (uint32_t i = 0; i < vm->segment_count; i++)
		sum += vm->segments[i].top - vm->segments[i].start;
	return sum;
}

uint64_t soft_segments_meta(const struct soft_vm *vm)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < vm->segment_count; i++)
		sum += soft_arena_used(vm->segments[i].meta) + arrays_bytes(&vm->segments[i]);
	return sum;
}
