/* SPDX-License-Identifier: MIT */
#include "transport.h"

#include <stdlib.h>

#include "../host_error.h"
#include "causes.h"
#include "table.h"

#define TRANSPORT_FEATURES \
	(VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_RING_RESET)
/* Bits 24..49 of the first word are no device's (6). */
#define RESERVED_FEATURES \
	(((1ull << (VR_VIRTIO_TRANSPORT_LAST + 1)) - 1) & ~((1ull << VR_VIRTIO_TRANSPORT_FIRST) - 1))
#define SHARED_GRAIN 0x10000ull

/* ---- status ---------------------------------------------------------------------------------- */

/* Does the driver run the device? */
static bool runs(struct vr_virtio_transport *t)
{
	return (vr_virtio_status(t) & (VIRTIO_S_DRIVER_OK | VIRTIO_S_NEEDS_RESET)) == VIRTIO_S_DRIVER_OK;
}

static void set_status(struct vr_virtio_transport *t, uint32_t keep, uint32_t add)
{
	pthread_mutex_lock(&t->state);
	__atomic_store_n(&t->status, (t->status & keep) | add, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&t->state);
}

/* Nothing is popped from here on, and what was popped is not pushed. */
static void end_life(struct vr_virtio_slot_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->runs = false;
	q->life++;
	pthread_mutex_unlock(&q->lock);
}

static void stop(struct vr_virtio_transport *t, uint32_t i)
{
	struct vr_virtio_slot_queue *q = &t->queue[i];

	end_life(q);
	if (q->started && VR_HAS(t->maker, queue_stop))
		t->maker->queue_stop(t->device, i);
	q->started = false;
}

static void start(struct vr_virtio_transport *t, uint32_t i)
{
	struct vr_virtio_slot_queue *q = &t->queue[i];

	if (q->started || !q->ring.ready)
		return;
	q->started = true;
	pthread_mutex_lock(&q->lock);
	q->runs = true;
	pthread_mutex_unlock(&q->lock);
	if (VR_HAS(t->maker, queue_start) && t->maker->queue_start(t->device, i) < 0)
		vr_virtio_break(t);
}

void vr_virtio_run(struct vr_virtio_transport *t, uint32_t queue)
{
	if (runs(t))
		start(t, queue);
}

void vr_virtio_reset(struct vr_virtio_transport *t)
{
	set_status(t, 0, 0);
	for (uint32_t i = 0; i < t->info.queue_count; i++)
		end_life(&t->queue[i]); /* all, before one is waited for */
	for (uint32_t i = 0; i < t->info.queue_count; i++) {
		stop(t, i);
		pthread_mutex_lock(&t->queue[i].lock);
		vr_virtio_queue_reset(&t->queue[i].ring);
		pthread_mutex_unlock(&t->queue[i].lock);
	}
	if (VR_HAS(t->maker, reset))
		t->maker->reset(t->device);
	t->device_features_sel = t->driver_features_sel = t->queue_sel = t->shared_sel = 0;
	t->driver_features[0] = t->driver_features[1] = 0;
	/* What a late thread broke or signalled was of the old life. */
	set_status(t, 0, 0);
	vr_virtio_acknowledge(t, ~0u);
}

bool vr_virtio_offered(const struct vr_virtio_transport *t, const uint64_t f[2])
{
	return !(f[0] & ~t->features[0]) && !(f[1] & ~t->features[1]) && (f[0] & VIRTIO_F_VERSION_1);
}

bool vr_virtio_agreed(struct vr_virtio_transport *t)
{
	return !VR_HAS(t->maker, features) ||
	       t->maker->features(t->device, t->driver_features[0], t->driver_features[1]) >= 0;
}

/* 3.1.1: features are settled when the driver sets FEATURES_OK and reads it back. */
static bool features_acceptable(struct vr_virtio_transport *t)
{
	return vr_virtio_offered(t, t->driver_features) && vr_virtio_agreed(t);
}

void vr_virtio_status_write(struct vr_virtio_transport *t, uint32_t value)
{
	uint32_t status = value & 0xff & ~VIRTIO_S_NEEDS_RESET, had = vr_virtio_status(t);

	if (value == 0) {
		vr_virtio_reset(t);
		return;
	}
	if ((status & VIRTIO_S_FEATURES_OK) && !(had & VIRTIO_S_FEATURES_OK) && !features_acceptable(t))
		status &= ~VIRTIO_S_FEATURES_OK;
	if (!(status & VIRTIO_S_FEATURES_OK))
		status &= ~VIRTIO_S_DRIVER_OK;
	set_status(t, ~0u, status); /* 2.1.1: the driver never clears a bit. */
	if (!runs(t))
		return;
	for (uint32_t i = 0; i < t->info.queue_count; i++)
		start(t, i);
	vr_virtio_notified_all(t);
}

uint32_t vr_virtio_features(const struct vr_virtio_transport *t, uint32_t word)
{
	return word < 4 ? (uint32_t)(t->features[word / 2] >> 32 * (word % 2)) : 0;
}

