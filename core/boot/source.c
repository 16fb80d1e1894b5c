/* SPDX-License-Identifier: MIT */
#include "boot/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vmrun/abi.h>
#include "util/error.h"

static int32_t open_error(const char *path, int e)
{
	switch (e) {
	case ENOENT:
	case ENOTDIR:
		return vr_error_set(VR_E_NOENT, "%s: no such file; check the path", path);
	case EACCES:
	case EPERM:
		return vr_error_set(VR_E_PERM, "%s: not readable by this user; check its permissions", path);
	default:
		return vr_error_set(VR_E_IO, "%s: can't be opened: %s", path, strerror(e));
	}
}

int32_t vr_source_measure(struct vr_source *s)
{
	off_t end = lseek(s->fd, 0, SEEK_END);

	if (end < 0)
		return vr_error_set(VR_E_IO, "%s: its size can't be found: %s", s->name, strerror(errno));
	s->size = (uint64_t)end;
	return VR_OK;
}

int32_t vr_source_open(const char *path, struct vr_source *out)
{
	struct stat st;
	int32_t rc;

	*out = (struct vr_source){.name = path, .fd = -1};
	/* O_NONBLOCK: a pipe of that name must not hang us; it means nothing to files and disks. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return open_error(path, errno);
	if (fstat(fd, &st) != 0) {
		int e = errno;
		close(fd);
		return open_error(path, e);
	}
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
		close(fd);
		return vr_error_set(VR_E_INVAL, "%s: %s; give a file or a block device", path,
				    S_ISDIR(st.st_mode) ? "is a folder"
							: "is neither a file nor a block device");
	}
	out->fd = fd;
	rc = vr_source_measure(out);
	if (rc < 0)
		vr_source_close(out);
	return rc;
}

void vr_source_close(struct vr_source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void vr_source_memory(const char *name, const void *bytes, size_t size, struct vr_source *out)
{
	*out = (struct vr_source){.name = name, .size = size, .memory = bytes, .fd = -1};
}

bool vr_source_has(const struct vr_source *s, uint64_t offset, uint64_t n)
{
	return offset <= s->size && n <= s->size - offset;
}

int32_t vr_source_read(const struct vr_source *s, uint64_t offset, void *to, size_t n, const char *what)
{
	uint8_t *p = to;

	if (!vr_source_has(s, offset, n))
		return vr_error_set(VR_E_IMAGE,
				    "%s: %s at byte %" PRIu64
				    " (%zu bytes) reaches past the end at byte %" PRIu64
				    "; the image is truncated or corrupt: copy or make it again",
				    s->name, what, offset, n, s->size);
	if (s->memory) {
		memcpy(p, s->memory + offset, n);
		return VR_OK;
	}
	while (n) {
		ssize_t got = pread(s->fd, p, n, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return vr_error_set(VR_E_IO, "%s: reading %s at byte %" PRIu64 ": %s", s->name, what,
					    offset, got < 0 ? strerror(errno) : "the file became shorter");
		p += got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	return VR_OK;
}
