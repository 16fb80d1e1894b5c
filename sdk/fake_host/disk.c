/* SPDX-License-Identifier: MIT */
/*
 * disk.c: disks in memory, vmrun.disks/1. Requests are carried out by threads that are there as long as requests
 * wait, so that none is left when a plugin's life is over.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define THREADS 4u
#define NEXT 0 /* of a request's link[] */

int vr_fake_host_disk(struct vr_fake_host *f, uint64_t length, uint32_t flags)
{
	struct vr_fake_host_disk *k;
	uint8_t *bytes = f->disk_count < VR_FAKE_HOST_DISKS ? malloc(length) : NULL;

	if (!bytes)
		return -1;
	k = &f->disk[f->disk_count++];
	k->host = f;
	k->bytes = bytes;
	k->length = length;
	k->flags = flags;
	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->idle, NULL);
	for (uint64_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)(i / 512 + i);
	return 0;
}

/* ---- one request ---------------------------------------------------------------------------------- */

static int32_t outside(struct vr_fake_host_disk *k, const char *what)
{
	vr_fake_host_note(k->host, "disk: %s outside the disk", what);
	return VR_E_RANGE;
}

static int32_t move(struct vr_fake_host_disk *k, const struct vr_block_request *r)
{
	uint64_t offset = r->offset, end = r->offset + r->length;
	int is_write = r->op == VR_BLOCK_WRITE;

	for (uint32_t i = 0; i < r->count; i++) {
		struct vr_iovec v;

		memcpy(&v, (const uint8_t *)r->v + (size_t)i * r->stride, sizeof(v));
		if (offset > k->length || v.length > k->length - offset)
			return outside(k, is_write ? "a write" : "a read");
		if (is_write)
			memcpy(k->bytes + offset, v.base, v.length);
		else
			memcpy(v.base, k->bytes + offset, v.length);
		offset += v.length;
	}
	if (offset != end)
		vr_fake_host_note(k->host, "disk: a request's length is not that of its vector");
	return VR_OK;
}

static int32_t clear(struct vr_fake_host_disk *k, const struct vr_block_request *r)
{
	if (r->offset > k->length || r->length > k->length - r->offset)
		return outside(k, "a discard or zero");
	/* What was discarded may read as anything: not as it was, and not as zeros. */
	memset(k->bytes + r->offset, r->op == VR_BLOCK_ZERO ? 0 : 0xdd, r->length);
	return VR_OK;
}

static void count(uint32_t *n)
{
	__atomic_add_fetch(n, 1, __ATOMIC_SEQ_CST);
}

static int32_t execute(struct vr_fake_host_disk *k, const struct vr_block_request *r)
{
	uint32_t *const counter[] = {&k->reads, &k->writes, &k->flushes, &k->discards, &k->zeroes};
	int32_t rc;

	if (r->op > VR_BLOCK_ZERO || r->stride < sizeof(struct vr_iovec) * (r->count > 0)) {
		vr_fake_host_note(k->host,
				  "disk: a request of no known kind, or with a stride that is too small");
		return VR_E_INVAL;
	}
	count(counter[r->op]);
	if (k->delay_us)
		usleep(k->delay_us);
	while (__atomic_load_n(&k->hold, __ATOMIC_SEQ_CST) >> r->op & 1)
		usleep(100);
	if (k->fail < 0)
		return k->fail;
	if (r->op != VR_BLOCK_READ && r->op != VR_BLOCK_FLUSH && (k->flags & VR_BLOCK_READONLY)) {
		vr_fake_host_note(k->host, "disk: a change of a disk that can only be read");
		return VR_E_PERM;
	}
	if (r->op == VR_BLOCK_FLUSH)
		return VR_OK;
	rc = r->op <= VR_BLOCK_WRITE ? move(k, r) : clear(k, r);
	if (r->flags & VR_BLOCK_FUA)
		count(&k->flushes);
	return rc;
}

/* ---- threads -------------------------------------------------------------------------------------- */

static struct vr_block_request *take(struct vr_fake_host_disk *k)
{
	struct vr_block_request *r = k->first;

	if (r) {
		k->first = r->link[NEXT];
		k->last = k->first ? k->last : NULL;
	}
	return r;
}

