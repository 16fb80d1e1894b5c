/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "fake.h"
#include "common/arch.h"
#include "common/error.h"

static struct machine_config config;
static struct choice choice;

static void forget(void)
{
	choice_free(&choice);
}

static int32_t choose(const char *kernel)
{
	struct vr_boot_payload p = {.size = sizeof(p),
				    .kernel = kernel,
				    .kernel_size = strlen(kernel),
				    .cmdline = "",
				    .kernel_name = "k"};

	vr_error_clear();
	choice_free(&choice);
	return machine_choose(NULL, &config, &p, &choice);
}

static void refused(const char *kernel, const char *text)
{
	int32_t rc = choose(kernel);
	const char *got = vr_error_text(rc);

	cr_assert_lt(rc, 0);
	cr_assert_not_null(strstr(got, text), "%s", got);
	cr_assert_null(choice.line);
}

TestSuite(choose, .fini = forget);

#define ID(p) ((p) ? (p)->manifest->id : "none")
#define S(text) ((char *)(uintptr_t)(text))

static void native_and_soft(void)
{
	fake_add("hyper", VR_CLASS_ACCEL, "host", NULL);
	fake_standard();
	fake_add("pair", VR_CLASS_TRANSLATOR, "other", vr_arch_host());
	fake_add("elsewhere", VR_CLASS_TRANSLATOR, "other", "nowhere");
	fake_add("self", VR_CLASS_TRANSLATOR, vr_arch_host(), vr_arch_host());
	fake_image(fake_add("pc", VR_CLASS_BOARD, vr_arch_host(), NULL), "HOST");
}

Test(choose, another_architecture)
{
	native_and_soft();
	cr_assert_eq(choose("OTHR"), VR_OK);
	cr_assert_str_eq(choice.arch, "other");
	cr_assert_str_eq(ID(choice.accel), "soft");
	cr_assert_str_eq(ID(choice.translator), "pair", "before a lifter");
	cr_assert_str_eq(ID(choice.board), "virt");
	cr_assert_not_null(strstr(choice.line, "soft + pair"));
	cr_assert_null(strchr(choice.line, '\n'));
}

Test(choose, own_architecture)
{
	native_and_soft();
	cr_assert_eq(choose("HOST"), VR_OK);
	cr_assert_str_eq(ID(choice.accel), "hyper");
	cr_assert_null(choice.translator);
	cr_assert_str_eq(ID(choice.board), "pc");
}

Test(choose, hardware_that_does_not_work)
{
	native_and_soft();
	fake_break(registry_by_id(NULL, "hyper"), "no device node");
	cr_assert_eq(choose("HOST"), VR_OK);
	cr_assert_str_eq(ID(choice.accel), "soft");
	cr_assert_str_eq(ID(choice.translator), "self");
	cr_assert_not_null(strstr(choice.line, "no device node"), "%s", choice.line);
}

Test(choose, named_but_unusable)
{
	native_and_soft();
	config.accel = S("hyper");
	refused("OTHR", "host's architecture");
	fake_break(registry_by_id(NULL, "hyper"), "no device node");
	refused("HOST", "no device node");
	config.fallback = true;
	cr_assert_eq(choose("HOST"), VR_OK);
	cr_assert_str_eq(ID(choice.accel), "soft");
	cr_assert_eq(choose("OTHR"), VR_OK);
	cr_assert_str_eq(ID(choice.translator), "pair");
	config.accel = S("nonesuch");
	cr_assert_eq(choose("OTHR"), VR_OK);
	config.fallback = false;
	refused("OTHR", "not installed");
	config.accel = S("virt");
	refused("OTHR", "another kind");
}

Test(choose, fallback_is_software_first)
{
	native_and_soft();
	config.fallback = true;
	cr_assert_eq(choose("HOST"), VR_OK);
	cr_assert_str_eq(ID(choice.accel), "soft");
	fake_break(registry_by_id(NULL, "self"), "broken");
	cr_assert_eq(choose("HOST"), VR_OK);
	cr_assert_str_eq(ID(choice.accel), "hyper");
}

Test(choose, translators)
{
	native_and_soft();
	fake_break(registry_by_id(NULL, "pair"), "no AVX");
	cr_assert_eq(choose("OTHR"), VR_OK);
	cr_assert_str_eq(ID(choice.translator), "lift");
	config.translator = S("elsewhere");
	refused("OTHR", "elsewhere");
	config.translator = S("pair");
	refused("OTHR", "no AVX");
	config.translator = NULL;
	fake_break(registry_by_id(NULL, "lift"), "gone");
	refused("OTHR", "no translator");
}

