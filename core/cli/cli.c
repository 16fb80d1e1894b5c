/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <vmrun/host.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "common/arch.h"
#include "common/error.h"
#include "common/search.h"
#include "plugin/guard.h"
#include "plugin/registry.h"
#include "util/log.h"

static void set_level(const struct vr_cli *c)
{
	if (c->quiet)
		vr_log_set_level(VR_LOG_ERROR);
	else if (c->verbose)
		vr_log_set_level(c->verbose > 1 ? VR_LOG_DEBUG : VR_LOG_INFO);
}

static int dispatch(struct vr_cli *c)
{
	switch (c->command) {
	case VR_CLI_HELP:
		vr_cli_help(stdout);
		break;
	case VR_CLI_LOG_HELP:
		log_filter_help(stdout);
		break;
	case VR_CLI_VERSION:
		printf("vmrun %s (%s, plugin ABI %d.%d)\n", VR_VERSION, vr_arch_platform(), VR_ABI_MAJOR,
		       VR_ABI_MINOR);
		break;
	case VR_CLI_PLUGINS:
		return vr_cli_plugins(c);
	case VR_CLI_DOCTOR:
		return vr_cli_doctor(c);
	case VR_CLI_RUN:
		return vr_cli_run(c);
	}
	/* A full disk or a closed pipe is an error like any other. */
	if (fflush(stdout) != 0)
		return vr_cli_fail(vr_error_set(VR_E_IO, "standard output: can't write"), VR_EXIT_CODE_RUN);
	return VR_EXIT_CODE_OK;
}

int vr_cli_main(int argc, char *const *argv)
{
	struct vr_cli c;
	int32_t r;
	int status;

	vr_error_clear();
	if (argc > 3 && !strcmp(argv[1], "plugins") && !strcmp(argv[2], "check"))
		return vr_cli_check(argv + 3, (size_t)argc - 3);
	guard_begin(VR_EXIT_CODE_PLUGIN);
	r = vr_cli_parse(argc, argv, &c);
	set_level(&c);
	if (r < 0)
		status = vr_cli_fail(r, r == VR_E_INVAL ? VR_EXIT_CODE_USAGE : VR_EXIT_CODE_CONFIG);
	else
		status = dispatch(&c);
	vr_cli_free(&c);
	guard_end();
	return status;
}
