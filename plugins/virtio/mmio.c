/* SPDX-License-Identifier: MIT */
/*
 * mmio.c: the MMIO transport (Virtio 1.2, 4.2 "Virtio Over MMIO", version 2 of its layout).
 *
 * QueueNotify (4.2.2) is a call without an answer, so where the accelerator can it is a doorbell
 * (vmrun.doorbell/1) and the vCPU does not stop for it. One serves all queues: its value, the queue's number,
 * is not known then, and all queues that run are looked at, as a device may do once it runs (3.1.2).
 *
 * A doorbell may come late. It takes the device's lock like a write over the bus, so it finds one of these:
 *  - the device as it was: it is what it was sent for;
 *  - the device reset, or the queue stopped: nothing runs, nothing is done. A reset does not wait for it,
 * since it holds the lock that the doorbell takes, and need not: what it waits for are requests (quiesce);
 *  - the device set up anew: a notification for nothing, which finds an empty ring.
 * Only the device's end has to wait: detach() comes first there, without the lock. The machine's reset finds
 * no doorbell under way at all, the core delivers them before (host.h).
 */
#include <stdlib.h>
#include <string.h>

#include "virtio.h"

/* 4.2.2 MMIO Device Register Layout */
#define R_MAGIC 0x000u
#define R_VERSION 0x004u
#define R_DEVICE_ID 0x008u
#define R_VENDOR_ID 0x00cu
#define R_DEVICE_FEATURES 0x010u
#define R_DEVICE_FEATURES_SEL 0x014u
#define R_DRIVER_FEATURES 0x020u
#define R_DRIVER_FEATURES_SEL 0x024u
#define R_QUEUE_SEL 0x030u
#define R_QUEUE_NUM_MAX 0x034u
#define R_QUEUE_NUM 0x038u
#define R_QUEUE_READY 0x044u
#define R_QUEUE_NOTIFY 0x050u
#define R_INTERRUPT_STATUS 0x060u
#define R_INTERRUPT_ACK 0x064u
#define R_STATUS 0x070u
#define R_QUEUE_DESC_LOW 0x080u
#define R_QUEUE_DESC_HIGH 0x084u
#define R_QUEUE_DRIVER_LOW 0x090u
#define R_QUEUE_DRIVER_HIGH 0x094u
#define R_QUEUE_DEVICE_LOW 0x0a0u
#define R_QUEUE_DEVICE_HIGH 0x0a4u
#define R_SHM_LEN_LOW 0x0b0u
#define R_SHM_BASE_HIGH 0x0bcu
#define R_CONFIG_GENERATION 0x0fcu
#define R_CONFIG 0x100u
#define R_END 0x200u

#define MAGIC 0x74726976u  /* "virt" */
#define VENDOR 0x4e524d56u /* "VMRN" */

#define INTERRUPT_USED 1u
#define INTERRUPT_CONFIG 2u

#define TRANSPORT_FEATURES (VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC)

/* ---- interrupts ---------------------------------------------------------------------------------------- */

/* Level-triggered: high as long as a bit of InterruptStatus is set. */
static void update_line(struct virtio *d)
{
	uint32_t level = d->interrupt_status != 0;

	if (level == d->line)
		return;
	d->line = level;
	d->irq_table->set(d->host, VR_IRQ_SHARED, d->irq, level);
}

void virtio_signal(struct virtio *d, struct queue *q)
{
	if (!queue_wants_interrupt(q))
		return;
	d->interrupt_status |= INTERRUPT_USED;
	update_line(d);
}

void virtio_broken(struct virtio *d)
{
	if (d->status & VIRTIO_S_NEEDS_RESET)
		return;
	/* 2.1.2: the driver is told by a configuration change, once it runs the device. */
	if (d->status & VIRTIO_S_DRIVER_OK) {
		d->interrupt_status |= INTERRUPT_CONFIG;
		update_line(d);
	}
	d->status |= VIRTIO_S_NEEDS_RESET;
}

/* ---- status ---------------------------------------------------------------------------------- */

static void reset(struct virtio *d)
{
	d->status = 0;
	d->epoch++;
	/* What is in flight is waited for: after a reset no buffer is touched (2.4). */
	if (d->kind->quiesce)
		d->kind->quiesce(d);
	for (uint32_t i = 0; i < VIRTIO_QUEUES; i++)
		queue_reset(&d->queue[i]);
	d->device_features_sel = d->driver_features_sel = d->queue_sel = 0;
	d->driver_features = 0;
	d->interrupt_status = 0;
	update_line(d);
}

/* 3.1.1: features are settled when the driver sets FEATURES_OK and reads it back. */
static int features_acceptable(const struct virtio *d)
{
	return !(d->driver_features & ~d->features) && (d->driver_features & VIRTIO_F_VERSION_1);
}

