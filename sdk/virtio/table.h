/* SPDX-License-Identifier: MIT */
/* table.h: struct vr_virtio_host, what a transport does for its device; and what that needs of transport.c. */
#ifndef VR_VIRTIO_TABLE_H
#define VR_VIRTIO_TABLE_H

#include "transport.h"

extern const struct vr_virtio_host vr_virtio_table;

/* A cause of an interrupt has come. [any] */
void vr_virtio_pend(struct vr_virtio_transport *t, uint32_t cause, uint32_t queue);
/* DEVICE_NEEDS_RESET. [any] */
void vr_virtio_break(struct vr_virtio_transport *t);
/* A queue that is ready runs, if the driver runs the device. With `control`. */
void vr_virtio_run(struct vr_virtio_transport *t, uint32_t queue);

#endif
