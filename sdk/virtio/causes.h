/* SPDX-License-Identifier: MIT */
/* causes.h: a transport's status and what it interrupts the driver for, which a device's threads change as well. */
#ifndef VR_VIRTIO_CAUSES_H
#define VR_VIRTIO_CAUSES_H

#include "transport.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A cause of an interrupt has come. [any] */
void vr_virtio_pend(struct vr_virtio_transport *t, uint32_t cause, uint32_t queue);
/* The device's configuration space has changed. [any] */
void vr_virtio_config_changed(struct vr_virtio_transport *t);
/* DEVICE_NEEDS_RESET. [any] */
void vr_virtio_break(struct vr_virtio_transport *t);

#ifdef __cplusplus
}
#endif

#endif
