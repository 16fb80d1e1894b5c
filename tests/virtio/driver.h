/* SPDX-License-Identifier: MIT */
/* driver.h: a guest driver in miniature: its rings lie in the fake host's RAM. */
#ifndef VR_TEST_DRIVER_H
#define VR_TEST_DRIVER_H

#include <vmrun/plugin.h>

#include "../../plugins/virtio/virtio.h"
#include "../fake_host/fake.h"
#include "virtio/mmio.h"

#define DRV_BASE 0x0a000000ull
#define DRV_LINE 48u
#define DRV_QUEUE(q) (FAKE_RAM_BASE + 0x10000ull + (q)*0x4000ull)
#define DRV_DATA (FAKE_RAM_BASE + 0x40000ull) /* free for buffers, to the end of RAM */
#define DRV_RAM 0x400000ull

#define DRV_NEXT 1u
#define DRV_WRITE 2u
#define DRV_INDIRECT 4u

#define DRV_QUEUES 8u

struct drv {
	struct vr_fake_host *d;
	const struct vr_plugin *plugin; /* NULL: the maker is the test's */
	struct vr_virtio_mmio *device;
	struct vr_virtio_transport *t; /* the same */
	uint32_t number;
	uint16_t avail[DRV_QUEUES]; /* next avail idx */
};

/* A device of plugins/virtio. The fake host is made by the test, with its disks. */
void drv_new(struct drv *v, struct vr_fake_host *d, const char *type, uint32_t index);
/* A device of the test's own maker: 0, or the error of making it. */
int32_t drv_make(struct drv *v, struct vr_fake_host *d, const struct vr_virtio_maker *maker, const char *type,
		 struct vr_virtio_shared_room *shared);
void drv_free(struct drv *v);

/* ACKNOWLEDGE, DRIVER, features, FEATURES_OK; 1 when the device took them. */
int drv_negotiate(struct drv *v, uint64_t features);
/* Set a queue up at DRV_QUEUE(q) with so many entries. */
void drv_queue(struct drv *v, uint32_t q, uint32_t number);
void drv_go(struct drv *v); /* DRIVER_OK */
/* All of it: features, `queues` queues of 8 entries, DRIVER_OK. */
void drv_start(struct drv *v, uint64_t features, uint32_t queues);

uint32_t drv_r(struct drv *v, uint32_t offset);
void drv_w(struct drv *v, uint32_t offset, uint32_t value);
uint32_t drv_status(struct drv *v);

void drv_desc(struct drv *v, uint64_t table, uint32_t i, uint64_t address, uint32_t length, uint32_t flags,
	      uint32_t next);
/* Offer the chain that begins at `head`, without notifying. */
void drv_offer(struct drv *v, uint32_t q, uint32_t head);
void drv_kick(struct drv *v, uint32_t q);
uint16_t drv_used(struct drv *v, uint32_t q);
void drv_used_entry(struct drv *v, uint32_t q, uint32_t i, uint32_t *id, uint32_t *length);
/* The other fields of the rings. */
void drv_set_avail_flags(struct drv *v, uint32_t q, uint16_t flags);
void drv_set_avail_idx(struct drv *v, uint32_t q, uint16_t idx);
void drv_set_used_event(struct drv *v, uint32_t q, uint16_t event);
uint16_t drv_avail_event(struct drv *v, uint32_t q);
/* Waits (5 s at most) until the used idx has reached `idx` / the status has DEVICE_NEEDS_RESET: 1. */
int drv_wait(struct drv *v, uint32_t q, uint16_t idx);
int drv_wait_broken(struct drv *v);

#endif
