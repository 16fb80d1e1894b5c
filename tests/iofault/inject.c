/* SPDX-License-Identifier: MIT */
/*
 * inject.c: a library for LD_PRELOAD that lets one call for a file fail, or transfer less than was asked for.
 * VMRUN_IO=KIND:N says what and which: the N-th of the calls that KIND can happen to, from 1 on, in all of the
 * process. Only the program's own calls come here, and those of its plugins; not what the C library does inside.
 *
 *   short    reads and writes of more than one byte move only half
 *   EINTR    a signal came before anything was moved or opened
 *   EIO      the device fails; mmap() has no memory instead, since that is how it fails
 *   ENOSPC   there is no space: writes, ftruncate(), fallocate(), fdatasync(), files that are created
 *
 * The number of such calls so far is in the file that VMRUN_IO_COUNT names, since vmrun ends without running a
 * library's destructors. Event counters, sockets and the like do not fail. Pipes that the program made for itself
 * only are interrupted and short.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { NONE, SHORT, INTERRUPTED, BROKEN, FULL };
/* What a call does. */
enum { MOVES = 1, WRITES = 2, OPENS = 4, MAPS = 8, UNINTERRUPTED = 16 };

static const struct {
	const char *name;
	enum kind kind;
	int error;
} kinds[] = {
	{"short", SHORT, 0}, {"EINTR", INTERRUPTED, EINTR}, {"EIO", BROKEN, EIO}, {"ENOSPC", FULL, ENOSPC}};

static enum kind kind;
static int error;
static long which;
static atomic_long count;
static int to = -1;

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name)
{
	void *f = dlsym(RTLD_NEXT, name);

	if (!f)
		_exit(99);
	return f;
}

static int is_file(int fd)
{
	struct stat st;

	if (fd < 0 || fd == to || fstat(fd, &st))
		return 0;
	if (S_ISFIFO(st.st_mode))
		return fd <= 2 || kind == SHORT || kind == INTERRUPTED;
	return S_ISREG(st.st_mode) || S_ISBLK(st.st_mode) || S_ISCHR(st.st_mode);
}

static int can_happen(unsigned what)
{
	switch (kind) {
	case SHORT:
		return !!(what & MOVES);
	case INTERRUPTED:
		return !(what & (MAPS | UNINTERRUPTED));
	case BROKEN:
		return 1;
	case FULL:
		return !!(what & WRITES);
	default:
		return 0;
	}
}

/* Does it happen to this call? errno is set, but for a short transfer. */
static int happens(unsigned what)
{
	int saved = errno;
	long mine;

	if (!can_happen(what))
		return 0;
	mine = atomic_fetch_add(&count, 1) + 1;
	if (to >= 0) {
		char text[32];
		int n = snprintf(text, sizeof(text), "%-20ld\n", mine);

		if (REAL(pwrite)(to, text, (size_t)n, 0) != n)
			_exit(99);
	}
	errno = saved;
	if (mine != which)
		return 0;
	if (error)
		errno = what & MAPS ? ENOMEM : error;
	return 1;
}

/* A transfer of n bytes: how many to ask for; 0: it fails. */
static size_t length_of(int fd, size_t n, unsigned what)
{
	if (!is_file(fd) || (kind == SHORT && n < 2) || !happens(what | MOVES))
		return n ? n : 1;
	return kind == SHORT ? (n + 1) / 2 : 0;
}

#define TRANSFER(fd, n, what, call)         \
	do {                                \
		size_t asked = n;           \
		n = length_of(fd, n, what); \
		if (!n)                     \
			return -1;          \
		n = n < asked ? n : asked;  \
		return call;                \
	} while (0)

ssize_t read(int fd, void *p, size_t n)
{
	TRANSFER(fd, n, 0, REAL(read)(fd, p, n));
}

ssize_t __read_chk(int fd, void *p, size_t n, size_t capacity);
ssize_t __read_chk(int fd, void *p, size_t n, size_t capacity)
{
	if (n > capacity)
		abort();
	return read(fd, p, n);
}

