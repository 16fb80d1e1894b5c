/* SPDX-License-Identifier: MIT */
/*
 * guard.c: names the plugin that broke the process.
 *
 * Two things are known when the process breaks (util/fault.c says how it can). One is the step of a plugin's
 * life that the main thread is in: opening the library, where constructors run, create, probe, start and so
 * on. The other is where each plugin's library lies in memory: the program counter, or, where that is in the
 * C library or in generated code, the innermost return address on the stack that lies in a plugin. The latter
 * costs nothing while the guest runs, so calls of vCPUs, devices and timers are not marked in any way.
 *
 * A step that does not return. A POSIX timer on CLOCK_MONOTONIC sends SIGALRM four times within the limit,
 * and the fourth ends the process. Four, since a process that was stopped (Ctrl-Z, a debugger) then finds one
 * signal waiting and not the end. Under a tracer, in valgrind and with sanitizers the limit is ten times as
 * long.
 *
 * All that the handlers use is written before and of fixed size; they allocate nothing and take no lock.
 */
#include "plugin/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>
#include <vmrun/abi.h>

#include "common/error.h"
#include "common/text.h"
#include "util/fault.h"
#include "util/line.h"
#include "common/file.h"

#define LIBRARIES 64
#define TICKS 4u /* within the limit */
#define SLOWER 10u
#define LIMIT_MOST 86400u
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static const struct {
	const char *text;
	bool limited;
} steps[] = {
#define X(name, text, limited) {text, limited},
	GUARD_STEPS(X)
#undef X
};

#define STEPS ((uint32_t)(sizeof(steps) / sizeof(steps[0])))

static struct {
	uintptr_t begin, end; /* of all its segments */
	char id[65];
} libraries[LIBRARIES];
static atomic_uint library_count;

/* Of the main thread. A handler on another thread may read it: the step that it names is then in progress. */
static struct {
	const char *id, *file;
	const char *step; /* NULL: none */
} now;

static bool active;
static int out_fd = STDERR_FILENO;
static uint32_t limit = GUARD_LIMIT;
static timer_t timer;
static enum { NOT_MADE, MADE, NONE } timer_state;
static bool armed;
static struct sigaction others; /* what SIGALRM does when the timer is not armed */
static volatile sig_atomic_t ticks;

static const char *signal_name(int number)
{
	switch (number) {
	case SIGSEGV:
		return "SIGSEGV (memory that it must not access)";
	case SIGBUS:
		return "SIGBUS (memory that is not there, such as a file cut short)";
	case SIGILL:
		return "SIGILL (an instruction that this processor does not have)";
	case SIGFPE:
		return "SIGFPE (an arithmetic fault)";
	default:
		return "SIGABRT (abort(), also after a C++ exception that left the plugin)";
	}
}

/* ---- which plugin ---------------------------------------------------------------------------------------------- */

static const char *library_at(uintptr_t pc)
{
	unsigned n = atomic_load(&library_count);

	for (unsigned i = 0; i < n; i++)
		if (pc >= libraries[i].begin && pc < libraries[i].end)
			return libraries[i].id;
	return NULL;
}

static bool is_plugin(uintptr_t pc)
{
	return now.step || library_at(pc);
}

static _Unwind_Reason_Code unwound(struct _Unwind_Context *context, void *opaque)
{
	const char **id = opaque;

	*id = library_at((uintptr_t)_Unwind_GetIP(context));
	return *id ? _URC_END_OF_STACK : _URC_NO_REASON;
}

/* The plugin of the innermost call in progress, by the tables that each library has for exceptions. In the C
 * libraries that matter this takes no lock (_dl_find_object() of glibc 2.35). A fault in it comes here again,
 * and goes without. */
static const char *library_by_unwinding(void)
{
	static atomic_bool tried;
	const char *id = NULL;

	if (!atomic_exchange(&tried, true))
		_Unwind_Backtrace(unwound, &id);
	return id;
}

/* The same where generated code, which has no tables, lies between: words that an earlier call has left may
 * mislead it. The words are whatever is there: also for AddressSanitizer.
 */
__attribute__((no_sanitize("address"))) static const char *library_on_stack(const struct fault *f)
{
	for (uintptr_t p = f->stack; p < f->top; p += sizeof(uintptr_t)) {
		const char *id = library_at(*(const uintptr_t *)p);

		if (id)
			return id;
	}
	return NULL;
}