void vr_virtio_driver_features(struct vr_virtio_transport *t, uint32_t word, uint32_t value)
{
	uint64_t *f = &t->driver_features[word / 2 % 2];

	if (word >= 4 || (vr_virtio_status(t) & VIRTIO_S_FEATURES_OK))
		return;
	*f = word % 2 ? (*f & 0xffffffffull) | (uint64_t)value << 32 : (*f & ~0xffffffffull) | value;
}

/* ---- queues ---------------------------------------------------------------------------------- */

struct vr_virtio_queue *vr_virtio_ring(struct vr_virtio_transport *t, uint32_t queue)
{
	return queue < t->info.queue_count ? &t->queue[queue].ring : NULL;
}

void vr_virtio_ring_features(const struct vr_virtio_transport *t, struct vr_virtio_queue *q)
{
	q->event_idx = !!(t->driver_features[0] & VIRTIO_F_EVENT_IDX);
	q->indirect = !!(t->driver_features[0] & VIRTIO_F_INDIRECT_DESC);
}

void vr_virtio_queue_enable(struct vr_virtio_transport *t, uint32_t queue)
{
	struct vr_virtio_queue *q = vr_virtio_ring(t, queue);
	int rc;

	if (!q || q->ready || !(vr_virtio_status(t) & VIRTIO_S_FEATURES_OK))
		return;
	pthread_mutex_lock(&t->queue[queue].lock);
	vr_virtio_ring_features(t, q);
	rc = vr_virtio_queue_start(q);
	pthread_mutex_unlock(&t->queue[queue].lock);
	if (rc < 0) {
		vr_virtio_break(t);
	} else if (runs(t)) {
		start(t, queue);
		vr_virtio_notified(t, queue);
	}
}

void vr_virtio_queue_disable(struct vr_virtio_transport *t, uint32_t queue, bool forget)
{
	struct vr_virtio_queue *q = vr_virtio_ring(t, queue);

	if (!q)
		return;
	stop(t, queue);
	pthread_mutex_lock(&t->queue[queue].lock);
	q->ready = 0;
	if (forget)
		vr_virtio_queue_reset(q);
	pthread_mutex_unlock(&t->queue[queue].lock);
}

void vr_virtio_notified(struct vr_virtio_transport *t, uint32_t queue)
{
	if (queue < t->info.queue_count && t->queue[queue].started && runs(t))
		t->maker->notify(t->device, queue);
}

void vr_virtio_notified_all(struct vr_virtio_transport *t)
{
	for (uint32_t i = 0; i < t->info.queue_count; i++)
		vr_virtio_notified(t, i);
}

/* ---- configuration space ------------------------------------------------------------------------------- */

static bool in_config(const struct vr_virtio_transport *t, uint32_t offset, uint32_t width)
{
	return offset <= t->info.config_length && width <= t->info.config_length - offset;
}

uint64_t vr_virtio_config_read(struct vr_virtio_transport *t, uint32_t offset, uint32_t width)
{
	uint64_t value = 0;

	if (in_config(t, offset, width))
		t->maker->config_read(t->device, offset, &value, width);
	return value;
}

void vr_virtio_config_write(struct vr_virtio_transport *t, uint32_t offset, uint32_t width, uint64_t value)
{
	if (in_config(t, offset, width) && VR_HAS(t->maker, config_write))
		t->maker->config_write(t->device, offset, &value, width);
}

