/* SPDX-License-Identifier: MIT */
/* table.h: struct vr_virtio_host, what a transport does for its device. */
#ifndef VR_VIRTIO_TABLE_H
#define VR_VIRTIO_TABLE_H

#include "transport.h"

extern const struct vr_virtio_host vr_virtio_table;

#endif
