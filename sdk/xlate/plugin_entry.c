/* SPDX-License-Identifier: MIT */
/* plugin_entry.c: a translator plugin: its interfaces and its probe. */
#include "plugin_entry.h"

#include "../host_error.h"

static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	const struct vr_plugin_instance *j = vr_plugin_instance_of(self);
	const struct vr_emit *emit = j->second_table;
	char why[256] = "";
	int32_t rc = emit ? emit->probe(why, sizeof(why)) : VR_OK;

	return rc ? vr_host_error(j->host, rc, "%s: %s", j->own, why) : rc;
}

int32_t vr_xlate_create(const struct vr_host *host, const char *id, const char *own, const struct vr_isa *isa,
			const struct vr_emit *emit, const struct vr_plugin **out)
{
	int32_t rc = vr_plugin_entry(host, id, own, VR_ISA_ID, isa, probe, out);

	if (rc == VR_OK && emit) {
		struct vr_plugin_instance *j = vr_plugin_instance_of((*out)->self);

		j->second_id = VR_EMITTER_ID;
		j->second_table = emit;
	}
	return rc;
}
