/* SPDX-License-Identifier: MIT */
/*
 * doctor.c: `vmrun doctor [--json]`: this machine, each plugin (usable, or why not and what to do), and what
 * would be chosen for each guest architecture. It loads and probes every plugin, each in a process of its
 * own, but starts none.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <vmrun/host.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "common/arch.h"
#include "common/classes.h"
#include "common/error.h"
#include "common/search.h"
#include "common/text.h"
#include "helper/helper.h"
#include "machine/parts.h"
#include "plugin/registry.h"
#include "plugin/trial.h"
#include "util/json.h"
#include "util/log.h"

struct facts {
	struct utsname system;
	long cpus, page_size;
	uint64_t memory;
	bool elevated;
};

static void read_facts(struct facts *f)
{
	long pages = sysconf(_SC_PHYS_PAGES);

	*f = (struct facts){.cpus = sysconf(_SC_NPROCESSORS_ONLN), .page_size = sysconf(_SC_PAGESIZE)};
	if (uname(&f->system) < 0)
		strcpy(f->system.sysname, "unknown");
	if (pages > 0 && f->page_size > 0)
		f->memory = (uint64_t)pages * (uint64_t)f->page_size;
	f->elevated = vr_search_elevated();
}

/* Every guest architecture that a board or a translator is for. */
static int32_t guest_architectures(struct vr_registry *r, char ***out)
{
	*out = NULL;
	for (uint32_t i = 0; i < vr_registry_count(r); i++) {
		const struct vr_manifest *m = vr_registry_at(r, i)->manifest;

		if (m->class_id != VR_CLASS_BOARD && m->class_id != VR_CLASS_TRANSLATOR)
			continue;
		for (char **guest = m->guest; guest && *guest; guest++) {
			if (!vr_text_list_has(*out, *guest) && vr_text_list_add(out, *guest) < 0) {
				vr_text_list_free(*out);
				return VR_E_NOMEM;
			}
		}
	}
	return VR_OK;
}

/* What a run with these options would take for this architecture: a line, or why none. Owned by the caller.
 */
static char *choose(struct vr_registry *r, const struct vr_cli *c, const char *arch, bool *works)
{
	struct vr_machine_config config = c->machine;
	struct vr_choice choice = {0};
	char *text;
	int32_t code;

	config.arch = (char *)(uintptr_t)arch;
	vr_error_clear();
	code = vr_choose(r, &config, NULL, &choice);
	*works = code == VR_OK;
	text = vr_text_copy(code == VR_OK && choice.line ? choice.line : vr_error_text(code));
	if (code == VR_OK)
		vr_choice_free(&choice);
	vr_error_clear();
	return text;
}

static bool exists(const char *directory)
{
	struct stat st;

	return stat(directory, &st) == 0 && S_ISDIR(st.st_mode);
}

/* ---- text ---- */

static void text_facts(const struct facts *f)
{
	printf("vmrun %s for %s, plugin ABI %d.%d\n", VR_VERSION, vr_arch_platform(), VR_ABI_MAJOR,
	       VR_ABI_MINOR);
	printf("%s %s, %s, %ld CPUs, %" PRIu64 " MiB of memory, %ld byte pages%s\n", f->system.sysname,
	       f->system.release, f->system.machine, f->cpus, f->memory >> 20, f->page_size,
	       f->elevated ? ", elevated privileges" : "");
}

static void text_plugin(const struct vr_loaded *p, char *const *facts)
{
	const struct vr_manifest *m = p->manifest;

	printf("  %-20s %-12s %s\n", m->id, vr_class_name(m->class_id),
	       p->probe_result == VR_OK ? "usable" : "not usable");
	if (m->helper)
		printf("    %-24s %s: %s\n", "helper process", role_name(m->helper), role_rights(m->helper));
	if (p->probe_result < 0)
		printf("    %s\n", p->probe_text ? p->probe_text : vr_error_name(p->probe_result));
	for (; facts && facts[0] && facts[1]; facts += 2)
		printf("    %-24s %s\n", facts[0], facts[1]);
}

