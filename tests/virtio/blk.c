/* SPDX-License-Identifier: MIT */
/* blk.c: the disk, request by request. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"

#define F_RO (1u << 5)
#define F_FLUSH (1u << 9)
#define F_DISCARD (1u << 13)
#define F_WRITE_ZEROES (1u << 14)
#define ALL (F_FLUSH | F_DISCARD | F_WRITE_ZEROES | (1u << 2) | (1u << 6))
#define SECTORS 2048u
#define HEADER DRV_DATA
#define STATUS (DRV_DATA + 0x800)
#define BUFFER (DRV_DATA + 0x1000)
#define S_NONE 0x77

static struct drv v;

static struct vr_fake_host_disk *disk(void)
{
	return &v.d->disk[0];
}

static void start_with(uint32_t flags)
{
	struct vr_fake_host *d = fake_new(FAKE_RAM_BASE, DRV_RAM, 1);

	vr_fake_host_disk(d, SECTORS * 512, flags);
	drv_new(&v, d, "virtio-blk", 0);
}

static void start(void)
{
	start_with(VR_BLOCK_CAN_DISCARD);
	drv_start(&v, ALL, 1);
}

static void stop(void)
{
	drv_free(&v);
}

static void header(uint32_t type, uint64_t sector)
{
	uint32_t words[4] = {type, 0, (uint32_t)sector, (uint32_t)(sector >> 32)};

	memcpy(fake_ram(v.d, HEADER), words, sizeof(words));
	*(uint8_t *)fake_ram(v.d, STATUS) = S_NONE;
}

/* Header, `length` bytes at BUFFER, status; the status, or -1 when none came. */
static int request(uint32_t type, uint64_t sector, uint32_t length, uint32_t data_flags)
{
	uint16_t idx = (uint16_t)(drv_used(&v, 0) + 1);

	header(type, sector);
	drv_desc(&v, DRV_QUEUE(0), 0, HEADER, 16, DRV_NEXT, length ? 1 : 2);
	drv_desc(&v, DRV_QUEUE(0), 1, BUFFER, length, DRV_NEXT | data_flags, 2);
	drv_desc(&v, DRV_QUEUE(0), 2, STATUS, 1, DRV_WRITE, 0);
	drv_offer(&v, 0, 0);
	drv_kick(&v, 0);
	if (!drv_wait(&v, 0, idx))
		return -1;
	return *(uint8_t *)fake_ram(v.d, STATUS);
}

static uint32_t used_length(void)
{
	uint32_t id, length;

	drv_used_entry(&v, 0, drv_used(&v, 0) - 1u, &id, &length);
	return length;
}

static void range(uint32_t i, uint64_t sector, uint32_t sectors, uint32_t flags)
{
	uint8_t *p = (uint8_t *)fake_ram(v.d, BUFFER) + 16 * i;

	memcpy(p, &sector, 8);
	memcpy(p + 8, &sectors, 4);
	memcpy(p + 12, &flags, 4);
}

TestSuite(blk, .init = start, .fini = stop, .timeout = 60);

Test(blk, configuration)
{
	cr_expect_eq(drv_r(&v, 0x08), 2);
	cr_expect_eq(fake_read(v.d, VR_SPACE_MMIO, 0, DRV_BASE + 0x100, 8), SECTORS);
	cr_expect_eq(drv_r(&v, 0x100), SECTORS);
	cr_expect_eq(drv_r(&v, 0x10c), VIRTIO_QUEUE_SIZE - 2);
	cr_expect_eq(drv_r(&v, 0x114), 512);
	cr_expect_eq(fake_read(v.d, VR_SPACE_MMIO, 0, DRV_BASE + 0x122, 2), 1);
	cr_expect(drv_r(&v, 0x124) > 0);
	cr_expect_eq(fake_read(v.d, VR_SPACE_MMIO, 0, DRV_BASE + 0x138, 1), 1);
	drv_w(&v, 0x14, 0);
	cr_expect_eq(drv_r(&v, 0x10) & (ALL | F_RO), ALL);
}

