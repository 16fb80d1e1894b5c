/* SPDX-License-Identifier: MIT */
/* neon_float.c: four floats at a time, products and sums that stay within bounds. */
#include <string.h>

#include "bench.h"

typedef float f32x4 __attribute__((vector_size(16)));

#define COUNT 1024u

uint64_t bench_neon_float(uint64_t n)
{
	f32x4 *p = bench_memory(COUNT * sizeof(*p));
	f32x4 a = {1, 2, 3, 4}, b = {0.5f, 0.25f, 0.125f, 1}, c = {0}, d = {0};
	uint64_t x = 23, sum = 0;
	uint32_t bits[4];

	for (uint32_t i = 0; i < COUNT; i++)
		for (int k = 0; k < 4; k++)
			p[i][k] = (float)(bench_random(&x) >> 40) * 0x1p-24f - 0.5f;
	bench_start();
	for (uint64_t i = 0; i < n; i++) {
		f32x4 v = p[i % COUNT];

		a = a * 0.75f + v;
		b = b * v + a;
		c = (c - b) * 0.5f;
		d = d * 0.875f + c * v;
	}
	bench_stop();
	a += b + c + d;
	memcpy(bits, &a, sizeof(bits));
	for (int k = 0; k < 4; k++)
		sum = bench_sum(sum, bits[k]);
	return sum;
}
