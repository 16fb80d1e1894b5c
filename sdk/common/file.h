/* SPDX-License-Identifier: MIT */
/*
 * file.h: the one way to open a file that a user named.
 *
 * A name may lead to anything. Opening a FIFO waits for its other end, opening a device may start something
 * (a watchdog, a tape), and a folder or a socket is no file. So the kind is looked at before the file is
 * opened, the file is opened without waiting, and the kind is looked at again on the open file: that second
 * look is the one that counts, since the name may lead elsewhere by then.
 */
#ifndef VR_COMMON_FILE_H
#define VR_COMMON_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define FILE_REGULAR 1u
#define FILE_BLOCK 2u      /* a block device */
#define FILE_PIPE 4u       /* a pipe that the user's shell made: /dev/stdin, /dev/fd/N, <(command) */
#define FILE_FIFO 8u       /* a named pipe */
#define FILE_CHARACTER 16u /* a character device, a terminal */

struct file_request {
	const char *path;
	const char *label; /* what messages begin with, such as "disk 'x'"; NULL: the path */
	int flags;         /* of open(); never waits, and no child inherits it */
	unsigned kinds;    /* FILE_*: what is taken */
	/* What to do when it may not be written, or is in use; NULL: nothing more than the general advice. */
	const char *read_only_advice;
};

struct file_opened {
	int fd; /* reads and writes wait as usual */
	unsigned kind;
	struct stat st;
};

/* An error says what is wrong with the file and what to do. */
int32_t file_open(const struct file_request *r, struct file_opened *out);
/* One file under two names, or open twice. */
bool file_is_one(const struct stat *a, const struct stat *b);

/* ---- what a signal interrupts is done again, and what moved only a part goes on; fit for signal handlers ---- */

/* open(2) of a file whose kind is known. A file system that is a program or a network's can be interrupted. */
int file_open_plain(const char *path, int flags, mode_t mode);
/* Until there are `size` bytes, or the file ends: how many, or -1 and errno. */
ssize_t file_read(int fd, void *to, size_t size);
/* All of it: 0; or -1 and errno. */
int file_write(int fd, const void *from, size_t size);
/* The file has that size from now on: 0; or -1 and errno. */
int file_truncate(int fd, off_t size);

#endif