Test(blk, read)
{
	cr_expect_eq(request(0, 3, 1024, DRV_WRITE), 0);
	cr_expect_arr_eq((uint8_t *)fake_ram(v.d, BUFFER), disk()->bytes + 3 * 512, 1024);
	cr_expect_eq(used_length(), 1025);
	cr_expect_geq(v.d->written, 1025);
	while (!v.d->line[DRV_LINE])
		;
	cr_expect_eq(drv_r(&v, 0x60), 1);
}

Test(blk, write_and_flush)
{
	memset(fake_ram(v.d, BUFFER), 0xa5, 4096);
	cr_expect_eq(request(1, SECTORS - 8, 4096, 0), 0);
	for (uint32_t i = 0; i < 4096; i++)
		cr_assert_eq(disk()->bytes[(SECTORS - 8) * 512 + i], 0xa5);
	cr_expect_eq(used_length(), 1);
	cr_expect_eq(disk()->flushes, 0);
	cr_expect_eq(request(4, 0, 0, 0), 0);
	cr_expect_eq(disk()->flushes, 1);
}

Test(blk, writes_through_without_flush)
{
	drv_start(&v, 0, 1);
	cr_expect_eq(request(1, 0, 512, 0), 0);
	cr_expect_eq(disk()->flushes, 1);
}

Test(blk, any_layout)
{
	/* The header in three parts, the status at the end of the data. */
	header(0, 5);
	drv_desc(&v, DRV_QUEUE(0), 0, HEADER, 3, DRV_NEXT, 1);
	drv_desc(&v, DRV_QUEUE(0), 1, HEADER + 3, 12, DRV_NEXT, 2);
	drv_desc(&v, DRV_QUEUE(0), 2, HEADER + 15, 1, DRV_NEXT, 3);
	drv_desc(&v, DRV_QUEUE(0), 3, BUFFER, 100, DRV_NEXT | DRV_WRITE, 4);
	drv_desc(&v, DRV_QUEUE(0), 4, BUFFER + 100, 413, DRV_WRITE, 0);
	*(uint8_t *)fake_ram(v.d, BUFFER + 512) = S_NONE;
	drv_offer(&v, 0, 0);
	drv_kick(&v, 0);
	cr_assert(drv_wait(&v, 0, 1));
	cr_expect_eq(*(uint8_t *)fake_ram(v.d, BUFFER + 512), 0);
	cr_expect_arr_eq((uint8_t *)fake_ram(v.d, BUFFER), disk()->bytes + 5 * 512, 512);
}

Test(blk, errors)
{
	cr_expect_eq(request(0, SECTORS, 512, DRV_WRITE), 1);
	cr_expect_eq(request(0, SECTORS - 1, 1024, DRV_WRITE), 1);
	cr_expect_eq(request(0, UINT64_MAX, 512, DRV_WRITE), 1);
	cr_expect_eq(request(1, UINT64_MAX - 1, 1024, 0), 1);
	cr_expect_eq(request(0, 0, 100, DRV_WRITE), 1);
	cr_expect_eq(request(1, 0, 513, 0), 1);
	cr_expect_eq(request(99, 0, 0, 0), 2);
	cr_expect_eq(request(0, 0, 0, 0), 0);
	cr_expect_eq(disk()->reads + disk()->writes, 0);
	disk()->fail = VR_E_IO;
	cr_expect_eq(request(0, 0, 512, DRV_WRITE), 1);
	cr_expect_eq(request(1, 0, 512, 0), 1);
	cr_expect_eq(request(4, 0, 0, 0), 1);
	cr_expect_not(drv_status(&v) & VIRTIO_S_NEEDS_RESET);
}