static void put_plugin(struct line *l, const char *id, const char *file)
{
	line_put(l, "vmrun: error: plugin '");
	line_put(l, id);
	line_put(l, "'");
	if (file) {
		line_put(l, " (");
		line_put(l, file);
		line_put(l, ")");
	}
	line_put(l, ": ");
}

static void put_how(struct line *l, const struct fault *f)
{
	static const char *const exits[] = {
		[FAULT_EXIT] = "called exit(",
		[FAULT_QUICK_EXIT] = "called quick_exit(",
		[FAULT_EXIT_NOW] = "called _exit(",
	};

	if (f->kind != FAULT_SIGNAL) {
		line_put(l, exits[f->kind]);
		if (f->kind != FAULT_QUICK_EXIT) /* which tells no status */
			line_put_number(l, (uint64_t)f->number, 10);
		line_put(l, ")");
		return;
	}
	if (f->overflow) {
		line_put(l, "crashed with SIGSEGV (a stack that is full)");
		return;
	}
	line_put(l, "crashed with ");
	line_put(l, signal_name(f->number));
	if (f->number == SIGSEGV || f->number == SIGBUS) {
		line_put(l, " at ");
		line_put_number(l, f->address, 16);
	}
}

static void tell(const struct fault *f)
{
	const char *id = library_at(f->pc), *step = now.step;
	struct line l = {0};

	if (f->sender) {
		line_put(&l, "vmrun: error: process ");
		line_put_number(&l, (uint64_t)f->sender, 10);
		line_put(&l, " sent ");
		line_put(&l, signal_name(f->number));
		line_write(&l, out_fd);
		return;
	}
	if (!id && !step && !f->overflow)
		id = library_by_unwinding();
	if (!id && !step)
		id = library_on_stack(f);
	if (step) {
		put_plugin(&l, now.id, now.file);
		line_put(&l, step);
		line_put(&l, " ");
	} else if (id) {
		put_plugin(&l, id, NULL);
		line_put(&l, "it ");
	} else {
		line_put(&l, f->kind == FAULT_SIGNAL ? "vmrun: error: vmrun itself "
						     : "vmrun: error: a library in the process ");
	}
	put_how(&l, f);
	line_put(&l, step || id ? "; update, rebuild or remove the plugin" : "; please report it");
	line_write(&l, out_fd);
}

static struct fault_teller teller = {.tell = tell, .is_plugin = is_plugin};

/* ---- the limit ---------------------------------------------------------------------------------------- */

/* Is this process traced, or run by valgrind? Only system calls, for a signal handler. */
static bool is_slow(void)
{
	static const char key[] = "TracerPid:\t";
	char text[2048];
	const char *at = NULL;
	int fd = file_open_plain("/proc/self/status", O_RDONLY | O_CLOEXEC, 0);
	ssize_t n = fd >= 0 ? file_read(fd, text, sizeof(text) - 1) : -1;

	if (fd >= 0)
		close(fd);
	if (n > 0) {
		text[n] = '\0';
		at = strstr(text, key);
	}
	if (at && at[sizeof(key) - 1] != '0')
		return true;
	for (char **e = environ; e && *e; e++)
		if (!strncmp(*e, "LD_PRELOAD=", 11) && strstr(*e, "vgpreload"))
			return true;
	return SANITIZED;
}

/* One part of the limit has passed. */
static void tick(void)
{
	const char *step = now.step;
	uint32_t times = is_slow() ? SLOWER : 1u;
	struct line l = {0};

	ticks = ticks + 1;
	if (!step || (uint32_t)ticks < TICKS * times)
		return;
	put_plugin(&l, now.id, now.file);
	line_put(&l, step);
	line_put(&l, " has not returned within ");
	line_put_number(&l, limit * times, 10);
	line_put(&l, " s; remove the plugin, or give it more with " GUARD_LIMIT_VARIABLE
		     "=SECONDS (0: no limit)");
	line_write(&l, out_fd);
	syscall(SYS_exit_group, teller.status);
}

static void on_tick(int number, siginfo_t *info, void *context)
{
	int saved = errno;

	if (info->si_code != SI_TIMER || info->si_value.sival_ptr != &now) {
		/* Another's SIGALRM: it does what it would without this handler. */
		if (others.sa_flags & SA_SIGINFO) {
			others.sa_sigaction(number, info, context);
		} else if (others.sa_handler == SIG_DFL) {
			sigaction(number, &others, NULL);
			raise(number);
		} else if (others.sa_handler != SIG_IGN) {
			others.sa_handler(number);
		}
		return;
	}
	tick();
	errno = saved;
}

