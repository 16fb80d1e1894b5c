/* SPDX-License-Identifier: MIT */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <vmrun/abi.h>
#include "common/error.h"

#define ANY_PIPE (FILE_PIPE | FILE_FIFO)

static const struct {
	unsigned kind;
	mode_t mode;
	const char *name;
} kinds[] = {
	{FILE_REGULAR, S_IFREG, "a file"},
	{FILE_BLOCK, S_IFBLK, "a block device"},
	{FILE_PIPE, S_IFIFO, "a pipe"},
	{FILE_FIFO, S_IFIFO, "a FIFO (named pipe)"},
	{FILE_CHARACTER, S_IFCHR, "a character device"},
	{0, S_IFDIR, "a folder"},
	{0, S_IFSOCK, "a socket"},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* The index of a kind; KINDS: unknown. Pipes that no file system has a name for lie on one of their own. */
static size_t kind_of(const struct stat *st, const struct statfs *fs)
{
	size_t i = 0;

	while (i < KINDS && (st->st_mode & S_IFMT) != kinds[i].mode)
		i++;
	if (i < KINDS && kinds[i].kind == FILE_PIPE && fs->f_type != PIPEFS_MAGIC)
		i++;
	return i;
}

static const char *label_of(const struct file_request *r)
{
	return r->label ? r->label : r->path;
}

/* "a file, a block device or a pipe" */
static void describe(unsigned wanted, char *text, size_t size)
{
	size_t n = 0;

	text[0] = 0;
	for (size_t i = 0; i < KINDS; i++) {
		unsigned later = 0;

		if (!(wanted & kinds[i].kind))
			continue;
		for (size_t k = i + 1; k < KINDS; k++)
			later |= wanted & kinds[k].kind;
		n += (size_t)snprintf(text + n, size - n, "%s%s",
				      !n      ? ""
				      : later ? ", "
					      : " or ",
				      kinds[i].name);
		if (n >= size)
			return;
	}
}

static int32_t check_kind(const struct file_request *r, const struct stat *st, const struct statfs *fs,
			  unsigned *kind)
{
	size_t i = kind_of(st, fs);
	char wanted[128];

	*kind = i < KINDS ? kinds[i].kind : 0;
	if (*kind & r->kinds)
		return VR_OK;
	describe(r->kinds, wanted, sizeof(wanted));
	if (*kind == FILE_FIFO && (r->kinds & FILE_PIPE))
		return vr_error_set(VR_E_INVAL,
				    "%s: is %s; give %s; the shell can open it for you: /dev/stdin <%s",
				    label_of(r), kinds[i].name, wanted, r->path);
	return vr_error_set(VR_E_INVAL, "%s: is %s; give %s", label_of(r),
			    i < KINDS ? kinds[i].name : "of an unknown kind", wanted);
}

static int32_t open_failed(const struct file_request *r, int e)
{
	bool writes = (r->flags & O_ACCMODE) != O_RDONLY;

	switch (e) {
	case ENOENT:
	case ENOTDIR:
		return vr_error_set(VR_E_NOENT,
				    r->flags & O_CREAT ? "%s: there is no such folder; check the path"
						       : "%s: no such file; check the path",
				    label_of(r));
	case EACCES:
	case EPERM:
	case EROFS:
	case ETXTBSY:
		if (!writes)
			return vr_error_set(VR_E_PERM, "%s: not readable by this user; check its permissions",
					    label_of(r));
		return vr_error_set(VR_E_PERM, "%s: can't be written: %s; make it writable%s%s", label_of(r),
				    strerror(e), r->read_only_advice ? ", or " : "",
				    r->read_only_advice ? r->read_only_advice : "");
	case EBUSY:
		return vr_error_set(VR_E_BUSY, "%s: is in use (mounted?); unmount it%s%s", label_of(r),
				    r->read_only_advice ? ", or " : "",
				    r->read_only_advice ? r->read_only_advice : "");
	case ENXIO: /* a FIFO opened for writing, without waiting (open(2)) */
		return vr_error_set(VR_E_IO,
				    "%s: no program reads this FIFO, or no device is there; start the reader "
				    "first",
				    label_of(r));
	default:
		return vr_error_set(VR_E_IO, "%s: can't be opened: %s", label_of(r), strerror(e));
	}
}

/* The first look: a name that leads nowhere is the business of open(), which may create the file. */
static int32_t check_name(const struct file_request *r, unsigned *kind)
{
	struct statfs fs = {.f_type = 0};
	struct stat st;

	*kind = 0;
	if (stat(r->path, &st) || (S_ISFIFO(st.st_mode) && statfs(r->path, &fs)))
		return errno == ENOENT && (r->flags & O_CREAT) ? VR_OK : open_failed(r, errno);
	return check_kind(r, &st, &fs, kind);
}

static int32_t check_open(const struct file_request *r, unsigned expected, struct file_opened *out)
{
	struct statfs fs = {.f_type = 0};
	int32_t rc;

	if (fstat(out->fd, &out->st) || fstatfs(out->fd, &fs))
		return open_failed(r, errno);
	rc = check_kind(r, &out->st, &fs, &out->kind);
	/* A device that O_EXCL was not asked for must not be taken for one that is ours alone. */
	if (rc == VR_OK && expected && expected != out->kind)
		rc = vr_error_set(VR_E_BUSY, "%s: became another file while it was opened; try again",
				  label_of(r));
	if (rc == VR_OK && (out->kind & (ANY_PIPE | FILE_CHARACTER))) {
		int flags = fcntl(out->fd, F_GETFL);

		if (flags < 0 || fcntl(out->fd, F_SETFL, flags & ~O_NONBLOCK))
			rc = open_failed(r, errno);
	}
	return rc;
}

int32_t file_open(const struct file_request *r, struct file_opened *out)
{
	int flags = r->flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
	unsigned kind;
	int32_t rc;

	*out = (struct file_opened){.fd = -1};
	if (!r->path || !*r->path)
		return vr_error_set(VR_E_INVAL, "%s: no file name", r->label ? r->label : "a file");
	rc = check_name(r, &kind);
	if (rc < 0)
		return rc;
	/* O_EXCL on a block device: not while it is mounted, or another program's (open(2)). */
	if (kind == FILE_BLOCK && (flags & O_ACCMODE) != O_RDONLY)
		flags |= O_EXCL;
	out->fd = file_open_plain(r->path, flags, 0666);
	if (out->fd < 0)
		return open_failed(r, errno);
	rc = check_open(r, kind, out);
	if (rc < 0) {
		close(out->fd);
		out->fd = -1;
	}
	return rc;
}

bool file_is_one(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int file_open_plain(const char *path, int flags, mode_t mode)
{
	int fd;

	do {
		fd = open(path, flags, mode);
	} while (fd < 0 && errno == EINTR);
	return fd;
}

ssize_t file_read(int fd, void *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, (char *)to + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int file_write(int fd, const void *from, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(fd, (const char *)from + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

int file_truncate(int fd, off_t size)
{
	int rc;

	do
		rc = ftruncate(fd, size);
	while (rc && errno == EINTR);
	return rc;
}
