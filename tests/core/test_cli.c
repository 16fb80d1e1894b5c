/* SPDX-License-Identifier: MIT */
/* The built program from outside: exit codes, what goes to which stream, JSON, the manual's completeness. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"
#include "common/arch.h"

static char *folder;
static char out[65536], err[16384];

static void slurp(const char *name, char *to, size_t size)
{
	FILE *f = fopen(test_path(folder, name), "r");

	cr_assert_not_null(f);
	to[fread(to, 1, size - 1, f)] = '\0';
	fclose(f);
}

/* Runs build/bin/vmrun with these words and an empty home; the exit code. */
static int vmrun(const char *words)
{
	char command[2048];
	int status;

	snprintf(command, sizeof(command),
		 "cd '%s' && env -u VM_ACCEL_FALLBACK -u VMRUN_PLUGIN_PATH -u XDG_DATA_HOME HOME='%s' "
		 "\"$TESTED\" "
		 ">out 2>err </dev/null %s",
		 folder, folder, words);
	/* Its path may have any character in it. */
	setenv("TESTED", test_built("../bin/vmrun"), 1);
	status = system(command);
	cr_assert(WIFEXITED(status), "%s", words);
	slurp("out", out, sizeof(out));
	slurp("err", err, sizeof(err));
	return WEXITSTATUS(status);
}

static void setup(void)
{
	folder = test_folder();
}

static void teardown(void)
{
	test_remove(folder);
}

TestSuite(cli, .init = setup, .fini = teardown);

static void add_plugin_of(const char *class_name, const char *id, const char *library, const char *more)
{
	char name[64], text[1024], built[64];

	snprintf(name, sizeof(name), "%s.so", id);
	snprintf(built, sizeof(built), "faulty/%s.so", library);
	cr_assert_eq(symlink(test_built(built), test_path(folder, name)), 0);
	snprintf(name, sizeof(name), "%s.yaml", id);
	snprintf(text, sizeof(text),
		 "manifest: 1\nid: %s\nversion: 1.2.3\nsummary: \"the \\\"%s\\\" one\"\nclass: %s\n"
		 "library: {%s: %s.so}\nabi: {major: 1, minor: 0}\nprovides: [vmrun.accel/1]\n%s\n",
		 id, id, class_name, vr_arch_platform(), id, more);
	test_file(folder, name, text);
}

static void add_plugin(const char *id, const char *library, const char *more)
{
	add_plugin_of("accel", id, library, more);
}

Test(cli, version_and_help)
{
	cr_expect_eq(vmrun("--version"), 0);
	cr_expect(!strncmp(out, "vmrun ", 6));
	cr_expect_str_empty(err);
	cr_expect_eq(vmrun("help"), 0);
	cr_expect_not_null(strstr(out, "Exit codes:"));
	cr_expect_str_empty(err);
	cr_expect_eq(vmrun("--version >/dev/full"), 1);
	cr_expect_str_eq(err, "vmrun: error: standard output: can't write\n");
}

Test(cli, usage)
{
	cr_expect_eq(vmrun(""), 2);
	cr_expect_str_eq(err, "vmrun: error: nothing to boot; name an image, or a kernel with --kernel\n");
	cr_expect_str_empty(out);
	cr_expect_eq(vmrun("--memry 1G x"), 2);
	cr_expect_eq(vmrun("plugins wrong"), 2);
	cr_expect_str_eq(err, "vmrun: error: plugins: unknown word 'wrong'; write one of: list, show ID, new "
			      "CLASS NAME, check FILE\n");
	cr_expect_eq(vmrun("plugins show"), 2);
	cr_expect_str_eq(err, "vmrun: error: plugins show: write 'vmrun plugins show ID'\n");
}

Test(cli, configuration)
{
	cr_expect_eq(vmrun("-c none.yaml x"), 3);
	cr_expect_str_eq(err, "vmrun: error: none.yaml: no such file; check the path\n");
	test_file(folder, "m.yaml", "memory: [\n");
	cr_expect_eq(vmrun("-c m.yaml x"), 3);
	cr_expect_str_eq(
		err,
		"vmrun: error: m.yaml:2:1: did not find expected node content (while parsing a flow node)\n");
	cr_expect_eq(vmrun("-p no-such-plugin x"), 3);
	cr_expect_not_null(strstr(err, "plugin 'no-such-plugin' is not installed"));
	cr_expect_eq(vmrun("no-such-image.img"), 3);
	cr_expect_not_null(strstr(err, "no-such-image.img"));
	cr_expect_eq(vmrun("plugins show no-such-plugin"), 3);
}

Test(cli, broken_plugins_are_told)
{
	test_file(folder, "bad.yaml", "manifest: 3\n");
	cr_expect_eq(vmrun("--plugin-path . plugins"), 0);
	cr_expect_not_null(strstr(
		err, "vmrun: warning: plugin left out: ./bad.yaml:1:11: manifest format 3 is not known"));
	cr_expect_eq(vmrun("--plugin-path . -p bad x"), 3);
	cr_expect_not_null(
		strstr(err, "plugin 'bad' is left out: ./bad.yaml:1:11: manifest format 3 is not known"),
		"%s", err);
	cr_expect_null(strstr(err, "warning"), "told once: %s", err);
	cr_expect_eq(vmrun("--plugin-path . plugins show bad"), 3);
	cr_expect_not_null(strstr(err, "plugin 'bad' is left out: ./bad.yaml:1:11:"), "%s", err);
	/* Another's error does not hide it, and a manifest that says its id is known by that. */
	test_file(folder, "other.yaml", "manifest: 1\nid: 'named'\nversion: [\n");
	cr_expect_eq(vmrun("--plugin-path . -p named x"), 3);
	cr_expect_not_null(strstr(err, "error: -p named: plugin 'named' is left out: ./other.yaml:"), "%s",
			   err);
	cr_expect_not_null(strstr(err, "warning: plugin left out: ./bad.yaml:1:11:"), "%s", err);
}

