/* SPDX-License-Identifier: MIT */
/* test_disk.c: requests of a disk that is a file: several at once, cancelled, cut off by the machine's end. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../tmp.h"
#include "common/error.h"
#include "machine/parts.h"

#define SIZE (1u << 20)
#define REQUESTS 64u

static char dir[PATH_MAX], path[PATH_MAX + 8];
static struct disk d;
static struct vr_disk k;
static uint8_t bytes[REQUESTS][4096];

/* In place of the library's: while `hold` is set, writes wait. */
static atomic_int hold, under_way, most, syncs;

ssize_t pwritev(int fd, const struct iovec *v, int n, off_t offset)
{
	int now = atomic_fetch_add(&under_way, 1) + 1;

	if (now > atomic_load(&most))
		atomic_store(&most, now);
	while (atomic_load(&hold))
		usleep(100);
	atomic_fetch_sub(&under_way, 1);
	return syscall(SYS_pwritev, fd, v, n, offset, 0);
}

int fdatasync(int fd)
{
	atomic_fetch_add(&syncs, 1);
	return (int)syscall(SYS_fdatasync, fd);
}

struct one {
	struct vr_block_request r;
	struct vr_iovec v;
	atomic_int done;
	int32_t result;
	struct one *then; /* submitted by complete() */
};
static struct one one[REQUESTS];

static void VR_CALL complete(struct vr_block_request *r, int32_t result)
{
	struct one *o = (struct one *)r;

	o->result = result;
	if (o->then)
		k.ops->submit(k.block, &o->then->r);
	atomic_store(&o->done, 1);
}

static void prepare(uint32_t i, uint32_t op, uint64_t offset)
{
	one[i] = (struct one){
		.r = {.size = sizeof(one[i].r),
		      .op = op,
		      .offset = offset,
		      .length = 4096,
		      .v = &one[i].v,
		      .count = op <= VR_BLOCK_WRITE,
		      .stride = sizeof(one[i].v),
		      .complete = complete},
		.v = {.base = bytes[i], .length = 4096},
	};
}

static void submit(uint32_t i, uint32_t op, uint64_t offset)
{
	prepare(i, op, offset);
	k.ops->submit(k.block, &one[i].r);
}

static int32_t await(uint32_t i)
{
	for (uint32_t n = 0; n < 100000 && !atomic_load(&one[i].done); n++)
		usleep(100);
	cr_assert(atomic_load(&one[i].done), "request %u is not done", i);
	return one[i].result;
}

static uint8_t at(uint64_t offset)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t b = 0xee;

	cr_assert_eq(pread(fd, &b, 1, (off_t)offset), 1);
	close(fd);
	return b;
}

static void setup(void)
{
	int fd;

	cr_assert_not_null(mkdtemp(tmp_template(dir, "test-disk")));
	snprintf(path, sizeof(path), "%s/disk", dir);
	fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
	cr_assert_eq(ftruncate(fd, SIZE), 0);
	close(fd);
	cr_assert_eq(disk_open(&d, path, false, NULL, 0), VR_OK);
	cr_assert_eq(disk_threads_start(&d, NULL, 0), VR_OK);
	disk_as_block(&d, &k);
	for (uint32_t i = 0; i < REQUESTS; i++)
		memset(bytes[i], 0x10 + (int)i, sizeof(bytes[i]));
}

static void teardown(void)
{
	atomic_store(&hold, 0);
	disk_close(&d);
	unlink(path);
	rmdir(dir);
}

TestSuite(disk, .init = setup, .fini = teardown, .timeout = 60);

Test(disk, info)
{
	struct vr_block_info info = {.size = sizeof(info)};

	cr_assert_eq(k.ops->info(k.block, &info), VR_OK);
	cr_expect_eq(info.length, SIZE);
	cr_expect_eq(info.flags, VR_BLOCK_CAN_DISCARD);
	cr_expect_str_eq(info.name, path);
}

Test(disk, several_at_once)
{
	atomic_store(&hold, 1);
	for (uint32_t i = 0; i < REQUESTS; i++)
		submit(i, VR_BLOCK_WRITE, 4096 * i);
	while (atomic_load(&under_way) < (int)DISK_THREADS)
		usleep(100);
	atomic_store(&hold, 0);
	for (uint32_t i = 0; i < REQUESTS; i++)
		cr_expect_eq(await(i), VR_OK);
	cr_expect_eq(atomic_load(&most), DISK_THREADS);
	for (uint32_t i = 0; i < REQUESTS; i++) {
		memset(bytes[i], 0, sizeof(bytes[i]));
		submit(i, VR_BLOCK_READ, 4096 * i);
	}
	for (uint32_t i = 0; i < REQUESTS; i++) {
		cr_expect_eq(await(i), VR_OK);
		cr_expect_eq(bytes[i][4095], 0x10 + i);
	}
}

