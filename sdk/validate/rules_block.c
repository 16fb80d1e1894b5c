/* SPDX-License-Identifier: MIT */
/* rules_block.c: plugins that are a disk (block.h, vmrun.block/1). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

#define REQUESTS 64u
#define BYTES 4096u
#define PATIENCE_US 5000000u

struct one {
	struct vr_block_request r;
	struct vr_iovec v[2];
	uint32_t done; /* atomic: how often */
	int32_t result;
	uint8_t bytes[BYTES];
};

static struct one one[REQUESTS];
static struct vr_disk disk;
static struct vr_block_info about;

static void VR_CALL complete(struct vr_block_request *r, int32_t result)
{
	struct one *o = (struct one *)r;

	o->result = result;
	__atomic_add_fetch(&o->done, 1, __ATOMIC_SEQ_CST);
}

static const struct vr_block_maker *maker(struct vr_check *c)
{
	check_started(c);
	return check_provided(c, VR_BLOCK_ID);
}

/* Opens the disk, on the way to another rule. */
static const struct vr_block_maker *opened(struct vr_check *c)
{
	const struct vr_block_maker *m = maker(c);

	check_given(c, 1);
	if (!VR_HAS(m, open) || !VR_HAS(m, close))
		check_skip(c, "its table is not filled in");
	check_phase(c, "open");
	disk = (struct vr_disk){.size = sizeof(disk)};
	if (m->open(c->plugin->self, &disk) < 0)
		check_skip(c, "it opens no disk: %s", c->d->error_text);
	about = (struct vr_block_info){.size = sizeof(about)};
	if (!VR_HAS(&disk, ops) || !VR_HAS(disk.ops, info) || !VR_HAS(disk.ops, submit) ||
	    !VR_HAS(disk.ops, cancel) || !VR_HAS(disk.ops, stop) || disk.ops->info(disk.block, &about) < 0 ||
	    about.length % 512)
		check_skip(c, "its disk is not whole");
	check_given(c, 0);
	return m;
}

static void closed(struct vr_check *c, const struct vr_block_maker *m)
{
	check_phase(c, "close");
	m->close(disk.block);
	check_unused(c);
}

static void submit(struct vr_check *c, uint32_t i, uint32_t op, uint64_t offset, uint32_t length)
{
	struct one *o = &one[i];

	memset(&o->r, 0, sizeof(o->r));
	o->done = 0;
	o->v[0] = (struct vr_iovec){.base = o->bytes, .length = length / 2};
	o->v[1] = (struct vr_iovec){.base = o->bytes + length / 2, .length = length - length / 2};
	o->r = (struct vr_block_request){
		.size = sizeof(o->r),
		.op = op,
		.offset = offset,
		.length = length,
		.v = o->v,
		.count = op <= VR_BLOCK_WRITE ? 2 : 0,
		.stride = sizeof(o->v[0]),
		.complete = complete,
	};
	check_phase(c, "request %u: op %u, %u bytes at %llu", i, op, length, (unsigned long long)offset);
	disk.ops->submit(disk.block, &o->r);
}

static uint32_t done(uint32_t i)
{
	return __atomic_load_n(&one[i].done, __ATOMIC_SEQ_CST);
}

static int32_t await(struct vr_check *c, uint32_t i)
{
	for (uint32_t us = 0; !done(i); us += 100) {
		CHECK(c, us < PATIENCE_US, "%s is not complete after 5 s", c->report->phase);
		usleep(100);
	}
	return one[i].result;
}

void check_block_disk(struct vr_check *c)
{
	const struct vr_block_maker *m = maker(c);
	int32_t rc;

	CHECK(c, VR_HAS(m, open) && VR_HAS(m, close), "open or close is NULL");
	check_phase(c, "open");
	disk = (struct vr_disk){.size = sizeof(disk)};
	rc = m->open(c->plugin->self, &disk);
	if (rc < 0) {
		check_refusal(c, c->d, rc, "open");
		check_skip(c, "it opens no disk: %s", c->d->error_text);
	}
	CHECK(c, VR_HAS(&disk, ops) && disk.block, "open gives no disk");
	CHECK(c,
	      VR_HAS(disk.ops, info) && VR_HAS(disk.ops, submit) && VR_HAS(disk.ops, cancel) &&
		      VR_HAS(disk.ops, stop),
	      "info, submit, cancel or stop of its disk is NULL");
	about = (struct vr_block_info){.size = sizeof(about)};
	CHECK(c, disk.ops->info(disk.block, &about) >= 0, "info fails");
	CHECK(c, about.length && about.length % 512 == 0, "its length is %llu: a disk has a multiple of 512",
	      (unsigned long long)about.length);
	CHECK(c, about.name && *about.name, "it has no name");
	closed(c, m);
}

