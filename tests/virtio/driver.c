/* SPDX-License-Identifier: MIT */
#include "driver.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AVAIL(q) (DRV_QUEUE(q) + 0x1000)
#define USED(q) (DRV_QUEUE(q) + 0x2000)

static int32_t make(struct drv *v, const struct vr_virtio_plug *plug)
{
	int32_t rc = vr_virtio_mmio_new(v->d->host, *plug, DRV_BASE, DRV_LINE, &v->device);

	v->t = rc < 0 ? NULL : vr_virtio_mmio_transport(v->device);
	return rc;
}

int32_t drv_make(struct drv *v, struct vr_fake_host *d, const struct vr_virtio_maker *maker, const char *type,
		 struct vr_virtio_shared_room *shared)
{
	const struct vr_virtio_plug plug = {.maker = maker, .plugin = "test", .type = type, .shared = shared};

	*v = (struct drv){.d = d};
	return make(v, &plug);
}

void drv_new(struct drv *v, struct vr_fake_host *d, const char *type, uint32_t index)
{
	struct vr_virtio_plug plug = {
		.maker = &virtio_maker, .plugin = "virtio", .type = type, .index = index};

	*v = (struct drv){.d = d};
	if (vmrun_plugin_create(d->host, "virtio", &v->plugin) < 0)
		abort();
	plug.self = v->plugin->self;
	if (make(v, &plug) < 0)
		abort();
}

void drv_free(struct drv *v)
{
	vr_virtio_mmio_free(v->device);
	if (v->plugin)
		v->plugin->destroy(v->plugin->self);
	fake_free(v->d);
}

uint32_t drv_r(struct drv *v, uint32_t offset)
{
	return fake_r32(v->d, DRV_BASE + offset);
}

void drv_w(struct drv *v, uint32_t offset, uint32_t value)
{
	fake_w32(v->d, DRV_BASE + offset, value);
}

uint32_t drv_status(struct drv *v)
{
	return drv_r(v, 0x70);
}

int drv_negotiate(struct drv *v, uint64_t features)
{
	drv_w(v, 0x70, 0);
	drv_w(v, 0x70, 1);
	drv_w(v, 0x70, 3);
	for (uint32_t i = 0; i < 2; i++) {
		drv_w(v, 0x24, i);
		drv_w(v, 0x20, (uint32_t)(features >> 32 * i));
	}
	drv_w(v, 0x70, 0xb);
	return !!(drv_status(v) & VIRTIO_S_FEATURES_OK);
}

void drv_queue(struct drv *v, uint32_t q, uint32_t number)
{
	memset(fake_ram(v->d, DRV_QUEUE(q)), 0, 0x4000);
	v->avail[q] = 0;
	v->number = number;
	drv_w(v, 0x30, q);
	drv_w(v, 0x38, number);
	drv_w(v, 0x80, (uint32_t)DRV_QUEUE(q));
	drv_w(v, 0x84, 0);
	drv_w(v, 0x90, (uint32_t)AVAIL(q));
	drv_w(v, 0x94, 0);
	drv_w(v, 0xa0, (uint32_t)USED(q));
	drv_w(v, 0xa4, 0);
	drv_w(v, 0x44, 1);
}

void drv_go(struct drv *v)
{
	drv_w(v, 0x70, 0xf);
}

void drv_start(struct drv *v, uint64_t features, uint32_t queues)
{
	if (!drv_negotiate(v, features | VIRTIO_F_VERSION_1))
		abort();
	for (uint32_t q = 0; q < queues; q++)
		drv_queue(v, q, 8);
	drv_go(v);
}

void drv_desc(struct drv *v, uint64_t table, uint32_t i, uint64_t address, uint32_t length, uint32_t flags,
	      uint32_t next)
{
	uint8_t *p = (uint8_t *)fake_ram(v->d, table) + 16 * i;
	uint16_t f = (uint16_t)flags, n = (uint16_t)next;

	memcpy(p, &address, 8);
	memcpy(p + 8, &length, 4);
	memcpy(p + 12, &f, 2);
	memcpy(p + 14, &n, 2);
}

static void store16(struct drv *v, uint64_t gpa, uint16_t value)
{
	__atomic_store_n((uint16_t *)fake_ram(v->d, gpa), value, __ATOMIC_SEQ_CST);
}

static uint16_t load16(struct drv *v, uint64_t gpa)
{
	return __atomic_load_n((uint16_t *)fake_ram(v->d, gpa), __ATOMIC_SEQ_CST);
}

void drv_offer(struct drv *v, uint32_t q, uint32_t head)
{
	store16(v, AVAIL(q) + 4 + 2ull * (v->avail[q] % v->number), (uint16_t)head);
	store16(v, AVAIL(q) + 2, ++v->avail[q]);
}

void drv_kick(struct drv *v, uint32_t q)
{
	drv_w(v, 0x50, q);
}

uint16_t drv_used(struct drv *v, uint32_t q)
{
	return load16(v, USED(q) + 2);
}

void drv_used_entry(struct drv *v, uint32_t q, uint32_t i, uint32_t *id, uint32_t *length)
{
	const uint8_t *p = (const uint8_t *)fake_ram(v->d, USED(q)) + 4 + 8 * (i % v->number);

	memcpy(id, p, 4);
	memcpy(length, p + 4, 4);
}

void drv_set_avail_flags(struct drv *v, uint32_t q, uint16_t flags)
{
	store16(v, AVAIL(q), flags);
}

void drv_set_avail_idx(struct drv *v, uint32_t q, uint16_t idx)
{
	v->avail[q] = idx;
	store16(v, AVAIL(q) + 2, idx);
}

void drv_set_used_event(struct drv *v, uint32_t q, uint16_t event)
{
	store16(v, AVAIL(q) + 4 + 2ull * v->number, event);
}

uint16_t drv_avail_event(struct drv *v, uint32_t q)
{
	return load16(v, USED(q) + 4 + 8ull * v->number);
}

int drv_wait(struct drv *v, uint32_t q, uint16_t idx)
{
	for (int i = 0; i < 50000; i++) {
		if ((int16_t)(drv_used(v, q) - idx) >= 0)
			return 1;
		usleep(100);
	}
	return 0;
}

int drv_wait_broken(struct drv *v)
{
	for (int i = 0; i < 50000; i++) {
		if (drv_status(v) & VIRTIO_S_NEEDS_RESET)
			return 1;
		usleep(100);
	}
	return 0;
}
