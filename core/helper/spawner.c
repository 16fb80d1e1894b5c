/* SPDX-License-Identifier: MIT */
/*
 * spawner.c: the process that makes helper processes.
 *
 * The machine process may neither fork nor open a file once the guest runs, and a process with threads cannot
 * fork safely at any time. So `vmrun run` forks the spawner before its first thread and before it opens the
 * first library, and only when a plugin that this run may use has a role. It is a small process: the program
 * and the manifests that were read, copy on write, and no descriptor but a socket to the machine process and
 * the standard error.
 *
 * What it is asked is hostile as well, since a guest may have taken the machine process over: an order has a
 * fixed size and names nothing but a plugin. Which library that is, which role it has, which paths it may
 * reach, and whether it may have a helper at all, the spawner knows from its own copy of the manifests and
 * the command line. Nothing that the machine process does later changes that.
 *
 * Every death reaches those below. The spawner's reaches the helpers by PR_SET_PDEATHSIG (prctl(2)), which a
 * helper can't undo in its sandbox. vmrun's can't come that way: the signal is the dying process's, and
 * Landlock forbids vmrun's to all other processes (LANDLOCK_SCOPE_SIGNAL). So vmrun holds one end of a pipe,
 * whose other end sends the spawner SIGKILL when the last writer is gone (F_SETSIG, O_ASYNC: fcntl(2)); that
 * signal has the spawner's own rights, and reaches it in any state. In an orderly end the control socket's
 * end of file comes first, and the spawner ends its helpers and reaps them. Both signals are lost when the
 * parent ended before they were asked for, so each process looks afterwards whether its parent is still the
 * one it knew. The other way round the spawner tells the machine process how each helper ended.
 *
 * Spawner and helpers are in sessions of their own: signals that a terminal sends to a group (Ctrl-C) do not
 * come to them, and they have no controlling terminal into which they could type (TIOCSTI). A standard error
 * that is a terminal is opened again for writing alone, since that of vmrun can be read as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.h"
#include "common/roles.h"
#include "helper/internal.h"
#include "common/file.h"
#include "util/log.h"

/* Descriptors of the spawner, then those of a helper. */
#define CONTROL 3
#define SIGNALS 4
#define CHANNEL 3
#define WINDOW 4

/* Points of badness (proc(5)): where memory runs out, a helper goes before the machine does. */
#define OOM_ADJUSTMENT "300"

struct spawner {
	struct registry *registry;
	bool sandbox;
	pid_t self;
	struct child {
		pid_t pid; /* 0: no helper */
		uint32_t serial;
	} child[VR_HELPERS_MAX];
};

bool helper_allowed(const struct loaded_plugin *p)
{
	enum vr_plugin_class c = p->manifest->class_id;

	/* What is chosen without being named is one of the machine's own parts. */
	return p->manifest->helper != ROLE_NONE &&
	       (p->requested || (c != VR_CLASS_DEVICE && c != VR_CLASS_PASSTHROUGH));
}

/* ---- a process of its own ------------------------------------------------------------------------- */

/* A helper ends with the spawner. */
static void die_with_spawner(pid_t spawner)
{
	if (prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0ul, 0ul, 0ul) || getppid() != spawner)
		_exit(1);
}

/* The spawner ends with vmrun. */
static void die_with_vmrun(int life, pid_t vmrun)
{
	if (fcntl(life, F_SETOWN, getpid()) < 0 || fcntl(life, F_SETSIG, SIGKILL) < 0 ||
	    fcntl(life, F_SETFL, O_ASYNC) < 0 || getppid() != vmrun)
		_exit(1);
}

static void close_from(unsigned first)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, ~0u, 0u) == 0)
		return;
#endif
	for (unsigned fd = first, n = (unsigned)sysconf(_SC_OPEN_MAX); fd < n; fd++)
		close((int)fd);
}

/* No standard input and output; a standard error that can't be read. A file that was opened for writing stays
 * as it is: processes that open it each for themselves write over each other. */
