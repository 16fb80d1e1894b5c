/* SPDX-License-Identifier: MIT */
/* create() says yes and hands out nothing. */
#include "faulty.h"

FAULTY_MAGIC(VR_MAGIC_INITIALIZER)

int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id, const struct vr_plugin **out)
{
	(void)host;
	(void)id;
	(void)out;
	return VR_OK;
}
