/* SPDX-License-Identifier: MIT */
/*
 * registry.h: the plugins that were found, and the ones that were loaded.
 *
 * Scanning reads manifests only; a library is opened when its plugin is used. Each loaded plugin has
 * its own struct vr_host, embedded in struct vr_plugin_host, so that a host table's function finds
 * its machine and the plugin that is asking.
 */
#ifndef VR_PLUGIN_REGISTRY_H
#define VR_PLUGIN_REGISTRY_H

#include <stdbool.h>
#include <vmrun/host.h>
#include <vmrun/plugin.h>

#include "common/manifest.h"

struct vr_registry;
struct vr_loaded;
struct vr_machine;
struct helpers;

/* What a `const struct vr_host *` given to a plugin really is. */
struct vr_plugin_host {
	struct vr_host host;
	struct vr_registry *registry;
	struct vr_loaded *plugin;
	struct vr_machine *machine; /* NULL until the machine is built */
};

static inline struct vr_plugin_host *vr_plugin_host_of(const struct vr_host *host)
{
	return (struct vr_plugin_host *)(uintptr_t)host;
}

/* One found plugin: its manifest and, once used, its library. */
struct vr_loaded {
	struct vr_manifest *manifest; /* owned */
	char *directory;              /* where manifest and library lie; owned */
	struct vr_plugin_host *host;  /* NULL until loaded */
	const struct vr_plugin *plugin;
	bool probed;
	int32_t probe_result;
	char *probe_text; /* why it can't be used; owned */
	bool started;
	bool requested; /* named with -p, or under `plugins` in the machine file */
};

struct vr_registry *vr_registry_new(void);
void vr_registry_free(struct vr_registry *r); /* stop and destroy what was loaded; never dlclose */

/* Offer a host table to every plugin loaded later (and already). Id and table are kept, not copied; offering
 * an id again replaces its table. [main] */
void vr_registry_offer(struct vr_registry *r, const char *interface_id, const void *table);
/* The machine that the host tables work on, for all plugins. */
void vr_registry_set_machine(struct vr_registry *r, struct vr_machine *m);

/* Read all manifests of one directory (sorted; first id wins). A bad manifest is an error noted for
 * `doctor`, not a failure. Missing directory: 0. */
int32_t vr_registry_scan(struct vr_registry *r, const char *directory);
/* The standard search path (sdk/doc/choosing.md): `extra` (--plugin-path, colon separated, may be NULL), environment, ...
 */
int32_t vr_registry_scan_standard(struct vr_registry *r, const char *extra);

/* In the order of preference: best priority first, then by id. */
uint32_t vr_registry_count(const struct vr_registry *r);
struct vr_loaded *vr_registry_at(struct vr_registry *r, uint32_t i);
struct vr_loaded *vr_registry_by_id(struct vr_registry *r, const char *id);
/* The directories that were scanned, in order; NULL past the end. */
const char *vr_registry_directory(const struct vr_registry *r, uint32_t i);
/* The problems found while scanning, one line each; NULL past the end. */
const char *vr_registry_problem(const struct vr_registry *r, uint32_t i);

/* Set an option of a plugin ("name=value" was given on the command line or in a machine file). Checked
 * against the manifest's options. Errors: VR_E_CONFIG with text. */
int32_t vr_registry_option(struct vr_registry *r, struct vr_loaded *p, const char *name, const char *value);

/* The value of an option: what was set, else the manifest's default, else NULL. */
const char *vr_registry_option_value(const struct vr_registry *r, const struct vr_loaded *p,
				     const char *name);

/* Can its library be opened, as far as its file tells? VR_OK where there is none for this system. */
int32_t vr_registry_check_library(struct vr_loaded *p);
/* What the user set the manifest's i-th option to, or NULL: a default is not given by the user. */
const char *vr_registry_option_given(const struct vr_loaded *p, uint32_t i);

/* What starts helper processes (core/helper), or NULL: there is none. The caller's. machine_gone() is called
 * when the machine is, before its sandbox goes. [main] */
void vr_registry_set_helpers(struct vr_registry *r, struct helpers *h,
			     void (*machine_gone)(struct helpers *h));
struct helpers *vr_registry_helpers(const struct vr_registry *r);

/* dlopen, check the magic (an error names the field), create. Idempotent. */
int32_t vr_registry_load(struct vr_registry *r, struct vr_loaded *p);
/* load + probe (cached). */
int32_t vr_registry_probe(struct vr_registry *r, struct vr_loaded *p);
/* This is what probe said: it is not asked again. */
void vr_registry_remember_probe(struct vr_loaded *p, int32_t code, const char *text);
/* load + probe + start. Idempotent. */
int32_t vr_registry_start(struct vr_registry *r, struct vr_loaded *p);
/* An interface table of a loaded plugin, or NULL. */
const void *vr_registry_interface(struct vr_loaded *p, const char *interface_id);

#endif
