/* SPDX-License-Identifier: MIT */
/*
 * life.c: loading, probing, starting and ending plugins. One is loaded when it is first asked for, and all end in the
 * opposite order.
 */
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "plugin/internal.h"
#include "util/log.h"

struct registry *registry_new(void)
{
	struct registry *r = calloc(1, sizeof(*r));

	if (!r) {
		vr_error_set(VR_E_NOMEM, "out of memory");
		return NULL;
	}
	r->start = registry_start;
	hosttables_offer(r);
	return r;
}

/* The entry that was started (loaded) last and not yet stopped (destroyed). */
static struct registry_entry *newest(struct registry *r, bool started)
{
	struct registry_entry *best = NULL;

	for (uint32_t i = 0; i < r->count; i++) {
		struct registry_entry *e = r->entries[i];

		if (started ? !e->loaded.started : !e->loaded.host)
			continue;
		if (!best ||
		    (started ? e->start_order > best->start_order : e->load_order > best->load_order))
			best = e;
	}
	return best;
}

void registry_free(struct registry *r)
{
	struct registry_entry *e;

	if (!r)
		return;
	/* Last in, first out: a plugin may use what it found in those that came before it. */
	while ((e = newest(r, true))) {
		const struct vr_plugin *p = e->loaded.plugin;

		e->loaded.started = false;
		vr_error_clear();
		if (VR_HAS(p, stop)) {
			int32_t code;

			registry_entry_step(&e->loaded, GUARD_STOP);
			code = p->stop(p->self);
			guard_leave();
			if (code < 0)
				log_print(VR_LOG_WARN, "%s: stop: %s", e->loaded.manifest->id,
					  vr_error_text(code));
		}
	}
	while ((e = newest(r, false))) {
		const struct vr_plugin *p = e->loaded.plugin;

		if (VR_HAS(p, destroy)) {
			registry_entry_step(&e->loaded, GUARD_DESTROY);
			p->destroy(p->self);
			guard_leave();
		}
		e->loaded.host = NULL;
		e->loaded.plugin = NULL;
	}
	registry_release(r);
}

int32_t registry_load(struct registry *r, struct loaded_plugin *p)
{
	struct registry_entry *e = registry_entry_of(p);
	int32_t code;

	if (p->host)
		return VR_OK;
	registry_tell_hidden(p);
	free(e->hidden);
	e->hidden = NULL; /* said once */
	code = library_load(r, e);
	if (code < 0)
		return code;
	e->load_order = ++r->sequence;
	return VR_OK;
}

/* Plugins answer with 0 or a negative code; anything else is taken for what was meant. */
static int32_t call(struct loaded_plugin *p, enum guard_step step, int32_t (*fn)(struct vr_plugin_self *))
{
	int32_t code;

	vr_error_clear();
	registry_entry_step(p, step);
	code = fn(p->plugin->self);
	guard_leave();
	return code < 0 ? code : VR_OK;
}

void registry_remember_probe(struct loaded_plugin *p, int32_t code, const char *text)
{
	p->probed = true;
	p->probe_result = code;
	free(p->probe_text);
	p->probe_text = code < 0 && text ? strdup(text) : NULL;
}

int32_t registry_probe(struct registry *r, struct loaded_plugin *p)
{
	int32_t code;

	if (!p->probed) {
		code = registry_load(r, p);
		if (code == VR_OK && VR_HAS(p->plugin, probe)) {
			code = call(p, GUARD_PROBE, p->plugin->probe);
			if (code < 0)
				vr_error_context(code, "plugin '%s'", p->manifest->id);
		}
		registry_remember_probe(p, code, code < 0 ? vr_error_text(code) : NULL);
		vr_error_clear();
	}
	if (p->probe_result < 0)
		vr_error_set(p->probe_result, "%s", p->probe_text ? p->probe_text : "not usable");
	return p->probe_result;
}

/* Each id in `requires` is a table of the host's or something an installed plugin provides. */
static int32_t check_requires(struct registry *r, const struct loaded_plugin *p)
{
	for (char **id = p->manifest->requires_; id && *id; id++) {
		bool found = registry_offered(r, *id) != NULL;

		for (uint32_t i = 0; i < r->count && !found; i++)
			found = vr_text_list_has(r->entries[i]->loaded.manifest->provides, *id);
		if (!found)
			return vr_error_set(VR_E_ABI,
					    "%s: plugin '%s' requires %s, which neither this vmrun nor an "
					    "installed plugin "
					    "has; update vmrun, or install the plugin that provides it",
					    p->manifest->file, p->manifest->id, *id);
	}
	return VR_OK;
}

int32_t registry_start(struct registry *r, struct loaded_plugin *p)
{
	int32_t code;

	if (p->started)
		return VR_OK;
	code = registry_probe(r, p);
	if (code == VR_OK)
		code = check_requires(r, p);
	if (code < 0)
		return code;
	if (VR_HAS(p->plugin, start)) {
		code = call(p, GUARD_START, p->plugin->start);
		if (code < 0)
			return vr_error_context(code, "plugin '%s'", p->manifest->id);
	}
	p->started = true;
	registry_entry_of(p)->start_order = ++r->sequence;
	return VR_OK;
}
