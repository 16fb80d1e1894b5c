/* SPDX-License-Identifier: MIT */
/*
 * codec.h: the library that the example tests: base64 (RFC 4648), LEB128 numbers, CRC-32C (RFC 3720, B.4).
 *
 * It is what a test on another architecture is for: char is signed on x86 and unsigned on arm64 and riscv64, and numbers are
 * read from bytes of any alignment.
 */
#ifndef CODEC_H
#define CODEC_H
#include <stddef.h>
#include <stdint.h>

/* The length of n bytes as base64, without the NUL. */
#define BASE64_LENGTH(n) (((n) + 2) / 3 * 4)
/* text has room for BASE64_LENGTH(n) + 1. */
void base64_encode(char *text, const void *bytes, size_t n);
/* Returns how many bytes it were, or -1 when the text is none of base64_encode's. bytes has room for 3 in 4 of the text. */
ptrdiff_t base64_decode(void *bytes, const char *text);

/* Signed LEB128: at most 10 bytes. Returns how many. */
size_t leb128_put(uint8_t *to, int64_t value);
/* Returns how many bytes were read, 0 when the number does not end within n of them or does not fit. */
size_t leb128_get(const uint8_t *from, size_t n, int64_t *value);

/* Of the bytes after those whose CRC is crc; 0 at the start. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t n);

#endif