/* Every so many nanoseconds; 0: never. Outside a step SIGALRM is the machine's (signals.def). */
static void set_timer(uint64_t every)
{
	const struct sigaction a = {.sa_sigaction = on_tick,
				    .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
	struct timespec t = {.tv_sec = (time_t)(every / 1000000000u), .tv_nsec = (long)(every % 1000000000u)};
	const struct itimerspec s = {.it_interval = t, .it_value = t};
	struct sigaction current;

	/* Nothing is asked of the kernel in the sandbox, where nothing is armed. */
	if (timer_state != MADE || (!every && !armed))
		return;
	if (every && !armed)
		sigaction(SIGALRM, &a, &others);
	timer_settime(timer, 0, &s, NULL);
	/* A handler that the plugin has put in its place stays. */
	if (!every && !sigaction(SIGALRM, NULL, &current) && current.sa_sigaction == on_tick)
		sigaction(SIGALRM, &others, NULL);
	armed = every != 0;
}

static void make_timer(void)
{
	struct sigevent e = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM, .sigev_value.sival_ptr = &now};

	/* Without a timer there is no limit, and everything else works. */
	timer_state = limit && timer_create(CLOCK_MONOTONIC, &e, &timer) == 0 ? MADE : NONE;
}

int32_t guard_limit(const char *value)
{
	uint64_t v;

	if (vr_text_u64(value, &v) < 0 || v > LIMIT_MOST)
		return vr_error_set(VR_E_INVAL,
				    "%s '%s' must be a number of seconds, at most %u; 0 is no limit",
				    GUARD_LIMIT_VARIABLE, value, LIMIT_MOST);
	limit = (uint32_t)v;
	return VR_OK;
}

uint32_t guard_longest(void)
{
	return limit * (is_slow() ? SLOWER : 1u) * STEPS;
}

int guard_patience(void)
{
	return limit ? (int)limit * 1000 : INT_MAX;
}

/* ---- steps -------------------------------------------------------------------------------------------- */

void guard_begin(int status)
{
	teller.status = status;
	fault_begin(&teller);
	active = true;
}

void guard_end(void)
{
	set_timer(0);
	active = false;
	fault_end();
}

void guard_adopt(int fd)
{
	out_fd = fd;
	fault_adopt();
	if (armed)
		sigaction(SIGALRM, &others, NULL);
	timer_state = NOT_MADE; /* a child has none of its parent's */
	armed = false;
}

void guard_enter(const char *id, const char *file, enum guard_step step)
{
	now.id = id;
	now.file = file;
	now.step = steps[step].text;
	if (!active || !steps[step].limited)
		return;
	if (timer_state == NOT_MADE)
		make_timer();
	ticks = 0;
	set_timer(limit * (1000000000ull / TICKS));
}

const char *guard_step_text(enum guard_step step)
{
	return steps[step].text;
}

void guard_leave(void)
{
	now.step = NULL;
	set_timer(0);
}

/* ---- libraries ------------------------------------------------------------------------------------------
 */

struct search {
	uintptr_t symbol, begin, end;
};

static int note_object(struct dl_phdr_info *info, size_t size, void *opaque)
{
	struct search *s = opaque;
	uintptr_t begin = UINTPTR_MAX, end = 0;

	(void)size;
	for (uint32_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t at = info->dlpi_addr + p->p_vaddr;

		if (p->p_type != PT_LOAD)
			continue;
		if (at < begin)
			begin = at;
		if (at + p->p_memsz > end)
			end = at + p->p_memsz;
	}
	if (s->symbol < begin || s->symbol >= end)
		return 0;
	s->begin = begin;
	s->end = end;
	return 1;
}

void guard_library(const char *id, const void *symbol)
{
	struct search s = {.symbol = (uintptr_t)symbol};
	unsigned n = atomic_load(&library_count);

	/* More than there is room for are run all the same; they are not named while the guest runs. */
	if (!active || n == LIBRARIES || library_at(s.symbol) || !dl_iterate_phdr(note_object, &s))
		return;
	libraries[n].begin = s.begin;
	libraries[n].end = s.end;
	strncpy(libraries[n].id, id, sizeof(libraries[n].id) - 1);
	atomic_store(&library_count, n + 1);
}
