/* SPDX-License-Identifier: MIT */
/*
 * A right plugin of several ids. It writes the life it leads into the file that the variable VMRUN_TEST_LIFE
 * names, and offers the host it was given, so that a test can use the host's tables as a plugin would.
 */
#include <stdio.h>
#include <stdlib.h>

#include "faulty.h"

struct good {
	struct vr_plugin plugin;
	char id[32];
	struct {
		uint32_t size, reserved;
		const struct vr_host *host;
	} table;
};

static inline struct good *good_of(struct vr_plugin_self *self)
{
	return (struct good *)self;
}

static void note(const struct good *g, const char *what)
{
	const char *path = getenv("VMRUN_TEST_LIFE");
	FILE *f = path ? fopen(path, "a") : NULL;

	if (f) {
		fprintf(f, "%s %s\n", g->id, what);
		fclose(f);
	}
}

static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	note(good_of(self), "probe");
	return VR_OK;
}

static int32_t VR_CALL start(struct vr_plugin_self *self)
{
	note(good_of(self), "start");
	return VR_OK;
}

static int32_t VR_CALL stop(struct vr_plugin_self *self)
{
	note(good_of(self), "stop");
	return VR_OK;
}

static void VR_CALL destroy(struct vr_plugin_self *self)
{
	note(good_of(self), "destroy");
	free(self);
}

static const void *VR_CALL query(struct vr_plugin_self *self, const char *id)
{
	struct good *g = good_of(self);

	return !strcmp(id, "vmrun.accel/1") || !strcmp(id, "test.good/1") ? &g->table : NULL;
}

FAULTY_MAGIC(VR_MAGIC_INITIALIZER)

int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id, const struct vr_plugin **out)
{
	struct good *g = calloc(1, sizeof(*g));

	if (!g)
		return VR_E_NOMEM;
	g->plugin = (struct vr_plugin){
		.size = sizeof(g->plugin),
		.self = (struct vr_plugin_self *)g,
		.probe = probe,
		.start = start,
		.stop = stop,
		.destroy = destroy,
		.query = query,
	};
	g->table.size = sizeof(g->table);
	g->table.host = host;
	strncpy(g->id, id, sizeof(g->id) - 1);
	note(g, "create");
	*out = &g->plugin;
	return VR_OK;
}
