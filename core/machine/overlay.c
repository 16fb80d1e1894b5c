/* SPDX-License-Identifier: MIT */
/*
 * overlay.c: the writes of a disk whose file must not change.
 *
 * An ephemeral disk is two files: its own, which is opened for reading, and the overlay, which has no name (O_TMPFILE) and is
 * gone when vmrun's process is, however that ends. The overlay has the disk's layout: byte n of the disk is byte n of the
 * overlay, once it has been written, and the file is sparse, so it takes the space of what was written. A bitmap tells, for
 * each cluster, where it is read from.
 *
 * A cluster is a sector. No request writes a part of one, so nothing is ever copied from the disk's file before a
 * write, and two requests that are under way at once have no cluster in common unless they overlap, whose order is then
 * undefined anyway (vmrun/block.h). So there is no lock: a write puts its bytes into the overlay and then sets bits
 * (release); a read that sees a bit (acquire) finds the bytes. The price is a bitmap of 1/4096 of the disk's size: 2.5 MiB
 * for 10 GiB. It is mapped and not touched, so the host gives memory for those pages of it that have a bit set, each of
 * which is 16 MiB of the disk.
 *
 * A flush has nothing to do: what is discarded at the end need not survive the host. Zeros are a hole in the overlay
 * whose bits are set; the file has no size of its own, and what is beyond its end reads as zeros too. A discard
 * makes a hole where the overlay has something, and changes nothing where the disk's file is read: it is a hint.
 *
 * The overlay lies in TMPDIR or /var/tmp, not in /tmp, which often is memory. When its file system is full, the guest gets an
 * I/O error and the user a line (block.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vmrun/abi.h>

#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "machine/overlay.h"

#define FOLDER "/var/tmp"
#define BITS 64u

/* A file system without O_TMPFILE: a name for a moment. */
static int open_named(const char *folder)
{
	char *path = vr_text_format("%s/vmrun-XXXXXX", folder);
	int fd = path ? mkostemp(path, O_CLOEXEC) : -1;
	int e = errno;

	if (fd >= 0)
		(void)unlink(path);
	free(path);
	errno = e;
	return fd;
}

int32_t overlay_open(struct overlay *o, const char *name, uint64_t length)
{
	const char *set = secure_getenv("TMPDIR"), *folder = set && *set ? set : FOLDER;
	void *bits;

	memset(o, 0, sizeof(*o));
	o->clusters = length / OVERLAY_CLUSTER;
	o->mapped = (size_t)(o->clusters / BITS + 1) * sizeof(uint64_t);
	o->fd = file_open_plain(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (o->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
		o->fd = open_named(folder);
	if (o->fd < 0)
		return vr_error_set(VR_E_IO,
				    "disk '%s': no temporary file for its changes can be made in %s (%s); "
				    "set TMPDIR to a "
				    "folder with enough space",
				    name, folder, strerror(errno));
	o->folder = vr_text_copy(folder);
	bits = mmap(NULL, o->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		    0);
	if (!o->folder || bits == MAP_FAILED) {
		if (bits != MAP_FAILED)
			munmap(bits, o->mapped);
		free(o->folder);
		close(o->fd);
		return vr_error_set(VR_E_NOMEM, "disk '%s': no memory to note its changes", name);
	}
	o->bits = bits;
	return VR_OK;
}

void overlay_close(struct overlay *o)
{
	if (!o->bits)
		return;
	munmap((void *)o->bits, o->mapped);
	close(o->fd);
	free(o->folder);
	o->bits = NULL;
}

bool overlay_has(const struct overlay *o, uint64_t offset, uint64_t *length)
{
	uint64_t n = offset / OVERLAY_CLUSTER, end = (offset + *length - 1) / OVERLAY_CLUSTER + 1;
	bool there;

	if (end > o->clusters)
		end = o->clusters;
	there = atomic_load_explicit(&o->bits[n / BITS], memory_order_acquire) >> n % BITS & 1;
	/* Not this one again: a write may set its bit meanwhile. */
	for (n++; n < end;) {
		uint64_t word = atomic_load_explicit(&o->bits[n / BITS], memory_order_acquire);
		uint64_t other = (there ? ~word : word) >> n % BITS; /* the first 1: another place */

		if (other) {
			n += (uint64_t)__builtin_ctzll(other);
			break;
		}
		n += BITS - n % BITS;
	}
	if (n < end)
		*length = n * OVERLAY_CLUSTER - offset;
	return there;
}

void overlay_mark(struct overlay *o, uint64_t from, uint64_t to)
{
	uint64_t n = from / OVERLAY_CLUSTER, end = to / OVERLAY_CLUSTER;

	while (n < end) {
		uint64_t count = BITS - n % BITS, mask;

		if (count > end - n)
			count = end - n;
		mask = (count == BITS ? UINT64_MAX : (1ull << count) - 1) << n % BITS;
		atomic_fetch_or_explicit(&o->bits[n / BITS], mask, memory_order_release);
		n += count;
	}
}