Test(blk, identity)
{
	cr_expect_eq(request(8, 0, 20, DRV_WRITE), 0);
	cr_expect_str_eq((char *)fake_ram(v.d, BUFFER), "vmrun-disk-0");
	cr_expect_eq(request(8, 0, 19, DRV_WRITE), 1);
}

Test(blk, discard)
{
	range(0, 8, 8, 0);
	range(1, 100, 4, 0);
	cr_expect_eq(request(11, 0, 32, 0), 0);
	cr_expect_eq(disk()->discards, 2);
	cr_expect_eq(disk()->bytes[8 * 512], 0xdd);
	cr_expect_eq(disk()->bytes[104 * 512 - 1], 0xdd);
	range(0, 8, 8, 1); /* unmap means nothing in a discard */
	cr_expect_eq(request(11, 0, 16, 0), 2);
	range(0, SECTORS - 1, 2, 0);
	cr_expect_eq(request(11, 0, 16, 0), 1);
	range(0, UINT64_MAX, 2, 0);
	cr_expect_eq(request(11, 0, 16, 0), 1);
	cr_expect_eq(request(11, 0, 17, 0), 1);
	cr_expect_eq(request(11, 0, 0, 0), 1);
	cr_expect_eq(request(11, 0, 16 * 65, 0), 1);
	cr_expect_eq(disk()->discards, 2);
}

Test(blk, write_zeroes)
{
	range(0, 16, 2, 1);
	cr_expect_eq(request(13, 0, 16, 0), 0);
	cr_expect_eq(disk()->zeroes, 1);
	for (uint32_t i = 0; i < 1024; i++)
		cr_assert_eq(disk()->bytes[16 * 512 + i], 0);
	range(0, 16, 2, 2);
	cr_expect_eq(request(13, 0, 16, 0), 2);
	range(0, 0, 0xffffffff, 0);
	cr_expect_eq(request(13, 0, 16, 0), 1);
}

Test(blk, no_discard)
{
	stop();
	start_with(0);
	drv_start(&v, F_FLUSH, 1);
	drv_w(&v, 0x14, 0);
	cr_expect_eq(drv_r(&v, 0x10) & (F_DISCARD | F_WRITE_ZEROES), 0);
	range(0, 8, 8, 0);
	cr_expect_eq(request(11, 0, 16, 0), 2);
}

Test(blk, read_only)
{
	stop();
	start_with(VR_BLOCK_READONLY | VR_BLOCK_CAN_DISCARD);
	drv_start(&v, F_RO | F_FLUSH, 1);
	drv_w(&v, 0x14, 0);
	cr_expect_eq(drv_r(&v, 0x10) & (F_RO | F_DISCARD | F_WRITE_ZEROES), F_RO);
	cr_expect_eq(request(0, 0, 512, DRV_WRITE), 0);
	cr_expect_eq(request(1, 0, 512, 0), 1);
	range(0, 8, 8, 0);
	cr_expect_neq(request(11, 0, 16, 0), 0);
	cr_expect_neq(request(13, 0, 16, 0), 0);
	cr_expect_eq(disk()->writes, 0);
}

Test(blk, no_room_for_an_answer)
{
	drv_desc(&v, DRV_QUEUE(0), 0, HEADER, 16, 0, 0);
	drv_offer(&v, 0, 0);
	drv_kick(&v, 0);
	cr_assert(drv_wait_broken(&v));
	cr_expect_eq(drv_r(&v, 0x60), 2);
	cr_expect_eq(v.d->line[DRV_LINE], 1);
	/* Nothing runs until a reset. */
	drv_kick(&v, 0);
	drv_start(&v, ALL, 1);
	cr_expect_eq(v.d->line[DRV_LINE], 0);
	cr_expect_eq(request(0, 0, 512, DRV_WRITE), 0);
	/* A header that is too short. */
	drv_desc(&v, DRV_QUEUE(0), 0, HEADER, 15, DRV_NEXT, 1);
	drv_desc(&v, DRV_QUEUE(0), 1, STATUS, 1, DRV_WRITE, 0);
	drv_offer(&v, 0, 0);
	drv_kick(&v, 0);
	cr_expect(drv_wait_broken(&v));
}

