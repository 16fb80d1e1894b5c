/* SPDX-License-Identifier: MIT */
/* rtc.c: the clock of the day. */
#include <criterion/criterion.h>

#include "../../plugins/board-virt/pl031.h"
#include "../fake_host/fake.h"

#define BASE 0x09010000ull
#define LINE 34
#define DR (BASE + 0x00)
#define MR (BASE + 0x04)
#define LR (BASE + 0x08)
#define CR (BASE + 0x0c)
#define IMSC (BASE + 0x10)
#define RIS (BASE + 0x14)
#define MIS (BASE + 0x18)
#define ICR (BASE + 0x1c)
#define SECOND 1000000000ull

static struct vr_fake_host *d;
static struct vr_tables t;
static struct pl031 *r;

static void start(void)
{
	d = fake_new(FAKE_RAM_BASE, 1 << 20, 1);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	cr_assert_eq(pl031_new(&t, BASE, LINE, &r), VR_OK);
}

static void stop(void)
{
	pl031_free(r);
	fake_free(d);
}

TestSuite(pl031, .init = start, .fini = stop);

Test(pl031, counts)
{
	static const uint8_t id[8] = {0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

	for (uint32_t i = 0; i < 8; i++)
		cr_expect_eq(fake_r32(d, BASE + 0xfe0 + 4 * i), id[i]);
	cr_expect_eq(fake_r32(d, DR), 1700000000);
	cr_expect_eq(fake_r32(d, CR), 1);
	vr_fake_host_advance(d, 90 * SECOND);
	cr_expect_eq(fake_r32(d, DR), 1700000090);
	fake_w32(d, LR, 1000);
	cr_expect_eq(fake_r32(d, LR), 1000);
	cr_expect_eq(fake_r32(d, DR), 1000);
	vr_fake_host_advance(d, 5 * SECOND);
	cr_expect_eq(fake_r32(d, DR), 1005);
}

Test(pl031, alarm)
{
	vr_fake_host_advance(d, SECOND / 3);
	fake_w32(d, IMSC, 1);
	fake_w32(d, MR, 1700000010);
	vr_fake_host_advance(d, 9 * SECOND);
	cr_expect_eq(d->line[LINE], 0);
	vr_fake_host_advance(d, SECOND);
	cr_expect_eq(fake_r32(d, RIS), 1);
	cr_expect_eq(fake_r32(d, MIS), 1);
	cr_expect_eq(d->line[LINE], 1);
	fake_w32(d, ICR, 1);
	cr_expect_eq(d->line[LINE], 0);
	cr_expect_eq(fake_r32(d, RIS), 0);
	/* It does not come again. */
	vr_fake_host_advance(d, 1000 * SECOND);
	cr_expect_eq(fake_r32(d, RIS), 0);
}

Test(pl031, alarm_masked_and_moved)
{
	fake_w32(d, MR, 1700000100);
	fake_w32(d, LR, 1700000099); /* closer by setting the clock */
	vr_fake_host_advance(d, SECOND);
	cr_expect_eq(fake_r32(d, RIS), 1);
	cr_expect_eq(d->line[LINE], 0);
	fake_w32(d, IMSC, 1);
	cr_expect_eq(d->line[LINE], 1);
	fake_w32(d, ICR, 1);
	fake_w32(d, MR, fake_r32(d, DR)); /* now */
	cr_expect_eq(d->line[LINE], 1);
	pl031_reset(r);
	cr_expect_eq(d->line[LINE], 0);
}
