/* SPDX-License-Identifier: MIT */
#include "large_page_filter.h"

static uint32_t bit_of(uint64_t va, uint32_t log2)
{
	uint64_t number = ((va >> log2) + log2) * 0x9e3779b97f4a7c15ull;

	return (uint32_t)(number >> 48) & (LARGE_PAGE_BITS - 1);
}

uint32_t xlate_large_page_note(struct large_page_filter *l, uint64_t va, uint32_t log2)
{
	uint32_t bit = bit_of(va, log2);

	if (__atomic_load_n(&l->filter[bit / 32], __ATOMIC_RELAXED) >> (bit % 32) & 1)
		return 0;
	__atomic_fetch_or(&l->sizes, 1ull << log2, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&l->filter[bit / 32], 1u << (bit % 32), __ATOMIC_SEQ_CST);
	return 1;
}

void xlate_large_page_range(const struct large_page_filter *l, uint64_t va, uint32_t least, uint64_t *first,
			    uint64_t *length)
{
	uint32_t log2 = least;

	for (uint64_t left = __atomic_load_n(&l->sizes, __ATOMIC_SEQ_CST); left; left &= left - 1) {
		uint32_t size = (uint32_t)__builtin_ctzll(left), bit = bit_of(va, size);

		if (size > log2 && __atomic_load_n(&l->filter[bit / 32], __ATOMIC_SEQ_CST) >> (bit % 32) & 1)
			log2 = size;
	}
	*length = 1ull << log2;
	*first = va & ~(*length - 1);
}
