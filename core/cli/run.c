/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <vmrun/host.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "common/error.h"
#include "helper/helper.h"
#include "machine/machine.h"
#include "machine/signals.h"
#include "plugin/registry.h"
#include "util/log.h"

/* Once in a run: a plugin that is missing may be one that couldn't be read. `told`: one that an error has named. */
static void tell_problems(const struct registry *r, const char *told)
{
	const char *text;

	for (uint32_t i = 0; (text = registry_problem(r, i)); i++)
		if (!told || !strstr(told, text))
			log_print(VR_LOG_WARN, "plugin left out: %s", text);
}

/* Named with -p but not usable here: said now. The machine would do without a device that it can't have. */
static int32_t check_requested(struct registry *r)
{
	machine_offer(r);
	for (uint32_t i = 0; i < registry_count(r); i++) {
		struct loaded_plugin *p = registry_at(r, i);
		enum vr_plugin_class class_id = p->manifest->class_id;
		int32_t code;

		/* The machine chooses those of the other classes, and knows what to do instead. */
		if (!p->requested || (class_id != VR_CLASS_DEVICE && class_id != VR_CLASS_PASSTHROUGH))
			continue;
		code = registry_probe(r, p);
		if (code < 0)
			return code;
	}
	return VR_OK;
}

/* ended_by: the signal that ended the machine, or 0. */
static int run(struct cli *c, struct registry *r, int *ended_by)
{
	struct machine *m = NULL;
	int32_t status;
	int32_t code = cli_resolve(c, r);

	/* Before the first library is opened and before the first thread. */
	if (code == VR_OK)
		code = helpers_start(r, c->machine.sandbox);
	if (code == VR_OK)
		code = check_requested(r);
	if (code == VR_OK)
		code = machine_new(r, &c->machine, &m);
	if (code < 0) {
		char *told = strdup(vr_error_text(code));
		int exit_code = cli_fail(code, EXIT_CODE_CONFIG);

		tell_problems(r, told);
		free(told);
		return exit_code;
	}
	tell_problems(r, NULL);
	status = machine_run(m);
	if (status < 0)
		status = cli_fail(status, EXIT_CODE_RUN);
	if (status > 255)
		status = 255; /* 256 would be taken for 0 */
	*ended_by = machine_signal(m);
	machine_free(m);
	return status;
}

int cli_run(struct cli *c)
{
	struct registry *r;
	struct helpers *h;
	int status, ended_by = 0;
	int32_t code = machine_standard_files();

	if (code < 0)
		return cli_fail(code, EXIT_CODE_RUN);
	r = cli_registry(c);
	if (!r)
		return cli_fail(VR_E_NOMEM, EXIT_CODE_CONFIG);
	status = run(c, r, &ended_by);
	h = registry_helpers(r);
	registry_free(r);
	helpers_free(h);
	if (ended_by)
		signals_die(ended_by);
	return status;
}
