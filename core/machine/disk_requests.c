/* SPDX-License-Identifier: MIT */
/*
 * disk_requests.c: requests of a disk that is a file (vmrun/block.h): a queue, and threads that carry them out.
 *
 * The threads call what block.c has, which waits for the file. As many requests are under way at once as there are
 * threads. A request that comes wakes one that sleeps; when more wait than sleep, another thread is started, up to
 * DISK_THREADS: a machine that never has two requests in flight has one. Nothing orders requests but their
 * callers: a flush that is under way beside a write need not cover it (block.h), so it needs no place in the queue.
 *
 * A request that has completed is its caller's again: the thread does not look at it after complete(), which is
 * called without the lock, since it may submit.
 *
 * Cancelling takes what waits out of the queue, and lets what is under way end at its next system call, as
 * disk_stop() does for ever. What a write moved before that is in the file, and the device was not told that the whole is.
 */
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "machine/parts.h"
#include "util/struct_copy_out.h"

#define NEXT 0 /* of link[] */

static struct disk *disk_of(struct vr_block *b)
{
	return (struct disk *)b;
}

/* ---- one request ---------------------------------------------------------------------------------- */

typedef int32_t (*transfer_fn)(struct disk *d, uint64_t offset, const struct vr_iovec *v, uint32_t n);

/* A caller's elements may be longer than ours; then they are copied, some at a time. */
static int32_t with_stride(struct disk *d, const struct vr_block_request *r, transfer_fn transfer)
{
	const uint8_t *from = (const uint8_t *)r->v;
	uint64_t offset = r->offset;
	int32_t rc = VR_OK;

	if (r->stride == sizeof(struct vr_iovec))
		return transfer(d, r->offset, r->v, r->count);
	if (r->stride < sizeof(struct vr_iovec))
		return VR_E_INVAL;
	for (uint32_t i = 0; i < r->count && rc == VR_OK;) {
		struct vr_iovec v[32];
		uint64_t length = 0;
		uint32_t n = 0;

		for (; n < 32 && i < r->count; n++, i++) {
			memcpy(&v[n], from + (size_t)i * r->stride, sizeof(v[n]));
			length += v[n].length;
		}
		rc = transfer(d, offset, v, n);
		offset += length;
	}
	return rc;
}

static int32_t execute(struct disk *d, const struct vr_block_request *r)
{
	int32_t rc;

	switch (r->op) {
	case VR_BLOCK_READ:
		return with_stride(d, r, disk_read);
	case VR_BLOCK_WRITE:
		rc = with_stride(d, r, disk_write);
		break;
	case VR_BLOCK_FLUSH:
		return disk_flush(d);
	case VR_BLOCK_DISCARD:
		return disk_discard(d, r->offset, r->length);
	case VR_BLOCK_ZERO:
		rc = disk_zero(d, r->offset, r->length);
		break;
	default:
		return VR_E_UNSUPPORTED;
	}
	return rc == VR_OK && (r->flags & VR_BLOCK_FUA) ? disk_flush(d) : rc;
}

/* ---- threads -------------------------------------------------------------------------------------- */

static struct vr_block_request *take(struct disk_requests *q)
{
	struct vr_block_request *r = q->first;

	if (!r)
		return NULL;
	q->first = r->link[NEXT];
	if (!q->first)
		q->last = NULL;
	q->waiting--;
	return r;
}

