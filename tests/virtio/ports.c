/* SPDX-License-Identifier: MIT */
/* ports.c: the device of the host's streams: a console device with named ports. */
#include <criterion/criterion.h>
#include <string.h>

#include "driver.h"

#define IN 1u  /* stream and port; its queues are 4 and 5 */
#define OUT 2u /* 6 and 7 */
#define CONTROL_IN 2u
#define CONTROL_OUT 3u
enum event { DEVICE_READY, PORT_ADD, PORT_REMOVE, PORT_READY, CONSOLE_PORT, RESIZE, PORT_OPEN, PORT_NAME };

static struct drv v;
static uint32_t taken, sent; /* control messages */

static void start(void)
{
	struct vr_fake_host *d = fake_new(FAKE_RAM_BASE, DRV_RAM, 1);

	d->stream_count = 3;
	d->stream[0].name = "zero";
	d->stream[IN].name = "in";
	d->stream[OUT].name = "out";
	drv_new(&v, d, "virtio-ports", 0);
	drv_start(&v, 2 /* VIRTIO_CONSOLE_F_MULTIPORT */, 8);
}

static void stop(void)
{
	drv_free(&v);
}

TestSuite(virtio_ports, .init = start, .fini = stop);

static uint64_t at(uint32_t q, uint32_t i)
{
	return DRV_DATA + 0x10000ull * q + 0x1000ull * i;
}

static void lend(uint32_t q, uint32_t i, uint32_t length)
{
	drv_desc(&v, DRV_QUEUE(q), i, at(q, i), length, DRV_WRITE, 0);
	drv_offer(&v, q, i);
	drv_kick(&v, q);
}

static void write_out(uint32_t q, uint32_t i, const char *bytes, uint32_t n)
{
	memcpy(fake_ram(v.d, at(q, i)), bytes, n);
	drv_desc(&v, DRV_QUEUE(q), i, at(q, i), n, 0, 0);
	drv_offer(&v, q, i);
	drv_kick(&v, q);
}

/* The driver says. */
static void say(uint32_t port, enum event event, uint16_t value)
{
	char m[8] = {(char)port, 0, 0, 0, (char)event, 0, (char)value, 0};

	write_out(CONTROL_OUT, sent++ % 8, m, 8);
}

/* The next message from the device is this one; its buffer is lent again. */
static void hears(uint32_t port, enum event event, uint16_t value, const char *name)
{
	uint32_t id, length;
	const uint8_t *m;

	cr_assert_gt(drv_used(&v, CONTROL_IN), taken, "no message; expected event %u of port %u", event,
		     port);
	drv_used_entry(&v, CONTROL_IN, taken++ % 8, &id, &length);
	m = fake_ram(v.d, at(CONTROL_IN, id));
	cr_assert_eq(length, 8 + strlen(name));
	cr_assert_eq(m[0], port, "port %u, event %u", m[0], m[4]);
	cr_assert_eq(m[4], event);
	cr_assert_eq(m[6], value);
	cr_assert_arr_eq(m + 8, name, strlen(name));
	lend(CONTROL_IN, id, 64);
}

static void hears_nothing(void)
{
	cr_assert_eq(drv_used(&v, CONTROL_IN), taken);
}

static void open_all(void)
{
	static const char *const names[] = {"zero", "in", "out"};

	for (uint32_t i = 0; i < 8; i++)
		lend(CONTROL_IN, i, 64);
	hears_nothing();
	say(0, DEVICE_READY, 1);
	for (uint32_t i = 0; i < 3; i++)
		hears(i, PORT_ADD, 1, "");
	for (uint32_t i = 0; i < 3; i++) {
		say(i, PORT_READY, 1);
		hears(i, PORT_OPEN, 1, "");
		hears(i, PORT_NAME, 1, names[i]);
	}
	hears_nothing();
}

static const char *in_buffer(uint32_t i)
{
	return (const char *)fake_ram(v.d, at(4, i));
}

Test(virtio_ports, configuration)
{
	cr_expect_eq(drv_r(&v, 0x104), 3, "max_nr_ports");
	cr_expect_eq(drv_r(&v, 0x100), 0);
}

