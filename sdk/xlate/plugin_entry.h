/* SPDX-License-Identifier: MIT */
/*
 * plugin_entry.h: a translator plugin in one line: `VR_XLATE_PLUGIN("xlate-arm64-x86", a64_isa, x86_emit)` joins a
 * guest's lifter with a host's emitter. An emitter is usable when its probe says so.
 */
#ifndef VR_XLATE_PLUGIN_ENTRY_H
#define VR_XLATE_PLUGIN_ENTRY_H

#include <vmrun/translator.h>

#include "../plugin_entry.h"

/* vmrun_plugin_create() for a plugin whose id is `own`. t is kept. [main] */
int32_t vr_xlate_create(const struct vr_host *host, const char *id, const char *own,
			const struct vr_translator *t, const struct vr_plugin **out);

#define VR_XLATE_PLUGIN(own, the_isa, the_emit)                                                   \
	VR_PLUGIN_MAGIC                                                                           \
	VR_EXPORT int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id, \
						      const struct vr_plugin **out)               \
	{                                                                                         \
		static const struct vr_translator translator = {                                  \
			.size = sizeof(translator), .isa = &the_isa, .emit = &the_emit};          \
		return vr_xlate_create(host, id, own, &translator, out);                          \
	}

#endif
