/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../tmp.h"
#include "common/error.h"
#include "machine/parts.h"

static char dir[PATH_MAX], path[PATH_MAX + 8];
static struct disk d, e;

static void setup(void)
{
	cr_assert_not_null(mkdtemp(tmp_template(dir, "test-block")));
	snprintf(path, sizeof(path), "%s/disk", dir);
}

static void teardown(void)
{
	disk_close(&d);
	unlink(path);
	rmdir(dir);
}

/* In place of the library's. */
static int syncs;

int fdatasync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fdatasync, fd);
}

TestSuite(block, .init = setup, .fini = teardown);

static void make(off_t size)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_eq(ftruncate(fd, size), 0);
	close(fd);
}

static int32_t refused(const char *p, bool read_only, const char *text)
{
	int32_t rc;

	vr_error_clear();
	rc = disk_open(&d, p, read_only, NULL, 0);
	cr_assert_lt(rc, 0);
	cr_assert_not_null(strstr(vr_error_text(rc), text), "%s", vr_error_text(rc));
	return rc;
}

Test(block, a_machine_that_ends_breaks_requests_off)
{
	static uint8_t b[4096];
	struct vr_iovec v = {.base = b, .length = sizeof(b)};

	make(1 << 20);
	cr_assert_eq(disk_open(&d, path, false, NULL, 0), VR_OK);
	cr_assert_eq(disk_write(&d, 0, &v, 1), VR_OK);
	disk_stop(&d);
	cr_assert_eq(disk_read(&d, 0, &v, 1), VR_E_IO);
	cr_assert_eq(disk_write(&d, 0, &v, 1), VR_E_IO);
	cr_assert_eq(disk_discard(&d, 0, 4096), VR_E_IO);
	cr_assert_eq(disk_zero(&d, 0, 4096), VR_E_IO);
	cr_assert_eq(disk_flush(&d), VR_OK, "what was written stays written");
}

Test(block, clear_errors)
{
	d.fd = -1;
	cr_assert_eq(refused(path, false, "no such file"), VR_E_NOENT);
	cr_assert_eq(refused(dir, false, "is a folder"), VR_E_INVAL);
	cr_assert_eq(refused("/dev/null", false, "is a character device; give a file or a block device"),
		     VR_E_INVAL);
	cr_assert_eq(refused("", false, "no file name"), VR_E_INVAL);
	mkfifo(path, 0600);
	cr_assert_eq(refused(path, false, "is a FIFO (named pipe); give a file or a block device"),
		     VR_E_INVAL);
	unlink(path);
	make(0);
	refused(path, false, "is empty");
	make(512);
	chmod(path, 0400);
	if (geteuid()) {
		cr_assert_eq(refused(path, false, "read-only"), VR_E_PERM);
		cr_assert_eq(disk_open(&d, path, true, NULL, 0), VR_OK);
	}
}

Test(block, one_writer_or_many_readers)
{
	make(4096);
	cr_assert_eq(disk_open(&d, path, false, NULL, 0), VR_OK);
	cr_assert_eq(disk_open(&e, path, false, NULL, 0), VR_E_BUSY);
	cr_assert_not_null(strstr(vr_error_text(VR_E_BUSY), "in use"));
	cr_assert_eq(disk_open(&e, path, true, NULL, 0), VR_E_BUSY);
	disk_close(&d);
	cr_assert_eq(disk_open(&d, path, true, NULL, 0), VR_OK);
	cr_assert_eq(disk_open(&e, path, true, NULL, 0), VR_OK);
	disk_close(&e);
}

