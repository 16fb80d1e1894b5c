/* SPDX-License-Identifier: MIT */
/*
 * sandbox_filter.c: from the table of allowed system calls to a seccomp filter.
 *
 * A filter is a program for the kernel's BPF machine, which runs it with the number and the arguments of
 * every system call; what it returns is the call's fate. It can compare and jump forwards only, and can't
 * follow pointers. Each row of sandbox_calls.def becomes
 *
 *	number != the row's: to the next row
 *	load an argument, compare it ... for each test; where one fails: to "again"
 *	return ALLOW
 *   again: load the number (only rows with tests have replaced it)
 *
 * and after the last row comes "return EPERM", or the kernel asks another process (sandbox_filter_watched()). Before the first one calls of another ABI (32-bit and x32 on
 * x86-64, which a program may make at any time) are refused, since their numbers mean other calls.
 *
 * The kernel runs the program once for each number when it is installed, and keeps the answer where no
 * argument was looked at; only rows with tests cost time later (seccomp(2), "SECCOMP_RET_ALLOW", and
 * Documentation/userspace-api/seccomp_filter.rst). So the rows of calls that are made often come first, and
 * the others in groups of GROUP numbers, of which one run of the program looks at one.
 *
 * The table is turned into a program here, in a few microseconds. libseccomp 2.5 takes 1.2 ms for as many
 * rows, and vmrun starts in 3.7.
 *
 * Arguments are 64 bits wide and are compared by their low half where the kernel takes an int; the hosts are
 * little-endian.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "common/sandbox.h"

#if defined(__x86_64__)
#define THIS_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define THIS_ARCH AUDIT_ARCH_RISCV64
#endif

bool sandbox_filter_available(void)
{
#ifdef THIS_ARCH
	uint32_t action = SECCOMP_RET_ERRNO;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0u, &action) == 0;
#else
	return false;
#endif
}

/* ---- lists ---- */
struct list {
	const uint32_t *value;
	uint32_t count;
};
#define LIST(name, ...)                                        \
	static const uint32_t name##_values[] = {__VA_ARGS__}; \
	static const struct list name = {name##_values, sizeof(name##_values) / sizeof(uint32_t)}

/* Requests that reach other processes or the user's shell: no plugin gets them. */
LIST(ioctls_refused, TIOCSTI, TIOCLINUX, TIOCSETD, TIOCCONS, TIOCSCTTY, TIOCNOTTY, TIOCSPGRP, FIOASYNC,
     FIOSETOWN, SIOCSPGRP);

bool sandbox_ioctl_refused(uint64_t request)
{
	for (uint32_t i = 0; i < ioctls_refused.count; i++)
		if (ioctls_refused.value[i] == request)
			return true;
	return false;
}

#ifdef THIS_ARCH

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

/* What plugins asked for comes before these. */
/* What tcgetattr() and tcsetattr() ask for in newer C libraries (asm-generic/ioctls.h: struct termios2 has 44
 * bytes). */
#define TERMIOS2(direction, number) ((uint32_t)(direction) << 30 | 44u << 16 | 'T' << 8 | (number))
LIST(ioctls, TCGETS, TCSETS, TCSETSW, TCSETSF, TERMIOS2(2, 0x2a), TERMIOS2(1, 0x2b), TERMIOS2(1, 0x2c),
     TERMIOS2(1, 0x2d), TIOCGPGRP, TIOCGWINSZ, FIONREAD, FIONBIO);
LIST(futex_operations, FUTEX_WAIT, FUTEX_WAKE, FUTEX_REQUEUE, FUTEX_CMP_REQUEUE, FUTEX_WAKE_OP,
     FUTEX_WAIT_BITSET, FUTEX_WAKE_BITSET);
LIST(fcntl_commands, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC, F_OFD_SETLK, F_OFD_GETLK);
LIST(fcntl_setfl, F_SETFL);
LIST(madvise_advices, MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED, MADV_FREE,
     MADV_REMOVE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP, MADV_DONTFORK,
     MADV_POPULATE_READ, MADV_POPULATE_WRITE);
LIST(prctl_options, PR_SET_NAME, PR_GET_NAME, PR_SET_TIMERSLACK, PR_GET_TIMERSLACK, PR_SET_VMA,
     PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS,
#ifdef SANDBOX_SANITIZED
     PR_SET_DUMPABLE, PR_SET_PTRACER,
#endif
     PR_GET_SECCOMP);
/* Not AF_UNIX: Landlock does not limit which socket with a path is connected to, and services of the user's
 * session that start programs listen at such paths. */
LIST(families, AF_INET, AF_INET6);
LIST(socket_types, SOCK_STREAM, SOCK_DGRAM);
LIST(stream_only, SOCK_STREAM);
/* What is given takes the place of this one; a row with it, and nothing given, is none. */
LIST(listeners, UINT32_MAX);

/* ---- the table ---- */
/* O_ACCMODE's bits other than 0 write; O_TMPFILE makes a file as O_CREAT does. */
#define WRITES (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

#define NAMESPACES                                                                                    \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
	 CLONE_NEWNET)

