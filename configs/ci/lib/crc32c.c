/* SPDX-License-Identifier: MIT */
#include "codec.h"

#include <string.h>

/* The polynomial 0x1edc6f41, its bits in reverse order. */
#define POLYNOMIAL 0x82f63b78u

static uint32_t step(uint32_t crc)
{
	return crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
}

uint32_t crc32c(uint32_t crc, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	crc = ~crc;
	for (; n >= 4; n -= 4, p += 4) {
		uint32_t word;
		memcpy(&word, p, 4); /* it has any alignment */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		word = __builtin_bswap32(word);
#endif
		crc ^= word;
		for (int i = 0; i < 32; i++)
			crc = step(crc);
	}
	for (; n > 0; n--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = step(crc);
	}
	return ~crc;
}
