/* SPDX-License-Identifier: MIT */
/*
 * sandboxed.c: a life of a plugin under the sandbox of vmrun's machine process, and another process that sees which
 * system calls are refused.
 *
 * The rule's process forks; the child loads the plugin and lives its life, the rule's process watches. Where vmrun
 * enters its sandbox, the child takes on the same parts (common/sandbox.h: capabilities, Landlock, the filter with the
 * table of vmrun), but for two things. What vmrun's filter refuses with EPERM, this one asks the watcher about
 * (seccomp_unotify(2)): the calling thread waits, whatever signals it blocks, and the watcher learns number and
 * arguments of the call. And the child stays dumpable, so that the watcher may read a path from its memory.
 *
 *	child                          rule's process
 *	create, probe, start           waits
 *	makes the objects
 *	sandboxed_enter() ------------> gets the filter's descriptor over the socket
 *	uses them
 *	  a call that is refused -----> names call, path and phase: the rule fails, the child is killed with the rule
 *	stop, destroy
 *	sandboxed_end() --------------> the rule passes
 *
 * A child that ends in another way (a crash, a refusal of the plugin's) is no fault of this rule's: another rule is
 * about that, and this one is skipped.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/sandbox.h"
#include "sandboxed.h"

static int channel = -1; /* the child's end */

#define ENTERED 'e'
#define ENDED 'd'

/* ---- what is said of a call ---------------------------------------------------------------------------- */

#define NO_PATH UINT32_MAX
#define ELSE "or let a helper process do it (sdk/doc/helpers.md)"
#define EARLY "in start() or when its objects are made"
#define ADVICE_OPEN "open it " EARLY " and keep it open, " ELSE
#define ADVICE_PATH "do it " EARLY ", " ELSE
#define ADVICE_SOCKET "make and connect it " EARLY ", " ELSE
#define ADVICE_PROGRAM                                                                       \
	"start no process while the guest runs; what needs one belongs in a helper process " \
	"(sdk/doc/helpers.md)"
#define ADVICE_CODE \
	"memory that can be executed comes from vmrun.codecache/1, when the virtual machine is made"
#define ADVICE_IOCTL "ask for the request in start(), by allow_ioctl() of vmrun.sandbox/1"
#define ADVICE_OTHER "do it " EARLY ", " ELSE

static const struct known {
	int number;
	uint32_t path;
	const char *advice;
} known[] = {
#define REFUSED(call, path, advice) {SYS_##call, path, advice},
#include "refused.def"
#undef REFUSED
};

static const struct {
	int number;
	const char *name;
} names[] = {
#define CALL(name) {SYS_##name, #name},
#include "syscalls.inc"
#undef CALL
};

static const struct known *known_call(int number)
{
	static const struct known other = {-1, NO_PATH, ADVICE_OTHER};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].number == number)
			return &known[i];
	return &other;
}

static const char *name_of(int number)
{
	static char text[40];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == number)
			return names[i].name;
	snprintf(text, sizeof(text), "system call %d", number);
	return text;
}

/* A string in the memory of a thread that waits: page by page, since the next one may not be there. */
static void read_text(pid_t tid, uint64_t address, char *out, size_t capacity)
{
	size_t n = 0;

	while (n < capacity - 1 && !memchr(out, 0, n)) {
		size_t part = 4096 - (size_t)((address + n) & 4095);
		struct iovec to = {out + n, part < capacity - 1 - n ? part : capacity - 1 - n};
		struct iovec from = {(void *)(uintptr_t)(address + n), to.iov_len};

		if (process_vm_readv(tid, &to, 1, &from, 1, 0) <= 0)
			break;
		n += to.iov_len;
	}
	out[n] = 0;
	for (char *p = out; *p; p++)
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
}

/* stdio asks for the block size of a file when it first reads or writes it, by fstat(), which the C library makes into
 * this call; when that fails it takes BUFSIZ. */
static bool is_stdio(const struct seccomp_notif *n, const char *path)
{
	return n->data.nr == SYS_newfstatat && (n->data.args[3] & AT_EMPTY_PATH) && !path[0];
}

/* Answers a call as vmrun's filter does. */
static void refuse(int calls, const struct seccomp_notif *n)
{
	struct seccomp_notif_resp r = {.id = n->id, .error = -EPERM};

	(void)ioctl(calls, SECCOMP_IOCTL_NOTIF_SEND, &r); /* ENOENT: a signal has ended the call */
}

/* The rule fails, unless the call is one that does not count. */
static void tell(struct vr_check *c, int calls, const struct seccomp_notif *n)
{
	const struct known *k = known_call(n->data.nr);
	char path[200] = "", what[260] = "";

	if (k->path != NO_PATH)
		read_text((pid_t)n->pid, n->data.args[k->path], path, sizeof(path));
	if (is_stdio(n, path)) {
		refuse(calls, n);
		return;
	}
	if (path[0])
		snprintf(what, sizeof(what), " of '%s'", path);
	else if (n->data.nr == SYS_ioctl)
		snprintf(what, sizeof(what), " with request 0x%llx", (unsigned long long)n->data.args[1]);
	c->on_the_way = false;
	check_given(c, 0);
	check_fail(c, "in %s: %s%s, which vmrun's sandbox refuses (EPERM); %s", c->report->phase,
		   name_of(n->data.nr), what, k->advice);
}

