/* SPDX-License-Identifier: MIT */
/* transport.c: what a transport does for a device, with devices that no driver of ours has. */
#include <criterion/criterion.h>
#include <string.h>

#include "driver.h"

#define TYPE "com.example-device"
#define QUEUES 3u
#define SIZE 1024u
#define FEATURE 5u
#define HIGH 3u /* bit 64 + 3 */

/* A device that does nothing by itself. */
static struct made {
	struct vr_virtio_info info;
	uint32_t sizes[QUEUES];
	int32_t accept;
	/* What the transport gave and said. */
	const struct vr_virtio_host *io;
	struct vr_virtio_transport *transport;
	uint32_t running; /* a bit a queue */
	uint32_t starts, stops, resets, notified, destroyed, pauses;
	uint64_t low, high;
	uint8_t config[16];
	uint32_t generation;
	uint64_t shared_gpa;
	void *shared;
	/* Popped, and kept. */
	struct virtio_buffer kept;
	uint32_t keep;
	uint32_t push_late; /* queue_stop() pushes what it has */
} made;

static int32_t VR_CALL create(struct vr_plugin_self *self, const struct vr_virtio_config *c,
			      struct vr_virtio_info *info, struct vr_virtio_device **device)
{
	(void)self;
	cr_assert_str_eq(c->type, TYPE);
	*info = made.info;
	made.io = c->host;
	made.transport = c->transport;
	*device = (struct vr_virtio_device *)&made;
	return VR_OK;
}

static void VR_CALL destroy(struct vr_virtio_device *d)
{
	(void)d;
	made.destroyed++;
}

static uint32_t VR_CALL queue_size(struct vr_virtio_device *d, uint32_t queue)
{
	(void)d;
	return made.sizes[queue];
}

static int32_t VR_CALL queue_start(struct vr_virtio_device *d, uint32_t queue)
{
	(void)d;
	made.running |= 1u << queue;
	made.starts++;
	return VR_OK;
}

static void VR_CALL queue_stop(struct vr_virtio_device *d, uint32_t queue)
{
	(void)d;
	made.running &= ~(1u << queue);
	made.stops++;
	if (made.push_late) {
		made.io->push(made.transport, queue, &made.kept.b, 1);
		made.io->signal(made.transport, queue);
	}
}

static void VR_CALL notify(struct vr_virtio_device *d, uint32_t queue)
{
	(void)d;
	made.notified |= 1u << queue;
	if (made.keep && made.io->pop(made.transport, queue, &made.kept.b) == 1)
		made.keep--;
}

static int32_t VR_CALL features(struct vr_virtio_device *d, uint64_t low, uint64_t high)
{
	(void)d;
	made.low = low;
	made.high = high;
	return made.accept;
}

static void VR_CALL reset(struct vr_virtio_device *d)
{
	(void)d;
	cr_assert_eq(made.running, 0, "all queues have stopped before");
	made.resets++;
}

static void VR_CALL config_read(struct vr_virtio_device *d, uint32_t offset, void *to, uint32_t length)
{
	(void)d;
	memcpy(to, made.config + offset, length);
}

static void VR_CALL config_write(struct vr_virtio_device *d, uint32_t offset, const void *from,
				 uint32_t length)
{
	(void)d;
	memcpy(made.config + offset, from, length);
}

static uint32_t VR_CALL config_generation(struct vr_virtio_device *d)
{
	(void)d;
	return made.generation;
}

static int32_t VR_CALL shared(struct vr_virtio_device *d, uint32_t i, struct vr_virtio_shared *out)
{
	(void)d, (void)i;
	out->id = 7;
	out->length = 0x20000;
	return VR_OK;
}

static void VR_CALL shared_at(struct vr_virtio_device *d, uint32_t i, const struct vr_mapping *m)
{
	(void)d, (void)i;
	made.shared_gpa = m->gpa;
	made.shared = m->bytes;
}

