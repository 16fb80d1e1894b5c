/* SPDX-License-Identifier: MIT */
/* uart.c: the serial port. */
#include <board/uart.h>
#include <criterion/criterion.h>
#include <stdio.h>

#include "../fake_host/fake.h"

#define BASE 0x3f8u
#define LINE 4

static struct vr_fake_host *d;
static struct vr_tables t;
static struct vr_uart *u;

static void start(void)
{
	const struct vr_uart_config c = {
		.space = VR_SPACE_PORT, .irq = LINE, .base = BASE, .length = 8, .gated = 1};

	d = fake_new_pc(1);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	cr_assert_eq(vr_uart_new(&t, &c, &u), VR_OK);
}

static void stop(void)
{
	vr_uart_free(u);
	fake_free(d);
}

static uint8_t in(uint32_t r)
{
	return fake_in(d, BASE + r);
}

static void out(uint32_t r, uint32_t value)
{
	fake_out(d, BASE + r, value);
}

TestSuite(uart, .init = start, .fini = stop);

Test(uart, reset_values)
{
	cr_expect_eq(in(1), 0);
	cr_expect_eq(in(2), 0x01);
	cr_expect_eq(in(3), 0);
	cr_expect_eq(in(4), 0);
	cr_expect_eq(in(5), 0x60);
	cr_expect_eq(in(6), 0xb0);
}

Test(uart, divisor)
{
	out(3, 0x83);
	out(0, 0x34);
	out(1, 0x12);
	cr_expect_eq(in(0), 0x34);
	cr_expect_eq(in(1), 0x12);
	out(3, 0x03);
	cr_expect_eq(in(1), 0);
	cr_expect_eq(d->port[0].out_length, 0, "nothing of it was sent");
	cr_expect_eq(in(3), 3);
}

Test(uart, scratch)
{
	out(7, 0xa5);
	cr_expect_eq(in(7), 0xa5);
}

Test(uart, output)
{
	out(0, 'h');
	out(0, 'i');
	cr_expect_str_eq(d->port[0].out, "hi");
	cr_expect_eq(in(5) & 0x60, 0x60);
}

Test(uart, transmit_interrupt)
{
	out(1, 0x02);
	cr_expect_eq(d->line[LINE], 0, "OUT2 holds it back");
	out(4, 0x08);
	cr_expect_eq(d->line[LINE], 1);
	cr_expect_eq(in(2), 0x02);
	cr_expect_eq(d->line[LINE], 0, "reading IIR acknowledges");
	cr_expect_eq(in(2), 0x01);
	out(0, 'x');
	cr_expect_eq(d->line[LINE], 1);
	out(0, 'y');
	cr_expect_eq(d->line_rises[LINE], 3, "each byte is an edge");
	out(1, 0);
	cr_expect_eq(d->line[LINE], 0);
}

Test(uart, receive_without_fifo)
{
	out(4, 0x08);
	out(1, 0x01);
	vr_fake_host_type(d, 0, "ab");
	cr_expect_eq(d->line[LINE], 1);
	cr_expect_eq(in(2), 0x04);
	cr_expect_eq(in(5) & 1, 1);
	cr_expect_eq(in(0), 'a');
	cr_expect_eq(in(0), 'b');
	cr_expect_eq(in(5) & 1, 0);
	cr_expect_eq(d->line[LINE], 0);
	cr_expect_eq(in(0), 0);
}

Test(uart, fifo_trigger_and_timeout)
{
	out(2, 0x81); /* trigger at 8 */
	out(4, 0x08);
	out(1, 0x01);
	cr_expect_eq(in(2), 0xc1);
	vr_fake_host_type(d, 0, "1234567");
	cr_expect_eq(in(2), 0xcc, "below the trigger, and silent");
	vr_fake_host_type(d, 0, "8");
	cr_expect_eq(in(2), 0xc4);
	cr_expect_eq(in(0), '1');
	cr_expect_eq(in(2), 0xcc);
	for (int i = 2; i <= 8; i++)
		cr_expect_eq(in(0), '0' + i);
	cr_expect_eq(in(2), 0xc1);
	vr_fake_host_type(d, 0, "zz");
	out(2, 0x83); /* clear the receiver */
	cr_expect_eq(in(5) & 1, 0);
}

