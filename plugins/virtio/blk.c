/* SPDX-License-Identifier: MIT */
/*
 * blk.c: the block device (Virtio 1.2, 5.2).
 *
 * A request is taken from the ring, checked, and submitted to the disk (vmrun/block.h); it is given back when the
 * disk says that it is done, on a thread of the disk's. So no vCPU waits for a disk, and up to IN_FLIGHT requests
 * are under way at once, which end in any order. A driver that wants an order waits for one request before it
 * makes the next (5.2.6.2: a flush covers the writes that were complete before it came).
 *
 * take() is the one place where requests are taken. It runs on the thread that notifies, and on one that ends a
 * request when there was no room for more before. Only one runs at a time: another caller sets `again` and leaves,
 * and the one that runs goes round once more. It has not the lock when it submits, since the disk may call
 * complete() from there, and that may call take().
 *
 * A queue that stops has its requests cancelled and waits for the last, which takes as long as one system call of
 * the disk's. A pause waits for them without that.
 */
#include <stdio.h>
#include <stdlib.h>

#include "virtio.h"

#define DEVICE_ID 2u

/* 5.2.3 Feature bits */
#define F_SEG_MAX (1ull << 2)
#define F_RO (1ull << 5)
#define F_BLK_SIZE (1ull << 6)
#define F_FLUSH (1ull << 9)
#define F_DISCARD (1ull << 13)
#define F_WRITE_ZEROES (1ull << 14)

/* 5.2.6 Device Operation */
#define T_IN 0u
#define T_OUT 1u
#define T_FLUSH 4u
#define T_GET_ID 8u
#define T_DISCARD 11u
#define T_WRITE_ZEROES 13u
#define S_OK 0u
#define S_IOERR 1u
#define S_UNSUPP 2u

#define SECTOR 512ull
#define ID_BYTES 20u
#define RANGES_MAX 64u
#define RANGE_SECTORS_MAX (1u << 22)
#define RANGE_F_UNMAP 1u
#define IN_FLIGHT 64u

struct header {
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
};

/* struct virtio_blk_discard_write_zeroes */
struct range {
	uint64_t sector;
	uint32_t sectors;
	uint32_t flags;
};

/* 5.2.4 Device configuration layout */
struct config {
	uint64_t capacity;
	uint32_t size_max, seg_max;
	uint32_t geometry;
	uint32_t blk_size;
	uint8_t topology[8];
	uint8_t writeback, unused0;
	uint16_t num_queues;
	uint32_t max_discard_sectors, max_discard_seg, discard_sector_alignment;
	uint32_t max_write_zeroes_sectors, max_write_zeroes_seg;
	uint8_t write_zeroes_may_unmap, unused1[3];
};
_Static_assert(offsetof(struct config, max_discard_sectors) == 36 && sizeof(struct config) == 64, "5.2.4");

struct blk;

struct request {
	struct vr_block_request r; /* first */
	struct blk *blk;
	struct request *next; /* of those that are free */
	struct header header;
	uint32_t flags;      /* VR_BLOCK_FUA */
	uint64_t next_range; /* bytes of the ranges that have been submitted */
	struct virtio_buffer buffer;
	struct vr_iovec v[VIRTIO_QUEUE_SIZE];
};

struct blk {
	struct vr_virtio_device d; /* first */
	struct vr_disk disk;
	uint64_t sectors;
	uint32_t disk_flags; /* VR_BLOCK_* */
	uint64_t features;   /* offered */
	struct config config;
	pthread_mutex_t lock; /* everything below */
	pthread_cond_t idle;  /* take() has ended, or the last request has */
	uint32_t runs, paused;
	uint32_t write_through; /* the driver knows no FLUSH: each write is on the medium when it is done */
	uint32_t taking, again;
	uint32_t starved; /* take() ended for want of a free request */
	uint32_t in_flight;
	struct request *free;
	struct request request[IN_FLIGHT];
};

static int inside(const struct blk *b, uint64_t sector, uint64_t sectors)
{
	return sector <= b->sectors && sectors <= b->sectors - sector;
}

static void take(struct blk *b);

/* ---- giving back ------------------------------------------------------------------------------------- */

