/* SPDX-License-Identifier: MIT */
/* The strict subset: what it is, and each thing that it leaves out. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>

#include "support.h"
#include "common/error.h"
#include "common/yaml.h"

static struct vr_yaml *good(const char *text)
{
	struct vr_yaml *y = NULL;
	int32_t rc;

	vr_error_clear();
	rc = vr_yaml_parse("f", text, strlen(text), VR_E_CONFIG, &y);
	cr_assert_eq(rc, VR_OK, "%s", vr_error_text(rc));
	return y;
}

static void bad_n(const char *text, size_t n, const char *expected)
{
	struct vr_yaml *y = NULL;

	vr_error_clear();
	test_expect_error(vr_yaml_parse("f", text, n, VR_E_CONFIG, &y), VR_E_CONFIG, expected);
	cr_expect_null(y);
	vr_yaml_free(y);
}

static void bad(const char *text, const char *expected)
{
	bad_n(text, strlen(text), expected);
}

Test(yaml, tree)
{
	struct vr_yaml *y = good("a: 1\nb: [x, \"\"]\nc:\n  d: {e: 'f'}\n");
	const struct vr_yaml_node *n = vr_yaml_get(y->root, "a");

	cr_expect_eq(y->root->kind, VR_YAML_MAP);
	cr_expect_str_eq(n->text, "1");
	cr_expect_eq(n->line, 1);
	cr_expect_eq(n->column, 4);
	n = vr_yaml_get(y->root, "b");
	cr_expect_eq(n->kind, VR_YAML_LIST);
	cr_expect_str_eq(n->first->text, "x");
	cr_expect_not(n->first->quoted);
	cr_expect(n->first->next->quoted);
	cr_expect_null(n->first->next->next);
	n = vr_yaml_get(vr_yaml_get(vr_yaml_get(y->root, "c"), "d"), "e");
	cr_expect_str_eq(n->text, "f");
	cr_expect_eq(n->line, 4);
	cr_expect_eq(n->key_column, 7);
	cr_expect_null(vr_yaml_get(y->root, "z"));
	vr_yaml_free(y);
}

Test(yaml, columns_count_characters)
{
	struct vr_yaml *y = good("a: [\xc3\xa4, b]\n");

	cr_expect_eq(vr_yaml_get(y->root, "a")->first->next->column, 8);
	vr_yaml_free(y);
}

Test(yaml, left_out)
{
	bad("a: &x 1\n", "f:1:4: anchors are not allowed; remove '&x'");
	bad("a: &x [1]\n", "f:1:4: anchors are not allowed; remove '&x'");
	bad("&x a: 1\n", "f:1:1: anchors are not allowed; remove '&x'");
	bad("a: *x\n", "f:1:4: aliases are not allowed; write the value out");
	bad("a: !!int 1\n", "f:1:4: tags are not allowed; remove 'tag:yaml.org,2002:int'");
	bad("a: !x {b: 1}\n", "f:1:4: tags are not allowed; remove '!x'");
	bad("%YAML 1.1\n---\na: 1\n", "f:1:1: directives are not allowed; remove the '%' line");
	bad("a: 1\n---\nb: 1\n", "f:2:1: a second document; one file holds one");
	bad("a: 1\n...\n---\nb: 1\n", "f:3:1: a second document; one file holds one");
	bad("a: 1\nb: 2\na: 3\n", "f:3:1: duplicate key 'a', first given at line 1; remove one");
	bad("x: {b: 1, b: 2}\n", "f:1:11: duplicate key 'b', first given at line 1; remove one");
	bad("? [a]\n: 1\n", "f:1:3: a key must be a plain word, not a map or a list");
	bad("? {a: 1}\n: 1\n", "f:1:3: a key must be a plain word, not a map or a list");
	bad("\"\": 1\n", "f:1:1: an empty key");
	bad("a: \"x\\0y\"\n", "f:1:4: a NUL character in a value; remove it");
}

Test(yaml, limits)
{
	static char text[VR_YAML_SIZE_MAX + 2];
	struct vr_yaml *y;

	y = good("a: [[{b: 1}]]\n");
	vr_yaml_free(y);
	bad("a: [[[[1]]]]\n", "f:1:7: nested too deep; at most 4 maps and lists");
	bad("a:\n b:\n  c:\n   d:\n    e: 1\n", "f:5:5: nested too deep; at most 4 maps and lists");
	memset(text, '#', sizeof(text) - 1);
	bad_n(text, VR_YAML_SIZE_MAX + 1, "f:1:1: 65537 bytes; at most 65536 are read");
	/* Whatever nests without end must be stopped by the limit, not by the stack. */
	memset(text, '[', VR_YAML_SIZE_MAX);
	bad_n(text, VR_YAML_SIZE_MAX, "f:1:5: nested too deep; at most 4 maps and lists");
	memset(text, ' ', VR_YAML_SIZE_MAX);
	memcpy(text, "a: 1\n", 5);
	vr_error_clear();
	cr_expect_eq(vr_yaml_parse("f", text, VR_YAML_SIZE_MAX, VR_E_CONFIG, &y), VR_OK);
	vr_yaml_free(y);
}