Test(uart, more_than_fits)
{
	char text[101] = {0}, got[101] = {0};

	for (int i = 0; i < 100; i++)
		text[i] = (char)(' ' + i % 90);
	out(2, 0xc1);
	out(4, 0x08);
	out(1, 0x01);
	vr_fake_host_type(d, 0, text);
	for (int i = 0; i < 100; i++) {
		cr_assert_eq(d->line[LINE], 1, "byte %d announced", i);
		cr_assert(in(5) & 1);
		got[i] = (char)in(0);
	}
	cr_expect_str_eq(got, text);
	cr_expect_eq(d->line[LINE], 0);
}

Test(uart, loopback)
{
	out(2, 0x01);
	out(4, 0x10);
	cr_expect_eq(in(6) & 0xf0, 0);
	out(4, 0x1f);
	cr_expect_eq(in(6) & 0xf0, 0xf0);
	out(4, 0x1a);
	cr_expect_eq(in(6) & 0xf0, 0x90);
	for (uint32_t i = 0; i < 17; i++)
		out(0, i);
	cr_expect_eq(d->port[0].out_length, 0);
	cr_expect_eq(in(5), 0x63, "overrun, and cleared by the read");
	cr_expect_eq(in(5), 0x61);
	for (uint32_t i = 0; i < 16; i++)
		cr_expect_eq(in(0), i);
	out(3, 0x43);
	cr_expect_eq(in(5) & 0x10, 0x10, "break");
}

Test(uart, modem_interrupt)
{
	out(4, 0x18);
	in(6);
	out(1, 0x08);
	cr_expect_eq(in(2), 0x01);
	out(4, 0x1a); /* RTS becomes CTS */
	cr_expect_eq(in(2), 0x00);
	cr_expect_eq(in(6) & 0x0f, 0x01);
	cr_expect_eq(in(2), 0x01);
}

Test(uart, line_status_first)
{
	out(4, 0x18);
	out(1, 0x07);
	out(0, 'a');
	out(0, 'b'); /* overrun: one byte of room */
	cr_expect_eq(in(2), 0x06);
	in(5);
	cr_expect_eq(in(2), 0x04);
	in(0);
	cr_expect_eq(in(2), 0x02);
	cr_expect_eq(in(2), 0x01);
}

/* 8.4: a BREAK is a zero whose bit shows when it is read next, in its place among the bytes. */
Test(uart, received_break)
{
	static const struct {
		uint8_t lsr, byte;
	} want[] = {{0xe1, 'a'}, {0xf1, 0}, {0x61, 'h'}};

	out(2, 0x01);
	out(4, 0x08);
	out(1, 0x05);
	vr_fake_host_type(d, 0, "a");
	vr_fake_host_break(d, 0);
	vr_fake_host_type(d, 0, "h");
	cr_expect_eq(in(2) & 0x0f, 0x04, "the byte before it comes first");
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		cr_expect_eq(in(2) & 0x0f, i == 1 ? 0x06 : 0x04, "byte %zu", i);
		cr_expect_eq(in(5), want[i].lsr, "byte %zu", i);
		cr_expect_eq(in(5) & 0x10, 0, "told once");
		cr_expect_eq(in(0), want[i].byte, "byte %zu", i);
	}
	cr_expect_eq(in(5), 0x60);
	/* Without the FIFO, one after the other. */
	out(2, 0x00);
	vr_fake_host_break(d, 0);
	vr_fake_host_break(d, 0);
	vr_fake_host_type(d, 0, "z");
	cr_expect_eq(in(5), 0x71);
	cr_expect_eq(in(0), 0);
	cr_expect_eq(in(5), 0x71);
	cr_expect_eq(in(0), 0);
	cr_expect_eq(in(5), 0x61);
	cr_expect_eq(in(0), 'z');
}

Test(uart, reset)
{
	out(4, 0x08);
	out(1, 0x03);
	vr_fake_host_type(d, 0, "x");
	cr_expect_eq(d->line[LINE], 1);
	vr_uart_reset(u);
	cr_expect_eq(d->line[LINE], 0);
	cr_expect_eq(in(5), 0x60);
}

Test(uart, noise)
{
	uint32_t x = 7;

	for (uint32_t i = 0; i < 200000; i++) {
		uint32_t r, width;

		x = x * 1664525 + 1013904223;
		r = x >> 8 & 7;
		width = 1u << (x >> 12 & 1);
		if (r + width > 8)
			continue;
		if (x & 0x80000000)
			fake_write(d, VR_SPACE_PORT, 0, BASE + r, width, x >> 13);
		else
			fake_read(d, VR_SPACE_PORT, 0, BASE + r, width);
		if ((x & 0x7f00000) == 0 && d->port[0].in_length + 4 < sizeof(d->port[0].in))
			vr_fake_host_type(d, 0, "zzz");
	}
}
