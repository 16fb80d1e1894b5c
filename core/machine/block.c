/* SPDX-License-Identifier: MIT */
/*
 * block.c: the disks the user named, vmrun.block/1. Raw files and block devices.
 *
 * A file whose size is no multiple of 512 has its last sector filled up with zeros; writing that sector
 * makes the file grow to its end, so no byte is out of reach or lost. A writer locks the whole file, so that
 * two machines can't write one image; readers share it among themselves.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "machine/parts.h"
#include "util/error.h"
#include "util/give.h"
#include "util/log.h"

#define SECTOR 512u
#define VECTORS 64
/* The most that one system call moves: some milliseconds, after which a machine that ends is noticed. */
#define PIECE (8ull << 20)

static int32_t open_failed(const char *path, bool read_only, int e)
{
	int32_t code = e == ENOENT                               ? VR_E_NOENT
		       : e == EACCES || e == EPERM || e == EROFS ? VR_E_PERM
								 : VR_E_IO;

	if (!read_only && (e == EACCES || e == EPERM || e == EROFS || e == ETXTBSY))
		return vr_error_set(
			code,
			"disk '%s' can't be written: %s; make it writable, or give it to the guest "
			"read-only (--read-only, or ,ro after a disk's name)",
			path, strerror(e));
	if (e == EBUSY)
		return vr_error_set(VR_E_BUSY,
				    "disk '%s' is in use (mounted?); unmount it, or give it to the guest "
				    "read-only (--read-only, or ,ro after a disk's name)",
				    path);
	return vr_error_set(code, "disk '%s': %s", path, strerror(e));
}

static int32_t lock_whole(int fd, const char *path, bool read_only)
{
	struct flock l = {.l_type = read_only ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_OFD_SETLK, &l) == 0)
		return VR_OK;
	if (errno == EAGAIN || errno == EACCES)
		return vr_error_set(
			VR_E_BUSY,
			"disk '%s' is in use by another machine%s; end that one, or work on a copy", path,
			read_only ? " that writes it" : "");
	vr_log(VR_LOG_WARN, "disk '%s' can't be locked (%s): do not use it in two machines at once", path,
	       strerror(errno));
	return VR_OK;
}

int32_t vr_disk_open(struct vr_disk *d, const char *path, bool read_only)
{
	int flags = (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY;
	struct stat st;
	off_t end;
	int32_t rc;
	int fd;

	memset(d, 0, sizeof(*d));
	d->fd = -1;
	if (!path || !*path)
		return vr_error_set(VR_E_INVAL, "disk: no file name");
	if (stat(path, &st))
		return open_failed(path, read_only, errno);
	if (S_ISDIR(st.st_mode))
		return vr_error_set(VR_E_INVAL, "disk '%s' is a directory, not a disk image", path);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return vr_error_set(VR_E_INVAL, "disk '%s' is neither a file nor a block device", path);
	/* O_EXCL on a block device: not while it is mounted. */
	if (S_ISBLK(st.st_mode) && !read_only)
		flags |= O_EXCL;
	/* O_NONBLOCK: should it have become a FIFO meanwhile, opening must not hang. */
	fd = open(path, flags | O_NONBLOCK);
	if (fd < 0)
		return open_failed(path, read_only, errno);
	if (fstat(fd, &st) || (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) ||
	    (end = lseek(fd, 0, SEEK_END)) < 0) {
		rc = vr_error_set(VR_E_IO, "disk '%s': can't find its size", path);
		goto fail;
	}
	if (!end) {
		rc = vr_error_set(VR_E_INVAL, "disk '%s' is empty; give it a size first (truncate -s 8G)",
				  path);
		goto fail;
	}
	rc = lock_whole(fd, path, read_only);
	if (rc < 0)
		goto fail;
	d->name = strdup(path);
	if (!d->name) {
		rc = vr_error_set(VR_E_NOMEM, "out of memory");
		goto fail;
	}
	d->fd = fd;
	d->length = ((uint64_t)end + SECTOR - 1) / SECTOR * SECTOR;
	d->flags = read_only ? VR_BLOCK_READONLY : VR_BLOCK_DISCARD;
	return VR_OK;
fail:
	close(fd);
	return rc;
}

void vr_disk_stop(struct vr_disk *d)
{
	atomic_store(&d->stopped, 1);
}

void vr_disk_close(struct vr_disk *d)
{
	/* However the machine ended: what the guest was told is written stays written. */
	if (d->fd >= 0 && atomic_load(&d->dirty))
		(void)vr_disk_flush(d);
	if (d->fd >= 0)
		close(d->fd);
	free(d->name);
	d->fd = -1;
	d->name = NULL;
}

/*
 * From here on the guest is the one who asks: failures are its business and leave no error text behind on the
 * thread. The user hears of the first one that the host is to blame for.
 */
static int32_t failed(struct vr_disk *d, const char *what, int e)
{
	if (!atomic_exchange(&d->complained, 1))
		vr_log(VR_LOG_ERROR, "disk '%s': %s: %s", d->name, what, strerror(e));
	return VR_E_IO;
}

static int32_t check(const struct vr_disk *d, uint64_t offset, uint64_t length)
{
	return offset > d->length || length > d->length - offset ? VR_E_RANGE : VR_OK;
}

static int32_t check_vectors(const struct vr_disk *d, uint64_t offset, const struct vr_iovec *v, uint32_t n)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < n; i++)
		if (__builtin_add_overflow(total, v[i].length, &total))
			return VR_E_RANGE;
	return check(d, offset, total);
}

