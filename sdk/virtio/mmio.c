/* SPDX-License-Identifier: MIT */
/*
 * mmio.c: the MMIO transport (Virtio 1.2, 4.2 "Virtio Over MMIO", version 2 of its layout).
 *
 * QueueNotify (4.2.2) is a call without an answer, so where the accelerator can it is a doorbell
 * (vmrun.doorbell/1) and the vCPU does not stop for it. One serves all queues: its value, the queue's number,
 * is not known then, and all queues that run are looked at, as a device may do once it runs (3.1.2).
 *
 * A doorbell may come late. It takes the lock `control` like a write over the bus, so it finds one of these:
 *  - the device as it was: it is what it was sent for;
 *  - the device reset, or the queue stopped: nothing runs, nothing is done. A reset does not wait for it,
 * since it holds the lock that the doorbell takes, and need not: what it waits for are requests (queue_stop());
 *  - the device set up anew: a notification for nothing, which finds an empty ring.
 * Only the device's end has to wait: detach() comes first there, without the lock. The machine's reset finds
 * no doorbell under way at all, the core delivers them before (host.h).
 */
#include <stdlib.h>

#include "../host_error.h"
#include "mmio.h"

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
#define R_SHM_SEL 0x0acu
#define R_SHM_LEN_LOW 0x0b0u
#define R_SHM_LEN_HIGH 0x0b4u
#define R_SHM_BASE_LOW 0x0b8u
#define R_SHM_BASE_HIGH 0x0bcu
#define R_QUEUE_RESET 0x0c0u
#define R_CONFIG_GENERATION 0x0fcu
#define R_CONFIG 0x100u
#define R_END VR_VIRTIO_MMIO_WINDOW

#define MAGIC 0x74726976u  /* "virt" */
#define VENDOR 0x4e524d56u /* "VMRN" */

struct vr_virtio_mmio {
	struct vr_virtio_transport t; /* first */
	const struct vr_host_irq *irq_table;
	const struct vr_host_doorbell *doorbell; /* may be NULL */
	struct vr_door *door;                    /* QueueNotify; NULL: over the bus */
	uint32_t irq, line;                      /* line: as it was driven last; under t.state */
};

/* Level-triggered: high as long as a bit of InterruptStatus is set. */
static void interrupt(struct vr_virtio_transport *t, uint32_t pending, uint32_t queue)
{
	struct vr_virtio_mmio *m = (struct vr_virtio_mmio *)t;
	uint32_t level = pending != 0;

	(void)queue;
	if (level == m->line)
		return;
	m->line = level;
	m->irq_table->set(t->host, VR_IRQ_SHARED, m->irq, level);
}

/* ---- queues ---------------------------------------------------------------------------------- */

static void set_low(uint64_t *address, uint32_t value)
{
	*address = (*address & ~0xffffffffull) | value;
}

static void set_high(uint64_t *address, uint32_t value)
{
	*address = (*address & 0xffffffffull) | (uint64_t)value << 32;
}

/* Where and how big a queue is can be said only while it does not run. */
static void queue_write(struct vr_virtio_transport *t, uint32_t offset, uint32_t value)
{
	struct vr_virtio_queue *q = vr_virtio_ring(t, t->queue_sel);

	if (!q || q->ready)
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

static void VR_CALL rung(void *opaque)
{
	struct vr_virtio_mmio *m = opaque;

	pthread_mutex_lock(&m->t.control);
	vr_virtio_notified_all(&m->t);
	pthread_mutex_unlock(&m->t.control);
}

/* ---- registers ------------------------------------------------------------------------------- */

/* 4.2.2: all ones where there is no such shared-memory region. */
static uint32_t shared_read(const struct vr_virtio_transport *t, uint32_t offset)
{
	uint64_t length = UINT64_MAX, base = UINT64_MAX;

	for (uint32_t i = 0; i < t->shared_count; i++)
		if (t->shared[i].region.id == t->shared_sel) {
			length = t->shared[i].region.length;
			base = t->shared[i].mapping.gpa;
		}
	switch (offset) {
	case R_SHM_LEN_LOW:
		return (uint32_t)length;
	case R_SHM_LEN_HIGH:
		return (uint32_t)(length >> 32);
	case R_SHM_BASE_LOW:
		return (uint32_t)base;
	default:
		return (uint32_t)(base >> 32);
	}
}

static uint32_t register_read(struct vr_virtio_transport *t, uint32_t offset)
{
	const struct vr_virtio_queue *q = vr_virtio_ring(t, t->queue_sel);

	switch (offset) {
	case R_MAGIC:
		return MAGIC;
	case R_VERSION:
		return 2;
	case R_DEVICE_ID:
		return t->info.device_id;
	case R_VENDOR_ID:
		return VENDOR;
	case R_DEVICE_FEATURES:
		return vr_virtio_features(t, t->device_features_sel);
	case R_QUEUE_NUM_MAX:
		return q ? q->max : 0;
	case R_QUEUE_READY:
		return q ? q->ready : 0;
	case R_INTERRUPT_STATUS:
		return vr_virtio_pending(t);
	case R_STATUS:
		return vr_virtio_status(t);
	case R_SHM_LEN_LOW:
	case R_SHM_LEN_HIGH:
	case R_SHM_BASE_LOW:
	case R_SHM_BASE_HIGH:
		return shared_read(t, offset);
	case R_CONFIG_GENERATION:
		return vr_virtio_config_generation(t);
	case R_QUEUE_RESET: /* it is over when the write returns */
	default:
		return 0;
	}
}

static void register_write(struct vr_virtio_transport *t, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case R_DEVICE_FEATURES_SEL:
		t->device_features_sel = value;
		break;
	case R_DRIVER_FEATURES:
		vr_virtio_driver_features(t, t->driver_features_sel, value);
		break;
	case R_DRIVER_FEATURES_SEL:
		t->driver_features_sel = value;
		break;
	case R_QUEUE_SEL:
		t->queue_sel = value;
		break;
	case R_QUEUE_READY:
		if (value & 1)
			vr_virtio_queue_enable(t, t->queue_sel);
		else
			vr_virtio_queue_disable(t, t->queue_sel, false);
		break;
	case R_QUEUE_NOTIFY:
		vr_virtio_notified(t, value);
		break;
	case R_QUEUE_RESET: /* 4.2.2.2: only where it was negotiated */
		if ((value & 1) && (t->driver_features[0] & VIRTIO_F_RING_RESET))
			vr_virtio_queue_disable(t, t->queue_sel, true);
		break;
	case R_SHM_SEL:
		t->shared_sel = value;
		break;
	case R_INTERRUPT_ACK:
		vr_virtio_acknowledge(t, value);
		break;
	case R_STATUS:
		vr_virtio_status_write(t, value);
		break;
	default:
		queue_write(t, offset, value);
		break;
	}
}

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct vr_virtio_transport *t = opaque;
	uint64_t value = 0;

	(void)vcpu;
	pthread_mutex_lock(&t->control);
	if (offset >= R_CONFIG)
		value = vr_virtio_config_read(t, (uint32_t)offset - R_CONFIG, width);
	else if (width == 4 && !(offset & 3)) /* 4.2.2.2: the driver uses 32-bit accesses only */
		value = register_read(t, (uint32_t)offset);
	pthread_mutex_unlock(&t->control);
	return value;
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct vr_virtio_transport *t = opaque;

	(void)vcpu;
	pthread_mutex_lock(&t->control);
	if (offset >= R_CONFIG)
		vr_virtio_config_write(t, (uint32_t)offset - R_CONFIG, width, value);
	else if (width == 4 && !(offset & 3))
		register_write(t, (uint32_t)offset, (uint32_t)value);
	pthread_mutex_unlock(&t->control);
}

