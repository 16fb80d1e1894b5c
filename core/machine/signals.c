/* SPDX-License-Identifier: MIT */
/*
 * signals.c: handlers of the process's signals while a machine runs.
 *
 * Handlers and no blocked mask: libraries of plugins have threads that know of no mask of ours. A handler
 * notes the signal and makes an eventfd readable; the console's thread does the rest. Two things are done in
 * the handler itself, because that thread may be held up by a terminal that takes no output:
 *
 * - The second request to end ends the process at once. Requests within 300 ms of the first count as the same
 *   one: timeout(1) signals its child and then the whole process group, and a terminal that goes away sends
 *   SIGHUP from the kernel and again from the shell.
 * - Stopping: the terminal is put back, then the signal is raised again with its default action, so that the
 *   parent sees the stop signal it expects. Execution goes on in the handler when the process is continued.
 *
 * The first request to end starts a timer. Where plugins keep the machine from its end, the timer's signal ends the process.
 *
 * A signal that is ignored when the machine starts (nohup) stays so, and one that has a handler already
 * belongs to the plugin that installed it.
 */
#include "machine/signals.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "machine/parts.h"
#include "util/clock.h"

#define SAME_REQUEST_NS 300000000ull

enum what { END, END_CORE, IGNORE, STOP, CONTINUE, RESIZE, COUNTERS };

static const struct row {
	int number;
	enum what what;
} table[] = {
#define SIGNAL(name, what) {SIG##name, what},
#include "machine/signals.def"
#undef SIGNAL
};
#define ROWS ((int)(sizeof(table) / sizeof(table[0])))
#define MOST 65 /* signal numbers are below it (signal(7)) */

static struct sigaction before[MOST];
static bool caught[MOST];
/* Lock-free, so a handler may use them. */
static _Atomic int event = -1, first;
static atomic_bool continued, counters;
static _Atomic uint64_t first_at;
static timer_t timer; /* its signal is SIGALRM with &timer */
static bool has_timer;
static void (*late)(void *opaque);
static void *late_opaque;

static enum what what_of(int n)
{
	for (int i = 0; i < ROWS; i++)
		if (table[i].number == n)
			return table[i].what;
	return END; /* a real-time signal */
}

static void ring(void)
{
	uint64_t one = 1;
	ssize_t ignored = write(event, &one, sizeof(one));

	(void)ignored;
}

/* With the default action; returns when that does not end the process. */
static void raise_default(int n)
{
	struct sigaction act = {.sa_handler = SIG_DFL}, ours;
	sigset_t set, old;

	sigaction(n, &act, &ours);
	sigemptyset(&set);
	sigaddset(&set, n);
	pthread_sigmask(SIG_UNBLOCK, &set, &old);
	raise(n);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	sigaction(n, &ours, NULL);
}

void signals_die(int n)
{
	if (what_of(n) != END_CORE)
		raise_default(n);
	_exit(128 + n);
}

static void on_end(int n)
{
	uint64_t now = clock_monotonic();
	int none = 0;

	if (atomic_compare_exchange_strong(&first, &none, n)) {
		const struct itimerspec limit = {.it_value.tv_sec = SIGNALS_LIMIT};

		first_at = now;
		if (has_timer)
			timer_settime(timer, 0, &limit, NULL);
		ring();
	} else if (first_at && now - first_at > SAME_REQUEST_NS) {
		terminal_give_back();
		signals_die(n);
	}
}

static void on_signal(int n, siginfo_t *info, void *context)
{
	int e = errno;
	enum what what = what_of(n);

	(void)context;
	if (n == SIGALRM && info->si_code == SI_TIMER && info->si_value.sival_ptr == &timer) {
		late(late_opaque);
		terminal_give_back();
		signals_die(first);
	}
	switch (what) {
	case END_CORE:
		/* SIGTRAP and SIGSYS: an instruction or a system call of this thread raised it, which must
		 * not go on (si_code above 0: sigaction(2)). SIGQUIT and SIGXCPU always come from outside. */
		if (info->si_code > 0 && (n == SIGTRAP || n == SIGSYS)) {
			terminal_give_back();
			raise_default(n);
		}
		on_end(n);
		break;
	case END:
		on_end(n);
		break;
	case STOP:
		terminal_give_back();
		raise_default(n);
		/* Without a stop as well: the kernel stops no process of an orphaned group (setpgid(2), a
		 * session's leader). */
		continued = true;
		ring();
		break;
	case CONTINUE:
		continued = true;
		ring();
		break;
	case RESIZE:
		ring();
		break;
	case COUNTERS:
		counters = true;
		ring();
		break;
	case IGNORE:
		break;
	}
	errno = e;
}

static void catch_one(int n, enum what what)
{
	struct sigaction act = {.sa_flags = SA_RESTART | SA_SIGINFO};

	act.sa_sigaction = on_signal;
	if (what == IGNORE)
		act = (struct sigaction){.sa_handler = SIG_IGN};
	if (n >= MOST || sigaction(n, NULL, &before[n]) || (before[n].sa_flags & SA_SIGINFO) ||
	    before[n].sa_handler != SIG_DFL)
		return;
	caught[n] = sigaction(n, &act, NULL) == 0;
}

int signals_catch(void (*tell)(void *opaque), void *opaque)
{
	struct sigevent e = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM, .sigev_value.sival_ptr = &timer};
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return -1;
	event = fd;
	first = 0;
	first_at = 0;
	continued = false;
	counters = false;
	late = tell;
	late_opaque = opaque;
	for (int i = 0; i < ROWS; i++)
		catch_one(table[i].number, table[i].what);
	for (int n = SIGRTMIN; n <= SIGRTMAX; n++)
		catch_one(n, END);
	/* A handler of a plugin's would get the timer's signal. Without a timer there is no limit. */
	has_timer = caught[SIGALRM] && timer_create(CLOCK_MONOTONIC, &e, &timer) == 0;
	return fd;
}

void signals_release(void)
{
	int fd = event;

	if (has_timer)
		timer_delete(timer);
	has_timer = false;
	for (int n = 1; n < MOST; n++) {
		if (caught[n])
			sigaction(n, &before[n], NULL);
		caught[n] = false;
	}
	event = -1;
	if (fd >= 0)
		close(fd);
}

bool signals_take(void)
{
	uint64_t count;
	ssize_t ignored = read(event, &count, sizeof(count));

	(void)ignored;
	return atomic_exchange(&continued, false);
}

bool signals_take_counters(void)
{
	return atomic_exchange(&counters, false);
}

int signals_asked_to_end(void)
{
	return first;
}

void signals_of_main_thread(sigset_t *set)
{
	sigemptyset(set);
	/* What a thread raises itself, by an instruction, a system call or an access to the terminal, reaches
	 * its handler only where it is not blocked. */
	for (int i = 0; i < ROWS; i++)
		if (table[i].what != STOP && table[i].number != SIGTRAP && table[i].number != SIGSYS)
			sigaddset(set, table[i].number);
}
