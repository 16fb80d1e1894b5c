/* SPDX-License-Identifier: MIT */
/* maker.h: a device plugin that only remembers what a board asked of it. */
#ifndef VR_TEST_MAKER_H
#define VR_TEST_MAKER_H

#include <vmrun/device.h>

/* Offers virtio-mmio-blk, -console and -rng. */
extern const struct vr_device_maker maker;
/* What it is made of, for makers of other types. */
int32_t VR_CALL maker_create(void *self, const struct vr_device_config *c, void **device);
void VR_CALL maker_reset(void *device);
void VR_CALL maker_destroy(void *device);

extern struct maker_memory {
	char made[1024]; /* "blk:0 rng:0 ": kind and index in the order they came */
	uint32_t count, resets, destroyed;
	uint64_t base; /* of the last one */
	uint32_t irq;
} made;

#endif
