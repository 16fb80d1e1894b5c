/* SPDX-License-Identifier: MIT */
/* copy.c: 1 MiB copied, by a loop of 64-bit words and by the C library. */
#include <string.h>

#include "bench.h"

#define LENGTH (1u << 20)

/* Not to become a call of memcpy, nor of vector instructions: the Makefile's flags see to it. */
static __attribute__((noipa)) void words(uint64_t *restrict to, const uint64_t *restrict from, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		to[i] = from[i];
}

static __attribute__((noipa)) void library(uint64_t *restrict to, const uint64_t *restrict from, uint64_t n)
{
	memcpy(to, from, n * sizeof(*to));
}

static uint64_t copy(uint64_t n, void (*how)(uint64_t *, const uint64_t *, uint64_t))
{
	const uint64_t count = LENGTH / sizeof(uint64_t);
	/* Not a power of two apart, where the pages of both would share the entries of a small TLB. */
	uint64_t *a = bench_memory(LENGTH), *b = bench_memory(LENGTH + 9 * 4096), x = 5, sum = 0;

	for (uint64_t i = 0; i < count; i++)
		a[i] = bench_random(&x);
	bench_start();
	for (uint64_t i = 0; i < n; i++) {
		how(b, a, count);
		a[i % count] ^= b[(i * 7919) % count];
		how(a, b, count - 1);
	}
	bench_stop();
	for (uint64_t i = 0; i < count; i++)
		sum = bench_sum(sum, a[i] + b[i]);
	return sum;
}

uint64_t bench_copy_loop(uint64_t n)
{
	return copy(n, words);
}

uint64_t bench_copy_libc(uint64_t n)
{
	return copy(n, library);
}
