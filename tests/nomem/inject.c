/* SPDX-License-Identifier: MIT */
/*
 * inject.c: a library for LD_PRELOAD that lets one allocation of the whole process fail, in any part of it: vmrun,
 * plugins, the libraries that they use, the dynamic linker. VMRUN_NOMEM=N is its number, from 1 on; all of
 * them are counted, and their number so far is in the file that VMRUN_NOMEM_COUNT names, since vmrun ends
 * without running a library's destructors. Threads that allocate at once may leave one less than the last.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);

static atomic_long count;
static atomic_long which = -1; /* not read yet */
static int to = -1;

static void tell(long number)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%-20ld\n", number);

	if (pwrite(to, text, (size_t)n, 0) != n)
		_exit(99);
}

static int fails(void)
{
	long mine = atomic_fetch_add(&count, 1) + 1;

	if (to >= 0)
		tell(mine);
	if (which < 0) {
		const char *text = getenv("VMRUN_NOMEM");

		which = text ? atol(text) : 0;
	}
	if (mine != which)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}

void *memalign(size_t alignment, size_t n)
{
	return fails() ? NULL : __libc_memalign(alignment, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
	return memalign(alignment, n);
}

int posix_memalign(void **out, size_t alignment, size_t n)
{
	void *p = memalign(alignment, n);

	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}

/* Before the sandbox. */
__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("VMRUN_NOMEM_COUNT");

	if (path)
		to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}
