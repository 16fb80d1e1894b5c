/* SPDX-License-Identifier: MIT */
/* Every rule of a manifest: one wrong example, and the exact message with file:line:column. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>

#include "common/manifest.h"
#include "support.h"
#include "common/error.h"

static void check(const char *text, const char *expected)
{
	struct vr_manifest *m = NULL;
	int32_t r;

	vr_error_clear();
	r = vr_manifest_parse("m.yaml", text, strlen(text), &m);
	cr_expect_null(m);
	test_expect_error(r, VR_E_MANIFEST, expected);
	vr_manifest_free(m);
}

static struct vr_manifest *good(const char *text)
{
	struct vr_manifest *m = NULL;
	int32_t rc;

	vr_error_clear();
	rc = vr_manifest_parse("m.yaml", text, strlen(text), &m);
	cr_assert_eq(rc, VR_OK, "%s", vr_error_text(rc));
	return m;
}

/* RULE(name, the key whose line is replaced, the wrong line, the message) */
#define RULE(name, key, line, expected)                    \
	Test(manifest, name)                               \
	{                                                  \
		check(test_manifest(key, line), expected); \
	}

RULE(format_missing, "manifest", NULL, "m.yaml:1:1: the manifest has no 'manifest'; add it")
RULE(format_unknown, "manifest", "manifest: 2",
     "m.yaml:1:11: manifest format 2 is not known; this vmrun reads format 1")
RULE(format_zero, "manifest", "manifest: 0", "m.yaml:1:11: 'manifest' is 0; it must be from 1 to 2147483647")
RULE(format_word, "manifest", "manifest: one", "m.yaml:1:11: 'manifest' must be a number, not 'one'")

RULE(id_missing, "id", NULL, "m.yaml:1:1: the manifest has no 'id'; add it")
RULE(id_empty, "id", "id:", "m.yaml:2:4: 'id' is empty; give a value")
RULE(id_list, "id", "id: [a]", "m.yaml:2:5: 'id' must be a single value, not a list")
RULE(id_upper, "id", "id: Kvm",
     "m.yaml:2:5: id 'Kvm': use at most 64 lower-case letters, digits, '-', '.' and '_', beginning with a "
     "letter or digit")
RULE(id_path, "id", "id: ../x",
     "m.yaml:2:5: id '../x': use at most 64 lower-case letters, digits, '-', '.' and '_', beginning with a "
     "letter or digit")
RULE(id_long, "id", "id: aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaa",
     "m.yaml:2:5: id 'aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaa': use at most 64 "
     "lower-case "
     "letters, digits, '-', '.' and '_', beginning with a letter or digit")

RULE(version_missing, "version", NULL, "m.yaml:1:1: the manifest has no 'version'; add it")
RULE(version_form, "version", "version: 1.2", "m.yaml:3:10: version '1.2' is not of the form 1.2.3")
RULE(version_tail, "version", "version: 1.2.3-", "m.yaml:3:10: version '1.2.3-' is not of the form 1.2.3")

RULE(summary_missing, "summary", NULL, "m.yaml:1:1: the manifest has no 'summary'; add it")
RULE(summary_lines, "summary", "summary: \"a\\nb\"",
     "m.yaml:4:10: 'summary' must be one line without control characters")
RULE(summary_escape, "summary", "summary: \"\\e[31m\"",
     "m.yaml:4:10: 'summary' must be one line without control characters")

RULE(class_missing, "class", NULL, "m.yaml:1:1: the manifest has no 'class'; add it")
RULE(class_unknown, "class", "class: engine",
     "m.yaml:5:8: class 'engine' is not one of accel, translator, board, device, passthrough")

RULE(library_missing, "library", NULL, "m.yaml:1:1: the manifest has no 'library'; add it")
RULE(library_scalar, "library", "library: kvm.so", "m.yaml:6:10: 'library' must be a map, not a single value")
RULE(library_empty, "library", "library: {}",
     "m.yaml:6:10: 'library' is empty; name a file for at least one system")
RULE(library_key, "library", "library: {linux: t.so}",
     "m.yaml:6:11: 'linux' is not of the form <os>-<arch>, such as linux-x86_64")
RULE(library_path, "library", "library: {linux-x86_64: ../t.so}",
     "m.yaml:6:25: library '../t.so' must be a plain file name; the library lies beside its manifest")
RULE(library_absolute, "library", "library: {linux-x86_64: /t.so}",
     "m.yaml:6:25: library '/t.so' must be a plain file name; the library lies beside its manifest")
RULE(library_dots, "library", "library: {linux-x86_64: ..}",
     "m.yaml:6:25: library '..' must be a plain file name; the library lies beside its manifest")
