/* SPDX-License-Identifier: MIT */
/* The command line, the machine file, and what becomes of the plugins that they name. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>

#include "cli/options.h"
#include "plugin/registry.h"
#include "support.h"
#include "common/arch.h"
#include "common/error.h"
#include "common/text.h"

static int32_t parse(struct cli *c, const char *const *words)
{
	char *argv[64] = {(char[]){"vmrun"}};
	int argc = 1;

	while (words[argc - 1]) {
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
		argc++;
	}
	vr_error_clear();
	return cli_parse(argc, argv, c);
}

#define PARSE(c, ...) parse(c, (const char *const[]){__VA_ARGS__, NULL})

static void good(int32_t r)
{
	cr_assert_eq(r, VR_OK, "%s", vr_error_text(r));
}

#define BAD(name, expected, ...)                                                 \
	Test(options, name)                                                      \
	{                                                                        \
		struct cli c;                                                    \
                                                                                 \
		test_expect_error(PARSE(&c, __VA_ARGS__), VR_E_INVAL, expected); \
		cli_free(&c);                                                    \
	}

BAD(unknown_long, "unknown option '--memry'; did you mean '--memory'?", "--memry", "1G", "x")
BAD(unknown_far, "unknown option '--banana'; 'vmrun --help' lists them", "--banana=3")
BAD(unknown_short, "unknown option '-Z'; 'vmrun --help' lists them, long ones begin with '--'", "-Z")
BAD(single_dash, "unknown option '-kernel'; 'vmrun --help' lists them, long ones begin with '--'", "-kernel",
    "x")
BAD(no_value_long, "--smp needs a value: --smp N", "x", "--smp")
BAD(no_value_short, "-m needs a value: -m SIZE", "x", "-m")
BAD(surplus_value, "--read-only takes no value", "x", "--read-only=1")
BAD(memory_word, "--memory 'lots' is not a size; write it like 512M or 2G", "-m", "lots", "x")
BAD(memory_small, "--memory '512K' must be a whole number of MiB, at least 1M", "-m512K", "x")
BAD(memory_zero, "--memory '0' must be a whole number of MiB, at least 1M", "-m0", "x")
BAD(memory_odd, "--memory '1025K' must be a whole number of MiB, at least 1M", "-m", "1025K", "x")
BAD(memory_huge, "--memory '17T' is too much; at most 16T", "-m", "17T", "x")
BAD(memory_wraps, "--memory '17592186044416X' is not a size; write it like 512M or 2G", "-m",
    "17592186044416X", "x")
BAD(smp_zero, "--smp '0' must be a number from 1 to 512", "--smp", "0", "x")
BAD(smp_many, "--smp '513' must be a number from 1 to 512", "--smp=513", "x")
BAD(smp_word, "--smp '2x' must be a number from 1 to 512", "--smp=2x", "x")
BAD(stats_what, "--stats 'xml' must be text or json", "--stats=xml", "x")
BAD(arch_name, "--arch 'x86/64' is not the name of an architecture", "--arch", "x86/64", "x")
BAD(plugin_empty, "--plugin '' begins without the id of a plugin; write -p ID[,name=value...]", "-p", "", "x")
BAD(plugin_no_id, "--plugin 'a=b' begins without the id of a plugin; write -p ID[,name=value...]", "-p",
    "a=b", "x")
BAD(plugin_no_name, "-p kvm: an option without a name; write ID,name=value", "-p", "kvm,=3", "x")
BAD(plugin_empty_option, "-p kvm: an option without a name; write ID,name=value", "-p", "kvm,", "x")
BAD(disk_empty, "--disk '' names no file; write --disk FILE[,ro|,ephemeral][,raw]", "--disk", "", "x")
BAD(disk_option,
    "--disk 'a,rw' has an unknown option; ',ro', ',ephemeral' and ',raw' are known, and a comma in a file's "
    "name is "
    "doubled",
    "--disk", "a,rw", "x")
BAD(kernel_empty, "--kernel '' is empty; give a value", "--kernel=", "x")
BAD(two_images, "a second image 'b' after 'a'; add further disks with --disk", "a", "b")
BAD(empty_image, "the image's name is empty; give a file", "")
BAD(nothing, "nothing to boot; name an image, or a kernel with --kernel", "-v")
BAD(run_twice,
    "--run is given twice; give several commands as one (--run 'a && b'), or a script (--run-file)", "--run",
    "a", "--run", "b", "x")
BAD(run_and_file, "--run-file is given beside the other of --run and --run-file; give one", "--run", "a",
    "--run-file", "b", "x")
BAD(args_alone, "--args goes with --run or --run-file", "x", "--args", "--run", "a")
BAD(env_name,
    "--env '1=x' has no name of letters, digits and '_' that the guest's shell takes; write NAME=VALUE or "
    "NAME",
    "--run", "a", "--env", "1=x", "x")
BAD(timeout_word, "--timeout '1m' must be a number of seconds above 0", "--timeout", "1m", "x")
BAD(timeout_zero, "--timeout '0' must be a number of seconds above 0", "--timeout=0", "x")
BAD(start_limit_word, "--start-limit '-1' must be a number of seconds; 0: any", "--run", "a", "--start-limit",
    "-1", "x")
BAD(initrd_empty, "--initrd '' is empty", "--initrd", "", "x")
BAD(read_only_alone, "--read-only without an image; for other disks write --disk FILE,ro", "--read-only",
    "--kernel", "k")
BAD(quiet_and_verbose, "--quiet and --verbose exclude each other; give one", "-qv", "x")
BAD(json_alone, "--json is for 'plugins' and 'doctor'; for counters use --stats=json", "--json", "x")
BAD(doctor_argument, "doctor takes no argument 'x'", "doctor", "x")
BAD(config_twice, "--config is given twice; one machine has one file", "-c", "a", "-c", "b", "x")

Test(options, defaults)
{
	struct cli c;

	good(PARSE(&c, "guest.img"));
	cr_expect_eq(c.command, CLI_RUN);
	cr_expect_str_eq(c.machine.image, "guest.img");
	cr_expect_eq(c.machine.ram_size, 0);
	cr_expect_eq(c.machine.vcpu_count, 0);
	cr_expect(c.machine.sandbox);
	cr_expect_not(c.machine.fallback);
	cr_expect_null(c.machine.kernel);
	cli_free(&c);
}

Test(options, arguments_of_the_command)
{
	struct cli c;

	setenv("SET_HERE", "x y", 1);
	good(PARSE(&c, "--run-file", "f", "--env=SET_HERE", "x", "--args", "--", "--run", "", "-q"));
	cr_expect_str_eq(c.machine.run.file, "f");
	cr_expect_str_eq(c.machine.run.environment[0], "SET_HERE=x y");
	cr_expect_eq(vr_text_list_length(c.machine.run.arguments), 4);
	cr_expect_str_eq(c.machine.run.arguments[0], "--");
	cr_expect_str_eq(c.machine.run.arguments[2], "");
	cr_expect_not(c.quiet);
	cr_expect_eq(c.machine.run.start_limit, 600000000000);
	cli_free(&c);
}

Test(options, all_of_them)
{
	struct cli c;

	good(PARSE(&c, "-p", "soft,cache=64M,path=a,,b,flag", "--plugin=virtio", "-m", "2G", "--smp", "4",
		   "--kernel", "Image", "--initrd=rd", "--append", "a=b c", "--arch", "aarch64", "--disk",
		   "d1", "--disk", "d2,ro", "--disk", "d3,ephemeral,raw", "--read-only", "--ephemeral",
		   "--stats=json", "--run", "echo hi", "--env", "A=b=c", "--env", "NOT_SET_HERE", "--cwd",
		   "/tmp", "--timeout", "1.5", "--start-limit=0", "--console-log", "log", "--plugin-path",
		   "/p", "--no-reboot", "--no-sandbox", "-vv", "--", "-odd-name"));
	cr_expect_eq(c.plugin_count, 2);
	cr_expect_str_eq(c.plugins[0].id, "soft");
	cr_expect_str_eq(c.plugins[0].where, "-p soft");
	cr_expect(c.plugins[0].selects);
	cr_expect_str_eq(c.plugins[0].names[0], "cache");
	cr_expect_str_eq(c.plugins[0].values[0], "64M");
	cr_expect_str_eq(c.plugins[0].values[1], "a,b");
	cr_expect_str_eq(c.plugins[0].names[2], "flag");
	cr_expect_str_eq(c.plugins[0].values[2], "true");
	cr_expect_null(c.plugins[1].names);
	cr_expect_eq(c.machine.ram_size, 2ull << 30);
	cr_expect_eq(c.machine.vcpu_count, 4);
	cr_expect_str_eq(c.machine.kernel, "Image");
	cr_expect_str_eq(c.machine.initrds[0], "rd");
	cr_expect_str_eq(c.machine.append, "a=b c");
	cr_expect_str_eq(c.machine.arch, "arm64");
	cr_expect_eq(c.machine.disk_count, 3);
	cr_expect_eq(c.machine.disks[0].mode, DISK_WRITABLE);
	cr_expect_str_eq(c.machine.disks[1].path, "d2");
	cr_expect_eq(c.machine.disks[1].mode, DISK_READ_ONLY);
	cr_expect_eq(c.machine.disks[2].mode, DISK_EPHEMERAL);
	cr_expect(c.machine.disks[2].raw);
	cr_expect(c.machine.read_only);
	cr_expect(c.machine.ephemeral);
	cr_expect_eq(c.machine.stats, 2);
	cr_expect_str_eq(c.machine.run.command, "echo hi");
	cr_expect_str_eq(c.machine.run.environment[0], "A=b=c");
	cr_expect_null(c.machine.run.environment[1]);
	cr_expect_str_eq(c.machine.run.folder, "/tmp");
	cr_expect_str_eq(c.machine.console_log, "log");
	cr_expect_eq(c.machine.timeout, 1500000000);
	cr_expect_eq(c.machine.run.start_limit, 0);
	cr_expect_str_eq(c.plugin_path, "/p");
	cr_expect(c.machine.no_reboot);
	cr_expect_not(c.machine.sandbox);
	cr_expect_eq(c.verbose, 2);
	cr_expect_str_eq(c.machine.image, "-odd-name");
	cli_free(&c);
}

Test(options, spellings)
{
	struct cli c;

	good(PARSE(&c, "-m512", "--stats", "x"));
	cr_expect_eq(c.machine.ram_size, 512ull << 20, "a bare number is MiB");
	cr_expect_eq(c.machine.stats, 1);
	cli_free(&c);
	good(PARSE(&c, "-vm", "1G", "--disk", "a,,b", "x"));
	cr_expect_eq(c.machine.ram_size, 1ull << 30);
	cr_expect_eq(c.verbose, 1);
	cr_expect_str_eq(c.machine.disks[0].path, "a,b");
	cli_free(&c);
	good(PARSE(&c, "--append=", "--kernel", "k"));
	cr_expect_str_eq(c.machine.append, "");
	good(PARSE(&c, "--append", "a=1 b", "--append=c", "--initrd", "i", "--initrd", "j", "image"));
	cr_expect_str_eq(c.machine.append, "a=1 b c");
	cr_expect_str_eq(c.machine.initrds[0], "i");
	cr_expect_str_eq(c.machine.initrds[1], "j");
	cr_expect_null(c.machine.initrds[2]);
	cli_free(&c);
	good(PARSE(&c, "-"));
	cr_expect_str_eq(c.machine.image, "-");
	cli_free(&c);
}

Test(options, commands)
{
	struct cli c;

	good(PARSE(&c, "plugins", "show", "kvm", "--json"));
	cr_expect_eq(c.command, CLI_PLUGINS);
	cr_expect_str_eq(c.arguments[1], "kvm");
	cr_expect(c.json);
	cli_free(&c);
	good(PARSE(&c, "--plugin-path", "/x", "doctor"));
	cr_expect_eq(c.command, CLI_DOCTOR);
	cli_free(&c);
	good(PARSE(&c, "--help", "--nonsense"));
	cr_expect_eq(c.command, CLI_HELP);
	cli_free(&c);
	good(PARSE(&c, "x", "--version"));
	cr_expect_eq(c.command, CLI_VERSION);
	cli_free(&c);
	good(PARSE(&c, "./plugins"));
	cr_expect_eq(c.command, CLI_RUN);
	cli_free(&c);
}

Test(options, environment)
{
	struct cli c;

	setenv("VM_ACCEL_FALLBACK", "1", 1);
	good(PARSE(&c, "x"));
	cr_expect(c.machine.fallback);
	cli_free(&c);
	setenv("VM_ACCEL_FALLBACK", "0", 1);
	good(PARSE(&c, "x"));
	cr_expect_not(c.machine.fallback);
	cli_free(&c);
	setenv("VM_ACCEL_FALLBACK", "perhaps", 1);
	test_expect_error(PARSE(&c, "x"), VR_E_INVAL, "VM_ACCEL_FALLBACK 'perhaps' must be 1 or 0");
	cli_free(&c);
}

/* ---- the machine file ---- */