static void *serve(void *arg)
{
	struct vr_fake_host_disk *k = arg;
	struct vr_block_request *r;

	pthread_mutex_lock(&k->lock);
	while ((r = take(k))) {
		int32_t rc;

		if (++k->under_way > k->at_once)
			k->at_once = k->under_way;
		pthread_mutex_unlock(&k->lock);
		rc = execute(k, r);
		pthread_mutex_lock(&k->lock);
		k->under_way--;
		pthread_mutex_unlock(&k->lock);
		r->complete(r, rc);
		pthread_mutex_lock(&k->lock);
	}
	k->threads--;
	pthread_cond_broadcast(&k->idle);
	pthread_mutex_unlock(&k->lock);
	return NULL;
}

/* The lock is held. Where no thread can be had the request waits for one that is there. */
static int one_more(struct vr_fake_host_disk *k)
{
	pthread_t thread;

	if (k->threads == THREADS)
		return 1;
	if (pthread_create(&thread, NULL, serve, k))
		return k->threads > 0;
	pthread_detach(thread);
	k->threads++;
	return 1;
}

static int32_t VR_CALL info(struct vr_block *b, struct vr_block_info *out)
{
	const struct vr_fake_host_disk *k = (struct vr_fake_host_disk *)b;

	if (!out || out->size < sizeof(*out)) {
		vr_fake_host_note(k->host, "disk: info was given a struct without its size");
		return VR_E_INVAL;
	}
	out->flags = k->flags;
	out->length = k->length;
	out->name = "memory";
	return VR_OK;
}

static void VR_CALL submit(struct vr_block *b, struct vr_block_request *r)
{
	struct vr_fake_host_disk *k = (struct vr_fake_host_disk *)b;

	if (r->size < sizeof(*r) || !r->complete)
		vr_fake_host_note(k->host, "disk: a request without its size, or without complete()");
	r->link[NEXT] = NULL;
	pthread_mutex_lock(&k->lock);
	if (k->last)
		k->last->link[NEXT] = r;
	else
		k->first = r;
	k->last = r;
	if (!one_more(k)) {
		k->threads++; /* this one, until there is nothing more */
		pthread_mutex_unlock(&k->lock);
		serve(k);
		return;
	}
	pthread_mutex_unlock(&k->lock);
}

static void VR_CALL cancel(struct vr_block *b)
{
	struct vr_fake_host_disk *k = (struct vr_fake_host_disk *)b;
	struct vr_block_request *r;

	pthread_mutex_lock(&k->lock);
	while ((r = take(k))) {
		pthread_mutex_unlock(&k->lock);
		r->complete(r, VR_E_IO);
		pthread_mutex_lock(&k->lock);
	}
	while (k->threads)
		pthread_cond_wait(&k->idle, &k->lock);
	pthread_mutex_unlock(&k->lock);
}

static void VR_CALL stop(struct vr_block *b)
{
	(void)b;
}

static const struct vr_block_ops ops = {
	.size = sizeof(ops), .info = info, .submit = submit, .cancel = cancel, .stop = stop};

void vr_fake_host_disks_free(struct vr_fake_host *f)
{
	for (uint32_t i = 0; i < f->disk_count; i++) {
		struct vr_fake_host_disk *k = &f->disk[i];

		pthread_mutex_lock(&k->lock);
		if (k->threads || k->first)
			vr_fake_host_note(f, "disk %u: requests are in flight when the host ends", i);
		while (k->threads)
			pthread_cond_wait(&k->idle, &k->lock);
		pthread_mutex_unlock(&k->lock);
		pthread_mutex_destroy(&k->lock);
		pthread_cond_destroy(&k->idle);
		free(k->bytes);
	}
}

/* ---- vmrun.disks/1 ---------------------------------------------------------------------------------- */

static uint32_t VR_CALL disks_count(const struct vr_host *host)
{
	return vr_fake_host_of(host)->disk_count;
}

static int32_t VR_CALL disks_disk(const struct vr_host *host, uint32_t number, struct vr_disk *out)
{
	struct vr_fake_host *f = vr_fake_host_of(host);

	if (!out || out->size < sizeof(*out)) {
		vr_fake_host_note(f, "disks.disk was given a struct without its size");
		return VR_E_INVAL;
	}
	if (number >= f->disk_count)
		return VR_E_NOENT;
	out->ops = &ops;
	out->block = (struct vr_block *)&f->disk[number];
	return VR_OK;
}

extern const struct vr_host_disks vr_fake_host_disks;
const struct vr_host_disks vr_fake_host_disks = {
	.size = sizeof(vr_fake_host_disks), .count = disks_count, .disk = disks_disk};
