/* SPDX-License-Identifier: MIT */
/* Loading: each thing that can be wrong with a library is named, with the file. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/elf.h"
#include "plugin/registry.h"
#include "support.h"
#include "common/arch.h"
#include "common/error.h"

static char *folder;
static struct registry *registry;

static void setup(void)
{
	folder = test_folder();
	vr_error_clear();
	registry = registry_new();
}

static void teardown(void)
{
	registry_free(registry);
	test_remove(folder);
}

/* The plugin `t`, whose library is build/tests/faulty/<name>.so. */
static struct loaded_plugin *plugin(const char *name)
{
	char built[64];
	struct loaded_plugin *p;

	snprintf(built, sizeof(built), "faulty/%s.so", name);
	cr_assert_eq(symlink(test_built(built), test_path(folder, "t.so")), 0);
	test_file(folder, "t.yaml", test_manifest("requires", "requires: [vmrun.log/1]"));
	cr_assert_eq(registry_scan(registry, folder), VR_OK);
	p = registry_by_id(registry, "t");
	cr_assert_not_null(p, "%s", registry_problem(registry, 0));
	return p;
}

/* "%" at the beginning stands for the library's path. */
static void refused(const char *name, int32_t code, const char *expected)
{
	struct loaded_plugin *p = plugin(name);
	char text[1024];

	snprintf(text, sizeof(text), "%s/t.so: %s", folder, expected);
	test_expect_error(registry_load(registry, p), code, text);
	cr_expect_null(p->host);
	cr_expect_null(p->plugin);
	/* And again, the same. */
	test_expect_error(registry_load(registry, p), code, text);
}

