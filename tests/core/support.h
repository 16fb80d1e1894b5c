/* SPDX-License-Identifier: MIT */
/* support.h: files and folders for the tests of core. */
#ifndef VR_TESTS_CORE_SUPPORT_H
#define VR_TESTS_CORE_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

/* A fresh folder where tmp.h says, removed with all it holds by test_remove(). */
char *test_folder(void);
void test_remove(char *folder);
/* folder/name with this text; returns the path in a buffer that four calls share in turn. */
const char *test_file(const char *folder, const char *name, const char *text)
	__attribute__((returns_nonnull));
const char *test_path(const char *folder, const char *name) __attribute__((returns_nonnull));
/* A file of the build tree, seen from the test program: "faulty/good.so", "../bin/vmrun". */
const char *test_built(const char *rest);

/* A right manifest, with the line that begins with `key` replaced by `line` (NULL: removed), or with `line`
 * added when no line begins so. */
const char *test_manifest(const char *key, const char *line);

/* The noted error begins with / is exactly this. */
void test_expect_error(int32_t code, int32_t expected_code, const char *expected_text);

#endif
