/* SPDX-License-Identifier: MIT */
/* faulty.h: a right plugin in pieces, so that each file here can be wrong in one of them. */
#ifndef VR_TESTS_CORE_FAULTY_H
#define VR_TESTS_CORE_FAULTY_H

#include <string.h>
#include <vmrun/plugin.h>

/* vmrun_plugin_magic() with this initialiser. */
#define FAULTY_MAGIC(...)                                         \
	const struct vr_magic *VR_CALL vmrun_plugin_magic(void)   \
	{                                                         \
		static const struct vr_magic magic = __VA_ARGS__; \
                                                                  \
		return &magic;                                    \
	}

/* The only interface: its table doesn't matter here. */
static inline const void *VR_CALL faulty_query(struct vr_plugin_self *self, const char *id)
{
	static const uint32_t table[2] = {8, 0};

	(void)self;
	return !strcmp(id, "vmrun.accel/1") ? table : NULL;
}

/* vmrun_plugin_create() that hands out a struct vr_plugin with these members. */
#define FAULTY_CREATE(...)                                                              \
	int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id, \
					    const struct vr_plugin **out)               \
	{                                                                               \
		static const struct vr_plugin plugin = {__VA_ARGS__};                   \
                                                                                        \
		(void)host;                                                             \
		(void)id;                                                               \
		*out = &plugin;                                                         \
		return VR_OK;                                                           \
	}

#define FAULTY_RIGHT_CREATE FAULTY_CREATE(.size = sizeof(struct vr_plugin), .query = faulty_query)

#endif
