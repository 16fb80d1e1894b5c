/* SPDX-License-Identifier: MIT */
/* uart.c: the serial port. */
#include <criterion/criterion.h>

#include "../../plugins/board-virt/pl011.h"
#include "../fake_host/fake.h"

#define BASE 0x09000000ull
#define LINE 33
#define DR (BASE + 0x00)
#define RSR (BASE + 0x04)
#define FR (BASE + 0x18)
#define LCR_H (BASE + 0x2c)
#define CR (BASE + 0x30)
#define IFLS (BASE + 0x34)
#define IMSC (BASE + 0x38)
#define RIS (BASE + 0x3c)
#define MIS (BASE + 0x40)
#define ICR (BASE + 0x44)
#define RX 0x10u
#define TX 0x20u
#define RT 0x40u
#define BE 0x200u
#define RXFE 0x10u
#define RXFF 0x40u

static struct vr_fake_host *d;
static struct vr_tables t;
static struct pl011 *u;

static void start(void)
{
	d = fake_new(FAKE_RAM_BASE, 1 << 20, 1);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	cr_assert_eq(pl011_new(&t, BASE, LINE, 0, &u), VR_OK);
}

static void stop(void)
{
	pl011_free(u);
	fake_free(d);
}

TestSuite(pl011, .init = start, .fini = stop);