Test(blk, many_with_event_idx)
{
	uint32_t done = 0;

	drv_start(&v, ALL | VIRTIO_F_EVENT_IDX, 1);
	for (uint32_t round = 0; round < 2000; round++) {
		header(0, round % SECTORS);
		drv_desc(&v, DRV_QUEUE(0), 0, HEADER, 16, DRV_NEXT, 1);
		drv_desc(&v, DRV_QUEUE(0), 1, BUFFER, 512, DRV_NEXT | DRV_WRITE, 2);
		drv_desc(&v, DRV_QUEUE(0), 2, STATUS, 1, DRV_WRITE, 0);
		drv_set_used_event(&v, 0, (uint16_t)done);
		drv_offer(&v, 0, 0);
		/* A driver notifies when the device asks for it. */
		if ((uint16_t)(v.avail[0] - drv_avail_event(&v, 0) - 1) < 1)
			drv_kick(&v, 0);
		done++;
		cr_assert(drv_wait(&v, 0, (uint16_t)done), "request %u", round);
		cr_assert_arr_eq((uint8_t *)fake_ram(v.d, BUFFER), disk()->bytes + round % SECTORS * 512,
				 512);
	}
}

/* Resets while requests are on their way. */
Test(blk, reset_in_flight)
{
	for (uint32_t round = 0; round < 500; round++) {
		drv_start(&v, ALL, 1);
		header(0, 0);
		drv_desc(&v, DRV_QUEUE(0), 0, HEADER, 16, DRV_NEXT, 1);
		drv_desc(&v, DRV_QUEUE(0), 1, BUFFER, 65536, DRV_NEXT | DRV_WRITE, 2);
		drv_desc(&v, DRV_QUEUE(0), 2, STATUS, 1, DRV_WRITE, 0);
		for (uint32_t i = 0; i < 8; i++)
			drv_offer(&v, 0, 0);
		drv_kick(&v, 0);
		if (round & 1)
			drv_wait(&v, 0, 2);
		drv_w(&v, 0x70, 0);
		memset(fake_ram(v.d, BUFFER), 0x11, 65536);
		for (uint32_t i = 0; i < 65536; i += 4096)
			cr_assert_eq(*(uint8_t *)fake_ram(v.d, BUFFER + i), 0x11, "written after the reset");
		cr_assert_eq(v.d->line[DRV_LINE], 0);
	}
	drv_start(&v, ALL, 1);
	cr_expect_eq(request(0, 0, 512, DRV_WRITE), 0);
}

/* A reset, and a queue that is stopped, wait for the requests that are being carried out, and drop them. */
Test(blk, reset_waits)
{
	for (uint32_t stop_queue = 0; stop_queue < 2; stop_queue++) {
		uint32_t reads = disk()->reads;

		drv_start(&v, ALL, 1);
		disk()->delay_us = 20000;
		header(0, 0);
		drv_desc(&v, DRV_QUEUE(0), 0, HEADER, 16, DRV_NEXT, 1);
		drv_desc(&v, DRV_QUEUE(0), 1, BUFFER, 512, DRV_NEXT | DRV_WRITE, 2);
		drv_desc(&v, DRV_QUEUE(0), 2, STATUS, 1, DRV_WRITE, 0);
		drv_offer(&v, 0, 0);
		drv_offer(&v, 0, 0);
		drv_kick(&v, 0);
		while (__atomic_load_n(&disk()->reads, __ATOMIC_SEQ_CST) == reads)
			;
		if (stop_queue)
			drv_w(&v, 0x44, 0);
		else
			drv_w(&v, 0x70, 0);
		memset(fake_ram(v.d, BUFFER), 0x11, 512);
		*(uint8_t *)fake_ram(v.d, STATUS) = S_NONE;
		usleep(60000);
		cr_expect_eq(*(uint8_t *)fake_ram(v.d, BUFFER), 0x11);
		cr_expect_eq(*(uint8_t *)fake_ram(v.d, BUFFER + 511), 0x11);
		cr_expect_eq(*(uint8_t *)fake_ram(v.d, STATUS), S_NONE);
		cr_expect_eq(drv_used(&v, 0), 0);
		cr_expect_eq(v.d->line[DRV_LINE], 0);
		/* The second one has begun as well, or was cancelled. */
		cr_expect_leq(disk()->reads, reads + 2);
	}
}