Test(cli, plugins_list_and_show)
{
	add_plugin("one", "good",
		   "priority: 1000\noptions: [{name: size, type: size, default: 4K, help: how big}]");
	cr_expect_eq(vmrun("--plugin-path . plugins list"), 0);
	cr_expect(!strncmp(out, "one                  accel        1.2.3      the \"one\" one\n", 57), "%s",
		  out);
	cr_expect_eq(vmrun("--plugin-path . plugins show one"), 0);
	cr_expect_not_null(strstr(out, "  size             size    how big (default 4K)\n"), "%s", out);
	cr_expect_eq(vmrun("--plugin-path . plugins show one --json"), 0);
	cr_expect_not_null(strstr(out, "\"summary\": \"the \\\"one\\\" one\""), "%s", out);
}

Test(cli, doctor)
{
	add_plugin("yes-one", "good", "");
	add_plugin("no-one", "probe_fails", "");
	add_plugin("old-one", "magic_major", "");
	test_file(folder, "bad.yaml", "manifest: 3\n");
	cr_expect_eq(vmrun("--plugin-path . doctor"), 0);
	cr_expect_not_null(strstr(out, "  yes-one              accel        usable\n"), "%s", out);
	cr_expect_not_null(strstr(out, "  no-one               accel        not usable\n"
				       "    plugin 'no-one': no such hardware (asked 1 times); buy some\n"),
			   "%s", out);
	cr_expect_not_null(
		strstr(out, "    ./old-one.so: magic.abi_major is 2, this vmrun has 1; rebuild the plugin"),
		"%s", out);
	cr_expect_not_null(strstr(out, "\nLeft out\n  ./bad.yaml:1:11: "), "%s", out);
	cr_expect_str_empty(err);
}

/* Another program's opinion of what we call JSON. */
static void expect_json(const char *words)
{
	char command[256];

	cr_expect_eq(vmrun(words), 0, "%s", words);
	if (system("command -v python3 >/dev/null 2>&1") != 0)
		cr_skip_test("no python3 to read JSON with");
	snprintf(command, sizeof(command), "python3 -m json.tool '%s/out' >/dev/null", folder);
	cr_expect_eq(system(command), 0, "%s: %s", words, out);
}

Test(cli, json)
{
	add_plugin("yes-one", "good", "options: [{name: a, type: string, help: h}]");
	add_plugin("no-one", "probe_fails", "");
	test_file(folder, "bad.yaml", "\xff\n");
	expect_json("--plugin-path . plugins --json");
	expect_json("--plugin-path . plugins show yes-one --json");
	expect_json("--plugin-path . doctor --json");
}

/* The machine would go on without it; the user named it and is told. */
Test(cli, a_named_plugin_must_be_usable)
{
	add_plugin_of("passthrough", "gpu", "probe_fails", "");
	cr_expect_eq(vmrun("--plugin-path . -p gpu x"), 3);
	cr_expect_str_eq(err, "vmrun: error: plugin 'gpu': no such hardware (asked 1 times); buy some\n");
}

/* The machine can't be built, whatever it is for. */
Test(cli, out_of_memory_is_status_3)
{
	add_plugin_of("passthrough", "gpu", "probe_nomem", "");
	cr_expect_eq(vmrun("--plugin-path . -p gpu x"), 3);
	cr_expect_str_eq(err, "vmrun: error: plugin 'gpu': out of memory\n");
}

Test(cli, nothing_installed_is_no_crash)
{
	cr_expect_eq(vmrun("doctor"), 0);
	cr_expect_eq(vmrun("plugins"), 0);
	cr_expect_eq(vmrun("plugins --json"), 0);
}

/* The manual names every option and every word. It is looked for from the root of the tree, where `make test`
 * runs. */
Test(cli, manual)
{
	static const char *const words[] = {
#define CLI_GROUP(title)
#define CLI_OPTION(name, letter, word, argument, metavar, help) word,
#include "cli/options.def"
#undef CLI_GROUP
#undef CLI_OPTION
	};
	static const char *const commands[] = {
#define CLI_COMMAND(name, word, arguments, help) word,
#define PLUGINS(word, arguments, count, function, help) word,
#include "cli/commands.def"
#undef CLI_COMMAND
#undef PLUGINS
	};
	static const char *const keys[] = {
#define CONSOLE_KEY(name, letters, shown, help) "Ctrl-A " shown,
#include "machine/console_keys.def"
#undef CONSOLE_KEY
	};
	FILE *f = fopen("core/cli/vmrun.1", "r");
	static char text[65536], plain[65536];
	size_t n = 0;

	if (!f)
		cr_skip_test("not run in the root of the tree");
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	for (const char *p = text; *p; p++) {
		if (*p != '\\')
			plain[n++] = *p;
	}
	plain[n] = '\0';
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char option[64];

		snprintf(option, sizeof(option), "--%s", words[i]);
		cr_expect_not_null(strstr(plain, option), "core/cli/vmrun.1 does not name %s", option);
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		cr_expect_not_null(strstr(plain, keys[i]), "core/cli/vmrun.1 does not name %s", keys[i]);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		cr_expect_not_null(strstr(plain, commands[i]), "core/cli/vmrun.1 does not name %s",
				   commands[i]);
}
