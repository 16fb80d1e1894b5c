/* SPDX-License-Identifier: MIT */
/* test.c: the library's test. It prints a line for each check in the Test Anything Protocol; exit status 1: one failed. */
#include "codec.h"

#include <stdio.h>
#include <string.h>

static int number, failed;

static void check(const char *name, int good)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++number, name);
	failed |= !good;
}

/* RFC 4648, section 10. */
static const struct {
	const char *bytes, *text;
} pairs[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
};
static const char *const no_base64[] = {
	"Z", "Zg", "Zg=", "Zg=x", "Zh==", "Z===", "====", "Zg==Zg==", "Zm9\xff", "Zm9 "};

static void base64(void)
{
	char text[400];
	uint8_t bytes[256], back[300];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char name[64];
		base64_encode(text, pairs[i].bytes, strlen(pairs[i].bytes));
		snprintf(name, sizeof(name), "base64 of \"%s\"", pairs[i].bytes);
		check(name, !strcmp(text, pairs[i].text));
	}
	int refused = 1;
	for (size_t i = 0; i < sizeof(no_base64) / sizeof(no_base64[0]); i++)
		refused &= base64_decode(back, no_base64[i]) == -1;
	check("base64: what is none is refused", refused);
	for (int i = 0; i < 256; i++)
		bytes[i] = (uint8_t)i;
	int same = 1;
	for (size_t n = 0; n <= 256; n++) {
		base64_encode(text, bytes, n);
		same &= strlen(text) == BASE64_LENGTH(n) && base64_decode(back, text) == (ptrdiff_t)n &&
			!memcmp(back, bytes, n);
	}
	check("base64 there and back, each length to 256", same);
}

static void leb128(void)
{
	static const int64_t numbers[] = {0,   1,   -1,   63,        64,        -64,       -65,
					  127, 128, -128, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
	uint8_t bytes[11];
	int64_t back;
	int same = 1;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		size_t n = leb128_put(bytes, numbers[i]);
		same &= n <= 10 && leb128_get(bytes, n, &back) == n && back == numbers[i] &&
			leb128_get(bytes, n - 1, &back) == 0;
	}
	check("LEB128 there and back, and cut short", same);
	/* DWARF 5, figure C.2, and the first number that does not fit. */
	check("LEB128 of -129", leb128_put(bytes, -129) == 2 && bytes[0] == 0xff && bytes[1] == 0x7e);
	memset(bytes, 0x80, 9);
	bytes[9] = 1;
	check("LEB128: 2^63 does not fit", leb128_get(bytes, 10, &back) == 0);
}

static void crc(void)
{
	uint8_t room[40 + 8];
	int same = 1;

	/* RFC 3720, B.4: 32 bytes of zeros, of ones, and counting up. */
	for (int at = 0; at < 8; at++) {
		uint8_t *p = room + at;
		memset(p, 0, 32);
		same &= crc32c(0, p, 32) == 0x8a9136aa;
		memset(p, 0xff, 32);
		same &= crc32c(0, p, 32) == 0x62a8ab43;
		for (int i = 0; i < 32; i++)
			p[i] = (uint8_t)i;
		same &= crc32c(0, p, 32) == 0x46dd794e;
		for (size_t n = 0; n <= 32; n++)
			same &= crc32c(crc32c(0, p, n), p + n, 32 - n) == 0x46dd794e;
	}
	check("CRC-32C at each alignment, and in two parts", same);
	check("CRC-32C of \"123456789\"", crc32c(0, "123456789", 9) == 0xe3069283);
}

int main(void)
{
	base64();
	leb128();
	crc();
	printf("1..%d\n", number);
	return fflush(stdout) || ferror(stdout) ? 2 : failed;
}