/* ---- several in flight ----------------------------------------------------------------------------------- */

/* Three descriptors each: request i of up to 8, a sector at BUFFER + 512 i, in a queue of 32. */
static void start_many(uint64_t features)
{
	cr_assert(drv_negotiate(&v, VIRTIO_F_VERSION_1 | features));
	drv_queue(&v, 0, 32);
	drv_go(&v);
}

static void offer_many(uint32_t i, uint32_t type, uint64_t sector)
{
	const uint64_t head = HEADER + 16 * i, status = STATUS + i;
	uint32_t words[4] = {type, 0, (uint32_t)sector, 0};

	memcpy(fake_ram(v.d, head), words, sizeof(words));
	*(uint8_t *)fake_ram(v.d, status) = S_NONE;
	drv_desc(&v, DRV_QUEUE(0), 3 * i, head, 16, DRV_NEXT, type == 4 ? 3 * i + 2 : 3 * i + 1);
	drv_desc(&v, DRV_QUEUE(0), 3 * i + 1, BUFFER + 512 * i, 512, DRV_NEXT | (type == 0 ? DRV_WRITE : 0),
		 3 * i + 2);
	drv_desc(&v, DRV_QUEUE(0), 3 * i + 2, status, 1, DRV_WRITE, 0);
	drv_offer(&v, 0, 3 * i);
}

static uint8_t status_of(uint32_t i)
{
	return __atomic_load_n((uint8_t *)fake_ram(v.d, STATUS + i), __ATOMIC_SEQ_CST);
}

static void hold(uint32_t ops)
{
	__atomic_store_n(&disk()->hold, ops, __ATOMIC_SEQ_CST);
}

static void await_at_once(uint32_t n)
{
	while (__atomic_load_n(&disk()->at_once, __ATOMIC_SEQ_CST) < n)
		usleep(100);
}

Test(blk, several_at_once)
{
	start_many(ALL);
	hold(1u << VR_BLOCK_READ);
	for (uint32_t i = 0; i < 8; i++) {
		offer_many(i, 0, i);
		drv_kick(&v, 0);
	}
	await_at_once(4);
	cr_expect_eq(drv_used(&v, 0), 0);
	hold(0);
	cr_assert(drv_wait(&v, 0, 8));
	for (uint32_t i = 0; i < 8; i++)
		cr_expect_eq(status_of(i), 0);
	cr_expect_arr_eq((uint8_t *)fake_ram(v.d, BUFFER), disk()->bytes, 8 * 512);
}

/* A slow read does not hold up a write and the flush after it. */
Test(blk, done_out_of_order)
{
	uint32_t id, length;

	start_many(ALL);
	hold(1u << VR_BLOCK_READ);
	offer_many(0, 0, 5);
	offer_many(1, 1, 9);
	drv_kick(&v, 0);
	cr_assert(drv_wait(&v, 0, 1));
	drv_used_entry(&v, 0, 0, &id, &length);
	cr_expect_eq(id, 3);
	offer_many(2, 4, 0);
	drv_kick(&v, 0);
	cr_assert(drv_wait(&v, 0, 2));
	drv_used_entry(&v, 0, 1, &id, &length);
	cr_expect_eq(id, 6);
	cr_expect_eq(disk()->flushes, 1);
	cr_expect_eq(status_of(0), S_NONE);
	hold(0);
	cr_assert(drv_wait(&v, 0, 3));
	drv_used_entry(&v, 0, 2, &id, &length);
	cr_expect_eq(id, 0);
	cr_expect_eq(length, 513);
}