static void VR_CALL pause(struct vr_virtio_device *d)
{
	(void)d;
	made.pauses++;
	if (made.kept.b.life) {
		made.io->unpop(made.transport, 0, &made.kept.b);
		made.kept.b.life = 0;
	}
}

static const struct vr_virtio_maker own = {
	.size = sizeof(own),
	.types = TYPE,
	.create = create,
	.destroy = destroy,
	.queue_size = queue_size,
	.queue_start = queue_start,
	.queue_stop = queue_stop,
	.notify = notify,
	.features = features,
	.reset = reset,
	.config_read = config_read,
	.config_write = config_write,
	.config_generation = config_generation,
	.shared = shared,
	.shared_at = shared_at,
	.pause = pause,
};

static struct drv v;

static void prepare(void)
{
	memset(&made, 0, sizeof(made));
	made.info = (struct vr_virtio_info){
		.size = sizeof(made.info),
		.device_id = 42,
		.features = {1ull << FEATURE, 1ull << HIGH},
		.queue_count = QUEUES,
		.config_length = sizeof(made.config),
	};
	made.sizes[0] = SIZE;
	made.sizes[1] = 16;
	made.sizes[2] = 8;
	virtio_buffer_init(&made.kept);
}

static void start(void)
{
	prepare();
	cr_assert_eq(drv_make(&v, fake_new(FAKE_RAM_BASE, DRV_RAM, 1), &own, TYPE, NULL), VR_OK);
}

static void stop(void)
{
	drv_free(&v);
	cr_expect_eq(made.destroyed, 1);
	cr_expect_eq(made.starts, made.stops);
}

TestSuite(transport, .init = start, .fini = stop);

static void offer(uint32_t queue, uint32_t flags)
{
	drv_desc(&v, DRV_QUEUE(queue), 0, DRV_DATA, 16, flags, 0);
	drv_offer(&v, queue, 0);
	drv_kick(&v, queue);
}

Test(transport, queues_of_its_own_sizes)
{
	for (uint32_t q = 0; q < QUEUES; q++) {
		drv_w(&v, 0x30, q);
		cr_expect_eq(drv_r(&v, 0x34), made.sizes[q]);
	}
	drv_w(&v, 0x30, QUEUES);
	cr_expect_eq(drv_r(&v, 0x34), 0);
	cr_assert(drv_negotiate(&v, VIRTIO_F_VERSION_1));
	drv_queue(&v, 2, 8);
	drv_queue(&v, 0, SIZE / 8); /* as much as there is room for beside the others */
	cr_expect_eq(made.running, 0, "not before DRIVER_OK");
	drv_go(&v);
	cr_expect_eq(made.running, 5);
	cr_expect_eq(made.notified, 5);
	drv_queue(&v, 1, 32); /* too large */
	cr_expect(drv_status(&v) & VIRTIO_S_NEEDS_RESET);
}

Test(transport, a_queue_of_1024)
{
	struct vr_virtio_segment *segments = calloc(SIZE, sizeof(*segments));
	struct vr_virtio_buffer b = {.size = sizeof(b),
				     .segment_stride = sizeof(*segments),
				     .segment = segments,
				     .segment_max = SIZE};
	const uint64_t desc = DRV_DATA + 0x10000, avail = desc + 0x8000, used = avail + 0x4000;

	cr_assert(drv_negotiate(&v, VIRTIO_F_VERSION_1));
	drv_queue(&v, 0, 8);
	drv_w(&v, 0x44, 0);
	v.number = SIZE;
	drv_w(&v, 0x38, SIZE);
	drv_w(&v, 0x80, (uint32_t)desc);
	drv_w(&v, 0x90, (uint32_t)avail);
	drv_w(&v, 0xa0, (uint32_t)used);
	drv_w(&v, 0x44, 1);
	drv_go(&v);
	for (uint32_t i = 0; i < SIZE; i++)
		drv_desc(&v, desc, i, DRV_DATA + i, 1, i + 1 < SIZE ? DRV_NEXT : 0, i + 1);
	*(uint16_t *)fake_ram(v.d, avail + 2) = 1;
	cr_assert_eq(made.io->pop(v.t, 0, &b), 1);
	cr_expect_eq(b.out, SIZE);
	made.io->push(v.t, 0, &b, 0);
	cr_expect_eq(*(uint16_t *)fake_ram(v.d, used + 2), 1);
	/* A device that has room for fewer. */
	*(uint16_t *)fake_ram(v.d, avail + 2) = 2;
	b.segment_max = SIZE - 1;
	cr_expect_eq(made.io->pop(v.t, 0, &b), VR_E_STATE);
	cr_expect(drv_status(&v) & VIRTIO_S_NEEDS_RESET);
	free(segments);
}

