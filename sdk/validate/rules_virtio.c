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
#include "driver.h"

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

static void still_well(struct vr_check *c, uint64_t base, uint32_t device)
{
	CHECK(c, !(driver_read(c, base, DRIVER_STATUS) & VIRTIO_S_NEEDS_RESET),
	      "device %u breaks with empty rings", device);
}

void check_virtio_life(struct vr_check *c)
{
	maker(c);
	check_used(c);
	for (uint32_t i = 0; i < c->use.virtio_count; i++) {
		struct vr_virtio_transport *t = vr_virtio_mmio_transport(c->use.virtio[i]);
		uint64_t base = CHECK_DEVICE_BASE(c->use.count + i);
		uint32_t queues = t->info.queue_count < DRIVER_QUEUES ? t->info.queue_count : DRIVER_QUEUES;

		check_phase(c, "device %u: all features, all queues, DRIVER_OK", i);
		if (!driver_start(c, base, queues))
			check_warn(c, "device %u does not take all the features that it offers", i);
		for (uint32_t q = 0; q < queues; q++)
			driver_notify(c, base, q);
		still_well(c, base, i);
		for (uint32_t q = 0; q < queues; q++) {
			check_phase(c, "device %u: reset and start of queue %u", i, q);
			driver_write(c, base, DRIVER_QUEUE_SEL, q);
			driver_write(c, base, DRIVER_QUEUE_RESET, 1);
			CHECK(c, !driver_read(c, base, DRIVER_QUEUE_READY),
			      "device %u: queue %u is ready after its reset", i, q);
			driver_enable(c, base, q);
			driver_notify(c, base, q);
		}
		still_well(c, base, i);
		check_phase(c, "device %u: pause and resume", i);
		vr_virtio_pause(t);
		vr_virtio_resume(t);
		still_well(c, base, i);
		check_phase(c, "device %u: reset by the driver", i);
		driver_write(c, base, DRIVER_STATUS, 0);
		CHECK(c, !driver_read(c, base, DRIVER_STATUS) && !driver_read(c, base, DRIVER_INTERRUPTS),
		      "device %u has a status after its reset", i);
	}
	check_unused(c);
}

/* A device whose transport's state was taken and put back goes on. */
void check_virtio_state(struct vr_check *c)
{
	maker(c);
	check_used(c);
	for (uint32_t i = 0; i < c->use.virtio_count; i++) {
		struct vr_virtio_transport *t = vr_virtio_mmio_transport(c->use.virtio[i]);
		uint64_t base = CHECK_DEVICE_BASE(c->use.count + i);
		uint32_t queues = t->info.queue_count < DRIVER_QUEUES ? t->info.queue_count : DRIVER_QUEUES;
		struct vr_state_virtio device;
		struct vr_state_virtio_queue queue[DRIVER_QUEUES];

		check_phase(c, "device %u: state of its queues", i);
		driver_start(c, base, queues);
		for (uint32_t q = 0; q < queues; q++)
			driver_offer(c, q), driver_notify(c, base, q);
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
		uint32_t queues = t->info.queue_count < DRIVER_QUEUES ? t->info.queue_count : DRIVER_QUEUES;

		check_phase(c, "device %u: what it writes to buffers", i);
		driver_start(c, base, queues);
		for (uint32_t q = 0; q < queues; q++)
			driver_offer(c, q);
		vr_fake_host_watch(c->d);
		for (uint32_t q = 0; q < queues; q++)
			driver_notify(c, base, q);
		for (uint32_t n = 0; n < 20; n++)
			usleep(1000); /* for its threads; what they do later is not seen */
		driver_write(c, base, DRIVER_STATUS, 0);
		untold = vr_fake_host_watched(c->d);
		CHECK(c, !untold, "device %u: %s", i, vr_fake_host_finding(c->d, c->d->finding_count - 1));
	}
	check_unused(c);
}
