/* SPDX-License-Identifier: MIT */
/*
 * term: a program on a terminal of its own, driven step by step.
 *
 *     term [-s] [-t SECONDS] [-l LOG] STEP... -- COMMAND...
 *
 * Steps, in turn:
 *     expect=TEXT   wait until TEXT has been printed; what came before it is not looked at again
 *     send=TEXT     type TEXT
 *     signal=NAME   send the command this signal (SIGNAME, or RTMIN, RTMAX)
 *     stopped=NAME  wait until this signal has stopped the command
 *     foreground    what a shell's fg does: give the terminal to the command and continue it
 *     background    what a shell's bg does: keep the terminal, and continue the command
 *     take          what a shell does when a job has stopped: take the terminal and put its settings back
 *     give          give the terminal to the command, which runs
 *     size=CxR      the terminal has C columns and R rows from now on (80x24 at first)
 *     raw           wait until the terminal is in raw mode
 *     killed=NAME   wait until the command ends, and by this signal
 *     exit=N        wait until the command ends, and by itself with status N
 *     end=N         wait until the command ends with status N (128 + the signal's number, as in a shell)
 *     sane          the terminal is as it was before the command
 * In TEXT \n, \r, \e, \\ and \xHH stand for what they do in C. Exit status 0: all steps went well. The first
 * that did not is told on stderr. The seconds are for all steps together.
 *
 * This process leads the terminal's session, not the command: with the leader's end the kernel would hang the
 * terminal up, and its settings could not be asked for. With -s the command leads it, as under a terminal
 * emulator that starts no shell: its process group is orphaned (setpgid(2)), and `sane` can't be asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define SEEN_MAX (1u << 20)

static struct {
	int master, slave, log;
	int leads; /* the command leads the session */
	pid_t child;
	int status; /* as a shell tells it; -1: it runs */
	int killed; /* by which signal */
	struct termios before;
	struct timespec deadline;
	char *seen; /* printed and not matched yet */
	size_t count;
} t = {.log = -1, .status = -1};

static void fail(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("term: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
	if (t.child > 0 && t.status < 0) {
		kill(t.child, SIGTERM);
		usleep(300000);
		kill(t.child, SIGKILL);
	}
	_exit(1);
}

static long left_ms(void)
{
	struct timespec now;
	long ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (t.deadline.tv_sec - now.tv_sec) * 1000 + (t.deadline.tv_nsec - now.tv_nsec) / 1000000;
	return ms > 0 ? ms : 0;
}

static void reap(void)
{
	int w;

	if (t.status >= 0 || waitpid(t.child, &w, WNOHANG) != t.child)
		return;
	t.killed = WIFSIGNALED(w) ? WTERMSIG(w) : 0;
	t.status = WIFEXITED(w) ? WEXITSTATUS(w) : 128 + WTERMSIG(w);
}

/* Takes what was printed; false: nothing came within the time. */
static int take(int timeout_ms)
{
	struct pollfd p = {.fd = t.master, .events = POLLIN};
	ssize_t n;

	if (poll(&p, 1, timeout_ms) <= 0)
		return 0;
	if (t.count > SEEN_MAX - 4096) { /* an old half goes */
		memmove(t.seen, t.seen + SEEN_MAX / 2, t.count - SEEN_MAX / 2);
		t.count -= SEEN_MAX / 2;
	}
	n = read(t.master, t.seen + t.count, 4096);
	if (n <= 0)
		return 0;
	if (t.log >= 0 && write(t.log, t.seen + t.count, (size_t)n) < 0)
		t.log = -1;
	t.count += (size_t)n;
	return 1;
}

static size_t decode(const char *in, char *out)
{
	size_t n = 0;

	while (*in) {
		char hex[3] = "";

		if (*in != '\\' || !in[1]) {
			out[n++] = *in++;
			continue;
		}
		in++;
		switch (*in) {
		case 'n':
			out[n++] = '\n';
			break;
		case 'r':
			out[n++] = '\r';
			break;
		case 'e':
			out[n++] = 27;
			break;
		case 'x':
			for (int i = 0; i < 2 && in[1]; i++)
				hex[i] = *++in;
			out[n++] = (char)strtol(hex, NULL, 16);
			break;
		default:
			out[n++] = *in;
		}
		in++;
	}
	return n;
}

static void expect(const char *text)
{
	char want[1024];
	size_t n = decode(text, want);

	for (;;) {
		char *at = memmem(t.seen, t.count, want, n);

		if (at) {
			size_t gone = (size_t)(at - t.seen) + n;

			memmove(t.seen, t.seen + gone, t.count - gone);
			t.count -= gone;
			return;
		}
		if (take(100))
			continue;
		reap();
		if (t.status >= 0 && !take(0))
			fail("expected '%s', but the command ended with status %d; last output: %.*s", text,
			     t.status, (int)(t.count < 300 ? t.count : 300),
			     t.seen + (t.count < 300 ? 0 : t.count - 300));
		if (!left_ms())
			fail("expected '%s', but it did not come in time; last output: %.*s", text,
			     (int)(t.count < 300 ? t.count : 300),
			     t.seen + (t.count < 300 ? 0 : t.count - 300));
	}
}

static void send_text(const char *text)
{
	char bytes[1024];
	size_t n = decode(text, bytes);

	/* One by one, as from a keyboard. */
	for (size_t i = 0; i < n; i++) {
		if (write(t.master, &bytes[i], 1) != 1)
			fail("typing '%s': %s", text, strerror(errno));
		take(5);
	}
}

static int signal_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} known[] = {
#define S(name) {#name, SIG##name}
		S(HUP),  S(INT),    S(QUIT), S(TRAP), S(ABRT), S(KILL), S(USR1), S(USR2), S(PIPE), S(ALRM),
		S(TERM), S(STKFLT), S(CONT), S(STOP), S(TSTP), S(TTIN), S(TTOU), S(XCPU), S(XFSZ), S(VTALRM),
		S(PROF), S(IO),     S(PWR),  S(SYS),  S(SEGV), S(BUS),  S(ILL),  S(FPE),
#undef S
	};

	if (!strcmp(name, "RTMIN"))
		return SIGRTMIN;
	if (!strcmp(name, "RTMAX"))
		return SIGRTMAX;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].name, name))
			return known[i].number;
	fail("no signal %s", name);
	return 0;
}