static void *serve(void *arg)
{
	struct disk *d = arg;
	struct disk_requests *q = &d->requests;

	pthread_mutex_lock(&q->lock);
	while (!q->end) {
		struct vr_block_request *r = take(q);

		if (!r) {
			q->sleeping++;
			pthread_cond_wait(&q->work, &q->lock);
			q->sleeping--;
			continue;
		}
		q->running++;
		pthread_mutex_unlock(&q->lock);
		r->complete(r, execute(d, r));
		pthread_mutex_lock(&q->lock);
		q->running--;
		if (!q->running)
			pthread_cond_broadcast(&q->idle);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

static int32_t one_more(struct disk *d)
{
	struct disk_requests *q = &d->requests;
	char name[32];
	int32_t rc;

	snprintf(name, sizeof(name), "disk %u.%u", q->number, q->count);
	rc = threads_start(&q->thread[q->count], q->sandbox, name, serve, d);
	q->count += rc == VR_OK;
	return rc;
}

int32_t disk_threads_start(struct disk *d, struct sandbox *s, uint32_t number)
{
	struct disk_requests *q = &d->requests;

	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->work, NULL);
	pthread_cond_init(&q->idle, NULL);
	q->ready = true;
	q->sandbox = s;
	q->number = number;
	q->most = DISK_THREADS;
	return one_more(d);
}

void disk_threads_end(struct disk *d)
{
	struct disk_requests *q = &d->requests;

	if (!q->ready)
		return;
	pthread_mutex_lock(&q->lock);
	q->end = true;
	pthread_cond_broadcast(&q->work);
	pthread_mutex_unlock(&q->lock);
	while (q->count)
		pthread_join(q->thread[--q->count], NULL);
	pthread_cond_destroy(&q->work);
	pthread_cond_destroy(&q->idle);
	pthread_mutex_destroy(&q->lock);
	q->ready = false;
}

/* ---- struct vr_block_ops ---------------------------------------------------------------------------- */

static int32_t VR_CALL info(struct vr_block *b, struct vr_block_info *out)
{
	const struct disk *d = disk_of(b);
	const struct vr_block_info all = {
		.size = sizeof(all), .flags = d->flags, .length = d->length, .name = d->name};

	struct_copy_out(out, &all, sizeof(all), STRUCT_END_OF(struct vr_block_info, name));
	return VR_OK;
}

static void VR_CALL submit(struct vr_block *b, struct vr_block_request *r)
{
	struct disk_requests *q = &disk_of(b)->requests;
	bool wake;

	r->link[NEXT] = NULL;
	pthread_mutex_lock(&q->lock);
	if (q->last)
		q->last->link[NEXT] = r;
	else
		q->first = r;
	q->last = r;
	q->waiting++;
	wake = q->sleeping != 0;
	/* One that sleeps may have been woken for another request, and not be up yet. */
	if (q->waiting > q->sleeping && q->count < q->most && one_more(disk_of(b)) < 0) {
		/* Those that there are do it all. */
		q->most = q->count;
		vr_error_clear();
	}
	pthread_mutex_unlock(&q->lock);
	/* Without the lock, which the thread takes first when it is up. */
	if (wake)
		pthread_cond_signal(&q->work);
}

static void VR_CALL cancel(struct vr_block *b)
{
	struct disk *d = disk_of(b);
	struct disk_requests *q = &d->requests;
	struct vr_block_request *r;

	atomic_store(&d->cancelled, 1);
	pthread_mutex_lock(&q->lock);
	for (;;) {
		r = take(q);
		if (r) {
			pthread_mutex_unlock(&q->lock);
			r->complete(r, VR_E_IO);
			pthread_mutex_lock(&q->lock);
		} else if (q->running) {
			pthread_cond_wait(&q->idle, &q->lock);
		} else {
			break;
		}
	}
	pthread_mutex_unlock(&q->lock);
	atomic_store(&d->cancelled, 0);
}

static void VR_CALL stop(struct vr_block *b)
{
	disk_stop(disk_of(b));
}

static const struct vr_block_ops ops = {
	.size = sizeof(ops),
	.info = info,
	.submit = submit,
	.cancel = cancel,
	.stop = stop,
};

void disk_as_block(struct disk *d, struct vr_disk *out)
{
	*out = (struct vr_disk){.size = sizeof(*out), .ops = &ops, .block = (struct vr_block *)d};
}
