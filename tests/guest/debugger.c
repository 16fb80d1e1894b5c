/* SPDX-License-Identifier: MIT */
/*
 * debugger.c: what debuggers do to a process on arm64 Linux (ptrace(2)): single steps, breakpoints in the
 * code, hardware breakpoints and watchpoints. Runs in the guest, prints "ok NAME" or "not ok NAME WHY".
 */
#include <asm/ptrace.h>
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define BRK 0xd4200000u
#define ROUNDS 50

static unsigned failed;

static void same(const char *name, uint64_t came, uint64_t expected)
{
	if (came == expected) {
		printf("ok %s\n", name);
		return;
	}
	printf("not ok %s expected %#llx, came %#llx\n", name, (unsigned long long)expected,
	       (unsigned long long)came);
	failed++;
}

/* ---- what is debugged ---- */

static volatile uint64_t words[1024] __attribute__((aligned(4096)));
static volatile int sum;

__attribute__((noinline)) static void work(int n)
{
	for (int i = 0; i < n; i++)
		sum += i;
}

__attribute__((noinline)) static void store(volatile uint64_t *at, uint64_t value)
{
	*at = value;
}

/* 4 instructions, 10 rounds of 3, an exclusive pair that a step spoils and that is tried once, a call. */
void counted(void);
extern const char counted_loop[], counted_after[], counted_end[];
__asm__(".globl counted, counted_loop, counted_after, counted_end\n"
	"counted: mov x9, x30\n"
	"	mov x1, #10\n"
	"counted_loop: add x2, x2, #1\n"
	"	subs x1, x1, #1\n"
	"	b.ne counted_loop\n"
	"counted_after: sub x3, sp, #64\n"
	"	ldxr x4, [x3]\n"
	"	stxr w5, x4, [x3]\n"
	"	mov x8, #172\n" /* getpid */
	"	svc #0\n"
	"	bl 1f\n"
	"	ret x9\n"
	"1:	ret\n"
	"counted_end:\n");
#define COUNTED_STEPS (2 + 10 * 3 + 5 + 1 + 2)

static void debuggee(int what)
{
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	raise(SIGSTOP);
	switch (what) {
	case 0:
		for (int i = 0; i < ROUNDS; i++)
			work(5);
		_exit(sum == ROUNDS * 10 ? 7 : 8);
	case 1:
		counted();
		_exit(9);
	case 2:
		for (int i = 0; i < 1000; i++)
			store(&words[i & 511], (uint64_t)i);
		_exit(words[5] == 517 ? 11 : 12);
	default: /* by a pointer whose top byte is a tag, which is ignored */
		store((volatile uint64_t *)((uintptr_t)&words[5] | (uintptr_t)0x55 << 56), 1);
		_exit(13);
	}
}

/* ---- the debugger ---- */

static pid_t start(int what)
{
	int status;
	pid_t p = fork();

	if (!p)
		debuggee(what);
	waitpid(p, &status, 0);
	return p;
}

static uint64_t pc_of(pid_t p)
{
	struct user_regs_struct r = {.pc = 0};
	struct iovec v = {&r, sizeof(r)};

	ptrace(PTRACE_GETREGSET, p, (void *)NT_PRSTATUS, &v);
	return r.pc;
}

/* Goes on, by a step or until it stops: the signal, or 0x1000 + exit status. */
static int go(pid_t p, int how)
{
	int status = 0;

	if (ptrace(how, p, 0, 0) || waitpid(p, &status, 0) != p)
		return -errno;
	return WIFSTOPPED(status) ? WSTOPSIG(status) : 0x1000 + WEXITSTATUS(status);
}

static uint64_t siginfo_address(pid_t p, int *code)
{
	siginfo_t i;

	memset(&i, 0, sizeof(i));
	ptrace(PTRACE_GETSIGINFO, p, 0, &i);
	*code = i.si_code;
	return (uintptr_t)i.si_addr;
}

#define CONTROL(bas, kind) ((uint32_t)(bas) << 5 | (uint32_t)(kind) << 3 | 2u << 1 | 1)
#define LOADS 1
#define STORES 2

/* Slot n of NT_ARM_HW_BREAK or NT_ARM_HW_WATCH; control 0: off. */
static int set(pid_t p, int kind, unsigned n, const volatile void *address, uint32_t control)
{
	struct user_hwdebug_state h;
	struct iovec v = {&h, sizeof(h)};

	memset(&h, 0, sizeof(h));
	if (ptrace(PTRACE_GETREGSET, p, (void *)(intptr_t)kind, &v))
		return -errno;
	h.dbg_regs[n].addr = (uintptr_t)address;
	h.dbg_regs[n].ctrl = control;
	v.iov_len = offsetof(struct user_hwdebug_state, dbg_regs) + (n + 1) * sizeof(h.dbg_regs[0]);
	return ptrace(PTRACE_SETREGSET, p, (void *)(intptr_t)kind, &v) ? -errno : (int)(h.dbg_info & 0xff);
}

