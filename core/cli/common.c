/* SPDX-License-Identifier: MIT */
/* common.c: what the commands share. */
#include "cli/commands.h"
#include "cli/options.h"
#include "common/error.h"
#include "common/search.h"
#include "plugin/registry.h"
#include "util/log.h"

int vr_cli_fail(int32_t code, int exit_code)
{
	vr_log(VR_LOG_ERROR, "%s", vr_error_text(code));
	return exit_code;
}

struct vr_registry *vr_cli_registry(const struct vr_cli *c)
{
	struct vr_registry *r = vr_registry_new();

	if (c->plugin_path && vr_search_elevated())
		vr_log(VR_LOG_WARN,
		       "--plugin-path is ignored with elevated privileges; install plugins as root");
	if (r && vr_registry_scan_standard(r, c->plugin_path) < 0) {
		vr_registry_free(r);
		return NULL;
	}
	return r;
}
