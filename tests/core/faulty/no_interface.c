/* SPDX-License-Identifier: MIT */
/* query() does not know what the manifest promises. */
#include "faulty.h"

static const void *VR_CALL nothing(struct vr_plugin_self *self, const char *id)
{
	(void)self;
	(void)id;
	return NULL;
}

FAULTY_MAGIC(VR_MAGIC_INITIALIZER)
FAULTY_CREATE(.size = sizeof(struct vr_plugin), .query = nothing)
