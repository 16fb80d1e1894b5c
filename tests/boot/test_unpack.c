/* SPDX-License-Identifier: MIT */
/* Every compressed format, made by its own tool: whole, cut anywhere, damaged, and more than may come out. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmrun/abi.h>
#include "boot/unpack.h"
#include "boot/zboot.h"
#include "image.h"
#include "common/error.h"

#define LIMIT ((size_t)64 << 20)
#define SAMPLE ((size_t)3 << 20)

static const struct tool {
	const char *name, *format, *command, *zboot;
} tools[] = {
	{"gzip", "gzip", "gzip -1", "gzip"},
	{"xz", "xz", "xz -1", "xzkern"},
	{"xz-kernel", "xz", "xz --check=crc32 --lzma2=dict=1MiB", "xzkern"},
	{"lzma", "lzma", "xz --format=lzma -1", "lzma"},
	{"zstd", "zstd", "zstd -q -1", "zstd22"},
	{"zstd-ultra", "zstd", "zstd -q -22 --ultra", "zstd22"},
	{"lz4-frame", "lz4", "lz4 -q -1", "lz4"},
	{"lz4-legacy", "lz4", "lz4 -q -l -1", "lz4"},
	{"bzip2", "bzip2", "bzip2 -1", "bzip2"},
};

#define TOOLS (sizeof(tools) / sizeof(tools[0]))

static char folder[64];

static void make_folder(void)
{
	strcpy(folder, "/tmp/vmrun-test-unpack-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/x", folder);
	unlink(path);
	rmdir(folder);
}

TestSuite(unpack, .init = make_folder, .fini = remove_folder);

/* Compressible, but not to nothing. */
static uint8_t *sample(size_t n)
{
	uint8_t *b = malloc(n + 1);
	uint32_t x = 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 1103515245 + 12345;
		b[i] = (uint8_t)(x >> 16 & (i & 4096 ? 0xff : 0x03));
	}
	return b;
}

