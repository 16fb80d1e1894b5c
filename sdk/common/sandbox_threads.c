/* SPDX-License-Identifier: MIT */
/*
 * sandbox_threads.c: what belongs to a thread and not to the process: capabilities, no_new_privs, Landlock.
 *
 * Each thread that the host starts gives them up as its first act. A plugin's library may have threads of
 * its own that exist before the sandbox is entered: those are interrupted by a signal, whose handler does the
 * same for them. /proc/self/task has a link for each thread, so one stat(2) tells whether there are any.
 *
 * A thread that blocks the signal keeps what it has, which is told; the system call filter holds for it all
 * the same. The handler stays, since the signal may still be pending there.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/sandbox.h"

#define PATIENCE 200 /* ms */

static _Thread_local bool restricted;
static int ruleset_for_all = -1;
static _Atomic uint32_t answers, failures;

/* In all sets. Only a thread with capabilities has anything to do. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	/* Leaving the bounding set needs CAP_SETPCAP, so that comes first; a thread without it has no use for
	 * the set, since it starts no program. */
	for (unsigned long c = 0; prctl(PR_CAPBSET_DROP, c, 0ul, 0ul, 0ul) == 0; c++)
		;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0ul, 0ul, 0ul);
	return (int)syscall(SYS_capset, &head, none);
}

int sandbox_restrict_thread(int ruleset)
{
	if (restricted)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1ul, 0ul, 0ul, 0ul))
		return -1;
	if (ruleset >= 0 && sandbox_landlock_restrict(ruleset))
		return -1;
	restricted = drop_capabilities() == 0;
	return restricted ? 0 : -1;
}

static void interrupted(int signal_number)
{
	int e = errno;

	(void)signal_number;
	if (sandbox_restrict_thread(ruleset_for_all))
		failures++;
	answers++;
	errno = e;
}

/* Signals every thread but this one; how many there are. */
static uint32_t interrupt_all(void)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;
	uint32_t n = 0;

	while (d && (e = readdir(d))) {
		pid_t tid = (pid_t)atoi(e->d_name);

		if (tid > 0 && tid != (pid_t)syscall(SYS_gettid))
			n += syscall(SYS_tgkill, getpid(), tid, SIGRTMAX) == 0;
	}
	if (d)
		closedir(d);
	return n;
}

uint32_t sandbox_restrict_others(int ruleset, uint32_t known)
{
	struct sigaction before, act = {.sa_handler = interrupted, .sa_flags = SA_RESTART};
	struct timespec ms = {.tv_nsec = 1000000};
	struct stat st;
	uint32_t asked;

	/* "." and "..", this one, and those that did it. */
	if (stat("/proc/self/task", &st) || st.st_nlink <= known + 3u)
		return 0;
	ruleset_for_all = ruleset;
	answers = failures = 0;
	sigaction(SIGRTMAX, &act, &before);
	asked = interrupt_all();
	for (uint32_t i = 0; answers < asked && i < PATIENCE; i++)
		nanosleep(&ms, NULL);
	/* A thread that has not answered may yet do so. */
	if (answers >= asked)
		sigaction(SIGRTMAX, &before, NULL);
	return asked - answers + failures;
}
