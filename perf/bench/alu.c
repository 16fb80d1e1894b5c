/* SPDX-License-Identifier: MIT */
/* alu.c: dependent adds, shifts, logic, a multiplication and a comparison; nothing touches memory. */
#include "bench.h"

uint64_t bench_alu(uint64_t n)
{
	uint64_t a = n ^ 0x243f6a8885a308d3u, b = 1;

	bench_start();
	for (uint64_t i = 0; i < n; i++) {
		a += b ^ (a >> 7);
		b = (b << 3) - b + i;
		a ^= b & 0xff00ff;
		if ((int64_t)a < (int64_t)b)
			b -= 5;
	}
	bench_stop();
	return bench_sum(a, b);
}