static const struct vr_bus_ops ops = {
	.size = sizeof(ops),
	.read = read_op,
	.write = write_op,
};

/* ---- life ------------------------------------------------------------------------------------ */

/* A driver writes 32 bits there and never reads (4.2.2.2), so the faster doorbell of any width will do. */
static void attach_door(struct vr_virtio_mmio *m, uint64_t address)
{
	static const uint32_t widths[] = {0, 4};
	const struct vr_host *host = m->t.host;

	m->doorbell = host->query(host, VR_DOORBELL_ID);
	if (!VR_HAS(m->doorbell, attach) || !VR_HAS(m->doorbell, detach))
		return;
	for (size_t i = 0; !m->door && i < sizeof(widths) / sizeof(widths[0]); i++)
		if (m->doorbell->attach(host, VR_SPACE_MMIO, address, widths[i], rung, m, &m->door) < 0)
			m->door = NULL;
}

/* The tables that the transport can't do without. */
static int32_t find_tables(const struct vr_host *host, const char *type, const struct vr_host_mmio **mmio,
			   const struct vr_host_irq **irq)
{
	const struct vr_host_memory *memory = host->query(host, VR_MEMORY_ID);

	*mmio = host->query(host, VR_MMIO_ID);
	*irq = host->query(host, VR_IRQ_ID);
	if (VR_HAS(*mmio, attach) && VR_HAS(*irq, set) && VR_HAS(memory, written))
		return VR_OK;
	return vr_host_error(host, VR_E_ABI,
			     "%s: a virtio device needs " VR_MEMORY_ID ", " VR_MMIO_ID " and " VR_IRQ_ID
			     ", which this host does not offer; use a newer vmrun",
			     type);
}

int32_t vr_virtio_mmio_new(const struct vr_host *host, struct vr_virtio_plug plug, uint64_t base,
			   uint32_t irq, struct vr_virtio_mmio **out)
{
	const struct vr_host_mmio *mmio;
	const struct vr_host_irq *irq_table;
	int32_t rc = find_tables(host, plug.type, &mmio, &irq_table);
	struct vr_virtio_mmio *m;

	if (rc < 0)
		return rc;
	m = calloc(1, sizeof(*m));
	if (!m)
		return vr_host_error(host, VR_E_NOMEM, "%s: out of memory", plug.type);
	m->irq_table = irq_table;
	m->irq = irq;
	m->t.interrupt = interrupt;
	plug.config_max = VR_VIRTIO_MMIO_CONFIG;
	rc = vr_virtio_init(&m->t, host, &plug);
	if (rc < 0) {
		free(m);
		return rc;
	}
	rc = mmio->attach(host, VR_SPACE_MMIO, base, R_END, &ops, m, plug.type);
	if (rc < 0) {
		vr_virtio_mmio_free(m);
		return rc;
	}
	if (m->t.info.flags & VR_VIRTIO_WAKES)
		attach_door(m, base + R_QUEUE_NOTIFY);
	*out = m;
	return VR_OK;
}

void vr_virtio_mmio_reset(struct vr_virtio_mmio *m)
{
	pthread_mutex_lock(&m->t.control);
	vr_virtio_reset(&m->t);
	pthread_mutex_unlock(&m->t.control);
}

void vr_virtio_mmio_free(struct vr_virtio_mmio *m)
{
	if (m->door)
		m->doorbell->detach(m->t.host, m->door);
	vr_virtio_fini(&m->t);
	free(m);
}

struct vr_virtio_transport *vr_virtio_mmio_transport(struct vr_virtio_mmio *m)
{
	return &m->t;
}
