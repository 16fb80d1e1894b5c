/* SPDX-License-Identifier: MIT */
/* internal.h: what life.c, load.c, hosttables.c and registry.c share; each uses those after it. */
#ifndef PLUGIN_INTERNAL_H
#define PLUGIN_INTERNAL_H

#include <stdatomic.h>

#include "plugin/guard.h"
#include "plugin/registry.h"

#define OFFERS_MAX 32

struct registry {
	int32_t (*start)(struct registry *r,
			 struct loaded_plugin *p); /* registry_start(), for vmrun.registry/1 */
	/* Best priority first. The pointers stay; the array is sorted again by each scan. */
	struct registry_entry **entries;
	uint32_t count;
	char **problems, **problem_ids; /* one line each, and whose manifest that is ("": none's) */
	char **directories;
	/* Of fixed size and published by its count, so that query() needs no lock on any thread. */
	struct {
		const char *id;
		_Atomic(const void *) table;
	} offers[OFFERS_MAX];
	_Atomic uint32_t offer_count;
	struct machine *machine;
	struct helpers *helpers;
	void (*machine_gone)(struct helpers *h);
	/* Counts loads and starts: they are undone in the opposite order. */
	uint32_t sequence;
};

/* A plugin with what only the registry needs to know of it. */
struct registry_entry {
	struct loaded_plugin loaded; /* first: a struct loaded_plugin * is an entry */
	struct plugin_host host;
	char **values; /* one for each option of the manifest; NULL: not set */
	char *file;    /* the library, once it was looked for; NULL: not yet */
	char *hidden;  /* manifests of later folders with the same id, "a, b"; NULL: none */
	uint32_t load_order, start_order;
};

static inline struct registry_entry *registry_entry_of(const struct loaded_plugin *p)
{
	return (struct registry_entry *)(uintptr_t)p;
}

/* Around a call into the plugin, which -vv shows before it is made. */
void registry_entry_step(const struct loaded_plugin *p, enum guard_step step);

/* Frees what the registry has, after its plugins have ended. */
void registry_release(struct registry *r);
/* Offers the tables that every plugin has: log, config, registry. */
void hosttables_offer(struct registry *r);
/* Fills what is handed to a plugin's create(). */
void hosttables_host(struct registry *r, struct registry_entry *e);
/* The offered table, or NULL. */
const void *registry_offered(const struct registry *r, const char *id);

/* dlopen, magic, create; on success entry->loaded.host and .plugin are set. */
int32_t library_load(struct registry *r, struct registry_entry *e);

#endif