static char *folder;

static void setup(void)
{
	folder = test_folder();
}

static void teardown(void)
{
	test_remove(folder);
}

Test(machine_file, whole, .init = setup, .fini = teardown)
{
	const char *file = test_file(
		folder, "m.yaml",
		"arch: aarch64\naccel: soft\ntranslator: xlate-a-b\nboard: board-virt\nmemory: 2G\n"
		"cpus: 4\nkernel: Image\ninitrd: /abs/rd\nappend: console=x y\nimage: g.img\n"
		"read-only: true\nephemeral: true\nreboot: false\nsandbox: no\nx-note: ignored\n"
		"disks:\n  - {path: a.img, read-only: true}\n  - path: sub/b.img\n    ephemeral: true\n"
		"plugins:\n  soft: {cache: 64M, tier: 1}\n  virtio: {}\n");
	char expected[256];
	struct cli c;

	good(PARSE(&c, "-c", file));
	cr_expect_str_eq(c.machine.arch, "arm64");
	cr_expect_str_eq(c.machine.accel, "soft");
	cr_expect_str_eq(c.machine.translator, "xlate-a-b");
	cr_expect_str_eq(c.machine.board, "board-virt");
	cr_expect_eq(c.machine.ram_size, 2ull << 30);
	cr_expect_eq(c.machine.vcpu_count, 4);
	snprintf(expected, sizeof(expected), "%s/Image", folder);
	cr_expect_str_eq(c.machine.kernel, expected, "beside the file");
	cr_expect_str_eq(c.machine.initrds[0], "/abs/rd");
	cr_expect_str_eq(c.machine.append, "console=x y");
	snprintf(expected, sizeof(expected), "%s/g.img", folder);
	cr_expect_str_eq(c.machine.image, expected);
	cr_expect(c.machine.read_only);
	cr_expect(c.machine.no_reboot);
	cr_expect_not(c.machine.sandbox);
	cr_expect_eq(c.machine.disk_count, 2);
	cr_expect(c.machine.ephemeral);
	cr_expect_eq(c.machine.disks[0].mode, DISK_READ_ONLY);
	cr_expect_eq(c.machine.disks[1].mode, DISK_EPHEMERAL);
	snprintf(expected, sizeof(expected), "%s/sub/b.img", folder);
	cr_expect_str_eq(c.machine.disks[1].path, expected);
	cr_expect_eq(c.plugin_count, 2);
	cr_expect_str_eq(c.plugins[0].names[1], "tier");
	cr_expect_not(c.plugins[0].selects);
	snprintf(expected, sizeof(expected), "%s:21:3", file);
	cr_expect_str_eq(c.plugins[0].where, expected);
	cli_free(&c);
}

