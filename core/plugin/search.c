/* SPDX-License-Identifier: MIT */
#include "plugin/search.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vmrun/abi.h>

#include "util/error.h"
#include "util/text.h"

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
			int32_t r;

			if (!part)
				return VR_E_NOMEM;
			/* "a" and "a/" are one folder. */
			for (size_t last = n; last > 1 && part[last - 1] == '/'; last--)
				part[last - 1] = '\0';
			r = add_once(list, part);
			free(part);
			if (r < 0)
				return r;
		}
		path += n + (path[n] == ':');
	}
	return VR_OK;
}

static int32_t add_below(char ***list, const char *base, const char *rest)
{
	char *directory;
	int32_t r;

	/* The XDG rules: a relative path is invalid and ignored. */
	if (!base || base[0] != '/')
		return VR_OK;
	directory = vr_text_format("%s%s", base, rest);
	if (!directory)
		return VR_E_NOMEM;
	r = add_once(list, directory);
	free(directory);
	return r;
}

/* .../build*\/<anything>/<program> -> .../build*\/plugins. The name of the tree is what tells a development
 * build from an installed one: the latter must not look into /usr/plugins. */
static int32_t add_development(char ***list, const char *executable)
{
	char path[PATH_MAX];
	char *slash;
	const char *tree;
	size_t n;

	if (!executable || strlen(executable) >= sizeof(path) - sizeof("/plugins"))
		return VR_OK;
	n = strlen(executable);
	memcpy(path, executable, n + 1);
	for (int i = 0; i < 2; i++) {
		slash = strrchr(path, '/');
		if (!slash)
			return VR_OK;
		*slash = '\0';
	}
	tree = strrchr(path, '/');
	if (!tree || strncmp(tree, "/build", 6) != 0)
		return VR_OK;
	return add_below(list, path, "/plugins");
}

int32_t vr_search_list(const struct vr_search *s, char ***out)
{
	static const char *const fixed[] = {"/etc/vmrun/plugins", "/usr/local/lib/vmrun/plugins",
					    "/usr/lib/vmrun/plugins"};
	char **list = NULL;
	int32_t r = VR_OK;

	*out = NULL;
	if (!s->elevated) {
		r = add_parts(&list, s->extra);
		if (r == VR_OK)
			r = add_parts(&list, s->environment);
		if (r == VR_OK)
			r = add_development(&list, s->executable);
		if (r == VR_OK) {
			if (s->data_home && s->data_home[0] == '/')
				r = add_below(&list, s->data_home, "/vmrun/plugins");
			else
				r = add_below(&list, s->home, "/.local/share/vmrun/plugins");
		}
	}
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]) && r == VR_OK; i++)
		r = add_once(&list, fixed[i]);
	if (r < 0) {
		vr_text_list_free(list);
		return r;
	}
	*out = list;
	return VR_OK;
}

int32_t vr_search_standard(const char *extra, char ***out)
{
	char executable[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", executable, sizeof(executable) - 1);
	struct vr_search s = {
		.extra = extra,
		.environment = getenv("VMRUN_PLUGIN_PATH"),
		.data_home = getenv("XDG_DATA_HOME"),
		.home = getenv("HOME"),
		.elevated = vr_search_elevated(),
	};

	if (n > 0 && n < (ssize_t)sizeof(executable) - 1) {
		executable[n] = '\0';
		s.executable = executable;
	}
	return vr_search_list(&s, out);
}

static int32_t check_one(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return vr_error_set(errno == ENOENT ? VR_E_NOENT : VR_E_IO, "%s: %s", path, strerror(errno));
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
	int32_t r;

	if (!real)
		return vr_error_set(errno == ENOENT ? VR_E_NOENT : VR_E_IO, "%s: %s", path, strerror(errno));
	/* From the file up to the root: who can write a parent can put another file in its place. */
	r = check_one(real);
	for (char *slash = strrchr(real, '/'); r == VR_OK && slash; slash = strrchr(real, '/')) {
		*slash = '\0';
		r = check_one(slash == real ? "/" : real);
		if (slash == real)
			break;
	}
	free(real);
	return r;
}