Test(virtio_ports, input_and_its_end)
{
	uint32_t id, length;

	open_all();
	lend(4, 0, 64);
	vr_fake_host_stream(v.d, IN, 0, "early", 0);
	cr_expect_eq(drv_used(&v, 4), 0, "the guest has not opened it");
	say(IN, PORT_OPEN, 1);
	cr_expect_eq(v.d->stream[IN].open, 1);
	cr_expect_eq(drv_used(&v, 4), 1);
	drv_used_entry(&v, 4, 0, &id, &length);
	cr_expect_eq(length, 5);
	cr_expect_arr_eq(in_buffer(0), "early", 5);
	/* In pieces, as buffers are lent; the end comes after the last. */
	vr_fake_host_stream(v.d, IN, 0, "abcdefg", 1);
	hears_nothing();
	lend(4, 1, 4);
	cr_expect_arr_eq(in_buffer(1), "abcd", 4);
	hears_nothing();
	lend(4, 2, 64);
	cr_expect_arr_eq(in_buffer(2), "efg", 3);
	lend(4, 3, 64);
	hears(IN, PORT_OPEN, 0, "");
	cr_expect_eq(drv_used(&v, 4), 3, "a buffer for which nothing came stays");
}

Test(virtio_ports, output_waits_for_space)
{
	open_all();
	vr_fake_host_stream(v.d, OUT, 6, NULL, 0);
	say(OUT, PORT_OPEN, 1);
	write_out(7, 0, "abcd", 4);
	cr_expect_eq(drv_used(&v, 7), 1);
	write_out(7, 1, "efgh", 4);
	write_out(7, 2, "ijkl", 4);
	cr_expect_eq(drv_used(&v, 7), 1, "a part of it is with the host");
	say(OUT, PORT_OPEN, 0);
	cr_expect_eq(v.d->stream[OUT].closes, 0, "there is more");
	v.t->maker->pause(v.t->device);
	v.t->maker->resume(v.t->device);
	vr_fake_host_stream(v.d, OUT, 9, NULL, 0);
	cr_expect_eq(drv_used(&v, 7), 2);
	cr_expect_eq(v.d->stream[OUT].closes, 0);
	vr_fake_host_stream(v.d, OUT, 100, NULL, 0);
	cr_expect_eq(drv_used(&v, 7), 3);
	cr_expect_str_eq(v.d->stream[OUT].out, "abcdefghijkl", "each byte once");
	cr_expect_eq(v.d->stream[OUT].closes, 1);
}

/* The driver lends fewer buffers than there are messages. */
Test(virtio_ports, messages_wait_for_buffers)
{
	say(0, DEVICE_READY, 1);
	lend(CONTROL_IN, 0, 64);
	hears(0, PORT_ADD, 1, "");
	hears(1, PORT_ADD, 1, "");
	hears(2, PORT_ADD, 1, "");
	hears_nothing();
}

Test(virtio_ports, a_reset_forgets)
{
	open_all();
	vr_fake_host_stream(v.d, OUT, 2, NULL, 0);
	say(OUT, PORT_OPEN, 1);
	write_out(7, 0, "abcd", 4);
	drv_w(&v, 0x70, 0);
	drv_start(&v, 2, 8);
	taken = sent = 0;
	open_all();
	vr_fake_host_stream(v.d, OUT, 100, NULL, 0);
	say(OUT, PORT_OPEN, 1);
	write_out(7, 0, "xy", 2);
	cr_expect_str_eq(v.d->stream[OUT].out, "abxy");
}

Test(virtio_ports, nonsense)
{
	open_all();
	say(3, PORT_READY, 1);
	say(200, PORT_OPEN, 1);
	say(IN, CONSOLE_PORT, 1);
	say(IN, PORT_OPEN, 0);
	write_out(CONTROL_OUT, sent++ % 8, "abc", 3);
	write_out(7, 0, "closed", 6);
	lend(4, 0, 0x100);
	hears_nothing();
	cr_expect_eq(v.d->stream[IN].opens + v.d->stream[IN].closes, 0);
	/* A buffer that can't be written is of no use, but no harm. */
	drv_desc(&v, DRV_QUEUE(4), 1, at(4, 1), 8, 0, 0);
	drv_offer(&v, 4, 1);
	vr_fake_host_stream(v.d, IN, 0, "x", 0);
	say(IN, PORT_OPEN, 1);
	cr_expect_arr_eq(in_buffer(0), "x", 1);
}
