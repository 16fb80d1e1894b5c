/* SPDX-License-Identifier: MIT */
/* plugins.c: `vmrun plugins [list|show ID] [--json]`. Reads manifests, and looks whether the libraries are
 * whole; none is opened. The other words after `plugins` have files of their own. */
#include <string.h>
#include <vmrun/host.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "common/arch.h"
#include "common/classes.h"
#include "common/error.h"
#include "common/text.h"
#include "plugin/registry.h"
#include "util/json.h"
#include "util/log.h"

/* Of the helper process. */
static const char *access_of(const struct vr_manifest_option *o)
{
	return o->write ? "write" : "read";
}

static void json_option(struct json *j, const struct vr_manifest_option *o, bool helper)
{
	json_object(j, NULL);
	json_string(j, "name", o->name);
	json_string(j, "type", o->type);
	json_string(j, "default", o->default_value);
	json_string(j, "help", o->help);
	json_string(j, "access", !strcmp(o->type, "path") && helper ? access_of(o) : NULL);
	json_end_object(j);
}

static void json_plugin(struct json *j, const struct loaded_plugin *p)
{
	const struct vr_manifest *m = p->manifest;

	json_object(j, NULL);
	json_string(j, "id", m->id);
	json_string(j, "version", m->version);
	json_string(j, "class", vr_class_name(m->class_id));
	json_string(j, "summary", m->summary);
	json_signed(j, "priority", m->priority);
	json_string(j, "manifest", m->file);
	json_string(j, "hidden", registry_hidden(p));
	json_string(j, "library", m->library);
	json_number(j, "abi_major", m->abi_major);
	json_number(j, "abi_minor", m->abi_minor);
	json_list(j, "provides", m->provides);
	json_list(j, "requires", m->requires_);
	json_list(j, "devices", m->devices);
	json_list(j, "guest", m->guest);
	json_list(j, "host", m->host);
	json_string(j, "helper", role_name(m->helper));
	json_array(j, "options");
	for (uint32_t i = 0; i < m->option_count; i++)
		json_option(j, &m->options[i], m->helper != ROLE_NONE);
	json_end_array(j);
	json_end_object(j);
}

/* What is wrong with the i-th plugin's library, or NULL. */
static const char *library_problem(struct registry *r, uint32_t i)
{
	int32_t code;

	vr_error_clear();
	code = registry_check_library(registry_at(r, i));
	return code < 0 ? vr_error_text(code) : NULL;
}

static void json_problems(struct json *j, struct registry *r)
{
	const char *text;

	json_array(j, "problems");
	for (uint32_t i = 0; (text = registry_problem(r, i)); i++)
		json_string(j, NULL, text);
	for (uint32_t i = 0; i < registry_count(r); i++)
		if ((text = library_problem(r, i)))
			json_string(j, NULL, text);
	json_end_array(j);
}

static int32_t list_json(struct registry *r)
{
	struct json j;

	json_start(&j, stdout);
	json_object(&j, NULL);
	json_array(&j, "plugins");
	for (uint32_t i = 0; i < registry_count(r); i++)
		json_plugin(&j, registry_at(r, i));
	json_end_array(&j);
	json_problems(&j, r);
	json_end_object(&j);
	return json_finish(&j);
}

static int32_t list_text(struct registry *r)
{
	const char *text;

	for (uint32_t i = 0; i < registry_count(r); i++) {
		const struct vr_manifest *m = registry_at(r, i)->manifest;

		printf("%-20s %-12s %-10s %s%s%s%s%s\n", m->id, vr_class_name(m->class_id), m->version,
		       m->summary, m->helper ? " [helper: " : "", m->helper ? role_name(m->helper) : "",
		       m->helper ? "]" : "", m->library ? "" : " (not for this system)");
	}
	for (uint32_t i = 0; (text = registry_problem(r, i)); i++)
		log_print(VR_LOG_WARN, "plugin left out: %s", text);
	for (uint32_t i = 0; i < registry_count(r); i++)
		if ((text = library_problem(r, i)))
			log_print(VR_LOG_WARN, "plugin '%s': %s", registry_at(r, i)->manifest->id, text);
	for (uint32_t i = 0; i < registry_count(r); i++)
		registry_tell_hidden(registry_at(r, i));
	if (registry_count(r) == 0)
		log_print(VR_LOG_WARN, "no plugins found; 'vmrun doctor' says where they are looked for");
	return VR_OK;
}

static void show_list(const char *title, char *const *list)
{
	if (!list || !*list)
		return;
	printf("%-10s", title);
	for (; *list; list++)
		printf(" %s", *list);
	putchar('\n');
}

