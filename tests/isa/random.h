/* SPDX-License-Identifier: MIT */
/* random.h: reproducible random numbers. */
#ifndef VR_TESTS_ISA_RANDOM_H
#define VR_TESTS_ISA_RANDOM_H

#include <stdint.h>

/* A Weyl sequence through a mixer: any seed serves. */
static inline uint64_t random_next(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

#endif
