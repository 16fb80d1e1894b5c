/* SPDX-License-Identifier: MIT */
/* console.c: the console device. */
#include <criterion/criterion.h>
#include <string.h>

#include "driver.h"

static struct drv v;

static void start(void)
{
	drv_new(&v, fake_new(FAKE_RAM_BASE, DRV_RAM, 1), "virtio-console", 1);
	drv_start(&v, 0, 2);
}

static void stop(void)
{
	drv_free(&v);
}

static void lend(uint32_t i, uint32_t length)
{
	drv_desc(&v, DRV_QUEUE(0), i, DRV_DATA + 0x100ull * i, length, DRV_WRITE, 0);
	drv_offer(&v, 0, i);
	drv_kick(&v, 0);
}

TestSuite(virtio_console, .init = start, .fini = stop);

Test(virtio_console, output)
{
	memcpy(fake_ram(v.d, DRV_DATA), "hello, world", 12);
	drv_desc(&v, DRV_QUEUE(1), 0, DRV_DATA, 7, DRV_NEXT, 1);
	drv_desc(&v, DRV_QUEUE(1), 1, DRV_DATA + 7, 5, 0, 0);
	drv_offer(&v, 1, 0);
	drv_kick(&v, 1);
	cr_expect_eq(drv_used(&v, 1), 1);
	cr_expect_str_eq(v.d->port[1].out, "hello, world");
	cr_expect_eq(v.d->port[0].out_length, 0);
	cr_expect_eq(v.d->line[DRV_LINE], 1);
}

Test(virtio_console, input)
{
	uint32_t id, length;

	lend(0, 64);
	cr_expect_eq(drv_used(&v, 0), 0);
	vr_fake_host_type(v.d, 1, "abc");
	cr_expect_eq(drv_used(&v, 0), 1);
	drv_used_entry(&v, 0, 0, &id, &length);
	cr_expect_eq(length, 3);
	cr_expect_arr_eq((char *)fake_ram(v.d, DRV_DATA), "abc", 3);
	cr_expect_eq(v.d->line[DRV_LINE], 1);
	/* With nothing lent it waits, and comes in pieces. */
	vr_fake_host_type(v.d, 1, "defghij");
	cr_expect_eq(drv_used(&v, 0), 1);
	lend(1, 4);
	lend(2, 64);
	cr_expect_eq(drv_used(&v, 0), 3);
	cr_expect_arr_eq((char *)fake_ram(v.d, DRV_DATA + 0x100), "defg", 4);
	cr_expect_arr_eq((char *)fake_ram(v.d, DRV_DATA + 0x200), "hij", 3);
}

Test(virtio_console, input_before_the_driver)
{
	drv_w(&v, 0x70, 0);
	vr_fake_host_type(v.d, 1, "early");
	drv_start(&v, VIRTIO_F_EVENT_IDX, 2);
	lend(0, 64);
	cr_expect_eq(drv_used(&v, 0), 1);
	cr_expect_arr_eq((char *)fake_ram(v.d, DRV_DATA), "early", 5);
}

Test(virtio_console, broken)
{
	drv_desc(&v, DRV_QUEUE(1), 0, DRV_DATA, 7, DRV_NEXT, 0);
	drv_offer(&v, 1, 0);
	drv_kick(&v, 1);
	cr_expect(drv_status(&v) & VIRTIO_S_NEEDS_RESET);
	vr_fake_host_type(v.d, 1, "x");
	/* Buffers that can't be written are of no use, but no harm. */
	drv_start(&v, 0, 2);
	drv_desc(&v, DRV_QUEUE(0), 0, DRV_DATA, 7, 0, 0);
	drv_offer(&v, 0, 0);
	drv_kick(&v, 0);
	cr_expect_eq(drv_used(&v, 0), 1);
}

#define CONFIG 0x100u
#define GENERATION 0x0fcu
#define CAUSES 0x060u
#define ACKNOWLEDGE 0x064u
#define F_SIZE 1u

/* 5.3.4: the size stands in the configuration space; the driver is interrupted when it first uses a queue, and when the
 * size changes. */
Test(virtio_console, size)
{
	uint32_t generation;

	cr_expect_eq(drv_r(&v, CONFIG), 0, "no terminal: none is offered");
	drv_free(&v);
	v.d = fake_new(FAKE_RAM_BASE, DRV_RAM, 1);
	vr_fake_host_resize(v.d, 1, 80, 24);
	drv_new(&v, v.d, "virtio-console", 1);
	drv_start(&v, F_SIZE, 2);
	cr_expect_eq(drv_r(&v, CONFIG), 24 << 16 | 80);
	generation = drv_r(&v, GENERATION);
	lend(0, 64);
	cr_expect_eq(drv_r(&v, CAUSES), 2, "told when it is used first");
	drv_w(&v, ACKNOWLEDGE, 2);
	lend(1, 64);
	cr_expect_eq(drv_r(&v, CAUSES), 0, "and once");
	vr_fake_host_resize(v.d, 1, 132, 300);
	cr_expect_eq(drv_r(&v, CAUSES), 2);
	cr_expect_eq(v.d->line[DRV_LINE], 1);
	cr_expect_eq(drv_r(&v, CONFIG), 300 << 16 | 132);
	cr_expect_neq(drv_r(&v, GENERATION), generation);
	drv_w(&v, ACKNOWLEDGE, 2);
	vr_fake_host_resize(v.d, 1, 132, 300);
	cr_expect_eq(drv_r(&v, CAUSES), 0, "the same size is no news");
	/* A driver that did not take the feature is not greeted. */
	drv_w(&v, 0x70, 0);
	drv_start(&v, 0, 2);
	lend(0, 64);
	cr_expect_eq(drv_r(&v, CAUSES), 0);
	/* BREAKs are none of this device's. */
	vr_fake_host_break(v.d, 1);
	vr_fake_host_type(v.d, 1, "a");
	cr_expect_arr_eq((char *)fake_ram(v.d, DRV_DATA), "a", 1);
}