RULE(library_backslash, "library", "library: {linux-x86_64: 'a\\b'}",
     "m.yaml:6:25: library 'a\\b' must be a plain file name; the library lies beside its manifest")
RULE(library_other_is_checked, "library", "library: {windows-x86_64: a/b}",
     "m.yaml:6:27: library 'a/b' must be a plain file name; the library lies beside its manifest")

RULE(abi_missing, "abi", NULL, "m.yaml:1:1: the manifest has no 'abi'; add it")
RULE(abi_scalar, "abi", "abi: 1", "m.yaml:7:6: 'abi' must be a map, not a single value")
RULE(abi_no_minor, "abi", "abi: {major: 1}", "m.yaml:7:6: 'abi' has no 'minor'; add it")
RULE(abi_range, "abi", "abi: {major: 65536, minor: 0}",
     "m.yaml:7:14: 'major' is 65536; it must be from 0 to 65535")
RULE(abi_key, "abi", "abi: {major: 1, minor: 0, patch: 1}",
     "m.yaml:7:27: 'abi' has no key 'patch'; remove it, or begin it with 'x-'")

RULE(provides_missing, "provides", NULL, "m.yaml:1:1: the manifest has no 'provides'; add it")
RULE(provides_empty, "provides", "provides: []",
     "m.yaml:8:11: 'provides' is empty; name at least one interface")
RULE(provides_scalar, "provides", "provides: vmrun.accel/1",
     "m.yaml:8:11: 'provides' must be a list, not a single value")
RULE(provides_form, "provides", "provides: [vmrun.accel]",
     "m.yaml:8:12: 'vmrun.accel' is not an interface id, such as vmrun.accel/1")
RULE(provides_revision, "provides", "provides: [vmrun.accel/0]",
     "m.yaml:8:12: 'vmrun.accel/0' is not an interface id, such as vmrun.accel/1")
RULE(provides_twice, "provides", "provides: [vmrun.accel/1, vmrun.accel/1]",
     "m.yaml:8:27: 'vmrun.accel/1' is given twice in 'provides'")
RULE(provides_class, "provides", "provides: [vmrun.board/1]",
     "m.yaml:8:11: a plugin of class accel must provide vmrun.accel/<revision>")

RULE(requires_form, "requires", "requires: [memory]",
     "m.yaml:9:12: 'memory' is not an interface id, such as vmrun.accel/1")
RULE(guest_map, "guest", "guest: {a: b}",
     "m.yaml:9:8: 'guest' must be an architecture or a list of them, not a map")
RULE(guest_name, "guest", "guest: [x86/64]",
     "m.yaml:9:9: 'x86/64' is not the name of an architecture, such as x86_64")
RULE(guest_twice, "guest", "guest: [aarch64, arm64]", "m.yaml:9:18: 'arm64' is given twice in 'guest'")
RULE(host_of_accel, "host", "host: x86_64", "m.yaml:9:1: 'host' is for translators; remove it")
RULE(priority_word, "priority", "priority: high", "m.yaml:9:11: 'priority' must be a number, not 'high'")
RULE(priority_range, "priority", "priority: 1001",
     "m.yaml:9:11: 'priority' is 1001; it must be from -1000 to 1000")
RULE(images_of_accel, "images", "images: []", "m.yaml:9:1: 'images' is for boards; remove it")

RULE(unknown_near, "priorty", "priorty: 1",
     "m.yaml:9:1: a manifest has no key 'priorty'; did you mean 'priority'?")
RULE(unknown_far, "colour", "colour: red",
     "m.yaml:9:1: a manifest has no key 'colour'; remove it, or begin it with 'x-'")

RULE(options_map, "options", "options: {}", "m.yaml:9:10: 'options' must be a list, not a map")
RULE(option_scalar, "options", "options: [a]", "m.yaml:9:11: must be a map, not a single value")
RULE(option_key, "options", "options: [{name: a, type: int, help: h, max: 3}]",
     "m.yaml:9:41: an option has no key 'max'; remove it, or begin it with 'x-'")
RULE(option_no_name, "options", "options: [{type: int, help: h}]",
     "m.yaml:9:11: the option has no 'name'; add it")
RULE(option_name, "options", "options: [{name: A, type: int, help: h}]",
     "m.yaml:9:18: option name 'A': use lower-case letters, digits, '-' and '_'")
RULE(option_no_type, "options", "options: [{name: a, help: h}]",
     "m.yaml:9:11: the option has no 'type'; add it")
RULE(option_type, "options", "options: [{name: a, type: float, help: h}]",
     "m.yaml:9:27: option type 'float' is not one of string, path, int, bool, size")
