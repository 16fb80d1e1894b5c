/* SPDX-License-Identifier: MIT */
/* neon_int.c: vectors of 128 bits, integers of 8, 16 and 32 bits: sums, products, shifts, logic, comparisons.
 */
#include "bench.h"

typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef uint16_t u16x8 __attribute__((vector_size(16)));
typedef uint32_t u32x4 __attribute__((vector_size(16)));
typedef int32_t i32x4 __attribute__((vector_size(16)));

#define COUNT 1024u

uint64_t bench_neon_int(uint64_t n)
{
	u32x4 *p = bench_memory(COUNT * sizeof(*p));
	u32x4 a = {1, 2, 3, 4}, s = {0};
	u16x8 h = {1, 2, 3, 4, 5, 6, 7, 8};
	u8x16 b = {0};
	uint64_t x = 21;

	for (uint32_t i = 0; i < COUNT; i++)
		p[i] = (u32x4){(uint32_t)bench_random(&x), (uint32_t)x >> 3, (uint32_t)(x >> 32),
			       (uint32_t)(x >> 13)};
	bench_start();
	for (uint64_t i = 0; i < n; i++) {
		u32x4 v = p[i % COUNT];

		a += v ^ (a << 5);
		h = h * (u16x8)v + (u16x8)a;
		b += (u8x16)v ^ (u8x16)(h >> 3);
		s -= (u32x4)((i32x4)a > (i32x4)v);
		s += (u32x4)b & 0x01010101;
	}
	bench_stop();
	a ^= s + (u32x4)h + (u32x4)b;
	return bench_sum(bench_sum(a[0], a[1]), (uint64_t)a[2] << 32 | a[3]);
}
