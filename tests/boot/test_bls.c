/* SPDX-License-Identifier: MIT */
/* Boot Loader Specification entries: their syntax, their order, and the order of versions. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>
#include "boot/bls.h"
#include "common/error.h"

static int32_t parse(const char *file, const char *text, struct bls_entry *e)
{
	return bls_parse("d.img: entry", file, text, strlen(text), e);
}

static void fails(const char *text, size_t n, const char *message)
{
	struct bls_entry e;
	int32_t r = bls_parse("d.img: entry", "a.conf", text, n, &e);

	cr_assert_eq(r, VR_E_IMAGE, "%s", vr_error_name(r));
	cr_assert(strstr(vr_error_text(r), message), "\"%s\" lacks \"%s\"", vr_error_text(r), message);
	vr_error_clear();
}

Test(bls, all_keys)
{
	struct bls_entry e;

	cr_assert_eq(
		parse("debian.conf",
		      "# a comment\n\n  title\tA system  \r\nversion 6.1\nmachine-id abc\nsort-key debian\n"
		      "linux /k\ninitrd /i1\ninitrd   /i2\noptions root=/dev/vda2 ro\noptions quiet\n"
		      "architecture aa64\ndevicetree /x\nx-own thing\noptions\nlast-line-without-newline 1",
		      &e),
		VR_OK);
	cr_assert_str_eq(e.id, "debian");
	cr_assert_str_eq(e.title, "A system");
	cr_assert_str_eq(e.version, "6.1");
	cr_assert_str_eq(e.machine_id, "abc");
	cr_assert_str_eq(e.sort_key, "debian");
	cr_assert_str_eq(e.linux_path, "/k");
	cr_assert_eq(e.initrd_count, 2);
	cr_assert_str_eq(e.initrd[0], "/i1");
	cr_assert_str_eq(e.initrd[1], "/i2");
	cr_assert_str_eq(e.options, "root=/dev/vda2 ro quiet");
	cr_assert_str_eq(e.architecture, "aa64");
	bls_free(&e);
}

Test(bls, empty_file)
{
	struct bls_entry e;

	cr_assert_eq(parse("a.conf", "", &e), VR_OK);
	cr_assert_null(e.linux_path);
	cr_assert_str_eq(e.options, "");
	bls_free(&e);
}

Test(bls, mistakes_name_the_line)
{
	static char many[BLS_FILE_MAX + 2];

	fails("title x\nlinux /a\nlinux /b\n", 26, "entry:3: a second \"linux\"");
	fails("linux\n", 6, "entry:1: \"linux\" has no path");
	fails("title a\n initrd \n", 17, "entry:2: \"initrd\" has no path");
	fails("title a\nlinux /a\0b\n", 19, "entry:2: column 9 holds the byte 0x00");
	fails("title \x1b[31mred\n", 15, "entry:1: column 7 holds the byte 0x1b");
	memset(many, 'x', sizeof(many));
	fails(many, sizeof(many), "are too many for an entry");
	memset(many, '\n', sizeof(many));
	strcpy(many, "options ");
	memset(many + 8, 'a', 40000);
	fails(many, 50000, "entry:1: options are longer");
	many[0] = 0;
	for (int i = 0; i <= BLS_INITRDS; i++)
		strcat(many, "initrd /i\n");
	fails(many, strlen(many), "entry:17: more than 16 initrd");
}

Test(bls, counters_of_boots)
{
	static const struct {
		const char *file, *id;
		bool gone;
	} cases[] = {
		{"a+3.conf", "a", false},     {"a+3-1.conf", "a", false}, {"a+0-3.conf", "a", true},
		{"a+0.conf", "a", true},      {"a+.conf", "a+", false},   {"a+x.conf", "a+x", false},
		{"a+3-.conf", "a+3-", false}, {"+3.conf", "+3", false},   {"a+1+2.conf", "a+1", false},
		{"conf", "conf", false},      {"a+00-0.conf", "a", true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bls_entry e;
		cr_assert_eq(parse(cases[i].file, "", &e), VR_OK);
		cr_assert_str_eq(e.id, cases[i].id);
		cr_assert_eq(e.tries_gone, cases[i].gone, "%s", cases[i].file);
		bls_free(&e);
	}
}

Test(bls, versions)
{
	/* Each is older than the next. */
	static const char *const rising[] = {
		"~",      "~1",    "",      "-1",  "^1",      ".1",       "A",
		"a",      "ab",    "1~rc1", "1",   "1-1",     "1-2",      "1^1",
		"1.0",    "1.0.1", "1.a",   "1.1", "1.2",     "1.9",      "1.10",
		"1.010a", "1.10b", "1a",    "2",   "6.1.0-9", "6.1.0-10", "6.1.0-50-arm64",
		"6.10",   "10"};
	size_t n = sizeof(rising) / sizeof(rising[0]);

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			int r = bls_version_compare(rising[i], rising[k]);
			cr_assert_eq((r > 0) - (r < 0), (i > k) - (i < k), "%s and %s: %d", rising[i],
				     rising[k], r);
		}
	}
	cr_assert_eq(bls_version_compare("1.02", "1.2"), 0);
	cr_assert_eq(bls_version_compare("1_2", "1 2"), 0);
	cr_assert_eq(bls_version_compare(NULL, ""), 0);
	cr_assert_lt(bls_version_compare(NULL, "1"), 0);
}

Test(bls, order_of_entries)
{
	/* As a menu lists them. */
	static const struct {
		const char *file, *text;
	} list[] = {
		{"z.conf", "sort-key a\nversion 2\n"},
		{"y.conf", "sort-key a\nversion 1\n"},
		{"b.conf", "sort-key a\nmachine-id 1\nversion 10\n"},
		{"c.conf", "sort-key a\nmachine-id 1\nversion 9\n"},
		{"d.conf", "sort-key b\nversion 99\n"},
		{"system-10.conf", "version 1\n"},
		{"system-9.conf", "version 2\n"},
		{"zz+0-3.conf", "sort-key a\nversion 100\n"},
	};
	enum { N = sizeof(list) / sizeof(list[0]) };
	struct bls_entry e[N];

	for (int i = 0; i < N; i++)
		cr_assert_eq(parse(list[i].file, list[i].text, &e[i]), VR_OK);
	for (int i = 0; i < N; i++) {
		for (int k = 0; k < N; k++) {
			int r = bls_compare(&e[i], &e[k]);
			cr_assert_eq((r > 0) - (r < 0), (i > k) - (i < k), "%s and %s", list[i].file,
				     list[k].file);
		}
	}
	for (int i = 0; i < N; i++)
		bls_free(&e[i]);
}
