/* SPDX-License-Identifier: MIT */
/* indirect.c: calls through a table of functions, the next one chosen by the last answer. */
#include "bench.h"

#define F __attribute__((noinline)) static uint64_t

F f0(uint64_t x)
{
	return x + 0x9e3779b97f4a7c15u;
}
F f1(uint64_t x)
{
	return x ^ x >> 29;
}
F f2(uint64_t x)
{
	return x << 7 | x >> 57;
}
F f3(uint64_t x)
{
	return x * 5 + 1;
}
F f4(uint64_t x)
{
	return ~x;
}
F f5(uint64_t x)
{
	return x - (x << 11);
}
F f6(uint64_t x)
{
	return x ^ 0xb5026f5aa96619e9u;
}
F f7(uint64_t x)
{
	return x + (x >> 3);
}

static uint64_t (*const volatile table[8])(uint64_t) = {f0, f1, f2, f3, f4, f5, f6, f7};

uint64_t bench_indirect(uint64_t n)
{
	uint64_t x = 3;

	bench_start();
	for (uint64_t i = 0; i < n; i++)
		x = table[(i ^ (x >> 60 & 1)) & 7](x);
	bench_stop();
	return x;
}