static int32_t show_text(const struct loaded_plugin *p)
{
	const struct vr_manifest *m = p->manifest;

	printf("%s %s: %s\n\n", m->id, m->version, m->summary);
	printf("%-10s %s\n", "class", vr_class_name(m->class_id));
	printf("%-10s %d\n", "priority", m->priority);
	printf("%-10s %s\n", "manifest", m->file);
	if (m->library)
		printf("%-10s %s/%s\n", "library", p->directory, m->library);
	else
		printf("%-10s none for %s\n", "library", vr_arch_platform());
	printf("%-10s %u.%u\n", "abi", m->abi_major, m->abi_minor);
	show_list("provides", m->provides);
	show_list("requires", m->requires_);
	show_list("devices", m->devices);
	show_list("guest", m->guest);
	show_list("host", m->host);
	if (m->helper)
		printf("%-10s %s: %s\n", "helper", role_name(m->helper), role_rights(m->helper));
	if (m->option_count)
		printf("\noptions (-p %s,NAME=VALUE):\n", m->id);
	for (uint32_t i = 0; i < m->option_count; i++) {
		const struct vr_manifest_option *o = &m->options[i];

		printf("  %-16s %-7s %s", o->name, o->type, o->help);
		if (m->helper && !strcmp(o->type, "path"))
			printf(" (the helper may %s it)", access_of(o));
		if (o->default_value)
			printf(" (default %s)", o->default_value[0] ? o->default_value : "empty");
		putchar('\n');
	}
	return VR_OK;
}

static int32_t show(struct registry *r, const char *id, bool json)
{
	const struct loaded_plugin *p = registry_by_id(r, id);
	const char *problem = registry_problem_of(r, id);
	struct json j;

	if (!p && problem)
		return vr_error_set(VR_E_CONFIG, "plugin '%s' is left out: %s", id, problem);
	if (!p)
		return vr_error_set(VR_E_CONFIG,
				    "plugin '%s' is not installed; 'vmrun plugins' lists what is", id);
	if (!json)
		return show_text(p);
	json_start(&j, stdout);
	json_plugin(&j, p);
	return json_finish(&j);
}

/* A list or one plugin, of what is installed. */
static int report(const struct cli *c, const char *id)
{
	struct registry *r = cli_registry(c);
	int32_t code;

	if (!r)
		return cli_fail(VR_E_NOMEM, EXIT_CODE_CONFIG);
	if (id)
		code = show(r, id, c->json);
	else
		code = c->json ? list_json(r) : list_text(r);
	registry_free(r);
	if (code == VR_OK && fflush(stdout) != 0)
		code = vr_error_set(VR_E_IO, "standard output: can't write");
	return code < 0 ? cli_fail(code, code == VR_E_IO ? EXIT_CODE_RUN : EXIT_CODE_CONFIG) : EXIT_CODE_OK;
}

int cli_plugins_list(const struct cli *c, char *const *arguments)
{
	(void)arguments;
	return report(c, NULL);
}

int cli_plugins_show(const struct cli *c, char *const *arguments)
{
	return report(c, arguments[0]);
}

static const struct {
	const char *word, *arguments;
	size_t count;
	int (*run)(const struct cli *c, char *const *arguments);
} words[] = {
#define CLI_COMMAND(name, word, arguments, help)
#define PLUGINS(word, arguments, count, function, help) {word, arguments, count, function},
#include "cli/commands.def"
#undef CLI_COMMAND
#undef PLUGINS
};
#define WORDS (sizeof(words) / sizeof(words[0]))

static int unknown_word(const char *word)
{
	char all[256] = "";

	for (size_t i = 0, n = 0; i < WORDS; i++)
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s%s%s", i ? ", " : "", words[i].word,
				      words[i].arguments[0] ? " " : "", words[i].arguments);
	return vr_error_set(VR_E_INVAL, "plugins: unknown word '%s'; write one of: %s", word, all);
}

int cli_plugins(struct cli *c)
{
	size_t n = vr_text_list_length(c->arguments);

	if (n == 0)
		return report(c, NULL);
	for (size_t i = 0; i < WORDS; i++) {
		if (strcmp(c->arguments[0], words[i].word) != 0)
			continue;
		if (n - 1 == words[i].count)
			return words[i].run(c, c->arguments + 1);
		return cli_fail(vr_error_set(VR_E_INVAL, "plugins %s: write 'vmrun plugins %s%s%s'",
					     words[i].word, words[i].word, words[i].arguments[0] ? " " : "",
					     words[i].arguments),
				EXIT_CODE_USAGE);
	}
	return cli_fail(unknown_word(c->arguments[0]), EXIT_CODE_USAGE);
}
