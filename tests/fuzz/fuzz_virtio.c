/* SPDX-License-Identifier: MIT */
/*
 * fuzz_virtio.c: a guest that does what it likes with a virtio device: its registers, rings, descriptors and
 * buffers. The first byte of the input chooses the device, the second how it begins: as reset leaves it, or
 * set up as a driver does it. The rest are steps of 8 bytes: a write to a register, a doorbell, a ring's field,
 * a descriptor, some bytes of memory. Small numbers are likely, since right rings need them.
 *
 * Nothing outside the guest's RAM may be touched (the sanitizer tells), a backend gets only ranges of its own
 * disk, and at the end the device has to let go of everything.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/virtio/driver.h"

#define STEP 8u
#define STEPS_MAX 200u
#define DISK 65536u
#define FEATURES (VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {"virtio-blk", "virtio-console", "virtio-rng", "virtio-ports"};
#define TYPES (sizeof(types) / sizeof(types[0]))
#define STREAMS 3u /* 8 queues */

/* Fields that a step is made of. */
struct step {
	uint8_t kind, index;
	uint16_t flags;
	uint32_t value;
};

/* Addresses that matter are near the rings and buffers, at RAM's edges, or anywhere. */
static uint64_t address_of(uint32_t value)
{
	uint64_t low = value & 0xffffff;

	switch (value >> 30) {
	case 0:
		return DRV_DATA + low % (DRV_RAM - (DRV_DATA - FAKE_RAM_BASE));
	case 1:
		return DRV_QUEUE(0) + low % 0x8000;
	case 2:
		return FAKE_RAM_BASE + DRV_RAM - low % 8192;
	default:
		return low << (value >> 24 & 0x3f);
	}
}

/* A length that fits is small. */
static uint32_t length_of(uint16_t flags)
{
	static const uint32_t odd[8] = {0, 1, 15, 16, 17, 512, 513, 0xffffffff};

	return flags & 0x8000 ? flags & 0x1fff : odd[flags >> 4 & 7];
}

/* struct virtio_blk_outhdr: type, reserved, sector. */
static void block_request(struct drv *v, const struct step *s)
{
	uint32_t request[4] = {s->index & 15, 0, s->value & 0xff, s->value >> 24 ? 0 : s->value};

	memcpy(fake_ram(v->d, DRV_DATA + 16 * (s->flags & 63)), request, sizeof(request));
}

static void take(struct drv *v, const struct step *s)
{
	uint32_t q = s->index & (v->t->info.queue_count > 2 ? 7 : 1);
	uint8_t *ram = fake_ram(v->d, FAKE_RAM_BASE);

	switch (s->kind & 15) {
	case 0:
		drv_w(v, 4u * s->index & 0x1fc, s->value);
		break;
	case 1:
		drv_r(v, 4u * s->index & 0x1fc);
		break;
	case 2:
	case 3:
		drv_kick(v, q);
		break;
	case 4:
	case 5:
		drv_offer(v, q, s->value & 15);
		drv_kick(v, q);
		break;
	case 6:
	case 7:
	case 8:
		drv_desc(v, s->flags & 8 ? DRV_DATA + 0x1000 : DRV_QUEUE(q), s->index >> 1 & 15,
			 address_of(s->value), length_of(s->flags), s->flags & 7, s->index >> 5);
		break;
	case 9:
		block_request(v, s);
		break;
	case 10:
		drv_set_avail_idx(v, q, (uint16_t)s->value);
		break;
	case 11:
		drv_set_used_event(v, q, (uint16_t)s->value);
		drv_set_avail_flags(v, q, s->flags & 1);
		break;
	case 12:
		memcpy(ram + (address_of(s->value & 0x7fffffff) - FAKE_RAM_BASE) / 4 * 4, &s->flags, 2);
		break;
	case 13:
		vr_fake_host_type(v->d, s->index & 1, "typed\n");
		vr_fake_host_stream(v->d, s->index % STREAMS, s->flags, "typed\n", s->value & 1);
		break;
	case 14:
		drv_queue(v, q, s->value & 1 || !s->flags ? 8 : s->flags);
		break;
	default:
		drv_start(v, s->value & 1 ? FEATURES : 0, v->t->info.queue_count);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct step s;
	struct drv v;
	struct vr_fake_host *d;

	if (size < 2 + STEP)
		return 0;
	d = fake_new(FAKE_RAM_BASE, DRV_RAM, 1);
	d->stream_count = STREAMS;
	vr_fake_host_disk(d, DISK, data[0] & 0x80 ? VR_BLOCK_READONLY : 0);
	drv_new(&v, d, types[data[0] % TYPES], 0);
	v.number = 8;
	if (data[1] & 1)
		drv_start(&v, data[1] & 2 ? FEATURES : 0, v.t->info.queue_count);
	for (size_t at = 2, n = 0; at + STEP <= size && n < STEPS_MAX; at += STEP, n++) {
		memcpy(&s, data + at, STEP);
		take(&v, &s);
	}
	drv_free(&v);
	return 0;
}
