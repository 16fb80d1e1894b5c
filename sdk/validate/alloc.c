/* SPDX-License-Identifier: MIT */
/*
 * alloc.c: the allocator and a few more functions of the C library, between the plugin and the library.
 *
 * A program's own definition of malloc() wins over the library's, for plugins as well (the program comes
 * first in the order of look-up). While armed, what the plugin asks for, or the C library on its behalf, is
 * counted and can be made to fail. What this program asks for itself (the fake host works inside the
 * plugin's calls), and the dynamic linker (thread stacks), is left out by the address of the caller.
 *
 * AddressSanitizer has its own allocator in the same place; in a build with it nothing here is compiled, and
 * the rules that need it are skipped.
 */
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"

#if defined(__SANITIZE_ADDRESS__) || !defined(__GLIBC__)

bool check_alloc_works(void)
{
	return false;
}

void check_alloc_arm(int on)
{
	(void)on;
}

void check_alloc_fail(uint64_t n)
{
	(void)n;
}

struct check_alloc check_alloc_now(void)
{
	return (struct check_alloc){0};
}

#else

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);
void __libc_free(void *p);

#define SLOTS (1u << 17) /* blocks alive at a time */
#define GONE ((uintptr_t)1)

static struct {
	uintptr_t at;
	size_t bytes;
} blocks[SLOTS];
static volatile char lock;
static volatile int armed;
static struct check_alloc now;
static uint64_t fail_at;
static uintptr_t own_start, own_end, linker_start, linker_end;
extern char __executable_start[], etext[];

static void take_lock(void)
{
	while (__atomic_test_and_set(&lock, __ATOMIC_ACQUIRE))
		;
}

static void give_lock(void)
{
	__atomic_clear(&lock, __ATOMIC_RELEASE);
}

static int find_linker(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size, (void)arg;
	if (info->dlpi_addr != getauxval(AT_BASE))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD)
			linker_end =
				info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
	linker_start = info->dlpi_addr;
	return 1;
}

bool check_alloc_works(void)
{
	return true;
}

void check_alloc_arm(int on)
{
	if (!own_end) {
		own_start = (uintptr_t)__executable_start;
		own_end = (uintptr_t)etext;
		dl_iterate_phdr(find_linker, NULL);
	}
	armed = on;
}

void check_alloc_fail(uint64_t n)
{
	fail_at = n ? now.calls + n : 0;
	now.failed = 0;
}

struct check_alloc check_alloc_now(void)
{
	return now;
}

static int counts(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	return armed && !(at >= own_start && at < own_end) && !(at >= linker_start && at < linker_end);
}

/* One more call that may fail; true: this one does. */
static int fails(const void *caller)
{
	if (!counts(caller) || __atomic_add_fetch(&now.calls, 1, __ATOMIC_SEQ_CST) != fail_at)
		return 0;
	now.failed = 1;
	errno = ENOMEM;
	return 1;
}

static uint32_t slot_of(uintptr_t at)
{
	return (uint32_t)((at >> 4) * 0x9e3779b1u >> 3) & (SLOTS - 1);
}

static void *born(void *p, size_t bytes, const void *caller)
{
	if (!p || !counts(caller))
		return p;
	take_lock();
	for (uint32_t i = slot_of((uintptr_t)p), n = 0; n < SLOTS; n++, i = (i + 1) & (SLOTS - 1)) {
		if (blocks[i].at > GONE)
			continue;
		blocks[i].at = (uintptr_t)p;
		blocks[i].bytes = bytes;
		now.blocks++;
		now.bytes += bytes;
		break;
	}
	give_lock();
	return p;
}

static void died(const void *p)
{
	if (!p || !now.blocks)
		return;
	take_lock();
	for (uint32_t i = slot_of((uintptr_t)p), n = 0; n < SLOTS && blocks[i].at;
	     n++, i = (i + 1) & (SLOTS - 1)) {
		if (blocks[i].at != (uintptr_t)p)
			continue;
		blocks[i].at = GONE;
		now.blocks--;
		now.bytes -= blocks[i].bytes;
		break;
	}
	give_lock();
}

#define CALLER __builtin_return_address(0)
#define EXPORTED __attribute__((visibility("default"), used))

EXPORTED void *malloc(size_t n)
{
	return fails(CALLER) ? NULL : born(__libc_malloc(n), n, CALLER);
}

EXPORTED void *calloc(size_t n, size_t size)
{
	return fails(CALLER) ? NULL : born(__libc_calloc(n, size), n * size, CALLER);
}

EXPORTED void *realloc(void *p, size_t n)
{
	void *to;

	if (fails(CALLER))
		return NULL;
	died(p);
	to = __libc_realloc(p, n);
	return born(to, n, CALLER);
}

EXPORTED void *memalign(size_t alignment, size_t n)
{
	return fails(CALLER) ? NULL : born(__libc_memalign(alignment, n), n, CALLER);
}

EXPORTED void *aligned_alloc(size_t alignment, size_t n)
{
	return fails(CALLER) ? NULL : born(__libc_memalign(alignment, n), n, CALLER);
}

EXPORTED int posix_memalign(void **out, size_t alignment, size_t n)
{
	void *p = fails(CALLER) ? NULL : born(__libc_memalign(alignment, n), n, CALLER);

	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}

EXPORTED void free(void *p)
{
	died(p);
	__libc_free(p);
}

EXPORTED void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
	void *p;

	if (fails(CALLER))
		return MAP_FAILED;
	p = (void *)syscall(SYS_mmap, at, n, protection, flags, fd, offset);
	if (p != MAP_FAILED && !(flags & MAP_FIXED) && counts(CALLER))
		__atomic_add_fetch(&now.mapped, n, __ATOMIC_SEQ_CST);
	return p;
}

EXPORTED void *mmap64(void *at, size_t n, int protection, int flags, int fd, off_t offset)
	__attribute__((alias("mmap")));

EXPORTED int munmap(void *at, size_t n)
{
	if (counts(CALLER))
		__atomic_sub_fetch(&now.mapped, n, __ATOMIC_SEQ_CST);
	return (int)syscall(SYS_munmap, at, n);
}

EXPORTED int socket(int domain, int type, int protocol)
{
	if (counts(CALLER))
		__atomic_add_fetch(&now.sockets, 1, __ATOMIC_SEQ_CST);
	return (int)syscall(SYS_socket, domain, type, protocol);
}

/* atexit() is a small function inside each library that ends here. The process ends without running them. */
int __cxa_atexit(void (*fn)(void *), void *arg, void *dso);
EXPORTED int __cxa_atexit(void (*fn)(void *), void *arg, void *dso)
{
	(void)fn, (void)arg, (void)dso;
	if (counts(CALLER))
		__atomic_add_fetch(&now.atexit, 1, __ATOMIC_SEQ_CST);
	return 0;
}

#endif
