/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/arch.h"
#include "common/error.h"
#include "../tmp.h"

char *test_folder(void)
{
	char name[PATH_MAX], *folder = strdup(tmp_template(name, "vmrun-test"));

	cr_assert_not_null(folder);
	cr_assert_not_null(mkdtemp(folder));
	return folder;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void test_remove(char *folder)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(folder);
}

const char *test_path(const char *folder, const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	cr_assert_lt(snprintf(path, PATH_MAX, "%s/%s", folder, name), PATH_MAX);
	return path;
}

const char *test_file(const char *folder, const char *name, const char *text)
{
	const char *path = test_path(folder, name);
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f, "%s", path);
	fputs(text, f);
	cr_assert_eq(fclose(f), 0);
	return path;
}

const char *test_built(const char *rest)
{
	char program[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	cr_assert_gt(n, 0);
	program[n] = '\0';
	*strrchr(program, '/') = '\0';
	return test_path(program, rest);
}

const char *test_manifest(const char *key, const char *line)
{
	static char text[70000];
	static const char *const base[] = {
		"manifest: 1",
		"id: t",
		"version: 1.2.3",
		"summary: a test",
		"class: accel",
		"library: {}",
		"abi: {major: 1, minor: 0}",
		"provides: [vmrun.accel/1]",
	};
	char library[128];
	int replaced = 0;

	snprintf(library, sizeof(library), "library: {%s: t.so}", vr_arch_platform());
	text[0] = '\0';
	for (size_t i = 0; i < sizeof(base) / sizeof(base[0]); i++) {
		const char *now = strncmp(base[i], "library", 7) ? base[i] : library;

		if (key && !strncmp(now, key, strlen(key)) && now[strlen(key)] == ':') {
			now = line;
			replaced = 1;
		}
		if (now) {
			strcat(text, now);
			strcat(text, "\n");
		}
	}
	if (line && !replaced) {
		strcat(text, line);
		strcat(text, "\n");
	}
	return text;
}

void test_expect_error(int32_t code, int32_t expected_code, const char *expected_text)
{
	const char *text = vr_error_text(code);

	cr_expect_eq(code, expected_code, "code is %s, expected %s (%s)", vr_error_name(code),
		     vr_error_name(expected_code), text);
	cr_expect_str_eq(text, expected_text, "the text is\n  %s\nexpected\n  %s", text, expected_text);
	vr_error_clear();
}