/* Its library opens files while the guest runs, so the sandbox is weaker with it (SANDBOX_MACHINE_FILES). */
static bool weakens_sandbox(const struct vr_loaded *p)
{
	return p->manifest->class_id == VR_CLASS_PASSTHROUGH;
}

static void text_sandbox(struct vr_registry *r)
{
	struct sandbox_support s;
	const char *what;

	sandbox_support(&s);
	printf("\nSandbox\n  seccomp %s, Landlock ", s.seccomp ? "yes" : "no");
	if (s.landlock)
		printf("ABI %d\n", s.landlock);
	else
		printf("no\n");
	for (uint32_t i = 0; (what = sandbox_not_covered(&s, i)); i++)
		printf("  not covered: %s\n", what);
	for (uint32_t i = 0; i < vr_registry_count(r); i++)
		if (weakens_sandbox(vr_registry_at(r, i)))
			printf("  weaker with -p %s: the process keeps its right to open files\n",
			       vr_registry_at(r, i)->manifest->id);
}

static void text_report(struct vr_registry *r, const struct vr_cli *c, char *const *guests,
			char **const *facts)
{
	const char *text;

	printf("\nPlugins are looked for in\n");
	for (uint32_t i = 0; (text = vr_registry_directory(r, i)); i++)
		printf("  %s%s\n", text, exists(text) ? "" : " (not there)");
	printf("\nPlugins\n");
	for (uint32_t i = 0; i < vr_registry_count(r); i++)
		text_plugin(vr_registry_at(r, i), facts[i]);
	if (vr_registry_count(r) == 0)
		printf("  none; build them with 'make', or name a folder with --plugin-path\n");
	if (vr_registry_problem(r, 0))
		printf("\nLeft out\n");
	for (uint32_t i = 0; (text = vr_registry_problem(r, i)); i++)
		printf("  %s\n", text);
	text_sandbox(r);
	printf("\nWhat would run a guest\n");
	if (!guests)
		printf("  none: no board and no translator is installed\n");
	for (; guests && *guests; guests++) {
		bool works;
		char *line = choose(r, c, *guests, &works);

		printf("  %-10s %s%s\n", *guests, works ? "" : "none: ", line ? line : "out of memory");
		free(line);
	}
}

/* ---- JSON ---- */

static void json_facts(struct vr_json *j, const struct facts *f)
{
	vr_json_string(j, "version", VR_VERSION);
	vr_json_string(j, "platform", vr_arch_platform());
	vr_json_number(j, "abi_major", VR_ABI_MAJOR);
	vr_json_number(j, "abi_minor", VR_ABI_MINOR);
	vr_json_object(j, "machine");
	vr_json_string(j, "system", f->system.sysname);
	vr_json_string(j, "release", f->system.release);
	vr_json_string(j, "arch", vr_arch_host());
	vr_json_signed(j, "cpus", f->cpus);
	vr_json_number(j, "memory", f->memory);
	vr_json_signed(j, "page_size", f->page_size);
	vr_json_bool(j, "elevated", f->elevated);
	vr_json_end_object(j);
}

static void json_plugin(struct vr_json *j, const struct vr_loaded *p, char *const *facts)
{
	vr_json_object(j, NULL);
	vr_json_string(j, "id", p->manifest->id);
	vr_json_string(j, "class", vr_class_name(p->manifest->class_id));
	vr_json_string(j, "manifest", p->manifest->file);
	vr_json_string(j, "helper", role_name(p->manifest->helper));
	vr_json_bool(j, "usable", p->probe_result == VR_OK);
	vr_json_string(j, "error", p->probe_result < 0 ? vr_error_name(p->probe_result) : NULL);
	vr_json_string(j, "reason", p->probe_text);
	vr_json_object(j, "facts");
	for (; facts && facts[0] && facts[1]; facts += 2)
		vr_json_string(j, facts[0], facts[1]);
	vr_json_end_object(j);
	vr_json_end_object(j);
}

