/* SPDX-License-Identifier: MIT */
/* sync: preloaded, says on standard error that a disk is flushed. */
#include <sys/syscall.h>
#include <unistd.h>

int fdatasync(int fd)
{
	static const char text[] = "a disk is flushed\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		return -1;
	return (int)syscall(SYS_fdatasync, fd);
}
