/* SPDX-License-Identifier: MIT */
/*
 * block.c: the disks the user named, by system calls that wait. Raw files and block devices.
 *
 * A file whose size is no multiple of 512 has its last sector filled up with zeros; writing that sector
 * makes the file grow to its end, so no byte is out of reach or lost. A writer locks the whole file, and the
 * files that it lies on (backing.h), so that two machines can't write one image; readers share it among
 * themselves, and ephemeral disks (overlay.c) are readers. A file that is made shorter while the machine runs
 * gives I/O errors where it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "boot/kinds.h"
#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "machine/parts.h"
#include "util/log.h"

#define SECTOR 512u
#define VECTORS 64
/* The most that one system call moves: some milliseconds, after which a machine that ends is noticed. */
#define PIECE (8ull << 20)

#define READ_ONLY_ADVICE                                                                                 \
	"let nothing be written to it (--ephemeral or --read-only, or ,ephemeral or ,ro after a disk's " \
	"name)"

static int32_t lock_whole(int fd, const char *path, bool read_only)
{
	struct flock l = {.l_type = read_only ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_OFD_SETLK, &l) == 0)
		return VR_OK;
	if (errno == EAGAIN || errno == EACCES) {
		/* What keeps it out, if it is still there. */
		bool read = fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type == F_RDLCK;

		return vr_error_set(VR_E_BUSY, "disk '%s' is in use by another machine%s; %s", path,
				    read        ? " that reads it"
				    : read_only ? " that writes it"
						: "",
				    read ? "end that one, or write nothing to it (--ephemeral, --read-only)"
					 : "end that one, or work on a copy");
	}
	log_print(VR_LOG_WARN, "disk '%s' can't be locked (%s): do not use it in two machines at once", path,
		  strerror(errno));
	return VR_OK;
}

/* Two disks of one machine that are the same bytes: under two names, through a loop device, a partition ...
 */
static int32_t check_others(const struct disk *d, const char *path, const struct disk *others, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct backing_part *p = backing_common(&others[i].backing, &d->backing);

		if (!p || (d->only_read && others[i].only_read))
			continue;
		return vr_error_set(
			VR_E_BUSY,
			"disk '%s' is the same as disk '%s' of this machine%s%s%s; give it once, or "
			"each time read-only or ephemeral (,ro or ,ephemeral)",
			path, others[i].name, p->path ? " (both lie on '" : "", p->path ? p->path : "",
			p->path ? "')" : "");
	}
	return VR_OK;
}

static int32_t lock_below(struct disk *d, const char *path, bool read_only)
{
	const struct backing_part *p;

	if (backing_lock(&d->backing, read_only, &p) == VR_OK)
		return VR_OK;
	return vr_error_set(
		VR_E_BUSY,
		"disk '%s' lies on '%s', which is in use by another machine; end that one, or work on "
		"a copy",
		path, p->path);
}

static int32_t open_file(const char *path, bool read_only, struct file_opened *f)
{
	char *label = vr_text_format("disk '%s'", path);
	const struct file_request r = {
		.path = path,
		.label = label,
		.flags = read_only ? O_RDONLY : O_RDWR,
		.kinds = FILE_REGULAR | FILE_BLOCK,
		.read_only_advice = READ_ONLY_ADVICE,
	};
	int32_t rc = label ? file_open(&r, f) : VR_E_NOMEM;

	free(label);
	return rc;
}

int32_t disk_open(struct disk *d, const char *path, enum disk_mode mode, const struct disk *others,
		  uint32_t other_count)
{
	bool only_read = mode != DISK_WRITABLE;
	struct file_opened f;
	off_t end;
	int32_t rc;

	memset(d, 0, sizeof(*d));
	d->fd = -1;
	if (!path || !*path)
		return vr_error_set(VR_E_INVAL, "disk: no file name");
	rc = open_file(path, only_read, &f);
	if (rc < 0)
		return rc;
	end = lseek(f.fd, 0, SEEK_END);
	if (end < 0)
		rc = vr_error_set(VR_E_IO, "disk '%s': can't find its size: %s", path, strerror(errno));
	else if (!end)
		rc = vr_error_set(VR_E_INVAL, "disk '%s' is empty; give it a size first (truncate -s 8G)",
				  path);
	if (rc == VR_OK) {
		d->flags = mode == DISK_READ_ONLY ? VR_BLOCK_READONLY : VR_BLOCK_CAN_DISCARD;
		d->only_read = only_read;
		d->regular = f.kind == FILE_REGULAR;
		d->end = (uint64_t)end;
		d->length = ((uint64_t)end + SECTOR - 1) / SECTOR * SECTOR;
		backing_find(&d->backing, &f.st, d->length, "/sys/dev/block");
		rc = check_others(d, path, others, other_count);
	}
	if (rc == VR_OK)
		rc = lock_whole(f.fd, path, only_read);
	if (rc == VR_OK)
		rc = lock_below(d, path, only_read);
	if (rc == VR_OK && mode == DISK_EPHEMERAL)
		rc = overlay_open(&d->overlay, path, d->length);
	if (rc == VR_OK) {
		d->name = vr_text_copy(path);
		rc = d->name ? VR_OK : VR_E_NOMEM;
	}
	if (rc < 0) {
		overlay_close(&d->overlay);
		backing_free(&d->backing);
		close(f.fd);
		return rc;
	}
	d->fd = f.fd;
	return VR_OK;
}

