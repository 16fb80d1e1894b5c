/* SPDX-License-Identifier: MIT */
/* registry.c: the plugins that were found, their options, and the host tables that are offered to them. */
#include "plugin/registry.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/classes.h"
#include "common/error.h"
#include "common/file.h"
#include "common/scan.h"
#include "common/search.h"
#include "common/text.h"
#include "plugin/internal.h"
#include "util/log.h"

static void free_entry(struct registry_entry *e)
{
	for (uint32_t i = 0; e->values && i < e->loaded.manifest->option_count; i++)
		free(e->values[i]);
	free(e->values);
	vr_manifest_free(e->loaded.manifest);
	free(e->loaded.directory);
	free(e->loaded.probe_text);
	free(e->file);
	free(e->hidden);
	free(e);
}

void registry_release(struct registry *r)
{
	for (uint32_t i = 0; i < r->count; i++)
		free_entry(r->entries[i]);
	free(r->entries);
	vr_text_list_free(r->problems);
	vr_text_list_free(r->problem_ids);
	vr_text_list_free(r->directories);
	free(r);
}

void registry_entry_step(const struct loaded_plugin *p, enum guard_step step)
{
	const char *file = registry_entry_of(p)->file;

	log_print(VR_LOG_DEBUG, "plugin '%s': %s%s%s", p->manifest->id, guard_step_text(step),
		  step == GUARD_OPEN ? " " : "", step == GUARD_OPEN && file ? file : "");
	guard_enter(p->manifest->id, file, step);
}

void registry_offer(struct registry *r, const char *interface_id, const void *table)
{
	uint32_t n = atomic_load(&r->offer_count);

	for (uint32_t i = 0; i < n; i++) {
		if (!strcmp(r->offers[i].id, interface_id)) {
			atomic_store(&r->offers[i].table, table);
			return;
		}
	}
	if (n == OFFERS_MAX) {
		log_print(VR_LOG_ERROR, "host table %s: more than %d tables; raise OFFERS_MAX", interface_id,
			  OFFERS_MAX);
		return;
	}
	r->offers[n].id = interface_id;
	atomic_store(&r->offers[n].table, table);
	atomic_store(&r->offer_count, n + 1);
}

const void *registry_offered(const struct registry *r, const char *id)
{
	uint32_t n = atomic_load(&r->offer_count);

	for (uint32_t i = 0; id && i < n; i++) {
		if (!strcmp(r->offers[i].id, id))
			return atomic_load(&r->offers[i].table);
	}
	return NULL;
}

void registry_set_machine(struct registry *r, struct machine *m)
{
	if (!m && r->helpers)
		r->machine_gone(r->helpers);
	r->machine = m;
	for (uint32_t i = 0; i < r->count; i++)
		r->entries[i]->host.machine = m;
}

/* ---- scanning ---- */

static int32_t note_problem(void *opaque, int32_t code, const char *file)
{
	struct registry *r = opaque;
	const char *text = vr_error_text(code);
	int32_t rc = vr_text_list_add(&r->problems, text);
	char *id;

	log_print(VR_LOG_DEBUG, "plugin left out: %s", text);
	if (rc < 0)
		return rc;
	id = file ? vr_scan_claimed_id(file) : strdup("");
	rc = id ? vr_text_list_add(&r->problem_ids, id) : vr_error_set(VR_E_NOMEM, "out of memory");
	free(id);
	return rc;
}

/* A symbolic link, or one folder under two names. */
static bool is_one_file(const char *a, const char *b)
{
	struct stat first, second;

	return !stat(a, &first) && !stat(b, &second) && file_is_one(&first, &second);
}

/* `m` has the id of a plugin that was found before. */
static int32_t hide(struct loaded_plugin *first, const struct vr_manifest *m)
{
	struct registry_entry *e = registry_entry_of(first);
	char *all;

	/* Wanted when one tries a plugin out; surprising otherwise: said when the plugin is used. */
	log_print(VR_LOG_DEBUG, "%s: plugin '%s' is hidden by %s", m->file, m->id, first->manifest->file);
	if (is_one_file(m->file, first->manifest->file))
		return VR_OK;
	all = vr_text_format("%s%s%s", e->hidden ? e->hidden : "", e->hidden ? ", " : "", m->file);
	if (!all)
		return VR_E_NOMEM;
	free(e->hidden);
	e->hidden = all;
	return VR_OK;
}

static struct registry_entry *new_entry(struct vr_manifest *m, const char *directory)
{
	struct registry_entry *e = calloc(1, sizeof(*e));

	if (!e || (m->option_count && !(e->values = calloc(m->option_count, sizeof(*e->values))))) {
		free(e);
		vr_error_set(VR_E_NOMEM, "out of memory");
		return NULL;
	}
	e->loaded.directory = vr_text_copy(directory);
	if (!e->loaded.directory) {
		free(e->values);
		free(e);
		return NULL;
	}
	e->loaded.manifest = m;
	return e;
}

/* Takes the manifest over. */
static int32_t add_manifest(void *opaque, struct vr_manifest *m, const char *directory)
{
	struct registry *r = opaque;
	struct loaded_plugin *first = registry_by_id(r, m->id);
	struct registry_entry **bigger;
	struct registry_entry *e;

	if (first) {
		int32_t rc = hide(first, m);

		vr_manifest_free(m);
		return rc;
	}
	e = new_entry(m, directory);
	if (!e) {
		vr_manifest_free(m);
		return VR_E_NOMEM;
	}
	bigger = realloc(r->entries, (r->count + 1) * sizeof(struct registry_entry *));
	if (!bigger) {
		free_entry(e);
		return vr_error_set(VR_E_NOMEM, "out of memory");
	}
	e->host.machine = r->machine;
	bigger[r->count++] = e;
	r->entries = bigger;
	return VR_OK;
}