RULE(option_no_help, "options", "options: [{name: a, type: int}]",
     "m.yaml:9:11: the option has no 'help'; add it")
RULE(option_default_int, "options", "options: [{name: a, type: int, default: x, help: h}]",
     "m.yaml:9:41: default 'x' of option 'a' must be a number")
RULE(option_default_size, "options", "options: [{name: a, type: size, default: 3Q, help: h}]",
     "m.yaml:9:42: default '3Q' of option 'a' must be a size, such as 4096, 64K or 512M")
RULE(option_default_bool, "options", "options: [{name: a, type: bool, default: maybe, help: h}]",
     "m.yaml:9:42: default 'maybe' of option 'a' must be true or false")
RULE(option_default_empty, "options", "options: [{name: a, type: string, default: , help: h}]",
     "m.yaml:9:44: 'default' is empty; give a value, or \"\" for empty text")
RULE(option_twice, "options", "options:\n- {name: a, type: int, help: h}\n- {name: a, type: int, help: h}",
     "m.yaml:11:10: option 'a' is given twice")

RULE(two_documents, "x-a", "---\nid: u", "m.yaml:9:1: a second document; one file holds one")
RULE(duplicate, "x-a", "id: u", "m.yaml:9:1: duplicate key 'id', first given at line 2; remove one")
RULE(not_yaml, "x-a", "x-a: [1",
     "m.yaml:10:1: did not find expected ',' or ']' (while parsing a flow sequence)")

static const char board[] =
	"manifest: 1\nid: b\nversion: 1.0.0\nsummary: s\nclass: board\n"
	"library: {linux-x86_64: b.so}\nabi: {major: 1, minor: 0}\nprovides: [vmrun.board/1]\n";

static void check_board(const char *more, const char *expected)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s%s\n", board, more);
	check(text, expected);
}

#define BOARD_RULE(name, more, expected)     \
	Test(manifest, name)                 \
	{                                    \
		check_board(more, expected); \
	}

BOARD_RULE(board_needs_guest, "",
	   "m.yaml:1:1: a plugin of class board needs 'guest', the architecture it is for")
BOARD_RULE(board_guest_empty, "guest: []",
	   "m.yaml:9:8: a plugin of class board needs 'guest', the architecture it is for")
BOARD_RULE(board_guest_host, "guest: host", "m.yaml:9:8: 'host' can't stand here; name the architecture")
BOARD_RULE(image_list, "guest: arm64\nimages: {}", "m.yaml:10:9: 'images' must be a list, not a map")
BOARD_RULE(image_key, "guest: arm64\nimages: [{offset: 0, byte: 00}]",
	   "m.yaml:10:22: an image has no key 'byte'; did you mean 'bytes'?")
BOARD_RULE(image_no_bytes, "guest: arm64\nimages: [{offset: 0}]",
	   "m.yaml:10:10: the image has no 'bytes'; add it")
BOARD_RULE(image_no_offset, "guest: arm64\nimages: [{bytes: 00}]",
	   "m.yaml:10:10: the image has no 'offset'; add it")
BOARD_RULE(image_offset, "guest: arm64\nimages: [{offset: -1, bytes: 00}]",
	   "m.yaml:10:19: 'offset' is -1; it must be from 0 to 2147483647")
BOARD_RULE(image_odd, "guest: arm64\nimages: [{offset: 0, bytes: 012}]",
	   "m.yaml:10:29: bytes '012': give 1 to 16 bytes as pairs of hexadecimal digits")
BOARD_RULE(image_long, "guest: arm64\nimages: [{offset: 0, bytes: 0011223344556677889900112233445566}]",
	   "m.yaml:10:29: bytes '0011223344556677889900112233445566': give 1 to 16 bytes as pairs of "
	   "hexadecimal digits")
BOARD_RULE(image_digits, "guest: arm64\nimages: [{offset: 0, bytes: 01zz}]",
	   "m.yaml:10:29: bytes '01zz': 'zz' is not a pair of hexadecimal digits")

Test(manifest, not_a_map)
{
	check("- a\n- b\n", "m.yaml:1:1: a manifest is a map of keys to values");
	check("text", "m.yaml:1:1: a manifest is a map of keys to values");
}

Test(manifest, smallest)
{
	struct vr_manifest *m = good(test_manifest(NULL, NULL));

	cr_expect_str_eq(m->file, "m.yaml");
	cr_expect_str_eq(m->id, "t");
	cr_expect_str_eq(m->version, "1.2.3");
	cr_expect_str_eq(m->library, "t.so");
	cr_expect_eq(m->class_id, VR_CLASS_ACCEL);
	cr_expect_eq(m->abi_major, 1);
	cr_expect_eq(m->abi_minor, 0);
	cr_expect_eq(m->priority, 0);
	cr_expect_str_eq(m->provides[0], "vmrun.accel/1");
	cr_expect_null(m->provides[1]);
	vr_manifest_free(m);
}