ssize_t pread(int fd, void *p, size_t n, off_t offset)
{
	TRANSFER(fd, n, 0, REAL(pread)(fd, p, n, offset));
}

ssize_t write(int fd, const void *p, size_t n)
{
	TRANSFER(fd, n, WRITES, REAL(write)(fd, p, n));
}

/* Half of the first piece, or all: -1. */
static int piece(int fd, const struct iovec *v, int n, unsigned what, struct iovec *out)
{
	size_t k;

	if (n < 1)
		return -1;
	*out = v[0];
	k = length_of(fd, v[0].iov_len, what);
	if (!k)
		return 0;
	if (k >= v[0].iov_len)
		return -1;
	out->iov_len = k;
	return 1;
}

#define VECTOR(fd, v, n, what, whole, some)           \
	do {                                          \
		struct iovec one;                     \
		int k = piece(fd, v, n, what, &one);  \
		return k < 0 ? whole : k ? some : -1; \
	} while (0)

ssize_t writev(int fd, const struct iovec *v, int n)
{
	VECTOR(fd, v, n, WRITES, REAL(writev)(fd, v, n), REAL(writev)(fd, &one, 1));
}

ssize_t preadv(int fd, const struct iovec *v, int n, off_t offset)
{
	VECTOR(fd, v, n, 0, REAL(preadv)(fd, v, n, offset), REAL(preadv)(fd, &one, 1, offset));
}

ssize_t pwritev(int fd, const struct iovec *v, int n, off_t offset)
{
	VECTOR(fd, v, n, WRITES, REAL(pwritev)(fd, v, n, offset), REAL(pwritev)(fd, &one, 1, offset));
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if (happens(OPENS | (flags & O_CREAT ? WRITES : 0)))
		return -1;
	return REAL(open)(path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
	return happens(OPENS | (*mode == 'r' ? 0 : WRITES)) ? NULL : REAL(fopen)(path, mode);
}

/* The stream remembers the error, as after a read() of its own that failed: glibc's _IO_ERR_SEEN. */
size_t fread(void *p, size_t size, size_t n, FILE *f)
{
	if (is_file(fileno(f)) && kind != SHORT && happens(MOVES)) {
		f->_flags |= 0x20;
		return 0;
	}
	return REAL(fread)(p, size, n, f);
}

size_t __fread_chk(void *p, size_t capacity, size_t size, size_t n, FILE *f);
size_t __fread_chk(void *p, size_t capacity, size_t size, size_t n, FILE *f)
{
	if (size * n > capacity)
		abort();
	return fread(p, size, n, f);
}

DIR *opendir(const char *path)
{
	return happens(OPENS | UNINTERRUPTED) ? NULL : REAL(opendir)(path);
}

struct dirent *readdir(DIR *d)
{
	return happens(UNINTERRUPTED) ? NULL : REAL(readdir)(d);
}

int fdatasync(int fd)
{
	return is_file(fd) && happens(WRITES) ? -1 : REAL(fdatasync)(fd);
}

int fsync(int fd)
{
	return is_file(fd) && happens(WRITES) ? -1 : REAL(fsync)(fd);
}

int ftruncate(int fd, off_t length)
{
	return is_file(fd) && happens(WRITES) ? -1 : REAL(ftruncate)(fd, length);
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
	return is_file(fd) && happens(WRITES) ? -1 : REAL(fallocate)(fd, mode, offset, length);
}

void *mmap(void *p, size_t n, int protection, int flags, int fd, off_t offset)
{
	return happens(MAPS) ? MAP_FAILED : REAL(mmap)(p, n, protection, flags, fd, offset);
}

/* Before the sandbox. */
__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("VMRUN_IO_COUNT"), *text = getenv("VMRUN_IO");

	if (path)
		to = REAL(open)(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	for (size_t i = 0; text && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = strlen(kinds[i].name);

		if (strncmp(text, kinds[i].name, n) || text[n] != ':')
			continue;
		error = kinds[i].error;
		which = atol(text + n + 1);
		kind = kinds[i].kind;
	}
}
