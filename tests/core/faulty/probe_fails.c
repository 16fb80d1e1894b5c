/* SPDX-License-Identifier: MIT */
/* Can't be used on this machine; counts how often it is asked, in its text. */
#include "faulty.h"

static const struct vr_host *the_host;

static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	static int asked;
	char text[] = "no such hardware (asked 0 times); buy some";

	(void)self;
	text[24] = (char)('0' + ++asked);
	the_host->error(the_host, VR_E_UNSUPPORTED, text);
	return VR_E_UNSUPPORTED;
}

FAULTY_MAGIC(VR_MAGIC_INITIALIZER)

int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id, const struct vr_plugin **out)
{
	static const struct vr_plugin plugin = {
		.size = sizeof(plugin),
		.probe = probe,
		.query = faulty_query,
	};

	(void)id;
	the_host = host;
	*out = &plugin;
	return VR_OK;
}