Test(manifest, whole)
{
	struct vr_manifest *m =
		good("# a comment\n---\n"
		     "manifest: 1\n"
		     "id: com.example.b\n"
		     "version: 0.1.0-rc.1\n"
		     "summary: \"a: board\"\n"
		     "class: board\n"
		     "library:\n  other-cpu: b.so\n"
		     "abi: {major: 1, minor: 3}\n"
		     "provides: [vmrun.board/1, com.example.more/12]\n"
		     "requires: [vmrun.memory/1]\n"
		     "guest: aarch64\n"
		     "priority: -5\n"
		     "x-note: {any: [thing]}\n"
		     "options:\n"
		     "  - {name: a, type: size, default: 64K, help: \"how much\"}\n"
		     "  - name: b-c\n    type: string\n    default: \"\"\n    help: text\n"
		     "images: [{offset: 0x38, bytes: \"41524d64\"}, {offset: 0, bytes: 7F}]\n");

	cr_expect_str_eq(m->id, "com.example.b");
	cr_expect_str_eq(m->summary, "a: board");
	cr_expect_null(m->library);
	cr_expect_eq(m->abi_minor, 3);
	cr_expect_str_eq(m->provides[1], "com.example.more/12");
	cr_expect_str_eq(m->requires_[0], "vmrun.memory/1");
	cr_expect_str_eq(m->guest[0], "arm64", "spellings are made one");
	cr_expect_null(m->guest[1]);
	cr_expect_eq(m->priority, -5);
	cr_expect_eq(m->option_count, 2);
	cr_expect_str_eq(m->options[0].default_value, "64K");
	cr_expect_str_eq(m->options[1].name, "b-c");
	cr_expect_str_eq(m->options[1].default_value, "");
	cr_expect_eq(m->image_count, 2);
	cr_expect_eq(m->images[0].offset, 0x38);
	cr_expect_eq(m->images[0].length, 4);
	cr_expect_arr_eq(m->images[0].bytes, "ARMd", 4);
	cr_expect_eq(m->images[1].bytes[0], 0x7f);
	vr_manifest_free(m);
}

Test(manifest, translator)
{
	struct vr_manifest *m = good("manifest: 1\nid: x\nversion: 1.0.0\nsummary: s\nclass: translator\n"
				     "library: {linux-x86_64: x.so}\nabi: {major: 1, minor: 0}\n"
				     "provides: [vmrun.isa/1]\nguest: arm64\nhost: [amd64]\n");

	cr_expect_str_eq(m->guest[0], "arm64");
	cr_expect_str_eq(m->host[0], "x86_64");
	vr_manifest_free(m);
}

Test(manifest, every_prefix_is_survived)
{
	const char *text = test_manifest("options", "options: [{name: a, type: int, default: 1, help: h}]");
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++) {
		struct vr_manifest *m = NULL;

		vr_error_clear();
		if (vr_manifest_parse("m.yaml", text, i, &m) < 0)
			cr_expect_null(m);
		vr_manifest_free(m);
	}
}

Test(manifest, read_errors)
{
	char *folder = test_folder();
	struct vr_manifest *m = NULL;
	char expected[512];
	const char *path;

	vr_error_clear();
	path = test_path(folder, "none.yaml");
	snprintf(expected, sizeof(expected), "%s: no such file; check the path", path);
	test_expect_error(vr_manifest_read(path, &m), VR_E_NOENT, expected);
	snprintf(expected, sizeof(expected), "%s: is a folder; give a file", folder);
	test_expect_error(vr_manifest_read(folder, &m), VR_E_MANIFEST, expected);
	path = test_file(folder, "empty.yaml", "");
	snprintf(expected, sizeof(expected), "%s:1:1: the file is empty", path);
	test_expect_error(vr_manifest_read(path, &m), VR_E_MANIFEST, expected);
	test_remove(folder);
}

static void check_accel(const char *more, const char *expected)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "manifest: 1\nid: w\nversion: 1.0.0\nsummary: s\nclass: accel\n"
		 "library: {linux-x86_64: w.so}\nabi: {major: 1, minor: 0}\nprovides: [vmrun.accel/1]\n%s\n",
		 more);
	check(text, expected);
}

#define ACCEL_RULE(name, more, expected)     \
	Test(manifest, name)                 \
	{                                    \
		check_accel(more, expected); \
	}

