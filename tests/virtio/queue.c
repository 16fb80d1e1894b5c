/* SPDX-License-Identifier: MIT */
/* queue.c: rings, good and broken. */
#include <criterion/criterion.h>
#include <string.h>

#include "driver.h"

#define TABLE DRV_QUEUE(0)
#define INDIRECT (DRV_DATA + 0x10000)

static struct drv v;
static struct vr_virtio_queue q;
static struct vr_virtio_segment segments[VIRTIO_QUEUE_SIZE];
static struct vr_virtio_buffer c = {.size = sizeof(c),
				    .segment_stride = sizeof(segments[0]),
				    .segment = segments,
				    .segment_max = VIRTIO_QUEUE_SIZE};

/* The entropy device's registers set a queue up; then it is used directly. */
static void start_with(uint64_t features)
{
	drv_new(&v, fake_new(FAKE_RAM_BASE, DRV_RAM, 1), "virtio-rng", 0);
	cr_assert(drv_negotiate(&v, VIRTIO_F_VERSION_1 | features));
	drv_queue(&v, 0, 8);
	q = v.t->queue[0].ring;
}

static void start(void)
{
	start_with(VIRTIO_F_INDIRECT_DESC);
}

static void start_event_idx(void)
{
	start_with(VIRTIO_F_EVENT_IDX);
}

static void stop(void)
{
	drv_free(&v);
}

static void desc(uint32_t i, uint64_t address, uint32_t length, uint32_t flags, uint32_t next)
{
	drv_desc(&v, TABLE, i, address, length, flags, next);
}

/* The chain at `head` breaks the queue, for good. */
static void breaks(uint32_t head)
{
	drv_offer(&v, 0, head);
	cr_expect_eq(vr_virtio_queue_pop(&q, &c), -1);
	cr_expect_eq(q.broken, 1);
	desc(0, DRV_DATA, 16, 0, 0);
	drv_offer(&v, 0, 0);
	cr_expect_eq(vr_virtio_queue_pop(&q, &c), -1);
}

TestSuite(queue, .init = start, .fini = stop);
TestSuite(event_idx, .init = start_event_idx, .fini = stop);

Test(queue, empty)
{
	cr_expect_eq(vr_virtio_queue_pop(&q, &c), 0);
	cr_expect_eq(vr_virtio_queue_listen(&q), 0);
	q.ready = 0;
	drv_offer(&v, 0, 0);
	cr_expect_eq(vr_virtio_queue_pop(&q, &c), 0);
}

Test(queue, chain)
{
	uint32_t id, length;
	char text[32] = {0};

	desc(5, DRV_DATA, 4, DRV_NEXT, 2);
	desc(2, DRV_DATA + 100, 3, DRV_NEXT, 7);
	desc(7, 0, 0, DRV_NEXT, 0); /* empty: no matter where */
	desc(0, DRV_DATA + 200, 5, DRV_NEXT | DRV_WRITE, 1);
	desc(1, DRV_DATA + 300, 6, DRV_WRITE, 0);
	memcpy(fake_ram(v.d, DRV_DATA), "abcd", 4);
	memcpy(fake_ram(v.d, DRV_DATA + 100), "efg", 3);
	drv_offer(&v, 0, 5);
	cr_assert_eq(vr_virtio_queue_pop(&q, &c), 1);
	cr_expect_eq(c.head, 5);
	cr_expect_eq(c.out, 2);
	cr_expect_eq(c.in, 2);
	cr_expect_eq(c.out_bytes, 7);
	cr_expect_eq(c.in_bytes, 11);
	cr_expect_eq(vr_virtio_buffer_read(&c, 0, text, 32), 7);
	cr_expect_str_eq(text, "abcdefg");
	memset(text, 0, sizeof(text));
	cr_expect_eq(vr_virtio_buffer_read(&c, 3, text, 2), 2);
	cr_expect_str_eq(text, "de");
	cr_expect_eq(vr_virtio_buffer_read(&c, 7, text, 2), 0);
	cr_expect_eq(vr_virtio_buffer_write(&c, 0, "0123456789abcdef", 16), 11);
	cr_expect_arr_eq((char *)fake_ram(v.d, DRV_DATA + 200), "01234\0", 6);
	cr_expect_arr_eq((char *)fake_ram(v.d, DRV_DATA + 300), "56789a\0", 7);
	vr_virtio_buffer_written(q.ram, &c, 7);
	cr_expect_eq(v.d->written, 7);
	vr_virtio_queue_push(&q, c.head, 11);
	cr_expect_eq(drv_used(&v, 0), 1);
	drv_used_entry(&v, 0, 0, &id, &length);
	cr_expect_eq(id, 5);
	cr_expect_eq(length, 11);
	cr_expect(vr_virtio_queue_wants_interrupt(&q));
	cr_expect_not(vr_virtio_queue_wants_interrupt(&q));
	cr_expect_eq(vr_virtio_queue_pop(&q, &c), 0);
}

