/* SPDX-License-Identifier: MIT */
#include "queue.h"

#include <string.h>
#include <vmrun/state_virtio.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rings are little-endian; so must the host be");

/* 2.7.5 The Virtqueue Descriptor Table */
struct descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags;
	uint16_t next;
};
#define DESC_F_NEXT 1u
#define DESC_F_WRITE 2u
#define DESC_F_INDIRECT 4u

/* 2.7.6 available ring: flags, idx, ring[number], used_event; 2.7.8 used ring: flags, idx,
 * {id, len}[number], avail_event. */
#define AVAIL_F_NO_INTERRUPT 1u
#define USED_F_NO_NOTIFY 1u
#define RING_IDX 2u
#define RING_ENTRIES 4u

static uint64_t desc_bytes(uint32_t number)
{
	return 16ull * number;
}

static uint64_t driver_bytes(uint32_t number)
{
	return RING_ENTRIES + 2ull * number + 2;
}

static uint64_t device_bytes(uint32_t number)
{
	return RING_ENTRIES + 8ull * number + 2;
}

/* Fields that both sides use at the same time. */
static uint16_t load16(const uint8_t *p)
{
	return __atomic_load_n((const uint16_t *)(const void *)p, __ATOMIC_ACQUIRE);
}

static void store16(uint8_t *p, uint16_t value)
{
	__atomic_store_n((uint16_t *)(void *)p, value, __ATOMIC_RELEASE);
}

static int broken(struct vr_virtio_queue *q)
{
	q->broken = 1;
	return -1;
}

void vr_virtio_queue_reset(struct vr_virtio_queue *q)
{
	*q = (struct vr_virtio_queue){.ram = q->ram, .max = q->max, .vector = VR_STATE_VIRTIO_NO_VECTOR};
}

int vr_virtio_queue_map(struct vr_virtio_queue *q)
{
	uint32_t n = q->number;

	if (n == 0 || n > q->max || (n & (n - 1)))
		return broken(q);
	/* 2.7: the alignment of the three parts */
	if ((q->desc & 15) || (q->driver & 1) || (q->device & 3))
		return broken(q);
	q->desc_host = vr_virtio_ram_at(q->ram, q->desc, desc_bytes(n), VR_MAP_READ);
	q->driver_host = vr_virtio_ram_at(q->ram, q->driver, driver_bytes(n), VR_MAP_READ);
	q->device_host = vr_virtio_ram_at(q->ram, q->device, device_bytes(n), VR_MAP_READ | VR_MAP_WRITE);
	if (!q->desc_host || !q->driver_host || !q->device_host)
		return broken(q);
	q->ready = 1;
	return 0;
}

int vr_virtio_queue_start(struct vr_virtio_queue *q)
{
	q->last_avail = q->used = q->signalled = 0;
	return vr_virtio_queue_map(q);
}

/* ---- chains ------------------------------------------------------------------------------------------ */

/* The caller's array may have elements that are longer than we know them. */
static struct vr_virtio_segment *segment_at(const struct vr_virtio_buffer *c, uint32_t i)
{
	return (void *)((uint8_t *)c->segment + (size_t)i * c->segment_stride);
}

static int add_segment(struct vr_virtio_queue *q, struct vr_virtio_buffer *c, const struct descriptor *d)
{
	struct vr_virtio_segment *s;

	if (d->flags & DESC_F_WRITE) {
		c->in_bytes += d->length;
	} else {
		if (c->in) /* 2.7.4.2: all the readable ones come first */
			return broken(q);
		c->out_bytes += d->length;
	}
	if (c->in_bytes > UINT32_MAX || c->out_bytes > UINT32_MAX) /* 2.7.5.2: 2^32 bytes a chain */
		return broken(q);
	if (!d->length)
		return 0;
	if (c->out + c->in >= c->segment_max)
		return broken(q);
	s = segment_at(c, c->out + c->in);
	s->gpa = d->address;
	s->length = d->length;
	s->host = vr_virtio_ram_at(q->ram, d->address, d->length,
				   d->flags & DESC_F_WRITE ? VR_MAP_READ | VR_MAP_WRITE : VR_MAP_READ);
	if (!s->host)
		return broken(q);
	if (d->flags & DESC_F_WRITE)
		c->in++;
	else
		c->out++;
	return 0;
}

/* Follow a chain through `table` from entry `i`; a table's length bounds its steps, so a loop ends.
 * An indirect descriptor (2.7.5.3) ends the direct part; *indirect is then set to it. */
static int walk(struct vr_virtio_queue *q, struct vr_virtio_buffer *c, const uint8_t *table, uint32_t count,
		uint32_t i, struct descriptor *indirect)
{
	for (uint32_t steps = 0; steps < count; steps++) {
		struct descriptor d;

		if (i >= count)
			return broken(q);
		memcpy(&d, table + 16ull * i, sizeof(d));
		if (d.flags & DESC_F_INDIRECT) {
			if (!indirect || !q->indirect || (d.flags & DESC_F_NEXT))
				return broken(q);
			*indirect = d;
			return 0;
		}
		if (add_segment(q, c, &d) < 0)
			return -1;
		if (!(d.flags & DESC_F_NEXT))
			return 0;
		i = d.next;
	}
	return broken(q);
}