static void set_streams(void)
{
	int nothing = file_open_plain("/dev/null", O_RDWR | O_CLOEXEC, 0), error;

	if (nothing < 0)
		_exit(1);
	dup2(nothing, STDIN_FILENO);
	dup2(nothing, STDOUT_FILENO);
	if ((fcntl(STDERR_FILENO, F_GETFL) & O_ACCMODE) == O_WRONLY || !isatty(STDERR_FILENO))
		return;
	/* O_NONBLOCK: a terminal may be a modem's. What can't be opened is another user's terminal. */
	error = file_open_plain("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	if (error >= 0)
		fcntl(error, F_SETFL, 0);
	dup2(error >= 0 ? error : nothing, STDERR_FILENO);
}

static void set_signals(void)
{
	sigset_t set;

	for (int i = 1; i < SIGRTMIN; i++) {
		if (i != SIGKILL && i != SIGSTOP)
			signal(i, SIG_DFL);
	}
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_SETMASK, &set, NULL);
}

#define PLACES 3

/* Puts descriptors, whatever their numbers are, at 3 and on, and closes all others. -1: none comes after. */
static void place(const int from[PLACES])
{
	int high[PLACES], n;

	for (n = 0; n < PLACES && from[n] >= 0; n++) {
		high[n] = fcntl(from[n], F_DUPFD_CLOEXEC, 3 + PLACES);
		if (high[n] < 0)
			_exit(1);
	}
	for (int i = 0; i < n; i++)
		dup2(high[i], 3 + i);
	close_from(3 + (unsigned)n);
}

