/* SPDX-License-Identifier: MIT */
/* device.h: vmrun.device/1, a maker of devices. A board asks it for each device by type. */
#ifndef VMRUN_DEVICE_H
#define VMRUN_DEVICE_H

#include <vmrun/abi.h>

#define VR_DEVICE_ID "vmrun.device/1"

struct vr_device_config {
	uint32_t size;
	uint32_t index;   /* of its backend: disk number, console port */
	const char *type; /* "virtio-mmio-blk", "virtio-mmio-console", "virtio-mmio-rng" ... */
	uint64_t base;    /* first address in VR_SPACE_MMIO */
	uint32_t irq;     /* shared line in the board's numbering */
	uint32_t reserved;
};

struct vr_device_maker {
	uint32_t size;
	uint32_t reserved;
	const char *types; /* comma-separated */
	/* Attaches itself to the buses through the host tables. [main][quiesced] */
	int32_t(VR_CALL *create)(void *self, const struct vr_device_config *c, void **device);
	void(VR_CALL *reset)(void *device);   /* [quiesced] */
	void(VR_CALL *destroy)(void *device); /* finishes or fails what is in flight. [quiesced] */
};

#endif