int vr_virtio_queue_pop(struct vr_virtio_queue *q, struct vr_virtio_buffer *c)
{
	struct descriptor indirect = {0};
	const uint8_t *table;
	uint16_t available;

	if (q->broken)
		return -1;
	if (!q->ready)
		return 0;
	available = (uint16_t)(load16(q->driver_host + RING_IDX) - q->last_avail);
	if (!available)
		return 0;
	if (available > q->number)
		return broken(q);

	c->out = c->in = 0;
	c->out_bytes = c->in_bytes = 0;
	c->head = load16(q->driver_host + RING_ENTRIES + 2 * (q->last_avail & (q->number - 1)));
	if (walk(q, c, q->desc_host, q->number, c->head, &indirect) < 0)
		return -1;
	if (indirect.flags & DESC_F_INDIRECT) {
		uint32_t count = indirect.length / 16;

		if (indirect.length % 16 || !count || count > VR_VIRTIO_QUEUE_SIZE_MAX)
			return broken(q);
		table = vr_virtio_ram_at(q->ram, indirect.address, indirect.length, VR_MAP_READ);
		if (!table || walk(q, c, table, count, 0, NULL) < 0)
			return broken(q);
	}
	q->last_avail++;
	return 1;
}

void vr_virtio_queue_unpop(struct vr_virtio_queue *q)
{
	q->last_avail--;
}

void vr_virtio_queue_push(struct vr_virtio_queue *q, uint32_t head, uint32_t written)
{
	uint32_t entry[2] = {head, written};

	uint32_t at = RING_ENTRIES + 8 * (q->used & (q->number - 1));

	memcpy(q->device_host + at, entry, sizeof(entry));
	q->used++;
	store16(q->device_host + RING_IDX, q->used);
	/* idx and the entry, with what lies between them */
	vr_virtio_ram_written(q->ram, q->device + RING_IDX, at + sizeof(entry) - RING_IDX);
}

/* ---- notifications in both directions (2.7.7 and 2.7.10) ---------------------------------------------- */

int vr_virtio_queue_wants_interrupt(struct vr_virtio_queue *q)
{
	uint16_t before = q->signalled, now = q->used, event;

	if (!q->ready || before == now)
		return 0;
	q->signalled = now;
	/* The driver writes its wish and then looks at idx; we wrote idx and now look at its wish. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!q->event_idx)
		return !(load16(q->driver_host) & AVAIL_F_NO_INTERRUPT);
	event = load16(q->driver_host + RING_ENTRIES + 2 * q->number);
	return (uint16_t)(now - event - 1) < (uint16_t)(now - before);
}

/* A word of the used ring. */
static void store_word(struct vr_virtio_queue *q, uint32_t at, uint16_t value)
{
	store16(q->device_host + at, value);
	vr_virtio_ram_written(q->ram, q->device + at, sizeof(value));
}

void vr_virtio_queue_quiet(struct vr_virtio_queue *q)
{
	/* With event_idx, an avail_event left behind is quiet enough. */
	if (q->ready && !q->event_idx)
		store_word(q, 0, USED_F_NO_NOTIFY);
}

int vr_virtio_queue_listen(struct vr_virtio_queue *q)
{
	if (!q->ready || q->broken)
		return 0;
	if (q->event_idx)
		store_word(q, RING_ENTRIES + 8 * q->number, q->last_avail);
	else
		store_word(q, 0, 0);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return load16(q->driver_host + RING_IDX) != q->last_avail;
}

/* ---- copying --------------------------------------------------------------------------------- */

/* Between the segments from the first-th on, n of them, and `buffer`. */
static uint64_t copy(const struct vr_virtio_buffer *b, uint32_t first, uint32_t n, uint64_t offset,
		     uint8_t *buffer, uint64_t length, int to_guest)
{
	uint64_t done = 0;

	for (uint32_t i = first; i < first + n && done < length; i++) {
		const struct vr_virtio_segment *s = segment_at(b, i);
		uint64_t part;

		if (offset >= s->length) {
			offset -= s->length;
			continue;
		}
		part = s->length - offset;
		if (part > length - done)
			part = length - done;
		if (to_guest)
			memcpy(s->host + offset, buffer + done, part);
		else
			memcpy(buffer + done, s->host + offset, part);
		done += part;
		offset = 0;
	}
	return done;
}

uint64_t vr_virtio_buffer_read(const struct vr_virtio_buffer *b, uint64_t offset, void *to, uint64_t length)
{
	return copy(b, 0, b->out, offset, to, length, 0);
}

uint64_t vr_virtio_buffer_write(const struct vr_virtio_buffer *b, uint64_t offset, const void *from,
				uint64_t length)
{
	return copy(b, b->out, b->in, offset, (uint8_t *)(uintptr_t)from, length, 1);
}

void vr_virtio_buffer_written(struct vr_virtio_ram *ram, const struct vr_virtio_buffer *b, uint64_t bytes)
{
	for (uint32_t i = b->out; i < b->out + b->in && bytes; i++) {
		const struct vr_virtio_segment *s = segment_at(b, i);
		uint64_t part = s->length < bytes ? s->length : bytes;

		vr_virtio_ram_written(ram, s->gpa, part);
		bytes -= part;
	}
}
