/* SPDX-License-Identifier: MIT */
/* pit.c: the interval timer. */
#include "../../plugins/board-pc/pit.h"

#include <criterion/criterion.h>

#include "../fake_host/fake.h"

#define MS 1000000ull
/* ns after which n ticks are over */
#define TICKS(n) (((n)*1000000000ull + PIT_HZ - 1) / PIT_HZ)

static struct vr_fake_host *d;
static struct vr_tables t;
static struct pit *p;

static void start(void)
{
	d = fake_new_pc(1);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	cr_assert_eq(pit_new(&t, 0, &p), VR_OK);
	vr_fake_host_advance(d, 12345678);
}

static void stop(void)
{
	pit_free(p);
	fake_free(d);
}

static void program(uint32_t channel, uint32_t mode, uint32_t count)
{
	fake_out(d, 0x43, channel << 6 | 0x30 | mode << 1);
	fake_out(d, 0x40 + channel, count & 0xff);
	fake_out(d, 0x40 + channel, count >> 8);
}

static uint32_t latched(uint32_t channel)
{
	uint32_t low;

	fake_out(d, 0x43, channel << 6);
	low = fake_in(d, 0x40 + channel);
	return low | (uint32_t)fake_in(d, 0x40 + channel) << 8;
}

TestSuite(pit, .init = start, .fini = stop);

Test(pit, mode_0)
{
	program(0, 0, 1193);
	cr_expect_eq(d->line[0], 0);
	cr_expect_eq(latched(0), 1193);
	vr_fake_host_advance(d, TICKS(1000));
	cr_expect_eq(latched(0), 193);
	cr_expect_eq(d->line[0], 0);
	vr_fake_host_advance(d, TICKS(193));
	cr_expect_eq(d->line_rises[0], 1);
	vr_fake_host_advance(d, 100 * MS);
	cr_expect_eq(d->line_rises[0], 1, "once");
	cr_expect_eq(d->line[0], 1);
	program(0, 0, 100);
	cr_expect_eq(d->line[0], 0, "a new count begins low");
}

Test(pit, mode_2)
{
	program(0, 2, 11932); /* 100 Hz */
	d->line_rises[0] = 0;
	vr_fake_host_advance(d, 1000 * MS);
	cr_expect_geq(d->line_rises[0], 99);
	cr_expect_leq(d->line_rises[0], 101);
	program(0, 2, 1000);
	vr_fake_host_advance(d, TICKS(2300));
	cr_expect_eq(latched(0), 700);
}

Test(pit, mode_3)
{
	program(2, 3, 1000);
	fake_out(d, 0x61, 1);
	cr_expect_eq(fake_in(d, 0x61) & 0x21, 0x21);
	vr_fake_host_advance(d, TICKS(100));
	cr_expect_eq(latched(2), 800, "counts by twos");
	vr_fake_host_advance(d, TICKS(500));
	cr_expect_eq(fake_in(d, 0x61) & 0x20, 0);
	cr_expect_eq(latched(2), 800);
	program(0, 3, 1193);
	d->line_rises[0] = 0;
	vr_fake_host_advance(d, 100 * MS);
	cr_expect_geq(d->line_rises[0], 99);
	cr_expect_leq(d->line_rises[0], 101);
}

Test(pit, mode_1_waits_for_the_gate)
{
	program(2, 1, 1000);
	cr_expect_eq(fake_in(d, 0x61) & 0x20, 0x20);
	vr_fake_host_advance(d, 10 * MS);
	cr_expect_eq(fake_in(d, 0x61) & 0x20, 0x20);
	fake_out(d, 0x61, 1);
	cr_expect_eq(fake_in(d, 0x61) & 0x20, 0);
	vr_fake_host_advance(d, TICKS(1000));
	cr_expect_eq(fake_in(d, 0x61) & 0x20, 0x20);
}

Test(pit, mode_4)
{
	program(0, 4, 100);
	cr_expect_eq(d->line[0], 1);
	d->line_rises[0] = 0;
	vr_fake_host_advance(d, 10 * MS);
	cr_expect_eq(d->line_rises[0], 1);
}

