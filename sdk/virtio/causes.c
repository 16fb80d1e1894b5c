/* SPDX-License-Identifier: MIT */
#include "causes.h"

uint32_t vr_virtio_status(struct vr_virtio_transport *t)
{
	return __atomic_load_n(&t->status, __ATOMIC_RELAXED);
}

void vr_virtio_pend(struct vr_virtio_transport *t, uint32_t cause, uint32_t queue)
{
	pthread_mutex_lock(&t->state);
	t->pending |= cause;
	t->interrupt(t, t->pending, queue);
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
		if (t->status & VIRTIO_S_DRIVER_OK) {
			t->pending |= VIRTIO_INTERRUPT_CONFIG;
			t->interrupt(t, t->pending, VIRTIO_CONFIG_QUEUE);
		}
	}
	pthread_mutex_unlock(&t->state);
}