Test(queue, wraps_around)
{
	desc(3, DRV_DATA, 1, 0, 0);
	for (uint32_t i = 0; i < 70000; i++) {
		drv_offer(&v, 0, 3);
		cr_assert_eq(vr_virtio_queue_pop(&q, &c), 1);
		vr_virtio_queue_push(&q, c.head, 0);
		cr_assert_eq(drv_used(&v, 0), (uint16_t)(i + 1));
	}
}

Test(queue, indirect)
{
	/* A direct one first, then the table (2.7.5.3.2). */
	desc(0, DRV_DATA, 4, DRV_NEXT, 1);
	desc(1, INDIRECT, 3 * 16, DRV_INDIRECT, 0);
	drv_desc(&v, INDIRECT, 0, DRV_DATA + 16, 8, DRV_NEXT, 2);
	drv_desc(&v, INDIRECT, 2, DRV_DATA + 32, 8, DRV_NEXT | DRV_WRITE, 1);
	drv_desc(&v, INDIRECT, 1, DRV_DATA + 64, 8, DRV_WRITE, 0);
	drv_offer(&v, 0, 0);
	cr_assert_eq(vr_virtio_queue_pop(&q, &c), 1);
	cr_expect_eq(c.out, 2);
	cr_expect_eq(c.in, 2);
	cr_expect_eq(c.segment[2].gpa, DRV_DATA + 32);
}

Test(queue, indirect_longer_than_the_queue)
{
	desc(0, INDIRECT, VIRTIO_QUEUE_SIZE * 16, DRV_INDIRECT, 0);
	for (uint32_t i = 0; i < VIRTIO_QUEUE_SIZE; i++)
		drv_desc(&v, INDIRECT, i, DRV_DATA + i, 1, i + 1 < VIRTIO_QUEUE_SIZE ? DRV_NEXT : 0, i + 1);
	drv_offer(&v, 0, 0);
	cr_assert_eq(vr_virtio_queue_pop(&q, &c), 1);
	cr_expect_eq(c.out, VIRTIO_QUEUE_SIZE);
}

Test(queue, too_many_segments)
{
	desc(0, DRV_DATA, 1, DRV_NEXT, 1);
	desc(1, INDIRECT, VIRTIO_QUEUE_SIZE * 16, DRV_INDIRECT, 0);
	for (uint32_t i = 0; i < VIRTIO_QUEUE_SIZE; i++)
		drv_desc(&v, INDIRECT, i, DRV_DATA + i, 1, i + 1 < VIRTIO_QUEUE_SIZE ? DRV_NEXT : 0, i + 1);
	breaks(0);
}

Test(queue, loop)
{
	desc(0, DRV_DATA, 1, DRV_NEXT, 1);
	desc(1, DRV_DATA, 1, DRV_NEXT, 0);
	breaks(0);
}

Test(queue, loop_of_empties)
{
	desc(4, 0, 0, DRV_NEXT, 4);
	breaks(4);
}