static void json_sandbox(struct vr_json *j, struct vr_registry *r)
{
	struct sandbox_support s;
	const char *what;

	sandbox_support(&s);
	vr_json_object(j, "sandbox");
	vr_json_bool(j, "seccomp", s.seccomp);
	vr_json_signed(j, "landlock", s.landlock);
	vr_json_array(j, "not_covered");
	for (uint32_t i = 0; (what = sandbox_not_covered(&s, i)); i++)
		vr_json_string(j, NULL, what);
	vr_json_end_array(j);
	vr_json_array(j, "weaker_with");
	for (uint32_t i = 0; i < vr_registry_count(r); i++)
		if (weakens_sandbox(vr_registry_at(r, i)))
			vr_json_string(j, NULL, vr_registry_at(r, i)->manifest->id);
	vr_json_end_array(j);
	vr_json_end_object(j);
}

static int32_t json_report(struct vr_registry *r, const struct vr_cli *c, const struct facts *f,
			   char *const *guests, char **const *facts)
{
	struct vr_json j;
	const char *text;

	vr_json_start(&j, stdout);
	vr_json_object(&j, NULL);
	json_facts(&j, f);
	vr_json_array(&j, "directories");
	for (uint32_t i = 0; (text = vr_registry_directory(r, i)); i++) {
		vr_json_object(&j, NULL);
		vr_json_string(&j, "path", text);
		vr_json_bool(&j, "exists", exists(text));
		vr_json_end_object(&j);
	}
	vr_json_end_array(&j);
	vr_json_array(&j, "plugins");
	for (uint32_t i = 0; i < vr_registry_count(r); i++)
		json_plugin(&j, vr_registry_at(r, i), facts[i]);
	vr_json_end_array(&j);
	vr_json_array(&j, "problems");
	for (uint32_t i = 0; (text = vr_registry_problem(r, i)); i++)
		vr_json_string(&j, NULL, text);
	vr_json_end_array(&j);
	json_sandbox(&j, r);
	vr_json_array(&j, "guests");
	for (; guests && *guests; guests++) {
		bool works;
		char *line = choose(r, c, *guests, &works);

		vr_json_object(&j, NULL);
		vr_json_string(&j, "arch", *guests);
		vr_json_bool(&j, "works", works);
		vr_json_string(&j, "choice", line);
		vr_json_end_object(&j);
		free(line);
	}
	vr_json_end_array(&j);
	vr_json_end_object(&j);
	return vr_json_finish(&j);
}

static int32_t print_report(struct vr_registry *r, const struct vr_cli *c, char **const *facts)
{
	struct facts machine;
	char **guests;
	int32_t code = guest_architectures(r, &guests);

	if (code < 0)
		return code;
	read_facts(&machine);
	if (c->json) {
		code = json_report(r, c, &machine, guests, facts);
	} else {
		text_facts(&machine);
		text_report(r, c, guests, facts);
		if (fflush(stdout) != 0)
			code = vr_error_set(VR_E_IO, "standard output: can't write");
	}
	vr_text_list_free(guests);
	return code;
}

static int32_t report(struct vr_registry *r, struct vr_cli *c)
{
	uint32_t n = vr_registry_count(r);
	char ***facts; /* what each plugin says of this machine: names and texts in turn */
	int32_t code = vr_cli_resolve(c, r);

	if (code < 0)
		return code;
	facts = calloc(n + 1, sizeof(*facts));
	if (!facts)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	/* A plugin's create() asks for its tables; nothing calls into them before start. */
	vr_machine_offer(r);
	helpers_offer(r);
	for (uint32_t i = 0; code == VR_OK && i < n; i++)
		code = trial_probe(r, vr_registry_at(r, i), &facts[i]);
	if (code == VR_OK)
		code = print_report(r, c, facts);
	for (uint32_t i = 0; i < n; i++)
		vr_text_list_free(facts[i]);
	free(facts);
	return code;
}

int vr_cli_doctor(struct vr_cli *c)
{
	struct vr_registry *r = vr_cli_registry(c);
	int32_t code;

	if (!r)
		return vr_cli_fail(VR_E_NOMEM, VR_EXIT_CODE_CONFIG);
	code = report(r, c);
	vr_registry_free(r);
	return code < 0 ? vr_cli_fail(code, code == VR_E_IO ? VR_EXIT_CODE_RUN : VR_EXIT_CODE_CONFIG)
			: VR_EXIT_CODE_OK;
}