Test(machine_file, command_line_wins, .init = setup, .fini = teardown)
{
	const char *file =
		test_file(folder, "m.yaml",
			  "arch: arm64\nmemory: 2G\ncpus: 4\nkernel: k\ninitrd: i\nappend: a\nimage: g\n"
			  "read-only: false\nreboot: true\nsandbox: true\ndisks: [{path: /d1}]\n");
	struct cli c;

	good(PARSE(&c, "-m", "1G", "-c", file, "--smp", "2", "--kernel", "K", "--append", "A", "--arch",
		   "riscv64", "img", "--read-only", "--no-reboot", "--no-sandbox", "--disk", "D1", "--disk",
		   "D2"));
	cr_expect_eq(c.machine.ram_size, 1ull << 30);
	cr_expect_eq(c.machine.vcpu_count, 2);
	cr_expect_str_eq(c.machine.kernel, "K");
	cr_expect_null(c.machine.initrds, "another kernel's initrd is not taken");
	cr_expect_str_eq(c.machine.append, "A");
	cr_expect_str_eq(c.machine.arch, "riscv64");
	cr_expect_str_eq(c.machine.image, "img");
	cr_expect(c.machine.read_only);
	cr_expect(c.machine.no_reboot);
	cr_expect_not(c.machine.sandbox);
	cr_assert_eq(c.machine.disk_count, 3);
	cr_expect_str_eq(c.machine.disks[0].path, "/d1", "the file's come first");
	cr_expect_str_eq(c.machine.disks[1].path, "D1");
	cr_expect_str_eq(c.machine.disks[2].path, "D2");
	cli_free(&c);
}