Test(queue, loop_in_indirect)
{
	desc(0, INDIRECT, 32, DRV_INDIRECT, 0);
	drv_desc(&v, INDIRECT, 0, DRV_DATA, 1, DRV_NEXT, 1);
	drv_desc(&v, INDIRECT, 1, DRV_DATA, 1, DRV_NEXT, 0);
	breaks(0);
}

Test(queue, head_out_of_range)
{
	breaks(8);
}

Test(queue, next_out_of_range)
{
	desc(0, DRV_DATA, 1, DRV_NEXT, 0xffff);
	breaks(0);
}

Test(queue, indirect_next_out_of_range)
{
	desc(0, INDIRECT, 32, DRV_INDIRECT, 0);
	drv_desc(&v, INDIRECT, 0, DRV_DATA, 1, DRV_NEXT, 2);
	breaks(0);
}

Test(queue, address_outside)
{
	desc(0, 0x1000, 16, 0, 0);
	breaks(0);
}

Test(queue, address_across_the_end)
{
	desc(0, FAKE_RAM_BASE + DRV_RAM - 8, 9, DRV_WRITE, 0);
	breaks(0);
}

Test(queue, address_wraps)
{
	desc(0, UINT64_MAX - 3, 16, 0, 0);
	breaks(0);
}

Test(queue, huge_length)
{
	desc(0, DRV_DATA, 0xffffffff, 0, 0);
	breaks(0);
}

Test(queue, huge_sum)
{
	struct vr_fake_host *d = fake_new(FAKE_RAM_BASE, 6ull << 30, 1);
	struct drv big;

	/* Each part is RAM; together they are more than 2^32 bytes. */
	drv_new(&big, d, "virtio-rng", 0);
	cr_assert(drv_negotiate(&big, VIRTIO_F_VERSION_1));
	drv_queue(&big, 0, 8);
	for (uint32_t i = 0; i < 3; i++)
		drv_desc(&big, TABLE, i, DRV_DATA, 0x60000000, i < 2 ? DRV_NEXT : 0, i + 1);
	drv_offer(&big, 0, 0);
	cr_expect_eq(vr_virtio_queue_pop(&big.t->queue[0].ring, &c), -1);
	drv_free(&big);
}

Test(queue, readable_after_writable)
{
	desc(0, DRV_DATA, 16, DRV_NEXT | DRV_WRITE, 1);
	desc(1, DRV_DATA, 16, 0, 0);
	breaks(0);
}

Test(queue, indirect_with_next)
{
	desc(0, INDIRECT, 16, DRV_INDIRECT | DRV_NEXT, 1);
	breaks(0);
}

Test(queue, indirect_in_indirect)
{
	desc(0, INDIRECT, 16, DRV_INDIRECT, 0);
	drv_desc(&v, INDIRECT, 0, INDIRECT, 16, DRV_INDIRECT, 0);
	breaks(0);
}

Test(queue, indirect_not_negotiated)
{
	q.indirect = 0;
	desc(0, INDIRECT, 16, DRV_INDIRECT, 0);
	breaks(0);
}

Test(queue, indirect_odd_length)
{
	desc(0, INDIRECT, 24, DRV_INDIRECT, 0);
	breaks(0);
}

Test(queue, indirect_empty)
{
	desc(0, INDIRECT, 0, DRV_INDIRECT, 0);
	breaks(0);
}

Test(queue, indirect_too_long)
{
	desc(0, INDIRECT, 0xfffffff0, DRV_INDIRECT, 0);
	breaks(0);
}

Test(queue, indirect_outside)
{
	desc(0, FAKE_RAM_BASE + DRV_RAM - 16, 32, DRV_INDIRECT, 0);
	breaks(0);
}

Test(queue, more_available_than_entries)
{
	drv_set_avail_idx(&v, 0, 9);
	cr_expect_eq(vr_virtio_queue_pop(&q, &c), -1);
}