static void finish(struct request *q, uint32_t status)
{
	struct blk *b = q->blk;
	struct vr_virtio_device *d = &b->d;
	const struct vr_virtio_buffer *v = &q->buffer.b;
	uint32_t written = v->in_bytes == 1, more;
	uint8_t byte = (uint8_t)status;

	d->io->write(d->transport, v, v->in_bytes - 1, &byte,
		     1); /* the last byte that may be written is the status */
	/* The length promises that this much, from the front, was written; a failed read may have not. */
	if (status == S_OK && (q->header.type == T_IN || q->header.type == T_GET_ID))
		written = (uint32_t)v->in_bytes;
	else if (!written) /* else the push marks that byte */
		d->io->touched(d->transport, v, v->in_bytes);
	virtio_push(d, 0, &q->buffer, written);
	virtio_signal(d, 0);
	pthread_mutex_lock(&b->lock);
	q->next = b->free;
	b->free = q;
	more = b->starved;
	b->starved = 0;
	/* With `more` it counts until take() has taken over, so that a queue that stops waits for that. */
	if (!more)
		b->in_flight--;
	if (!b->in_flight)
		pthread_cond_broadcast(&b->idle);
	pthread_mutex_unlock(&b->lock);
	if (!more)
		return;
	take(b);
	pthread_mutex_lock(&b->lock);
	if (!--b->in_flight)
		pthread_cond_broadcast(&b->idle);
	pthread_mutex_unlock(&b->lock);
}

static uint32_t status_of(int32_t result)
{
	return result < 0 ? S_IOERR : S_OK;
}

/* ---- what requests are --------------------------------------------------------------------------------- */

static void VR_CALL transferred(struct vr_block_request *r, int32_t result)
{
	finish((struct request *)r, status_of(result));
}

static void submit(struct request *q, uint32_t op, uint64_t offset, uint64_t length,
		   void(VR_CALL *complete)(struct vr_block_request *r, int32_t result))
{
	const struct vr_disk *disk = &q->blk->disk;

	q->r.op = op;
	q->r.offset = offset;
	q->r.length = length;
	q->r.flags = op == VR_BLOCK_WRITE || op == VR_BLOCK_ZERO ? q->flags : 0;
	q->r.complete = complete;
	disk->ops->submit(disk->block, &q->r);
}

/* The bytes [skip, skip+length) of n segments from the first-th on as a vector. */
static uint32_t vector(struct request *q, uint32_t first, uint32_t n, uint64_t skip, uint64_t length)
{
	uint32_t used = 0;

	for (uint32_t i = first; i < first + n && length; i++) {
		const struct vr_virtio_segment *s = &q->buffer.segment[i];
		uint64_t part;

		if (skip >= s->length) {
			skip -= s->length;
			continue;
		}
		part = s->length - skip;
		if (part > length)
			part = length;
		q->v[used].base = s->host + skip;
		q->v[used++].length = part;
		length -= part;
		skip = 0;
	}
	return used;
}

static void transfer(struct request *q)
{
	const struct blk *b = q->blk;
	const struct vr_virtio_buffer *v = &q->buffer.b;
	int out = q->header.type == T_OUT;
	uint64_t bytes = out ? v->out_bytes - sizeof(q->header) : v->in_bytes - 1;

	if (bytes % SECTOR || !inside(b, q->header.sector, bytes / SECTOR) ||
	    (out && (b->disk_flags & VR_BLOCK_READONLY))) {
		finish(q, S_IOERR);
		return;
	}
	if (!bytes) {
		finish(q, S_OK);
		return;
	}
	q->r.count =
		out ? vector(q, 0, v->out, sizeof(q->header), bytes) : vector(q, v->out, v->in, 0, bytes);
	submit(q, out ? VR_BLOCK_WRITE : VR_BLOCK_READ, q->header.sector * SECTOR, bytes, transferred);
}

/* Discards and zeroes: one range after the other. */
static void VR_CALL next_range(struct vr_block_request *r, int32_t result)
{
	struct request *q = (struct request *)r;
	struct blk *b = q->blk;
	const struct vr_virtio_buffer *v = &q->buffer.b;
	uint32_t zero = q->header.type == T_WRITE_ZEROES;
	uint32_t status = status_of(result);
	struct range range;

	while (status == S_OK && q->next_range < v->out_bytes - sizeof(q->header)) {
		b->d.io->read(b->d.transport, v, sizeof(q->header) + q->next_range, &range, sizeof(range));
		q->next_range += sizeof(range);
		/* 5.2.6.2: unknown flags, and unmap in a discard, are not supported. */
		if (range.flags & ~(zero ? RANGE_F_UNMAP : 0))
			status = S_UNSUPP;
		else if (range.sectors > RANGE_SECTORS_MAX || !inside(b, range.sector, range.sectors))
			status = S_IOERR;
		if (status != S_OK || !range.sectors)
			continue;
		submit(q, zero ? VR_BLOCK_ZERO : VR_BLOCK_DISCARD, range.sector * SECTOR,
		       range.sectors * SECTOR, next_range);
		return;
	}
	finish(q, status);
}