#define BAD_FILE(name, text, where)                                                   \
	Test(machine_file, name, .init = setup, .fini = teardown)                     \
	{                                                                             \
		const char *file = test_file(folder, "m.yaml", text);                 \
		char expected[512];                                                   \
		struct cli c;                                                         \
                                                                                      \
		snprintf(expected, sizeof(expected), "%s:%s", file, where);           \
		test_expect_error(PARSE(&c, "-c", file, "x"), VR_E_CONFIG, expected); \
		cli_free(&c);                                                         \
	}

BAD_FILE(not_a_map, "- a\n", "1:1: a machine file is a map of keys to values")
BAD_FILE(unknown, "arch: arm64\nmemroy: 1G\n",
	 "2:1: a machine file has no key 'memroy'; did you mean 'memory'?")
BAD_FILE(memory, "memory: 1Q\n", "1:9: memory '1Q' is not a size; write it like 512M or 2G")
BAD_FILE(cpus, "cpus: 1000\n", "1:7: 'cpus' is 1000; it must be from 1 to 512")
BAD_FILE(arch, "arch: 'a b'\n", "1:7: 'a b' is not the name of an architecture")
BAD_FILE(read_only, "read-only: 2\n", "1:12: 'read-only' must be true or false, not '2'")
BAD_FILE(disks, "disks: a.img\n", "1:8: 'disks' must be a list, not a single value")
BAD_FILE(disk_path, "disks: [{read-only: true}]\n", "1:9: the disk has no 'path'; add it")
BAD_FILE(disk_key, "disks: [{path: a, ro: true}]\n",
	 "1:19: a disk has no key 'ro'; remove it, or begin it with 'x-'")
