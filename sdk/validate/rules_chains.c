/* SPDX-License-Identifier: MIT */
/*
 * rules_chains.c: virtio devices whose driver means harm, or goes in the middle of a request.
 *
 * A driver that is refused at the features reaches no ring, so this one takes what the device offers (a random part of
 * it first), sets up its queues and makes the device run. Then the rings hold chains of all sorts: of buffers in
 * RAM, of the last bytes of RAM, of some that go past its end or lie nowhere, of the rings themselves, chains that
 * are circles, indirect tables. Before and after RAM are pages that can't be touched, so a device that goes on past
 * an end is caught there.
 *
 * Both rules say when they could try nothing: a rule that passes because the device was never reached is worth
 * nothing.
 */
#include <string.h>
#include <unistd.h>

#include "driver.h"

#define RAM_BASE 0x40000000ull
#define RAM_BYTES 0x100000ull
#define ROUNDS 300u
#define ENTRIES 64u /* most of a queue */
/* Of one queue's 16 KiB: */
#define AVAILABLE 0x1000u
#define USED 0x2000u
#define TABLE 0x3000u /* an indirect one */
#define TABLE_ENTRIES 8u

static uint32_t devices(const struct vr_check *c)
{
	return c->use.count + c->use.virtio_count;
}

static void need_virtio(struct vr_check *c)
{
	uint32_t n = 0;

	check_used(c);
	for (uint32_t i = 0; i < devices(c); i++)
		n += driver_finds(c, CHECK_DEVICE_BASE(i));
	if (!n)
		check_skip(c, "it has no device with virtio's MMIO registers");
}

static void still_sound(struct vr_check *c)
{
	const char *finding = vr_fake_host_finding(c->d, 0);

	CHECK(c, !finding, "%s", finding);
}

/* ---- hostile chains ------------------------------------------------------------------------------------ */

struct range {
	uint64_t address;
	uint32_t length;
};

static struct range some_range(struct vr_check *c, uint64_t ring)
{
	const uint64_t end = RAM_BASE + RAM_BYTES;
	uint64_t r = check_random(c);
	uint32_t few = 1 + (uint32_t)(r >> 8) % (r >> 63 ? 8 : 64), many = 1 + (uint32_t)(r >> 16) % 4096;

	/* Most are good: the first bad one breaks the queue, and the device sees what comes before it. */
	switch (r % 32) {
	case 0:
		return (struct range){check_random(c), (uint32_t)check_random(c)};
	case 1: /* past the end, by some bytes */
		return (struct range){end - few, few + 1 + (uint32_t)(r >> 32) % 16};
	case 2: /* before the beginning */
		return (struct range){RAM_BASE - few, few * 2};
	case 3: /* over the end of all addresses */
		return (struct range){UINT64_MAX - few, many};
	case 4: /* no bytes */
		return (struct range){RAM_BASE + 0x8000, 0};
	case 5:
		return (struct range){ring, many};
	case 6:
	case 7:
	case 8:
	case 9:
	case 10:
	case 11: /* the last bytes that there are */
		return (struct range){end - few, few};
	case 12:
	case 13:
		return (struct range){RAM_BASE + 16 * (r >> 32) % 0x8000, 16};
	default:
		return (struct range){RAM_BASE + (r >> 32) % (RAM_BYTES - 4096), r & 0x100 ? few : many};
	}
}

/* Tables of descriptors: half of them go on to the next one. */
static void fill(struct vr_check *c, struct driver_descriptor *d, uint32_t count, uint64_t ring,
		 bool indirect)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t r = check_random(c);
		struct range g = some_range(c, ring);

		d[i] = (struct driver_descriptor){g.address, g.length, 0, (uint16_t)(i + 1)};
		if (r & 1 && (i + 1 < count || (r & 0xf0) == 0))
			d[i].flags |= DRIVER_NEXT;
		if (r & 2)
			d[i].flags |= DRIVER_WRITE;
		if ((r >> 8) % 8 == 0)
			d[i].next = (uint16_t)((r >> 16) % 80); /* a circle, or no descriptor */
		if ((r >> 24) % (indirect ? 8 : 64) == 0)
			d[i].flags |= DRIVER_INDIRECT;
		if (indirect && (d[i].flags & DRIVER_INDIRECT) && r >> 63) {
			d[i].address = ring + TABLE;
			d[i].length = 16 * TABLE_ENTRIES;
			d[i].flags = DRIVER_INDIRECT;
		}
	}
}

