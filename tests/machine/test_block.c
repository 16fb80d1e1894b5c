/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
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
