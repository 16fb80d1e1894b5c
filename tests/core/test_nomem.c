/* SPDX-License-Identifier: MIT */
/*
 * Every allocation fails once: the n-th one, for each n, until the work is done without reaching it. The
 * result is VR_E_NOMEM, nothing crashes and, in the build with sanitizers, nothing leaks. The linker routes
 * the core's calls here
 * (--wrap); those inside other libraries are left alone.
 */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmrun/abi.h>

#include "cli/options.h"
#include "common/manifest.h"
#include "plugin/registry.h"
#include "support.h"
#include "common/error.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
int __real_vasprintf(char **out, const char *format, va_list ap);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
int __wrap_vasprintf(char **out, const char *format, va_list ap);
/* What _FORTIFY_SOURCE makes of it. */
int __wrap___vasprintf_chk(char **out, int flag, const char *format, va_list ap);

static long live;           /* allocations that were not freed */
static long countdown = -1; /* < 0: nothing fails */
static int failed;

static int fails(void)
{
	if (countdown < 0 || countdown-- != 0)
		return 0;
	failed = 1;
	return 1;
}

static void *had(void *p)
{
	live += p != NULL;
	return p;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : had(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : had(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t n)
{
	if (fails())
		return NULL;
	return p ? __real_realloc(p, n) : had(__real_malloc(n));
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : had(__real_strdup(s));
}

char *__wrap_strndup(const char *s, size_t n)
{
	return fails() ? NULL : had(__real_strndup(s, n));
}

int __wrap_vasprintf(char **out, const char *format, va_list ap)
{
	int n = fails() ? -1 : __real_vasprintf(out, format, ap);

	live += n >= 0;
	return n;
}

int __wrap___vasprintf_chk(char **out, int flag, const char *format, va_list ap)
{
	(void)flag;
	return __wrap_vasprintf(out, format, ap);
}

void __wrap_free(void *p)
{
	live -= p != NULL;
	__real_free(p);
}

/* Does the work with the n-th allocation failing, for all n. */
static void each(int32_t (*work)(void))
{
	int32_t rc;
	long n = 0, before;

	do {
		vr_error_clear();
		failed = 0;
		countdown = n++;
		before = live;
		rc = work();
		countdown = -1;
		cr_expect_eq(live, before, "allocation %ld fails: %ld are lost", n, live - before);
		if (failed) {
			cr_expect_eq(rc, VR_E_NOMEM, "allocation %ld: %s: %s", n, vr_error_name(rc),
				     vr_error_text(rc));
			(void)vr_error_text(rc);
		}
	} while (failed && n < 10000);
	cr_expect_eq(rc, VR_OK, "%s", vr_error_text(rc));
	cr_expect_gt(n, 5);
}

static const char *text;
static char *folder;

static int32_t parse_manifest(void)
{
	struct vr_manifest *m;
	int32_t rc = vr_manifest_parse("m.yaml", text, strlen(text), &m);

	vr_manifest_free(m);
	return rc;
}

Test(nomem, manifest)
{
	text = "manifest: 1\nid: b\nversion: 1.0.0\nsummary: s\nclass: board\nlibrary: {linux-x86_64: b.so}\n"
	       "abi: {major: 1, minor: 0}\nprovides: [vmrun.board/1]\nrequires: [vmrun.log/1]\nguest: "
	       "[arm64]\n"
	       "options: [{name: a, type: int, default: 1, help: h}]\nimages: [{offset: 0, bytes: 00}]\n";
	each(parse_manifest);
}

static int32_t scan(void)
{
	struct registry *r = registry_new();
	int32_t code = r ? registry_scan(r, folder) : VR_E_NOMEM;
	struct loaded_plugin *p = code == VR_OK ? registry_by_id(r, "t") : NULL;

	if (p)
		code = registry_option(r, p, "a", "2");
	if (p && code == VR_OK)
		code = registry_start(r, p);
	registry_free(r);
	return code;
}

Test(nomem, registry)
{
	folder = test_folder();
	test_file(folder, "bad.yaml", "manifest: 2\n");
	test_file(folder, "t.yaml", test_manifest("options", "options: [{name: a, type: int, help: h}]"));
	cr_assert_eq(symlink(test_built("faulty/good.so"), test_path(folder, "t.so")), 0);
	each(scan);
	test_remove(folder);
}

static int32_t command_line(void)
{
	char *argv[] = {(char[]){"vmrun"},       (char[]){"-p"},
			(char[]){"soft,a=b,c"},  (char[]){"--disk"},
			(char[]){"d,ro"},        (char[]){"-c"},
			(char *)(uintptr_t)text, (char[]){"--append"},
			(char[]){"x"},           NULL};
	struct cli c;
	int32_t rc = cli_parse(9, argv, &c);

	cli_free(&c);
	return rc;
}

Test(nomem, command_line)
{
	folder = test_folder();
	text = test_file(folder, "m.yaml",
			 "arch: arm64\naccel: a\nkernel: k\ninitrd: i\nimage: g\ndisks: [{path: b}]\n"
			 "plugins: {soft: {a: b}}\n");
	each(command_line);
	test_remove(folder);
}
