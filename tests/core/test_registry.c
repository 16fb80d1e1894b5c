/* SPDX-License-Identifier: MIT */
/* Scanning folders, the search path, and whom it believes with elevated privileges. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/search.h"
#include "plugin/registry.h"
#include "support.h"
#include "common/error.h"
#include "common/text.h"

static const char *manifest(const char *id, int priority)
{
	static char text[1024];
	char line[64];

	snprintf(line, sizeof(line), "id: %s\npriority: %d", id, priority);
	snprintf(text, sizeof(text), "%s", test_manifest("id", line));
	return text;
}

Test(registry, scan)
{
	char *folder = test_folder(), *second = test_folder();
	struct registry *r = registry_new();
	char expected[256];

	vr_error_clear();
	test_file(folder, "b.yaml", manifest("b", 5));
	test_file(folder, "a.yaml", manifest("a", 5));
	test_file(folder, "c.yaml", manifest("c", 9));
	test_file(folder, "a-again.yaml", manifest("b", 100));
	test_file(folder, "broken.yaml", "manifest: 1\nid: [\n");
	test_file(folder, ".hidden.yaml", "not looked at");
	test_file(folder, "note.txt", "not looked at");
	test_file(second, "c.yaml", manifest("c", 500));
	test_file(second, "d.yaml", manifest("d", 1));
	cr_assert_eq(registry_scan(r, folder), VR_OK);
	cr_assert_eq(registry_scan(r, second), VR_OK);
	cr_assert_eq(registry_scan(r, second), VR_OK, "a second time: nothing");
	cr_assert_eq(registry_scan(r, "/nonexistent/folder"), VR_OK);

	cr_assert_eq(registry_count(r), 4);
	cr_expect_str_eq(registry_at(r, 0)->manifest->id, "b", "a-again.yaml comes before b.yaml");
	cr_expect_eq(registry_at(r, 0)->manifest->priority, 100);
	cr_expect_str_eq(registry_at(r, 1)->manifest->id, "c");
	cr_expect_eq(registry_at(r, 1)->manifest->priority, 9, "the first folder's");
	cr_expect_str_eq(registry_at(r, 1)->directory, folder);
	cr_expect_str_eq(registry_at(r, 2)->manifest->id, "a");
	cr_expect_str_eq(registry_at(r, 3)->manifest->id, "d");
	cr_expect_null(registry_at(r, 4));
	cr_expect_null(registry_by_id(r, "z"));

	snprintf(expected, sizeof(expected),
		 "%s/broken.yaml:3:1: did not find expected node content (while parsing a flow node)",
		 folder);
	cr_expect_str_eq(registry_problem(r, 0), expected);
	cr_expect_null(registry_problem(r, 1));
	cr_expect_str_eq(registry_directory(r, 2), "/nonexistent/folder");
	cr_expect_null(registry_directory(r, 3));
	registry_free(r);
	test_remove(folder);
	test_remove(second);
}

Test(registry, not_a_folder)
{
	char *folder = test_folder();
	struct registry *r = registry_new();
	char expected[512];

	test_file(folder, "f", "");
	cr_expect_eq(registry_scan(r, test_path(folder, "f")), VR_OK);
	snprintf(expected, sizeof(expected),
		 "%s/f: the plugins of this folder can't be listed: Not a directory; name a folder that can "
		 "be read, or take it out of the search path",
		 folder);
	cr_expect_str_eq(registry_problem(r, 0), expected);
	registry_free(r);
	test_remove(folder);
}

static void expect_list(const struct vr_search *s, const char *expected)
{
	char text[1024] = "";
	char **list;

	cr_assert_eq(vr_search_list(s, &list), VR_OK);
	for (char **p = list; p && *p; p++) {
		if (p != list)
			strcat(text, ":");
		strcat(text, *p);
	}
	cr_expect_str_eq(text, expected, "got  %s\nnot  %s", text, expected);
	vr_text_list_free(list);
}

/* A folder that looks like a build tree: it has the link to the source. */
static char *build_tree(void)
{
	char *folder = test_folder(), *link = vr_text_format("%s/source", folder);

	cr_assert_eq(symlink("..", link), 0);
	free(link);
	return folder;
}

#define SYSTEM "/etc/vmrun/plugins:/usr/local/lib/vmrun/plugins:/usr/lib/vmrun/plugins"

Test(search, order)
{
	char *tree = build_tree(), *executable = vr_text_format("%s/bin/vmrun", tree);
	char *list = vr_text_format("/x:y:/e:%s/plugins:/d/vmrun/plugins:" SYSTEM, tree);

	expect_list(&(struct vr_search){0}, SYSTEM);
	expect_list(&(struct vr_search){.extra = "/x:y/",
					.environment = "/e",
					.data_home = "/d",
					.home = "/h",
					.executable = executable},
		    list);
	free(list);
	free(executable);
	test_remove(tree);
	expect_list(&(struct vr_search){.home = "/h"}, "/h/.local/share/vmrun/plugins:" SYSTEM);
	expect_list(&(struct vr_search){.home = "/h", .data_home = ""},
		    "/h/.local/share/vmrun/plugins:" SYSTEM);
	expect_list(&(struct vr_search){.data_home = "relative"}, SYSTEM);
	expect_list(&(struct vr_search){.home = "relative"}, SYSTEM);
}

