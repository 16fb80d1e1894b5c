/* SPDX-License-Identifier: MIT */
/*
 * rules_virtio.c: virtio devices apart from their transport (virtio.h): the maker's table and types, what devices say
 * that they are, and how they take a driver's life: queues that stop and start, resets, pauses. What a guest
 * can do to them is in rules_device.c, by the registers of the transport that boards use.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

static const struct vr_virtio_maker *maker(struct vr_check *c)
{
	const struct vr_virtio_maker *m;

	check_started(c);
	m = check_provided(c, VR_VIRTIO_ID);
	if (vr_virtio_lacks(m))
		check_skip(c, "its table is not filled in");
	return m;
}

void check_virtio_table(struct vr_check *c)
{
	const struct vr_virtio_maker *m;

	check_created(c);
	m = check_provided(c, VR_VIRTIO_ID);
	CHECK(c, !vr_virtio_lacks(m), "%s is NULL, or the table ends before it", vr_virtio_lacks(m));
	CHECK(c,
	      m->types[0] && m->types[0] != ',' && !strstr(m->types, ",,") && !strchr(m->types, ' ') &&
		      m->types[strlen(m->types) - 1] != ',',
	      "types is \"%s\": names with a comma between them", m->types);
}

static int32_t make(struct vr_check *c, const char *type, struct vr_virtio_mmio **out)
{
	const struct vr_virtio_plug plug = {
		.maker = c->plugin->query(c->plugin->self, VR_VIRTIO_ID),
		.self = c->plugin->self,
		.plugin = c->target->id,
		.type = type,
	};

	vr_fake_host_error_clear(c->d);
	check_phase(c, "device create of \"%s\"", type);
	return vr_virtio_mmio_new(c->d->host, plug, 0x0b000000, 60, out);
}

void check_virtio_types(struct vr_check *c)
{
	const struct vr_virtio_maker *m = maker(c);
	const char *const none[] = {"no-such-device", "", NULL};
	char longer[96];

	snprintf(longer, sizeof(longer), "%.*sx", (int)strcspn(m->types, ","), m->types);
	for (uint32_t i = 0; i < 3; i++) {
		const char *type = none[i] ? none[i] : longer;
		struct vr_virtio_mmio *device;
		int32_t rc = make(c, type, &device);

		CHECK(c, rc < 0, "it makes a device of type \"%s\"", type);
		check_refusal(c, c->d, rc, c->report->phase);
	}
}

/* What the transport refuses (an id, features, sizes) it refuses with a text that says what. */
void check_virtio_info(struct vr_check *c)
{
	int32_t rc;

	maker(c);
	rc = check_use_begin(c);
	CHECK(c, rc != VR_E_ABI, "%s", c->d->error_text);
	if (rc < 0)
		check_skip(c, "%s: %s", c->report->phase, c->d->error_text);
	for (uint32_t i = 0; i < c->use.virtio_count; i++) {
		const struct vr_virtio_transport *t = vr_virtio_mmio_transport(c->use.virtio[i]);

		for (uint32_t q = 0; q < t->info.queue_count; q++) {
			uint32_t first = t->maker->queue_size(t->device, q);

			CHECK(c, first == t->maker->queue_size(t->device, q),
			      "queue_size of device %u, queue %u is another one each time", i, q);
		}
	}
	check_unused(c);
}

/* ---- a driver's life ---------------------------------------------------------------------------------- */

static void reg(struct vr_check *c, uint64_t base, uint32_t offset, uint64_t value)
{
	value &= UINT32_MAX;
	vr_fake_host_access(c->d, VR_SPACE_MMIO, 0, base + offset, 4, 1, &value);
}

static uint32_t get(struct vr_check *c, uint64_t base, uint32_t offset)
{
	uint64_t value = 0;

	vr_fake_host_access(c->d, VR_SPACE_MMIO, 0, base + offset, 4, 0, &value);
	return (uint32_t)value;
}

#define RINGS 0x40010000ull /* in the fake host's RAM */
#define QUEUES 8u           /* that there is room for */
#define ENTRIES 4u

static void enable(struct vr_check *c, uint64_t base, uint32_t queue)
{
	uint64_t at = RINGS + queue * 0x1000;

	memset(vr_fake_host_pointer(c->d, at, 0x1000), 0, 0x1000);
	reg(c, base, 0x30, queue);
	reg(c, base, 0x38, ENTRIES);
	reg(c, base, 0x80, at);
	reg(c, base, 0x84, at >> 32);
	reg(c, base, 0x90, at + 0x400);
	reg(c, base, 0x94, at >> 32);
	reg(c, base, 0xa0, at + 0x800);
	reg(c, base, 0xa4, at >> 32);
	reg(c, base, 0x44, 1);
}

/* All that it offers, as a driver that knows everything. False: it does not take that. */
static bool drive(struct vr_check *c, uint64_t base, uint32_t queues)
{
	reg(c, base, 0x70, 0);
	reg(c, base, 0x70, 3);
	for (uint32_t i = 0; i < 4; i++) {
		reg(c, base, 0x14, i);
		reg(c, base, 0x24, i);
		reg(c, base, 0x20, get(c, base, 0x10));
	}
	reg(c, base, 0x70, 11);
	if (!(get(c, base, 0x70) & 8))
		return false;
	for (uint32_t q = 0; q < queues; q++)
		enable(c, base, q);
	reg(c, base, 0x70, 15);
	return true;
}

static void still_well(struct vr_check *c, uint64_t base, uint32_t device)
{
	CHECK(c, !(get(c, base, 0x70) & VIRTIO_S_NEEDS_RESET), "device %u breaks with empty rings", device);
}