/* Zeros for what a read finds past the file's end (its rounded-up tail). */
static void clear_rest(const struct vr_iovec *v, uint32_t n, uint64_t skip)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t k = skip < v[i].length ? skip : v[i].length;

		memset((uint8_t *)v[i].base + k, 0, (size_t)(v[i].length - k));
		skip -= k;
	}
}

static int32_t transfer(struct vr_disk *d, uint64_t offset, const struct vr_iovec *v, uint32_t n, bool write)
{
	uint32_t i = 0;
	uint64_t done = 0; /* of v[i] */

	if (write)
		atomic_store(&d->dirty, 1);
	while (i < n) {
		struct iovec io[VECTORS];
		uint64_t skip = done, room = PIECE;
		uint32_t k = 0;
		ssize_t got;

		if (atomic_load(&d->stopped))
			return VR_E_IO;
		for (; k < VECTORS && i + k < n && room; k++) {
			uint64_t length = v[i + k].length - skip;

			if (length > room)
				length = room;
			io[k].iov_base = (uint8_t *)v[i + k].base + skip;
			io[k].iov_len = (size_t)length;
			room -= length;
			skip = 0;
		}
		got = write ? pwritev(d->fd, io, (int)k, (off_t)offset)
			    : preadv(d->fd, io, (int)k, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return failed(d, write ? "writing" : "reading", errno);
		if (got == 0) {
			bool empty = true;

			for (uint32_t j = 0; j < k; j++)
				empty &= !io[j].iov_len;
			if (!empty && write)
				return failed(d, "writing", ENOSPC);
			if (!empty) {
				clear_rest(v + i, n - i, done);
				return VR_OK;
			}
		}
		offset += (uint64_t)got;
		done += (uint64_t)got;
		while (i < n && done >= v[i].length)
			done -= v[i++].length;
	}
	return VR_OK;
}

int32_t vr_disk_read(struct vr_disk *d, uint64_t offset, const struct vr_iovec *v, uint32_t n)
{
	int32_t rc = check_vectors(d, offset, v, n);

	return rc < 0 ? rc : transfer(d, offset, v, n, false);
}

static int32_t writable(const struct vr_disk *d)
{
	return d->flags & VR_BLOCK_READONLY ? VR_E_PERM : VR_OK;
}

int32_t vr_disk_write(struct vr_disk *d, uint64_t offset, const struct vr_iovec *v, uint32_t n)
{
	int32_t rc = writable(d);

	if (rc == VR_OK)
		rc = check_vectors(d, offset, v, n);
	return rc < 0 ? rc : transfer(d, offset, v, n, true);
}

int32_t vr_disk_flush(struct vr_disk *d)
{
	if (d->flags & VR_BLOCK_READONLY)
		return VR_OK;
	atomic_store(&d->dirty, 0); /* before: writes that come meanwhile count for the next one */
	/* The kernel reports lost writes once; a later success would not bring them back. */
	if (atomic_load(&d->flush_failed))
		return failed(d, "flushing", EIO);
	while (fdatasync(d->fd)) {
		if (errno == EINTR)
			continue;
		atomic_store(&d->flush_failed, 1);
		return failed(d, "flushing", errno);
	}
	return VR_OK;
}

/* A file system may take long for a hole, but not for one call's. */
#define PUNCH_PIECE (256ull << 20)

static bool punch(struct vr_disk *d, int mode, uint64_t offset, uint64_t length)
{
	atomic_store(&d->dirty, 1);
	while (length) {
		uint64_t n = length < PUNCH_PIECE ? length : PUNCH_PIECE;
		int rc;

		if (atomic_load(&d->stopped)) {
			errno = ECANCELED;
			return false;
		}
		rc = fallocate(d->fd, mode | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)n);
		if (rc && errno != EINTR)
			return false;
		if (rc)
			continue;
		offset += n;
		length -= n;
	}
	return true;
}

