/* SPDX-License-Identifier: MIT */
/* rng.c: the entropy device. */
#include <criterion/criterion.h>
#include <string.h>

#include "driver.h"

static struct drv v;

static void start(void)
{
	drv_new(&v, fake_new(FAKE_RAM_BASE, DRV_RAM, 1), "virtio-rng", 0);
	drv_start(&v, 0, 1);
}

static void stop(void)
{
	drv_free(&v);
}

static uint32_t ask(uint32_t length, uint32_t flags)
{
	uint32_t id, got;

	drv_desc(&v, DRV_QUEUE(0), 0, DRV_DATA, length, flags, 0);
	drv_offer(&v, 0, 0);
	drv_kick(&v, 0);
	drv_used_entry(&v, 0, drv_used(&v, 0) - 1u, &id, &got);
	return got;
}

TestSuite(rng, .init = start, .fini = stop);

Test(rng, fills)
{
	static const uint8_t zeros[64];

	cr_expect_eq(ask(64, DRV_WRITE), 64);
	cr_expect_arr_neq((uint8_t *)fake_ram(v.d, DRV_DATA), zeros, 64);
	cr_expect_arr_eq((uint8_t *)fake_ram(v.d, DRV_DATA + 64), zeros, 64);
	cr_expect_eq(ask(1000, DRV_WRITE), 1000);
}

Test(rng, bounded)
{
	cr_expect_eq(ask(0x200000, DRV_WRITE), 4096);
	cr_expect_eq(ask(64, 0), 0, "not for writing");
}
