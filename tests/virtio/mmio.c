/* SPDX-License-Identifier: MIT */
/* mmio.c: the transport: registers, status, features, interrupts. */
#include <criterion/criterion.h>
#include <string.h>
#include <vmrun/plugin.h>

#include "driver.h"

static struct drv v;

static void start(void)
{
	drv_new(&v, fake_new(FAKE_RAM_BASE, DRV_RAM, 1), "virtio-rng", 0);
}

static void stop(void)
{
	drv_free(&v);
}

static void offer_one(void)
{
	drv_desc(&v, DRV_QUEUE(0), 0, DRV_DATA, 16, DRV_WRITE, 0);
	drv_offer(&v, 0, 0);
	drv_kick(&v, 0);
}

TestSuite(mmio, .init = start, .fini = stop);

Test(mmio, identification)
{
	cr_expect_eq(drv_r(&v, 0x00), 0x74726976);
	cr_expect_eq(drv_r(&v, 0x04), 2);
	cr_expect_eq(drv_r(&v, 0x08), 4);
	cr_expect_eq(drv_r(&v, 0x0c), 0x4e524d56);
	cr_expect_eq(drv_r(&v, 0x34), VIRTIO_QUEUE_SIZE);
	drv_w(&v, 0x30, 1); /* has one queue only */
	cr_expect_eq(drv_r(&v, 0x34), 0);
	drv_w(&v, 0x14, 1);
	cr_expect_eq(drv_r(&v, 0x10), 1 | 1u << 8, "VERSION_1, RING_RESET");
	drv_w(&v, 0x14, 0);
	cr_expect_eq(drv_r(&v, 0x10), 3u << 28);
	drv_w(&v, 0x14, 2);
	cr_expect_eq(drv_r(&v, 0x10), 0);
	cr_expect_eq(drv_r(&v, 0xb0), 0xffffffff);
	/* No register has other widths. */
	cr_expect_eq(fake_read(v.d, VR_SPACE_MMIO, 0, DRV_BASE, 1), 0);
	cr_expect_eq(fake_read(v.d, VR_SPACE_MMIO, 0, DRV_BASE, 8), 0);
	cr_expect_eq(fake_read(v.d, VR_SPACE_MMIO, 0, DRV_BASE + 0x1fc, 8), 0);
}

Test(mmio, features)
{
	cr_expect_not(drv_negotiate(&v, 0), "version 1 is a must");
	cr_expect_not(drv_negotiate(&v, VIRTIO_F_VERSION_1 | 1), "not offered");
	drv_w(&v, 0x70, 0xf);
	cr_expect_not(drv_status(&v) & VIRTIO_S_DRIVER_OK);
	cr_expect(drv_negotiate(&v, VIRTIO_F_VERSION_1));
	/* Settled: what comes later is ignored. */
	drv_w(&v, 0x24, 0);
	drv_w(&v, 0x20, 0xffffffff);
	cr_expect_eq(v.t->driver_features[0], VIRTIO_F_VERSION_1);
	drv_w(&v, 0x70, 0);
	cr_expect_eq(drv_status(&v), 0);
	cr_expect_eq(v.t->driver_features[0], 0);
}

Test(mmio, interrupt)
{
	uint32_t changes;

	drv_start(&v, 0, 1);
	cr_expect_eq(drv_r(&v, 0x44), 1);
	offer_one();
	cr_expect_eq(drv_used(&v, 0), 1);
	cr_expect_eq(drv_r(&v, 0x60), 1);
	cr_expect_eq(v.d->line[DRV_LINE], 1);
	changes = v.d->line_changes[DRV_LINE];
	offer_one();
	cr_expect_eq(v.d->line_changes[DRV_LINE], changes, "high is high");
	drv_w(&v, 0x64, 2);
	cr_expect_eq(v.d->line[DRV_LINE], 1);
	drv_w(&v, 0x64, 1);
	cr_expect_eq(v.d->line[DRV_LINE], 0);
	/* Not wanted. */
	drv_set_avail_flags(&v, 0, 1);
	offer_one();
	cr_expect_eq(drv_used(&v, 0), 3);
	cr_expect_eq(v.d->line[DRV_LINE], 0);
	drv_set_avail_flags(&v, 0, 0);
	offer_one();
	cr_expect_eq(v.d->line[DRV_LINE], 1);
	vr_virtio_mmio_reset(v.device);
	cr_expect_eq(v.d->line[DRV_LINE], 0);
	cr_expect_eq(drv_status(&v), 0);
	cr_expect_eq(drv_r(&v, 0x44), 0);
}