/* Other requests go on while writes wait; one that follows another may be submitted by its complete(). */
Test(disk, a_flush_after_a_write)
{
	prepare(1, VR_BLOCK_FLUSH, 0);
	prepare(0, VR_BLOCK_WRITE, 0);
	one[0].then = &one[1];
	k.ops->submit(k.block, &one[0].r);
	cr_expect_eq(await(1), VR_OK);
	cr_expect_eq(one[0].done, 1);
	cr_expect_eq(atomic_load(&syncs), 1);
	prepare(2, VR_BLOCK_WRITE, 4096);
	one[2].r.flags = VR_BLOCK_FUA;
	k.ops->submit(k.block, &one[2].r);
	cr_expect_eq(await(2), VR_OK);
	cr_expect_eq(atomic_load(&syncs), 2);
	cr_expect_eq(at(4096), 0x12);
}

Test(disk, errors)
{
	submit(0, VR_BLOCK_WRITE, SIZE);
	submit(1, 99, 0);
	submit(2, VR_BLOCK_DISCARD, SIZE);
	cr_expect_eq(await(0), VR_E_RANGE);
	cr_expect_eq(await(1), VR_E_UNSUPPORTED);
	cr_expect_eq(await(2), VR_E_RANGE);
	submit(3, VR_BLOCK_ZERO, 0);
	cr_expect_eq(await(3), VR_OK);
}

/* A caller whose struct vr_iovec is longer. */
Test(disk, strides)
{
	struct {
		struct vr_iovec v;
		uint64_t more;
	} wide[40];

	for (uint32_t i = 0; i < 40; i++)
		wide[i].v = (struct vr_iovec){.base = bytes[i], .length = 512};
	prepare(0, VR_BLOCK_WRITE, 0);
	one[0].r.v = &wide[0].v;
	one[0].r.count = 40;
	one[0].r.stride = sizeof(wide[0]);
	one[0].r.length = 40 * 512;
	k.ops->submit(k.block, &one[0].r);
	cr_expect_eq(await(0), VR_OK);
	cr_expect_eq(at(39 * 512), 0x10 + 39);
}

/* What was acknowledged stays; what was not begun is not begun; all are given back. */
Test(disk, cancel)
{
	uint32_t written = 0;

	submit(0, VR_BLOCK_WRITE, 0);
	cr_assert_eq(await(0), VR_OK);
	atomic_store(&hold, 1);
	for (uint32_t i = 1; i < REQUESTS; i++)
		submit(i, VR_BLOCK_WRITE, 4096 * i);
	while (atomic_load(&under_way) < (int)DISK_THREADS)
		usleep(100);
	atomic_store(&hold, 0);
	k.ops->cancel(k.block);
	for (uint32_t i = 0; i < REQUESTS; i++) {
		cr_assert(atomic_load(&one[i].done), "cancel() returned before request %u was done", i);
		if (one[i].result == VR_OK)
			cr_expect_eq(at(4096 * i), 0x10 + i);
		else
			cr_expect_eq(one[i].result, VR_E_IO);
		written += one[i].result == VR_OK;
	}
	cr_expect_geq(written, 1 + DISK_THREADS);
	/* The next request is a request as ever. */
	submit(1, VR_BLOCK_WRITE, 8192);
	cr_expect_eq(await(1), VR_OK);
}

static void *end_machine(void *arg)
{
	(void)arg;
	usleep(20000);
	k.ops->stop(k.block);
	atomic_store(&hold, 0);
	return NULL;
}

/* The machine ends with requests in flight: each is answered, and closing flushes those that were acknowledged. */
Test(disk, the_machine_ends)
{
	pthread_t t;

	submit(0, VR_BLOCK_WRITE, 0);
	cr_assert_eq(await(0), VR_OK);
	atomic_store(&hold, 1);
	for (uint32_t i = 1; i < REQUESTS; i++)
		submit(i, VR_BLOCK_WRITE, 4096 * i);
	pthread_create(&t, NULL, end_machine, NULL);
	for (uint32_t i = 1; i < REQUESTS; i++)
		if (await(i) == VR_OK)
			cr_expect_eq(at(4096 * i), 0x10 + i);
	cr_expect_eq(one[REQUESTS - 1].result, VR_E_IO);
	pthread_join(t, NULL);
	disk_close(&d);
	cr_expect_eq(atomic_load(&syncs), 1);
	cr_expect_eq(at(0), 0x10);
}
