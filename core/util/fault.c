/* SPDX-License-Identifier: MIT */
/*
 * fault.c: the fatal signals, and calls of exit() by code that is not the program's own.
 *
 * A plugin is code of others in this process. When it breaks, the user has to learn which one it was, and the
 * terminal has to be given back. Three ways lead out of the process:
 *
 *   a signal      SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT. The handler runs on a stack of its own (sigaltstack), since
 *                 the thread's may be what overflowed. It does the registered actions, has the cause told and raises the
 *                 signal again, now with its default action: the shell and the core dump see what they would see
 *                 without the handler. A second fault inside the handler finds the signal blocked, and the kernel ends
 *                 the process.
 *   exit()        runs on_exit() functions: until fault_end() the call was not the program's. quick_exit() likewise.
 *   _exit()       runs nothing. The program's own definition comes first in the order of symbol look-up, also for
 *                 plugins (the linker exports it from vmrun), so their calls arrive here; the C library's own calls do
 *                 not. The system call exit_group itself can't be caught.
 *
 * A child of fork() has the handlers as well; what happens there is not told, for it is not this process that
 * ends.
 *
 * The words between the stack pointer and the thread's first frame hold the return addresses of all calls in
 * progress: that range is handed on, so that the teller can look for a plugin's. After an overflow the stack
 * pointer lies in the guard page; then the range begins in the page after the one that was accessed.
 */
#include "util/fault.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define STACK_SIZE 65536u /* AVX-512 and AMX state take 12 KiB of it */
#define ACTIONS 4
#define NEAR 65536u /* an access so close to the stack pointer is the stack's own */
#define PAGE 4096u  /* or more: it only has to step over what can't be read */

static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

static void (*actions[ACTIONS])(void);
static const struct fault_teller *teller;
static volatile pid_t owner; /* 0: nothing is told */
static _Thread_local uintptr_t stack_top;

static bool mine(void)
{
	return owner && owner == getpid();
}

static void act(void)
{
	for (int i = 0; i < ACTIONS && actions[i]; i++)
		actions[i]();
}

static void registers(const ucontext_t *u, struct fault *f)
{
#if defined(__x86_64__)
	f->pc = (uintptr_t)u->uc_mcontext.gregs[REG_RIP];
	f->stack = (uintptr_t)u->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
	f->pc = (uintptr_t)u->uc_mcontext.pc;
	f->stack = (uintptr_t)u->uc_mcontext.sp;
#elif defined(__riscv)
	f->pc = (uintptr_t)u->uc_mcontext.__gregs[REG_PC];
	f->stack = (uintptr_t)u->uc_mcontext.__gregs[REG_SP];
#else
	(void)u, (void)f;
#endif
}

static void on_fatal(int number, siginfo_t *info, void *context)
{
	int saved = errno;

	if (mine()) {
		struct fault f = {.kind = FAULT_SIGNAL, .number = number, .top = stack_top};

		if (info->si_code <= 0 && info->si_pid != getpid())
			f.sender = info->si_pid;
		registers(context, &f);
		if (info->si_code > 0 && (number == SIGSEGV || number == SIGBUS)) {
			uintptr_t at = (uintptr_t)info->si_addr;

			f.address = at;
			if (number == SIGSEGV && at + NEAR >= f.stack && at <= f.stack + NEAR) {
				f.overflow = true;
				f.stack = (at / PAGE + 1) * PAGE;
			}
		}
		f.stack = (f.stack + sizeof(uintptr_t) - 1) & ~(sizeof(uintptr_t) - 1);
		if (f.stack >= f.top)
			f.stack = f.top = 0; /* another stack than the one that the thread began on */
		act();
		teller->tell(&f);
	}
	errno = saved;
	raise(number); /* SA_RESETHAND: it is pending until this handler returns, and then has its default
			  action */
}

/* ---- exit() ---------------------------------------------------------------------------------------- */

static _Noreturn void leave(int status)
{
	for (;;)
		syscall(SYS_exit_group, status);
}

static _Noreturn void tell_exit(enum fault_kind kind, int status, uintptr_t pc)
{
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
	struct fault f = {.kind = kind, .number = status, .pc = pc, .stack = frame, .top = stack_top};

	if (f.stack >= f.top)
		f.stack = f.top = 0;
	act();
	teller->tell(&f);
	leave(teller->status);
}

static void on_exited(int status, void *opaque)
{
	(void)opaque;
	if (mine())
		tell_exit(FAULT_EXIT, status, 0);
}

static void on_quick_exit(void)
{
	if (mine())
		tell_exit(FAULT_QUICK_EXIT, 0, 0);
}

#ifndef __SANITIZE_ADDRESS__ /* which has its own */
#define EXPORTED __attribute__((visibility("default")))

EXPORTED void _exit(int status)
{
	uintptr_t caller = (uintptr_t)__builtin_return_address(0);

	if (mine() && teller->is_plugin(caller))
		tell_exit(FAULT_EXIT_NOW, status, caller);
	leave(status);
}

EXPORTED void _Exit(int status) __attribute__((alias("_exit")));
#endif

/* ---- life ------------------------------------------------------------------------------------------- */

void fault_begin(const struct fault_teller *t)
{
	static struct fault_thread main_thread;
	static bool hooked;

	teller = t;
	owner = getpid();
	if (hooked)
		return;
	hooked = true;
	/* There is room for 32 without an allocation. */
	(void)on_exit(on_exited, NULL);
	(void)at_quick_exit(on_quick_exit);
	fault_thread_begin(&main_thread, __builtin_frame_address(0));
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
		struct sigaction old, new = {.sa_sigaction = on_fatal};

		/* A handler that is there already (a sanitizer's) stays. */
		new.sa_flags = (int)SA_RESETHAND | SA_ONSTACK | SA_SIGINFO;
		if (sigaction(fatal[i], NULL, &old) == 0 && !(old.sa_flags & SA_SIGINFO) &&
		    old.sa_handler == SIG_DFL)
			sigaction(fatal[i], &new, NULL);
	}
}

void fault_end(void)
{
	owner = 0;
}

void fault_leave(int status)
{
#ifdef __SANITIZE_ADDRESS__
	exit(status); /* by which leaks are looked for */
#else
	act();
	fflush(NULL);
	leave(status);
#endif
}

void fault_adopt(void)
{
	owner = getpid();
}

void fault_at_end(void (*action)(void))
{
	for (int i = 0; i < ACTIONS; i++) {
		if (!actions[i])
			actions[i] = action;
		if (actions[i] == action)
			return;
	}
}

void fault_thread_begin(struct fault_thread *t, const void *top)
{
	stack_t s = {.ss_size = STACK_SIZE};

	stack_top = (uintptr_t)top;
	t->stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			-1, 0);
	/* Without it the handler runs on the thread's stack: all but an overflow is still told. */
	if (t->stack == MAP_FAILED) {
		t->stack = NULL;
		return;
	}
	s.ss_sp = t->stack;
	sigaltstack(&s, NULL);
}

void fault_thread_end(struct fault_thread *t)
{
	stack_t off = {.ss_flags = SS_DISABLE};

	if (!t->stack)
		return;
	sigaltstack(&off, NULL);
	munmap(t->stack, STACK_SIZE);
	t->stack = NULL;
}
