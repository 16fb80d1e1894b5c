/* SPDX-License-Identifier: MIT */
/* rules_helper.c: what a plugin with a helper process owes. The process itself is not started: it may reach
 * what the options name, and those are not given here. */
#include <string.h>
#include <vmrun/helper.h>

#include "check.h"

/* Its helper table; skips where the manifest names no role. */
static const struct vr_helper_main *table_of(struct vr_check *c)
{
	const struct vr_helper_main *t;

	if (!c->target->helper)
		check_skip(c, "its manifest has no key 'helper'");
	check_created(c);
	t = c->plugin->query(c->plugin->self, VR_HELPER_ID);
	if (!t)
		check_skip(c, "it has no " VR_HELPER_ID);
	return t;
}

void check_helper_key(struct vr_check *c)
{
	const void *t;

	check_created(c);
	if (c->plugin->query(c->plugin->self, "org.vmrun.unknown/1"))
		check_skip(c, "it answers every query");
	t = c->plugin->query(c->plugin->self, VR_HELPER_ID);
	CHECK(c, t || !c->target->helper, "the manifest says 'helper: %s', but query() has no " VR_HELPER_ID,
	      c->target->helper);
	CHECK(c, !t || c->target->helper, "it has " VR_HELPER_ID ", but its manifest has no key 'helper'");
}

void check_helper_table(struct vr_check *c)
{
	const struct vr_helper_main *t = table_of(c);

	CHECK(c, t->size >= sizeof(t->size) && t->size <= 4096, VR_HELPER_ID ": size is %u", t->size);
	CHECK(c, VR_HAS(t, run), VR_HELPER_ID " has no run()");
	CHECK(c, !!VR_HAS(t, get_state) == !!VR_HAS(t, set_state),
	      VR_HELPER_ID " has one of get_state() and set_state() without the other");
}

/* A host as the helper process has it: see helper.h. */
void check_helper_host(struct vr_check *c)
{
	static const char *const missing[] = {
#define TABLE(id, type, name) id,
#include "fake_host/tables.def"
#undef TABLE
	};
	const struct vr_plugin *p = NULL;
	struct vr_fake_host *d;
	int32_t rc;

	table_of(c);
	d = check_fake_host(c);
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		const char *id = missing[i];

		if (strcmp(id, VR_LOG_ID) != 0 && strcmp(id, VR_CONFIG_ID) != 0 &&
		    strcmp(id, VR_REGISTRY_ID) != 0)
			vr_fake_host_remove(d, id);
	}
	check_phase(c, "vmrun_plugin_create as in a helper process");
	rc = c->create(d->host, c->target->id, &p);
	CHECK(c, rc >= 0 && p, "it refuses: %s", d->error_text);
	CHECK(c, p->query(p->self, VR_HELPER_ID), "query() has no " VR_HELPER_ID " there");
	p->destroy(p->self);
	vr_fake_host_free(d);
}

void check_helper_ended(struct vr_check *c)
{
	if (!c->target->helper)
		check_skip(c, "its manifest has no key 'helper'");
	check_used(c);
	if (!c->d->helpers)
		check_skip(c, "it started no helper");
	check_phase(c, "its helper crashed");
	vr_fake_host_helper_end(c->d, VR_HELPER_SIGNALED, 11);
	check_phase(c, "accesses after its helper crashed");
	for (uint32_t i = 0; i < c->d->bus_count; i++)
		check_sweep(c, c->d->bus[i].space, c->d->bus[i].base, c->d->bus[i].length, true);
	check_unused(c);
}