BAD_FILE(plugins, "plugins: [soft]\n", "1:10: 'plugins' must be a map, not a list")
BAD_FILE(plugin_scalar, "plugins: {soft: 1}\n", "1:17: 'soft' must be a map, not a single value")
BAD_FILE(plugin_option, "plugins: {soft: {a: [1]}}\n", "1:21: 'a' must be a single value, not a list")
BAD_FILE(kernel_empty, "kernel:\n", "1:8: 'kernel' is empty; give a value")

Test(machine_file, missing)
{
	struct cli c;

	test_expect_error(PARSE(&c, "-c", "/nonexistent/m.yaml", "x"), VR_E_NOENT,
			  "/nonexistent/m.yaml: no such file; check the path");
	cli_free(&c);
}

/* ---- plugins ---- */

static struct registry *registry;

static void add(const char *id, const char *class_name, const char *more)
{
	char name[64], text[1024];

	snprintf(name, sizeof(name), "%s.yaml", id);
	snprintf(text, sizeof(text),
		 "manifest: 1\nid: %s\nversion: 1.0.0\nsummary: s\nclass: %s\nlibrary: {%s: t.so}\n"
		 "abi: {major: 1, minor: 0}\nprovides: [vmrun.%s/1]\n%s\n",
		 id, class_name, vr_arch_platform(), strcmp(class_name, "translator") ? class_name : "isa",
		 more);
	test_file(folder, name, text);
}