static void ranges(struct request *q)
{
	uint64_t bytes = q->buffer.b.out_bytes - sizeof(q->header);

	if (!(q->blk->features & F_DISCARD)) {
		finish(q, S_UNSUPP);
		return;
	}
	if (!bytes || bytes % sizeof(struct range) || bytes / sizeof(struct range) > RANGES_MAX) {
		finish(q, S_IOERR);
		return;
	}
	q->next_range = 0;
	next_range(&q->r, VR_OK);
}

/* 5.2.6: a string of up to 20 bytes, without an end when it fills them. */
static void identify(struct request *q)
{
	struct vr_virtio_device *d = &q->blk->d;
	char id[ID_BYTES] = {0};

	if (q->buffer.b.in_bytes - 1 < ID_BYTES) {
		finish(q, S_IOERR);
		return;
	}
	snprintf(id, sizeof(id), "vmrun-disk-%u", d->index);
	d->io->write(d->transport, &q->buffer.b, 0, id, sizeof(id));
	finish(q, S_OK);
}

static void begin(struct request *q)
{
	struct vr_virtio_device *d = &q->blk->d;

	d->io->read(d->transport, &q->buffer.b, 0, &q->header, sizeof(q->header));
	switch (q->header.type) {
	case T_IN:
	case T_OUT:
		transfer(q);
		break;
	case T_FLUSH:
		submit(q, VR_BLOCK_FLUSH, 0, 0, transferred);
		break;
	case T_GET_ID:
		identify(q);
		break;
	case T_DISCARD:
	case T_WRITE_ZEROES:
		ranges(q);
		break;
	default:
		finish(q, S_UNSUPP);
		break;
	}
}

/* ---- taking ------------------------------------------------------------------------------------------- */

/* The next request, or NULL. With the lock. */
static struct request *next_request(struct blk *b)
{
	struct request *q = b->free;
	int32_t got;

	if (!b->runs || b->paused)
		return NULL;
	if (!q) {
		b->starved = 1;
		return NULL;
	}
	do {
		got = virtio_pop(&b->d, 0, &q->buffer);
	} while (got == 0 && virtio_listen(&b->d, 0));
	if (got <= 0)
		return NULL;
	/* Without room for a header and a status there is no answer to give. */
	if (q->buffer.b.out_bytes < sizeof(struct header) || !q->buffer.b.in_bytes) {
		b->d.io->broken(b->d.transport);
		return NULL;
	}
	b->free = q->next;
	b->in_flight++;
	q->flags = b->write_through ? VR_BLOCK_FUA : 0;
	return q;
}

static void take(struct blk *b)
{
	struct request *q;

	pthread_mutex_lock(&b->lock);
	b->again = 1;
	if (!b->taking) {
		b->taking = 1;
		b->d.io->quiet(b->d.transport, 0); /* until listen() */
		while (b->again) {
			b->again = 0;
			while ((q = next_request(b))) {
				pthread_mutex_unlock(&b->lock);
				begin(q);
				pthread_mutex_lock(&b->lock);
			}
		}
		b->taking = 0;
		pthread_cond_broadcast(&b->idle);
	}
	pthread_mutex_unlock(&b->lock);
}

static void notify(struct vr_virtio_device *d, uint32_t queue)
{
	(void)queue;
	take((struct blk *)d);
}

/* ---- stopping ------------------------------------------------------------------------------------------ */

static void queue_start(struct vr_virtio_device *d, uint32_t queue)
{
	struct blk *b = (struct blk *)d;

	(void)queue;
	pthread_mutex_lock(&b->lock);
	b->runs = 1;
	pthread_mutex_unlock(&b->lock);
}

static void await(struct blk *b, const uint32_t *what)
{
	while (*what)
		pthread_cond_wait(&b->idle, &b->lock);
}

