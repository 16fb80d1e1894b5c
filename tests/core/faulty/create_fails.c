/* SPDX-License-Identifier: MIT */
/* create() refuses and says why. */
#include "faulty.h"

FAULTY_MAGIC(VR_MAGIC_INITIALIZER)

int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id, const struct vr_plugin **out)
{
	(void)id;
	(void)out;
	host->error(host, VR_E_UNSUPPORTED, "not on a Monday; wait a day");
	host->error(host, VR_E_UNSUPPORTED, "a later text that must not win");
	return VR_E_UNSUPPORTED;
}
