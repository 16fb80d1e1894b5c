/* SPDX-License-Identifier: MIT */
/* What block devices lie on, over a folder that looks like sysfs: loop devices, partitions, device mapper. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "machine/backing.h"

#define MIB ((uint64_t)1 << 20)

static char dir[64], command[256], image[96];

static void run(const char *what)
{
	snprintf(command, sizeof(command), "cd %s && %s", dir, what);
	cr_assert_eq(system(command), 0, "%s", what);
}

/*
 * image                the file
 * 7:0, 7:1             loop devices over all of it
 * 7:2                  one over 2 MiB from 1 MiB on
 * 8:0, 8:1, 8:2        a disk and its partitions, at 1 MiB and 9 MiB, of 8 MiB each
 * 254:0, 254:1         device mapper: parts of 8:2
 * 7:8                  a loop device over a file that is gone
 */
static void setup(void)
{
	strcpy(dir, "/tmp/test-backing-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(image, sizeof(image), "%s/image", dir);
	run("truncate -s 4M image && mkdir -p 7:0/loop 7:1/loop 7:2/loop 7:8/loop sda/sda1 sda/sda2 "
	    "254:0/slaves/sda2 "
	    "254:1/slaves/sda2");
	run("ln -s sda 8:0 && ln -s sda/sda1 8:1 && ln -s sda/sda2 8:2");
	run("for l in 7:0 7:1 7:2; do echo $PWD/image >$l/loop/backing_file; echo 0 >$l/loop/offset; done; "
	    "echo 1048576 >7:2/loop/offset; echo '/gone (deleted)' >7:8/loop/backing_file");
	run("echo 8:0 >sda/dev; echo 1 >sda/sda1/partition; echo 2048 >sda/sda1/start; echo 2 "
	    ">sda/sda2/partition; "
	    "echo 18432 >sda/sda2/start; echo 8:2 >254:0/slaves/sda2/dev; echo 8:2 >254:1/slaves/sda2/dev");
}

static void teardown(void)
{
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	cr_assert_eq(system(command), 0);
}

TestSuite(backing, .init = setup, .fini = teardown);

static struct backing device(unsigned a, unsigned b, uint64_t length)
{
	const struct stat st = {.st_mode = S_IFBLK, .st_rdev = makedev(a, b)};
	struct backing x;

	backing_find(&x, &st, length, dir);
	return x;
}

static struct backing file(void)
{
	struct backing x;
	struct stat st;

	cr_assert_eq(stat(image, &st), 0);
	backing_find(&x, &st, 4 * MIB, dir);
	return x;
}

static void expect(struct backing a, struct backing b, int common, const char *what)
{
	cr_expect_eq(!!backing_common(&a, &b), common, "%s", what);
	cr_expect_eq(!!backing_common(&b, &a), common, "%s, the other way round", what);
	backing_free(&a);
	backing_free(&b);
}

Test(backing, who_collides)
{
	expect(file(), file(), 1, "a file and itself");
	expect(device(7, 0, 4 * MIB), file(), 1, "a loop device and its file");
	expect(device(7, 0, 4 * MIB), device(7, 1, 4 * MIB), 1, "two loop devices over one file");
	expect(device(7, 2, 2 * MIB), file(), 1, "part of a file and the file");
	expect(device(7, 2, 2 * MIB), device(7, 0, MIB), 0, "two parts of a file");
	expect(device(7, 2, 2 * MIB), device(7, 0, MIB + 512), 1, "two parts of a file that overlap");
	expect(device(7, 0, 4 * MIB), device(8, 0, 20 * MIB), 0, "different devices");
	expect(device(8, 1, 8 * MIB), device(8, 0, 20 * MIB), 1, "a partition and its disk");
	expect(device(8, 1, 8 * MIB), device(8, 2, 8 * MIB), 0, "two partitions");
	expect(device(254, 0, MIB), device(254, 1, MIB), 0, "two volumes on one partition");
	expect(device(254, 0, MIB), device(8, 2, 8 * MIB), 1, "a volume and its partition");
	expect(device(254, 0, MIB), device(8, 0, 20 * MIB), 1, "a volume and the disk");
	expect(device(254, 0, MIB), device(8, 1, 8 * MIB), 0, "a volume and another partition");
	expect(device(7, 8, MIB), device(7, 0, MIB), 0, "a loop device over a file that is gone");
}

Test(backing, locks_below)
{
	struct backing a = device(7, 0, 4 * MIB), b = device(7, 1, 4 * MIB), low = device(7, 0, MIB),
		       high = device(7, 2, 2 * MIB);
	const struct backing_part *p = NULL;

	cr_assert_eq(backing_lock(&a, false, &p), 0);
	cr_assert_lt(backing_lock(&b, false, &p), 0);
	cr_assert_str_eq(p->path, image);
	backing_free(&b);
	b = device(7, 1, 4 * MIB);
	cr_assert_lt(backing_lock(&b, true, &p), 0, "a reader beside a writer");
	backing_free(&a);
	backing_free(&b);
	cr_assert_eq(backing_lock(&low, false, &p), 0);
	cr_assert_eq(backing_lock(&high, false, &p), 0, "two parts of a file");
	backing_free(&low);
	backing_free(&high);
}