/* A newer device's elements are longer. */
Test(transport, strides)
{
	struct {
		struct vr_virtio_segment s;
		uint64_t more;
	} wide[4] = {{.more = 1}, {.more = 2}, {.more = 3}, {.more = 4}};
	struct vr_virtio_buffer b = {.size = sizeof(b),
				     .segment_stride = sizeof(wide[0]),
				     .segment = &wide[0].s,
				     .segment_max = 4};
	char text[8] = "";

	drv_start(&v, 0, 1);
	memcpy(fake_ram(v.d, DRV_DATA), "abcdef", 6);
	drv_desc(&v, DRV_QUEUE(0), 0, DRV_DATA, 2, DRV_NEXT, 1);
	drv_desc(&v, DRV_QUEUE(0), 1, DRV_DATA + 2, 4, DRV_NEXT, 2);
	drv_desc(&v, DRV_QUEUE(0), 2, DRV_DATA + 64, 4, DRV_WRITE, 0);
	drv_offer(&v, 0, 0);
	cr_assert_eq(made.io->pop(v.t, 0, &b), 1);
	cr_expect_eq(wide[1].s.gpa, DRV_DATA + 2);
	cr_expect_eq(wide[1].more, 2);
	cr_expect_eq(made.io->read(v.t, &b, 0, text, 7), 6);
	cr_expect_str_eq(text, "abcdef");
	cr_expect_eq(made.io->write(v.t, &b, 1, "xyz!", 4), 3);
	cr_expect_arr_eq((char *)fake_ram(v.d, DRV_DATA + 64), "\0xyz", 4);
	made.io->push(v.t, 0, &b, 4);
	cr_expect_eq(v.d->written >= 4, 1);
	b.segment_stride = 8;
	cr_expect_eq(made.io->pop(v.t, 0, &b), VR_E_INVAL);
}

Test(transport, features_are_told)
{
	cr_expect_eq(drv_r(&v, 0x10) & 0xffffff, 1u << FEATURE);
	drv_w(&v, 0x14, 2);
	cr_expect_eq(drv_r(&v, 0x10), 1u << HIGH);
	drv_w(&v, 0x24, 2);
	drv_w(&v, 0x20, 1u << HIGH);
	cr_assert(drv_negotiate(&v, VIRTIO_F_VERSION_1 | 1ull << FEATURE));
	cr_expect_eq(made.low, VIRTIO_F_VERSION_1 | 1ull << FEATURE);
	cr_expect_eq(made.high, 0, "a reset forgets them");
	drv_w(&v, 0x70, 0);
	drv_w(&v, 0x70, 3);
	drv_w(&v, 0x24, 1);
	drv_w(&v, 0x20, 1);
	drv_w(&v, 0x24, 2);
	drv_w(&v, 0x20, 1u << HIGH);
	drv_w(&v, 0x70, 11);
	cr_expect_eq(drv_status(&v), 11);
	cr_expect_eq(made.high, 1ull << HIGH);
	/* One that the device can't work with. */
	made.accept = VR_E_UNSUPPORTED;
	cr_expect_not(drv_negotiate(&v, VIRTIO_F_VERSION_1));
	made.accept = VR_OK;
	cr_expect(drv_negotiate(&v, VIRTIO_F_VERSION_1));
}

