/* SPDX-License-Identifier: MIT */
/*
 * bench.h: what the rows share. A row is a function of its own file and a line of rows.def; it prepares,
 * calls bench_start(), works, calls bench_stop() and gives a checksum of the answer, which is the same on
 * every machine.
 */
#ifndef PERF_BENCH_H
#define PERF_BENCH_H

#include <stdint.h>

#define ROW(name, amount, checksum) uint64_t bench_##name(uint64_t n);
#include "rows.def"
#undef ROW

void bench_start(void);
void bench_stop(void);
void *bench_memory(uint64_t bytes); /* zeroed and touched; ends the program when there is none */
void bench_fail(const char *what);

/* An xorshift is as random as these rows need, and the same everywhere. */
static inline uint64_t bench_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static inline uint64_t bench_sum(uint64_t sum, uint64_t value)
{
	return (sum ^ value) * 0x9e3779b97f4a7c15u;
}

#endif