Test(block, transfers)
{
	static uint8_t in[200][100], out[200][100];
	struct vr_iovec w[200], r[200];

	make(1 << 20);
	cr_assert_eq(disk_open(&d, path, false, NULL, 0), VR_OK);
	for (uint32_t i = 0; i < 200; i++) {
		memset(in[i], (int)i + 1, 100);
		/* Vectors of other shapes on each side, some of them empty. */
		w[i] = (struct vr_iovec){in[i], 100};
		r[i] = (struct vr_iovec){out[i], 100};
	}
	cr_assert_eq(disk_write(&d, 512, w, 200), VR_OK);
	r[0].length = 0;
	r[1] = (struct vr_iovec){out[0], 200};
	cr_assert_eq(disk_read(&d, 512, r, 200), VR_OK);
	cr_assert_arr_eq(in, out, sizeof(in));
	cr_assert_eq(disk_flush(&d), VR_OK);
	cr_assert_eq(disk_write(&d, (1 << 20) - 50, w, 1), VR_E_RANGE);
	cr_assert_eq(disk_read(&d, UINT64_MAX, r, 1), VR_E_RANGE);
	w[0].length = w[1].length = UINT64_MAX;
	cr_assert_eq(disk_write(&d, 0, w, 2), VR_E_RANGE);
	cr_assert_eq(disk_discard(&d, 0, UINT64_MAX), VR_E_RANGE);
	cr_assert_eq(disk_read(&d, 0, NULL, 0), VR_OK);
}

Test(block, the_tail_is_a_whole_sector)
{
	uint8_t b[512];
	struct vr_iovec v = {b, 512};
	struct stat st;
	int fd;

	make(700);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	cr_assert_eq(pwrite(fd, "tail", 4, 696), 4);
	close(fd);
	cr_assert_eq(disk_open(&d, path, false, NULL, 0), VR_OK);
	cr_assert_eq(d.length, 1024);
	memset(b, 0xff, sizeof(b));
	cr_assert_eq(disk_read(&d, 512, &v, 1), VR_OK);
	cr_assert_arr_eq(b + 184, "tail\0\0\0\0", 8);
	cr_assert_eq(b[511], 0);
	b[511] = 7;
	cr_assert_eq(disk_write(&d, 512, &v, 1), VR_OK);
	memset(b, 0, sizeof(b));
	cr_assert_eq(disk_read(&d, 512, &v, 1), VR_OK);
	cr_assert_arr_eq(b + 184, "tail", 4);
	cr_assert_eq(b[511], 7);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_size, 1024);
}

Test(block, zeroes_and_discard)
{
	static uint8_t b[65536];
	struct vr_iovec v = {b, sizeof(b)};
	struct stat st;

	make(sizeof(b));
	cr_assert_eq(disk_open(&d, path, false, NULL, 0), VR_OK);
	memset(b, 0xff, sizeof(b));
	cr_assert_eq(disk_write(&d, 0, &v, 1), VR_OK);
	cr_assert_eq(disk_zero(&d, 512, 4096), VR_OK);
	cr_assert_eq(disk_read(&d, 0, &v, 1), VR_OK);
	cr_assert_eq(b[511], 0xff);
	cr_assert_eq(b[512], 0);
	cr_assert_eq(b[4607], 0);
	cr_assert_eq(b[4608], 0xff);
	cr_assert_eq(disk_discard(&d, 0, sizeof(b)), VR_OK);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_size, sizeof(b), "the size stays");
}

Test(block, read_only_is_not_written)
{
	uint8_t b[512] = {0};
	struct vr_iovec v = {b, 512};

	make(512);
	cr_assert_eq(disk_open(&d, path, true, NULL, 0), VR_OK);
	cr_assert_eq(d.flags, VR_BLOCK_READONLY);
	cr_assert_eq(disk_write(&d, 0, &v, 1), VR_E_PERM);
	cr_assert_eq(disk_zero(&d, 0, 512), VR_E_PERM);
	cr_assert_eq(disk_discard(&d, 0, 512), VR_E_PERM);
	cr_assert_eq(disk_flush(&d), VR_OK);
	cr_assert_eq(disk_read(&d, 0, &v, 1), VR_OK);
}

