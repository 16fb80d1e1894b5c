/* SPDX-License-Identifier: MIT */
/*
 * inherited.c: descriptors that vmrun was started with.
 *
 * A shell, `make` or a desktop leaves descriptors open in what it starts: pipes of a job server, logs, other
 * users' sockets. A guest that took the process over could use them, and no sandbox takes back what is open.
 * So all but 0 to 2 are closed before anything is opened. Kept are those that the command line names as
 * /dev/fd/N or /proc/self/fd/N, as in `--kernel <(...)`.
 *
 * What came through execve(2) has no close-on-exec flag; what has it was opened in this process, by a library
 * that the user preloaded, and stays.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"

#define MOST 4096 /* where there is no /proc */

static bool is_named(int fd, int argc, char *const *argv)
{
	static const char *const names[] = {"/dev/fd/", "/proc/self/fd/"};

	for (int i = 1; i < argc; i++)
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			for (const char *p = argv[i]; (p = strstr(p, names[k]));) {
				p += strlen(names[k]);
				if (isdigit((unsigned char)*p) && strtol(p, NULL, 10) == fd)
					return true;
			}
	return false;
}

static void close_inherited(int fd, int argc, char *const *argv)
{
	int flags = fcntl(fd, F_GETFD);

	if (fd > STDERR_FILENO && flags >= 0 && !(flags & FD_CLOEXEC) && !is_named(fd, argc, argv))
		close(fd);
}

void cli_close_inherited(int argc, char *const *argv)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	for (int fd = 0; !d && fd < MOST; fd++)
		close_inherited(fd, argc, argv);
	while (d && (e = readdir(d)))
		close_inherited(atoi(e->d_name), argc, argv);
	if (d)
		closedir(d);
}