static void queue_stop(struct vr_virtio_device *d, uint32_t queue)
{
	struct blk *b = (struct blk *)d;

	(void)queue;
	pthread_mutex_lock(&b->lock);
	b->runs = 0;
	await(b, &b->taking);
	pthread_mutex_unlock(&b->lock);
	b->disk.ops->cancel(b->disk.block);
	pthread_mutex_lock(&b->lock);
	await(b, &b->in_flight);
	b->starved = 0;
	pthread_mutex_unlock(&b->lock);
}

static void pause(struct vr_virtio_device *d)
{
	struct blk *b = (struct blk *)d;

	pthread_mutex_lock(&b->lock);
	b->paused = 1;
	await(b, &b->taking);
	await(b, &b->in_flight);
	pthread_mutex_unlock(&b->lock);
}

static void resume(struct vr_virtio_device *d)
{
	struct blk *b = (struct blk *)d;

	pthread_mutex_lock(&b->lock);
	b->paused = 0;
	pthread_mutex_unlock(&b->lock);
}

static void features(struct vr_virtio_device *d, uint64_t low)
{
	struct blk *b = (struct blk *)d;

	pthread_mutex_lock(&b->lock);
	b->write_through = !(low & F_FLUSH);
	pthread_mutex_unlock(&b->lock);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void config_read(struct vr_virtio_device *d, uint32_t offset, void *to, uint32_t length)
{
	memcpy(to, (const uint8_t *)&((struct blk *)d)->config + offset, length);
}

static void configure(struct blk *b)
{
	struct config *c = &b->config;

	c->capacity = b->sectors;
	c->seg_max = VIRTIO_QUEUE_SIZE - 2; /* header and status take one each */
	c->blk_size = SECTOR;
	c->num_queues = 1;
	b->features = F_SEG_MAX | F_BLK_SIZE | F_FLUSH;
	if (b->disk_flags & VR_BLOCK_READONLY) {
		b->features |= F_RO;
	} else if (b->disk_flags & VR_BLOCK_CAN_DISCARD) {
		b->features |= F_DISCARD | F_WRITE_ZEROES;
		c->max_discard_sectors = c->max_write_zeroes_sectors = RANGE_SECTORS_MAX;
		c->max_discard_seg = c->max_write_zeroes_seg = RANGES_MAX;
		c->discard_sector_alignment = 8;
		c->write_zeroes_may_unmap = 1;
	}
}

static int32_t find_disk(const struct vr_host *host, uint32_t index, struct blk *b)
{
	const struct vr_host_disks *disks = host->query(host, VR_DISKS_ID);
	struct vr_block_info info = {.size = sizeof(info)};
	int32_t rc;

	b->disk.size = sizeof(b->disk);
	rc = disks->disk(host, index, &b->disk);
	if (rc >= 0)
		rc = b->disk.ops->info(b->disk.block, &info);
	if (rc < 0)
		return vr_host_error(host, rc, "virtio-blk: there is no disk %u", index);
	b->sectors = info.length / SECTOR;
	b->disk_flags = info.flags;
	return VR_OK;
}

static int32_t create(const struct vr_host *host, struct vr_virtio_info *info, uint32_t index,
		      struct vr_virtio_device **device)
{
	struct blk *b = calloc(1, sizeof(*b));
	int32_t rc;

	if (!b)
		return vr_host_error(host, VR_E_NOMEM, "virtio-blk: out of memory");
	rc = find_disk(host, index, b);
	if (rc < 0) {
		free(b);
		return rc;
	}
	configure(b);
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->idle, NULL);
	for (uint32_t i = 0; i < IN_FLIGHT; i++) {
		struct request *q = &b->request[i];

		virtio_buffer_init(&q->buffer);
		q->r.size = sizeof(q->r);
		q->r.v = q->v;
		q->r.stride = sizeof(q->v[0]);
		q->blk = b;
		q->next = b->free;
		b->free = q;
	}
	info->device_id = DEVICE_ID;
	info->features[0] = b->features;
	info->flags = VR_VIRTIO_WAKES;
	info->queue_count = 1;
	info->config_length = sizeof(b->config);
	*device = &b->d;
	return VR_OK;
}

static void destroy(struct vr_virtio_device *d)
{
	struct blk *b = (struct blk *)d;

	pthread_cond_destroy(&b->idle);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

const struct virtio_kind virtio_blk = {
	.type = "virtio-blk",
	.create = create,
	.destroy = destroy,
	.notify = notify,
	.queue_start = queue_start,
	.queue_stop = queue_stop,
	.features = features,
	.config_read = config_read,
	.pause = pause,
	.resume = resume,
};
