# SPDX-License-Identifier: MIT
# Transports of virtio devices (vmrun.virtio/1): objects of the board kit, which boards link.
VIRTIO_KIT_OBJS := $(call objects,$(sort $(wildcard sdk/virtio/*.c)))
