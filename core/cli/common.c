/* SPDX-License-Identifier: MIT */
/* common.c: what the commands share. */
#include "cli/commands.h"
#include "cli/options.h"
#include "common/error.h"
#include "common/search.h"
#include "plugin/registry.h"
#include "util/log.h"

int cli_fail(int32_t code, int exit_code)
{
	log_print(VR_LOG_ERROR, "%s", vr_error_text(code));
	return exit_code;
}

struct registry *cli_registry(const struct cli *c)
{
	struct registry *r = registry_new();

	if (c->plugin_path && vr_search_elevated())
		log_print(VR_LOG_WARN,
			  "--plugin-path is ignored with elevated privileges; install plugins as root");
	if (r && registry_scan_standard(r, c->plugin_path) < 0) {
		registry_free(r);
		return NULL;
	}
	return r;
}
