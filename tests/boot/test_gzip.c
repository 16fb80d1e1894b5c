/* SPDX-License-Identifier: MIT */
/* gzip files and the kernel's EFI zboot containers, whole and damaged. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>
#include "boot/unpack.h"
#include "boot/zboot.h"
#include "image.h"
#include "common/error.h"

#define LIMIT ((size_t)64 << 20)

static int32_t gunzip(const char *name, const void *data, size_t size, size_t most, void **out, size_t *n)
{
	const struct unpack_limits limits = {.most = most, .may_load = true};

	return unpack(name, unpack_format_called("gzip"), data, size, &limits, out, n);
}

static int32_t unzboot(const void *data, size_t size, void **out, size_t *n)
{
	const struct unpack_limits limits = {.most = LIMIT, .may_load = true};

	return zboot_unpack("k", data, size, &limits, out, n);
}

static uint8_t *sample(size_t n)
{
	uint8_t *b = malloc(n);
	uint32_t x = 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 1103515245 + 12345;
		b[i] = (uint8_t)(x >> 16 & (i & 4096 ? 0xff : 0x03));
	}
	return b;
}

static void says(int32_t e, int32_t code, const char *text)
{
	cr_assert_eq(e, code, "%s: %s", vr_error_name(e), vr_error_text(e));
	cr_assert(strstr(vr_error_text(e), text), "\"%s\" lacks \"%s\"", vr_error_text(e), text);
	vr_error_clear();
}

Test(gzip, round_trip_of_several_sizes)
{
	static const size_t sizes[] = {0, 1, 1000, 1 << 20, (1 << 20) + 1, 5000000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *in = sample(sizes[i] + 1);
		size_t packed, n;
		uint8_t *gz = gzip_of(in, sizes[i], &packed);
		void *out;
		cr_assert_eq(gunzip("a.gz", gz, packed, LIMIT, &out, &n), VR_OK);
		cr_assert_eq(n, sizes[i]);
		cr_assert(!memcmp(out, in, n));
		free(out);
		free(gz);
		free(in);
	}
}

Test(gzip, several_members_and_padding)
{
	size_t n, m;
	uint8_t *a = gzip_of("hello ", 6, &n), *b = gzip_of("world", 5, &m), *all = calloc(1, n + m + 512);
	void *out;

	memcpy(all, a, n);
	memcpy(all + n, b, m);
	cr_assert_eq(gunzip("a.gz", all, n + m + 512, LIMIT, &out, &n), VR_OK);
	cr_assert_eq(n, 11);
	cr_assert(!memcmp(out, "hello world", 11));
	free(out);
	free(a);
	free(b);
	free(all);
}

Test(gzip, every_truncation_is_an_error)
{
	size_t packed, n;
	uint8_t *in = sample(3000), *gz = gzip_of(in, 3000, &packed);
	void *out;

	for (size_t cut = 0; cut < packed; cut++) {
		/* A copy of that size, so that a sanitizer sees reads past its end. */
		uint8_t *part = malloc(cut + 1);
		memcpy(part, gz, cut);
		uint8_t *exact = realloc(part, cut ? cut : 1);
		int32_t e = gunzip("a.gz", exact, cut, LIMIT, &out, &n);
		says(e, VR_E_IMAGE, "a.gz: gzip data ends too early");
		cr_assert_null(out);
		free(exact);
	}
	free(gz);
	free(in);
}

Test(gzip, damage_is_found)
{
	size_t packed, n;
	uint8_t *in = sample(3000), *gz = gzip_of(in, 3000, &packed);
	void *out;

	/* From the compressed data on (the header's time and system mean nothing); the trailer is CRC and
	 * length. */
	for (size_t at = 10; at < packed; at++) {
		gz[at] ^= 0x10;
		int32_t e = gunzip("a.gz", gz, packed, LIMIT, &out, &n);
		if (e)
			cr_assert(!strncmp(vr_error_text(e), "a.gz: gzip data", 15), "%s", vr_error_text(e));
		else /* padding between the last block and the trailer */
			cr_assert(n == 3000 && !memcmp(out, in, n), "byte %zu", at);
		vr_error_clear();
		free(out);
		gz[at] ^= 0x10;
	}
	free(gz);
	free(in);
}

Test(gzip, limit)
{
	size_t packed, n;
	uint8_t *in = calloc(1, 8 << 20), *gz = gzip_of(in, 8 << 20, &packed);
	void *out;

	says(gunzip("a.gz", gz, packed, 4 << 20, &out, &n), VR_E_IMAGE, "more than 4 MiB");
	cr_assert_eq(gunzip("a.gz", gz, packed, (8 << 20) + 1, &out, &n), VR_OK);
	free(out);
	free(gz);
	free(in);
}

/* ---- EFI zboot ---- */

static uint8_t *zboot_of(const char *method, const void *data, size_t n, size_t *size)
{
	size_t packed;
	uint8_t *gz = gzip_of(data, n, &packed), *z = calloc(1, 0x200 + packed + 64);

	memcpy(z, "MZ\0\0zimg", 8);
	put32(z + 8, 0x200);
	put32(z + 12, (uint32_t)packed);
	strcpy((char *)z + 0x18, method);
	memcpy(z + 0x200, gz, packed);
	*size = 0x200 + packed + 64;
	free(gz);
	return z;
}

Test(zboot, unpacks)
{
	size_t size, n;
	uint8_t *z = zboot_of("gzip", "kernel", 6, &size);
	void *out;

	cr_assert(zboot_is(z, size));
	cr_assert_eq(unzboot(z, size, &out, &n), VR_OK);
	cr_assert_eq(n, 6);
	cr_assert(!memcmp(out, "kernel", 6));
	free(out);
	free(z);
}

Test(zboot, is_not)
{
	cr_assert_not(zboot_is("MZ\0\0zim", 7));
	cr_assert_not(zboot_is("MZ\0\0zimh", 8));
	cr_assert_not(zboot_is("NZ\0\0zimg", 8));
	cr_assert_not(zboot_is("", 0));
}

Test(zboot, bad_headers)
{
	size_t size, n;
	uint8_t *z = zboot_of("gzip", "kernel", 6, &size);
	void *out;

	says(unzboot(z, 0x37, &out, &n), VR_E_IMAGE, "header is cut off at byte 55");
	put32(z + 8, 0x10);
	says(unzboot(z, size, &out, &n), VR_E_IMAGE, "offset 16");
	put32(z + 8, (uint32_t)size + 1);
	says(unzboot(z, size, &out, &n), VR_E_IMAGE, "outside the file");
	put32(z + 8, 0x200);
	put32(z + 12, 0xffffffff);
	says(unzboot(z, size, &out, &n), VR_E_IMAGE, "size 4294967295");
	put32(z + 12, 20);
	says(unzboot(z, size, &out, &n), VR_E_IMAGE, "ends too early");
	put32(z + 12, 2);
	says(unzboot(z, size, &out, &n), VR_E_IMAGE, "is not the gzip data");
	free(z);
}

Test(zboot, other_compressions_are_named)
{
	size_t size, n;
	uint8_t *z = zboot_of("paq8", "kernel", 6, &size);
	void *out;

	says(unzboot(z, size, &out, &n), VR_E_UNSUPPORTED, "\"paq8\"");
	memset(z + 0x18, 0x1b, 0x20); /* not terminated, not printable */
	says(unzboot(z, size, &out, &n), VR_E_UNSUPPORTED, "\"????");
	free(z);
}
