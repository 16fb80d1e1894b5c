/* SPDX-License-Identifier: MIT */
/* internal.h: what life.c, load.c, hosttables.c and registry.c share; each uses those after it. */
#ifndef VR_PLUGIN_INTERNAL_H
#define VR_PLUGIN_INTERNAL_H

#include <stdatomic.h>

#include "plugin/guard.h"
#include "plugin/registry.h"

#define VR_OFFERS_MAX 32

struct vr_registry {
	/* Best priority first. The pointers stay; the array is sorted again by each scan. */
	struct vr_entry **entries;
	uint32_t count;
	char **problems, **directories;
	bool unreadable; /* one of the problems */
	/* Of fixed size and published by its count, so that query() needs no lock on any thread. */
	struct {
		const char *id;
		_Atomic(const void *) table;
	} offers[VR_OFFERS_MAX];
	_Atomic uint32_t offer_count;
	struct vr_machine *machine;
	struct helpers *helpers;
	void (*machine_gone)(struct helpers *h);
	/* Counts loads and starts: they are undone in the opposite order. */
	uint32_t sequence;
};

/* A plugin with what only the registry needs to know of it. */
struct vr_entry {
	struct vr_loaded loaded; /* first: a struct vr_loaded * is an entry */
	struct vr_plugin_host host;
	char **values; /* one for each option of the manifest; NULL: not set */
	char *file;    /* the library, once it was looked for; NULL: not yet */
	uint32_t load_order, start_order;
};

static inline struct vr_entry *vr_entry_of(const struct vr_loaded *p)
{
	return (struct vr_entry *)(uintptr_t)p;
}

/* Around a call into the plugin. */
static inline void vr_entry_step(const struct vr_loaded *p, enum guard_step step)
{
	guard_enter(p->manifest->id, vr_entry_of(p)->file, step);
}

/* Frees what the registry has, after its plugins have ended. */
void vr_registry_release(struct vr_registry *r);
/* Offers the tables that every plugin has: log, config, registry. */
void vr_hosttables_offer(struct vr_registry *r);
/* Fills what is handed to a plugin's create(). */
void vr_hosttables_host(struct vr_registry *r, struct vr_entry *e);
/* The offered table, or NULL. */
const void *vr_registry_offered(const struct vr_registry *r, const char *id);

/* dlopen, magic, create; on success entry->loaded.host and .plugin are set. */
int32_t vr_load_library(struct vr_registry *r, struct vr_entry *e);

#endif
