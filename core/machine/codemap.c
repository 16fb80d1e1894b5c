/* SPDX-License-Identifier: MIT */
/*
 * codemap.c: names of generated code for perf, vmrun.codemap/1.
 *
 * --perf-map. /tmp/perf-PID.map: a line for each piece of code, "START SIZE NAME" in hexadecimal without 0x
 * (Linux tools/perf/Documentation/jit-interface.txt). perf report reads it while, or after, the process runs.
 * It has no times: where the code cache was emptied and filled again an address has several lines.
 *
 * --jitdump. jit-PID.dump (tools/perf/Documentation/jitdump-specification.txt): a header, and a record for
 * each piece of code, with its bytes and the time, so that `perf inject --jit` can annotate it and tells
 * code apart that was at one address at different times. perf record learns of the file because the process
 * maps its first page executable.
 *
 * Both are opened before the sandbox is entered. When a file can take no more it ends, with one warning.
 */
#include "machine/codemap.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/error.h"
#include "common/text.h"
#include "machine/parts.h"
#include "util/clock.h"
#include "common/file.h"
#include "util/log.h"

/* The jitdump format, version 1. */
#define JIT_MAGIC 0x4a695444u
#define JIT_VERSION 1u
#define JIT_CODE_LOAD 0u
#define JIT_CODE_CLOSE 3u

struct jit_header {
	uint32_t magic, version, size, machine, pad, pid;
	uint64_t timestamp, flags;
};
struct jit_record {
	uint32_t id, size;
	uint64_t timestamp;
};
struct jit_load {
	struct jit_record record;
	uint32_t pid, tid;
	uint64_t vma, address, size, index;
	/* the name with its zero, the code */
};
_Static_assert(sizeof(struct jit_header) == 40 && sizeof(struct jit_load) == 56, "as perf reads them");

struct codemap {
	pthread_mutex_t lock;
	int map, dump; /* -1: not wanted, or it can take no more */
	void *marker;  /* the executable page */
	size_t marker_size;
	uint64_t index;
	uint32_t pid;
};

