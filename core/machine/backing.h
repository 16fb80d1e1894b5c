/* SPDX-License-Identifier: MIT */
/*
 * backing.h: what a disk lies on, so that the same bytes are not written by two disks.
 *
 * A lock on a file (fcntl(2), OFD locks) keeps others from that inode only. The same bytes can be had by
 * other names that have inodes of their own: a loop device over the file, a partition of that device, another
 * node for the device, a device-mapper device above it. sysfs tells what a block device is made of:
 *
 *   /sys/dev/block/MAJ:MIN/partition, start       a partition of the device in the folder above
 *   /sys/dev/block/MAJ:MIN/loop/backing_file, offset, sizelimit    a loop device over a file
 *   /sys/dev/block/MAJ:MIN/slaves/NAME/dev        device mapper, md: made of parts of those
 *
 * So a disk is a list of parts: itself, and everything below it down to a file, each with the range of bytes
 * that is used. Two disks collide when they use a common part in overlapping ranges. What a device mapper
 * uses of a device is not told; two such disks are taken to use different ranges. The files below are locked
 * like the disks themselves, in their range, which keeps other machines off. Between block devices the kernel
 * does that (O_EXCL).
 */
#ifndef MACHINE_BACKING_H
#define MACHINE_BACKING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define BACKING_PARTS 12u

struct backing_part {
	dev_t device;
	ino_t inode;            /* of a file; 0: the block device `device` */
	uint64_t start, length; /* bytes */
	bool unknown;           /* some of that range */
	char *path;             /* a file below the disk; NULL for the rest */
	int lock;               /* open while it is locked; -1 */
};

struct backing {
	uint32_t count;
	struct backing_part part[BACKING_PARTS];
};

/* `st`: of the open disk, of `length` bytes. sysfs: "/sys/dev/block", or a folder that looks like it. Without
 * it a disk lies on itself only. */
void backing_find(struct backing *b, const struct stat *st, uint64_t length, const char *sysfs);
/* What both use, with a path if either knows one; NULL: nothing. */
const struct backing_part *backing_common(const struct backing *a, const struct backing *b);
/* Locks the files below; VR_E_BUSY without a text: *part is in use. */
int32_t backing_lock(struct backing *b, bool read_only, const struct backing_part **part);
void backing_free(struct backing *b);

#endif