static void wait_stopped(const char *name)
{
	int w, n = signal_number(name);

	while (waitpid(t.child, &w, WNOHANG | WUNTRACED) != t.child) {
		take(20);
		if (!left_ms())
			fail("expected that SIG%s stops the command, but it runs", name);
	}
	if (!WIFSTOPPED(w))
		t.status = WIFEXITED(w) ? WEXITSTATUS(w) : 128 + WTERMSIG(w);
	if (!WIFSTOPPED(w) || WSTOPSIG(w) != n)
		fail("expected that SIG%s stops the command, but its status is %x", name, w);
}

/* As a shell does. */
static void job(int foreground, int go_on)
{
	tcsetpgrp(t.slave, foreground ? t.child : getpgrp());
	if (go_on)
		kill(-t.child, SIGCONT);
}

static void take_back(void)
{
	job(0, 0);
	tcsetattr(t.slave, TCSANOW, &t.before);
}

static void wait_raw(void)
{
	struct termios now;

	for (;;) {
		if (tcgetattr(t.slave, &now) == 0 && !(now.c_lflag & (ICANON | ECHO | ISIG)))
			return;
		take(20);
		reap();
		if (t.status >= 0)
			fail("the command ended with status %d before the terminal was raw", t.status);
		if (!left_ms())
			fail("the terminal did not become raw in time");
	}
}

static void wait_end(const char *text)
{
	int want = atoi(text);

	while (reap(), t.status < 0) {
		take(50);
		if (!left_ms())
			fail("expected the end with status %d, but it still runs", want);
	}
	while (take(0))
		;
	if (t.status != want)
		fail("expected the end with status %d, but it is %d; last output: %.*s", want, t.status,
		     (int)(t.count < 300 ? t.count : 300), t.seen + (t.count < 300 ? 0 : t.count - 300));
}

static void wait_killed(int by, int status)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", status);
	wait_end(text);
	if (t.killed != by)
		fail("expected the end by signal %d, but it is %d (0: by itself)", by, t.killed);
}

static void check_sane(void)
{
	struct termios now;

	if (tcgetattr(t.slave, &now))
		fail("the terminal's settings can't be read: %s", strerror(errno));
	if (now.c_iflag != t.before.c_iflag || now.c_oflag != t.before.c_oflag ||
	    now.c_cflag != t.before.c_cflag || now.c_lflag != t.before.c_lflag ||
	    memcmp(now.c_cc, t.before.c_cc, sizeof(now.c_cc)))
		fail("expected the terminal as before (i %x o %x l %x), but it is i %x o %x l %x",
		     t.before.c_iflag, t.before.c_oflag, t.before.c_lflag, now.c_iflag, now.c_oflag,
		     now.c_lflag);
}

