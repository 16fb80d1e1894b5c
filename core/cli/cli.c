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

static void set_level(const struct cli *c)
{
	if (c->quiet)
		log_set_level(VR_LOG_ERROR);
	else if (c->verbose)
		log_set_level(c->verbose > 1 ? VR_LOG_DEBUG : VR_LOG_INFO);
}

static int dispatch(struct cli *c)
{
	switch (c->command) {
	case CLI_HELP:
		cli_help(stdout);
		break;
	case CLI_LOG_HELP:
		log_filter_help(stdout);
		break;
	case CLI_VERSION:
		printf("vmrun %s (%s, plugin ABI %d.%d)\n", VR_VERSION, vr_arch_platform(), VR_ABI_MAJOR,
		       VR_ABI_MINOR);
		break;
	case CLI_PLUGINS:
		return cli_plugins(c);
	case CLI_DOCTOR:
		return cli_doctor(c);
	case CLI_RUN:
		return cli_run(c);
	}
	/* A full disk or a closed pipe is an error like any other. */
	if (fflush(stdout) != 0)
		return cli_fail(vr_error_set(VR_E_IO, "standard output: can't write"), EXIT_CODE_RUN);
	return EXIT_CODE_OK;
}

int cli_main(int argc, char *const *argv)
{
	struct cli c;
	int32_t rc;
	int status;

	vr_error_clear();
	if (argc > 3 && !strcmp(argv[1], "plugins") && !strcmp(argv[2], "check"))
		return cli_check(argv + 3, (size_t)argc - 3);
	guard_begin(EXIT_CODE_PLUGIN);
	rc = cli_parse(argc, argv, &c);
	set_level(&c);
	if (rc < 0)
		status = cli_fail(rc, rc == VR_E_INVAL ? EXIT_CODE_USAGE : EXIT_CODE_CONFIG);
	else
		status = dispatch(&c);
	cli_free(&c);
	guard_end();
	return status;
}