int32_t disk_check_format(const struct disk *d)
{
	const struct kind *k;
	ssize_t n;
	uint8_t *b = malloc(KINDS_BYTES);

	if (!b)
		return vr_error_set(VR_E_NOMEM, "disk '%s': no memory to look at it", d->name);
	/* What can't be read is the guest's to find. */
	n = pread(d->fd, b, KINDS_BYTES, 0);
	k = n > 0 ? kinds_find(b, (size_t)n) : NULL;
	free(b);
	if (!k || !k->disk)
		return VR_OK;
	return vr_error_set(
		VR_E_UNSUPPORTED,
		"disk '%s' is %s; %s (--disk FILE,raw: the guest gets the file's bytes as they are)", d->name,
		k->what, k->disk);
}

void disk_stop(struct disk *d)
{
	atomic_store(&d->stopped, 1);
}

/* The machine ends, or the device wants its requests back. */
static bool disk_broken_off(const struct disk *d)
{
	return atomic_load(&d->stopped) || atomic_load(&d->cancelled);
}

void disk_close(struct disk *d)
{
	/* However the machine ended: what the guest was told is written stays written. */
	if (d->fd >= 0 && atomic_load(&d->dirty)) {
		/* The guest does not hear of this one, whatever the user was told before. */
		atomic_store(&d->complained, 0);
		(void)disk_flush(d);
	}
	if (d->fd >= 0)
		close(d->fd);
	overlay_close(&d->overlay);
	backing_free(&d->backing);
	free(d->name);
	d->fd = -1;
	d->name = NULL;
}

/*
 * From here on the guest makes the requests: failures are reported to it, and leave no error text on the thread. The user hears of the first one that the host is to blame for.
 */
static int32_t failed(struct disk *d, const char *what, int e)
{
	if (!atomic_exchange(&d->complained, 1))
		log_print(VR_LOG_ERROR, "disk '%s': %s: %s", d->name, what, strerror(e));
	return VR_E_IO;
}

/* The same of the file that the guest's writes go to. */
static int32_t failed_writing(struct disk *d, const char *what, int e)
{
	if (!d->overlay.bits)
		return failed(d, what, e);
	if (!atomic_exchange(&d->complained, 1))
		log_print(VR_LOG_ERROR,
			  "disk '%s': %s to its temporary file in %s: %s; the guest gets an I/O error (more "
			  "space there, or "
			  "TMPDIR at another folder, is for the next run)",
			  d->name, what, d->overlay.folder, strerror(e));
	return VR_E_IO;
}

/*
 * The file has become shorter while the machine runs: what was beyond its end is lost. Reading that would
 * give zeros, and writing it a file with a hole where the guest's data were, so both fail.
 */
static int32_t failed_short(struct disk *d)
{
	if (!atomic_exchange(&d->complained, 1))
		log_print(VR_LOG_ERROR,
			  "disk '%s': the file became shorter than its %" PRIu64
			  " bytes while the machine runs; the guest gets I/O errors beyond its end",
			  d->name, atomic_load(&d->end));
	return VR_E_IO;
}

/* Something before `end` of the disk is no longer in the file. Nothing uses the position that this moves. */
static bool is_cut(const struct disk *d, uint64_t end)
{
	off_t size = d->regular ? lseek(d->fd, 0, SEEK_END) : -1;

	return size >= 0 && (uint64_t)size < end && (uint64_t)size < atomic_load(&d->end);
}

static int32_t check(const struct disk *d, uint64_t offset, uint64_t length)
{
	return offset > d->length || length > d->length - offset ? VR_E_RANGE : VR_OK;
}

static int32_t check_vectors(const struct disk *d, uint64_t offset, const struct vr_iovec *v, uint32_t n,
			     uint64_t *end)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < n; i++)
		if (__builtin_add_overflow(total, v[i].length, &total))
			return VR_E_RANGE;
	*end = offset + total;
	return check(d, offset, total);
}

/* Zeros for what a read finds past the file's end: its rounded-up tail, a hole at an overlay's end. */
static void clear_rest(const struct vr_iovec *v, uint32_t n, uint64_t skip)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t k = skip < v[i].length ? skip : v[i].length;

		memset((uint8_t *)v[i].base + k, 0, (size_t)(v[i].length - k));
		skip -= k;
	}
}

