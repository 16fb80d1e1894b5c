/* SPDX-License-Identifier: MIT */
/* rtc.c: the clock and its memory. */
#include "../../plugins/board-pc/cmos.h"

#include <criterion/criterion.h>

#include "../fake_host/fake.h"

#define SECOND 1000000000ull
#define LINE 8

static struct vr_fake_host *d;
static struct vr_tables t;
static struct cmos *c;

static uint8_t get(uint32_t r)
{
	fake_out(d, 0x70, r);
	return fake_in(d, 0x71);
}

static void put(uint32_t r, uint32_t value)
{
	fake_out(d, 0x70, r);
	fake_out(d, 0x71, value);
}

static void start(void)
{
	d = fake_new_pc(1);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	cr_assert_eq(cmos_new(&t, LINE, 512u << 20, &c), VR_OK);
}

static void stop(void)
{
	cmos_free(c);
	fake_free(d);
}

/* 2023-11-14 22:13:20, a Tuesday */
static void expect(const uint8_t (*values)[2], uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		cr_expect_eq(get(values[i][0]), values[i][1], "register 0x%02x is 0x%02x", values[i][0],
			     get(values[i][0]));
}

TestSuite(rtc, .init = start, .fini = stop);

Test(rtc, bcd)
{
	static const uint8_t v[][2] = {{0, 0x20}, {2, 0x13}, {4, 0x22},   {6, 0x03},   {7, 0x14},
				       {8, 0x11}, {9, 0x23}, {0xd, 0x80}, {0x32, 0x20}};

	expect(v, 9);
}

Test(rtc, binary_and_12_hours)
{
	static const uint8_t v[][2] = {{0, 20}, {2, 13}, {4, 10 | 0x80}, {7, 14},
				       {8, 11}, {9, 23}, {0x32, 20}};

	put(0x0b, 0x04);
	expect(v, 7);
	vr_fake_host_advance(d, 2 * 3600 * SECOND);
	cr_expect_eq(get(4), 12, "midnight is 12 AM");
	vr_fake_host_advance(d, 12 * 3600 * SECOND);
	cr_expect_eq(get(4), 12 | 0x80);
}

Test(rtc, runs)
{
	vr_fake_host_advance(d, 40 * SECOND);
	cr_expect_eq(get(0), 0x00);
	cr_expect_eq(get(2), 0x14);
}

Test(rtc, set)
{
	static const uint8_t v[][2] = {{0, 0x00}, {2, 0x00}, {4, 0x00}, {6, 0x06},
				       {7, 0x01}, {8, 0x03}, {9, 0x24}, {0x32, 0x20}};

	put(0x0b, 0x82);
	vr_fake_host_advance(d, 5 * SECOND);
	cr_expect_eq(get(0), 0x20, "held");
	put(0, 0x59);
	put(2, 0x59);
	put(4, 0x23);
	put(7, 0x29);
	put(8, 0x02);
	put(9, 0x24);
	put(0x0b, 0x02);
	cr_expect_eq(get(7), 0x29);
	vr_fake_host_advance(d, SECOND);
	expect(v, 8);
}

Test(rtc, nonsense_is_no_harm)
{
	put(0x0b, 0x86);
	for (uint32_t r = 0; r < 10; r++)
		put(r, 0xff);
	put(0x32, 0xff);
	put(0x0b, 0x06);
	get(9);
	put(0x0b, 0x86);
	for (uint32_t r = 0; r < 10; r++)
		put(r, 0);
	put(0x32, 0);
	put(0x0b, 0x06);
	get(9);
	cr_expect_eq(get(0x0d), 0x80);
}

Test(rtc, update_in_progress)
{
	cr_expect_eq(get(0x0a) & 0x80, 0);
	vr_fake_host_advance(d, SECOND - 100000);
	cr_expect_eq(get(0x0a) & 0x80, 0x80);
	vr_fake_host_advance(d, 100000);
	cr_expect_eq(get(0x0a) & 0x80, 0);
}

Test(rtc, update_interrupt)
{
	put(0x0b, 0x12);
	vr_fake_host_advance(d, SECOND);
	cr_expect_eq(d->line[LINE], 1);
	cr_expect_eq(get(0x0c) & 0xb0, 0x90); /* periodic ones are noted even when not asked for */
	cr_expect_eq(d->line[LINE], 0);
	cr_expect_eq(get(0x0c), 0);
	vr_fake_host_advance(d, SECOND);
	cr_expect_eq(d->line_rises[LINE], 2);
}

Test(rtc, alarm)
{
	put(1, 0x25);
	put(3, 0xff);
	put(5, 0xff);
	put(0x0b, 0x22);
	get(0x0c);
	vr_fake_host_advance(d, 4 * SECOND);
	cr_expect_eq(d->line[LINE], 0);
	vr_fake_host_advance(d, SECOND);
	cr_expect_eq(d->line[LINE], 1);
	cr_expect_eq(get(0x0c) & 0xa0, 0xa0);
	vr_fake_host_advance(d, 60 * SECOND);
	cr_expect_eq(d->line_rises[LINE], 2, "every minute");
	get(0x0c);
	put(3, 0x00);
	vr_fake_host_advance(d, 1800 * SECOND);
	cr_expect_eq(d->line[LINE], 0);
	vr_fake_host_advance(d, 1800 * SECOND);
	cr_expect_eq(d->line[LINE], 1);
}

Test(rtc, periodic)
{
	put(0x0a, 0x2f); /* 2 Hz */
	put(0x0b, 0x42);
	for (int i = 0; i < 10; i++) {
		vr_fake_host_advance(d, SECOND / 2);
		cr_expect_eq(d->line[LINE], 1);
		cr_expect_eq(get(0x0c) & 0xc0, 0xc0);
	}
	vr_fake_host_advance(d, 10 * SECOND);
	cr_expect_eq(d->line_rises[LINE], 11, "not told again until it is read");
	put(0x0a, 0x20); /* none */
	get(0x0c);
	vr_fake_host_advance(d, 10 * SECOND);
	cr_expect_eq(d->line[LINE], 0);
}

Test(rtc, memory)
{
	cr_expect_eq(get(0x15), 0x80);
	cr_expect_eq(get(0x16), 0x02);
	cr_expect_eq(get(0x34), (496 << 4) & 0xff);
	cr_expect_eq(get(0x35), 496 >> 4);
	put(0x7f, 0x5a);
	cr_expect_eq(get(0xff), 0x5a, "bit 7 is no part of the address");
	cr_expect_eq(fake_in(d, 0x70), 0xff);
	cmos_reset(c);
	cr_expect_eq(get(0x7f), 0x5a);
}

Test(rtc, noise)
{
	uint32_t x = 11;

	for (uint32_t i = 0; i < 100000; i++) {
		x = x * 1664525 + 1013904223;
		if (x >> 31)
			put(x >> 8 & 0xff, x >> 16 & 0xff);
		else
			get(x >> 8 & 0x3f);
		if ((x >> 24 & 15) == 0)
			vr_fake_host_advance(d, (uint64_t)(x & 0xffffff) * 100);
	}
}
