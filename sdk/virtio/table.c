/* SPDX-License-Identifier: MIT */
#include "causes.h"
#include "table.h"

/* A queue whose number is wrong is as one that does not run. */
static struct vr_virtio_slot_queue *queue_of(struct vr_virtio_transport *t, uint32_t queue)
{
	return queue < t->info.queue_count ? &t->queue[queue] : NULL;
}

static bool usable(const struct vr_virtio_buffer *b)
{
	return b->size >= offsetof(struct vr_virtio_buffer, life) + sizeof(b->life) &&
	       b->segment_stride >= sizeof(struct vr_virtio_segment) && (b->segment || !b->segment_max);
}

static int32_t VR_CALL pop(struct vr_virtio_transport *t, uint32_t queue, struct vr_virtio_buffer *b)
{
	struct vr_virtio_slot_queue *q = queue_of(t, queue);
	int got = 0;

	if (!q || !usable(b))
		return VR_E_INVAL;
	if (vr_virtio_status(t) & VIRTIO_S_NEEDS_RESET)
		return VR_E_STATE;
	pthread_mutex_lock(&q->lock);
	if (q->runs) {
		got = vr_virtio_queue_pop(&q->ring, b);
		b->life = q->life;
	}
	pthread_mutex_unlock(&q->lock);
	if (got >= 0)
		return got;
	vr_virtio_break(t);
	return VR_E_STATE;
}

static bool alive(const struct vr_virtio_slot_queue *q, const struct vr_virtio_buffer *b)
{
	return q->runs && q->life == b->life;
}

static void VR_CALL unpop(struct vr_virtio_transport *t, uint32_t queue, const struct vr_virtio_buffer *b)
{
	struct vr_virtio_slot_queue *q = queue_of(t, queue);

	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	if (alive(q, b))
		vr_virtio_queue_unpop(&q->ring);
	pthread_mutex_unlock(&q->lock);
}

static void VR_CALL push(struct vr_virtio_transport *t, uint32_t queue, const struct vr_virtio_buffer *b,
			 uint32_t written)
{
	struct vr_virtio_slot_queue *q = queue_of(t, queue);

	if (!q)
		return;
	vr_virtio_buffer_written(&t->ram, b, written);
	pthread_mutex_lock(&q->lock);
	if (alive(q, b))
		vr_virtio_queue_push(&q->ring, b->head, written);
	pthread_mutex_unlock(&q->lock);
}

static void VR_CALL touched(struct vr_virtio_transport *t, const struct vr_virtio_buffer *b, uint64_t bytes)
{
	vr_virtio_buffer_written(&t->ram, b, bytes);
}

static void VR_CALL signal_used(struct vr_virtio_transport *t, uint32_t queue)
{
	struct vr_virtio_slot_queue *q = queue_of(t, queue);
	int wanted;

	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	wanted = q->runs && vr_virtio_queue_wants_interrupt(&q->ring);
	/* With the lock: a reset that comes now takes the interrupt away afterwards, not before. */
	if (wanted)
		vr_virtio_pend(t, VIRTIO_INTERRUPT_USED, queue);
	pthread_mutex_unlock(&q->lock);
}

static void VR_CALL quiet(struct vr_virtio_transport *t, uint32_t queue)
{
	struct vr_virtio_slot_queue *q = queue_of(t, queue);

	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	if (q->runs)
		vr_virtio_queue_quiet(&q->ring);
	pthread_mutex_unlock(&q->lock);
}

static uint32_t VR_CALL listen(struct vr_virtio_transport *t, uint32_t queue)
{
	struct vr_virtio_slot_queue *q = queue_of(t, queue);
	uint32_t more;

	if (!q || (vr_virtio_status(t) & VIRTIO_S_NEEDS_RESET))
		return 0;
	pthread_mutex_lock(&q->lock);
	more = q->runs && vr_virtio_queue_listen(&q->ring);
	pthread_mutex_unlock(&q->lock);
	return more;
}

static uint64_t VR_CALL read_buffer(struct vr_virtio_transport *t, const struct vr_virtio_buffer *b,
				    uint64_t offset, void *to, uint64_t length)
{
	(void)t;
	return vr_virtio_buffer_read(b, offset, to, length);
}

static uint64_t VR_CALL write_buffer(struct vr_virtio_transport *t, const struct vr_virtio_buffer *b,
				     uint64_t offset, const void *from, uint64_t length)
{
	(void)t;
	return vr_virtio_buffer_write(b, offset, from, length);
}

static void VR_CALL config_changed(struct vr_virtio_transport *t)
{
	vr_virtio_config_changed(t);
}

static void VR_CALL broken(struct vr_virtio_transport *t)
{
	vr_virtio_break(t);
}

const struct vr_virtio_host vr_virtio_table = {
	.size = sizeof(vr_virtio_table),
	.pop = pop,
	.unpop = unpop,
	.push = push,
	.touched = touched,
	.signal = signal_used,
	.quiet = quiet,
	.listen = listen,
	.read = read_buffer,
	.write = write_buffer,
	.config_changed = config_changed,
	.broken = broken,
};
