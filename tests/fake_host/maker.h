/* SPDX-License-Identifier: MIT */
/* maker.h: device plugins that only remember what a board asked of them. */
#ifndef VR_TEST_MAKER_H
#define VR_TEST_MAKER_H

#include <vmrun/device.h>
#include <vmrun/virtio.h>

#include "fake_host/fake_host.h"

/* Offers virtio-blk, -console and -rng, each with one queue. */
extern const struct vr_virtio_maker virtio_test_maker;
/* Offers test-one, without a window. */
extern const struct vr_device_maker maker;
/* What they are made of, for makers of other types. */
int32_t VR_CALL maker_create(struct vr_plugin_self *self, const struct vr_device_config *c,
			     struct vr_device **device);
void VR_CALL maker_reset(struct vr_device *device);
void VR_CALL maker_destroy(struct vr_device *device);

extern struct maker_memory {
	char made[1024]; /* "blk:0 rng:0 ": kind and index in the order they came */
	uint32_t count, resets, destroyed;
	uint64_t base; /* of the last one of vmrun.device/1, its first window and line */
	uint32_t irq;
	struct vr_device_config config;  /* the arrays are the board's */
	const struct vr_virtio_host *io; /* of the last one of vmrun.virtio/1 */
	struct vr_virtio_transport *transport;
} made;

/* The line that the last device of virtio_test_maker, whose registers are at `base`, drives; it is reset then. */
uint32_t maker_line(struct vr_fake_host *d, uint64_t base);

#endif
