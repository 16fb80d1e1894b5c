/* SPDX-License-Identifier: MIT */
/* syscall.c: the shortest way into the kernel and back. */
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

uint64_t bench_syscall(uint64_t n)
{
	long parent = getppid();
	uint64_t same = 0;

	bench_start();
	for (uint64_t i = 0; i < n; i++)
		same += syscall(SYS_getppid) == parent;
	bench_stop();
	return same;
}