Test(pl011, identification)
{
	static const uint8_t id[8] = {0x11, 0x10, 0x24, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

	for (uint32_t i = 0; i < 8; i++)
		cr_expect_eq(fake_r32(d, BASE + 0xfe0 + 4 * i), id[i]);
	cr_expect_eq(fake_r32(d, CR), 0x300);
	cr_expect_eq(fake_r32(d, IFLS), 0x12);
	cr_expect_eq(fake_r32(d, FR) & 0xf8, 0x90);
}

Test(pl011, loop_back_of_the_modem)
{
	cr_expect_eq(fake_r32(d, FR) & 0x107, 7, "connected and ready");
	fake_w32(d, CR, 0x381);
	cr_expect_eq(fake_r32(d, FR) & 0x107, 0);
	cr_expect_eq(fake_r32(d, RIS), 0xe);
	fake_w32(d, ICR, 0xf);
	for (uint32_t i = 0; i < 4; i++) {
		static const uint32_t out[4] = {0x800, 0x400, 0x1000, 0x2000}, in[4] = {1, 2, 4, 0x100},
				      interrupt[4] = {2, 8, 4, 1};

		fake_w32(d, IMSC, interrupt[i]);
		fake_w32(d, CR, 0x381 | out[i]);
		cr_expect_eq(fake_r32(d, FR) & 0x107, in[i]);
		cr_expect_eq(fake_r32(d, RIS), interrupt[i]);
		cr_expect_eq(d->line[LINE], 1);
		fake_w32(d, CR, 0x381);
		fake_w32(d, ICR, 0xf);
		cr_expect_eq(d->line[LINE], 0);
	}
	fake_w32(d, CR, 0x301);
	cr_expect_eq(fake_r32(d, FR) & 0x107, 7);
}

Test(pl011, output)
{
	fake_w32(d, DR, 'h');
	fake_write(d, VR_SPACE_MMIO, 0, DR, 1, 'i');
	cr_expect_str_eq(d->port[0].out, "hi");
	cr_expect_eq(fake_r32(d, RIS), TX);
	cr_expect_eq(d->line[LINE], 0);
	fake_w32(d, IMSC, TX);
	cr_expect_eq(d->line[LINE], 1);
	cr_expect_eq(fake_r32(d, MIS), TX);
	fake_w32(d, ICR, TX);
	cr_expect_eq(d->line[LINE], 0);
	fake_w32(d, DR, '!');
	cr_expect_eq(d->line[LINE], 1);
}

Test(pl011, input)
{
	fake_w32(d, LCR_H, 0x70);
	fake_w32(d, IMSC, RX | RT);
	vr_fake_host_type(d, 0, "ab");
	/* Fewer than the trigger level: the timeout tells. */
	cr_expect_eq(fake_r32(d, RIS), RT);
	cr_expect_eq(d->line[LINE], 1);
	cr_expect_eq(fake_r32(d, DR), 'a');
	cr_expect_eq(d->line[LINE], 1);
	cr_expect_eq(fake_r32(d, DR), 'b');
	cr_expect_eq(d->line[LINE], 0);
	cr_expect(fake_r32(d, FR) & RXFE);
	cr_expect_eq(fake_r32(d, DR), 0);
	vr_fake_host_type(d, 0, "12345678");
	cr_expect(fake_r32(d, RIS) & RX);
	cr_expect_eq(fake_r32(d, DR), '1');
	cr_expect_not(fake_r32(d, RIS) & RX);
}

Test(pl011, more_than_fits)
{
	char text[101] = {0}, got[101] = {0};

	for (int i = 0; i < 100; i++)
		text[i] = (char)(' ' + i % 90);
	fake_w32(d, LCR_H, 0x70);
	fake_w32(d, IMSC, RX | RT);
	vr_fake_host_type(d, 0, text);
	cr_expect(fake_r32(d, FR) & RXFF);
	for (int i = 0; i < 100; i++) {
		cr_assert_eq(d->line[LINE], 1, "byte %d announced", i);
		cr_assert_not(fake_r32(d, FR) & RXFE);
		got[i] = (char)fake_r32(d, DR);
	}
	cr_expect_str_eq(got, text);
	cr_expect_eq(d->line[LINE], 0);
}

/* 3.3.1 UARTDR: a BREAK is a zero with BE beside it, in its place among the bytes. */
Test(pl011, received_break)
{
	fake_w32(d, LCR_H, 0x70);
	fake_w32(d, IMSC, RX | RT);
	vr_fake_host_type(d, 0, "a");
	vr_fake_host_break(d, 0);
	vr_fake_host_type(d, 0, "h");
	cr_expect_eq(fake_r32(d, RIS), RT | BE);
	cr_expect_eq(fake_r32(d, DR), 'a');
	cr_expect_eq(fake_r32(d, RSR), 0);
	cr_expect_eq(fake_r32(d, DR), 0x400);
	cr_expect_eq(fake_r32(d, RSR), 0x4);
	fake_w32(d, RSR, 0);
	cr_expect_eq(fake_r32(d, RSR), 0);
	cr_expect_eq(fake_r32(d, DR), 'h');
	cr_expect(fake_r32(d, FR) & RXFE);
	fake_w32(d, ICR, BE);
	cr_expect_eq(fake_r32(d, RIS), 0);
	/* More than the FIFO holds, and without it. */
	for (int i = 0; i < 20; i++)
		vr_fake_host_break(d, 0);
	vr_fake_host_type(d, 0, "z");
	for (int i = 0; i < 20; i++)
		cr_expect_eq(fake_r32(d, DR), 0x400, "%d", i);
	cr_expect_eq(fake_r32(d, DR), 'z');
	fake_w32(d, LCR_H, 0);
	vr_fake_host_break(d, 0);
	vr_fake_host_type(d, 0, "y");
	cr_expect_eq(fake_r32(d, DR), 0x400);
	cr_expect_eq(fake_r32(d, DR), 'y');
}

Test(pl011, without_fifo)
{
	vr_fake_host_type(d, 0, "xy");
	cr_expect(fake_r32(d, FR) & RXFF);
	cr_expect(fake_r32(d, RIS) & RX);
	cr_expect_eq(fake_r32(d, DR), 'x');
	cr_expect_eq(fake_r32(d, DR), 'y');
	cr_expect(fake_r32(d, FR) & RXFE);
}

Test(pl011, loopback)
{
	fake_w32(d, LCR_H, 0x70);
	fake_w32(d, CR, 0x381);
	for (int i = 0; i < 40; i++)
		fake_w32(d, DR, (uint32_t)i);
	cr_expect_eq(d->port[0].out_length, 0);
	for (uint32_t i = 0; i < 16; i++)
		cr_expect_eq(fake_r32(d, DR), i);
	cr_expect(fake_r32(d, FR) & RXFE);
}

Test(pl011, reset)
{
	fake_w32(d, IMSC, RX | RT | TX);
	vr_fake_host_type(d, 0, "x");
	fake_w32(d, DR, 'x');
	cr_expect_eq(d->line[LINE], 1);
	pl011_reset(u);
	cr_expect_eq(d->line[LINE], 0);
	cr_expect_eq(fake_r32(d, IMSC), 0);
	cr_expect(fake_r32(d, FR) & RXFE);
}

Test(pl011, noise)
{
	uint32_t x = 7;

	for (uint32_t i = 0; i < 100000; i++) {
		x = x * 1664525 + 1013904223;
		if ((x & 0xff) == 0 && d->port[0].in_length + 4 < sizeof(d->port[0].in))
			vr_fake_host_type(d, 0, "zzz");
		fake_write(d, VR_SPACE_MMIO, 0, BASE + (x >> 8 & 0xfff), 4, x);
		fake_read(d, VR_SPACE_MMIO, 0, BASE + (x >> 12 & 0xfff), 1u << (x >> 4 & 3));
	}
}