Test(transport, configuration_space)
{
	uint32_t generation;

	for (uint32_t i = 0; i < 16; i++)
		made.config[i] = (uint8_t)i;
	cr_expect_eq(drv_r(&v, 0x104), 0x07060504);
	cr_expect_eq(fake_read(v.d, VR_SPACE_MMIO, 0, DRV_BASE + 0x10f, 1), 15);
	cr_expect_eq(fake_read(v.d, VR_SPACE_MMIO, 0, DRV_BASE + 0x10f, 2), 0, "past its end");
	cr_expect_eq(fake_read(v.d, VR_SPACE_MMIO, 0, DRV_BASE + 0x110, 4), 0);
	fake_write(v.d, VR_SPACE_MMIO, 0, DRV_BASE + 0x102, 2, 0xabcd);
	cr_expect_eq(made.config[2], 0xcd);
	cr_expect_eq(made.config[3], 0xab);
	fake_write(v.d, VR_SPACE_MMIO, 0, DRV_BASE + 0x10e, 4, 0);
	cr_expect_eq(made.config[15], 15);
	/* A change before there is a driver, and one that it is told of. */
	made.io->config_changed(v.t);
	cr_expect_eq(v.d->line[DRV_LINE], 0);
	drv_start(&v, 0, 1);
	generation = drv_r(&v, 0xfc);
	made.generation++;
	made.io->config_changed(v.t);
	cr_expect_neq(drv_r(&v, 0xfc), generation);
	cr_expect_eq(drv_r(&v, 0x60), 2);
	cr_expect_eq(v.d->line[DRV_LINE], 1);
	drv_w(&v, 0x64, 2);
	cr_expect_eq(v.d->line[DRV_LINE], 0);
}

Test(transport, queue_reset)
{
	drv_start(&v, 0, 2);
	drv_w(&v, 0x30, 0);
	drv_w(&v, 0xc0, 1);
	cr_expect_eq(drv_r(&v, 0x44), 1, "not negotiated");
	drv_start(&v, VIRTIO_F_RING_RESET, 2);
	made.keep = 1;
	offer(0, DRV_WRITE);
	cr_expect_eq(made.keep, 0);
	made.push_late = 1;
	drv_w(&v, 0x30, 0);
	drv_w(&v, 0xc0, 1);
	cr_expect_eq(drv_r(&v, 0xc0), 0);
	cr_expect_eq(drv_r(&v, 0x44), 0);
	cr_expect_eq(made.running, 2);
	made.push_late = 0;
	cr_expect_eq(drv_used(&v, 0), 0, "what comes late is dropped");
	cr_expect_eq(v.d->line[DRV_LINE], 0);
	/* Elsewhere, of another size. */
	drv_queue(&v, 0, 16);
	cr_expect_eq(made.running, 3);
	made.io->push(v.t, 0, &made.kept.b, 1);
	cr_expect_eq(drv_used(&v, 0), 0, "also when the queue runs again");
	made.keep = 1;
	offer(0, DRV_WRITE);
	made.io->push(v.t, 0, &made.kept.b, 1);
	made.io->signal(v.t, 0);
	cr_expect_eq(drv_used(&v, 0), 1);
	cr_expect_eq(v.d->line[DRV_LINE], 1);
}

Test(transport, given_back)
{
	struct virtio_buffer b;

	virtio_buffer_init(&b);
	drv_start(&v, 0, 1);
	offer(0, DRV_WRITE);
	cr_assert_eq(made.io->pop(v.t, 0, &b.b), 1);
	cr_expect_eq(made.io->pop(v.t, 0, &b.b), 0);
	made.io->unpop(v.t, 0, &b.b);
	cr_expect_eq(made.io->pop(v.t, 0, &b.b), 1);
	cr_expect_eq(made.io->pop(v.t, QUEUES, &b.b), VR_E_INVAL);
	cr_expect_eq(made.io->pop(v.t, 1, &b.b), 0, "does not run");
	made.io->push(v.t, 9, &b.b, 1);
	made.io->signal(v.t, 9);
}