int32_t vr_disk_discard(struct vr_disk *d, uint64_t offset, uint64_t length)
{
	int32_t rc = writable(d);

	if (rc == VR_OK)
		rc = check(d, offset, length);
	if (rc < 0 || !length)
		return rc;
	if (punch(d, FALLOC_FL_PUNCH_HOLE, offset, length))
		return VR_OK;
	if (errno == ECANCELED)
		return VR_E_IO;
	/* A hint: where the file system can't, nothing changes. */
	return errno == EOPNOTSUPP || errno == ENOSYS ? VR_OK : failed(d, "discarding", errno);
}

int32_t vr_disk_zero(struct vr_disk *d, uint64_t offset, uint64_t length)
{
	static const uint8_t zeros[65536];
	int32_t rc = writable(d);

	if (rc == VR_OK)
		rc = check(d, offset, length);
	if (rc < 0 || !length || punch(d, FALLOC_FL_ZERO_RANGE, offset, length) ||
	    punch(d, FALLOC_FL_PUNCH_HOLE, offset, length))
		return rc;
	while (length && rc == VR_OK) {
		struct vr_iovec v = {.base = (void *)(uintptr_t)zeros, .length = sizeof(zeros)};

		if (v.length > length)
			v.length = length;
		rc = transfer(d, offset, &v, 1, true);
		offset += v.length;
		length -= v.length;
	}
	return rc;
}

static struct vr_disk *disk_of(const struct vr_host *host, uint32_t disk)
{
	struct vr_machine *m = vr_machine_of(host);

	return m && disk < m->disk_count ? &m->disk[disk] : NULL;
}

static uint32_t VR_CALL block_count(const struct vr_host *host)
{
	struct vr_machine *m = vr_machine_of(host);

	return m ? m->disk_count : 0;
}

static int32_t VR_CALL block_info(const struct vr_host *host, uint32_t disk, struct vr_block_info *out)
{
	struct vr_disk *d = disk_of(host, disk);
	struct vr_block_info info = {.size = sizeof(info)};

	if (!d || !out)
		return VR_E_NOENT;
	info.flags = d->flags;
	info.length = d->length;
	info.name = d->name;
	vr_give(out, &info, sizeof(info), VR_END_OF(struct vr_block_info, name));
	return VR_OK;
}

static int32_t VR_CALL block_read(const struct vr_host *host, uint32_t disk, uint64_t offset,
				  const struct vr_iovec *v, uint32_t n)
{
	struct vr_disk *d = disk_of(host, disk);

	return d ? vr_disk_read(d, offset, v, n) : VR_E_NOENT;
}

static int32_t VR_CALL block_write(const struct vr_host *host, uint32_t disk, uint64_t offset,
				   const struct vr_iovec *v, uint32_t n)
{
	struct vr_disk *d = disk_of(host, disk);

	return d ? vr_disk_write(d, offset, v, n) : VR_E_NOENT;
}

static int32_t VR_CALL block_flush(const struct vr_host *host, uint32_t disk)
{
	struct vr_disk *d = disk_of(host, disk);

	return d ? vr_disk_flush(d) : VR_E_NOENT;
}

static int32_t VR_CALL block_discard(const struct vr_host *host, uint32_t disk, uint64_t offset,
				     uint64_t length)
{
	struct vr_disk *d = disk_of(host, disk);

	return d ? vr_disk_discard(d, offset, length) : VR_E_NOENT;
}

static int32_t VR_CALL block_write_zeroes(const struct vr_host *host, uint32_t disk, uint64_t offset,
					  uint64_t length)
{
	struct vr_disk *d = disk_of(host, disk);

	return d ? vr_disk_zero(d, offset, length) : VR_E_NOENT;
}

const struct vr_host_block vr_block_table = {
	.size = sizeof(struct vr_host_block),
	.count = block_count,
	.info = block_info,
	.read = block_read,
	.write = block_write,
	.flush = block_flush,
	.discard = block_discard,
	.write_zeroes = block_write_zeroes,
};