#define REFUSED(name, code, expected)                     \
	Test(load, name, .init = setup, .fini = teardown) \
	{                                                 \
		refused(#name, code, expected);           \
	}

REFUSED(magic_null, VR_E_ABI, "magic: vmrun_plugin_magic() returned NULL; rebuild the plugin")
REFUSED(magic_size, VR_E_ABI, "magic.size is 24, not 32; rebuild the plugin")
REFUSED(magic_tag, VR_E_ABI, "magic.tag is 'QM?', not 'VMRN'; this is no plugin of vmrun")
REFUSED(magic_major, VR_E_ABI, "magic.abi_major is 2, this vmrun has 1; rebuild the plugin for ABI 1")
REFUSED(magic_major_old, VR_E_ABI, "magic.abi_major is 0, this vmrun has 1; rebuild the plugin for ABI 1")
REFUSED(magic_minor, VR_E_ABI, "magic.abi_minor is 1, this vmrun has 0; update vmrun, or use an older plugin")
REFUSED(magic_flags, VR_E_ABI, "magic.flags is 0x10, this vmrun knows none; update vmrun")
REFUSED(magic_extra, VR_E_ABI, "magic.abi_extra is 'fork', not zeros; it was built for another program")
REFUSED(no_magic, VR_E_ABI,
	"has no symbol vmrun_plugin_magic; this is no plugin of vmrun, or its name is another: see 'vmrun "
	"plugins check'")
REFUSED(no_create, VR_E_ABI,
	"has no symbol vmrun_plugin_create; this is no plugin of vmrun, or its name is another: see 'vmrun "
	"plugins check'")
REFUSED(create_fails, VR_E_UNSUPPORTED, "vmrun_plugin_create: not on a Monday; wait a day")
REFUSED(create_null, VR_E_ABI, "vmrun_plugin_create() returned no plugin; rebuild the plugin")
REFUSED(plugin_size, VR_E_ABI, "plugin.size is 48, which ends before 'query'; rebuild the plugin")
REFUSED(plugin_query, VR_E_ABI, "plugin.query is NULL; rebuild the plugin")
REFUSED(no_interface, VR_E_ABI,
	"the manifest promises vmrun.accel/1, but the plugin has no such interface; they are not of one "
	"build")
REFUSED(unresolved, VR_E_IO, "can't be loaded: undefined symbol: vmrun_test_symbol_that_nobody_has")

Test(load, not_a_library, .init = setup, .fini = teardown)
{
	struct loaded_plugin *p;
	char text[256];

	test_file(folder, "t.so", "this is text\n");
	test_file(folder, "t.yaml", test_manifest(NULL, NULL));
	registry_scan(registry, folder);
	p = registry_by_id(registry, "t");
	snprintf(
		text, sizeof(text),
		"%s/t.so: can't be loaded: it is no shared library (no ELF header); install the plugin again",
		folder);
	test_expect_error(registry_load(registry, p), VR_E_IO, text);
}

Test(load, no_file, .init = setup, .fini = teardown)
{
	char text[256];

	test_file(folder, "t.yaml", test_manifest(NULL, NULL));
	registry_scan(registry, folder);
	snprintf(text, sizeof(text), "%s/t.so: can't be loaded: No such file or directory", folder);
	test_expect_error(registry_load(registry, registry_by_id(registry, "t")), VR_E_IO, text);
}

/* Every length of a library: refused, or (what follows the segments is for debuggers) loaded. */
Test(load, cut_short, .init = setup, .fini = teardown)
{
	static uint8_t bytes[1 << 20];
	FILE *f = fopen(test_built("faulty/good.so"), "rb");
	char text[256], whole[256];
	size_t size, first = 0;

	cr_assert_not_null(f);
	size = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	cr_assert_lt(size, sizeof(bytes));
	cr_assert_eq(elf_check_bytes(bytes, size, whole, sizeof(whole)), VR_OK, "%s", whole);
	for (size_t n = 0; n <= size; n++) {
		uint8_t *copy = malloc(n ? n : 1); /* so that a sanitizer sees where it ends */
		int32_t rc;

		cr_assert_not_null(copy);
		memcpy(copy, bytes, n);
		text[0] = '\0';
		rc = elf_check_bytes(copy, n, text, sizeof(text));
		free(copy);
		if (rc == VR_OK && !first)
			first = n;
		cr_assert_eq(rc, first ? VR_OK : VR_E_IO, "%zu of %zu bytes: %s", n, size, text);
		cr_assert(first || text[0], "%zu bytes", n);
	}
	cr_expect_gt(first, 4096);
}

Test(load, other_system, .init = setup, .fini = teardown)
{
	char text[256];

	test_file(folder, "t.yaml", test_manifest("library", "library: {windows-x86_64: t.dll}"));
	registry_scan(registry, folder);
	snprintf(text, sizeof(text), "%s/t.yaml: plugin 't' has no library for %s; use it on another system",
		 folder, vr_arch_platform());
	test_expect_error(registry_load(registry, registry_by_id(registry, "t")), VR_E_UNSUPPORTED, text);
}

static void manifest_abi(const char *abi, const char *shown, const char *advice)
{
	char text[256];

	setup();
	test_file(folder, "t.yaml", test_manifest("abi", abi));
	registry_scan(registry, folder);
	snprintf(text, sizeof(text), "%s/t.yaml: abi %s, this vmrun has 1.0; %s", folder, shown, advice);
	test_expect_error(registry_load(registry, registry_by_id(registry, "t")), VR_E_ABI, text);
	teardown();
}

Test(load, manifest_of_another_abi)
{
	manifest_abi("abi: {major: 2, minor: 0}", "2.0", "update vmrun");
	manifest_abi("abi: {major: 1, minor: 1}", "1.1", "update vmrun");
	manifest_abi("abi: {major: 0, minor: 0}", "0.0", "update the plugin");
}

/* The core looks at no member after those that it knows. */
Test(load, a_longer_plugin, .init = setup, .fini = teardown)
{
	struct loaded_plugin *p = plugin("plugin_long");

	cr_assert_eq(registry_start(registry, p), VR_OK, "%s", vr_error_text(VR_E_ABI));
	cr_expect_not_null(registry_interface(p, "vmrun.accel/1"));
}

Test(load, probe_is_asked_once, .init = setup, .fini = teardown)
{
	struct loaded_plugin *p = plugin("probe_fails");
	const char *expected = "plugin 't': no such hardware (asked 1 times); buy some";

	cr_expect_eq(registry_load(registry, p), VR_OK);
	test_expect_error(registry_probe(registry, p), VR_E_UNSUPPORTED, expected);
	test_expect_error(registry_probe(registry, p), VR_E_UNSUPPORTED, expected);
	test_expect_error(registry_start(registry, p), VR_E_UNSUPPORTED, expected);
	cr_expect(p->probed);
	cr_expect_not(p->started);
	cr_expect_str_eq(p->probe_text, expected);
}

Test(load, start_fails, .init = setup, .fini = teardown)
{
	struct loaded_plugin *p = plugin("start_fails");

	test_expect_error(registry_start(registry, p), VR_E_BUSY, "plugin 't': busy");
	cr_expect_not(p->started);
}

Test(load, requires_what_nobody_has, .init = setup, .fini = teardown)
{
	struct loaded_plugin *p;
	char text[512];

	cr_assert_eq(symlink(test_built("faulty/good.so"), test_path(folder, "t.so")), 0);
	test_file(folder, "t.yaml", test_manifest("requires", "requires: [com.example.magic/3]"));
	registry_scan(registry, folder);
	p = registry_by_id(registry, "t");
	cr_expect_eq(registry_probe(registry, p), VR_OK, "only start needs them");
	snprintf(text, sizeof(text),
		 "%s/t.yaml: plugin 't' requires com.example.magic/3, which neither this vmrun nor an "
		 "installed plugin has; "
		 "update vmrun, or install the plugin that provides it",
		 folder);
	test_expect_error(registry_start(registry, p), VR_E_ABI, text);
}

/* ---- a right one ---- */

static const char three[] = "manifest: 1\nid: %s\nversion: 1.0.0\nsummary: s\nclass: accel\n"
			    "library: {%s: good.so}\nabi: {major: 1, minor: 0}\n"
			    "provides: [vmrun.accel/1, test.good/1]\npriority: %d\n"
			    "options:\n"
			    "  - {name: count, type: int, default: 7, help: h}\n"
			    "  - {name: room, type: size, help: h}\n"
			    "  - {name: fast, type: bool, default: yes, help: h}\n"
			    "  - {name: label, type: string, help: h}\n";

static void three_plugins(void)
{
	static const char *const ids[] = {"low", "high", "middle"};
	static const int priorities[] = {-1, 50, 10};
	char name[32], text[1024];

	cr_assert_eq(symlink(test_built("faulty/good.so"), test_path(folder, "good.so")), 0);
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s.yaml", ids[i]);
		snprintf(text, sizeof(text), three, ids[i], vr_arch_platform(), priorities[i]);
		test_file(folder, name, text);
	}
	cr_assert_eq(registry_scan(registry, folder), VR_OK);
	cr_assert_eq(registry_count(registry), 3);
}