/* More than the device takes at once: all come, by one notification. */
Test(blk, more_than_it_takes)
{
	cr_assert(drv_negotiate(&v, VIRTIO_F_VERSION_1 | ALL));
	drv_queue(&v, 0, 256);
	drv_go(&v);
	hold(1u << VR_BLOCK_READ);
	header(0, 3);
	for (uint32_t i = 0; i < 64; i++) {
		drv_desc(&v, DRV_QUEUE(0), 3 * i, HEADER, 16, DRV_NEXT, 3 * i + 1);
		drv_desc(&v, DRV_QUEUE(0), 3 * i + 1, BUFFER, 512, DRV_NEXT | DRV_WRITE, 3 * i + 2);
		drv_desc(&v, DRV_QUEUE(0), 3 * i + 2, STATUS, 1, DRV_WRITE, 0);
		drv_offer(&v, 0, 3 * i);
	}
	for (uint32_t i = 0; i < 36; i++) /* some again: a driver would not, a guest may */
		drv_offer(&v, 0, 3 * i);
	drv_kick(&v, 0);
	await_at_once(4);
	hold(0);
	cr_assert(drv_wait(&v, 0, 100));
	cr_expect_eq(disk()->reads, 100);
}

/* What waits is cancelled, what is under way is waited for: writes that were acknowledged are there, and no other
 * is begun after the reset. */
Test(blk, reset_with_many_in_flight)
{
	uint32_t begun;

	start_many(ALL);
	disk()->delay_us = 2000;
	for (uint32_t i = 0; i < 8; i++) {
		memset(fake_ram(v.d, BUFFER + 512 * i), 0x40 + (int)i, 512);
		offer_many(i, 1, 100 + i);
	}
	drv_kick(&v, 0);
	await_at_once(4);
	drv_w(&v, 0x70, 0);
	begun = __atomic_load_n(&disk()->writes, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < 8; i++)
		if (status_of(i) == 0)
			cr_expect_eq(disk()->bytes[(100 + i) * 512], 0x40 + i, "acknowledged, and not there");
	usleep(20000);
	cr_expect_eq(disk()->writes, begun);
	disk()->delay_us = 0;
	drv_start(&v, ALL, 1);
	cr_expect_eq(request(0, 0, 512, DRV_WRITE), 0);
}

/* A pause lets everything finish, and nothing begin. */
Test(blk, pause)
{
	struct vr_state_virtio_queue s;

	start_many(ALL);
	disk()->delay_us = 2000;
	for (uint32_t i = 0; i < 8; i++)
		offer_many(i, 0, i);
	drv_kick(&v, 0);
	vr_virtio_pause(v.t);
	cr_expect_eq(drv_used(&v, 0), 8);
	cr_assert_eq(vr_virtio_get_state(v.t, 0, &s, sizeof(s)), VR_OK);
	cr_expect_eq(s.avail, 8);
	cr_expect_eq(s.used, 8);
	offer_many(0, 0, 1);
	drv_kick(&v, 0);
	usleep(10000);
	cr_expect_eq(drv_used(&v, 0), 8);
	vr_virtio_resume(v.t);
	cr_assert(drv_wait(&v, 0, 9));
}

/* ---- QueueNotify by a doorbell ------------------------------------------------------------------------- */
#define NOTIFY (DRV_BASE + 0x50)