/* ---- the child ----------------------------------------------------------------------------------------- */

static void say(char what, int descriptor)
{
	char room[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec v = {&what, 1};
	struct msghdr h = {.msg_iov = &v, .msg_iovlen = 1};

	if (descriptor >= 0) {
		struct cmsghdr *m;

		h.msg_control = room;
		h.msg_controllen = sizeof(room);
		m = CMSG_FIRSTHDR(&h);
		m->cmsg_level = SOL_SOCKET;
		m->cmsg_type = SCM_RIGHTS;
		m->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(m), &descriptor, sizeof(int));
	}
	if (sendmsg(channel, &h, MSG_NOSIGNAL) != 1)
		_exit(1);
}

/* What the plugin, and the one that runs it, asked for. */
static uint32_t wanted_ioctls(const struct vr_check *c, uint32_t *out)
{
	const struct vr_fake_host *hosts[] = {c->d, c->helper.d};
	uint32_t n = 0;

	for (size_t i = 0; i < 2; i++)
		for (uint32_t k = 0; hosts[i] && k < hosts[i]->ioctl_count && n < SANDBOX_IOCTLS; k++)
			out[n++] = hosts[i]->ioctl[k];
	return n;
}

void sandboxed_enter(struct vr_check *c)
{
	enum sandbox_profile profile =
		c->target->class_bit == CHECK_PASSTHROUGH ? SANDBOX_MACHINE_FILES : SANDBOX_MACHINE;
	uint32_t ioctls[SANDBOX_IOCTLS];
	const struct sandbox_given given = {.ioctls = ioctls, .ioctl_count = wanted_ioctls(c, ioctls)};
	int ruleset, watched;

	if (!sandbox_filter_available())
		check_skip(c, "this kernel has no seccomp filters, so vmrun's sandbox refuses no call here");
	/* -1: this kernel has no Landlock; the filter is the boundary. */
	ruleset = sandbox_landlock_ruleset(profile);
	sandbox_restrict_others(ruleset, 0);
	if (sandbox_restrict_thread(ruleset))
		check_skip(c, "the sandbox can't be entered: %s", strerror(errno));
	if (ruleset >= 0)
		close(ruleset);
	watched = sandbox_filter_watched(profile, &given);
	if (watched < 0 && errno == ESRCH) {
		c->on_the_way = false;
		check_given(c, 0);
		check_fail(c,
			   "a thread of it has a system call filter of its own, so vmrun can't install its "
			   "filter and does not run");
	}
	if (watched < 0)
		check_skip(c,
			   "this kernel does not say which calls the sandbox refuses (seccomp_unotify): %s",
			   strerror(errno));
	say(ENTERED, watched);
	close(watched);
}

void sandboxed_end(void)
{
	say(ENDED, -1);
	_exit(0);
}

/* ---- the rule's process ---------------------------------------------------------------------------------- */

struct watch {
	int channel, calls; /* calls: -1 until the child has entered */
	int child;          /* a descriptor of the process */
	bool ended;
};

static void hear(struct watch *w)
{
	char what = 0, room[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec v = {&what, 1};
	struct msghdr h = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
	const struct cmsghdr *m;

	if (recvmsg(w->channel, &h, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != 1)
		return;
	m = CMSG_FIRSTHDR(&h);
	if (what == ENTERED && m && m->cmsg_type == SCM_RIGHTS)
		memcpy(&w->calls, CMSG_DATA(m), sizeof(int));
	w->ended |= what == ENDED;
}

/* Until the child has ended. */
static void watch(struct vr_check *c, struct watch *w)
{
	/* The kernel's struct may be longer than the header's. */
	union {
		struct seccomp_notif n;
		uint8_t bytes[1024];
	} u;

	for (;;) {
		struct pollfd p[] = {{.fd = w->channel, .events = POLLIN},
				     {.fd = w->calls, .events = POLLIN},
				     {.fd = w->child, .events = POLLIN}};

		if (poll(p, 3, -1) < 0 && errno != EINTR)
			check_skip(c, "poll: %s", strerror(errno));
		if (p[0].revents & POLLIN)
			hear(w);
		memset(&u, 0, sizeof(u));
		if ((p[1].revents & POLLIN) && !ioctl(w->calls, SECCOMP_IOCTL_NOTIF_RECV, &u))
			tell(c, w->calls, &u.n);
		if (p[2].revents)
			return;
	}
}

void sandboxed(struct vr_check *c, void (*life)(struct vr_check *c))
{
	struct watch w = {.calls = -1};
	int pair[2], status = 0;
	pid_t pid;

	c->on_the_way = true;
	check_given(c, 1);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		check_skip(c, "socketpair: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		check_skip(c, "fork: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pair[0]);
		channel = pair[1];
		life(c);
		sandboxed_end();
	}
	close(pair[1]);
	w.channel = pair[0];
	w.child = (int)syscall(SYS_pidfd_open, pid, 0);
	if (w.child < 0)
		check_skip(c, "pidfd_open: %s", strerror(errno));
	watch(c, &w);
	hear(&w); /* what it said last, before it ended */
	waitpid(pid, &status, 0);
	if (c->report->ended)
		_exit(0); /* the child has said why */
	if (w.ended)
		return;
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
	}
	_exit(WEXITSTATUS(status));
}
