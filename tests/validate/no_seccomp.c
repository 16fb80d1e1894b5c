/* SPDX-License-Identifier: MIT */
/* no_seccomp.c: to be preloaded: seccomp() as on kernels that have none (NO_SECCOMP=filter), or that do not tell another
 * process of refused calls (NO_SECCOMP=answer). */
#include <dlfcn.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Declared with a variable number of arguments, of which the kernel takes six at most. */
__attribute__((visibility("default"))) long no_seccomp(long number, long a, long b, long c, long d, long e,
						       long f) __asm__("syscall");

long no_seccomp(long number, long a, long b, long c, long d, long e, long f)
{
	static long (*real)(long, ...);
	const char *lacks = getenv("NO_SECCOMP");
	void *symbol = dlsym(RTLD_NEXT, "syscall");

	memcpy(&real, &symbol, sizeof(real));
	if (number == SYS_seccomp && lacks && !strcmp(lacks, "filter")) {
		errno = ENOSYS;
		return -1;
	}
	if (number == SYS_seccomp && a == SECCOMP_SET_MODE_FILTER &&
	    ((unsigned long)b & SECCOMP_FILTER_FLAG_NEW_LISTENER)) {
		errno = EINVAL;
		return -1;
	}
	return real(number, a, b, c, d, e, f);
}
