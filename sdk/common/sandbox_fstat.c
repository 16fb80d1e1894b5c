/* SPDX-License-Identifier: MIT */
/*
 * sandbox_fstat.c: fstat() by the system call of that name.
 *
 * The C library (glibc 2.33 and later ones) makes fstat(fd) into newfstatat(fd, "", AT_EMPTY_PATH). A filter
 * does not see that the path is empty, so the sandbox would have to allow all paths, or fstat() would fail
 * once the guest runs. This definition stands before the library's, for plugins as well. The struct is the
 * kernel's on 64-bit hosts.
 */
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/sandbox.h"

#if defined(SYS_fstat) && __SIZEOF_POINTER__ == 8 && !defined(SANDBOX_SANITIZED)
__attribute__((visibility("default"))) int fstat(int fd, struct stat *st)
{
	return (int)syscall(SYS_fstat, fd, st);
}

/* What programs that are compiled for large files call. */
__attribute__((visibility("default"))) int fstat64(int fd, struct stat64 *st)
{
	return (int)syscall(SYS_fstat, fd, st);
}
#endif