static void write_file(const char *path, const char *text)
{
	int fd = file_open_plain(path, O_WRONLY | O_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (file_write(fd, text, strlen(text)))
		log_print(VR_LOG_DEBUG, "%s: %s", path, strerror(errno));
	close(fd);
}

/* The helper's process, from fork() to its main function. */
static _Noreturn void begin_helper(const struct spawner *s, struct loaded_plugin *p, int channel, int window,
				   uint64_t window_length)
{
	const struct rlimit none = {0, 0};
	char name[16];
	sigset_t set;

	die_with_spawner(s->self);
	setsid();
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	place((const int[PLACES]){channel, window, -1});
	snprintf(name, sizeof(name), "vmrun-%s", role_name(p->manifest->helper));
	prctl(PR_SET_NAME, name, 0ul, 0ul, 0ul);
	/* What it holds may be the user's or another machine's. */
	setrlimit(RLIMIT_CORE, &none);
	write_file("/proc/self/oom_score_adj", OOM_ADJUSTMENT);
	helper_main(s->registry, p, CHANNEL, window < 0 ? -1 : WINDOW, window_length, s->sandbox);
}

/* ---- orders --------------------------------------------------------------------------------------- */

/* Sealed: neither side can make it smaller under the other, which would end in SIGBUS there. */
static int make_window(uint64_t length)
{
	int fd = memfd_create("vmrun-window", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && (file_truncate(fd, (off_t)length) < 0 ||
			fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static struct child *child_of(struct spawner *s, pid_t pid)
{
	for (uint32_t i = 0; i < VR_HELPERS_MAX; i++) {
		if (s->child[i].pid == pid)
			return &s->child[i];
	}
	return NULL;
}

static int32_t check_order(struct spawner *s, const struct helper_order *o, struct loaded_plugin **p)
{
	*p = memchr(o->id, 0, sizeof(o->id)) ? registry_by_id(s->registry, o->id) : NULL;
	if (!*p || !helper_allowed(*p))
		return vr_error_set(VR_E_PERM, "this plugin may have no helper process");
	if (o->window > VR_HELPER_WINDOW_MAX)
		return vr_error_set(VR_E_RANGE, "a window of at most %u bytes can be had",
				    VR_HELPER_WINDOW_MAX);
	if (!child_of(s, 0))
		return vr_error_set(VR_E_BUSY, "%u helper processes run, and there can't be more",
				    VR_HELPERS_MAX);
	return VR_OK;
}

/* fd[0], fd[1]: the channel's ends; window: -1 when none is wanted. */
static int32_t start(struct spawner *s, const struct helper_order *o, int fd[2], int *window)
{
	struct loaded_plugin *p;
	int32_t rc = check_order(s, o, &p);
	struct child *c;
	pid_t pid;

	if (rc < 0)
		return rc;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
		return vr_error_set(VR_E_NOMEM, "can't make a channel: %s", strerror(errno));
	if (o->window && (*window = make_window(o->window)) < 0)
		return vr_error_set(VR_E_NOMEM, "can't make a window of %llu bytes: %s",
				    (unsigned long long)o->window, strerror(errno));
	c = child_of(s, 0);
	pid = fork();
	if (pid == 0)
		begin_helper(s, p, fd[1], *window, o->window);
	if (pid < 0)
		return vr_error_set(VR_E_NOMEM, "can't make a process: %s", strerror(errno));
	*c = (struct child){.pid = pid, .serial = o->serial};
	return VR_OK;
}

static void order_start(struct spawner *s, const struct helper_order *o)
{
	struct helper_notice n = {.magic = HELPER_MAGIC, .kind = NOTICE_STARTED, .serial = o->serial};
	int fd[2] = {-1, -1}, window = -1;

	vr_error_clear();
	n.status = start(s, o, fd, &window);
	if (n.status < 0) {
		n.kind = NOTICE_REFUSED;
		snprintf(n.text, sizeof(n.text), "%s", vr_error_text(n.status));
		wire_send_control(CONTROL, &n, sizeof(n), NULL, 0);
	} else {
		int pass[2] = {fd[0], window};

		wire_send_control(CONTROL, &n, sizeof(n), pass, window < 0 ? 1 : 2);
	}
	for (int i = 0; i < 2; i++) {
		if (fd[i] >= 0)
			close(fd[i]);
	}
	if (window >= 0)
		close(window);
}

static void order_kill(const struct spawner *s, const struct helper_order *o)
{
	for (uint32_t i = 0; i < VR_HELPERS_MAX; i++) {
		if (s->child[i].pid && s->child[i].serial == o->serial)
			kill(s->child[i].pid, SIGKILL);
	}
}

static void reap(struct spawner *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct helper_notice n = {.magic = HELPER_MAGIC, .kind = NOTICE_ENDED};
		struct child *c = child_of(s, pid);

		if (!c)
			continue;
		n.serial = c->serial;
		n.how = WIFSIGNALED(status) ? VR_HELPER_SIGNALED : VR_HELPER_EXITED;
		n.status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
		c->pid = 0;
		wire_send_control(CONTROL, &n, sizeof(n), NULL, 0);
	}
}

/* vmrun is done. Helpers that were not stopped end now. */
static _Noreturn void end(struct spawner *s)
{
	for (uint32_t i = 0; i < VR_HELPERS_MAX; i++) {
		if (s->child[i].pid)
			kill(s->child[i].pid, SIGKILL);
	}
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	_exit(0);
}

static void take_order(struct spawner *s)
{
	struct helper_order o;
	int fd[2];
	int32_t rc = wire_receive_control(CONTROL, &o, sizeof(o), fd);

	for (int i = 0; i < 2; i++) {
		if (rc && rc != VR_E_STATE && fd[i] >= 0)
			close(fd[i]);
	}
	if (rc < 0)
		end(s);
	if (rc == 0)
		return;
	if (o.kind == ORDER_START)
		order_start(s, &o);
	else if (o.kind == ORDER_KILL)
		order_kill(s, &o);
}

_Noreturn void spawner_main(struct registry *r, int control, int life, pid_t vmrun, bool sandbox)
{
	struct spawner s = {.registry = r, .sandbox = sandbox, .self = getpid()};
	struct pollfd p[2] = {{.fd = CONTROL, .events = POLLIN}, {.fd = SIGNALS, .events = POLLIN}};
	sigset_t set;
	int signals;

	die_with_vmrun(life, vmrun);
	setsid();
	set_signals();
	set_streams();
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		_exit(1);
	place((const int[PLACES]){control, signals, life});
	prctl(PR_SET_NAME, "vmrun-spawner", 0ul, 0ul, 0ul);
	for (;;) {
		struct signalfd_siginfo i;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			end(&s);
		if (p[1].revents && read(SIGNALS, &i, sizeof(i)) > 0)
			reap(&s);
		if (p[0].revents)
			take_order(&s);
	}
}