static void end_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void put(int *fd, const char *what, struct iovec *v, int n)
{
	while (*fd >= 0 && n) {
		ssize_t done = writev(*fd, v, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (!done)
			errno = EIO;
		if (done <= 0) {
			log_print(VR_LOG_WARN, "%s can't be written: %s; it ends here", what,
				  strerror(errno));
			end_file(fd);
			return;
		}
		for (; n && (size_t)done >= v->iov_len; v++, n--)
			done -= (ssize_t)v->iov_len;
		if (n) {
			v->iov_base = (char *)v->iov_base + done;
			v->iov_len -= (size_t)done;
		}
	}
}

/* A file whose name perf prescribes, in a folder that other users may write to: one that is there already may
 * be theirs, or a link to another file, so it is removed and not followed. */
static int32_t open_new(const char *path, int *fd)
{
	if (unlink(path) && errno != ENOENT)
		return vr_error_set(
			VR_E_PERM,
			"'%s' is there and can't be removed: %s; remove it, or leave the option out", path,
			strerror(errno));
	*fd = file_open_plain(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd >= 0)
		return VR_OK;
	return vr_error_set(errno == ENOENT ? VR_E_NOENT : VR_E_IO,
			    "'%s' can't be made: %s; check that the folder is there and can be written to",
			    path, strerror(errno));
}

/* The machine that this program's own code is for, as ELF numbers it. */
static uint32_t own_machine(void)
{
	Elf64_Ehdr e = {.e_machine = EM_NONE};
	int fd = file_open_plain("/proc/self/exe", O_RDONLY | O_CLOEXEC, 0);

	if (fd >= 0) {
		if (file_read(fd, &e, sizeof(e)) != (ssize_t)sizeof(e))
			e.e_machine = EM_NONE;
		close(fd);
	}
	return e.e_machine;
}

static int32_t begin_dump(struct codemap *c, const char *path)
{
	struct jit_header h = {
		.magic = JIT_MAGIC,
		.version = JIT_VERSION,
		.size = sizeof(h),
		.machine = own_machine(),
		.pid = c->pid,
		.timestamp = clock_monotonic(),
	};

	c->marker_size = (size_t)sysconf(_SC_PAGESIZE);
	c->marker = mmap(NULL, c->marker_size, PROT_READ | PROT_EXEC, MAP_PRIVATE, c->dump, 0);
	if (c->marker == MAP_FAILED) {
		c->marker = NULL;
		return vr_error_set(
			VR_E_PERM,
			"'%s' can't be mapped executable, which perf needs: %s; name a folder that is not "
			"mounted noexec with --jitdump=DIR",
			path, strerror(errno));
	}
	if (file_write(c->dump, &h, sizeof(h)))
		return vr_error_set(VR_E_IO,
				    "'%s' can't be written: %s; name another folder with --jitdump=DIR", path,
				    strerror(errno));
	return VR_OK;
}

int32_t codemap_new(bool perf_map, const char *jitdump, struct codemap **out)
{
	struct codemap *c;
	char *map = NULL, *dump = NULL;
	int32_t rc = VR_OK;

	*out = NULL;
	if (!perf_map && !jitdump)
		return VR_OK;
	c = calloc(1, sizeof(*c));
	if (!c)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	pthread_mutex_init(&c->lock, NULL);
	c->map = c->dump = -1;
	c->pid = (uint32_t)getpid();
	if (perf_map) {
		map = vr_text_format("/tmp/perf-%u.map", c->pid);
		rc = map ? open_new(map, &c->map) : VR_E_NOMEM;
	}
	if (rc == VR_OK && jitdump) {
		dump = vr_text_format("%s/jit-%u.dump", jitdump, c->pid);
		rc = dump ? open_new(dump, &c->dump) : VR_E_NOMEM;
		if (rc == VR_OK)
			rc = begin_dump(c, dump);
	}
	if (rc == VR_OK)
		log_print(VR_LOG_WARN, "generated code is named in %s%s%s", map ? map : "",
			  map && dump ? " and " : "", dump ? dump : "");
	free(map);
	free(dump);
	if (rc < 0)
		codemap_free(c);
	else
		*out = c;
	return rc;
}

void codemap_allow(const struct codemap *c, struct sandbox *s)
{
	sandbox_keep_dumpable(s, c->map < 0    ? "--jitdump"
				 : c->dump < 0 ? "--perf-map"
					       : "--perf-map and --jitdump");
}

bool codemap_for_perf(const struct codemap *c)
{
	return c && c->map >= 0;
}

void codemap_free(struct codemap *c)
{
	if (!c)
		return;
	if (c->dump >= 0) {
		struct jit_record end = {
			.id = JIT_CODE_CLOSE, .size = sizeof(end), .timestamp = clock_monotonic()};
		struct iovec v = {.iov_base = &end, .iov_len = sizeof(end)};

		put(&c->dump, "the jitdump file", &v, 1);
	}
	if (c->marker)
		munmap(c->marker, c->marker_size);
	end_file(&c->map);
	end_file(&c->dump);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* ---- the table --------------------------------------------------------------------------------- */
static struct codemap *map_of(const struct vr_host *host)
{
	const struct machine *m = machine_of(host);

	return m ? m->codemap : NULL;
}

static int32_t VR_CALL table_wanted(const struct vr_host *host)
{
	return map_of(host) != NULL;
}

static void VR_CALL table_add(const struct vr_host *host, uint64_t address, const uint8_t *code,
			      uint64_t length, const char *name)
{
	struct codemap *c = map_of(host);
	char line[128];
	int n;

	if (!c || !code || !length || !name)
		return;
	n = snprintf(line, sizeof(line), "%" PRIx64 " %" PRIx64 " %.80s\n", address, length, name);
	pthread_mutex_lock(&c->lock);
	if (c->map >= 0) {
		struct iovec v = {.iov_base = line, .iov_len = (size_t)n};

		put(&c->map, "the perf map", &v, 1);
	}
	if (c->dump >= 0) {
		size_t name_size = strlen(name) + 1;
		struct jit_load load = {
			.record = {.id = JIT_CODE_LOAD,
				   .size = (uint32_t)(sizeof(load) + name_size + length),
				   .timestamp = clock_monotonic()},
			.pid = c->pid,
			.tid = (uint32_t)syscall(SYS_gettid),
			.vma = address,
			.address = address,
			.size = length,
			.index = c->index++,
		};
		struct iovec v[] = {{.iov_base = &load, .iov_len = sizeof(load)},
				    {.iov_base = (void *)(uintptr_t)name, .iov_len = name_size},
				    {.iov_base = (void *)(uintptr_t)code, .iov_len = length}};

		put(&c->dump, "the jitdump file", v, 3);
	}
	pthread_mutex_unlock(&c->lock);
}

const struct vr_host_codemap codemap_table = {
	.size = sizeof(struct vr_host_codemap),
	.wanted = table_wanted,
	.add = table_add,
};