/* What the tool makes of n bytes. */
static uint8_t *packed(const struct tool *t, const void *bytes, size_t n, size_t *out)
{
	char path[96], command[256];
	uint8_t *b = malloc(2 * n + 4096);
	FILE *f;

	snprintf(path, sizeof(path), "%s/x", folder);
	f = fopen(path, "wb");
	cr_assert(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
	snprintf(command, sizeof(command), "%s -c <%s", t->command, path);
	f = popen(command, "r");
	cr_assert(f);
	*out = fread(b, 1, 2 * n + 4096, f);
	cr_assert_eq(pclose(f), 0, "%s: the tool fails; it is a package of tools/deps", t->name);
	return b;
}

static int32_t unpacked(const void *data, size_t size, size_t most, void **out, size_t *n)
{
	const struct unpack_limits limits = {.most = most, .may_load = true};
	const struct unpack_format *f = unpack_format_of(data, size);

	*out = NULL;
	vr_error_clear();
	return f ? unpack("k", f, data, size, &limits, out, n) : VR_E_NOENT;
}

static void says(const char *what, int32_t e, int32_t code, const char *text)
{
	cr_assert_eq(e, code, "%s: %s: %s", what, vr_error_name(e), vr_error_text(e));
	cr_assert(strstr(vr_error_text(e), text), "%s: \"%s\" lacks \"%s\"", what, vr_error_text(e), text);
}

Test(unpack, whole_files)
{
	uint8_t *in = sample(SAMPLE);
	size_t size, n;
	void *out;

	for (size_t i = 0; i < TOOLS; i++) {
		uint8_t *z = packed(&tools[i], in, SAMPLE, &size);

		cr_assert_str_eq(unpack_format_name(unpack_format_of(z, size)), tools[i].format);
		cr_assert_eq(unpacked(z, size, LIMIT, &out, &n), VR_OK, "%s: %s", tools[i].name,
			     vr_error_text(VR_E_IMAGE));
		cr_assert(n == SAMPLE && !memcmp(out, in, n), "%s", tools[i].name);
		free(out);
		/* Just as many bytes as may come out, and one more. */
		cr_assert_eq(unpacked(z, size, SAMPLE, &out, &n), VR_OK, "%s", tools[i].name);
		free(out);
		says(tools[i].name, unpacked(z, size, SAMPLE - 1, &out, &n), VR_E_IMAGE,
		     "unpacks to more than");
		free(z);
	}
	free(in);
}

Test(unpack, several_streams_and_padding)
{
	for (size_t i = 0; i < TOOLS; i++) {
		size_t a, b, n;
		uint8_t *x = packed(&tools[i], "hello ", 6, &a), *y = packed(&tools[i], "world", 5, &b);
		uint8_t *all = calloc(1, a + b + 512);
		void *out;

		memcpy(all, x, a);
		memcpy(all + a, y, b);
		cr_assert_eq(unpacked(all, a + b + 512, LIMIT, &out, &n), VR_OK, "%s: %s", tools[i].name,
			     vr_error_text(VR_E_IMAGE));
		cr_assert(n == 11 && !memcmp(out, "hello world", 11), "%s: %zu bytes", tools[i].name, n);
		free(out);
		free(x);
		free(y);
		free(all);
	}
}

Test(unpack, every_truncation_is_an_error)
{
	uint8_t *in = sample(3000);

	for (size_t i = 0; i < TOOLS; i++) {
		size_t size, n;
		uint8_t *z = packed(&tools[i], in, 3000, &size);
		void *out;

		for (size_t cut = 8; cut < size; cut++) {
			/* A copy of that size, so that a sanitizer sees reads past its end. */
			uint8_t *part = malloc(cut);

			memcpy(part, z, cut);
			says(tools[i].name, unpacked(part, cut, LIMIT, &out, &n), VR_E_IMAGE, "k: ");
			cr_assert(strstr(vr_error_text(VR_E_IMAGE), "ends too early"), "%s at %zu: %s",
				  tools[i].name, cut, vr_error_text(VR_E_IMAGE));
			free(part);
		}
		free(z);
	}
	free(in);
}

Test(unpack, damage_never_does_harm)
{
	uint8_t *in = sample(3000);
	size_t told = 0;

	for (size_t i = 0; i < TOOLS; i++) {
		size_t size, n;
		uint8_t *z = packed(&tools[i], in, 3000, &size);
		void *out;

		for (size_t at = 0; at < size; at++) {
			z[at] ^= 0xff;
			/* What no checksum covers may come out otherwise, but is never too long. */
			if (unpacked(z, size, LIMIT, &out, &n) == VR_OK) {
				cr_assert_leq(n, LIMIT);
				free(out);
			} else {
				told++;
			}
			z[at] ^= 0xff;
		}
		free(z);
	}
	cr_assert_gt(told, 1000 * TOOLS);
	free(in);
}

Test(unpack, a_bomb_is_refused_when_it_is_too_large)
{
	uint8_t *in = calloc(1, (size_t)128 << 20);

	for (size_t i = 0; i < TOOLS; i++) {
		size_t size, n;
		uint8_t *z = packed(&tools[i], in, (size_t)128 << 20, &size);
		void *out;

		says(tools[i].name, unpacked(z, size, (size_t)16 << 20, &out, &n), VR_E_IMAGE,
		     "unpacks to more than 16 MiB");
		free(z);
	}
	free(in);
}

Test(unpack, a_window_that_is_too_large)
{
	static const struct tool far[] = {{"xz", "xz", "xz --lzma2=dict=512MiB", ""},
					  {"lzma", "lzma", "xz --format=lzma --lzma1=dict=512MiB", ""},
					  {"zstd", "zstd", "zstd -q --ultra -22 --long=30", ""}};
	/* Not known to zstd beforehand: it would shrink the window. */
	uint8_t *in = calloc(1, (size_t)300 << 20);

	for (size_t i = 0; i < 3; i++) {
		size_t size, n;
		uint8_t *z = packed(&far[i], in, i == 2 ? (size_t)300 << 20 : 4096, &size);
		void *out;

		says(far[i].name, unpacked(z, size, LIMIT, &out, &n), VR_E_UNSUPPORTED, "unpack it first");
		free(z);
	}
	free(in);
}

Test(unpack, zboot_in_each_format)
{
	const struct unpack_limits limits = {.most = LIMIT, .may_load = true};
	uint8_t *in = sample(100000);

	for (size_t i = 0; i < TOOLS; i++) {
		size_t size, n;
		uint8_t *payload = packed(&tools[i], in, 100000, &size);
		uint8_t *z = calloc(1, 0x40 + size + 4);
		void *out;

		memcpy(z, "MZ\0\0zimg", 8);
		put32(z + 8, 0x40);
		/* The kernel's build writes the unpacked size after the payload, and may count it. */
		put32(z + 12, (uint32_t)size + 4);
		memcpy(z + 0x18, tools[i].zboot, strlen(tools[i].zboot));
		memcpy(z + 0x40, payload, size);
		put32(z + 0x40 + size, 100000);
		cr_assert_eq(zboot_unpack("k", z, 0x40 + size + 4, &limits, &out, &n), VR_OK, "%s: %s",
			     tools[i].name, vr_error_text(VR_E_IMAGE));
		cr_assert(n == 100000 && !memcmp(out, in, n), "%s", tools[i].name);
		free(out);
		free(payload);
		free(z);
	}
	free(in);
}

/* A reset opens nothing: a library that was not needed before can't be had. */
Test(unpack, no_library_once_a_guest_has_run)
{
	const struct unpack_limits limits = {.most = LIMIT, .may_load = false};
	size_t size, n;
	uint8_t *z = packed(&tools[1], "kernel", 6, &size);
	void *out;

	says("xz", unpack("k", unpack_format_of(z, size), z, size, &limits, &out, &n), VR_E_STATE,
	     "start it again");
	cr_assert_eq(unpacked(z, size, LIMIT, &out, &n), VR_OK);
	free(out);
	cr_assert_eq(unpack("k", unpack_format_of(z, size), z, size, &limits, &out, &n), VR_OK);
	free(out);
	free(z);
}