uint32_t vr_virtio_config_generation(struct vr_virtio_transport *t)
{
	return VR_HAS(t->maker, config_generation) ? t->maker->config_generation(t->device) : 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

const char *vr_virtio_lacks(const struct vr_virtio_maker *m)
{
	return !VR_HAS(m, types)        ? "types"
	       : !VR_HAS(m, create)     ? "create"
	       : !VR_HAS(m, destroy)    ? "destroy"
	       : !VR_HAS(m, queue_size) ? "queue_size"
	       : !VR_HAS(m, notify)     ? "notify"
					: NULL;
}

static int32_t wrong(const struct vr_virtio_transport *t, const struct vr_virtio_plug *plug, const char *what)
{
	return vr_host_error(t->host, VR_E_ABI, "plugin '%s': vmrun.virtio/1: \"%s\" %s", plug->plugin,
			     plug->type, what);
}

static int32_t check_info(const struct vr_virtio_transport *t, const struct vr_virtio_plug *plug)
{
	const struct vr_virtio_info *info = &t->info;

	if (!info->device_id)
		return wrong(t, plug, "has the device id 0, which is none");
	if (info->features[0] & RESERVED_FEATURES)
		return wrong(t, plug, "offers features of bits 24 to 49, which are the transport's");
	if (!info->queue_count || info->queue_count > VR_VIRTIO_QUEUES_MAX)
		return wrong(t, plug, "has no queue, or more than 1024");
	if (info->config_length > plug->config_max)
		return wrong(t, plug, "has a larger configuration space than this board's transport");
	if (info->config_length && !VR_HAS(t->maker, config_read))
		return wrong(t, plug, "has a configuration space, and the maker no config_read");
	if (info->shared_count > VR_VIRTIO_SHARED_MAX)
		return wrong(t, plug, "has more than 8 shared-memory regions");
	if (info->shared_count && !(VR_HAS(t->maker, shared) && VR_HAS(t->maker, shared_at)))
		return wrong(t, plug, "has shared memory, and the maker no shared or shared_at");
	return VR_OK;
}

static int32_t make_queues(struct vr_virtio_transport *t, const struct vr_virtio_plug *plug)
{
	uint32_t n = t->info.queue_count;

	t->queue = calloc(n, sizeof(*t->queue));
	if (!t->queue)
		return vr_host_error(t->host, VR_E_NOMEM, "%s: out of memory", plug->type);
	for (uint32_t i = 0; i < n; i++) {
		struct vr_virtio_queue *q = &t->queue[i].ring;

		pthread_mutex_init(&t->queue[i].lock, NULL);
		q->ram = &t->ram;
		q->max = t->maker->queue_size(t->device, i);
		vr_virtio_queue_reset(q);
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t max = t->queue[i].ring.max;

		if (!max || max > VR_VIRTIO_QUEUE_SIZE_MAX || max & (max - 1))
			return wrong(t, plug, "has a queue whose size is no power of two up to 1024");
	}
	return VR_OK;
}

static int32_t place_shared(struct vr_virtio_transport *t, const struct vr_virtio_plug *plug)
{
	struct vr_virtio_shared_room *room = plug->shared;
	const struct vr_host_memory *memory = t->ram.memory;

	for (uint32_t i = 0; i < t->info.shared_count; i++) {
		struct vr_virtio_shared *s = &t->shared[i].region;
		uint64_t gpa;
		int32_t rc;

		s->size = sizeof(*s);
		rc = t->maker->shared(t->device, i, s);
		if (rc < 0)
			return rc;
		if (!s->length || s->length % SHARED_GRAIN)
			return wrong(t, plug, "has shared memory of no multiple of 64 KiB");
		if (!room || !VR_HAS(memory, add) || s->length > room->size ||
		    room->used > room->size - s->length)
			return vr_host_error(
				t->host, VR_E_CONFIG,
				"\"%s\" wants %llu bytes of shared memory, and this board has no room "
				"for it; use another board",
				plug->type, (unsigned long long)s->length);
		gpa = room->base + room->used;
		rc = memory->add(t->host, gpa, s->length, 0, plug->type);
		if (rc < 0)
			return rc;
		room->used += s->length;
		t->shared[i].mapping.size = sizeof(t->shared[i].mapping);
		rc = memory->map(t->host, gpa, s->length, VR_MAP_READ | VR_MAP_WRITE, &t->shared[i].mapping);
		if (rc < 0)
			return wrong(t, plug, "has shared memory that this host does not map");
		t->shared_count = i + 1;
		t->maker->shared_at(t->device, i, &t->shared[i].mapping);
	}
	return VR_OK;
}

static void free_transport(struct vr_virtio_transport *t)
{
	for (uint32_t i = 0; t->queue && i < t->info.queue_count; i++)
		pthread_mutex_destroy(&t->queue[i].lock);
	free(t->queue);
	for (uint32_t i = 0; i < t->shared_count; i++)
		t->ram.memory->unmap(t->host, &t->shared[i].mapping, 0, 0);
	vr_virtio_ram_fini(&t->ram);
	pthread_mutex_destroy(&t->control);
	pthread_mutex_destroy(&t->state);
}

int32_t vr_virtio_init(struct vr_virtio_transport *t, const struct vr_host *host,
		       const struct vr_virtio_plug *plug)
{
	const struct vr_virtio_config c = {
		.size = sizeof(c),
		.index = plug->index,
		.type = plug->type,
		.host = &vr_virtio_table,
		.transport = t,
	};
	int32_t rc;

	t->host = host;
	vr_virtio_ram_init(&t->ram, host);
	t->maker = plug->maker;
	t->info.size = sizeof(t->info);
	pthread_mutex_init(&t->control, NULL);
	pthread_mutex_init(&t->state, NULL);
	rc = t->maker->create(plug->self, &c, &t->info, &t->device);
	if (rc < 0) {
		t->info.queue_count = 0;
		free_transport(t);
		return rc;
	}
	rc = check_info(t, plug);
	if (rc >= 0)
		rc = make_queues(t, plug);
	if (rc >= 0)
		rc = place_shared(t, plug);
	if (rc < 0) {
		t->maker->destroy(t->device);
		free_transport(t);
		return rc;
	}
	t->features[0] = t->info.features[0] | TRANSPORT_FEATURES;
	t->features[1] = t->info.features[1];
	return VR_OK;
}

void vr_virtio_fini(struct vr_virtio_transport *t)
{
	pthread_mutex_lock(&t->control);
	vr_virtio_reset(t);
	pthread_mutex_unlock(&t->control);
	t->maker->destroy(t->device);
	free_transport(t);
}
