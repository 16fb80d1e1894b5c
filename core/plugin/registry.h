/* SPDX-License-Identifier: MIT */
/*
 * registry.h: the plugins that were found, and the ones that were loaded.
 *
 * Scanning reads manifests only; a library is opened when its plugin is used. Each loaded plugin has
 * its own struct vr_host, embedded in struct plugin_host, so that a host table's function finds
 * its machine and the plugin that is asking.
 */
#ifndef PLUGIN_REGISTRY_H
#define PLUGIN_REGISTRY_H

#include <stdbool.h>
#include <vmrun/host.h>
#include <vmrun/plugin.h>

#include "common/manifest.h"

struct registry;
struct loaded_plugin;
struct machine;
struct helpers;

/* What a `const struct vr_host *` given to a plugin really is. */
struct plugin_host {
	struct vr_host host;
	struct registry *registry;
	struct loaded_plugin *plugin;
	struct machine *machine; /* NULL until the machine is built */
};

static inline struct plugin_host *plugin_host_of(const struct vr_host *host)
{
	return (struct plugin_host *)(uintptr_t)host;
}

/* One found plugin: its manifest and, once used, its library. */
struct loaded_plugin {
	struct vr_manifest *manifest; /* owned */
	char *directory;              /* where manifest and library lie; owned */
	struct plugin_host *host;     /* NULL until loaded */
	const struct vr_plugin *plugin;
	bool probed;
	int32_t probe_result;
	char *probe_text; /* why it can't be used; owned */
	bool started;
	bool requested; /* named with -p, or under `plugins` in the machine file */
};

struct registry *registry_new(void);
void registry_free(struct registry *r); /* stop and destroy what was loaded; never dlclose */

/* Offer a host table to every plugin loaded later (and already). Id and table are kept, not copied; offering
 * an id again replaces its table. [main] */
void registry_offer(struct registry *r, const char *interface_id, const void *table);
/* The machine that the host tables work on, for all plugins. */
void registry_set_machine(struct registry *r, struct machine *m);

/* Read all manifests of one directory (sorted; first id wins). A bad manifest is an error noted for
 * `doctor`, not a failure. Missing directory: 0. */
int32_t registry_scan(struct registry *r, const char *directory);
/* The standard search path (sdk/doc/choosing.md): `extra` (--plugin-path, colon separated, may be NULL), environment, ...
 */
int32_t registry_scan_standard(struct registry *r, const char *extra);

/* In the order of preference: best priority first, then by id. */
uint32_t registry_count(const struct registry *r);
struct loaded_plugin *registry_at(struct registry *r, uint32_t i);
struct loaded_plugin *registry_by_id(struct registry *r, const char *id);
/* The directories that were scanned, in order; NULL past the end. */
const char *registry_directory(const struct registry *r, uint32_t i);
/* The problems found while scanning, one line each; NULL past the end. */
const char *registry_problem(const struct registry *r, uint32_t i);
/* The problem of the manifest with that id, or NULL: nothing was left out under it. */
const char *registry_problem_of(const struct registry *r, const char *id);
/* The manifests of later folders that have this plugin's id and are not used, "a, b"; NULL: there is none. */
const char *registry_hidden(const struct loaded_plugin *p);
/* Warns of them, if there are any. */
void registry_tell_hidden(const struct loaded_plugin *p);

/* Set an option of a plugin ("name=value" was given on the command line or in a machine file). Checked
 * against the manifest's options. Errors: VR_E_CONFIG with text. */
int32_t registry_option(struct registry *r, struct loaded_plugin *p, const char *name, const char *value);

/* The value of an option: what was set, else the manifest's default, else NULL. */
const char *registry_option_value(const struct registry *r, const struct loaded_plugin *p, const char *name);

/* Where its library lies, the registry's; NULL: there is none for this system, or no memory. */
const char *registry_library(struct loaded_plugin *p);
/* Can its library be opened, as far as its file tells? VR_OK where there is none for this system. */
int32_t registry_check_library(struct loaded_plugin *p);
/* What the user set the manifest's i-th option to, or NULL: a default is not given by the user. */
const char *registry_option_given(const struct loaded_plugin *p, uint32_t i);

/* What starts helper processes (core/helper), or NULL: there is none. The caller's. machine_gone() is called
 * when the machine is, before its sandbox goes. [main] */
void registry_set_helpers(struct registry *r, struct helpers *h, void (*machine_gone)(struct helpers *h));
struct helpers *registry_helpers(const struct registry *r);

/* dlopen, check the magic (an error names the field), create. Idempotent. */
int32_t registry_load(struct registry *r, struct loaded_plugin *p);
/* load + probe (cached). */
int32_t registry_probe(struct registry *r, struct loaded_plugin *p);
/* This is what probe said: it is not asked again. */
void registry_remember_probe(struct loaded_plugin *p, int32_t code, const char *text);
/* load + probe + start. Idempotent. */
int32_t registry_start(struct registry *r, struct loaded_plugin *p);
/* An interface table of a loaded plugin, or NULL. */
const void *registry_interface(struct loaded_plugin *p, const char *interface_id);

#endif