static const struct vr_host *host_of(const char *id)
{
	return &registry_by_id(registry, id)->host->host;
}

Test(load, life, .init = setup)
{
	char text[512] = "";
	FILE *f;

	three_plugins();
	setenv("VMRUN_TEST_LIFE", test_path(folder, "life"), 1);
	cr_assert_eq(registry_start(registry, registry_by_id(registry, "low")), VR_OK);
	cr_assert_eq(registry_start(registry, registry_by_id(registry, "low")), VR_OK);
	cr_assert_eq(registry_load(registry, registry_by_id(registry, "high")), VR_OK);
	cr_assert_eq(registry_start(registry, registry_by_id(registry, "middle")), VR_OK);
	cr_assert_eq(registry_start(registry, registry_by_id(registry, "high")), VR_OK);
	registry_free(registry);
	f = fopen(test_path(folder, "life"), "r");
	cr_assert_not_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	cr_expect_str_eq(text, "low create\nlow probe\nlow start\n"
			       "high create\n"
			       "middle create\nmiddle probe\nmiddle start\n"
			       "high probe\nhigh start\n"
			       "high stop\nmiddle stop\nlow stop\n"
			       "middle destroy\nhigh destroy\nlow destroy\n");
	test_remove(folder);
}

Test(load, config_table, .init = setup, .fini = teardown)
{
	struct loaded_plugin *p;
	const struct vr_host_config *config;
	const struct vr_host *host;
	uint64_t v = 0;

	three_plugins();
	p = registry_by_id(registry, "high");
	cr_assert_eq(registry_option(registry, p, "room", "64K"), VR_OK);
	cr_assert_eq(registry_option(registry, p, "room", "2M"), VR_OK, "the last one wins");
	cr_assert_eq(registry_load(registry, p), VR_OK);
	host = host_of("high");
	config = host->query(host, VR_CONFIG_ID);
	cr_assert(VR_HAS(config, string) && VR_HAS(config, number));
	cr_expect_str_eq(config->string(host, "count"), "7");
	cr_expect_eq(config->number(host, "count", &v), VR_OK);
	cr_expect_eq(v, 7);
	cr_expect_eq(config->number(host, "room", &v), VR_OK);
	cr_expect_eq(v, 2 << 20);
	cr_expect_eq(config->number(host, "fast", &v), VR_OK);
	cr_expect_eq(v, 1);
	cr_expect_null(config->string(host, "label"));
	cr_expect_null(config->string(host, "nonsense"));
	cr_expect_null(config->string(host, NULL));
	cr_expect_eq(config->number(host, "label", &v), VR_E_NOENT);
	cr_expect_eq(host->size, sizeof(struct vr_host));
	cr_expect_null(host->query(host, "vmrun.nothing/1"));
	cr_expect_null(host->query(host, NULL));
}