Test(search, empty_parts_and_duplicates)
{
	expect_list(&(struct vr_search){.extra = "::/a::/a/:/b:", .environment = "/b:/"}, "/a:/b:/:" SYSTEM);
	expect_list(&(struct vr_search){.extra = "", .environment = ":"}, SYSTEM);
}

Test(search, development_build)
{
	char *tree = build_tree(), *executable = vr_text_format("%s/bin/vmrun", tree);
	char *test = vr_text_format("%s/tests/test-x", tree);
	char *list = vr_text_format("%s/plugins:" SYSTEM, tree);

	expect_list(&(struct vr_search){.executable = executable}, list);
	expect_list(&(struct vr_search){.executable = test}, list);
	free(list);
	free(test);
	free(executable);
	test_remove(tree);
	expect_list(
		&(struct vr_search){.executable = "/s/build/bin/vmrun"},
		"/etc/vmrun/plugins:/s/build/lib/vmrun/plugins:/usr/local/lib/vmrun/plugins:/usr/lib/vmrun/"
		"plugins");
	expect_list(&(struct vr_search){.executable = "/usr/bin/vmrun"}, SYSTEM);
	expect_list(&(struct vr_search){.executable = "/usr/local/bin/vmrun"}, SYSTEM);
	expect_list(&(struct vr_search){.executable = "/opt/v/bin/vmrun"},
		    "/etc/vmrun/plugins:/opt/v/lib/vmrun/plugins:/usr/local/lib/vmrun/plugins:/usr/lib/vmrun/"
		    "plugins");
	expect_list(&(struct vr_search){.executable = "/bin/vmrun"}, SYSTEM);
	expect_list(&(struct vr_search){.executable = "/vmrun"}, SYSTEM);
	expect_list(&(struct vr_search){.executable = "vmrun"}, SYSTEM);
}

static void expect_sdk(const char *executable, const char *expected)
{
	char *place = vr_search_sdk(executable, "template/device");

	cr_expect_str_eq(place, expected);
	free(place);
}

Test(search, sdk)
{
	expect_sdk("/usr/bin/vmrun", "/usr/share/vmrun/sdk/template/device");
	expect_sdk("/opt/v/bin/vmrun", "/opt/v/share/vmrun/sdk/template/device");
	char *tree = build_tree(), *executable = vr_text_format("%s/bin/vmrun", tree);
	char *sdk = vr_text_format("%s/source/sdk/template/device", tree);

	expect_sdk(executable, sdk);
	free(sdk);
	free(executable);
	test_remove(tree);
	expect_sdk("/vmrun", "/usr/share/vmrun/sdk/template/device");
}

Test(search, elevated_ignores_what_the_caller_controls)
{
	char *tree = build_tree(), *executable = vr_text_format("%s/bin/vmrun", tree);

	expect_list(&(struct vr_search){.extra = "/x",
					.environment = "/e",
					.data_home = "/d",
					.home = "/h",
					.executable = executable,
					.elevated = true},
		    SYSTEM);
	free(executable);
	test_remove(tree);
}

/* `path` is refused because of `culprit`, which is ... */
static void expect_refused(const char *path, const char *culprit, const char *which_is)
{
	char *expected = vr_text_format("%s %s", culprit, which_is);

	test_expect_error(vr_search_trusted(path), VR_E_PERM, expected);
	free(expected);
}

#define OTHERS(mode) \
	"can be written by others (mode " mode "), so it is refused with elevated privileges; chmod go-w it"

Test(search, trusted)
{
	char *folder = test_folder();
	const char *inner, *path = test_file(folder, "f", "");

	vr_error_clear();
	if (geteuid() != 0) {
		/* The file is ours. */
		cr_expect_eq(vr_search_trusted(path), VR_E_PERM);
		vr_error_clear();
		test_remove(folder);
		return;
	}
	chmod(path, 0666);
	expect_refused(path, path, OTHERS("0666"));
	chmod(path, 0644);
	cr_assert_eq(chown(path, 1234, 0), 0);
	expect_refused(path, path,
		       "belongs to user 1234, so it is refused with elevated privileges; give it to root, "
		       "or run vmrun without set-user-id");
	cr_assert_eq(chown(path, 0, 0), 0);
	chmod(folder, 0770);
	expect_refused(path, folder, OTHERS("0770"));
	chmod(folder, 0700);
	/* The file and its folder are right, the folder above is not. */
	inner = test_path(folder, "inner");
	cr_assert_eq(mkdir(inner, 0700), 0);
	path = test_file(inner, "f", "");
	chmod(path, 0644);
	chmod(folder, 01777);
	expect_refused(path, folder, OTHERS("1777"));
	test_remove(folder);
}

Test(search, trusted_follows_links)
{
	char *folder = test_folder();
	const char *link = test_path(folder, "link");
	int32_t rc;

	vr_error_clear();
	cr_assert_eq(symlink("/proc/self/status", link), 0);
	cr_expect_eq(vr_search_trusted(test_path(folder, "none")), VR_E_NOENT);
	vr_error_clear();
	cr_assert_eq(unlink(link), 0);
	cr_assert_eq(symlink("/", link), 0);
	rc = vr_search_trusted(link);
	cr_expect(rc == VR_OK || rc == VR_E_PERM); /* in a container "/" may belong to any user */
	if (rc == VR_E_PERM)
		cr_expect(!strncmp(vr_error_text(rc), "/ ", 2), "%s", vr_error_text(rc));
	vr_error_clear();
	test_remove(folder);
}
