/* SPDX-License-Identifier: MIT */
/*
 * state_virtio.h: the canonical state of a virtio device's transport and of its queues (Virtio 1.2; section numbers
 * are its). What a device has beside is its own (virtio.h, get_state).
 *
 * The transport has it, whatever the device: while it is taken the device keeps no buffer (virtio.h, pause), so
 * every entry of the available ring before `avail` has been used.
 */
#ifndef VMRUN_STATE_VIRTIO_H
#define VMRUN_STATE_VIRTIO_H

#include <vmrun/abi.h>

/* ---- the device; index: its place on the board (the slot) ------------------------------------------- */
#define VR_STATE_VIRTIO_ID "vmrun.state.virtio/1"

struct vr_state_virtio {
	uint32_t size;
	uint32_t device_id;          /* 5; get only: set checks it */
	uint64_t driver_features[2]; /* as written by the driver, bits 0..63, 64..127 */
	uint32_t status;             /* 2.1 */
	uint32_t interrupt;   /* 1: used buffers, 2: configuration; the MMIO transport's InterruptStatus */
	uint32_t queue_count; /* get only: set checks it */
	/* Registers that select (4.2.2). */
	uint32_t device_features_sel, driver_features_sel, queue_sel, shared_sel;
	uint32_t reserved;
};

/* ---- a queue; index: slot * VR_STATE_VIRTIO_QUEUES + queue --------------------------------------------- */
#define VR_STATE_VIRTIO_QUEUE_ID "vmrun.state.virtio-queue/1"
#define VR_STATE_VIRTIO_QUEUES 1024u

struct vr_state_virtio_queue {
	uint32_t size;
	uint32_t enabled;              /* 1: QueueReady */
	uint32_t number;               /* entries */
	uint32_t broken;               /* 1: its ring was wrong, the device needs a reset */
	uint64_t desc, driver, device; /* guest-physical addresses of the three parts (2.7) */
	uint32_t avail;                /* 16 bits: the next entry of the available ring to take */
	uint32_t used;                 /* 16 bits: the next entry of the used ring to fill */
	uint32_t signalled;            /* 16 bits: `used` when an interrupt was last considered */
	uint32_t vector; /* of MSI-X (4.1.5.1.2.2); VR_STATE_VIRTIO_NO_VECTOR: none, or a line */
};
#define VR_STATE_VIRTIO_NO_VECTOR 0xffffu

#endif
