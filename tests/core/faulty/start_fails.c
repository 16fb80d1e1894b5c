/* SPDX-License-Identifier: MIT */
/* start() fails without a text. */
#include "faulty.h"

static int32_t VR_CALL start(struct vr_plugin_self *self)
{
	(void)self;
	return VR_E_BUSY;
}

FAULTY_MAGIC(VR_MAGIC_INITIALIZER)
FAULTY_CREATE(.size = sizeof(struct vr_plugin), .start = start, .query = faulty_query)
