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