Test(transport, says_that_it_is_broken)
{
	struct virtio_buffer b;

	virtio_buffer_init(&b);
	drv_start(&v, 0, 1);
	made.io->broken(v.t);
	cr_expect(drv_status(&v) & VIRTIO_S_NEEDS_RESET);
	cr_expect_eq(drv_r(&v, 0x60), 2);
	made.notified = 0;
	offer(0, DRV_WRITE);
	cr_expect_eq(made.notified, 0);
	cr_expect_eq(made.io->pop(v.t, 0, &b.b), VR_E_STATE);
	drv_start(&v, 0, 1);
	cr_expect_eq(drv_r(&v, 0x60), 0);
}

/* ---- state ---- */

static int32_t set(uint32_t queue, const void *state, uint32_t length)
{
	vr_fake_host_error_clear(v.d);
	return vr_virtio_set_state(v.t, queue, state, length);
}

Test(transport, state)
{
	struct vr_state_virtio device;
	struct vr_state_virtio_queue q0, bad;

	drv_start(&v, 1ull << FEATURE, 1);
	made.keep = 1;
	offer(0, DRV_WRITE);
	cr_assert_eq(made.keep, 0);
	drv_w(&v, 0x30, 2);
	vr_virtio_pause(v.t);
	cr_expect_eq(made.pauses, 1);
	cr_assert_eq(vr_virtio_get_state(v.t, VIRTIO_CONFIG_QUEUE, &device, sizeof(device)), VR_OK);
	cr_assert_eq(vr_virtio_get_state(v.t, 0, &q0, sizeof(q0)), VR_OK);
	cr_expect_eq(vr_virtio_get_state(v.t, QUEUES, &q0, sizeof(q0)), VR_E_RANGE);
	cr_expect_eq(vr_virtio_get_state(v.t, 0, &q0, sizeof(q0) - 4), VR_E_INVAL);
	vr_fake_host_error_clear(v.d);
	vr_virtio_resume(v.t);
	cr_expect_eq(device.device_id, 42);
	cr_expect_eq(device.status, 15);
	cr_expect_eq(device.queue_sel, 2);
	cr_expect_eq(device.driver_features[0], VIRTIO_F_VERSION_1 | 1ull << FEATURE);
	cr_expect_eq(q0.enabled, 1);
	cr_expect_eq(q0.number, 8);
	cr_expect_eq(q0.desc, DRV_QUEUE(0));
	cr_expect_eq(q0.avail, 0, "what was kept was given back");
	/* The guest goes on from there: the buffer that is in the ring is found. */
	drv_w(&v, 0x70, 0);
	made.low = made.notified = 0;
	cr_assert_eq(set(VIRTIO_CONFIG_QUEUE, &device, sizeof(device)), VR_OK);
	cr_assert_eq(set(0, &q0, sizeof(q0)), VR_OK, "%s", v.d->error_text);
	cr_expect_eq(made.low, VIRTIO_F_VERSION_1 | 1ull << FEATURE);
	cr_expect_eq(made.running, 1);
	made.keep = 1;
	vr_virtio_resume(v.t);
	cr_expect_eq(made.keep, 0);
	cr_expect_eq(drv_status(&v), 15);
	made.io->push(v.t, 0, &made.kept.b, 16);
	made.io->signal(v.t, 0);
	cr_expect_eq(drv_used(&v, 0), 1);
	cr_expect_eq(v.d->line[DRV_LINE], 1);

	/* States that can't be. */
	device.device_id = 43;
	cr_expect_eq(set(VIRTIO_CONFIG_QUEUE, &device, sizeof(device)), VR_E_INVAL);
	cr_expect(strstr(v.d->error_text, "device_id"));
	device.device_id = 42;
	device.driver_features[0] |= 1;
	cr_expect_eq(set(VIRTIO_CONFIG_QUEUE, &device, sizeof(device)), VR_E_INVAL);
	cr_expect_eq(set(VIRTIO_CONFIG_QUEUE, &device, 4), VR_E_INVAL);
	cr_expect_eq(set(0, &q0, 2), VR_E_INVAL);
	bad = q0;
	bad.used = 1;
	cr_expect_eq(set(0, &bad, sizeof(bad)), VR_E_INVAL);
	bad = q0;
	bad.desc = 0x1000;
	cr_expect_eq(set(0, &bad, sizeof(bad)), VR_E_INVAL);
	bad = q0;
	bad.number = 2048;
	cr_expect_eq(set(0, &bad, sizeof(bad)), VR_E_INVAL);
	bad = q0;
	bad.vector = 0x10000;
	cr_expect_eq(set(0, &bad, sizeof(bad)), VR_E_INVAL);
	cr_expect_eq(set(QUEUES, &q0, sizeof(q0)), VR_E_RANGE);
	vr_fake_host_error_clear(v.d);
}