static void setup_plugins(void)
{
	setup();
	vr_error_clear();
	registry = registry_new();
	add("fast", "accel",
	    "options: [{name: device, type: path, default: /dev/x, help: h}, "
	    "{name: label, type: string, help: h}]");
	add("slow", "accel", "options: [{name: cache, type: size, help: h}]");
	add("to-b", "translator", "guest: arm64");
	add("virt", "board", "guest: arm64");
	add("disks", "device", "");
	cr_assert_eq(registry_scan(registry, folder), VR_OK);
	cr_assert_eq(registry_count(registry), 5, "%s", registry_problem(registry, 0));
}

static void teardown_plugins(void)
{
	registry_free(registry);
	teardown();
}

Test(resolve, class_decides, .init = setup_plugins, .fini = teardown_plugins)
{
	struct cli c;

	good(PARSE(&c, "-p", "slow,cache=64K", "-p", "virt", "-p", "to-b", "-p", "disks", "x"));
	good(cli_resolve(&c, registry));
	cr_expect_str_eq(c.machine.accel, "slow");
	cr_expect_str_eq(c.machine.board, "virt");
	cr_expect_str_eq(c.machine.translator, "to-b");
	cr_expect(registry_by_id(registry, "disks")->requested);
	cr_expect_not(registry_by_id(registry, "fast")->requested);
	cr_expect_str_eq(registry_option_value(registry, registry_by_id(registry, "slow"), "cache"), "64K");
	cli_free(&c);
}

Test(resolve, the_file_gives_options_and_p_wins, .init = setup_plugins, .fini = teardown_plugins)
{
	const char *file = test_file(
		folder, "m.yml",
		"accel: fast\nplugins:\n  fast: {device: /dev/f}\n  slow: {cache: 1M}\n  disks: {}\n");
	struct cli c;

	good(PARSE(&c, "-c", file, "x"));
	good(cli_resolve(&c, registry));
	cr_expect_str_eq(c.machine.accel, "fast");
	cr_expect(registry_by_id(registry, "disks")->requested);
	cli_free(&c);
	good(PARSE(&c, "-c", file, "x", "-p", "slow,cache=2M"));
	good(cli_resolve(&c, registry));
	cr_expect_str_eq(c.machine.accel, "slow");
	cr_expect_str_eq(registry_option_value(registry, registry_by_id(registry, "slow"), "cache"), "2M");
	cr_expect_str_eq(registry_option_value(registry, registry_by_id(registry, "fast"), "device"),
			 "/dev/f");
	cli_free(&c);
}