enum kind { TEST_NONE, TEST_IN, TEST_NOT_IN, TEST_HAS, TEST_LACKS, TEST_SELF, TEST_NIL, TEST_FAILS };
struct test {
	uint8_t kind, arg;
	bool or_0;
	uint32_t mask; /* IN: bits that don't count; FAILS: errno */
	const struct list *list;
};
#define TESTS 2u
struct call {
	uint32_t number, profiles;
	bool often;
	struct test test[TESTS];
};

/* clang-format off */
#define IN(a, l) {.kind = TEST_IN, .arg = (a), .list = &(l)}
#define IN_MASK(a, m, l) {.kind = TEST_IN, .arg = (a), .mask = (m), .list = &(l)}
#define NOT_IN(a, l) {.kind = TEST_NOT_IN, .arg = (a), .list = &(l)}
#define HAS(a, m) {.kind = TEST_HAS, .arg = (a), .mask = (m)}
#define LACKS(a, m) {.kind = TEST_LACKS, .arg = (a), .mask = (m)}
#define SELF(a) {.kind = TEST_SELF, .arg = (a)}
#define SELF_OR_0(a) {.kind = TEST_SELF, .arg = (a), .or_0 = true}
#define NIL(a) {.kind = TEST_NIL, .arg = (a)}
#define FAILS(e) {.kind = TEST_FAILS, .mask = (e)}
/* clang-format on */

#define M (1u << SANDBOX_MACHINE)
#define F (1u << SANDBOX_MACHINE_FILES)
#define N (1u << SANDBOX_NET)
#define S (1u << SANDBOX_SHARE)
#define R (1u << SANDBOX_SHARE_READ)
#define B (1u << SANDBOX_BLOCK_NET)
#define G (1u << SANDBOX_GPU)
#define C (1u << SANDBOX_CACHE)
#define HELPERS (N | S | R | B | G | C)
#define ALL (M | F | HELPERS)

static const struct call calls[] = {
#define OFTEN(profiles, call, why, ...) {SYS_##call, profiles, true, {__VA_ARGS__}},
#define CALL(profiles, call, why, ...) {SYS_##call, profiles, false, {__VA_ARGS__}},
#include "common/sandbox_calls.def"
#undef CALL
#undef OFTEN
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

/* ---- the program ---- */
#define GROUP 32u
#define GROUPS 16u /* numbers end below 512 */
struct program {
	struct sock_filter code[BPF_MAXINSNS]; /* the kernel takes no more; the table needs a tenth of it */
	uint32_t length;
	uint32_t self;   /* process id */
	uint32_t refuse; /* what becomes of a call that no row allows */
	const struct list *wanted, *listeners;
};

#define LOAD (BPF_LD | BPF_W | BPF_ABS)
#define FIELD(name) ((uint32_t)offsetof(struct seccomp_data, name))
#define LOW(i) ((uint32_t)(offsetof(struct seccomp_data, args) + 8 * (i)))
#define HIGH(i) (LOW(i) + 4)
#define FAIL(e) (SECCOMP_RET_ERRNO | ((uint32_t)(e)&SECCOMP_RET_DATA))
#define AGAIN 0xffu /* a jump to the row's "again", which is filled in at its end */

static void put(struct program *p, uint16_t code, uint8_t yes, uint8_t no, uint32_t k)
{
	p->code[p->length++] = (struct sock_filter){code, yes, no, k};
}

/* One of the values: on to what comes after; another one: AGAIN, or the other way round. */
static void put_list(struct program *p, const struct list *l, bool in)
{
	uint32_t first = p->length;

	for (uint32_t i = 0; i < l->count; i++)
		put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, l->value[i]);
	for (uint32_t i = first; i < p->length; i++)
		p->code[i].jt = in ? (uint8_t)(p->length - 1 - i) : AGAIN;
	if (in)
		p->code[p->length - 1].jf = AGAIN;
}

static void put_test(struct program *p, const struct test *t)
{
	put(p, LOAD, 0, 0, LOW(t->arg));
	switch (t->kind) {
	case TEST_IN:
		if (t->mask)
			put(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, ~t->mask);
		put_list(p, t->list == &listeners ? p->listeners : t->list, true);
		break;
	case TEST_NOT_IN:
		put_list(p, t->list, false);
		break;
	case TEST_HAS:
		put(p, BPF_JMP | BPF_JSET | BPF_K, 0, AGAIN, t->mask);
		break;
	case TEST_LACKS:
		put(p, BPF_JMP | BPF_JSET | BPF_K, AGAIN, 0, t->mask);
		break;
	case TEST_SELF:
		if (t->or_0)
			put(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0);
		put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, AGAIN, p->self);
		break;
	case TEST_NIL:
		put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, AGAIN, 0);
		put(p, LOAD, 0, 0, HIGH(t->arg));
		put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, AGAIN, 0);
		break;
	}
}

