/* SPDX-License-Identifier: MIT */
/*
 * driver.h: a guest's driver of a virtio device in miniature, for tests of plugins: it finds the device at the MMIO
 * transport's registers (Virtio 1.2, 4.2), as a board of the SDK or vr_virtio_mmio_new() has put it, and makes
 * requests. For the thread that made the fake host.
 */
#ifndef VMRUN_FAKE_HOST_DRIVER_H
#define VMRUN_FAKE_HOST_DRIVER_H

#include "fake_host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VR_FAKE_DRIVER_QUEUES 8u
#define VR_FAKE_DRIVER_RAM 0x20000u /* bytes of guest RAM that a driver uses */
#define VR_FAKE_DRIVER_TEXT 4096u   /* the most that a request reads, and writes */

struct vr_fake_driver {
	struct vr_fake_host *host;
	uint64_t base;     /* of the registers */
	uint64_t ram;      /* guest-physical, VR_FAKE_DRIVER_RAM bytes, a multiple of 4096 */
	uint64_t features; /* that were negotiated */
	uint16_t made[VR_FAKE_DRIVER_QUEUES];
};

/* A 32-bit register. */
uint32_t vr_fake_driver_read(struct vr_fake_driver *v, uint32_t offset);
void vr_fake_driver_write(struct vr_fake_driver *v, uint32_t offset, uint32_t value);
/* The first of `count` slots, each `stride` bytes after the one before, that has a device of this id; 0: none has. */
uint64_t vr_fake_driver_find(struct vr_fake_host *f, uint64_t base, uint64_t stride, uint32_t count,
			     uint32_t device_id);
/* Resets the device, negotiates these features (and VERSION_1) and starts `queues` queues of 8 entries. 0; -1: the
 * device does not take the features. host, base and ram are set. */
int vr_fake_driver_start(struct vr_fake_driver *v, uint64_t features, uint32_t queues);
/* One buffer: `out_length` bytes for the device to read, room for `in_length` (0: none) for it to write, which are
 * copied to `in`. How many the device says that it wrote; -1: the buffer did not come back within 5 s. */
int64_t vr_fake_driver_request(struct vr_fake_driver *v, uint32_t queue, const void *out, uint32_t out_length,
			       void *in, uint32_t in_length);

#ifdef __cplusplus
}
#endif
#endif