/* Paths are beside the file that names them; on the command line they are where one stands. */
Test(resolve, paths_are_beside_their_file, .init = setup_plugins, .fini = teardown_plugins)
{
	static const struct {
		const char *option, *given, *came; /* the last without the folder: as it is */
		int beside;
	} all[] = {
		{"device", "fw.bin", "fw.bin", 1},
		{"device", "../sub/fw.bin", "../sub/fw.bin", 1},
		{"device", "/abs/fw.bin", "/abs/fw.bin", 0},
		{"label", "fw.bin", "fw.bin", 0},
		{"label", "", "", 0},
	};
	char text[128], expected[256];
	struct cli c;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		snprintf(text, sizeof(text), "plugins: {fast: {%s: \"%s\"}}\n", all[i].option, all[i].given);
		const char *file = test_file(folder, "m.yml", text);
		const struct loaded_plugin *fast = registry_by_id(registry, "fast");

		good(PARSE(&c, "-c", file, "x"));
		good(cli_resolve(&c, registry));
		snprintf(expected, sizeof(expected), "%s%s%s", all[i].beside ? folder : "",
			 all[i].beside ? "/" : "", all[i].came);
		cr_expect_str_eq(registry_option_value(registry, fast, all[i].option), expected);
		cli_free(&c);
		snprintf(text, sizeof(text), "fast,%s=%s", all[i].option, all[i].given);
		good(PARSE(&c, "-c", file, "x", "-p", text));
		good(cli_resolve(&c, registry));
		cr_expect_str_eq(registry_option_value(registry, fast, all[i].option), all[i].came);
		cli_free(&c);
	}
}

#define BAD_RESOLVE(name, expected, ...)                                             \
	Test(resolve, name, .init = setup_plugins, .fini = teardown_plugins)         \
	{                                                                            \
		struct cli c;                                                        \
                                                                                     \
		good(PARSE(&c, __VA_ARGS__, "x"));                                   \
		test_expect_error(cli_resolve(&c, registry), VR_E_CONFIG, expected); \
		cli_free(&c);                                                        \
	}

BAD_RESOLVE(unknown, "-p zzz: plugin 'zzz' is not installed; installed: disks, fast, slow, to-b, virt", "-p",
	    "zzz")
BAD_RESOLVE(unknown_near,
	    "-p fsat: plugin 'fsat' is not installed; did you mean 'fast'? Installed: disks, fast, slow, "
	    "to-b, virt",
	    "-p", "fsat")
BAD_RESOLVE(two_accelerators, "-p fast and -p slow are both of class accel; give one", "-p", "fast", "-p",
	    "slow")
BAD_RESOLVE(unknown_option, "-p fast: plugin 'fast' has no option 'cache'; it has: device, label", "-p",
	    "fast,cache=1")
BAD_RESOLVE(no_options, "-p virt: plugin 'virt' has no option 'a'; it has none at all", "-p", "virt,a=1")
BAD_RESOLVE(wrong_value,
	    "-p slow: plugin 'slow', option 'cache': 'x' must be a size, such as 4096, 64K or 512M", "-p",
	    "slow,cache=x")

Test(resolve, wrong_class_in_the_file, .init = setup_plugins, .fini = teardown_plugins)
{
	const char *file = test_file(folder, "m.yml", "accel: virt\n");
	char expected[256];
	struct cli c;

	good(PARSE(&c, "-c", file, "x"));
	snprintf(expected, sizeof(expected), "%s: 'virt' is of class board and can't stand under 'accel'",
		 file);
	test_expect_error(cli_resolve(&c, registry), VR_E_CONFIG, expected);
	cli_free(&c);
}

Test(resolve, nothing_installed)
{
	struct registry *r = registry_new();
	struct cli c;

	good(PARSE(&c, "-p", "kvm", "x"));
	test_expect_error(cli_resolve(&c, r), VR_E_CONFIG,
			  "-p kvm: plugin 'kvm' is not installed: no plugin is; 'vmrun doctor' says where "
			  "they are looked for, "
			  "--plugin-path adds a folder");
	cli_free(&c);
	registry_free(r);
}