/* ---- what makers get wrong, and shared memory ---- */

static int32_t make(struct vr_virtio_shared_room *room)
{
	struct vr_fake_host *d = v.d;

	made.destroyed = 0;
	vr_fake_host_error_clear(d);
	return drv_make(&v, d, &own, TYPE, room);
}

static void refused(const char *text)
{
	struct vr_virtio_shared_room room = {.base = 0x100000000, .size = 0x10000};

	cr_expect_lt(make(&room), 0);
	cr_expect(strstr(v.d->error_text, text), "%s", v.d->error_text);
	cr_expect_eq(made.destroyed, 1, "what was made is taken apart");
	prepare();
}

Test(transport_maker, refused)
{
	prepare();
	v.d = fake_new(FAKE_RAM_BASE, DRV_RAM, 1);
	made.info.device_id = 0;
	refused("device id");
	made.info.features[0] = 1ull << 28;
	refused("bits 24 to 49");
	made.info.queue_count = 0;
	refused("no queue");
	made.info.queue_count = 1025;
	refused("more than 1024");
	made.info.config_length = 0x101;
	refused("larger configuration space");
	made.sizes[1] = 24;
	refused("no power of two");
	made.sizes[2] = 2048;
	refused("no power of two");
	made.info.shared_count = 1;
	refused("no room");
	vr_fake_host_error_clear(v.d);
	cr_expect_eq(v.d->bus_count, 0);
	fake_free(v.d);
}

Test(transport_maker, shared_memory)
{
	struct vr_virtio_shared_room room = {.base = 0x100000000, .size = 0x30000};

	prepare();
	v.d = fake_new(FAKE_RAM_BASE, DRV_RAM, 1);
	made.info.shared_count = 1;
	cr_assert_eq(make(&room), VR_OK, "%s", v.d->error_text);
	cr_expect_eq(room.used, 0x20000);
	cr_expect_eq(made.shared_gpa, 0x100000000);
	cr_expect_eq(made.shared, vr_fake_host_view(v.d, 0x100000000, 0x20000));
	drv_w(&v, 0xac, 7);
	cr_expect_eq(drv_r(&v, 0xb0), 0x20000);
	cr_expect_eq(drv_r(&v, 0xb4), 0);
	cr_expect_eq(drv_r(&v, 0xb8), 0);
	cr_expect_eq(drv_r(&v, 0xbc), 1);
	drv_w(&v, 0xac, 6);
	for (uint32_t r = 0xb0; r <= 0xbc; r += 4)
		cr_expect_eq(drv_r(&v, r), 0xffffffff);
	drv_free(&v);
}