static void set_size(const char *text)
{
	struct winsize size = {0};

	if (sscanf(text, "%hux%hu", &size.ws_col, &size.ws_row) != 2 || ioctl(t.master, TIOCSWINSZ, &size))
		fail("no size '%s' can be set", text);
}

static void step(const char *s)
{
	if (!strncmp(s, "expect=", 7))
		expect(s + 7);
	else if (!strncmp(s, "send=", 5))
		send_text(s + 5);
	else if (!strncmp(s, "signal=", 7))
		kill(t.child, signal_number(s + 7));
	else if (!strncmp(s, "stopped=", 8))
		wait_stopped(s + 8);
	else if (!strncmp(s, "size=", 5))
		set_size(s + 5);
	else if (!strcmp(s, "foreground"))
		job(1, 1);
	else if (!strcmp(s, "background"))
		job(0, 1);
	else if (!strcmp(s, "give"))
		job(1, 0);
	else if (!strcmp(s, "take"))
		take_back();
	else if (!strcmp(s, "raw"))
		wait_raw();
	else if (!strncmp(s, "killed=", 7))
		wait_killed(signal_number(s + 7), 128 + signal_number(s + 7));
	else if (!strncmp(s, "exit=", 5))
		wait_killed(0, atoi(s + 5));
	else if (!strncmp(s, "end=", 4))
		wait_end(s + 4);
	else if (!strcmp(s, "sane"))
		check_sane();
	else
		fail("no step '%s'", s);
}

static void open_terminal(void)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};

	t.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t.master < 0 || grantpt(t.master) || unlockpt(t.master))
		fail("no terminal can be had: %s", strerror(errno));
	/* Without O_NOCTTY it would become the terminal of a leader that has none. */
	t.slave = open(ptsname(t.master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t.slave < 0 || (!t.leads && ioctl(t.slave, TIOCSCTTY, 0)) || tcgetattr(t.slave, &t.before))
		fail("the terminal can't be opened: %s", strerror(errno));
	ioctl(t.slave, TIOCSWINSZ, &size);
}

static void start(char **command)
{
	t.child = fork();
	if (t.child < 0)
		fail("fork: %s", strerror(errno));
	if (!t.leads)
		setpgid(t.child, t.child);
	if (t.child == 0) {
		if (t.leads) {
			setsid();
			ioctl(t.slave, TIOCSCTTY, 0);
		}
		tcsetpgrp(t.slave, getpid());
		signal(SIGTTOU, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		signal(SIGINT, SIG_DFL); /* a shell without job control has its children ignore these two */
		signal(SIGQUIT, SIG_DFL);
		for (int fd = 0; fd < 3; fd++)
			dup2(t.slave, fd);
		execvp(command[0], command);
		_exit(127);
	}
	if (!t.leads)
		tcsetpgrp(t.slave, t.child);
}

int main(int argc, char **argv)
{
	long seconds = 60;
	int first, dashes, opt, w;
	pid_t leader;

	while ((opt = getopt(argc, argv, "+st:l:")) != -1) {
		if (opt == 't')
			seconds = atol(optarg);
		else if (opt == 's')
			t.leads = 1;
		else if (opt == 'l')
			t.log = open(optarg, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		else
			return 2;
	}
	first = optind;
	for (dashes = first; dashes < argc && strcmp(argv[dashes], "--"); dashes++)
		;
	/* getopt took a "--" that came first: then there is no step. */
	if (dashes + 1 >= argc) {
		fputs("usage: term [-s] [-t SECONDS] [-l LOG] STEP... -- COMMAND...\n", stderr);
		return 2;
	}
	leader = fork(); /* the leader of a process group can't begin a session */
	if (leader < 0)
		return 2;
	if (leader > 0) {
		while (waitpid(leader, &w, 0) < 0)
			;
		return WIFEXITED(w) ? WEXITSTATUS(w) : 2;
	}
	setsid();
	signal(SIGTTOU, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	clock_gettime(CLOCK_MONOTONIC, &t.deadline);
	t.deadline.tv_sec += seconds;
	t.seen = malloc(SEEN_MAX);
	if (!t.seen)
		return 2;
	open_terminal();
	start(argv + dashes + 1);
	for (int i = first; i < dashes; i++)
		step(argv[i]);
	if (t.status < 0)
		kill(t.child, SIGKILL);
	return 0;
}
