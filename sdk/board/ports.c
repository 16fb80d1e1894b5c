/* SPDX-License-Identifier: MIT */
#include "ports.h"

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	const struct vr_ports *p = opaque;
	uint64_t value = 0;

	(void)vcpu;
	pthread_mutex_lock(p->lock);
	for (uint32_t i = 0; i < width && offset + i < p->range->length; i++)
		value |= (uint64_t)(p->range->read(p->device, p->range->base + (uint32_t)offset + i) & 0xff)
			 << 8 * i;
	pthread_mutex_unlock(p->lock);
	return value;
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	const struct vr_ports *p = opaque;

	(void)vcpu;
	pthread_mutex_lock(p->lock);
	for (uint32_t i = 0; i < width && offset + i < p->range->length; i++)
		p->range->write(p->device, p->range->base + (uint32_t)offset + i, value >> 8 * i & 0xff);
	pthread_mutex_unlock(p->lock);
}

static const struct vr_bus_ops ops = {.size = sizeof(ops), .read = read_op, .write = write_op};

int32_t vr_ports_attach(const struct vr_tables *t, const struct vr_port_range *ranges, uint32_t count,
			void *device, pthread_mutex_t *lock, struct vr_ports *ports)
{
	int32_t rc = VR_OK;

	for (uint32_t i = 0; i < count && rc >= 0; i++) {
		ports[i] = (struct vr_ports){.range = &ranges[i], .device = device, .lock = lock};
		rc = t->mmio->attach(t->host, VR_SPACE_PORT, ranges[i].base, ranges[i].length, &ops,
				     &ports[i], ranges[i].name);
	}
	return rc;
}
