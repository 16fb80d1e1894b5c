/* SPDX-License-Identifier: MIT */
/*
 * device.h: vmrun.device/1, a maker of devices. A board asks it for each device by type.
 *
 * Devices that have registers of their own. A virtio device has none: it offers vmrun.virtio/1 (virtio.h) and gets
 * the board's transport. Every type of a plugin that the user named (-p ID) gets one place: the window of MMIO that
 * window() asks for and one interrupt line.
 */
#ifndef VMRUN_DEVICE_H
#define VMRUN_DEVICE_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_DEVICE_ID "vmrun.device/1"

struct vr_device_config {
	uint32_t size;
	uint32_t index;   /* of its backend; 0 on boards of the SDK's kit */
	const char *type; /* one of the maker's; lives as long as the device */
	uint64_t base;    /* first address in VR_SPACE_MMIO */
	uint32_t irq;     /* shared line in the board's numbering */
	uint32_t reserved;
};

/* One more property of a device's node in a device tree (Devicetree Specification 0.4, 2.2.4). */
#define VR_PROPERTY_FLAG 0   /* no value */
#define VR_PROPERTY_STRING 1 /* text */
#define VR_PROPERTY_CELLS 2  /* cells[0..count) */
struct vr_device_property {
	uint32_t size;
	uint32_t kind; /* VR_PROPERTY_* */
	const char *name;
	const char *text;
	const uint32_t *cells;
	uint32_t count; /* at most VR_PROPERTY_CELLS_MAX */
	uint32_t reserved;
};
#define VR_PROPERTY_CELLS_MAX 64u

struct vr_device_maker {
	uint32_t size;
	uint32_t reserved;
	const char *types; /* comma-separated */
	/* Attaches itself to the buses through the host tables. [main][quiesced] */
	int32_t(VR_CALL *create)(struct vr_plugin_self *self, const struct vr_device_config *c,
				 struct vr_device **device);
	void(VR_CALL *reset)(struct vr_device *device); /* to its power-on state. [quiesced] */
	void(VR_CALL *destroy)(
		struct vr_device *device); /* finishes or fails what is in flight. [quiesced] */

	/* -- All three optional: for types that the board does not know. -- */
	/* Bytes of MMIO the device wants: a power of two, at most VR_DEVICE_WINDOW_MAX; its base is aligned
	 * to that (and to 4 KiB). 0: it can't be placed by a board that does not know the type. [main] */
	uint64_t(VR_CALL *window)(struct vr_plugin_self *self, const char *type);
	/* Its "compatible" list for a device tree, the most specific first, separated by blanks: "ns16550a
	 * ns8250". NULL: the guest is not told of it. Kept by the maker. [main] */
	const char *(VR_CALL *compatible)(struct vr_plugin_self *self, const char *type);
	/* The i-th property besides compatible, reg and interrupts; VR_E_NOENT past the last. What *out
	 * points to is the maker's. [main] */
	int32_t(VR_CALL *describe)(struct vr_plugin_self *self, const char *type, uint32_t i,
				   struct vr_device_property *out);
	/* The board's pause() and resume() (board.h), for this device: it finishes or holds what is in flight and begins
	 * nothing / goes on. Optional, both or none: for a device that does all in its registers' functions. [quiesced] */
	void(VR_CALL *pause)(struct vr_device *device);
	void(VR_CALL *resume)(struct vr_device *device);
};
#define VR_DEVICE_WINDOW_MAX 0x10000u

#ifdef __cplusplus
}
#endif

#endif
