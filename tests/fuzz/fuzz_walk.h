/* SPDX-License-Identifier: MIT */
/*
 * fuzz_walk.h: tables for a walk, the guest's RAM full of them. Most entries point to another page of these, so
 * that a walk goes on to its last level whatever index it takes; the others are any bits. What the input wants
 * set or cleared in all of them is.
 */
#ifndef VR_TEST_FUZZ_WALK_H
#define VR_TEST_FUZZ_WALK_H

#include <stdint.h>

#define WALK_PAGES 16u
#define WALK_WORDS (WALK_PAGES * 512u)

struct walk_tables {
	uint64_t seed, set, clear;
};

static inline uint64_t walk_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s * 0x2545f4914f6cdd1dull;
}

/* field: the bits of an entry that are an address; pointer(n): these bits for the n-th page. */
static inline void walk_fill(uint64_t *words, const struct walk_tables *t, uint64_t field,
			     uint64_t (*pointer)(uint64_t page))
{
	uint64_t s = t->seed | 1;

	for (uint32_t i = 0; i < WALK_WORDS; i++) {
		uint64_t entry = walk_random(&s);

		if (entry >> 61)
			entry = (entry & ~field) | pointer(walk_random(&s) >> 32 & (WALK_PAGES - 1));
		words[i] = (entry & ~(t->clear & ~field)) | (t->set & ~field);
	}
}

#endif