/* Whatever was written is flushed at the end, once; a disk that was only read is not. */
Test(block, closing_flushes)
{
	uint8_t sector[512] = {1};
	struct vr_iovec v = {.base = sector, .length = sizeof(sector)};

	make(1 << 20);
	for (uint32_t how = 0; how < 5; how++) {
		syncs = 0;
		cr_assert_eq(disk_open(&d, path, false, NULL, 0), VR_OK);
		cr_assert_eq(disk_read(&d, 0, &v, 1), VR_OK);
		if (how == 1 || how == 2)
			cr_assert_eq(disk_write(&d, 512, &v, 1), VR_OK);
		if (how == 2)
			cr_assert_eq(disk_flush(&d), VR_OK);
		if (how == 3)
			cr_assert_eq(disk_discard(&d, 0, 65536), VR_OK);
		if (how == 4)
			cr_assert_eq(disk_zero(&d, 4096, 4096), VR_OK);
		disk_close(&d);
		cr_assert_eq(syncs, how ? 1 : 0, "case %u: %d", how, syncs);
	}
	cr_assert_eq(disk_open(&d, path, true, NULL, 0), VR_OK);
	disk_close(&d);
	cr_assert_eq(syncs, 1);
}

/* ---- ephemeral disks: overlay.c ---- */

static uint32_t rng = 1;

static uint32_t draw(uint32_t below)
{
	rng = rng * 1664525u + 1013904223u;
	return (rng >> 8) % below;
}

static void fill(uint8_t *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)draw(256);
}

