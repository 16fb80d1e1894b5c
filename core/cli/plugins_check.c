/* SPDX-License-Identifier: MIT */
/*
 * plugins_check.c: `vmrun plugins check [...] FILE` becomes the validator, a program of its own: it loads
 * plugins that may do anything, and it is the SDK's. It lies beside vmrun in a build, in ../libexec/vmrun
 * when installed.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmrun/abi.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "common/error.h"
#include "common/search.h"

int cli_check(char *const *words, size_t count)
{
	static const char *const places[] = {"vmrun-check", "../libexec/vmrun/vmrun-check"};
	char own[PATH_MAX], path[PATH_MAX + 64];
	char **argv = calloc(count + 2, sizeof(*argv));
	char *slash;

	if (!argv)
		return cli_fail(vr_error_set(VR_E_NOMEM, "out of memory"), EXIT_CODE_RUN);
	slash = vr_search_own(own) ? strrchr(own, '/') : NULL;
	if (vr_search_elevated() || !slash) {
		free(argv);
		return cli_fail(vr_error_set(VR_E_PERM, "plugins check: not with elevated privileges"),
				EXIT_CODE_CONFIG);
	}
	memcpy(argv + 1, words, count * sizeof(*argv));
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%.*s%s", (int)(slash - own + 1), own, places[i]);
		argv[0] = path;
		execv(path, argv);
	}
	free(argv);
	return cli_fail(
		vr_error_set(VR_E_NOENT,
			     "plugins check: no vmrun-check beside vmrun or in ../libexec/vmrun (%s); "
			     "install vmrun with its SDK",
			     strerror(errno)),
		EXIT_CODE_CONFIG);
}

int cli_plugins_check(const struct cli *c, char *const *arguments)
{
	char json[] = "--json", *words[2] = {arguments[0], json};

	return cli_check(words, c->json ? 2 : 1);
}
