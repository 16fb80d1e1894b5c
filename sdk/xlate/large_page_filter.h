/* SPDX-License-Identifier: MIT */
/*
 * large_page_filter.h: which mappings larger than a page a guest's tables ever gave, so that a flush of one
 * address drops the whole mapping it lies in, while flushes of plain pages stay cheap.
 *
 * The engine's TLB holds pages of 4 KiB, so a large mapping is in it in pieces, and an instruction that
 * flushes "the translation of this address" means all pieces. What is kept is a filter of (address / size,
 * size) that forgets nothing: what it says too much costs time only. Each virtual machine has one.
 *
 * One hart walks the tables while another changes a descriptor and flushes. Either the flush finds the bit
 * that the walk has set, or the descriptor was changed before the bit was there: then xlate_large_page_note() was
 * the first to say so, and the walk that called it begins again (both orders are sequentially consistent). So
 * no piece of what is gone stays.
 */
#ifndef VR_XLATE_LARGE_PAGE_FILTER_H
#define VR_XLATE_LARGE_PAGE_FILTER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LARGE_PAGE_BITS 65536u

struct large_page_filter {
	uint32_t filter[LARGE_PAGE_BITS / 32];
	uint64_t sizes; /* bit n: 2^n bytes */
};

/* A walk found a mapping of 2^log2 bytes at va. 1: it was not known before; walk again. [any] */
uint32_t xlate_large_page_note(struct large_page_filter *l, uint64_t va, uint32_t log2);

/* The bytes to flush for `va`: the largest mapping that may be there, at least 2^least. [any] */
void xlate_large_page_range(const struct large_page_filter *l, uint64_t va, uint32_t least, uint64_t *first,
			    uint64_t *length);

#ifdef __cplusplus
}
#endif

#endif
