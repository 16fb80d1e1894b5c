/* SPDX-License-Identifier: MIT */
/*
 * blk.c: the block device (Virtio 1.2, 5.2). A thread of its own takes requests one after the other, so
 * that no vCPU waits for the disk; while it is at work the driver need not notify.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

struct request {
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
_Static_assert(offsetof(struct config, max_discard_sectors) == 36 && sizeof(struct config) <= VIRTIO_CONFIG,
	       "5.2.4");

struct blk {
	const struct vr_host_block *table;
	const struct vr_host_thread *threads;
	struct vr_thread *thread;
	uint64_t sectors;
	uint32_t flags; /* VR_BLOCK_* */
	/* the device's lock: */
	pthread_cond_t wake, idle;
	uint32_t work, stop, busy;
	/* the worker's own: */
	uint32_t flush_writes; /* the driver knows no FLUSH: each write is on the medium when it is done */
	struct chain chain;
	struct vr_iovec iov[QUEUE_MAX];
};

static int inside(const struct blk *b, uint64_t sector, uint64_t sectors)
{
	return sector <= b->sectors && sectors <= b->sectors - sector;
}

/* The bytes [skip, skip+length) of n segments as a vector. */
static uint32_t vector(struct blk *b, const struct segment *s, uint32_t n, uint64_t skip, uint64_t length)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < n && length; i++) {
		uint64_t part;

		if (skip >= s[i].length) {
			skip -= s[i].length;
			continue;
		}
		part = s[i].length - skip;
		if (part > length)
			part = length;
		b->iov[used].base = s[i].host + skip;
		b->iov[used++].length = part;
		length -= part;
		skip = 0;
	}
	return used;
}

/* ---- requests, on the worker, without the lock ------------------------------------------------------- */

static uint32_t transfer(struct virtio *d, const struct request *r)
{
	struct blk *b = d->private;
	const struct chain *c = &b->chain;
	int out = r->type == T_OUT;
	uint64_t bytes = out ? c->out_bytes - sizeof(*r) : c->in_bytes - 1;
	uint32_t n;

	if (bytes % SECTOR || !inside(b, r->sector, bytes / SECTOR) ||
	    (out && (b->flags & VR_BLOCK_READONLY)))
		return S_IOERR;
	if (!bytes)
		return S_OK;
	if (!out) {
		n = vector(b, c->segment + c->out, c->in, 0, bytes);
		return b->table->read(d->host, d->index, r->sector * SECTOR, b->iov, n) < 0 ? S_IOERR : S_OK;
	}
	n = vector(b, c->segment, c->out, sizeof(*r), bytes);
	if (b->table->write(d->host, d->index, r->sector * SECTOR, b->iov, n) < 0)
		return S_IOERR;
	if (b->flush_writes && b->table->flush(d->host, d->index) < 0)
		return S_IOERR;
	return S_OK;
}

static uint32_t one_range(struct virtio *d, uint32_t type, const struct range *r)
{
	struct blk *b = d->private;
	uint64_t offset = r->sector * SECTOR, length = r->sectors * SECTOR;
	int32_t rc;

	/* 5.2.6.2: unknown flags, and unmap in a discard, are not supported. */
	if (r->flags & ~(type == T_WRITE_ZEROES ? RANGE_F_UNMAP : 0))
		return S_UNSUPP;
	if (r->sectors > RANGE_SECTORS_MAX || !inside(b, r->sector, r->sectors))
		return S_IOERR;
	if (!r->sectors)
		return S_OK;
	if (type == T_DISCARD)
		rc = b->table->discard(d->host, d->index, offset, length);
	else
		rc = b->table->write_zeroes(d->host, d->index, offset, length);
	return rc < 0 ? S_IOERR : S_OK;
}

static uint32_t ranges(struct virtio *d, const struct request *r)
{
	struct blk *b = d->private;
	uint64_t bytes = b->chain.out_bytes - sizeof(*r);
	uint32_t status = S_OK;

	if (!(d->features & F_DISCARD))
		return S_UNSUPP;
	if (!bytes || bytes % sizeof(struct range) || bytes / sizeof(struct range) > RANGES_MAX)
		return S_IOERR;
	for (uint64_t at = 0; at < bytes && status == S_OK; at += sizeof(struct range)) {
		struct range range;

		chain_read(&b->chain, sizeof(*r) + at, &range, sizeof(range));
		status = one_range(d, r->type, &range);
	}
	if (status == S_OK && r->type == T_WRITE_ZEROES && b->flush_writes &&
	    b->table->flush(d->host, d->index) < 0)
		status = S_IOERR;
	return status;
}

/* 5.2.6: a string of up to 20 bytes, without an end when it fills them. */
static uint32_t identify(struct virtio *d)
{
	struct blk *b = d->private;
	char id[ID_BYTES] = {0};

	if (b->chain.in_bytes - 1 < ID_BYTES)
		return S_IOERR;
	snprintf(id, sizeof(id), "vmrun-disk-%u", d->index);
	chain_write(&b->chain, 0, id, sizeof(id));
	return S_OK;
}