Test(choose, a_named_translator_is_used)
{
	native_and_soft();
	config.translator = S("self");
	cr_assert_eq(choose("HOST"), VR_OK);
	cr_assert_str_eq(ID(choice.accel), "hyper", "a machine file's is for software");
	registry_by_id(NULL, "self")->requested = true;
	cr_assert_eq(choose("HOST"), VR_OK);
	cr_assert_str_eq(ID(choice.accel), "soft");
	cr_assert_str_eq(ID(choice.translator), "self");
	cr_assert_not_null(strstr(choice.line, "software, as asked for"), "%s", choice.line);
	refused("OTHR", "translator 'self' was named and can't be used for this guest");

	config.translator = S("pair");
	registry_by_id(NULL, "pair")->requested = true;
	config.accel = S("hyper");
	cr_assert_eq(choose("HOST"), VR_OK);
	cr_assert_str_eq(ID(choice.accel), "hyper");
	cr_assert_null(choice.translator);
	cr_assert_not_null(strstr(choice.line, "board pc; not needed for this guest: pair ("), "%s",
			   choice.line);
	cr_assert_eq(choose("OTHR"), VR_OK, "%s", vr_error_text(VR_E_CONFIG));
	cr_assert_str_eq(ID(choice.accel), "soft");
	cr_assert_str_eq(ID(choice.translator), "pair");
	cr_assert_not_null(strstr(choice.line, "board virt; not needed for this guest: hyper ("), "%s",
			   choice.line);
	cr_assert_not_null(strstr(choice.line, "hyper: runs only guests"), "%s", choice.line);
	fake_break(registry_by_id(NULL, "pair"), "no AVX");
	refused("OTHR", "neither 'hyper' nor translator 'pair' can run this guest");
	config.accel = NULL;
	refused("OTHR", "no AVX");
}

/* A translator that no guest could use beside the accelerator that was named. */
Test(choose, a_named_translator_that_can_never_be_used)
{
	struct loaded_plugin *w = fake_add("trace", VR_CLASS_ACCEL, NULL, NULL);

	native_and_soft();
	w->manifest->wraps = S("accel");
	config.accel = S("hyper");
	config.translator = S("self");
	cr_assert_eq(choose("HOST"), VR_OK, "a machine file's is for software");
	registry_by_id(NULL, "self")->requested = true;
	refused("HOST",
		"translator 'self' was named and is not used: accelerator 'hyper', named with it, runs");
	refused("OTHR", "neither 'hyper' nor translator 'self' can run this guest");
	/* The same before which a wrapper stands. */
	config.accel = S("trace");
	registry_option(NULL, w, "accel", "hyper");
	refused("HOST",
		"translator 'self' was named and is not used: accelerator 'trace', named with it, runs");
	registry_option(NULL, w, "accel", "");
	cr_assert_eq(choose("HOST"), VR_OK);
	cr_assert_str_eq(ID(choice.wrapped), "soft", "the wrapper's is free, so it is software");
	cr_assert_str_eq(ID(choice.translator), "self");

	config.accel = S("hyper");
	config.translator = S("elsewhere");
	registry_by_id(NULL, "elsewhere")->requested = true;
	refused("HOST", "translator 'elsewhere' was named and is not used: it is not for");
	refused("OTHR", "not for other guests on");
}

Test(choose, architecture_and_image)
{
	native_and_soft();
	refused("????", "--arch");
	refused("", "--arch");
	config.arch = S("other");
	cr_assert_eq(choose("????"), VR_OK);
	cr_assert_str_eq(ID(choice.board), "virt");
	refused("HOST", "--arch says other");
	config.arch = S("third");
	refused("????", "no board");
	config.board = S("virt");
	refused("????", "board for other");
	config.arch = NULL;
	cr_assert_eq(choose("????"), VR_OK);
	cr_assert_str_eq(choice.arch, "other");
	config.board = S("nonesuch");
	refused("OTHR", "not installed");
}

Test(choose, nothing_installed)
{
	refused("OTHR", "none");
	config.arch = S("other");
	refused("OTHR", "no board");
	fake_image(fake_add("virt", VR_CLASS_BOARD, "other", NULL), "OTHR");
	refused("OTHR", "nothing here can run");
}

Test(choose, asked_only)
{
	native_and_soft();
	config.arch = S("other");
	cr_assert_eq(machine_choose(NULL, &config, NULL, &choice), VR_OK);
	cr_assert_not(choice.accel->started);
	cr_assert_str_eq(ID(choice.board), "virt");
}

Test(choose, wrappers)
{
	struct loaded_plugin *w = fake_add("trace", VR_CLASS_ACCEL, NULL, NULL);

	native_and_soft();
	w->manifest->wraps = S("accel");
	cr_assert_eq(choose("OTHR"), VR_OK);
	cr_assert_str_eq(ID(choice.accel), "soft", "no accelerator stands before another unasked");
	config.accel = S("trace");
	cr_assert_eq(choose("OTHR"), VR_OK);
	cr_assert_str_eq(ID(choice.accel), "trace");
	cr_assert_str_eq(ID(choice.wrapped), "soft");
	cr_assert_str_eq(ID(choice.translator), "pair");
	cr_assert(choice.wrapped->started && w->started);
	cr_assert_not_null(strstr(choice.line, "trace around soft + pair"), "%s", choice.line);
	cr_assert_str_eq(registry_option_value(NULL, w, "accel"), "soft", "it is told");

	registry_option(NULL, w, "accel", "hyper");
	cr_assert_eq(choose("HOST"), VR_OK);
	cr_assert_str_eq(ID(choice.wrapped), "hyper");
	cr_assert_null(choice.translator);
	refused("OTHR", "host's architecture");
	registry_option(NULL, w, "accel", "nonesuch");
	refused("OTHR", "'nonesuch' is not installed");
	registry_option(NULL, w, "accel", "trace");
	refused("OTHR", "wraps itself");
	registry_option(NULL, w, "accel", "");
	fake_break(registry_by_id(NULL, "soft"), "broken");
	refused("OTHR", "no accelerator to stand before");
	registry_option(NULL, w, "accel", "hyper");
	fake_break(w, "no log");
	refused("HOST", "no log");
	config.fallback = true;
	refused("OTHR", "neither can software");
}