static void status_write(struct virtio *d, uint32_t value)
{
	uint32_t status = value & 0xff & ~VIRTIO_S_NEEDS_RESET;

	if (value == 0) {
		reset(d);
		return;
	}
	if ((status & VIRTIO_S_FEATURES_OK) && !(d->status & VIRTIO_S_FEATURES_OK) && !features_acceptable(d))
		status &= ~VIRTIO_S_FEATURES_OK;
	if (!(status & VIRTIO_S_FEATURES_OK))
		status &= ~VIRTIO_S_DRIVER_OK;
	/* 2.1.1: the driver never clears a bit. */
	d->status |= status;
	if (virtio_runs(d))
		for (uint32_t i = 0; i < d->kind->queues; i++)
			if (d->queue[i].ready)
				d->kind->notify(d, i);
}

/* ---- queues ---------------------------------------------------------------------------------- */

static struct queue *selected(struct virtio *d)
{
	return d->queue_sel < d->kind->queues ? &d->queue[d->queue_sel] : NULL;
}

static void queue_ready_write(struct virtio *d, struct queue *q, uint32_t value)
{
	if (!(value & 1)) {
		if (!q->ready)
			return;
		q->ready = 0; /* first: nothing new is begun */
		d->epoch++;
		if (d->kind->quiesce)
			d->kind->quiesce(d);
		return;
	}
	if (q->ready || !(d->status & VIRTIO_S_FEATURES_OK))
		return;
	q->event_idx = !!(d->driver_features & VIRTIO_F_EVENT_IDX);
	q->indirect = !!(d->driver_features & VIRTIO_F_INDIRECT_DESC);
	if (queue_start(q) < 0)
		virtio_broken(d);
}

static void set_low(uint64_t *address, uint32_t value)
{
	*address = (*address & ~0xffffffffull) | value;
}

static void set_high(uint64_t *address, uint32_t value)
{
	*address = (*address & 0xffffffffull) | (uint64_t)value << 32;
}

/* Where and how big a queue is can be said only while it does not run. */
static void queue_write(struct virtio *d, uint32_t offset, uint32_t value)
{
	struct queue *q = selected(d);

	if (!q)
		return;
	if (offset == R_QUEUE_READY) {
		queue_ready_write(d, q, value);
		return;
	}
	if (q->ready)
		return;
	switch (offset) {
	case R_QUEUE_NUM:
		q->number = value;
		break;
	case R_QUEUE_DESC_LOW:
		set_low(&q->desc, value);
		break;
	case R_QUEUE_DESC_HIGH:
		set_high(&q->desc, value);
		break;
	case R_QUEUE_DRIVER_LOW:
		set_low(&q->driver, value);
		break;
	case R_QUEUE_DRIVER_HIGH:
		set_high(&q->driver, value);
		break;
	case R_QUEUE_DEVICE_LOW:
		set_low(&q->device, value);
		break;
	case R_QUEUE_DEVICE_HIGH:
		set_high(&q->device, value);
		break;
	default:
		break;
	}
}

static void notify(struct virtio *d, uint32_t queue)
{
	if (virtio_runs(d) && queue < d->kind->queues && d->queue[queue].ready)
		d->kind->notify(d, queue);
}

static void VR_CALL rung(void *opaque)
{
	struct virtio *d = opaque;

	pthread_mutex_lock(&d->lock);
	for (uint32_t i = 0; i < d->kind->queues; i++)
		notify(d, i);
	pthread_mutex_unlock(&d->lock);
}

/* ---- registers ------------------------------------------------------------------------------- */

static uint32_t register_read(struct virtio *d, uint32_t offset)
{
	const struct queue *q = selected(d);

	if (offset >= R_SHM_LEN_LOW && offset <= R_SHM_BASE_HIGH)
		return 0xffffffff; /* 4.2.2: no such shared memory region */
	switch (offset) {
	case R_MAGIC:
		return MAGIC;
	case R_VERSION:
		return 2;
	case R_DEVICE_ID:
		return d->kind->device_id;
	case R_VENDOR_ID:
		return VENDOR;
	case R_DEVICE_FEATURES:
		return d->device_features_sel < 2 ? (uint32_t)(d->features >> 32 * d->device_features_sel)
						  : 0;
	case R_QUEUE_NUM_MAX:
		return q ? QUEUE_MAX : 0;
	case R_QUEUE_READY:
		return q ? q->ready : 0;
	case R_INTERRUPT_STATUS:
		return d->interrupt_status;
	case R_STATUS:
		return d->status;
	case R_CONFIG_GENERATION: /* the configuration never changes */
	default:
		return 0;
	}
}

