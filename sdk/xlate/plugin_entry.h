/* SPDX-License-Identifier: MIT */
/*
 * plugin_entry.h: a translator plugin in one line: `VR_XLATE_PLUGIN("xlate-arm64-x86", a64_isa, x86_emit)` joins a
 * guest's lifter with a host's emitter, `VR_ISA_PLUGIN("xlate-arm64", a64_isa)` has the lifter alone. The manifest
 * provides vmrun.isa/1, and vmrun.emitter/1 for the former.
 */
#ifndef VR_XLATE_PLUGIN_ENTRY_H
#define VR_XLATE_PLUGIN_ENTRY_H

#include <vmrun/emitter.h>
#include <vmrun/isa.h>

#include "../plugin_entry.h"

#ifdef __cplusplus
extern "C" {
#endif

/* vmrun_plugin_create() for a plugin whose id is `own`. The tables are kept; emit may be NULL. [main] */
int32_t vr_xlate_create(const struct vr_host *host, const char *id, const char *own, const struct vr_isa *isa,
			const struct vr_emit *emit, const struct vr_plugin **out);

#define VR_XLATE_PLUGIN_OF(own, the_isa, the_emit)                                                \
	VR_PLUGIN_MAGIC                                                                           \
	VR_EXPORT int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id, \
						      const struct vr_plugin **out)               \
	{                                                                                         \
		return vr_xlate_create(host, id, own, the_isa, the_emit, out);                    \
	}
#define VR_XLATE_PLUGIN(own, isa, emit) VR_XLATE_PLUGIN_OF(own, &(isa), &(emit))
#define VR_ISA_PLUGIN(own, isa) VR_XLATE_PLUGIN_OF(own, &(isa), NULL)

#ifdef __cplusplus
}
#endif

#endif