static void put_call(struct program *p, const struct call *c)
{
	uint32_t row = p->length;

	for (uint32_t i = 0; i < TESTS; i++)
		if (c->test[i].list == &listeners && !p->listeners->count)
			return;
	put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, c->number);
	if (c->test[0].kind == TEST_FAILS) {
		put(p, BPF_RET | BPF_K, 0, 0, FAIL(c->test[0].mask));
	} else {
		for (uint32_t i = 0; i < TESTS && c->test[i].kind != TEST_NONE; i++)
			put_test(p, &c->test[i]);
		put(p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
	}
	if (c->test[0].kind != TEST_NONE && c->test[0].kind != TEST_FAILS) {
		uint32_t again = p->length;

		for (uint32_t i = row + 1; i < again; i++) {
			if (p->code[i].jt == AGAIN)
				p->code[i].jt = (uint8_t)(again - 1 - i);
			if (p->code[i].jf == AGAIN)
				p->code[i].jf = (uint8_t)(again - 1 - i);
		}
		put(p, LOAD, 0, 0, FIELD(nr));
	}
	p->code[row].jf = (uint8_t)(p->length - 1 - row);
}

/* Those of numbers from `first` to below `end`. */
static void put_rows(struct program *p, enum sandbox_profile profile, bool often, uint32_t first,
		     uint32_t end)
{
	for (uint32_t i = 0; i < CALLS; i++)
		if (calls[i].profiles & 1u << profile && calls[i].often == often &&
		    calls[i].number >= first && calls[i].number < end)
			put_call(p, &calls[i]);
}

static void build(struct program *p, enum sandbox_profile profile)
{
	put(p, LOAD, 0, 0, FIELD(arch));
	put(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, THIS_ARCH);
	put(p, BPF_RET | BPF_K, 0, 0, p->refuse);
	put(p, LOAD, 0, 0, FIELD(nr));
#ifdef __x86_64__
	put(p, BPF_JMP | BPF_JGE | BPF_K, 0, 1, 0x40000000u); /* x32 */
	put(p, BPF_RET | BPF_K, 0, 0, p->refuse);
#endif
	if (p->wanted->count) {
		struct call wanted = {SYS_ioctl, ALL, true, {{.kind = TEST_IN, .arg = 1, .list = p->wanted}}};

		put_call(p, &wanted);
	}
	put_rows(p, profile, true, 0, UINT32_MAX);
	for (uint32_t g = 0; g < GROUPS; g++) {
		uint32_t skip = p->length + 1;

		put(p, BPF_JMP | BPF_JGE | BPF_K, 0, 1, (g + 1) * GROUP);
		put(p, BPF_JMP | BPF_JA, 0, 0, 0);
		put_rows(p, profile, false, g * GROUP, (g + 1) * GROUP);
		put(p, BPF_RET | BPF_K, 0, 0, p->refuse);
		p->code[skip].k = p->length - 1 - skip;
	}
	put(p, BPF_RET | BPF_K, 0, 0, p->refuse);
}

static long install(enum sandbox_profile profile, const struct sandbox_given *given, uint32_t refuse,
		    unsigned long flags)
{
	struct list wanted = {given->ioctls, given->ioctl_count};
	struct list sockets = {given->listeners, given->listener_count};
	struct program p;
	struct sock_fprog prog;

	p.length = 0;
	p.self = (uint32_t)getpid();
	p.refuse = refuse;
	p.wanted = &wanted;
	p.listeners = &sockets;
	build(&p, profile);
	prog.len = (uint16_t)p.length;
	prog.filter = p.code;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		       SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW | flags, &prog);
}

int sandbox_filter_install(enum sandbox_profile profile, const struct sandbox_given *given)
{
	long rc = install(profile, given, FAIL(EPERM), 0);

	if (rc > 0) {
		errno = EBUSY; /* a thread has a filter of its own */
		return -1;
	}
	return (int)rc;
}

int sandbox_filter_watched(enum sandbox_profile profile, const struct sandbox_given *given)
{
	return (int)install(profile, given, SECCOMP_RET_USER_NOTIF,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
}

#else
int sandbox_filter_install(enum sandbox_profile profile, const struct sandbox_given *given)
{
	(void)profile, (void)given;
	errno = ENOSYS;
	return -1;
}

int sandbox_filter_watched(enum sandbox_profile profile, const struct sandbox_given *given)
{
	return sandbox_filter_install(profile, given);
}
#endif