/* gdb's `break` and `continue`: stop, put the instruction back, step, put the breakpoint back. */
static void breakpoint_in_code(void)
{
	pid_t p = start(0);
	void *at = (void *)work;
	uint64_t old = (uint64_t)ptrace(PTRACE_PEEKTEXT, p, at, 0);
	unsigned hits = 0, steps = 0;

	for (int i = 0; i < ROUNDS; i++) {
		ptrace(PTRACE_POKETEXT, p, at, (void *)((old & ~0xffffffffull) | BRK));
		hits += go(p, PTRACE_CONT) == SIGTRAP && pc_of(p) == (uintptr_t)work;
		ptrace(PTRACE_POKETEXT, p, at, (void *)old);
		steps += go(p, PTRACE_SINGLESTEP) == SIGTRAP && pc_of(p) == (uintptr_t)work + 4;
	}
	same("code-breakpoints", hits, ROUNDS);
	same("steps-over-them", steps, ROUNDS);
	same("goes-on-to-its-end", (uint64_t)go(p, PTRACE_CONT), 0x1007);
}

/* gdb's `stepi`, and `next` over a loop: steps until it is past it. */
static void steps(void)
{
	pid_t p = start(1);
	unsigned total = 0, in_loop = 0;

	set(p, NT_ARM_HW_BREAK, 0, (const void *)counted, CONTROL(15, 0));
	same("step-comes-to-the-function", (uint64_t)go(p, PTRACE_CONT), SIGTRAP);
	set(p, NT_ARM_HW_BREAK, 0, (const void *)counted, 0);
	while (total < 1000 && pc_of(p) >= (uintptr_t)counted && pc_of(p) < (uintptr_t)counted_end) {
		in_loop += pc_of(p) >= (uintptr_t)counted_loop && pc_of(p) < (uintptr_t)counted_after;
		if (go(p, PTRACE_SINGLESTEP) != SIGTRAP)
			break;
		total++;
	}
	same("steps-of-a-function", total, COUNTED_STEPS + 1);
	same("steps-of-a-loop", in_loop, 30);
	same("step-and-go-on", (uint64_t)go(p, PTRACE_CONT), 0x1009);
}

static void hardware_breakpoint(void)
{
	pid_t p = start(0);
	unsigned hits = 0;

	same("break-slots", (uint64_t)set(p, NT_ARM_HW_BREAK, 0, (const void *)work, CONTROL(15, 0)), 6);
	for (int i = 0; i < ROUNDS; i++) {
		int code;

		hits += go(p, PTRACE_CONT) == SIGTRAP && pc_of(p) == (uintptr_t)work &&
			siginfo_address(p, &code) == (uintptr_t)work && code == TRAP_HWBKPT;
		set(p, NT_ARM_HW_BREAK, 0, (const void *)work, 0);
		go(p, PTRACE_SINGLESTEP);
		set(p, NT_ARM_HW_BREAK, 0, (const void *)work, CONTROL(15, 0));
	}
	same("hardware-breakpoints", hits, ROUNDS);
	same("break-and-go-on", (uint64_t)go(p, PTRACE_CONT), 0x1007);
}

/* Watches words[word] until its end: how many stops, all of them right. */
static unsigned watch(pid_t p, unsigned word, uint32_t control, int *end)
{
	unsigned hits = 0;

	set(p, NT_ARM_HW_WATCH, 1, &words[word], control);
	while ((*end = go(p, PTRACE_CONT)) == SIGTRAP && hits < 100) {
		int code;

		if (siginfo_address(p, &code) == (uintptr_t)&words[word] && code == TRAP_HWBKPT)
			hits++;
		set(p, NT_ARM_HW_WATCH, 1, &words[word], 0);
		go(p, PTRACE_SINGLESTEP);
		set(p, NT_ARM_HW_WATCH, 1, &words[word], control);
	}
	return hits;
}

static void watchpoints(void)
{
	pid_t p = start(2);
	int end, status;

	same("watch-slots", (uint64_t)set(p, NT_ARM_HW_WATCH, 0, words, 0), 4);
	same("watch-stores", watch(p, 5, CONTROL(0xff, STORES), &end), 2);
	same("watch-and-go-on", (uint64_t)end, 0x100b);
	p = start(2);
	same("watch-loads", watch(p, 5, CONTROL(0xff, LOADS), &end), 1); /* the check at its end */
	same("watch-loads-and-go-on", (uint64_t)end, 0x100b);

	p = start(3);
	set(p, NT_ARM_HW_WATCH, 0, &words[5], CONTROL(0xff, STORES));
	same("watch-a-tagged-pointer", (uint64_t)go(p, PTRACE_CONT), SIGTRAP);
	set(p, NT_ARM_HW_WATCH, 0, &words[5], 0);
	same("watch-a-tagged-pointer-and-go-on", (uint64_t)go(p, PTRACE_CONT), 0x100d);

	/* Two processes at once, each with a word of its own, on all processors. */
	pid_t other = start(2);

	p = start(2);
	set(other, NT_ARM_HW_WATCH, 0, &words[300], CONTROL(0xff, STORES));
	ptrace(PTRACE_CONT, other, 0, 0);
	same("watch-beside-another", watch(p, 200, CONTROL(0xff, STORES), &end), 2);
	waitpid(other, &status, 0);
	same("watch-the-other", WIFSTOPPED(status) ? siginfo_address(other, &end) : 0,
	     (uintptr_t)&words[300]);
	kill(other, SIGKILL);
	waitpid(other, &status, 0);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	breakpoint_in_code();
	steps();
	hardware_breakpoint();
	watchpoints();
	printf("end of the debugger\n");
	return failed ? 1 : 0;
}
