/* SPDX-License-Identifier: MIT */
#include "common/search.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vmrun/abi.h>

#include "common/error.h"
#include "common/text.h"

bool vr_search_elevated(void)
{
	return getauxval(AT_SECURE) || getuid() != geteuid() || getgid() != getegid();
}

static int32_t add_once(char ***list, const char *directory)
{
	if (vr_text_list_has(*list, directory))
		return VR_OK;
	return vr_text_list_add(list, directory);
}

/* Colon separated; an empty part is nothing, not the current directory. */
static int32_t add_parts(char ***list, const char *path)
{
	while (path && *path) {
		size_t n = strcspn(path, ":");

		if (n > 0) {
			char *part = vr_text_copy_n(path, n);
			int32_t rc;

			if (!part)
				return VR_E_NOMEM;
			/* "a" and "a/" are one folder. */
			for (size_t last = n; last > 1 && part[last - 1] == '/'; last--)
				part[last - 1] = '\0';
			rc = add_once(list, part);
			free(part);
			if (rc < 0)
				return rc;
		}
		path += n + (path[n] == ':');
	}
	return VR_OK;
}

static int32_t add_below(char ***list, const char *base, const char *rest)
{
	char *directory;
	int32_t rc;

	/* The XDG rules: a relative path is invalid and ignored. */
	if (!base || base[0] != '/')
		return VR_OK;
	directory = vr_text_format("%s%s", base, rest);
	if (!directory)
		return VR_E_NOMEM;
	rc = add_once(list, directory);
	free(directory);
	return rc;
}

/*
 * A development build's tree has a link to the source, `source`, beside the folder that the program lies in.
 * An installed program has none there. Otherwise .../bin/<program> is what `make install PREFIX=...` made.
 */
#define PLACE_NOWHERE 0
#define PLACE_BUILD 1
#define PLACE_PREFIX 2

static bool is_build_tree(const char *base)
{
	char link[PATH_MAX], source[PATH_MAX];
	int n = snprintf(link, sizeof(link), "%s/source", base);

	return n > 0 && (size_t)n < sizeof(link) && readlink(link, source, sizeof(source)) > 0;
}

/* Where a program lies; base: the build tree, or the prefix. */
static int place_of(const char *executable, char base[PATH_MAX])
{
	const char *folder;
	char *slash;

	if (!executable || strlen(executable) >= PATH_MAX)
		return PLACE_NOWHERE;
	strcpy(base, executable);
	slash = strrchr(base, '/');
	if (!slash)
		return PLACE_NOWHERE;
	*slash = '\0';
	slash = strrchr(base, '/');
	if (!slash)
		return PLACE_NOWHERE;
	*slash = '\0';
	folder = slash + 1;
	if (is_build_tree(base))
		return PLACE_BUILD;
	return strcmp(folder, "bin") == 0 ? PLACE_PREFIX : PLACE_NOWHERE;
}

int32_t vr_search_list(const struct vr_search *s, char ***out)
{
	static const char *const fixed[] = {"/etc/vmrun/plugins", "/usr/local/lib/vmrun/plugins",
					    "/usr/lib/vmrun/plugins"};
	char **list = NULL, base[PATH_MAX];
	int place = s->elevated ? PLACE_NOWHERE : place_of(s->executable, base);
	int32_t rc = VR_OK;

	*out = NULL;
	if (!s->elevated) {
		rc = add_parts(&list, s->extra);
		if (rc == VR_OK)
			rc = add_parts(&list, s->environment);
		if (rc == VR_OK && place == PLACE_BUILD)
			rc = add_below(&list, base, "/plugins");
		if (rc == VR_OK) {
			if (s->data_home && s->data_home[0] == '/')
				rc = add_below(&list, s->data_home, "/vmrun/plugins");
			else
				rc = add_below(&list, s->home, "/.local/share/vmrun/plugins");
		}
	}
	if (rc == VR_OK)
		rc = add_once(&list, fixed[0]);
	/* Another prefix than the usual ones comes before them. */
	if (rc == VR_OK && place == PLACE_PREFIX && strcmp(base, "/usr/local") != 0 &&
	    strcmp(base, "/usr") != 0)
		rc = add_below(&list, base, "/lib/vmrun/plugins");
	for (size_t i = 1; i < sizeof(fixed) / sizeof(fixed[0]) && rc == VR_OK; i++)
		rc = add_once(&list, fixed[i]);
	if (rc < 0) {
		vr_text_list_free(list);
		return rc;
	}
	*out = list;
	return VR_OK;
}

const char *vr_search_own(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);

	if (n <= 0 || n == PATH_MAX - 1)
		return NULL;
	path[n] = '\0';
	return path;
}

char *vr_search_sdk(const char *executable, const char *rest)
{
	char self[PATH_MAX], base[PATH_MAX];

	switch (place_of(executable ? executable : vr_search_own(self), base)) {
	case PLACE_BUILD:
		return vr_text_format("%s/source/sdk/%s", base, rest);
	case PLACE_PREFIX:
		return vr_text_format("%s/share/vmrun/sdk/%s", base, rest);
	default:
		return vr_text_format("/usr/share/vmrun/sdk/%s", rest);
	}
}

int32_t vr_search_standard(const char *extra, char ***out)
{
	char executable[PATH_MAX];
	struct vr_search s = {
		.extra = extra,
		.environment = getenv("VMRUN_PLUGIN_PATH"),
		.data_home = getenv("XDG_DATA_HOME"),
		.home = getenv("HOME"),
		.executable = vr_search_own(executable),
		.elevated = vr_search_elevated(),
	};

	return vr_search_list(&s, out);
}

static int32_t cannot_check(const char *path)
{
	return vr_error_set(
		errno == ENOENT ? VR_E_NOENT : VR_E_IO,
		"%s: its owner and mode, which decide with elevated privileges, can't be read: %s; mend "
		"the path, or run vmrun without set-user-id",
		path, strerror(errno));
}

static int32_t check_one(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return cannot_check(path);
	if (st.st_uid != 0)
		return vr_error_set(
			VR_E_PERM,
			"%s belongs to user %u, so it is refused with elevated privileges; give it "
			"to root, or run vmrun without set-user-id",
			path, (unsigned)st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return vr_error_set(VR_E_PERM,
				    "%s can be written by others (mode %04o), so it is refused with elevated "
				    "privileges; chmod go-w it",
				    path, (unsigned)(st.st_mode & 07777));
	return VR_OK;
}

int32_t vr_search_trusted(const char *path)
{
	char *real = realpath(path, NULL);
	int32_t rc;

	if (!real)
		return cannot_check(path);
	/* From the file up to the root: a user with write access to a parent can replace the file. */
	rc = check_one(real);
	for (char *slash = strrchr(real, '/'); rc == VR_OK && slash; slash = strrchr(real, '/')) {
		*slash = '\0';
		rc = check_one(slash == real ? "/" : real);
		if (slash == real)
			break;
	}
	free(real);
	return rc;
}
