/* SPDX-License-Identifier: MIT */
/* driver.c: see driver.h. */
#include <string.h>

#include "driver.h"

#define RINGS 0x40010000ull /* in the fake host's RAM */
#define ENTRIES 4u
/* Of one queue's page: */
#define AVAILABLE 0x400u
#define USED 0x800u
#define OUT 0xa00u
#define IN 0xb00u

void driver_write(struct vr_check *c, uint64_t base, uint32_t offset, uint64_t value)
{
	value &= UINT32_MAX;
	vr_fake_host_access(c->d, VR_SPACE_MMIO, 0, base + offset, 4, 1, &value);
}

uint32_t driver_read(struct vr_check *c, uint64_t base, uint32_t offset)
{
	uint64_t value = 0;

	vr_fake_host_access(c->d, VR_SPACE_MMIO, 0, base + offset, 4, 0, &value);
	return (uint32_t)value;
}

bool driver_finds(struct vr_check *c, uint64_t base)
{
	return driver_read(c, base, 0) == 0x74726976 && driver_read(c, base, 4) == 2;
}

static uint64_t queue_at(uint32_t queue)
{
	return RINGS + queue * 0x1000ull;
}

void driver_enable(struct vr_check *c, uint64_t base, uint32_t queue)
{
	static const struct {
		uint32_t offset, part;
	} parts[] = {{DRIVER_QUEUE_DESC, 0}, {DRIVER_QUEUE_DRIVER, AVAILABLE}, {DRIVER_QUEUE_DEVICE, USED}};
	uint64_t at = queue_at(queue);

	memset(vr_fake_host_pointer(c->d, at, 0x1000), 0, 0x1000);
	driver_write(c, base, DRIVER_QUEUE_SEL, queue);
	driver_write(c, base, DRIVER_QUEUE_NUM, ENTRIES);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		driver_write(c, base, parts[i].offset, at + parts[i].part);
		driver_write(c, base, parts[i].offset + 4, at >> 32);
	}
	driver_write(c, base, DRIVER_QUEUE_READY, 1);
}

bool driver_negotiate(struct vr_check *c, uint64_t base, uint64_t mask)
{
	driver_write(c, base, DRIVER_STATUS, 0);
	driver_write(c, base, DRIVER_STATUS, VIRTIO_S_ACKNOWLEDGE | VIRTIO_S_DRIVER);
	mask |= VIRTIO_F_VERSION_1;
	for (uint32_t i = 0; i < 4; i++) {
		driver_write(c, base, DRIVER_FEATURES_SEL, i);
		driver_write(c, base, DRIVER_TAKES_SEL, i);
		driver_write(c, base, DRIVER_TAKES,
			     driver_read(c, base, DRIVER_FEATURES) & (i < 2 ? mask >> 32 * i : ~0ull));
	}
	driver_write(c, base, DRIVER_STATUS, VIRTIO_S_ACKNOWLEDGE | VIRTIO_S_DRIVER | VIRTIO_S_FEATURES_OK);
	return driver_read(c, base, DRIVER_STATUS) & VIRTIO_S_FEATURES_OK;
}

bool driver_start(struct vr_check *c, uint64_t base, uint32_t queues)
{
	if (!driver_negotiate(c, base, ~0ull))
		return false;
	for (uint32_t q = 0; q < queues; q++)
		driver_enable(c, base, q);
	driver_write(c, base, DRIVER_STATUS,
		     VIRTIO_S_ACKNOWLEDGE | VIRTIO_S_DRIVER | VIRTIO_S_FEATURES_OK | VIRTIO_S_DRIVER_OK);
	return true;
}

void driver_put(struct vr_check *c, uint32_t queue, const struct driver_descriptor *chain, uint32_t count)
{
	uint64_t at = queue_at(queue);
	const uint16_t available[3] = {0, 1, 0}; /* 2.7.6: flags, idx, ring[0] */

	memcpy(vr_fake_host_pointer(c->d, at, count * sizeof(*chain)), chain, count * sizeof(*chain));
	memcpy(vr_fake_host_pointer(c->d, at + AVAILABLE, sizeof(available)), available, sizeof(available));
}

void driver_offer(struct vr_check *c, uint32_t queue)
{
	uint64_t at = queue_at(queue);
	const struct driver_descriptor chain[2] = {{at + OUT, 16, DRIVER_NEXT, 1},
						   {at + IN, 64, DRIVER_WRITE, 0}};

	driver_put(c, queue, chain, 2);
}

void driver_notify(struct vr_check *c, uint64_t base, uint32_t queue)
{
	driver_write(c, base, DRIVER_QUEUE_NOTIFY, queue);
}

uint32_t driver_used(struct vr_check *c, uint32_t queue)
{
	const void *idx = vr_fake_host_pointer(c->d, queue_at(queue) + USED + 2, 2);

	return __atomic_load_n((const uint16_t *)idx, __ATOMIC_ACQUIRE);
}