static void register_write(struct virtio *d, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case R_DEVICE_FEATURES_SEL:
		d->device_features_sel = value;
		break;
	case R_DRIVER_FEATURES:
		if (d->status & VIRTIO_S_FEATURES_OK)
			break;
		if (d->driver_features_sel == 0)
			set_low(&d->driver_features, value);
		else if (d->driver_features_sel == 1)
			set_high(&d->driver_features, value);
		break;
	case R_DRIVER_FEATURES_SEL:
		d->driver_features_sel = value;
		break;
	case R_QUEUE_SEL:
		d->queue_sel = value;
		break;
	case R_QUEUE_NOTIFY:
		notify(d, value);
		break;
	case R_INTERRUPT_ACK:
		d->interrupt_status &= ~value;
		update_line(d);
		break;
	case R_STATUS:
		status_write(d, value);
		break;
	default:
		queue_write(d, offset, value);
		break;
	}
}

static uint64_t config_read(const struct virtio *d, uint32_t offset, uint32_t width)
{
	uint64_t value = 0;

	if (offset + width <= VIRTIO_CONFIG)
		memcpy(&value, d->config + offset, width);
	return value;
}

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct virtio *d = opaque;
	uint64_t value;

	(void)vcpu;
	if (offset >= R_CONFIG)
		return offset < R_END ? config_read(d, (uint32_t)offset - R_CONFIG, width) : 0;
	if (width != 4 || (offset & 3)) /* 4.2.2.2: the driver uses 32-bit accesses only */
		return 0;
	pthread_mutex_lock(&d->lock);
	value = register_read(d, (uint32_t)offset);
	pthread_mutex_unlock(&d->lock);
	return value;
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct virtio *d = opaque;

	(void)vcpu;
	/* No device here has a configuration field that the driver may write. */
	if (offset >= R_CONFIG || width != 4 || (offset & 3))
		return;
	pthread_mutex_lock(&d->lock);
	register_write(d, (uint32_t)offset, (uint32_t)value);
	pthread_mutex_unlock(&d->lock);
}

static const struct vr_bus_ops ops = {
	.size = sizeof(ops),
	.read = read_op,
	.write = write_op,
};

/* ---- life ------------------------------------------------------------------------------------ */

/* A driver writes 32 bits there and never reads (4.2.2.2), so the faster doorbell of any width will do. */
static void attach_door(struct virtio *d, uint64_t address)
{
	static const uint32_t widths[] = {0, 4};

	d->doorbell = d->host->query(d->host, VR_DOORBELL_ID);
	if (!VR_HAS(d->doorbell, attach) || !VR_HAS(d->doorbell, detach))
		return;
	for (size_t i = 0; !d->door && i < sizeof(widths) / sizeof(widths[0]); i++)
		if (d->doorbell->attach(d->host, VR_SPACE_MMIO, address, widths[i], rung, d, &d->door) < 0)
			d->door = NULL;
}

int32_t virtio_new(const struct vr_host *host, const struct virtio_kind *kind,
		   const struct vr_device_config *c, struct virtio **out)
{
	struct virtio *d = calloc(1, sizeof(*d));
	int32_t rc;

	if (!d)
		return vr_host_error(host, VR_E_NOMEM, "%s: out of memory", kind->type);
	d->kind = kind;
	d->host = host;
	d->memory = host->query(host, VR_MEMORY_ID);
	d->mmio = host->query(host, VR_MMIO_ID);
	d->irq_table = host->query(host, VR_IRQ_ID);
	d->index = c->index;
	d->irq = c->irq;
	pthread_mutex_init(&d->lock, NULL);
	for (uint32_t i = 0; i < VIRTIO_QUEUES; i++) {
		d->queue[i].host = host;
		d->queue[i].memory = d->memory;
	}
	rc = kind->create(d);
	if (rc < 0) {
		pthread_mutex_destroy(&d->lock);
		free(d);
		return rc;
	}
	d->features |= TRANSPORT_FEATURES;
	rc = d->mmio->attach(host, VR_SPACE_MMIO, c->base, R_END, &ops, d, kind->type);
	if (rc < 0) {
		virtio_free(d);
		return rc;
	}
	if (kind->wakes)
		attach_door(d, c->base + R_QUEUE_NOTIFY);
	*out = d;
	return VR_OK;
}

void virtio_reset(struct virtio *d)
{
	pthread_mutex_lock(&d->lock);
	reset(d);
	pthread_mutex_unlock(&d->lock);
}

void virtio_free(struct virtio *d)
{
	if (d->door)
		d->doorbell->detach(d->door);
	virtio_reset(d);
	d->kind->destroy(d);
	pthread_mutex_destroy(&d->lock);
	free(d);
}
