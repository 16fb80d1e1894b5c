/* SPDX-License-Identifier: MIT */
/* crc.c: CRC-32 (polynomial 0x04c11db7, reflected), a byte at a time through a table. */
#include "bench.h"

#define LENGTH (1u << 20)

static uint32_t table[256];

static uint32_t __attribute__((noinline)) crc(uint32_t c, const uint8_t *p, uint64_t n)
{
	while (n--)
		c = table[(c ^ *p++) & 255] ^ c >> 8;
	return c;
}

uint64_t bench_crc(uint64_t n)
{
	uint8_t *p = bench_memory(LENGTH);
	uint64_t x = 1;
	uint32_t c = UINT32_MAX;

	for (uint32_t i = 0; i < 256; i++) {
		uint32_t v = i;

		for (int k = 0; k < 8; k++)
			v = v >> 1 ^ (0xedb88320u & -(v & 1));
		table[i] = v;
	}
	for (uint32_t i = 0; i < LENGTH; i++)
		p[i] = (uint8_t)bench_random(&x);
	bench_start();
	while (n--)
		c = crc(c, p, LENGTH);
	bench_stop();
	return c;
}
