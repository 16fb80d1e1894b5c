/* SPDX-License-Identifier: MIT */
#include <vmrun/host.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "common/error.h"
#include "helper/helper.h"
#include "machine/machine.h"
#include "machine/signals.h"
#include "plugin/registry.h"
#include "util/log.h"

/* A plugin that is missing may be one that couldn't be read. */
static void tell_problems(const struct vr_registry *r)
{
	const char *text;

	for (uint32_t i = 0; (text = vr_registry_problem(r, i)); i++)
		vr_log(VR_LOG_WARN, "plugin left out: %s", text);
}

/* Named with -p but not usable here: said now. The machine would do without a device that it can't have. */
static int32_t check_requested(struct vr_registry *r)
{
	vr_machine_offer(r);
	for (uint32_t i = 0; i < vr_registry_count(r); i++) {
		struct vr_loaded *p = vr_registry_at(r, i);
		enum vr_plugin_class class_id = p->manifest->class_id;
		int32_t code;

		/* The machine chooses those of the other classes, and knows what to do instead. */
		if (!p->requested || (class_id != VR_CLASS_DEVICE && class_id != VR_CLASS_PASSTHROUGH))
			continue;
		code = vr_registry_probe(r, p);
		if (code < 0)
			return code;
	}
	return VR_OK;
}

/* ended_by: the signal that ended the machine, or 0. */
static int run(struct vr_cli *c, struct vr_registry *r, int *ended_by)
{
	struct vr_machine *m = NULL;
	int32_t status;
	int32_t code = vr_cli_resolve(c, r);

	/* Before the first library is opened and before the first thread. */
	if (code == VR_OK)
		code = helpers_start(r, c->machine.sandbox);
	if (code == VR_OK)
		code = check_requested(r);
	if (code == VR_OK)
		code = vr_machine_new(r, &c->machine, &m);
	/* The machine may lack a device whose plugin is there, and can't be read. */
	if (code == VR_OK && vr_registry_is_partial(r))
		tell_problems(r);
	if (code < 0) {
		int exit_code = vr_cli_fail(code, VR_EXIT_CODE_CONFIG);

		tell_problems(r);
		return exit_code;
	}
	status = vr_machine_run(m);
	if (status < 0)
		status = vr_cli_fail(status, VR_EXIT_CODE_RUN);
	if (status > 255)
		status = 255; /* 256 would be taken for 0 */
	*ended_by = vr_machine_signal(m);
	vr_machine_free(m);
	return status;
}

int vr_cli_run(struct vr_cli *c)
{
	struct vr_registry *r;
	struct helpers *h;
	int status, ended_by = 0;
	int32_t code = vr_machine_standard_files();

	if (code < 0)
		return vr_cli_fail(code, VR_EXIT_CODE_RUN);
	r = vr_cli_registry(c);
	if (!r)
		return vr_cli_fail(VR_E_NOMEM, VR_EXIT_CODE_CONFIG);
	status = run(c, r, &ended_by);
	h = vr_registry_helpers(r);
	vr_registry_free(r);
	helpers_free(h);
	if (ended_by)
		signals_die(ended_by);
	return status;
}
