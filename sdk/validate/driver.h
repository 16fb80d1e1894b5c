/* SPDX-License-Identifier: MIT */
/*
 * driver.h: the driver of a virtio device, for rules: by the MMIO registers (virtio 1.2, 4.2.2) at `base`, with
 * rings in the fake host's RAM.
 */
#ifndef VMRUN_VALIDATE_DRIVER_H
#define VMRUN_VALIDATE_DRIVER_H

#include "check.h"

/* 4.2.2 MMIO Device Register Layout */
#define DRIVER_FEATURES 0x010u
#define DRIVER_FEATURES_SEL 0x014u
#define DRIVER_TAKES 0x020u
#define DRIVER_TAKES_SEL 0x024u
#define DRIVER_QUEUE_SEL 0x030u
#define DRIVER_QUEUE_MAX 0x034u
#define DRIVER_QUEUE_NUM 0x038u
#define DRIVER_QUEUE_READY 0x044u
#define DRIVER_QUEUE_NOTIFY 0x050u
#define DRIVER_INTERRUPTS 0x060u
#define DRIVER_STATUS 0x070u
#define DRIVER_QUEUE_DESC 0x080u /* two halves, as the next two */
#define DRIVER_QUEUE_DRIVER 0x090u
#define DRIVER_QUEUE_DEVICE 0x0a0u
#define DRIVER_QUEUE_RESET 0x0c0u

#define DRIVER_QUEUES 8u /* that there is room for */

/* 2.7.5 The Virtqueue Descriptor Table */
struct driver_descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};
#define DRIVER_NEXT 1u
#define DRIVER_WRITE 2u
#define DRIVER_INDIRECT 4u

void driver_write(struct vr_check *c, uint64_t base, uint32_t offset, uint64_t value);
uint32_t driver_read(struct vr_check *c, uint64_t base, uint32_t offset);
/* Are virtio's registers there? */
bool driver_finds(struct vr_check *c, uint64_t base);
/* Resets the device and takes of what it offers the features of this mask, and VERSION_1. False: the device does not
 * agree to these (3.1.1). */
bool driver_negotiate(struct vr_check *c, uint64_t base, uint64_t mask);
/* One queue, empty, of four entries. */
void driver_enable(struct vr_check *c, uint64_t base, uint32_t queue);
/* All that it offers, as a driver that knows everything, and the first `queues` queues. False: it does not take
 * that. */
bool driver_start(struct vr_check *c, uint64_t base, uint32_t queues);
/* The chain becomes the first buffer of a queue that was just enabled: two to four descriptors. */
void driver_put(struct vr_check *c, uint32_t queue, const struct driver_descriptor *chain, uint32_t count);
/* A buffer with some bytes to read and some to write, which a device that wants others may break at. */
void driver_offer(struct vr_check *c, uint32_t queue);
void driver_notify(struct vr_check *c, uint64_t base, uint32_t queue);
/* How many buffers of the queue came back since it was enabled. */
uint32_t driver_used(struct vr_check *c, uint32_t queue);

#endif