Test(mmio, not_before_driver_ok)
{
	cr_assert(drv_negotiate(&v, VIRTIO_F_VERSION_1));
	drv_queue(&v, 0, 8);
	offer_one();
	cr_expect_eq(drv_used(&v, 0), 0);
	drv_go(&v); /* what was offered before is found now */
	cr_expect_eq(drv_used(&v, 0), 1);
	drv_kick(&v, 1);
	drv_kick(&v, 0xffffffff);
}

Test(mmio, queue_stop_and_move)
{
	drv_start(&v, 0, 1);
	drv_w(&v, 0x80, 0x12345670); /* runs: can't be moved */
	drv_w(&v, 0x44, 0);
	cr_expect_eq(drv_r(&v, 0x44), 0);
	offer_one();
	cr_expect_eq(drv_used(&v, 0), 0);
	drv_queue(&v, 0, 16);
	offer_one();
	cr_expect_eq(drv_used(&v, 0), 1);
}

Test(mmio, queue_in_a_bad_place)
{
	static const struct {
		uint32_t reg, value;
	} bad[] = {
		{0x38, 0},          {0x38, 3},          {0x38, 512},        {0x38, 0xffffffff},
		{0x80, 0x40010008}, {0x90, 0x40011001}, {0xa0, 0x40012002}, {0x80, 0x1000},
		{0x84, 0xffffffff}, {0x94, 1},          {0xa0, 0x403ffffc}, {0xa4, 0xffffffff},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert(drv_negotiate(&v, VIRTIO_F_VERSION_1));
		drv_queue(&v, 0, 8);
		drv_w(&v, 0x44, 0);
		drv_w(&v, bad[i].reg, bad[i].value);
		drv_w(&v, 0x44, 1);
		cr_expect_eq(drv_r(&v, 0x44), 0, "case %zu", i);
		cr_expect(drv_status(&v) & VIRTIO_S_NEEDS_RESET, "case %zu", i);
		drv_go(&v);
		drv_kick(&v, 0);
	}
	/* A reset mends it. */
	drv_start(&v, 0, 1);
	offer_one();
	cr_expect_eq(drv_used(&v, 0), 1);
}

Test(mmio, plugin)
{
	const struct vr_plugin *p;
	const struct vr_virtio_maker *maker;
	struct vr_virtio_info info = {.size = sizeof(info)};
	struct vr_virtio_config c = {.size = sizeof(c), .type = "virtio-rng"};
	struct vr_virtio_device *device;

	cr_expect_eq(vmrun_plugin_create(v.d->host, "other", &p), VR_E_NOENT);
	cr_assert_eq(vmrun_plugin_create(v.d->host, "virtio", &p), VR_OK);
	cr_expect_eq(p->probe(p->self), VR_OK);
	maker = p->query(p->self, VR_VIRTIO_ID);
	cr_assert(maker);
	cr_expect_null(vr_virtio_lacks(maker));
	cr_expect_null(p->query(p->self, VR_MEMORY_ID));
	cr_expect(strstr(maker->types, "virtio-blk"));
	cr_assert_eq(maker->create(p->self, &c, &info, &device), VR_OK);
	cr_expect_eq(info.device_id, 4);
	maker->destroy(device);
	c.type = "virtio-sound";
	cr_expect_eq(maker->create(p->self, &c, &info, &device), VR_E_NOENT);
	c.type = "virtio-blk"; /* of a disk that is not there */
	cr_expect_eq(maker->create(p->self, &c, &info, &device), VR_E_NOENT);
	p->destroy(p->self);
}

Test(mmio, noise)
{
	uint32_t x = 3;

	for (uint32_t i = 0; i < 300000; i++) {
		uint32_t offset, value;

		x = x * 1664525 + 1013904223;
		offset = x >> 8 & 0x1ff;
		x = x * 1664525 + 1013904223;
		/* Often values that mean something. */
		value = x & 1 ? x >> 16 & 0xf : x & 2 ? FAKE_RAM_BASE + (x & 0x3ffff0) : x;
		fake_write(v.d, VR_SPACE_MMIO, 0, DRV_BASE + (offset & ~3u), 4, value);
		fake_read(v.d, VR_SPACE_MMIO, 0, DRV_BASE + offset, 1u << (x >> 3 & 3));
	}
}
