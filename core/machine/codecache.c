/* SPDX-License-Identifier: MIT */
/*
 * codecache.c: memory for generated code, vmrun.codecache/1.
 *
 * No page is writable and executable at one address: the same memory is mapped twice, once to write and once
 * to execute. Where that can't be had, or VMRUN_CODECACHE=single asks so (user-mode emulators notice changed
 * code only at the address it was written to), it is one mapping for both.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/error.h"
#include "common/file.h"
#include "machine/parts.h"
#include "util/struct_copy_out.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010u
#endif

/* The same memory at two addresses, of a file without a name. Either may be MAP_FAILED. */
static void map_file(size_t length, uint8_t **w, uint8_t **x)
{
	int fd = memfd_create("vmrun-code", MFD_CLOEXEC | MFD_EXEC);

	if (fd < 0 && errno == EINVAL) /* older kernels don't know MFD_EXEC */
		fd = memfd_create("vmrun-code", MFD_CLOEXEC);
	if (fd < 0)
		return;
	if (file_truncate(fd, (off_t)length) == 0) {
		*w = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
		*x = mmap(NULL, length, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_NORESERVE, fd, 0);
	}
	close(fd);
}

/* Of no file: perf reads /tmp/perf-PID.map for memory that is, to it, no file's, and shared anonymous memory
 * ("/dev/zero") is. mremap(2): an old size of 0 makes a second mapping of shared memory. */
static void map_shared(size_t length, uint8_t **w, uint8_t **x)
{
	*w = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (*w == MAP_FAILED)
		return;
	*x = mremap(*w, 0, length, MREMAP_MAYMOVE);
	if (*x != MAP_FAILED && mprotect(*x, length, PROT_READ | PROT_EXEC)) {
		munmap(*x, length);
		*x = MAP_FAILED;
	}
}

static bool map_dual(size_t length, void (*map)(size_t length, uint8_t **w, uint8_t **x),
		     struct vr_code_memory *out)
{
	uint8_t *w = MAP_FAILED, *x = MAP_FAILED;

	map(length, &w, &x);
	if (w != MAP_FAILED && x != MAP_FAILED) {
		out->write = w;
		out->execute = x;
		return true;
	}
	if (w != MAP_FAILED)
		munmap(w, length);
	if (x != MAP_FAILED)
		munmap(x, length);
	return false;
}

static int32_t VR_CALL codecache_create(const struct vr_host *host, uint64_t length,
					struct vr_code_memory *out)
{
	const char *mode = getenv("VMRUN_CODECACHE");
	const struct machine *m = host ? machine_of(host) : NULL;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct vr_code_memory c = {.size = sizeof(c)};
	uint8_t *p;
	size_t n;

	if (!out || !length || length > SIZE_MAX / 4)
		return vr_error_set(VR_E_INVAL, "code cache: bad argument");
	n = (size_t)((length + page - 1) & ~(page - 1));
	c.length = n;
	if (!(mode && !strcmp(mode, "single")) &&
	    ((m && codemap_for_perf(m->codemap) && map_dual(n, map_shared, &c)) ||
	     map_dual(n, map_file, &c))) {
		struct_copy_out(out, &c, sizeof(c), STRUCT_END_OF(struct vr_code_memory, length));
		return VR_OK;
	}
	p = mmap(NULL, n, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		 0);
	if (p == MAP_FAILED)
		return vr_error_set(errno == ENOMEM ? VR_E_NOMEM : VR_E_PERM,
				    "can't map %llu MiB for generated code: %s; this host may forbid it "
				    "(SELinux, vm.memfd_noexec, ulimit -v)",
				    (unsigned long long)(n >> 20), strerror(errno));
	c.write = c.execute = p;
	struct_copy_out(out, &c, sizeof(c), STRUCT_END_OF(struct vr_code_memory, length));
	return VR_OK;
}

static void VR_CALL codecache_destroy(const struct vr_host *host, struct vr_code_memory *m)
{
	(void)host;
	if (!m || !m->write)
		return;
	munmap(m->write, (size_t)m->length);
	if (m->execute != m->write)
		munmap(m->execute, (size_t)m->length);
	m->write = m->execute = NULL;
}

static void VR_CALL codecache_begin_write(const struct vr_host *host, const struct vr_code_memory *m)
{
	/* Both kinds of mapping that are made here can always be written. */
	(void)host;
	(void)m;
}

static void VR_CALL codecache_end_write(const struct vr_host *host, const struct vr_code_memory *m,
					uint64_t offset, uint64_t length)
{
	(void)host;
	if (!m || offset > m->length || length > m->length - offset)
		return;
	__builtin___clear_cache((char *)m->execute + offset, (char *)m->execute + offset + length);
}

const struct vr_host_codecache codecache_table = {
	.size = sizeof(struct vr_host_codecache),
	.create = codecache_create,
	.destroy = codecache_destroy,
	.begin_write = codecache_begin_write,
	.end_write = codecache_end_write,
};