static void put_file(const uint8_t *bytes, size_t n)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_eq(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

/* The file is as it was. */
static void file_is(const uint8_t *bytes, size_t n)
{
	static uint8_t now[1 << 20];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	cr_assert_eq(read(fd, now, sizeof(now)), (ssize_t)n);
	close(fd);
	cr_assert_arr_eq(now, bytes, n);
}

/* What any disk does, and the file does not change: random requests beside a copy in memory. */
Test(block, ephemeral_requests)
{
	enum { SECTORS = 1000, SIZE = SECTORS * 512, END = SIZE - 100 };
	static uint8_t was[SIZE], want[SIZE], b[SIZE];
	static bool unknown[SECTORS]; /* discarded: zeros or what was there */

	fill(was, END);
	memcpy(want, was, SIZE);
	put_file(was, END);
	chmod(path, 0400); /* need not be writable */
	cr_assert_eq(disk_open(&d, path, DISK_EPHEMERAL, NULL, 0), VR_OK, "%s", vr_error_text(VR_E_IO));
	cr_assert_eq(d.flags, VR_BLOCK_CAN_DISCARD);
	cr_assert_eq(d.length, SIZE, "the last sector is filled up");
	for (uint32_t turn = 0; turn < 4000; turn++) {
		uint32_t first = draw(SECTORS), count = 1 + draw(turn % 8 ? 12 : SECTORS), what = draw(8);
		uint64_t at = (uint64_t)first * 512, n;
		struct vr_iovec v[3];

		if (count > SECTORS - first)
			count = SECTORS - first;
		n = (uint64_t)count * 512;
		/* Parts of a request need not end where a sector does. */
		v[0] = (struct vr_iovec){b, draw((uint32_t)n)};
		v[1] = (struct vr_iovec){b + v[0].length, draw((uint32_t)(n - v[0].length))};
		v[2] = (struct vr_iovec){b + v[0].length + v[1].length, n - v[0].length - v[1].length};
		if (what < 3) {
			fill(b, n);
			cr_assert_eq(disk_write(&d, at, v, 3), VR_OK);
			memcpy(want + at, b, n);
		} else if (what == 3) {
			cr_assert_eq(disk_zero(&d, at, n), VR_OK);
			memset(want + at, 0, n);
		} else if (what == 4) {
			cr_assert_eq(disk_discard(&d, at, n), VR_OK);
		} else if (what == 5) {
			cr_assert_eq(disk_flush(&d), VR_OK);
		} else {
			cr_assert_eq(disk_read(&d, at, v, 3), VR_OK);
		}
		for (uint32_t i = first; i < first + count; i++) {
			const uint8_t *came = b + (size_t)(i - first) * 512;
			uint8_t *known = want + (size_t)i * 512;

			if (what <= 4)
				unknown[i] = what == 4;
			if (what < 6)
				continue;
			if (unknown[i] && came[0] == 0 && !memcmp(came, came + 1, 511))
				memset(known, 0, 512);
			unknown[i] = false;
			cr_assert_arr_eq(came, known, 512, "turn %u, sector %u", turn, i);
		}
	}
	cr_assert_eq(disk_write(&d, SIZE - 512, &(struct vr_iovec){b, 1024}, 1), VR_E_RANGE);
	syncs = 0;
	disk_close(&d);
	cr_assert_eq(syncs, 0, "nothing is to be kept");
	file_is(was, END);
	/* And what was written is gone. */
	cr_assert_eq(disk_open(&d, path, DISK_EPHEMERAL, NULL, 0), VR_OK);
	cr_assert_eq(disk_read(&d, 0, &(struct vr_iovec){b, SIZE}, 1), VR_OK);
	cr_assert_arr_eq(b, was, SIZE);
}

Test(block, ephemeral_disks_share_a_file)
{
	uint8_t one[512] = {1}, two[512] = {2}, b[512];
	struct vr_iovec v = {b, 512};

	make(4096);
	cr_assert_eq(disk_open(&d, path, DISK_EPHEMERAL, NULL, 0), VR_OK);
	cr_assert_eq(disk_open(&e, path, DISK_WRITABLE, NULL, 0), VR_E_BUSY);
	cr_assert_not_null(strstr(vr_error_text(VR_E_BUSY), "another machine that reads it"));
	cr_assert_eq(disk_open(&e, path, DISK_EPHEMERAL, &d, 1), VR_OK);
	cr_assert_eq(disk_write(&d, 512, &(struct vr_iovec){one, 512}, 1), VR_OK);
	cr_assert_eq(disk_write(&e, 512, &(struct vr_iovec){two, 512}, 1), VR_OK);
	cr_assert_eq(disk_read(&d, 512, &v, 1), VR_OK);
	cr_assert_eq(b[0], 1);
	cr_assert_eq(disk_read(&e, 512, &v, 1), VR_OK);
	cr_assert_eq(b[0], 2);
	disk_close(&e);
	cr_assert_eq(disk_open(&e, path, DISK_READ_ONLY, &d, 1), VR_OK);
	cr_assert_eq(disk_read(&e, 512, &v, 1), VR_OK);
	cr_assert_eq(b[0], 0);
	disk_close(&e);
}

/* Where the temporary file goes, and what is said when it can't be made. */
Test(block, ephemeral_needs_a_folder)
{
	d.fd = -1;
	make(4096);
	setenv("TMPDIR", "/nonexistent", 1);
	vr_error_clear();
	cr_assert_eq(disk_open(&d, path, DISK_EPHEMERAL, NULL, 0), VR_E_IO);
	cr_assert_not_null(strstr(vr_error_text(VR_E_IO), "in /nonexistent (No such file"), "%s",
			   vr_error_text(VR_E_IO));
	setenv("TMPDIR", dir, 1);
	cr_assert_eq(disk_open(&d, path, DISK_EPHEMERAL, NULL, 0), VR_OK);
	cr_assert_str_eq(d.overlay.folder, dir);
}

/* An image that becomes shorter: what it had is lost, what was written is not. */
Test(block, ephemeral_file_that_is_cut)
{
	uint8_t b[512] = {7};
	struct vr_iovec v = {b, 512};

	make(8192);
	cr_assert_eq(disk_open(&d, path, DISK_EPHEMERAL, NULL, 0), VR_OK);
	cr_assert_eq(disk_write(&d, 4096, &v, 1), VR_OK);
	make(1024);
	cr_assert_eq(disk_write(&d, 6144, &v, 1), VR_OK);
	cr_assert_eq(disk_read(&d, 4096, &v, 1), VR_OK);
	cr_assert_eq(b[0], 7);
	cr_assert_eq(disk_read(&d, 4608, &v, 1), VR_E_IO);
}