Test(queue, suppression_by_flags)
{
	desc(0, DRV_DATA, 1, 0, 0);
	vr_virtio_queue_quiet(&q);
	cr_expect_eq(*(uint16_t *)fake_ram(v.d, DRV_QUEUE(0) + 0x2000), 1);
	drv_offer(&v, 0, 0);
	cr_expect_eq(vr_virtio_queue_listen(&q), 1, "one came in between");
	cr_expect_eq(*(uint16_t *)fake_ram(v.d, DRV_QUEUE(0) + 0x2000), 0);
	cr_assert_eq(vr_virtio_queue_pop(&q, &c), 1);
	drv_set_avail_flags(&v, 0, 1);
	vr_virtio_queue_push(&q, 0, 0);
	cr_expect_not(vr_virtio_queue_wants_interrupt(&q));
}

Test(event_idx, interrupts)
{
	desc(0, DRV_DATA, 1, 0, 0);
	/* Wanted after the third, counting from 0 (2.7.7.2). */
	drv_set_used_event(&v, 0, 2);
	for (uint32_t i = 0; i < 5; i++) {
		drv_offer(&v, 0, 0);
		cr_assert_eq(vr_virtio_queue_pop(&q, &c), 1);
		vr_virtio_queue_push(&q, 0, 0);
		cr_expect_eq(vr_virtio_queue_wants_interrupt(&q), i == 2, "buffer %u", i);
	}
	/* The flag says nothing here. */
	drv_set_avail_flags(&v, 0, 1);
	drv_set_used_event(&v, 0, 6);
	for (uint32_t i = 5; i < 8; i++) {
		drv_offer(&v, 0, 0);
		cr_assert_eq(vr_virtio_queue_pop(&q, &c), 1);
		vr_virtio_queue_push(&q, 0, 0);
	}
	cr_expect(vr_virtio_queue_wants_interrupt(&q), "it was among three");
}

Test(event_idx, notifications)
{
	desc(0, DRV_DATA, 1, 0, 0);
	drv_offer(&v, 0, 0);
	drv_offer(&v, 0, 0);
	cr_assert_eq(vr_virtio_queue_pop(&q, &c), 1);
	cr_expect_eq(vr_virtio_queue_listen(&q), 1);
	cr_expect_eq(drv_avail_event(&v, 0), 1);
	cr_assert_eq(vr_virtio_queue_pop(&q, &c), 1);
	cr_expect_eq(vr_virtio_queue_listen(&q), 0);
	cr_expect_eq(drv_avail_event(&v, 0), 2);
	vr_virtio_queue_quiet(&q);
	cr_expect_eq(drv_avail_event(&v, 0), 2);
}

/* Rings full of noise: the answer may be anything, but every segment is RAM. */
Test(queue, noise)
{
	uint32_t x = 11;

	for (uint32_t round = 0; round < 30000; round++) {
		for (uint32_t i = 0; i < 16; i++) {
			uint64_t address;

			x = x * 1664525 + 1013904223;
			address = (x >> 9 & 7) ? (x >> 12 & 1 ? DRV_DATA : INDIRECT) + (x >> 13 & 0xff) * 16
					       : x * 0x100000001ull;
			x = x * 1664525 + 1013904223;
			drv_desc(&v, i < 8 ? TABLE : INDIRECT, i & 7, address, (x >> 8 & 15) * 16 + (x >> 30),
				 x >> 16 & 7, x >> 20 & 15);
		}
		drv_offer(&v, 0, x >> 24 & 7);
		q.broken = 0;
		if (vr_virtio_queue_pop(&q, &c) == 1) {
			cr_assert(c.out + c.in <= VIRTIO_QUEUE_SIZE);
			for (uint32_t i = 0; i < c.out + c.in; i++)
				cr_assert_eq(c.segment[i].host,
					     vr_fake_host_view(v.d, c.segment[i].gpa, c.segment[i].length));
		} else {
			q.last_avail = v.avail[0];
		}
	}
}
