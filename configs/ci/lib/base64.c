/* SPDX-License-Identifier: MIT */
#include "codec.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(char *text, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (; n > 0; n -= n < 3 ? n : 3, p += 3) {
		uint32_t three =
			(uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);
		*text++ = digits[three >> 18];
		*text++ = digits[three >> 12 & 63];
		*text++ = n > 1 ? digits[three >> 6 & 63] : '=';
		*text++ = n > 2 ? digits[three & 63] : '=';
	}
	*text = 0;
}

/* A digit's value; -1: it is none. */
static int value_of(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

ptrdiff_t base64_decode(void *bytes, const char *text)
{
	uint8_t *to = bytes;

	while (*text) {
		uint32_t bits = 0;
		int pad = 0;
		for (int i = 0; i < 4; i++) {
			int v = value_of(text[i]);
			if (v < 0) {
				if (text[i] != '=' || i < 2 || (i == 2 && text[3] != '=') || text[4])
					return -1;
				pad++;
				v = 0;
			}
			bits = bits << 6 | (uint32_t)v;
		}
		/* What no byte takes must be zero, or two texts would mean the same. */
		if (bits & ((1u << 8 * pad) - 1))
			return -1;
		for (int i = 0; i < 3 - pad; i++)
			*to++ = (uint8_t)(bits >> (16 - 8 * i));
		text += 4;
	}
	return to - (uint8_t *)bytes;
}