static int32_t transfer(struct disk *d, uint64_t offset, const struct vr_iovec *v, uint32_t n, bool write)
{
	uint32_t i = 0;
	uint64_t done = 0; /* of v[i] */
	uint64_t marked = offset;

	if (write)
		atomic_store(&d->dirty, 1);
	while (i < n) {
		struct iovec io[VECTORS];
		uint64_t skip = done, left = PIECE;
		bool over = d->overlay.bits && (write || overlay_has(&d->overlay, offset, &left));
		int fd = over ? d->overlay.fd : d->fd;
		uint32_t k = 0;
		ssize_t got;

		if (disk_broken_off(d))
			return VR_E_IO;
		for (; k < VECTORS && i + k < n && left; k++) {
			uint64_t length = v[i + k].length - skip;

			if (length > left)
				length = left;
			io[k].iov_base = (uint8_t *)v[i + k].base + skip;
			io[k].iov_len = (size_t)length;
			left -= length;
			skip = 0;
		}
		got = write ? pwritev(fd, io, (int)k, (off_t)offset) : preadv(fd, io, (int)k, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return write ? failed_writing(d, "writing", errno) : failed(d, "reading", errno);
		if (got == 0 && over && !write) {
			for (uint32_t j = 0; j < k; j++) {
				memset(io[j].iov_base, 0, io[j].iov_len);
				got += (ssize_t)io[j].iov_len;
			}
		} else if (got == 0) {
			bool empty = true;

			for (uint32_t j = 0; j < k; j++)
				empty &= !io[j].iov_len;
			if (!empty && write)
				return failed_writing(d, "writing", ENOSPC);
			if (!empty && offset < atomic_load(&d->end))
				return failed_short(d);
			if (!empty) {
				clear_rest(v + i, n - i, done);
				return VR_OK;
			}
		}
		offset += (uint64_t)got;
		done += (uint64_t)got;
		if (write && over) {
			/* A cluster that was written in two goes counts with the second one. */
			overlay_mark(&d->overlay, marked, offset);
			marked = offset;
		}
		while (i < n && done >= v[i].length)
			done -= v[i++].length;
	}
	return VR_OK;
}

int32_t disk_read(struct disk *d, uint64_t offset, const struct vr_iovec *v, uint32_t n)
{
	uint64_t end;
	int32_t rc = check_vectors(d, offset, v, n, &end);

	return rc < 0 ? rc : transfer(d, offset, v, n, false);
}

static int32_t writable(const struct disk *d)
{
	return d->flags & VR_BLOCK_READONLY ? VR_E_PERM : VR_OK;
}

int32_t disk_write(struct disk *d, uint64_t offset, const struct vr_iovec *v, uint32_t n)
{
	uint64_t end = 0, had = atomic_load(&d->end);
	int32_t rc = writable(d);

	if (rc == VR_OK)
		rc = check_vectors(d, offset, v, n, &end);
	if (rc == VR_OK && !d->overlay.bits && is_cut(d, end))
		rc = failed_short(d);
	if (rc == VR_OK)
		rc = transfer(d, offset, v, n, true);
	/* A write into the tail has made the file longer. */
	while (rc == VR_OK && !d->overlay.bits && end > had &&
	       !atomic_compare_exchange_weak(&d->end, &had, end))
		;
	return rc;
}

int32_t disk_flush(struct disk *d)
{
	if (d->only_read)
		return VR_OK;
	atomic_store(&d->dirty, 0); /* before: writes that come meanwhile count for the next one */
	/* The kernel reports lost writes once; a later success would not bring them back. */
	if (atomic_load(&d->flush_failed))
		return failed(d, "flushing", EIO);
	if (is_cut(d, d->length))
		return failed_short(d);
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

static bool punch(struct disk *d, int mode, uint64_t offset, uint64_t length)
{
	atomic_store(&d->dirty, 1);
	while (length) {
		uint64_t n = length < PUNCH_PIECE ? length : PUNCH_PIECE;
		int rc;

		if (disk_broken_off(d)) {
			errno = ECANCELED;
			return false;
		}
		rc = fallocate(d->overlay.bits ? d->overlay.fd : d->fd, mode | FALLOC_FL_KEEP_SIZE,
			       (off_t)offset, (off_t)n);
		if (rc && errno != EINTR)
			return false;
		if (rc)
			continue;
		offset += n;
		length -= n;
	}
	return true;
}

int32_t disk_discard(struct disk *d, uint64_t offset, uint64_t length)
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
	return errno == EOPNOTSUPP || errno == ENOSYS ? VR_OK : failed_writing(d, "discarding", errno);
}

int32_t disk_zero(struct disk *d, uint64_t offset, uint64_t length)
{
	static const uint8_t zeros[65536];
	int32_t rc = writable(d);

	if (rc == VR_OK)
		rc = check(d, offset, length);
	if (rc == VR_OK && !d->overlay.bits && is_cut(d, offset + length))
		rc = failed_short(d);
	if (rc < 0 || !length)
		return rc;
	if (d->overlay.bits && punch(d, FALLOC_FL_PUNCH_HOLE, offset, length)) {
		overlay_mark(&d->overlay, offset, offset + length);
		return VR_OK;
	}
	if (!d->overlay.bits && (punch(d, FALLOC_FL_ZERO_RANGE, offset, length) ||
				 punch(d, FALLOC_FL_PUNCH_HOLE, offset, length)))
		return VR_OK;
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
