/* SPDX-License-Identifier: MIT */
/* short.h: what happened on the host of fake_isa_short.c. */
#ifndef TESTS_SOFT_SHORT_H
#define TESTS_SOFT_SHORT_H

#include <stdint.h>

struct short_counts {
	uint32_t direct, veneers; /* links so made */
	uint32_t kills;
	uint32_t
		stale; /* how often the instruction cache was found to hold code that is no longer in memory */
	uint32_t hide; /* set by a test: changes are kept from the engine, and the cache may be found stale */
};
extern struct short_counts short_counts;

#endif