/* As Linux measures the processor's clock. */
Test(pit, gate_and_output_of_channel_2)
{
	fake_out(d, 0x61, 0);
	program(2, 0, 11932);
	vr_fake_host_advance(d, 50 * MS);
	cr_expect_eq(fake_in(d, 0x61) & 0x20, 0, "stands still");
	fake_out(d, 0x61, 1);
	vr_fake_host_advance(d, 9 * MS);
	cr_expect_eq(fake_in(d, 0x61) & 0x20, 0);
	fake_out(d, 0x61, 0);
	vr_fake_host_advance(d, 50 * MS);
	fake_out(d, 0x61, 1);
	cr_expect_eq(fake_in(d, 0x61) & 0x20, 0);
	vr_fake_host_advance(d, 2 * MS);
	cr_expect_eq(fake_in(d, 0x61) & 0x20, 0x20);
}

Test(pit, read_back)
{
	program(0, 2, 1000);
	vr_fake_host_advance(d, TICKS(10));
	fake_out(d, 0x43, 0xc2); /* status and count of channel 0 */
	vr_fake_host_advance(d, TICKS(10));
	cr_expect_eq(fake_in(d, 0x40), 0xb4, "output high, both bytes, mode 2");
	cr_expect_eq(fake_in(d, 0x40), 990 & 0xff);
	cr_expect_eq(fake_in(d, 0x40), 990 >> 8);
	fake_out(d, 0x43, 0x34);
	fake_out(d, 0x43, 0xe2);
	cr_expect_eq(fake_in(d, 0x40) & 0x40, 0x40, "null count");
}

Test(pit, single_bytes_and_bcd)
{
	fake_out(d, 0x43, 0x90); /* channel 2, low byte, mode 0 */
	fake_out(d, 0x42, 200);
	cr_expect_eq(fake_in(d, 0x42), 200);
	fake_out(d, 0x43, 0xa0); /* high byte */
	fake_out(d, 0x42, 2);
	cr_expect_eq(fake_in(d, 0x42), 2);
	fake_out(d, 0x43, 0x31); /* channel 0, BCD */
	fake_out(d, 0x40, 0x34);
	fake_out(d, 0x40, 0x12);
	vr_fake_host_advance(d, TICKS(35));
	cr_expect_eq(latched(0), 0x1199);
	fake_out(d, 0x43, 0x31);
	fake_out(d, 0x40, 0);
	fake_out(d, 0x40, 0);
	vr_fake_host_advance(d, TICKS(1));
	cr_expect_eq(latched(0), 0x9999, "zero is 10000");
}

Test(pit, zero_is_65536)
{
	program(0, 2, 0);
	vr_fake_host_advance(d, TICKS(1));
	cr_expect_eq(latched(0), 65535);
}

Test(pit, no_storm)
{
	program(0, 2, 2);
	d->line_rises[0] = 0;
	vr_fake_host_advance(d, 100 * MS);
	cr_expect_leq(d->line_rises[0], 2001);
	cr_expect_geq(d->line_rises[0], 1900);
}

Test(pit, reset)
{
	program(0, 2, 1000);
	pit_reset(p);
	d->line_rises[0] = 0;
	vr_fake_host_advance(d, 100 * MS);
	cr_expect_eq(d->line_rises[0], 0);
	cr_expect_eq(d->line[0], 0);
}

Test(pit, noise)
{
	uint32_t x = 3;

	for (uint32_t i = 0; i < 200000; i++) {
		uint32_t port;

		x = x * 1664525 + 1013904223;
		port = (x >> 8 & 7) == 7 ? 0x61 : 0x40 + (x >> 8 & 3);
		if (x & 0x80000000)
			fake_out(d, port, x >> 16 & 0xff);
		else
			fake_in(d, port);
		if ((x >> 24 & 15) == 0)
			vr_fake_host_advance(d, x & 0xffff);
	}
}
