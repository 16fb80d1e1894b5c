/* SPDX-License-Identifier: MIT */
/* random_access.c: reads and writes all over 64 MB: every TLB, the guest's and the engine's, misses. */
#include "bench.h"

#define COUNT (1u << 23) /* of 8 bytes */

uint64_t bench_random_access(uint64_t n)
{
	uint64_t *a = bench_memory(COUNT * sizeof(*a)), x = 9, sum = 0;

	for (uint64_t i = 0; i < COUNT; i++)
		a[i] = i;
	bench_start();
	for (uint64_t i = 0; i < n; i++) {
		uint64_t *p = &a[bench_random(&x) >> 41];

		sum += *p;
		*p = sum ^ i;
	}
	bench_stop();
	return sum;
}
