/* SPDX-License-Identifier: MIT */
/* A struct vr_plugin of a later minor, with members that this vmrun does not know. Nothing is wrong with it. */
#include "faulty.h"

FAULTY_MAGIC(VR_MAGIC_INITIALIZER)

int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id, const struct vr_plugin **out)
{
	static const struct {
		struct vr_plugin plugin;
		uint64_t unknown[8];
	} longer = {
		.plugin = {.size = sizeof(longer), .query = faulty_query},
		.unknown = {1, 2, 3, 4, 5, 6, 7, 8},
	};

	(void)host;
	(void)id;
	*out = &longer.plugin;
	return VR_OK;
}
