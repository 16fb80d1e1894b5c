/* SPDX-License-Identifier: MIT */
/*
 * state.c: the canonical state of a virtio device's transport (state_virtio.h).
 *
 * To take it: pause, then get the device and each queue, then resume. To put it: pause, set the device, which
 * resets it first, then each of its queues, then resume. Until resume() the device takes no buffer; it then is
 * notified of every queue that runs, so nothing that lies in a ring is missed.
 */
#include <string.h>
#include <vmrun/board.h>

#include "../host_error.h"
#include "transport.h"

/* The bits of the device status that there are (2.1). */
#define STATUS_BITS                                                                           \
	(VIRTIO_S_ACKNOWLEDGE | VIRTIO_S_DRIVER | VIRTIO_S_DRIVER_OK | VIRTIO_S_FEATURES_OK | \
	 VIRTIO_S_NEEDS_RESET | VIRTIO_S_FAILED)

int32_t vr_virtio_state_at(const struct vr_virtio_transport *t, uint32_t slot, uint32_t i,
			   struct vr_board_state *out)
{
	if (i > t->info.queue_count)
		return VR_E_NOENT;
	out->id = i ? VR_STATE_VIRTIO_QUEUE_ID : VR_STATE_VIRTIO_ID;
	out->index = i ? slot * VR_STATE_VIRTIO_QUEUES + i - 1 : slot;
	out->length =
		i ? (uint32_t)sizeof(struct vr_state_virtio_queue) : (uint32_t)sizeof(struct vr_state_virtio);
	return VR_OK;
}

void vr_virtio_pause(struct vr_virtio_transport *t)
{
	pthread_mutex_lock(&t->control);
	if (VR_HAS(t->maker, pause))
		t->maker->pause(t->device);
	pthread_mutex_unlock(&t->control);
}

void vr_virtio_resume(struct vr_virtio_transport *t)
{
	pthread_mutex_lock(&t->control);
	if (VR_HAS(t->maker, resume))
		t->maker->resume(t->device);
	vr_virtio_notified_all(t);
	pthread_mutex_unlock(&t->control);
}

/* ---- get ---------------------------------------------------------------------------------------- */

static void get_device(struct vr_virtio_transport *t, struct vr_state_virtio *s)
{
	*s = (struct vr_state_virtio){
		.size = sizeof(*s),
		.device_id = t->info.device_id,
		.driver_features = {t->driver_features[0], t->driver_features[1]},
		.status = vr_virtio_status(t),
		.interrupt = vr_virtio_pending(t),
		.queue_count = t->info.queue_count,
		.device_features_sel = t->device_features_sel,
		.driver_features_sel = t->driver_features_sel,
		.queue_sel = t->queue_sel,
		.shared_sel = t->shared_sel,
	};
}

static void get_queue(const struct vr_virtio_queue *q, struct vr_state_virtio_queue *s)
{
	*s = (struct vr_state_virtio_queue){
		.size = sizeof(*s),
		.enabled = q->ready,
		.number = q->number,
		.broken = q->broken,
		.desc = q->desc,
		.driver = q->driver,
		.device = q->device,
		.avail = q->last_avail,
		.used = q->used,
		.signalled = q->signalled,
		.vector = q->vector,
	};
}

static int32_t bad(const struct vr_virtio_transport *t, const char *what)
{
	return vr_host_error(t->host, VR_E_INVAL, "virtio state: %s", what);
}

int32_t vr_virtio_get_state(struct vr_virtio_transport *t, uint32_t queue, void *state, uint32_t length)
{
	union {
		struct vr_state_virtio device;
		struct vr_state_virtio_queue queue;
	} s;
	uint32_t size = queue == VIRTIO_CONFIG_QUEUE ? sizeof(s.device) : sizeof(s.queue);

	if (queue != VIRTIO_CONFIG_QUEUE && queue >= t->info.queue_count)
		return VR_E_RANGE;
	if (length < size)
		return bad(t, "there is no room for it");
	pthread_mutex_lock(&t->control);
	if (queue == VIRTIO_CONFIG_QUEUE) {
		get_device(t, &s.device);
	} else {
		pthread_mutex_lock(&t->queue[queue].lock);
		get_queue(&t->queue[queue].ring, &s.queue);
		pthread_mutex_unlock(&t->queue[queue].lock);
	}
	pthread_mutex_unlock(&t->control);
	memcpy(state, &s, size);
	return VR_OK;
}

/* ---- set ---------------------------------------------------------------------------------------- */

