/* SPDX-License-Identifier: MIT */
#include "causes.h"

uint32_t vr_virtio_status(struct vr_virtio_transport *t)
{
	return __atomic_load_n(&t->status, __ATOMIC_RELAXED);
}

/* With the lock. */
static void pend(struct vr_virtio_transport *t, uint32_t cause, uint32_t queue)
{
	t->pending |= cause;
	t->interrupt(t, t->pending, queue);
}

void vr_virtio_pend(struct vr_virtio_transport *t, uint32_t cause, uint32_t queue)
{
	pthread_mutex_lock(&t->state);
	pend(t, cause, queue);
	pthread_mutex_unlock(&t->state);
}

/* Before DRIVER_OK the driver reads all of the configuration anyway. */
static void config_cause(struct vr_virtio_transport *t)
{
	if (t->status & VIRTIO_S_DRIVER_OK)
		pend(t, VIRTIO_INTERRUPT_CONFIG, VIRTIO_CONFIG_QUEUE);
}

void vr_virtio_config_changed(struct vr_virtio_transport *t)
{
	pthread_mutex_lock(&t->state);
	config_cause(t);
	pthread_mutex_unlock(&t->state);
}

uint32_t vr_virtio_pending(struct vr_virtio_transport *t)
{
	uint32_t pending;

	pthread_mutex_lock(&t->state);
	pending = t->pending;
	pthread_mutex_unlock(&t->state);
	return pending;
}

void vr_virtio_acknowledge(struct vr_virtio_transport *t, uint32_t causes)
{
	pthread_mutex_lock(&t->state);
	t->pending &= ~causes;
	t->interrupt(t, t->pending, VIRTIO_NO_QUEUE);
	pthread_mutex_unlock(&t->state);
}

void vr_virtio_break(struct vr_virtio_transport *t)
{
	pthread_mutex_lock(&t->state);
	if (!(t->status & VIRTIO_S_NEEDS_RESET)) {
		__atomic_store_n(&t->status, t->status | VIRTIO_S_NEEDS_RESET, __ATOMIC_RELAXED);
		/* 2.1.2: the driver is told by a configuration change, once it runs the device. */
		config_cause(t);
	}
	pthread_mutex_unlock(&t->state);
}
