/* SPDX-License-Identifier: MIT */
/*
 * plugin_entry.h: the life of a plugin that offers one interface and has nothing to start; VR_PLUGIN() is all that
 * it needs. board/plugin_entry.h and xlate/plugin_entry.h are made of it. All is inline, so a plugin that links no kit can have
 * it too.
 */
#ifndef VR_KIT_PLUGIN_ENTRY_H
#define VR_KIT_PLUGIN_ENTRY_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/plugin.h>

#ifdef __cplusplus
extern "C" {
#define VR_PLUGIN_ASSERT static_assert
#else
#define VR_PLUGIN_ASSERT _Static_assert
#endif

/* One instance of the plugin: the `self` of its functions and of those of its interface. */
struct vr_plugin_instance {
	struct vr_plugin plugin;
	const struct vr_host *host;
	const char *own;          /* the plugin's id */
	const char *interface_id; /* "vmrun.board/1" */
	const void *table;        /* what it offers under that */
	const char *second_id;    /* another interface, or NULL */
	const void *second_table;
};

static inline struct vr_plugin_instance *vr_plugin_instance_of(struct vr_plugin_self *self)
{
	return (struct vr_plugin_instance *)self;
}

static inline int32_t VR_CALL vr_plugin_instance_nothing(struct vr_plugin_self *self)
{
	(void)self;
	return VR_OK;
}

static inline void VR_CALL vr_plugin_instance_destroy(struct vr_plugin_self *self)
{
	free(self);
}

static inline const void *VR_CALL vr_plugin_instance_query(struct vr_plugin_self *self,
							   const char *interface_id)
{
	const struct vr_plugin_instance *j = vr_plugin_instance_of(self);

	if (j->second_id && strcmp(interface_id, j->second_id) == 0)
		return j->second_table;
	return strcmp(interface_id, j->interface_id) == 0 ? j->table : NULL;
}

/* vmrun_plugin_create() for a plugin whose id is `own`. `own`, `interface_id` and `table` are kept. `size` is that of the
 * plugin's own struct, which begins with a struct vr_plugin_instance; what follows that is zeros. The struct is the
 * `self` of probe() and of the interface's functions, and freed by destroy(). The caller may put other functions into
 * its `plugin` before it returns. VR_E_NOENT: `id` is another's. [main] */
static inline int32_t vr_plugin_entry_sized(const struct vr_host *host, const char *id, const char *own,
					    size_t size, const char *interface_id, const void *table,
					    int32_t(VR_CALL *probe)(struct vr_plugin_self *self),
					    const struct vr_plugin **out)
{
	struct vr_plugin_instance *j;
	char text[256];

	if (!id || strcmp(id, own) != 0) {
		snprintf(text, sizeof(text),
			 "this library is plugin '%s', and its manifest says '%s'; write the same id", own,
			 id ? id : "");
		host->error(host, VR_E_NOENT, text);
		return VR_E_NOENT;
	}
	j = (struct vr_plugin_instance *)calloc(1, size);
	if (!j) {
		host->error(host, VR_E_NOMEM, "no memory for the plugin");
		return VR_E_NOMEM;
	}
	j->plugin.size = sizeof(j->plugin);
	j->plugin.self = (struct vr_plugin_self *)j;
	j->plugin.probe = probe;
	j->plugin.start = vr_plugin_instance_nothing;
	j->plugin.stop = vr_plugin_instance_nothing;
	j->plugin.destroy = vr_plugin_instance_destroy;
	j->plugin.query = vr_plugin_instance_query;
	j->host = host;
	j->own = own;
	j->interface_id = interface_id;
	j->table = table;
	*out = &j->plugin;
	return VR_OK;
}

/* The same for a plugin that keeps nothing of its own. */
static inline int32_t vr_plugin_entry(const struct vr_host *host, const char *id, const char *own,
				      const char *interface_id, const void *table,
				      int32_t(VR_CALL *probe)(struct vr_plugin_self *self),
				      const struct vr_plugin **out)
{
	return vr_plugin_entry_sized(host, id, own, sizeof(struct vr_plugin_instance), interface_id, table,
				     probe, out);
}

/* The other function that a plugin exports. */
#define VR_PLUGIN_MAGIC                                                    \
	VR_EXPORT const struct vr_magic *VR_CALL vmrun_plugin_magic(void)  \
	{                                                                  \
		static const struct vr_magic magic = VR_MAGIC_INITIALIZER; \
		return &magic;                                             \
	}

/* Both functions that a plugin exports, for a plugin with a struct of its own, `type`, whose first member is `struct
 * vr_plugin_instance instance`. */
#define VR_PLUGIN(own, type, interface_id, table, probe)                                                    \
	VR_PLUGIN_ASSERT(offsetof(type, instance) == 0 &&                                                   \
				 sizeof(((type *)0)->instance) == sizeof(struct vr_plugin_instance),        \
			 "a plugin's struct begins with struct vr_plugin_instance instance");               \
	VR_PLUGIN_MAGIC                                                                                     \
	VR_EXPORT int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id,           \
						      const struct vr_plugin **out)                         \
	{                                                                                                   \
		return vr_plugin_entry_sized(host, id, own, sizeof(type), interface_id, table, probe, out); \
	}

#ifdef __cplusplus
}
#endif

#endif