static int32_t check_device(const struct vr_virtio_transport *t, const struct vr_state_virtio *s)
{
	const uint64_t *f = s->driver_features;

	if (s->device_id != t->info.device_id)
		return bad(t, "device_id is another device's");
	if (s->queue_count != t->info.queue_count)
		return bad(t, "queue_count is not this device's");
	if (s->status & ~STATUS_BITS)
		return bad(t, "status has bits that there are not");
	if (s->interrupt & ~(VIRTIO_INTERRUPT_USED | VIRTIO_INTERRUPT_CONFIG))
		return bad(t, "interrupt has bits that there are not");
	if ((s->status & VIRTIO_S_DRIVER_OK) && !(s->status & VIRTIO_S_FEATURES_OK))
		return bad(t, "status has DRIVER_OK without FEATURES_OK");
	if ((s->status & VIRTIO_S_FEATURES_OK) && !vr_virtio_offered(t, f))
		return bad(t, "driver_features has what this device does not offer");
	return VR_OK;
}

static int32_t set_device(struct vr_virtio_transport *t, const struct vr_state_virtio *s)
{
	int32_t rc = check_device(t, s);

	if (rc < 0)
		return rc;
	vr_virtio_reset(t);
	t->driver_features[0] = s->driver_features[0];
	t->driver_features[1] = s->driver_features[1];
	t->device_features_sel = s->device_features_sel;
	t->driver_features_sel = s->driver_features_sel;
	t->queue_sel = s->queue_sel;
	t->shared_sel = s->shared_sel;
	if ((s->status & VIRTIO_S_FEATURES_OK) && !vr_virtio_agreed(t)) {
		vr_virtio_reset(t);
		return bad(t, "driver_features is a choice that this device can't work with");
	}
	pthread_mutex_lock(&t->state);
	__atomic_store_n(&t->status, s->status, __ATOMIC_RELAXED);
	t->pending = s->interrupt;
	t->interrupt(t, t->pending, VIRTIO_NO_QUEUE);
	pthread_mutex_unlock(&t->state);
	return VR_OK;
}

static int32_t check_queue(const struct vr_virtio_transport *t, const struct vr_state_virtio_queue *s)
{
	if (s->enabled > 1 || s->broken > 1)
		return bad(t, "enabled and broken of a queue are 0 or 1");
	if (s->avail > UINT16_MAX || s->used > UINT16_MAX || s->signalled > UINT16_MAX ||
	    s->vector > UINT16_MAX)
		return bad(t, "an index or the vector of a queue has more than 16 bits");
	if (s->enabled && !(t->status & VIRTIO_S_FEATURES_OK))
		return bad(t, "a queue is enabled before FEATURES_OK");
	/* All that was taken was given back (virtio.h, pause). */
	if (s->enabled && s->avail != s->used)
		return bad(t, "avail and used of a queue differ: a buffer is in use");
	return VR_OK;
}

static int32_t set_queue(struct vr_virtio_transport *t, uint32_t i, const struct vr_state_virtio_queue *s)
{
	struct vr_virtio_slot_queue *q = &t->queue[i];
	struct vr_virtio_queue *r = &q->ring;
	int32_t rc = check_queue(t, s);
	int mapped = 0;

	if (rc < 0)
		return rc;
	vr_virtio_queue_disable(t, i, true);
	pthread_mutex_lock(&q->lock);
	r->number = s->number;
	r->desc = s->desc;
	r->driver = s->driver;
	r->device = s->device;
	r->vector = s->vector;
	r->last_avail = (uint16_t)s->avail;
	r->used = (uint16_t)s->used;
	r->signalled = (uint16_t)s->signalled;
	vr_virtio_ring_features(t, r);
	if (s->enabled)
		mapped = vr_virtio_queue_map(r);
	if (mapped < 0)
		vr_virtio_queue_reset(r);
	else
		r->broken = s->broken;
	pthread_mutex_unlock(&q->lock);
	if (mapped < 0)
		return bad(t, "a queue's size or place can't be");
	vr_virtio_run(t, i);
	return VR_OK;
}

int32_t vr_virtio_set_state(struct vr_virtio_transport *t, uint32_t queue, const void *state, uint32_t length)
{
	union {
		struct vr_state_virtio device;
		struct vr_state_virtio_queue queue;
	} s;
	uint32_t size = queue == VIRTIO_CONFIG_QUEUE ? sizeof(s.device) : sizeof(s.queue), given;
	int32_t rc;

	if (queue != VIRTIO_CONFIG_QUEUE && queue >= t->info.queue_count)
		return VR_E_RANGE;
	if (length < sizeof(given))
		return bad(t, "its size is another one");
	memcpy(&given, state, sizeof(given));
	if (length != size || given != size)
		return bad(t, "its size is another one");
	memcpy(&s, state, size);
	pthread_mutex_lock(&t->control);
	rc = queue == VIRTIO_CONFIG_QUEUE ? set_device(t, &s.device) : set_queue(t, queue, &s.queue);
	pthread_mutex_unlock(&t->control);
	return rc;
}
