/* SPDX-License-Identifier: MIT */
/*
 * search.h: where plugins are looked for, and which files are trusted when this process has more rights than its caller.
 *
 * In this order: --plugin-path, VMRUN_PLUGIN_PATH, the plugins of a development build (build/plugins for
 * build/bin/vmrun), $XDG_DATA_HOME/vmrun/plugins (or ~/.local/share/vmrun/plugins), /etc/vmrun/plugins,
 * PREFIX/lib/vmrun/plugins of an installed PREFIX/bin/vmrun, /usr/local/lib/vmrun/plugins,
 * /usr/lib/vmrun/plugins.
 *
 * With elevated privileges everything that the caller controls is left out (command line, environment, home,
 * the place of the executable), and what remains must belong to root, with all its parents, and be writable
 * by no other user.
 */
#ifndef VR_COMMON_SEARCH_H
#define VR_COMMON_SEARCH_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* What the search path depends on; a test fills it by hand. All but `elevated` may be NULL. */
struct vr_search {
	const char *extra;       /* --plugin-path */
	const char *environment; /* VMRUN_PLUGIN_PATH */
	const char *data_home;   /* XDG_DATA_HOME */
	const char *home;        /* HOME */
	const char *executable;  /* /proc/self/exe, resolved */
	bool elevated;
};

/* The process runs set-user-id, set-group-id or with file capabilities. */
bool vr_search_elevated(void);
/* This process's program: `path`, filled; NULL where the system does not say it or it is too long. */
const char *vr_search_own(char path[PATH_MAX]);
/* Directories in order, without duplicates; NULL-terminated, free with vr_text_list_free(). */
int32_t vr_search_list(const struct vr_search *s, char ***out);
/* The list for this process. */
int32_t vr_search_standard(const char *extra, char ***out);
/* A file of the SDK, "template/device": the source tree's for a development build, else that of the prefix
 * that `executable` (NULL: this process's) lies in. Owned by the caller; NULL with VR_E_NOMEM noted. */
char *vr_search_sdk(const char *executable, const char *rest);
/* For a process with elevated privileges: may this file be believed? It and every parent, with links
 * resolved, must be owned by root and writable by no one else. VR_E_PERM with a text that names the first one
 * that is not. */
int32_t vr_search_trusted(const char *path);

#endif
