/* SPDX-License-Identifier: MIT */
/* In a child each, since there is no way out of a sandbox. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/parts.h"

static int in_child(int (*fn)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(fn());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static struct vr_sandbox s;
static _Atomic uint32_t ran;
static atomic_bool go;

static void *thread(void *arg)
{
	char *p = malloc(1 << 20);

	while (!atomic_load(&go))
		usleep(1000);
	if (p && open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0)
		atomic_fetch_add(&ran, 1);
	free(p);
	return arg;
}

static bool has_landlock(void)
{
	return s.ruleset >= 0;
}

static int denied(void)
{
	char *const argv[] = {(char *)(uintptr_t) "true", NULL};

	vr_sandbox_init(&s, true, false);
	if (!s.wanted) /* a sanitizer needs its rights */
		return 0;
	vr_sandbox_enter(&s);
	if (execve("/bin/true", argv, argv) != -1 || errno != EPERM)
		return 1;
	if (socket(AF_INET, SOCK_STREAM, 0) != -1 || errno != EPERM)
		return 2;
	if (ptrace(PTRACE_TRACEME, 0, 0, 0) != -1 || errno != EPERM)
		return 3;
	if (fork() != -1)
		return 4;
	if (kill(getppid(), 0) != -1 || errno != EPERM)
		return 5;
	if (kill(getpid(), 0))
		return 6;
	if (has_landlock() && (open("/etc/passwd", O_RDONLY | O_CLOEXEC) != -1 || errno != EACCES))
		return 7;
	if (has_landlock() && open("/tmp/not-in-the-sandbox", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) != -1)
		return 8;
	return 0;
}

static int works(void)
{
	int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	struct vr_code_memory c;
	pthread_t early, late;
	char b;

	vr_sandbox_init(&s, true, false);
	if (!s.wanted)
		return 0;
	vr_sandbox_allow(&s, "/etc/hostname");
	if (vr_thread_start(&early, &s, "early", thread, NULL) < 0)
		return 1;
	vr_sandbox_enter(&s);
	if (vr_thread_start(&late, &s, "late", thread, NULL) < 0)
		return 2;
	atomic_store(&go, true);
	pthread_join(early, NULL);
	pthread_join(late, NULL);
	if (has_landlock() && atomic_load(&ran) != 2)
		return 3;
	if (pread(file, &b, 1, 0) != 1)
		return 4;
	if (vr_codecache_table.create(NULL, 1 << 20, &c) < 0 || c.write == c.execute)
		return 5;
	if (mprotect(c.write, 4096, PROT_READ))
		return 6;
	if (!access("/etc/hostname", R_OK) && open("/etc/hostname", O_RDONLY | O_CLOEXEC) < 0)
		return 7;
	return 0;
}

static int off(void)
{
	vr_sandbox_init(&s, false, false);
	vr_sandbox_enter(&s);
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0;
}

Test(sandbox, denied)
{
	cr_assert_eq(in_child(denied), 0);
}

Test(sandbox, works)
{
	cr_assert_eq(in_child(works), 0);
}

Test(sandbox, off)
{
	cr_assert_eq(in_child(off), 0);
}
