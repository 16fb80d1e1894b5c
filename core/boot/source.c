/* SPDX-License-Identifier: MIT */
#include "boot/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vmrun/abi.h>
#include "common/error.h"
#include "common/file.h"

/* One piece of a pipe into the file in memory; *got 0: the pipe has ended. */
static int32_t copy_piece(const struct source *s, int from, size_t *got)
{
	uint8_t piece[65536];
	ssize_t n;

	*got = 0;
	do {
		n = read(from, piece, sizeof(piece));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return vr_error_set(VR_E_IO, "%s: reading the pipe: %s", s->name, strerror(errno));
	if (file_write(s->fd, piece, (size_t)n))
		return vr_error_set(VR_E_NOMEM, "%s: keeping what came out of the pipe: %s", s->name,
				    strerror(errno));
	*got = (size_t)n;
	return VR_OK;
}

static int32_t keep_pipe(struct source *s, int from, uint64_t limit)
{
	uint64_t total = 0;
	int32_t rc = VR_OK;
	size_t got;

	s->pipe = true;
	s->fd = memfd_create("vmrun-boot", MFD_CLOEXEC);
	if (s->fd < 0)
		return vr_error_set(VR_E_NOMEM, "%s: no file in memory to keep the pipe's bytes in: %s",
				    s->name, strerror(errno));
	do {
		rc = copy_piece(s, from, &got);
		total += got;
		if (rc == VR_OK && total > limit)
			rc = vr_error_set(
				VR_E_IMAGE,
				"%s: more than %" PRIu64
				" MiB come out of this pipe, which is the guest's memory; is it the "
				"right file? If so, give more with -m",
				s->name, limit >> 20);
	} while (rc == VR_OK && got);
	return rc;
}

int32_t source_open(const char *path, uint64_t pipe_limit, struct source *out)
{
	const struct file_request r = {
		.path = path, .flags = O_RDONLY, .kinds = FILE_REGULAR | FILE_BLOCK | FILE_PIPE};
	struct file_opened f;
	int32_t rc = file_open(&r, &f);

	*out = (struct source){.name = path, .fd = -1};
	if (rc < 0)
		return rc;
	if (f.kind == FILE_PIPE) {
		rc = keep_pipe(out, f.fd, pipe_limit);
		close(f.fd);
	} else {
		out->fd = f.fd;
	}
	if (rc == VR_OK)
		rc = source_measure(out);
	if (rc < 0)
		source_close(out);
	return rc;
}

int32_t source_measure(struct source *s)
{
	off_t end;

	if (s->memory)
		return VR_OK;
	end = lseek(s->fd, 0, SEEK_END);
	if (end < 0)
		return vr_error_set(VR_E_IO, "%s: its size can't be found: %s", s->name, strerror(errno));
	s->size = (uint64_t)end;
	return VR_OK;
}

void source_close(struct source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void source_memory(const char *name, const void *bytes, size_t size, struct source *out)
{
	*out = (struct source){.name = name, .size = size, .memory = bytes, .fd = -1};
}

bool source_has(const struct source *s, uint64_t offset, uint64_t n)
{
	return offset <= s->size && n <= s->size - offset;
}

int32_t source_read(const struct source *s, uint64_t offset, void *to, size_t n, const char *what)
{
	uint8_t *p = to;

	if (!source_has(s, offset, n))
		return vr_error_set(VR_E_IMAGE,
				    "%s: %s at byte %" PRIu64
				    " (%zu bytes) reaches past the end at byte %" PRIu64
				    "; the image is truncated or corrupt: copy or make it again",
				    s->name, what, offset, n, s->size);
	if (s->memory) {
		memcpy(p, s->memory + offset, n);
		return VR_OK;
	}
	if (s->read) {
		int32_t rc = s->read(s->opaque, offset, to, n);

		return rc < 0 ? vr_error_set(rc, "%s: reading %s at byte %" PRIu64 ": failed", s->name, what,
					     offset)
			      : VR_OK;
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