ACCEL_RULE(helper_unknown, "helper: files",
	   "m.yaml:9:9: helper 'files' is not one of: net share block-net gpu cache")
ACCEL_RULE(access_without_helper, "options: [{name: a, type: path, access: read, help: h}]",
	   "m.yaml:9:33: 'access' is for options of type path of a plugin with 'helper'; remove it")
ACCEL_RULE(access_of_string, "helper: share\noptions: [{name: a, type: string, access: read, help: h}]",
	   "m.yaml:10:35: 'access' is for options of type path of a plugin with 'helper'; remove it")
ACCEL_RULE(access_unknown, "helper: share\noptions: [{name: a, type: path, access: rw, help: h}]",
	   "m.yaml:10:41: access 'rw' is not one of read, write")
ACCEL_RULE(wraps_no_option, "wraps: accel", "m.yaml:9:8: 'wraps: accel' names no option of type string")
ACCEL_RULE(wraps_wrong_type, "wraps: a\noptions: [{name: a, type: int, help: h}]",
	   "m.yaml:9:8: 'wraps: a' names no option of type string")
ACCEL_RULE(wraps_and_guest, "wraps: a\nguest: any\noptions: [{name: a, type: string, help: h}]",
	   "m.yaml:9:1: 'wraps' can't stand with 'guest': a wrapper runs what the wrapped accelerator runs; "
	   "remove one")
BOARD_RULE(wraps_on_board, "guest: arm64\nwraps: a", "m.yaml:10:1: 'wraps' is for accelerators; remove it")

ACCEL_RULE(devices_on_accel, "devices: [a]", "m.yaml:9:1: 'devices' is for devices and boards; remove it")
BOARD_RULE(devices_word, "guest: arm64\ndevices: a",
	   "m.yaml:10:10: 'devices' must be a list, not a single value")
BOARD_RULE(devices_type, "guest: arm64\ndevices: [A b]",
	   "m.yaml:10:11: device type 'A b': " VR_MANIFEST_ID_RULE)
BOARD_RULE(devices_twice, "guest: arm64\ndevices: [a, a]", "m.yaml:10:14: 'a' is given twice in 'devices'")

/* An empty list says something, none at all doesn't. */
Test(manifest, devices)
{
	static const char *const lines[] = {"", "devices: []\n", "devices: [virtio-blk, org.example.x]\n"};
	char text[512];

	for (size_t i = 0; i < 3; i++) {
		struct vr_manifest *m;

		snprintf(text, sizeof(text),
			 "manifest: 1\nid: w\nversion: 1.0.0\nsummary: s\nclass: device\n"
			 "library: {linux-x86_64: w.so}\nabi: {major: 1, minor: 0}\n"
			 "provides: [vmrun.device/1]\n%s",
			 lines[i]);
		cr_assert_eq(vr_manifest_parse("m.yaml", text, strlen(text), &m), VR_OK, "%s",
			     vr_error_text(VR_E_MANIFEST));
		cr_expect_eq(m->devices != NULL, i > 0);
		if (i == 1)
			cr_expect_null(m->devices[0]);
		if (i == 2)
			cr_expect_str_eq(m->devices[1], "org.example.x");
		vr_manifest_free(m);
	}
}

Test(manifest, helper)
{
	static const char text[] =
		"manifest: 1\nid: a\nversion: 1.0.0\nsummary: s\nclass: accel\nlibrary: {x-y: a.so}\n"
		"abi: {major: 1, minor: 0}\nprovides: [vmrun.accel/1]\nhelper: block-net\n"
		"options: [{name: r, type: path, help: h}, {name: w, type: path, access: write, help: h}]\n";
	struct vr_manifest *m;

	cr_assert_eq(vr_manifest_parse("m.yaml", text, strlen(text), &m), VR_OK);
	cr_expect_eq(m->helper, ROLE_BLOCK_NET);
	cr_expect(!m->options[0].write && m->options[1].write);
	vr_manifest_free(m);
}

Test(manifest, wraps)
{
	static const char text[] = "manifest: 1\nid: w\nversion: 1.0.0\nsummary: s\nclass: accel\n"
				   "library: {linux-x86_64: w.so}\nabi: {major: 1, minor: 0}\n"
				   "provides: [vmrun.accel/1]\nwraps: accel\n"
				   "options: [{name: accel, type: string, help: h}]\n";
	struct vr_manifest *m;

	cr_assert_eq(vr_manifest_parse("m.yaml", text, strlen(text), &m), VR_OK);
	cr_expect_str_eq(m->wraps, "accel");
	vr_manifest_free(m);
}
