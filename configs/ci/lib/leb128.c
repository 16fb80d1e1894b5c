/* SPDX-License-Identifier: MIT */
#include "codec.h"

size_t leb128_put(uint8_t *to, int64_t value)
{
	size_t n = 0;

	for (;;) {
		uint8_t low = value & 0x7f;
		value >>= 7;
		/* The last byte's bit 6 is the sign. */
		if ((value == 0 && !(low & 0x40)) || (value == -1 && (low & 0x40))) {
			to[n++] = low;
			return n;
		}
		to[n++] = low | 0x80;
	}
}

size_t leb128_get(const uint8_t *from, size_t n, int64_t *value)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n && i < 10; i++) {
		unsigned shift = (unsigned)i * 7;
		/* Of the tenth byte one bit is left, and the others repeat it. */
		if (shift == 63 && from[i] != 0 && from[i] != 0x7f)
			return 0;
		bits |= (uint64_t)(from[i] & 0x7f) << shift;
		if (!(from[i] & 0x80)) {
			if (shift < 57 && (from[i] & 0x40))
				bits |= ~(uint64_t)0 << (shift + 7);
			*value = (int64_t)bits;
			return i + 1;
		}
	}
	return 0;
}