static uint64_t ring_of(uint32_t queue)
{
	return RAM_BASE + 0x10000 + queue * 0x4000ull;
}

/* A queue's rings, in good places when it is sane; as many buffers as there are entries at most. */
static void hostile_queue(struct vr_check *c, uint64_t base, uint32_t queue, bool sane)
{
	static const uint32_t part[] = {0, AVAILABLE, USED},
			      reg[] = {DRIVER_QUEUE_DESC, DRIVER_QUEUE_DRIVER, DRIVER_QUEUE_DEVICE};
	uint64_t ring = ring_of(queue);
	struct driver_descriptor *d = vr_fake_host_pointer(c->d, ring, 0x4000);
	uint16_t *available = (uint16_t *)(void *)((uint8_t *)d + AVAILABLE);
	uint32_t n;

	driver_write(c, base, DRIVER_QUEUE_SEL, queue);
	n = driver_read(c, base, DRIVER_QUEUE_MAX);
	if (n > ENTRIES)
		n = ENTRIES;
	if (!n)
		return;
	memset(d, 0, 0x4000);
	fill(c, d, n, ring, true);
	fill(c, d + TABLE / sizeof(*d), TABLE_ENTRIES, ring, false);
	/* 2.7.6: flags, idx, ring[] */
	available[1] = (uint16_t)(1 + check_random(c) % n);
	for (uint32_t i = 0; i < n; i++)
		available[2 + i] = (uint16_t)(check_random(c) % (check_random(c) % 8 ? n : 80));
	driver_write(c, base, DRIVER_QUEUE_NUM, sane ? n : check_random(c) % 2000);
	for (uint32_t i = 0; i < 3; i++) {
		uint64_t at = sane ? ring + part[i] : some_range(c, ring).address;

		driver_write(c, base, reg[i], at);
		driver_write(c, base, reg[i] + 4, at >> 32);
	}
	driver_write(c, base, DRIVER_QUEUE_READY, 1);
}

/* The device runs. False: it takes neither a part of its features nor all of them. */
static bool negotiate(struct vr_check *c, uint64_t base, uint32_t round)
{
	return (round % 2 && driver_negotiate(c, base, check_random(c))) || driver_negotiate(c, base, ~0ull);
}

/* True: the device has taken the features, and its first queue was ready. */
static bool hostile_round(struct vr_check *c, uint64_t base, uint32_t round)
{
	bool sane = check_random(c) % 4 != 0, ready;

	if (!negotiate(c, base, round))
		return false;
	for (uint32_t q = 0; q < 2; q++)
		hostile_queue(c, base, q, sane);
	driver_write(c, base, DRIVER_QUEUE_SEL, 0);
	ready = driver_read(c, base, DRIVER_QUEUE_READY);
	driver_write(c, base, DRIVER_STATUS,
		     VIRTIO_S_ACKNOWLEDGE | VIRTIO_S_DRIVER | VIRTIO_S_FEATURES_OK | VIRTIO_S_DRIVER_OK);
	for (uint32_t i = 0; i < 4; i++)
		driver_notify(c, base, (uint32_t)check_random(c) % 3);
	return ready;
}

static bool came_back(struct vr_check *c)
{
	bool back = false;

	for (uint32_t q = 0; q < 2; q++) {
		const uint16_t *used = vr_fake_host_pointer(c->d, ring_of(q) + USED, 4);

		back |= __atomic_load_n(&used[1], __ATOMIC_ACQUIRE) != 0;
	}
	return back;
}

