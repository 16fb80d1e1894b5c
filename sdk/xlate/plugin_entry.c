/* SPDX-License-Identifier: MIT */
/* plugin_entry.c: a translator plugin's probe. */
#include "plugin_entry.h"

#include "../host_error.h"

static int32_t VR_CALL probe(void *self)
{
	const struct vr_plugin_instance *j = self;
	const struct vr_translator *t = j->table;
	char why[256] = "";
	int32_t rc = t->emit ? t->emit->probe(why, sizeof(why)) : VR_OK;

	return rc ? vr_host_error(j->host, rc, "%s: %s", j->own, why) : rc;
}

int32_t vr_xlate_create(const struct vr_host *host, const char *id, const char *own,
			const struct vr_translator *t, const struct vr_plugin **out)
{
	return vr_plugin_entry(host, id, own, VR_TRANSLATOR_ID, t, probe, out);
}