static int by_preference(const void *a, const void *b)
{
	return vr_scan_preference((*(struct registry_entry *const *)a)->loaded.manifest,
				  (*(struct registry_entry *const *)b)->loaded.manifest);
}

int32_t registry_scan(struct registry *r, const char *directory)
{
	const struct vr_scan to = {add_manifest, note_problem, r};
	int32_t code;

	if (vr_text_list_has(r->directories, directory))
		return VR_OK;
	code = vr_text_list_add(&r->directories, directory);
	if (code < 0)
		return code;
	code = vr_scan_directory(directory, &to);
	if (r->count)
		qsort(r->entries, r->count, sizeof(struct registry_entry *), by_preference);
	return code;
}

int32_t registry_scan_standard(struct registry *r, const char *extra)
{
	char **directories;
	int32_t code = vr_search_standard(extra, &directories);

	for (char **d = directories; code == VR_OK && d && *d; d++)
		code = registry_scan(r, *d);
	vr_text_list_free(directories);
	return code;
}

/* ---- what was found ---- */

uint32_t registry_count(const struct registry *r)
{
	return r->count;
}

struct loaded_plugin *registry_at(struct registry *r, uint32_t i)
{
	return i < r->count ? &r->entries[i]->loaded : NULL;
}

struct loaded_plugin *registry_by_id(struct registry *r, const char *id)
{
	for (uint32_t i = 0; i < r->count; i++) {
		if (!strcmp(r->entries[i]->loaded.manifest->id, id))
			return &r->entries[i]->loaded;
	}
	return NULL;
}

static const char *list_at(char *const *list, uint32_t i)
{
	return i < vr_text_list_length(list) ? list[i] : NULL;
}

const char *registry_problem(const struct registry *r, uint32_t i)
{
	return list_at(r->problems, i);
}

const char *registry_problem_of(const struct registry *r, const char *id)
{
	for (uint32_t i = 0; i < vr_text_list_length(r->problem_ids); i++) {
		if (!strcmp(r->problem_ids[i], id))
			return r->problems[i];
	}
	return NULL;
}

const char *registry_hidden(const struct loaded_plugin *p)
{
	return registry_entry_of(p)->hidden;
}

void registry_tell_hidden(const struct loaded_plugin *p)
{
	const struct vr_manifest *m = p->manifest;
	const char *hidden = registry_hidden(p);

	if (hidden)
		log_print(VR_LOG_WARN, "plugin '%s': %s is used; the same id in %s is not", m->id, m->file,
			  hidden);
}

const char *registry_directory(const struct registry *r, uint32_t i)
{
	return list_at(r->directories, i);
}

/* ---- options ---- */

static int32_t option_index(const struct vr_manifest *m, const char *name)
{
	for (uint32_t i = 0; i < m->option_count; i++) {
		if (!strcmp(m->options[i].name, name))
			return (int32_t)i;
	}
	return -1;
}

static int32_t unknown_option(const struct vr_manifest *m, const char *name)
{
	char known[512] = "";
	size_t n = 0;

	if (m->option_count == 0)
		return vr_error_set(VR_E_CONFIG, "plugin '%s' has no option '%s'; it has none at all", m->id,
				    name);
	for (uint32_t i = 0; i < m->option_count; i++) {
		size_t length = strlen(m->options[i].name);

		if (n + length + 3 > sizeof(known))
			break;
		if (n) {
			known[n++] = ',';
			known[n++] = ' ';
		}
		memcpy(known + n, m->options[i].name, length + 1);
		n += length;
	}
	return vr_error_set(VR_E_CONFIG, "plugin '%s' has no option '%s'; it has: %s", m->id, name, known);
}

int32_t registry_option(struct registry *r, struct loaded_plugin *p, const char *name, const char *value)
{
	const struct vr_manifest *m = p->manifest;
	int32_t i = option_index(m, name);
	const char *wrong;

	(void)r;
	if (i < 0)
		return unknown_option(m, name);
	if (p->host)
		return vr_error_set(VR_E_STATE, "plugin '%s', option '%s': the plugin is loaded already",
				    m->id, name);
	wrong = vr_option_value_wrong(m->options[i].type, value);
	if (wrong)
		return vr_error_set(VR_E_CONFIG, "plugin '%s', option '%s': '%s' %s", m->id, name, value,
				    wrong);
	return vr_text_replace(&registry_entry_of(p)->values[i], value);
}

const char *registry_option_value(const struct registry *r, const struct loaded_plugin *p, const char *name)
{
	int32_t i = name ? option_index(p->manifest, name) : -1;
	const char *set;

	(void)r;
	if (i < 0)
		return NULL;
	set = registry_entry_of(p)->values[i];
	return set ? set : p->manifest->options[i].default_value;
}

const char *registry_option_given(const struct loaded_plugin *p, uint32_t i)
{
	return registry_entry_of(p)->values[i];
}

void registry_set_helpers(struct registry *r, struct helpers *h, void (*machine_gone)(struct helpers *h))
{
	r->helpers = h;
	r->machine_gone = machine_gone;
}

struct helpers *registry_helpers(const struct registry *r)
{
	return r->helpers;
}

const void *registry_interface(struct loaded_plugin *p, const char *interface_id)
{
	return VR_HAS(p->plugin, query) ? p->plugin->query(p->plugin->self, interface_id) : NULL;
}