static void start_doorbell(uint32_t of_any_width)
{
	struct vr_fake_host *d = fake_new(FAKE_RAM_BASE, DRV_RAM, 1);

	d->no_doorbells = 0;
	d->no_doorbells_of_any_width = !of_any_width;
	vr_fake_host_disk(d, SECTORS * 512, 0);
	drv_new(&v, d, "virtio-blk", 0);
}

static void offer_read(uint32_t length)
{
	header(0, 3);
	drv_desc(&v, DRV_QUEUE(0), 0, HEADER, 16, DRV_NEXT, 1);
	drv_desc(&v, DRV_QUEUE(0), 1, BUFFER, length, DRV_NEXT | DRV_WRITE, 2);
	drv_desc(&v, DRV_QUEUE(0), 2, STATUS, 1, DRV_WRITE, 0);
	drv_offer(&v, 0, 0);
}

Test(blk, doorbell)
{
	struct vr_door *doors;

	stop();
	start_doorbell(0);
	cr_assert_eq(v.d->doors->address, NOTIFY);
	cr_assert_eq(v.d->doors->width, 4);
	stop();
	start_doorbell(1);
	cr_assert_eq(v.d->doors->address, NOTIFY);
	cr_assert_eq(v.d->doors->width, 0);
	cr_assert(vr_fake_host_ring(v.d, VR_SPACE_MMIO, NOTIFY, 4), "before there is a driver");
	drv_start(&v, F_FLUSH, 1);
	cr_assert(vr_fake_host_ring(v.d, VR_SPACE_MMIO, NOTIFY, 4), "for nothing");
	offer_read(512);
	cr_assert(vr_fake_host_ring(v.d, VR_SPACE_MMIO, NOTIFY, 4));
	cr_assert(drv_wait(&v, 0, 1));
	cr_expect_eq(*(uint8_t *)fake_ram(v.d, STATUS), 0);
	cr_expect_arr_eq((uint8_t *)fake_ram(v.d, BUFFER), disk()->bytes + 3 * 512, 512);
	/* Over the bus it goes on working. */
	doors = v.d->doors;
	v.d->doors = NULL;
	cr_expect_eq(request(0, 5, 512, DRV_WRITE), 0);
	v.d->doors = doors;
	cr_expect_eq(disk()->reads, 2);
}

static _Atomic uint32_t ringing;

static void *ring_on(void *arg)
{
	(void)arg;
	while (ringing)
		vr_fake_host_ring(v.d, VR_SPACE_MMIO, NOTIFY, 4);
	return NULL;
}

/* Resets while doorbells keep coming: nothing is done for a device that was reset. */
Test(blk, doorbells_and_resets)
{
	pthread_t t;

	stop();
	start_doorbell(1);
	ringing = 1;
	pthread_create(&t, NULL, ring_on, NULL);
	for (uint32_t round = 0; round < 300; round++) {
		drv_start(&v, F_FLUSH, 1);
		offer_read(4096);
		offer_read(4096);
		cr_assert(drv_wait(&v, 0, round & 1 ? 2 : 1));
		drv_w(&v, 0x70, 0);
		memset(fake_ram(v.d, BUFFER), 0x11, 4096);
		for (uint32_t i = 0; i < 4096; i += 512)
			cr_assert_eq(*(uint8_t *)fake_ram(v.d, BUFFER + i), 0x11, "written after the reset");
		cr_assert_eq(v.d->line[DRV_LINE], 0);
	}
	ringing = 0;
	pthread_join(t, NULL);
	drv_start(&v, F_FLUSH, 1);
	cr_expect_eq(request(0, 0, 512, DRV_WRITE), 0);
}

Test(blk, doorbell_goes_first)
{
	stop();
	start_doorbell(1);
	vr_virtio_mmio_free(v.device);
	cr_expect_not(vr_fake_host_ring(v.d, VR_SPACE_MMIO, NOTIFY, 4));
	v.plugin->destroy(v.plugin->self);
	fake_free(v.d);
	start();
}
