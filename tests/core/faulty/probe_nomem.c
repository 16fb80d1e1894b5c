/* SPDX-License-Identifier: MIT */
/* probe() finds no memory, and has no text for it. */
#include "faulty.h"

static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	(void)self;
	return VR_E_NOMEM;
}

FAULTY_MAGIC(VR_MAGIC_INITIALIZER)
FAULTY_CREATE(.size = sizeof(struct vr_plugin), .probe = probe, .query = faulty_query)