Test(yaml, not_yaml)
{
	bad("", "f:1:1: the file is empty");
	bad("# only a comment\n", "f:1:1: the file is empty");
	bad("a: [1\nb: 2\n", "f:2:2: did not find expected ',' or ']' (while parsing a flow sequence)");
	bad("a: \"x\n", "f:2:1: found unexpected end of stream (while scanning a quoted scalar)");
	bad("a:\n\tb: 1\n",
	    "f:2:1: found character that cannot start any token (while scanning for the next token)");
	bad("a: 1\nb: \xff\n", "f:2:4: invalid leading UTF-8 octet");
	bad_n("a: 1\nbc\0d", 9, "f:2:3: control characters are not allowed");
}

Test(yaml, read_from_a_fifo_does_not_hang)
{
	char *folder = test_folder();
	struct vr_yaml *y = NULL;
	char command[300], expected[300];

	snprintf(command, sizeof(command), "mkfifo '%s/p'", folder);
	cr_assert_eq(system(command), 0);
	snprintf(expected, sizeof(expected), "%s/p: is a FIFO (named pipe); give a file", folder);
	vr_error_clear();
	test_expect_error(vr_yaml_read(test_path(folder, "p"), VR_E_CONFIG, &y), VR_E_CONFIG, expected);
	test_remove(folder);
}

Test(yaml, typed)
{
	struct vr_yaml *y = good("n: 0x10\nneg: -3\nt: yes\nw: word\ne:\nm: {}\n");
	const struct vr_yaml_node *root = y->root;
	const char *s;
	int64_t v = 0;
	bool b = false;

	cr_expect_eq(vr_yaml_number(y, vr_yaml_get(root, "n"), 0, 16, &v), VR_OK);
	cr_expect_eq(v, 16);
	cr_expect_eq(vr_yaml_number(y, vr_yaml_get(root, "neg"), -3, 16, &v), VR_OK);
	cr_expect_eq(v, -3);
	cr_expect_eq(vr_yaml_bool(y, vr_yaml_get(root, "t"), &b), VR_OK);
	cr_expect(b);
	vr_error_clear();
	test_expect_error(vr_yaml_number(y, vr_yaml_get(root, "n"), 0, 15, &v), VR_E_CONFIG,
			  "f:1:4: 'n' is 0x10; it must be from 0 to 15");
	test_expect_error(vr_yaml_bool(y, vr_yaml_get(root, "w"), &b), VR_E_CONFIG,
			  "f:4:4: 'w' must be true or false, not 'word'");
	test_expect_error(vr_yaml_string(y, vr_yaml_get(root, "e"), &s), VR_E_CONFIG,
			  "f:5:3: 'e' is empty; give a value");
	test_expect_error(vr_yaml_string(y, vr_yaml_get(root, "m"), &s), VR_E_CONFIG,
			  "f:6:4: 'm' must be a single value, not a map");
	vr_yaml_free(y);
}