void check_device_chains(struct vr_check *c)
{
	uint32_t tried = 0, back = 0;

	need_virtio(c);
	for (uint32_t round = 0; round < ROUNDS; round++)
		for (uint32_t i = 0; i < devices(c); i++) {
			uint64_t base = CHECK_DEVICE_BASE(i);

			if (!driver_finds(c, base))
				continue;
			check_phase(c, "device %u, round %u of hostile chains", i, round);
			if (hostile_round(c, base, round)) {
				tried++;
				back += came_back(c);
			}
			if (round % 16 == 0)
				vr_fake_host_type(c->d, round % 32 / 16, "hello");
		}
	still_sound(c);
	check_unused(c);
	if (!tried)
		check_skip(c, "its virtio devices take no features that they offer: no chain reached one");
	if (!back)
		check_warn(c, "in %u rounds of hostile chains no buffer came back", tried);
}

/* ---- requests in flight --------------------------------------------------------------------------------- */

#define TAKES_US 100000u

/* A read of a disk's first sector (5.2.6), which other devices take for a buffer or break at. */
static void request(struct vr_check *c, uint64_t base, uint32_t queue)
{
	static const struct driver_descriptor chain[3] = {
		{RAM_BASE, 16, DRIVER_NEXT, 1},
		{RAM_BASE + 0x2000, 512, DRIVER_NEXT | DRIVER_WRITE, 2},
		{RAM_BASE + 0x1000, 1, DRIVER_WRITE, 0}};

	driver_put(c, queue, chain, 3);
	driver_notify(c, base, queue);
}

/* Requests of a disk: those that wait, and those under way. */
static bool disk_is_busy(struct vr_fake_host_disk *k)
{
	bool busy;

	pthread_mutex_lock(&k->lock);
	busy = k->first || k->under_way;
	pthread_mutex_unlock(&k->lock);
	return busy;
}

/* How many queues of the device keep the buffer that they are given. */
static uint32_t keep(struct vr_check *c, uint64_t base)
{
	uint32_t queues = 0, kept = 0;

	while (queues < DRIVER_QUEUES) {
		driver_write(c, base, DRIVER_QUEUE_SEL, queues);
		if (!driver_read(c, base, DRIVER_QUEUE_MAX))
			break;
		queues++;
	}
	if (!driver_start(c, base, queues))
		return 0;
	for (uint32_t q = 0; q < queues; q++) {
		request(c, base, q);
		kept += !driver_used(c, q) && !(driver_read(c, base, DRIVER_STATUS) & VIRTIO_S_NEEDS_RESET);
	}
	return kept;
}

/* Reads of a disk that take their time, and then the device goes. */
void check_device_in_flight(struct vr_check *c)
{
	uint32_t kept = 0;

	need_virtio(c);
	memset(vr_fake_host_pointer(c->d, RAM_BASE, 16), 0, 16);
	c->d->disk[0].delay_us = TAKES_US;
	for (uint32_t i = 0; i < devices(c); i++) {
		uint64_t base = CHECK_DEVICE_BASE(i);

		if (!driver_finds(c, base))
			continue;
		check_phase(c, "a request of device %u that takes its time", i);
		kept += keep(c, base);
	}
	check_phase(c, "destroy of its devices with %u requests in flight", kept);
	check_given(c, 0);
	check_use_end(c);
	CHECK(c, !disk_is_busy(&c->d->disk[0]),
	      "a request to disk 0 is under way after the device that made it is destroyed; end it in "
	      "queue_stop()");
	CHECK(c, !c->d->threads, "%u threads run after its devices are gone", c->d->threads);
	check_phase(c, "what goes on after its devices are destroyed");
	if (kept)
		usleep(TAKES_US + TAKES_US / 2); /* a late thread meets what it thinks is there */
	still_sound(c);
	if (!kept)
		check_skip(c, "none of its virtio devices keeps a request: there was none in flight");
}