static void each_once(struct vr_check *c, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		CHECK(c, done(i) == 1, "request %u was completed %u times", i, done(i));
}

void check_block_requests(struct vr_check *c)
{
	const struct vr_block_maker *m = opened(c);
	uint32_t n = about.length < BYTES * REQUESTS ? (uint32_t)(about.length / BYTES) : REQUESTS;
	bool writable = !(about.flags & VR_BLOCK_READONLY);

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < BYTES; k++)
			one[i].bytes[k] = (uint8_t)(i * 7 + k);
		submit(c, i, writable ? VR_BLOCK_WRITE : VR_BLOCK_READ, (uint64_t)i * BYTES, BYTES);
	}
	for (uint32_t i = 0; i < n; i++)
		CHECK(c, await(c, i) >= 0, "request %u fails: %s", i, check_error_name(one[i].result));
	each_once(c, n);
	if (writable && n) {
		submit(c, 0, VR_BLOCK_FLUSH, 0, 0);
		CHECK(c, await(c, 0) >= 0, "a flush fails: %s", check_error_name(one[0].result));
		for (uint32_t i = 0; i < n; i++) {
			memset(one[i].bytes, 0, BYTES);
			submit(c, i, VR_BLOCK_READ, (uint64_t)i * BYTES, BYTES);
		}
		for (uint32_t i = 0; i < n; i++) {
			CHECK(c, await(c, i) >= 0, "request %u fails: %s", i,
			      check_error_name(one[i].result));
			for (uint32_t k = 0; k < BYTES; k++)
				CHECK(c, one[i].bytes[k] == (uint8_t)(i * 7 + k),
				      "byte %u of block %u is not what was written", k, i);
		}
	}
	if (writable && n && (about.flags & VR_BLOCK_CAN_DISCARD)) {
		submit(c, 0, VR_BLOCK_ZERO, 0, BYTES);
		CHECK(c, await(c, 0) >= 0, "a zero fails: %s", check_error_name(one[0].result));
		submit(c, 0, VR_BLOCK_READ, 0, BYTES);
		CHECK(c, await(c, 0) >= 0 && !one[0].bytes[0] && !one[0].bytes[BYTES - 1],
		      "what was zeroed does not read as zeros");
	}
	each_once(c, n);
	closed(c, m);
}

void check_block_range(struct vr_check *c)
{
	const struct vr_block_maker *m = opened(c);
	const uint64_t far[] = {about.length, about.length + 512, 1ull << 62, (uint64_t)-512};
	uint32_t i = 0;

	for (; i < 4; i++) {
		submit(c, i, VR_BLOCK_READ, far[i], 512);
		CHECK(c, await(c, i) < 0, "a read of 512 bytes at %llu goes through; it has %llu",
		      (unsigned long long)far[i], (unsigned long long)about.length);
		CHECK(c, vr_fake_host_known_error(one[i].result), "a read past its end gives %d",
		      one[i].result);
	}
	submit(c, i, 99, 0, 512);
	CHECK(c, await(c, i) < 0, "a request of kind 99 goes through");
	closed(c, m);
}

void check_block_cancel(struct vr_check *c)
{
	const struct vr_block_maker *m = opened(c);

	for (uint32_t round = 0; round < 20; round++) {
		for (uint32_t i = 0; i < REQUESTS; i++)
			submit(c, i, VR_BLOCK_READ, 0, 512);
		check_phase(c, "cancel");
		disk.ops->cancel(disk.block);
		for (uint32_t i = 0; i < REQUESTS; i++)
			CHECK(c, done(i) == 1, "after cancel() request %u has been completed %u times", i,
			      done(i));
	}
	for (uint32_t i = 0; i < REQUESTS; i++)
		submit(c, i, VR_BLOCK_READ, 0, 512);
	check_phase(c, "stop");
	disk.ops->stop(disk.block);
	for (uint32_t i = 0; i < REQUESTS; i++)
		await(c, i);
	submit(c, 0, VR_BLOCK_READ, 0, 512);
	CHECK(c, await(c, 0) < 0, "a request after stop() goes through");
	disk.ops->cancel(disk.block);
	closed(c, m);
}
