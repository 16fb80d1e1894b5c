/* SPDX-License-Identifier: MIT */
/* Errors, the log, numbers and sizes, JSON. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/host.h>

#include "support.h"
#include "common/arch.h"
#include "common/error.h"
#include "common/text.h"
#include "util/json.h"
#include "util/log.h"

Test(error, first_wins_until_read)
{
	vr_error_clear();
	cr_expect_eq(vr_error_set(VR_E_IO, "first %d", 1), VR_E_IO);
	cr_expect_eq(vr_error_set(VR_E_NOMEM, "second"), VR_E_NOMEM);
	cr_expect_str_eq(vr_error_text(VR_E_IO), "first 1");
	cr_expect_str_eq(vr_error_text(VR_E_IO), "first 1", "reading twice is allowed");
	vr_error_set(VR_E_NOMEM, "third");
	cr_expect_str_eq(vr_error_text(VR_E_NOMEM), "third");
}

Test(error, general_texts)
{
	vr_error_clear();
	cr_expect_str_eq(vr_error_text(VR_E_NOENT), "not found");
	cr_expect_str_eq(vr_error_text(0), "no error");
	cr_expect_str_eq(vr_error_text(-999), "unknown error");
	cr_expect_str_eq(vr_error_name(VR_E_NOENT), "VR_E_NOENT");
	cr_expect_str_eq(vr_error_name(-999), "VR_E_?");
	vr_error_set(VR_E_IO, "old");
	(void)vr_error_text(VR_E_IO);
	cr_expect_str_eq(vr_error_text(VR_E_NOENT), "not found",
			 "a text that was read is not another error's");
}

Test(error, context)
{
	vr_error_clear();
	vr_error_set(VR_E_IO, "bad");
	vr_error_context(VR_E_IO, "file %s", "x");
	vr_error_context(VR_E_IO, "outer");
	cr_expect_str_eq(vr_error_text(VR_E_IO), "outer: file x: bad");
	vr_error_clear();
	vr_error_context(VR_E_NOENT, "thing");
	cr_expect_str_eq(vr_error_text(VR_E_NOENT), "thing: not found");
	vr_error_context(VR_E_NOENT, "%s", vr_error_text(VR_E_NOENT));
	cr_expect_str_eq(vr_error_text(VR_E_NOENT), "thing: not found: thing: not found",
			 "arguments may be the old text");
}

Test(error, one_line_and_bounded)
{
	char big[5000];

	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	vr_error_clear();
	vr_error_set(VR_E_IO, "a\nb\r%s", big);
	vr_error_context(VR_E_IO, "%s", big);
	cr_expect_lt(strlen(vr_error_text(VR_E_IO)), 1024);
	vr_error_clear();
	vr_error_set(VR_E_IO, "a\nb\r");
	cr_expect_str_eq(vr_error_text(VR_E_IO), "a b ");
}

Test(log, levels, .init = cr_redirect_stderr)
{
	log_print(VR_LOG_INFO, "hidden");
	log_print(VR_LOG_WARN, "shown %d", 1);
	log_set_level(VR_LOG_DEBUG);
	log_print(VR_LOG_INFO, "i");
	log_print(VR_LOG_DEBUG, "d");
	log_print(99, "beyond");
	log_set_level(VR_LOG_ERROR);
	log_print(VR_LOG_WARN, "hidden");
	log_print(VR_LOG_ERROR, "e");
	cr_assert_stderr_eq_str("vmrun: warning: shown 1\nvmrun: i\nvmrun: debug: d\nvmrun: error: e\n");
}

Test(log, raw_terminal, .init = cr_redirect_stderr)
{
	log_set_raw(1);
	log_print(VR_LOG_WARN, "a\nb");
	log_set_raw(0);
	log_print(VR_LOG_WARN, "c");
	cr_assert_stderr_eq_str("\rvmrun: warning: a\r\nb\r\nvmrun: warning: c\n");
}

Test(log, no_escape_sequences, .init = cr_redirect_stderr)
{
	log_print(VR_LOG_WARN, "a\x1b[31m\x7f\tb");
	cr_assert_stderr_eq_str("vmrun: warning: a?[31m?\tb\n");
}

Test(text, numbers)
{
	static const char *const wrong[] = {"", " 1", "1 ", "+1", "-1", "0x", "0xg", "1a", "١"};
	uint64_t v = 7;
	int64_t s;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(vr_text_u64(wrong[i], &v), VR_E_INVAL, "'%s'", wrong[i]);
	cr_expect_eq(v, 7, "untouched");
	cr_expect_eq(vr_text_u64("18446744073709551616", &v), VR_E_RANGE);
	cr_expect_eq(vr_text_u64("0x10000000000000000", &v), VR_E_RANGE);
	cr_expect_eq(vr_text_u64("18446744073709551615", &v), VR_OK);
	cr_expect_eq(v, UINT64_MAX);
	cr_expect_eq(vr_text_u64("010", &v), VR_OK);
	cr_expect_eq(v, 10, "no octal");
	cr_expect_eq(vr_text_u64("0xFf", &v), VR_OK);
	cr_expect_eq(v, 255);
	cr_expect_eq(vr_text_i64("-5", &s), VR_OK);
	cr_expect_eq(s, -5);
	cr_expect_eq(vr_text_i64("9223372036854775808", &s), VR_E_RANGE);
	cr_expect_eq(vr_text_i64("-", &s), VR_E_INVAL);
	cr_expect_eq(vr_text_i64("--1", &s), VR_E_INVAL);
}

Test(text, sizes)
{
	static const struct {
		const char *text;
		uint64_t value;
	} right[] = {{"0", 0},           {"4096", 4096},       {"1k", 1024},       {"512M", 512ull << 20},
		     {"2G", 2ull << 30}, {"2GiB", 2ull << 30}, {"1T", 1ull << 40}, {"0x10K", 16384}};
	static const char *const wrong[] = {"", "M", "1X", "1MB", "1Mi", "1 M", "-1M", "1.5G", "1iB", "1GG"};
	uint64_t v;

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		cr_expect_eq(vr_text_size(right[i].text, &v), VR_OK, "%s", right[i].text);
		cr_expect_eq(v, right[i].value, "%s", right[i].text);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(vr_text_size(wrong[i], &v), VR_E_INVAL, "'%s'", wrong[i]);
	cr_expect_eq(vr_text_size("16777216T", &v), VR_E_RANGE);
}

Test(text, nearest)
{
	static const char *const words[] = {"memory", "kernel", "smp"};

	cr_expect_str_eq(vr_text_nearest("memry", words, 3), "memory");
	cr_expect_str_eq(vr_text_nearest("kernle", words, 3), "kernel");
	cr_expect_null(vr_text_nearest("banana", words, 3));
	cr_expect_null(vr_text_nearest("", words, 3));
	cr_expect_null(vr_text_nearest("a-very-long-word-that-is-longer-than-any-of-them", words, 3));
}

Test(text, split)
{
	char **list;

	cr_assert_eq(vr_text_split("a,b=1,,2,,,c,", ',', &list), VR_OK);
	cr_expect_str_eq(list[0], "a");
	cr_expect_str_eq(list[1], "b=1,2,");
	cr_expect_str_eq(list[2], "c");
	cr_expect_str_eq(list[3], "");
	cr_expect_null(list[4]);
	vr_text_list_free(list);
	cr_assert_eq(vr_text_split("", ',', &list), VR_OK);
	cr_expect_str_eq(list[0], "");
	cr_expect_null(list[1]);
	vr_text_list_free(list);
}

Test(arch, names)
{
	cr_expect_str_eq(vr_arch_canonical("aarch64"), "arm64");
	cr_expect_str_eq(vr_arch_canonical("arm64"), "arm64");
	cr_expect_str_eq(vr_arch_canonical("amd64"), "x86_64");
	cr_expect_str_eq(vr_arch_canonical("some-new-one"), "some-new-one");
	cr_expect_not_null(strchr(vr_arch_platform(), '-'));
}

Test(json, shape)
{
	char *text = NULL, *list[] = {(char[]){"p"}, (char[]){"q"}, NULL};
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	struct json j;

	json_start(&j, f);
	json_object(&j, NULL);
	json_string(&j, "s", "a\"\\\n\x01\xff\xc3\xa4\xed\xa0\x80");
	json_string(&j, "none", NULL);
	json_number(&j, "n", UINT64_MAX);
	json_signed(&j, "i", -1);
	json_real(&j, "r", 0.5);
	json_real(&j, "inf", 1e308 * 10);
	json_bool(&j, "b", true);
	json_list(&j, "l", list);
	json_array(&j, "empty");
	json_end_array(&j);
	json_end_object(&j);
	cr_expect_eq(json_finish(&j), VR_OK);
	fclose(f);
	cr_expect_str_eq(text,
			 "{\n  \"s\": \"a\\\"\\\\\\n\\u0001\\ufffd\xc3\xa4\\ufffd\\ufffd\\ufffd\",\n"
			 "  \"none\": null,\n  \"n\": 18446744073709551615,\n  \"i\": -1,\n  \"r\": 0.5,\n"
			 "  \"inf\": null,\n  \"b\": true,\n  \"l\": [\n    \"p\",\n    \"q\"\n  ],\n"
			 "  \"empty\": []\n}\n");
	free(text);
}