void check_virtio_life(struct vr_check *c)
{
	maker(c);
	check_used(c);
	for (uint32_t i = 0; i < c->use.virtio_count; i++) {
		struct vr_virtio_transport *t = vr_virtio_mmio_transport(c->use.virtio[i]);
		uint64_t base = CHECK_DEVICE_BASE(c->use.count + i);
		uint32_t queues = t->info.queue_count < QUEUES ? t->info.queue_count : QUEUES;

		check_phase(c, "device %u: all features, all queues, DRIVER_OK", i);
		if (!drive(c, base, queues))
			check_warn(c, "device %u does not take all the features that it offers", i);
		for (uint32_t q = 0; q < queues; q++)
			reg(c, base, 0x50, q);
		still_well(c, base, i);
		for (uint32_t q = 0; q < queues; q++) {
			check_phase(c, "device %u: reset and start of queue %u", i, q);
			reg(c, base, 0x30, q);
			reg(c, base, 0xc0, 1);
			CHECK(c, !get(c, base, 0x44), "device %u: queue %u is ready after its reset", i, q);
			enable(c, base, q);
			reg(c, base, 0x50, q);
		}
		still_well(c, base, i);
		check_phase(c, "device %u: pause and resume", i);
		vr_virtio_pause(t);
		vr_virtio_resume(t);
		still_well(c, base, i);
		check_phase(c, "device %u: reset by the driver", i);
		reg(c, base, 0x70, 0);
		CHECK(c, !get(c, base, 0x70) && !get(c, base, 0x60), "device %u has a status after its reset",
		      i);
	}
	check_unused(c);
}

/* A buffer with some bytes to read and some to write, which a device that wants others may break at. */
static void offer(struct vr_check *c, uint32_t queue)
{
	uint64_t at = RINGS + queue * 0x1000;
	const struct {
		uint64_t address;
		uint32_t length;
		uint16_t flags, next;
	} chain[2] = {{at + 0xa00, 16, 1, 1}, {at + 0xb00, 64, 2, 0}};
	const uint16_t available[3] = {0, 1, 0};

	memcpy(vr_fake_host_pointer(c->d, at, sizeof(chain)), chain, sizeof(chain));
	memcpy(vr_fake_host_pointer(c->d, at + 0x400, sizeof(available)), available, sizeof(available));
}

static void notify(struct vr_check *c, uint64_t base, uint32_t queue)
{
	reg(c, base, 0x50, queue);
}

/* A device whose transport's state was taken and put back goes on. */
void check_virtio_state(struct vr_check *c)
{
	maker(c);
	check_used(c);
	for (uint32_t i = 0; i < c->use.virtio_count; i++) {
		struct vr_virtio_transport *t = vr_virtio_mmio_transport(c->use.virtio[i]);
		uint64_t base = CHECK_DEVICE_BASE(c->use.count + i);
		uint32_t queues = t->info.queue_count < QUEUES ? t->info.queue_count : QUEUES;
		struct vr_state_virtio device;
		struct vr_state_virtio_queue queue[QUEUES];

		check_phase(c, "device %u: state of its queues", i);
		drive(c, base, queues);
		for (uint32_t q = 0; q < queues; q++)
			offer(c, q), notify(c, base, q);
		vr_virtio_pause(t);
		vr_virtio_get_state(t, VIRTIO_CONFIG_QUEUE, &device, sizeof(device));
		for (uint32_t q = 0; q < queues; q++) {
			vr_virtio_get_state(t, q, &queue[q], sizeof(queue[q]));
			CHECK(c, queue[q].avail == queue[q].used || (device.status & VIRTIO_S_NEEDS_RESET),
			      "device %u keeps a buffer of queue %u after pause()", i, q);
		}
		vr_virtio_resume(t);
		if (device.status & VIRTIO_S_NEEDS_RESET)
			continue;
		vr_virtio_pause(t);
		CHECK(c, vr_virtio_set_state(t, VIRTIO_CONFIG_QUEUE, &device, sizeof(device)) >= 0,
		      "device %u can't be put into the state that it was in: %s", i, c->d->error_text);
		for (uint32_t q = 0; q < queues; q++)
			CHECK(c, vr_virtio_set_state(t, q, &queue[q], sizeof(queue[q])) >= 0,
			      "queue %u of device %u can't be put into the state that it was in: %s", q, i,
			      c->d->error_text);
		vr_virtio_resume(t);
		still_well(c, base, i);
	}
	check_unused(c);
}

/* Buffers that devices of all sorts take, and some that they break at; meanwhile only the device writes. */
void check_virtio_written(struct vr_check *c)
{
	maker(c);
	check_used(c);
	for (uint32_t i = 0; i < c->use.virtio_count; i++) {
		struct vr_virtio_transport *t = vr_virtio_mmio_transport(c->use.virtio[i]);
		uint64_t base = CHECK_DEVICE_BASE(c->use.count + i), untold;
		uint32_t queues = t->info.queue_count < QUEUES ? t->info.queue_count : QUEUES;

		check_phase(c, "device %u: what it writes to buffers", i);
		drive(c, base, queues);
		for (uint32_t q = 0; q < queues; q++)
			offer(c, q);
		vr_fake_host_watch(c->d);
		for (uint32_t q = 0; q < queues; q++)
			notify(c, base, q);
		for (uint32_t n = 0; n < 20; n++)
			usleep(1000); /* for its threads; what they do later is not seen */
		reg(c, base, 0x70, 0);
		untold = vr_fake_host_watched(c->d);
		CHECK(c, !untold, "device %u: %s", i, vr_fake_host_finding(c->d, c->d->finding_count - 1));
	}
	check_unused(c);
}
