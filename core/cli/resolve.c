/* SPDX-License-Identifier: MIT */
/* resolve.c: the plugins that were named -> the machine's slots and the registry's options. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>

#include "cli/options.h"
#include "common/classes.h"
#include "common/error.h"
#include "common/text.h"
#include "plugin/registry.h"

static void append(char *out, size_t size, const char *s)
{
	size_t n = strlen(out);

	if (n + strlen(s) + 3 <= size)
		snprintf(out + n, size - n, "%s%s", n ? ", " : "", s);
}

/* No such plugin: what there is, and what was found but couldn't be read. */
static int32_t not_installed(struct registry *r, const char *where, const char *id)
{
	uint32_t n = registry_count(r);
	char installed[640] = "";
	const char *const *candidates;
	const char *problem = registry_problem_of(r, id);
	const char *near, **ids;

	if (problem)
		return vr_error_set(VR_E_CONFIG, "%s: plugin '%s' is left out: %s", where, id, problem);
	ids = calloc(n + 1, sizeof(*ids));
	if (!ids)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	for (uint32_t i = 0; i < n; i++) {
		ids[i] = registry_at(r, i)->manifest->id;
		append(installed, sizeof(installed), ids[i]);
	}
	candidates = (const char *const *)ids;
	near = vr_text_nearest(id, candidates, n);
	if (n == 0)
		vr_error_set(VR_E_CONFIG,
			     "%s: plugin '%s' is not installed: no plugin is; 'vmrun doctor' says where they "
			     "are looked for, "
			     "--plugin-path adds a folder",
			     where, id);
	else if (near)
		vr_error_set(VR_E_CONFIG,
			     "%s: plugin '%s' is not installed; did you mean '%s'? Installed: %s", where, id,
			     near, installed);
	else
		vr_error_set(VR_E_CONFIG, "%s: plugin '%s' is not installed; installed: %s", where, id,
			     installed);
	free(ids);
	return VR_E_CONFIG;
}

static char **slot_of(struct machine_config *m, enum vr_plugin_class c)
{
	switch (c) {
	case VR_CLASS_ACCEL:
		return &m->accel;
	case VR_CLASS_TRANSLATOR:
		return &m->translator;
	case VR_CLASS_BOARD:
		return &m->board;
	default:
		return NULL;
	}
}

/* An id that the machine file gave for a slot is a plugin of that class. */
static int32_t check_slot(struct cli *c, struct registry *r, enum vr_plugin_class class_id)
{
	const char *id = *slot_of(&c->machine, class_id);
	const char *where = c->config ? c->config : "the configuration";
	const struct loaded_plugin *p = id ? registry_by_id(r, id) : NULL;

	if (!id)
		return VR_OK;
	if (!p)
		return not_installed(r, where, id);
	if (p->manifest->class_id != class_id)
		return vr_error_set(VR_E_CONFIG, "%s: '%s' is of class %s and can't stand under '%s'", where,
				    id, vr_class_name(p->manifest->class_id), vr_class_name(class_id));
	return VR_OK;
}

/* -p: takes its class's slot. The command line wins over the file; two of one class on it contradict each
 * other. */
static int32_t select_plugin(struct cli *c, struct loaded_plugin *p, char *taken[VR_CLASS_COUNT])
{
	enum vr_plugin_class class_id = p->manifest->class_id;
	char **slot = slot_of(&c->machine, class_id);

	p->requested = true;
	if (!slot)
		return VR_OK;
	if (taken[class_id] && strcmp(taken[class_id], p->manifest->id) != 0)
		return vr_error_set(VR_E_CONFIG, "-p %s and -p %s are both of class %s; give one",
				    taken[class_id], p->manifest->id, vr_class_name(class_id));
	taken[class_id] = p->manifest->id;
	return vr_text_replace(slot, p->manifest->id);
}

static bool is_path(const struct vr_manifest *m, const char *option)
{
	for (uint32_t i = 0; i < m->option_count; i++) {
		if (!strcmp(m->options[i].name, option))
			return !strcmp(m->options[i].type, "path");
	}
	return false;
}

/* Only the manifest tells which options are paths, so these become the machine file's here. */
static int32_t set_option(struct registry *r, struct loaded_plugin *p, const struct cli_plugin *named,
			  size_t i)
{
	const char *name = named->names[i], *value = named->values[i];
	char *path = NULL;
	int32_t code;

	if (named->file && value[0] && is_path(p->manifest, name)) {
		code = cli_expand_path(named->file, named->places[i], value, &path);
		if (code < 0)
			return code;
	}
	code = registry_option(r, p, name, path ? path : value);
	free(path);
	return code < 0 ? vr_error_context(code, "%s", named->where) : code;
}

static int32_t resolve_plugin(struct cli *c, struct registry *r, const struct cli_plugin *named,
			      char *taken[VR_CLASS_COUNT])
{
	struct loaded_plugin *p = registry_by_id(r, named->id);
	int32_t code;

	if (!p)
		return not_installed(r, named->where, named->id);
	for (size_t i = 0; named->names && named->names[i]; i++) {
		code = set_option(r, p, named, i);
		if (code < 0)
			return code;
	}
	if (named->selects)
		return select_plugin(c, p, taken);
	if (!slot_of(&c->machine, p->manifest->class_id))
		p->requested = true; /* a device in the machine file is there to be used */
	return VR_OK;
}

int32_t cli_resolve(struct cli *c, struct registry *r)
{
	static const enum vr_plugin_class slots[] = {VR_CLASS_ACCEL, VR_CLASS_TRANSLATOR, VR_CLASS_BOARD};
	char *taken[VR_CLASS_COUNT] = {NULL};
	int32_t code;

	/* First the file's, then the command line's: the latter's options win. */
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < c->plugin_count; i++) {
			if (c->plugins[i].selects != (pass == 1))
				continue;
			code = resolve_plugin(c, r, &c->plugins[i], taken);
			if (code < 0)
				return code;
		}
	}
	/* Now what the file gave and -p did not replace. */
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		code = check_slot(c, r, slots[i]);
		if (code < 0)
			return code;
	}
	return VR_OK;
}
