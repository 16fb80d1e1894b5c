/* SPDX-License-Identifier: MIT */
/*
 * plugin_entry.c: a translator plugin: its interfaces. It can be used wherever its library can be loaded, so it has nothing to
 * probe: where the processor can't run its emitter's code, the engine finds that by the emitter's own probe, takes another
 * emitter or interprets, and says so in one line.
 */
#include "plugin_entry.h"

int32_t vr_xlate_create(const struct vr_host *host, const char *id, const char *own, const struct vr_isa *isa,
			const struct vr_emit *emit, const struct vr_plugin **out)
{
	int32_t rc = vr_plugin_entry(host, id, own, VR_ISA_ID, isa, vr_plugin_instance_nothing, out);

	if (rc == VR_OK && emit) {
		struct vr_plugin_instance *j = vr_plugin_instance_of((*out)->self);

		j->second_id = VR_EMITTER_ID;
		j->second_table = emit;
	}
	return rc;
}
