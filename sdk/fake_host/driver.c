/* SPDX-License-Identifier: MIT */
#include "driver.h"

#include <string.h>
#include <unistd.h>

/* What a queue has of the driver's RAM. */
#define QUEUE_RAM (VR_FAKE_DRIVER_RAM / VR_FAKE_DRIVER_QUEUES)
#define DESC 0x0u
#define AVAIL 0x100u
#define USED 0x200u
#define OUT 0x1000u
#define IN 0x2000u
#define ENTRIES 8u

static uint64_t at(const struct vr_fake_driver *v, uint32_t queue, uint32_t offset)
{
	return v->ram + (uint64_t)queue * QUEUE_RAM + offset;
}

static void put(struct vr_fake_driver *v, uint64_t gpa, const void *bytes, uint32_t n)
{
	void *to = n ? vr_fake_host_pointer(v->host, gpa, n) : NULL;

	if (to)
		memcpy(to, bytes, n);
}

static uint64_t reach(struct vr_fake_host *f, uint64_t address, uint32_t is_write, uint64_t value)
{
	vr_fake_host_access(f, VR_SPACE_MMIO, 0, address, 4, is_write, &value);
	return value;
}

uint32_t vr_fake_driver_read(struct vr_fake_driver *v, uint32_t offset)
{
	return (uint32_t)reach(v->host, v->base + offset, 0, 0);
}

void vr_fake_driver_write(struct vr_fake_driver *v, uint32_t offset, uint32_t value)
{
	reach(v->host, v->base + offset, 1, value);
}

uint64_t vr_fake_driver_find(struct vr_fake_host *f, uint64_t base, uint64_t stride, uint32_t count,
			     uint32_t device_id)
{
	for (uint32_t i = 0; i < count; i++)
		if (reach(f, base + i * stride, 0, 0) == 0x74726976 &&
		    reach(f, base + i * stride + 8, 0, 0) == device_id)
			return base + i * stride;
	return 0;
}

static void start_queue(struct vr_fake_driver *v, uint32_t queue)
{
	static const struct {
		uint32_t reg, offset;
	} part[] = {{0x80, DESC}, {0x90, AVAIL}, {0xa0, USED}};
	uint8_t *ram = vr_fake_host_pointer(v->host, at(v, queue, 0), QUEUE_RAM);

	if (ram)
		memset(ram, 0, QUEUE_RAM);
	v->made[queue] = 0;
	vr_fake_driver_write(v, 0x30, queue);
	vr_fake_driver_write(v, 0x38, ENTRIES);
	for (uint32_t i = 0; i < 3; i++) {
		uint64_t gpa = at(v, queue, part[i].offset);

		vr_fake_driver_write(v, part[i].reg, (uint32_t)gpa);
		vr_fake_driver_write(v, part[i].reg + 4, (uint32_t)(gpa >> 32));
	}
	vr_fake_driver_write(v, 0x44, 1);
}

int vr_fake_driver_start(struct vr_fake_driver *v, uint64_t features, uint32_t queues)
{
	v->features = features | 1ull << 32;
	vr_fake_driver_write(v, 0x70, 0);
	vr_fake_driver_write(v, 0x70, 1);
	vr_fake_driver_write(v, 0x70, 3);
	for (uint32_t i = 0; i < 2; i++) {
		vr_fake_driver_write(v, 0x24, i);
		vr_fake_driver_write(v, 0x20, (uint32_t)(v->features >> 32 * i));
	}
	vr_fake_driver_write(v, 0x70, 11);
	if (!(vr_fake_driver_read(v, 0x70) & 8))
		return -1;
	for (uint32_t q = 0; q < queues && q < VR_FAKE_DRIVER_QUEUES; q++)
		start_queue(v, q);
	vr_fake_driver_write(v, 0x70, 15);
	return 0;
}

int64_t vr_fake_driver_request(struct vr_fake_driver *v, uint32_t queue, const void *out, uint32_t out_length,
			       void *in, uint32_t in_length)
{
	struct {
		uint64_t address;
		uint32_t length;
		uint16_t flags, next;
	} desc[2] = {{at(v, queue, OUT), out_length, in_length ? 1 : 0, 1},
		     {at(v, queue, IN), in_length, 2, 0}};
	uint16_t head = 0, idx, *used;
	uint8_t *entry;
	uint32_t length;

	if (queue >= VR_FAKE_DRIVER_QUEUES || out_length > VR_FAKE_DRIVER_TEXT ||
	    in_length > VR_FAKE_DRIVER_TEXT)
		return -1;
	used = vr_fake_host_pointer(v->host, at(v, queue, USED + 2), 2);
	entry = vr_fake_host_pointer(v->host, at(v, queue, USED + 4 + 8 * (v->made[queue] % ENTRIES)), 8);
	if (!used || !entry)
		return -1;
	put(v, at(v, queue, OUT), out, out_length);
	put(v, at(v, queue, DESC), desc, sizeof(desc));
	put(v, at(v, queue, AVAIL + 4 + 2 * (v->made[queue] % ENTRIES)), &head, sizeof(head));
	idx = ++v->made[queue];
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	put(v, at(v, queue, AVAIL + 2), &idx, sizeof(idx));
	vr_fake_driver_write(v, 0x50, queue);
	for (uint32_t n = 0; __atomic_load_n(used, __ATOMIC_SEQ_CST) != idx; n++) {
		if (n == 50000)
			return -1;
		usleep(100);
	}
	memcpy(&length, entry + 4, sizeof(length));
	if (in_length)
		memcpy(in, vr_fake_host_pointer(v->host, at(v, queue, IN), in_length), in_length);
	return length;
}
