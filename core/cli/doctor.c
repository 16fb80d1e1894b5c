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

/* The one that was asked for, or every guest architecture that a board or a translator is for. */
static int32_t guest_architectures(struct registry *r, const char *asked, char ***out)
{
	*out = NULL;
	if (asked)
		return vr_text_list_add(out, asked);
	for (uint32_t i = 0; i < registry_count(r); i++) {
		const struct vr_manifest *m = registry_at(r, i)->manifest;

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
static char *choose(struct registry *r, const struct cli *c, const char *arch, bool *works)
{
	struct machine_config config = c->machine;
	struct choice choice = {0};
	char *text;
	int32_t code;

	config.arch = (char *)(uintptr_t)arch;
	vr_error_clear();
	code = machine_choose(r, &config, NULL, &choice);
	*works = code == VR_OK;
	text = vr_text_copy(code == VR_OK && choice.line ? choice.line : vr_error_text(code));
	if (code == VR_OK)
		choice_free(&choice);
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

static void text_plugin(const struct loaded_plugin *p, char *const *facts)
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
static bool weakens_sandbox(const struct loaded_plugin *p)
{
	return p->manifest->class_id == VR_CLASS_PASSTHROUGH;
}

static void text_sandbox(struct registry *r)
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
	for (uint32_t i = 0; i < registry_count(r); i++)
		if (weakens_sandbox(registry_at(r, i)))
			printf("  weaker with -p %s: the process keeps its right to open files\n",
			       registry_at(r, i)->manifest->id);
}

static void text_report(struct registry *r, const struct cli *c, char *const *guests, char **const *facts)
{
	const char *text;

	printf("\nPlugins are looked for in\n");
	for (uint32_t i = 0; (text = registry_directory(r, i)); i++)
		printf("  %s%s\n", text, exists(text) ? "" : " (not there)");
	printf("\nPlugins\n");
	for (uint32_t i = 0; i < registry_count(r); i++)
		text_plugin(registry_at(r, i), facts[i]);
	if (registry_count(r) == 0)
		printf("  none; build them with 'make', or name a folder with --plugin-path\n");
	if (registry_problem(r, 0))
		printf("\nLeft out\n");
	for (uint32_t i = 0; (text = registry_problem(r, i)); i++)
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

static void json_facts(struct json *j, const struct facts *f)
{
	json_string(j, "version", VR_VERSION);
	json_string(j, "platform", vr_arch_platform());
	json_number(j, "abi_major", VR_ABI_MAJOR);
	json_number(j, "abi_minor", VR_ABI_MINOR);
	json_object(j, "machine");
	json_string(j, "system", f->system.sysname);
	json_string(j, "release", f->system.release);
	json_string(j, "arch", vr_arch_host());
	json_signed(j, "cpus", f->cpus);
	json_number(j, "memory", f->memory);
	json_signed(j, "page_size", f->page_size);
	json_bool(j, "elevated", f->elevated);
	json_end_object(j);
}

static void json_plugin(struct json *j, const struct loaded_plugin *p, char *const *facts)
{
	json_object(j, NULL);
	json_string(j, "id", p->manifest->id);
	json_string(j, "class", vr_class_name(p->manifest->class_id));
	json_string(j, "manifest", p->manifest->file);
	json_string(j, "helper", role_name(p->manifest->helper));
	json_bool(j, "usable", p->probe_result == VR_OK);
	json_string(j, "error", p->probe_result < 0 ? vr_error_name(p->probe_result) : NULL);
	json_string(j, "reason", p->probe_text);
	json_object(j, "facts");
	for (; facts && facts[0] && facts[1]; facts += 2)
		json_string(j, facts[0], facts[1]);
	json_end_object(j);
	json_end_object(j);
}

static void json_sandbox(struct json *j, struct registry *r)
{
	struct sandbox_support s;
	const char *what;

	sandbox_support(&s);
	json_object(j, "sandbox");
	json_bool(j, "seccomp", s.seccomp);
	json_signed(j, "landlock", s.landlock);
	json_array(j, "not_covered");
	for (uint32_t i = 0; (what = sandbox_not_covered(&s, i)); i++)
		json_string(j, NULL, what);
	json_end_array(j);
	json_array(j, "weaker_with");
	for (uint32_t i = 0; i < registry_count(r); i++)
		if (weakens_sandbox(registry_at(r, i)))
			json_string(j, NULL, registry_at(r, i)->manifest->id);
	json_end_array(j);
	json_end_object(j);
}

static int32_t json_report(struct registry *r, const struct cli *c, const struct facts *f,
			   char *const *guests, char **const *facts)
{
	struct json j;
	const char *text;

	json_start(&j, stdout);
	json_object(&j, NULL);
	json_facts(&j, f);
	json_array(&j, "directories");
	for (uint32_t i = 0; (text = registry_directory(r, i)); i++) {
		json_object(&j, NULL);
		json_string(&j, "path", text);
		json_bool(&j, "exists", exists(text));
		json_end_object(&j);
	}
	json_end_array(&j);
	json_array(&j, "plugins");
	for (uint32_t i = 0; i < registry_count(r); i++)
		json_plugin(&j, registry_at(r, i), facts[i]);
	json_end_array(&j);
	json_array(&j, "problems");
	for (uint32_t i = 0; (text = registry_problem(r, i)); i++)
		json_string(&j, NULL, text);
	json_end_array(&j);
	json_sandbox(&j, r);
	json_array(&j, "guests");
	for (; guests && *guests; guests++) {
		bool works;
		char *line = choose(r, c, *guests, &works);

		json_object(&j, NULL);
		json_string(&j, "arch", *guests);
		json_bool(&j, "works", works);
		json_string(&j, "choice", line);
		json_end_object(&j);
		free(line);
	}
	json_end_array(&j);
	json_end_object(&j);
	return json_finish(&j);
}

static int32_t print_report(struct registry *r, const struct cli *c, char **const *facts)
{
	struct facts machine;
	char **guests;
	int32_t code = guest_architectures(r, c->machine.arch, &guests);

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

static int32_t report(struct registry *r, struct cli *c)
{
	uint32_t n = registry_count(r);
	char ***facts; /* what each plugin says of this machine: names and texts in turn */
	int32_t code = cli_resolve(c, r);

	if (code < 0)
		return code;
	facts = calloc(n + 1, sizeof(*facts));
	if (!facts)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	/* A plugin's create() asks for its tables; nothing calls into them before start. */
	machine_offer(r);
	helpers_offer(r);
	for (uint32_t i = 0; code == VR_OK && i < n; i++)
		code = trial_probe(r, registry_at(r, i), &facts[i]);
	if (code == VR_OK)
		code = print_report(r, c, facts);
	for (uint32_t i = 0; i < n; i++)
		vr_text_list_free(facts[i]);
	free(facts);
	return code;
}

int cli_doctor(struct cli *c)
{
	struct registry *r = cli_registry(c);
	int32_t code;

	if (!r)
		return cli_fail(VR_E_NOMEM, EXIT_CODE_CONFIG);
	code = report(r, c);
	registry_free(r);
	return code < 0 ? cli_fail(code, code == VR_E_IO ? EXIT_CODE_RUN : EXIT_CODE_CONFIG) : EXIT_CODE_OK;
}
