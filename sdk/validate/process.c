/* SPDX-License-Identifier: MIT */
/* process.c: what a process has that a plugin must leave alone. */
#include <dirent.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static uint32_t entries(const char *path, struct check_process *out)
{
	DIR *folder = opendir(path);
	struct dirent *e;
	uint32_t n = 0;

	while (folder && (e = readdir(folder))) {
		int number = atoi(e->d_name);

		if (e->d_name[0] == '.' || (out && number == dirfd(folder)))
			continue;
		n++;
		if (out && number >= 0 && (size_t)number < sizeof(out->fd))
			out->fd[number] = 1;
	}
	if (folder)
		closedir(folder);
	return n;
}

uint32_t check_tasks(uint32_t expected)
{
	uint32_t n = entries("/proc/self/task", NULL);

	/* A thread that was joined may be in the list a moment longer. */
	for (int tries = 0; n > expected && tries < 500; tries++) {
		usleep(1000);
		n = entries("/proc/self/task", NULL);
	}
	return n;
}

const char *check_fd_name(uint32_t fd)
{
	static char name[256];
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%u", fd);
	n = readlink(path, name, sizeof(name) - 1);
	name[n > 0 ? n : 0] = 0;
	return name;
}

static uint64_t hash(uint64_t h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 0x100000001b3ull;
	return h * 31;
}

void check_process(struct check_process *out)
{
	sigset_t set;

	memset(out, 0, sizeof(*out));
	out->tasks = entries("/proc/self/task", NULL);
	out->fds = entries("/proc/self/fd", out);
	for (int i = 1; i <= 64; i++) {
		struct sigaction a;

		if (sigaction(i, NULL, &a) < 0)
			continue;
		out->signal[i].handler =
			a.sa_flags & SA_SIGINFO ? (uintptr_t)a.sa_sigaction : (uintptr_t)a.sa_handler;
		out->signal[i].flags = a.sa_flags;
	}
	sigprocmask(SIG_BLOCK, NULL, &set);
	for (int i = 1; i <= 64; i++)
		if (sigismember(&set, i) == 1)
			out->blocked |= 1ull << (i - 1);
	for (char **e = environ; e && *e; e++)
		out->environment = hash(out->environment + 1, *e);
	if (!getcwd(out->cwd, sizeof(out->cwd)))
		out->cwd[0] = 0;
	out->umask = umask(0);
	umask(out->umask);
	out->rounding = (uint32_t)fegetround();
	out->exceptions = (uint32_t)fegetexcept();
#if defined(__x86_64__)
	out->control = __builtin_ia32_stmxcsr() & 0xffc0u;
#elif defined(__aarch64__)
	{
		uint64_t fpcr;

		__asm__("mrs %0, fpcr" : "=r"(fpcr));
		out->control = (uint32_t)fpcr;
	}
#endif
	snprintf(out->locale, sizeof(out->locale), "%s", setlocale(LC_ALL, NULL));
}