Test(load, options_are_checked, .init = setup, .fini = teardown)
{
	struct loaded_plugin *p;

	three_plugins();
	p = registry_by_id(registry, "low");
	test_expect_error(registry_option(registry, p, "colour", "1"), VR_E_CONFIG,
			  "plugin 'low' has no option 'colour'; it has: count, room, fast, label");
	test_expect_error(registry_option(registry, p, "count", "many"), VR_E_CONFIG,
			  "plugin 'low', option 'count': 'many' must be a number");
	test_expect_error(registry_option(registry, p, "fast", "3"), VR_E_CONFIG,
			  "plugin 'low', option 'fast': '3' must be true or false");
	test_expect_error(registry_option(registry, p, "room", "1Z"), VR_E_CONFIG,
			  "plugin 'low', option 'room': '1Z' must be a size, such as 4096, 64K or 512M");
	cr_assert_eq(registry_load(registry, p), VR_OK);
	test_expect_error(registry_option(registry, p, "count", "1"), VR_E_STATE,
			  "plugin 'low', option 'count': the plugin is loaded already");
}

Test(load, registry_table, .init = setup, .fini = teardown)
{
	const struct vr_host_registry *table;
	struct vr_found found = {.size = sizeof(found)};
	const struct vr_host *host;

	three_plugins();
	cr_assert_eq(registry_load(registry, registry_by_id(registry, "low")), VR_OK);
	cr_assert_eq(registry_load(registry, registry_by_id(registry, "high")), VR_OK);
	host = host_of("low");
	table = host->query(host, VR_REGISTRY_ID);
	cr_assert_eq(table->find(host, "test.good/1", NULL, 0, &found), VR_OK);
	cr_expect_str_eq(found.id, "high", "best priority first");
	cr_expect_eq(found.self, registry_by_id(registry, "high")->plugin->self);
	cr_expect_eq(found.table, registry_interface(registry_by_id(registry, "high"), "test.good/1"));
	cr_expect_eq(found.flags, 0);
	registry_by_id(registry, found.id)->requested = true;
	cr_assert_eq(table->find(host, "test.good/1", NULL, 0, &found), VR_OK);
	cr_expect_eq(found.flags, VR_FOUND_REQUESTED);
	/* As a plugin of ABI 1.0 asks: nothing after what it knows is written. */
	found.size = offsetof(struct vr_found, flags);
	found.flags = 77;
	cr_assert_eq(table->find(host, "test.good/1", NULL, 0, &found), VR_OK);
	cr_expect_eq(found.flags, 77);
	found.size = sizeof(found);
	cr_assert_eq(table->find(host, "test.good/1", NULL, 1, &found), VR_OK);
	cr_expect_str_eq(found.id, "low");
	cr_expect_eq(table->find(host, "test.good/1", NULL, 2, &found), VR_E_NOENT, "'middle' is not loaded");
	cr_expect_eq(table->find(host, "test.good/1", "low", 0, &found), VR_OK);
	cr_expect_eq(table->find(host, "test.good/1", "low", 1, &found), VR_E_NOENT);
	cr_expect_eq(table->find(host, "test.other/1", NULL, 0, &found), VR_E_NOENT);
	vr_error_clear();
	found.size = 8;
	cr_expect_eq(table->find(host, "test.good/1", NULL, 0, &found), VR_E_INVAL);
	vr_error_clear();
}

Test(load, offers, .init = setup, .fini = teardown)
{
	static const int one = 1, two = 2;
	const struct vr_host *host;
	struct machine *machine = (struct machine *)(uintptr_t)&one;

	three_plugins();
	registry_set_machine(registry, machine);
	cr_assert_eq(registry_load(registry, registry_by_id(registry, "low")), VR_OK);
	host = host_of("low");
	cr_expect_eq(plugin_host_of(host)->machine, machine);
	cr_expect_eq(plugin_host_of(host)->registry, registry);
	cr_expect_null(host->query(host, "test.table/1"));
	registry_offer(registry, "test.table/1", &one);
	cr_expect_eq(host->query(host, "test.table/1"), &one);
	registry_offer(registry, "test.table/1", &two);
	cr_expect_eq(host->query(host, "test.table/1"), &two);
	registry_set_machine(registry, NULL);
	cr_expect_null(plugin_host_of(host)->machine);
}