/* Carries out the chain; the number of bytes written to the guest. */
static uint32_t execute(struct virtio *d)
{
	struct blk *b = d->private;
	struct chain *c = &b->chain;
	struct request r;
	uint32_t status;
	uint8_t byte;

	chain_read(c, 0, &r, sizeof(r));
	switch (r.type) {
	case T_IN:
	case T_OUT:
		status = transfer(d, &r);
		break;
	case T_FLUSH:
		status = b->table->flush(d->host, d->index) < 0 ? S_IOERR : S_OK;
		break;
	case T_GET_ID:
		status = identify(d);
		break;
	case T_DISCARD:
	case T_WRITE_ZEROES:
		status = ranges(d, &r);
		break;
	default:
		status = S_UNSUPP;
		break;
	}
	byte = (uint8_t)status;
	chain_write(c, c->in_bytes - 1, &byte, 1); /* the last byte that may be written is the status */
	chain_written(&d->queue[0], c, c->in_bytes);
	/* The length promises that this much, from the front, was written; a failed read may have not. */
	if (status == S_OK && (r.type == T_IN || r.type == T_GET_ID))
		return (uint32_t)c->in_bytes;
	return c->in_bytes == 1 ? 1 : 0;
}

/* ---- the worker ------------------------------------------------------------------------------ */

/* Takes all requests there are. The lock is held, but not during a request. */
static void serve(struct virtio *d)
{
	struct queue *q = &d->queue[0];
	struct blk *b = d->private;
	int got = 0;

	while (!b->stop && virtio_runs(d)) {
		uint32_t epoch, written;

		got = queue_pop(q, &b->chain);
		if (got == 0 && queue_listen(q))
			continue;
		/* Without room for a header and a status there is no answer to give. */
		if (got > 0 && (b->chain.out_bytes < sizeof(struct request) || !b->chain.in_bytes))
			got = -1;
		if (got <= 0)
			break;
		queue_quiet(q);
		b->flush_writes = !(d->driver_features & F_FLUSH);
		epoch = d->epoch;
		b->busy = 1;
		pthread_mutex_unlock(&d->lock);
		written = execute(d);
		pthread_mutex_lock(&d->lock);
		b->busy = 0;
		pthread_cond_broadcast(&b->idle);
		if (epoch != d->epoch) /* reset meanwhile: the driver does not wait for this any more */
			continue;
		queue_push(q, b->chain.head, written);
		virtio_signal(d, q);
	}
	if (got < 0)
		virtio_broken(d);
}

static void VR_CALL worker(void *arg)
{
	struct virtio *d = arg;
	struct blk *b = d->private;

	pthread_mutex_lock(&d->lock);
	while (!b->stop) {
		if (!b->work) {
			pthread_cond_wait(&b->wake, &d->lock);
			continue;
		}
		b->work = 0;
		serve(d);
	}
	pthread_mutex_unlock(&d->lock);
}

static void notify(struct virtio *d, uint32_t queue)
{
	struct blk *b = d->private;

	(void)queue;
	b->work = 1;
	pthread_cond_signal(&b->wake);
}

static void quiesce(struct virtio *d)
{
	struct blk *b = d->private;

	while (b->busy)
		pthread_cond_wait(&b->idle, &d->lock);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void configure(struct virtio *d)
{
	const struct blk *b = d->private;
	struct config c = {
		.capacity = b->sectors,
		.seg_max = QUEUE_MAX - 2, /* header and status take one each */
		.blk_size = SECTOR,
		.num_queues = 1,
	};

	d->features = F_SEG_MAX | F_BLK_SIZE | F_FLUSH;
	if (b->flags & VR_BLOCK_READONLY) {
		d->features |= F_RO;
	} else if (b->flags & VR_BLOCK_DISCARD) {
		d->features |= F_DISCARD | F_WRITE_ZEROES;
		c.max_discard_sectors = c.max_write_zeroes_sectors = RANGE_SECTORS_MAX;
		c.max_discard_seg = c.max_write_zeroes_seg = RANGES_MAX;
		c.discard_sector_alignment = 8;
		c.write_zeroes_may_unmap = 1;
	}
	memcpy(d->config, &c, sizeof(c));
}

static int32_t create(struct virtio *d)
{
	struct vr_block_info info = {.size = sizeof(info)};
	struct blk *b = calloc(1, sizeof(*b));
	char name[32];
	int32_t rc;

	if (!b)
		return vr_host_error(d->host, VR_E_NOMEM, "virtio-blk: out of memory");
	b->table = d->host->query(d->host, VR_BLOCK_ID);
	b->threads = d->host->query(d->host, VR_THREAD_ID);
	rc = b->table->info(d->host, d->index, &info);
	if (rc < 0) {
		free(b);
		return rc;
	}
	b->sectors = info.length / SECTOR;
	b->flags = info.flags;
	d->private = b;
	configure(d);
	pthread_cond_init(&b->wake, NULL);
	pthread_cond_init(&b->idle, NULL);
	snprintf(name, sizeof(name), "disk %u", d->index);
	rc = b->threads->spawn(d->host, name, worker, d, &b->thread);
	if (rc < 0) {
		pthread_cond_destroy(&b->wake);
		pthread_cond_destroy(&b->idle);
		free(b);
	}
	return rc;
}

static void destroy(struct virtio *d)
{
	struct blk *b = d->private;

	pthread_mutex_lock(&d->lock);
	b->stop = 1;
	pthread_cond_signal(&b->wake);
	pthread_mutex_unlock(&d->lock);
	b->threads->join(b->thread);
	pthread_cond_destroy(&b->wake);
	pthread_cond_destroy(&b->idle);
	free(b);
}

const struct virtio_kind virtio_blk = {
	.type = "virtio-mmio-blk",
	.device_id = DEVICE_ID,
	.queues = 1,
	.wakes = 1,
	.create = create,
	.destroy = destroy,
	.notify = notify,
	.quiesce = quiesce,
};
