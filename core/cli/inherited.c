/* SPDX-License-Identifier: MIT */
/*
 * inherited.c: descriptors that vmrun was started with.
 *
 * A shell, `make` or a desktop leaves descriptors open in what it starts: pipes of a job server, logs, other
 * users' sockets. A guest that took the process over could use them, and no sandbox takes back what is open.
 * So all but 0 to 2 are closed before anything is opened. Kept are those that the command line names as
 * /dev/fd/N or /proc/self/fd/N, as in `--kernel <(...)`.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/commands.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define MOST 65536u /* where the kernel has no close_range(2) */

static void close_all(unsigned int first, unsigned int last)
{
	struct rlimit limit = {.rlim_cur = MOST};

	if (first > last || syscall(SYS_close_range, first, last, 0u) == 0)
		return;
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur > MOST)
		limit.rlim_cur = MOST;
	for (; first <= last && first < limit.rlim_cur; first++)
		close((int)first);
}

/* The lowest descriptor from `from` on that an argument names, or UINT32_MAX. */
static unsigned int next_named(int argc, char *const *argv, unsigned int from)
{
	static const char *const names[] = {"/dev/fd/", "/proc/self/fd/"};
	unsigned int lowest = UINT32_MAX;

	for (int i = 1; i < argc; i++)
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			for (const char *p = argv[i]; (p = strstr(p, names[k]));) {
				unsigned long fd;

				p += strlen(names[k]);
				fd = isdigit((unsigned char)*p) ? strtoul(p, NULL, 10) : UINT32_MAX;
				if (fd >= from && fd < lowest)
					lowest = (unsigned int)fd;
			}
	return lowest;
}

void vr_cli_close_inherited(int argc, char *const *argv)
{
	unsigned int from = STDERR_FILENO + 1, named;

	while ((named = next_named(argc, argv, from)) != UINT32_MAX) {
		close_all(from, named - 1);
		from = named + 1;
	}
	close_all(from, UINT32_MAX);
}
