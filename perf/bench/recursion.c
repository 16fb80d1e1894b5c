/* SPDX-License-Identifier: MIT */
/* recursion.c: Fibonacci's numbers, the slow way: calls and returns, little else. */
#include "bench.h"

/* Or the compiler inlines it into itself several times over and turns half of the calls into loops. */
static __attribute__((noipa, optimize("no-optimize-sibling-calls"))) uint64_t fib(uint64_t n);

static uint64_t (*volatile self)(uint64_t) = fib;

static uint64_t fib(uint64_t n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

uint64_t bench_recursion(uint64_t n)
{
	uint64_t x;

	bench_start();
	x = self(n);
	bench_stop();
	return x;
}
