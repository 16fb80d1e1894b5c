/* SPDX-License-Identifier: MIT */
/* devices.c: finisher, clock, serial port. */
#include <board/uart.h>
#include <criterion/criterion.h>

#include "../../plugins/board-virt-riscv64/finisher.h"
#include "../../plugins/board-virt-riscv64/rtc.h"
#include "../fake_host/fake.h"

#define TEST 0x100000u
#define RTC 0x101000u
#define UART 0x10000000u

static struct vr_fake_host *d;
static struct vr_tables t;
static struct rtc *r;
static struct vr_uart *u;

static void start(void)
{
	const struct vr_uart_config c = {.space = VR_SPACE_MMIO, .irq = 10, .base = UART, .length = 0x100};

	d = fake_new(FAKE_RAM_BASE, 1 << 20, 1);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	cr_assert_eq(finisher_attach(&t), VR_OK);
	cr_assert_eq(rtc_new(&t, &r), VR_OK);
	cr_assert_eq(vr_uart_new(&t, &c, &u), VR_OK);
}

static void stop(void)
{
	vr_uart_free(u);
	rtc_free(r);
	fake_free(d);
}

TestSuite(devices, .init = start, .fini = stop);

Test(devices, finisher)
{
	cr_expect_eq(fake_r32(d, TEST), 0);
	fake_w32(d, TEST, 0x1234);
	fake_w32(d, TEST + 4, 0x5555);
	fake_write(d, VR_SPACE_MMIO, 0, TEST, 1, 0x55);
	cr_expect_eq(d->power_calls, 0);
	fake_w32(d, TEST, 0x5555);
	cr_expect_eq(d->power_calls, 1);
	cr_expect_eq(d->power_what, VR_POWER_OFF);
	fake_w32(d, TEST, 0x7777);
	cr_expect_eq(d->power_what, VR_POWER_RESET);
	fake_w32(d, TEST, 0x73333);
	cr_expect_eq(d->power_calls, 3);
	cr_expect_eq(d->power_what, VR_POWER_OFF);
}

static uint64_t clock_ns(void)
{
	uint64_t low = fake_r32(d, RTC);

	return (uint64_t)fake_r32(d, RTC + 4) << 32 | low;
}

Test(devices, clock)
{
	uint64_t low, now = d->wall;

	cr_expect_eq(clock_ns(), now);
	low = fake_r32(d, RTC);
	d->wall += 1ull << 32;
	cr_expect_eq((uint64_t)fake_r32(d, RTC + 4) << 32 | low, now, "the high half is latched");
	fake_w32(d, RTC + 4, 5);
	fake_w32(d, RTC, 6);
	cr_expect_eq(clock_ns(), 5ull << 32 | 6);
	vr_fake_host_advance(d, 1000);
	cr_expect_eq(clock_ns(), (5ull << 32 | 6) + 1000);
	rtc_reset(r);
	cr_expect_eq(clock_ns(), (5ull << 32 | 6) + 1000, "it runs on");
}

Test(devices, alarm)
{
	uint64_t at = d->wall + 5000;

	fake_w32(d, RTC + 0x10, 1);
	fake_w32(d, RTC + 0x0c, (uint32_t)(at >> 32));
	fake_w32(d, RTC + 0x08, (uint32_t)at);
	cr_expect_eq(fake_r32(d, RTC + 0x18), 1);
	cr_expect_eq(fake_r32(d, RTC + 0x08), (uint32_t)at);
	vr_fake_host_advance(d, 4999);
	cr_expect_eq(d->line[11], 0);
	vr_fake_host_advance(d, 1);
	cr_expect_eq(d->line[11], 1);
	cr_expect_eq(fake_r32(d, RTC + 0x18), 0);
	fake_w32(d, RTC + 0x10, 0);
	cr_expect_eq(d->line[11], 0, "masked");
	fake_w32(d, RTC + 0x10, 1);
	fake_w32(d, RTC + 0x1c, 1);
	cr_expect_eq(d->line[11], 0);
	/* Past: at once. Cleared: never. */
	fake_w32(d, RTC + 0x08, (uint32_t)at);
	cr_expect_eq(d->line[11], 1);
	fake_w32(d, RTC + 0x1c, 1);
	at = d->wall + 5000;
	fake_w32(d, RTC + 0x0c, (uint32_t)(at >> 32));
	fake_w32(d, RTC + 0x08, (uint32_t)at);
	fake_w32(d, RTC + 0x14, 1);
	vr_fake_host_advance(d, 10000);
	cr_expect_eq(d->line[11], 0);
	fake_w32(d, RTC + 0x0c, 0xffffffff);
	fake_w32(d, RTC + 0x08, 0xffffffff);
	vr_fake_host_advance(d, 10000);
	cr_expect_eq(d->line[11], 0, "further than a timer goes");
	rtc_reset(r);
	cr_expect_eq(fake_r32(d, RTC + 0x18), 0);
}

static uint32_t in(uint32_t offset)
{
	return (uint32_t)fake_read(d, VR_SPACE_MMIO, 0, UART + offset, 1);
}

static void out(uint32_t offset, uint32_t value)
{
	fake_write(d, VR_SPACE_MMIO, 0, UART + offset, 1, value);
}

Test(devices, serial)
{
	out(0, 'h');
	out(0, 'i');
	cr_expect_eq(d->port[0].out_length, 2);
	cr_expect_arr_eq(d->port[0].out, "hi", 2);
	out(2, 1);
	out(1, 1);
	vr_fake_host_type(d, 0, "ab");
	cr_expect_eq(d->line[10], 1, "no OUT2 is needed here");
	cr_expect_eq(in(2), 0xc4);
	cr_expect_eq(in(5), 0x61);
	cr_expect_eq(in(0), 'a');
	cr_expect_eq(in(0), 'b');
	cr_expect_eq(d->line[10], 0);
	cr_expect_eq(in(0x40), 0, "only eight registers");
	out(1, 2);
	cr_expect_eq(d->line[10], 1);
	vr_uart_reset(u);
	cr_expect_eq(d->line[10], 0);
}
