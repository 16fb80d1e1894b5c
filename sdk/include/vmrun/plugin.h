/* SPDX-License-Identifier: MIT */
/*
 * plugin.h: what a plugin exports, and the life it leads.
 *
 * A plugin is a shared object with two exported functions and a manifest beside it:
 *
 *     magic -> create -> probe -> start -> stop -> destroy
 *
 * `create` touches no hardware, opens nothing, starts no thread and takes less than 100 ms.
 * `probe` answers "usable here?"; if not, vr_host.error() says why and what to do about it.
 * A library is never unloaded after create. No constructors, atexit, signal handlers, exit() or
 * longjmp() across the boundary. Thread-local variables are small and have their place from the start
 * (-ftls-model=initial-exec): one that is allocated at first use ends the process when there is no memory.
 * Each of opening, create, probe and start returns within 10 s.
 */
#ifndef VMRUN_PLUGIN_H
#define VMRUN_PLUGIN_H

#include <vmrun/abi.h>
#include <vmrun/host.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The magic block: 32 bytes, frozen for ever. */
struct vr_magic {
	uint32_t size;         /* 32 */
	uint8_t tag[4];        /* 'V','M','R','N' */
	uint16_t abi_major;    /* must equal the host's */
	uint16_t abi_minor;    /* the least minor the host must have */
	uint32_t flags;        /* 0 */
	uint8_t abi_extra[16]; /* zeros; a fork with a different ABI writes its name here */
};

#define VR_MAGIC_INITIALIZER                                                    \
	{                                                                       \
		32, {'V', 'M', 'R', 'N'}, VR_ABI_MAJOR, VR_ABI_MINOR_NEEDED, 0, \
		{                                                               \
			0                                                       \
		}                                                               \
	}

struct vr_plugin {
	uint32_t size;
	uint32_t reserved;
	struct vr_plugin_self *self; /* passed back as the first argument of everything below */
	/* Usable on this machine? 0, or an error whose text says why and what to do. [main] */
	int32_t(VR_CALL *probe)(struct vr_plugin_self *self);
	/* Before the first use of an interface: opens files, starts threads. [main] */
	int32_t(VR_CALL *start)(struct vr_plugin_self *self);
	/* After the last use of an interface: undoes what start() did. [main] */
	int32_t(VR_CALL *stop)(struct vr_plugin_self *self);
	/* The end of what vmrun_plugin_create() made, started or not. [main] */
	void(VR_CALL *destroy)(struct vr_plugin_self *self);
	/* The interface table for an id such as "vmrun.accel/1", or NULL. Owned by the plugin,
	 * valid until destroy. [any] */
	const void *(VR_CALL *query)(struct vr_plugin_self *self, const char *interface_id);
};

/* Exported as `vmrun_plugin_magic`. */
typedef const struct vr_magic *(VR_CALL *vr_plugin_magic_fn)(void);
/* Exported as `vmrun_plugin_create`. `id` is the manifest's id; unknown: VR_E_NOENT.
 * *out is owned by the plugin until destroy. [main] */
typedef int32_t(VR_CALL *vr_plugin_create_fn)(const struct vr_host *host, const char *id,
					      const struct vr_plugin **out);

/* The two functions themselves, which the plugin defines (plugin_entry.h of the SDK does). [main] */
VR_EXPORT const struct vr_magic *VR_CALL vmrun_plugin_magic(void);
VR_EXPORT int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id,
					      const struct vr_plugin **out);

#ifdef __cplusplus
}
#endif

#endif
