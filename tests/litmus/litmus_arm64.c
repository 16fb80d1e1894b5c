/* SPDX-License-Identifier: MIT */
/*
 * litmus_arm64: memory order and atomicity as the Arm architecture promises them (ARM DDI 0487, B2.3), seen
 * from a guest.
 *
 *     litmus_arm64 [SECONDS A TEST]
 *
 * Each test is a few instructions a thread on the shared variables x and y, which start as 0; the names are
 * those of the literature on weak memory (MP message passing, SB store buffering, LB load buffering, ...),
 * followed by what stands between a thread's two accesses. Threads are pinned to a CPU each and start every
 * iteration together. An outcome that the architecture forbids fails the test, one that it merely allows is
 * counted and told. Prints "ok NAME ...", "not ok NAME ..." or "skip NAME ...".
 */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

#define HWCAP_LSE (1ul << 8)
#define THREADS 4
#define SLOTS 256 /* iterations between two checks */

/* Each variable on a line of its own. */
struct slot {
	uint64_t x __attribute__((aligned(128)));
	uint64_t y __attribute__((aligned(128)));
	uint64_t r[THREADS][2] __attribute__((aligned(128)));
};

typedef void code(uint64_t *x, uint64_t *y, uint64_t r[2]);

/* %0 and %1 are results, %2 is x's address, %3 y's, %4 holds 1, %5 holds 2. */
#define THREAD(name, text)                                            \
	static void name(uint64_t *x, uint64_t *y, uint64_t r[2])     \
	{                                                             \
		uint64_t a = 0, b = 0;                                \
                                                                      \
		__asm__ volatile(".arch armv8.1-a\n\t" text           \
				 : "+&r"(a), "+&r"(b)                 \
				 : "r"(x), "r"(y), "r"(1ul), "r"(2ul) \
				 : "memory", "x9", "x10", "cc");      \
		r[0] = a;                                             \
		r[1] = b;                                             \
	}

#define ST_X "str %4, [%2]\n\t"
#define ST_Y "str %4, [%3]\n\t"
#define ST2_X "str %5, [%2]\n\t"
#define ST2_Y "str %5, [%3]\n\t"
#define STL_X "stlr %4, [%2]\n\t"
#define STL_Y "stlr %4, [%3]\n\t"
#define LDA_X(r) "ldar " r ", [%2]\n\t"
#define LDA_Y(r) "ldar " r ", [%3]\n\t"
#define LD_X(r) "ldr " r ", [%2]\n\t"
#define LD_Y(r) "ldr " r ", [%3]\n\t"
#define ISH "dmb ish\n\t"
#define SY "dmb sy\n\t"
#define ISHST "dmb ishst\n\t"
#define ISHLD "dmb ishld\n\t"
#define DSB "dsb sy\n\t"

THREAD(mp_w_plain, ST_X ST_Y)
THREAD(mp_r_plain, LD_Y("%0") LD_X("%1"))
THREAD(mp_w_ish, ST_X ISH ST_Y)
THREAD(mp_r_ish, LD_Y("%0") ISH LD_X("%1"))
THREAD(mp_w_sy, ST_X SY ST_Y)
THREAD(mp_r_dsb, LD_Y("%0") DSB LD_X("%1"))
THREAD(mp_w_ishst, ST_X ISHST ST_Y)
THREAD(mp_r_ishld, LD_Y("%0") ISHLD LD_X("%1"))
THREAD(mp_w_stlr, ST_X STL_Y)
THREAD(mp_r_ldar, LDA_Y("%0") LD_X("%1"))
THREAD(mp_r_addr, LD_Y("%0") "eor x9, %0, %0\n\tldr %1, [%2, x9]\n\t")
THREAD(mp_r_ctrl_isb, LD_Y("%0") "cbnz %0, 1f\n1:\tisb\n\t" LD_X("%1"))
THREAD(mp_w_stlxr, ST_X "1:\tldxr x9, [%3]\n\tstlxr w10, %4, [%3]\n\tcbnz w10, 1b\n\t")
THREAD(mp_r_ldaxr, "ldaxr %0, [%3]\n\tclrex\n\t" LD_X("%1"))
THREAD(mp_w_swpl, ST_X "swpl %4, x9, [%3]\n\t")
THREAD(mp_r_ldadda, "ldadda xzr, %0, [%3]\n\t" LD_X("%1"))

THREAD(sb_0_plain, ST_X LD_Y("%0"))
THREAD(sb_1_plain, ST_Y LD_X("%0"))
THREAD(sb_0_ish, ST_X ISH LD_Y("%0"))
THREAD(sb_1_ish, ST_Y ISH LD_X("%0"))
THREAD(sb_0_dsb, ST_X DSB LD_Y("%0"))
THREAD(sb_1_dsb, ST_Y DSB LD_X("%0"))
THREAD(sb_0_rel, STL_X LDA_Y("%0"))
THREAD(sb_1_rel, STL_Y LDA_X("%0"))
THREAD(sb_0_rel_between,
       STL_X "mov x9, #5\n\tadd x9, x9, #1\n\tstr x9, [sp, #-16]!\n\tadd sp, sp, #16\n\t" LDA_Y("%0"))
THREAD(sb_1_rel_between,
       STL_Y "mov x9, #5\n\tadd x9, x9, #1\n\tstr x9, [sp, #-16]!\n\tadd sp, sp, #16\n\t" LDA_X("%0"))
THREAD(sb_0_swpal, "swpal %4, x9, [%2]\n\t" LDA_Y("%0"))
THREAD(sb_1_swpal, "swpal %4, x9, [%3]\n\t" LDA_X("%0"))
THREAD(sb_0_stlxr, "1:\tldaxr x9, [%2]\n\tstlxr w10, %4, [%2]\n\tcbnz w10, 1b\n\t" LDA_Y("%0"))
THREAD(sb_1_stlxr, "1:\tldaxr x9, [%3]\n\tstlxr w10, %4, [%3]\n\tcbnz w10, 1b\n\t" LDA_X("%0"))
/* A store to the same place first, so that the store buffer has something to forward. */
THREAD(sb_0_forward, STL_X LDA_X("%1") LDA_Y("%0"))
THREAD(sb_1_forward, STL_Y LDA_Y("%1") LDA_X("%0"))

THREAD(lb_0_plain, LD_X("%0") ST_Y)
THREAD(lb_1_plain, LD_Y("%0") ST_X)
THREAD(lb_0_ish, LD_X("%0") ISH ST_Y)
THREAD(lb_1_ish, LD_Y("%0") ISH ST_X)
THREAD(lb_0_ishld, LD_X("%0") ISHLD ST_Y)
THREAD(lb_1_ishld, LD_Y("%0") ISHLD ST_X)
THREAD(lb_0_acq, LDA_X("%0") ST_Y)
THREAD(lb_1_acq, LDA_Y("%0") ST_X)
THREAD(lb_0_rel, LD_X("%0") STL_Y)
THREAD(lb_1_rel, LD_Y("%0") STL_X)
THREAD(lb_0_data, LD_X("%0") "eor x9, %0, %0\n\tadd x9, x9, #1\n\tstr x9, [%3]\n\t")
THREAD(lb_1_data, LD_Y("%0") "eor x9, %0, %0\n\tadd x9, x9, #1\n\tstr x9, [%2]\n\t")
THREAD(lb_0_ctrl, LD_X("%0") "cbnz %0, 1f\n1:\t" ST_Y)
THREAD(lb_1_ctrl, LD_Y("%0") "cbnz %0, 1f\n1:\t" ST_X)

THREAD(co_w, ST_X)
THREAD(co_w2, ST2_X)
THREAD(co_ww, ST_X ST2_X)
THREAD(co_rr, LD_X("%0") LD_X("%1"))
THREAD(co_wr, ST_X LD_X("%0"))
THREAD(co_rw, LD_X("%0") ST_X)

THREAD(s_w, ST2_X ISH ST_Y)
THREAD(s_w_stlr, ST2_X STL_Y)
THREAD(s_rw, LD_Y("%0") ISH ST_X)
THREAD(s_rw_acq, LDA_Y("%0") ST_X)
THREAD(r_w, ST_X ISH ST_Y)
THREAD(r_wr, ST2_Y ISH LD_X("%0"))
THREAD(w_0, ST_X ISH ST2_Y)
THREAD(w_1, ST_Y ISH ST2_X)
THREAD(w_0_rel, STL_X "stlr %5, [%3]\n\t")
THREAD(w_1_rel, STL_Y "stlr %5, [%2]\n\t")

THREAD(wrc_1_ish, LD_X("%0") ISH ST_Y)
THREAD(wrc_1_rel, LD_X("%0") STL_Y)
THREAD(wrc_2_ish, LD_Y("%0") ISH LD_X("%1"))
THREAD(wrc_2_acq, LDA_Y("%0") LD_X("%1"))
THREAD(iriw_w_x, ST_X)
THREAD(iriw_w_y, ST_Y)
THREAD(iriw_w_x_rel, STL_X)
THREAD(iriw_w_y_rel, STL_Y)
THREAD(iriw_xy, LD_X("%0") ISH LD_Y("%1"))
THREAD(iriw_yx, LD_Y("%0") ISH LD_X("%1"))
THREAD(iriw_xy_acq, LDA_X("%0") LDA_Y("%1"))
THREAD(iriw_yx_acq, LDA_Y("%0") LDA_X("%1"))

/* Is it the outcome that the test is about? */
static int is_mp(const struct slot *s)
{
	return s->r[1][0] == 1 && s->r[1][1] == 0;
}

static int is_sb(const struct slot *s)
{
	return s->r[0][0] == 0 && s->r[1][0] == 0;
}

static int is_lb(const struct slot *s)
{
	return s->r[0][0] == 1 && s->r[1][0] == 1;
}

static int is_corr(const struct slot *s)
{
	return s->r[1][0] > s->r[1][1];
}

static int is_cowr(const struct slot *s)
{
	return s->r[0][0] == 0;
}

static int is_cowr_back(const struct slot *s) /* it saw the other's 2 after its own 1, so 2 came last */
{
	return s->r[0][0] == 2 && s->x == 1;
}

static int is_corw(const struct slot *s) /* it saw the 2, so its own 1 came after it */
{
	return s->r[0][0] == 2 && s->x == 2;
}

static int is_coww(const struct slot *s)
{
	return s->x != 2;
}

static int is_s(const struct slot *s)
{
	return s->r[1][0] == 1 && s->x == 2;
}

static int is_r(const struct slot *s)
{
	return s->y == 2 && s->r[1][0] == 0;
}

static int is_2_2w(const struct slot *s)
{
	return s->x == 1 && s->y == 1;
}

static int is_wrc(const struct slot *s)
{
	return s->r[1][0] == 1 && s->r[2][0] == 1 && s->r[2][1] == 0;
}

static int is_iriw(const struct slot *s)
{
	return s->r[2][0] == 1 && s->r[2][1] == 0 && s->r[3][0] == 1 && s->r[3][1] == 0;
}

enum { FORBIDDEN, ALLOWED };

static const struct test {
	const char *name;
	int verdict;
	int lse;
	int (*outcome)(const struct slot *s);
	code *thread[THREADS];
} tests[] = {
	{"MP", ALLOWED, 0, is_mp, {mp_w_plain, mp_r_plain}},
	{"MP+dmb.ish+dmb.ish", FORBIDDEN, 0, is_mp, {mp_w_ish, mp_r_ish}},
	{"MP+dmb.sy+dsb", FORBIDDEN, 0, is_mp, {mp_w_sy, mp_r_dsb}},
	{"MP+dmb.ishst+dmb.ishld", FORBIDDEN, 0, is_mp, {mp_w_ishst, mp_r_ishld}},
	{"MP+stlr+ldar", FORBIDDEN, 0, is_mp, {mp_w_stlr, mp_r_ldar}},
	{"MP+dmb.ish+addr", FORBIDDEN, 0, is_mp, {mp_w_ish, mp_r_addr}},
	{"MP+dmb.ish+ctrl-isb", FORBIDDEN, 0, is_mp, {mp_w_ish, mp_r_ctrl_isb}},
	{"MP+stlxr+ldaxr", FORBIDDEN, 0, is_mp, {mp_w_stlxr, mp_r_ldaxr}},
	{"MP+swpl+ldadda", FORBIDDEN, 1, is_mp, {mp_w_swpl, mp_r_ldadda}},
	{"SB", ALLOWED, 0, is_sb, {sb_0_plain, sb_1_plain}},
	{"SB+dmb.ish+dmb.ish", FORBIDDEN, 0, is_sb, {sb_0_ish, sb_1_ish}},
	{"SB+dsb+dsb", FORBIDDEN, 0, is_sb, {sb_0_dsb, sb_1_dsb}},
	{"SB+stlr-ldar", FORBIDDEN, 0, is_sb, {sb_0_rel, sb_1_rel}},
	{"SB+stlr-other-ldar", FORBIDDEN, 0, is_sb, {sb_0_rel_between, sb_1_rel_between}},
	{"SB+stlr-ldar-ldar", FORBIDDEN, 0, is_sb, {sb_0_forward, sb_1_forward}},
	{"SB+stlr-ldar+dmb.ish", FORBIDDEN, 0, is_sb, {sb_0_rel, sb_1_ish}},
	{"SB+stlxr-ldar", FORBIDDEN, 0, is_sb, {sb_0_stlxr, sb_1_stlxr}},
	{"SB+swpal-ldar", FORBIDDEN, 1, is_sb, {sb_0_swpal, sb_1_swpal}},
	{"LB", ALLOWED, 0, is_lb, {lb_0_plain, lb_1_plain}},
	{"LB+dmb.ish+dmb.ish", FORBIDDEN, 0, is_lb, {lb_0_ish, lb_1_ish}},
	{"LB+dmb.ishld+dmb.ishld", FORBIDDEN, 0, is_lb, {lb_0_ishld, lb_1_ishld}},
	{"LB+ldar+ldar", FORBIDDEN, 0, is_lb, {lb_0_acq, lb_1_acq}},
	{"LB+stlr+stlr", FORBIDDEN, 0, is_lb, {lb_0_rel, lb_1_rel}},
	{"LB+data+data", FORBIDDEN, 0, is_lb, {lb_0_data, lb_1_data}},
	{"LB+ctrl+ctrl", FORBIDDEN, 0, is_lb, {lb_0_ctrl, lb_1_ctrl}},
	{"CoRR", FORBIDDEN, 0, is_corr, {co_ww, co_rr}},
	{"CoWR", FORBIDDEN, 0, is_cowr, {co_wr, co_w2}},
	{"CoWR-last", FORBIDDEN, 0, is_cowr_back, {co_wr, co_w2}},
	{"CoRW", FORBIDDEN, 0, is_corw, {co_rw, co_w2}},
	{"CoWW", FORBIDDEN, 0, is_coww, {co_ww, co_rr}},
	{"S+dmb.ish+dmb.ish", FORBIDDEN, 0, is_s, {s_w, s_rw}},
	{"S+stlr+ldar", FORBIDDEN, 0, is_s, {s_w_stlr, s_rw_acq}},
	{"R+dmb.ish+dmb.ish", FORBIDDEN, 0, is_r, {r_w, r_wr}},
	{"2+2W+dmb.ish+dmb.ish", FORBIDDEN, 0, is_2_2w, {w_0, w_1}},
	{"2+2W+stlr+stlr", FORBIDDEN, 0, is_2_2w, {w_0_rel, w_1_rel}},
	{"WRC+dmb.ish+dmb.ish", FORBIDDEN, 0, is_wrc, {co_w, wrc_1_ish, wrc_2_ish}},
	{"WRC+stlr+ldar", FORBIDDEN, 0, is_wrc, {co_w, wrc_1_rel, wrc_2_acq}},
	{"IRIW+dmb.ish+dmb.ish", FORBIDDEN, 0, is_iriw, {iriw_w_x, iriw_w_y, iriw_xy, iriw_yx}},
	{"IRIW+stlr+ldar", FORBIDDEN, 0, is_iriw, {iriw_w_x_rel, iriw_w_y_rel, iriw_xy_acq, iriw_yx_acq}},
};

/* ---- adding up: nothing may be lost
 * --------------------------------------------------------------------------- */
static struct {
	uint8_t b __attribute__((aligned(128)));
	uint16_t h __attribute__((aligned(128)));
	uint32_t w __attribute__((aligned(128)));
	uint64_t x __attribute__((aligned(128)));
	uint64_t pair[2] __attribute__((aligned(128)));
	uint64_t lock __attribute__((aligned(128)));
	uint64_t plain __attribute__((aligned(128)));
} sum;

#define EXCLUSIVE(name, load, store, reg, place)                                                          \
	static void name(void)                                                                            \
	{                                                                                                 \
		uint64_t a;                                                                               \
		uint32_t failed;                                                                          \
                                                                                                          \
		__asm__ volatile("1:\t" load " %" reg "0, [%2]\n\tadd %0, %0, #1\n\t" store " %w1, %" reg \
				 "0, [%2]\n\tcbnz %w1, 1b"                                                \
				 : "=&r"(a), "=&r"(failed)                                                \
				 : "r"(&(place))                                                          \
				 : "memory");                                                             \
	}
EXCLUSIVE(add_ldxrb, "ldxrb", "stxrb", "w", sum.b)
EXCLUSIVE(add_ldaxrh, "ldaxrh", "stlxrh", "w", sum.h)
EXCLUSIVE(add_ldxr32, "ldxr", "stxr", "w", sum.w)
EXCLUSIVE(add_ldxr64, "ldxr", "stxr", "x", sum.x)
EXCLUSIVE(add_ldaxr64, "ldaxr", "stlxr", "x", sum.x)

static void add_ldxp(void)
{
	uint64_t a, b;
	uint32_t failed;

	__asm__ volatile("1:\tldxp %0, %1, [%3]\n\tadd %0, %0, #1\n\tsub %1, %1, #1\n\t"
			 "stxp %w2, %0, %1, [%3]\n\tcbnz %w2, 1b"
			 : "=&r"(a), "=&r"(b), "=&r"(failed)
			 : "r"(sum.pair)
			 : "memory");
}

#define LSE_ADD(name, text, reg, place)                                                   \
	static void name(void)                                                            \
	{                                                                                 \
		uint64_t old;                                                             \
                                                                                          \
		__asm__ volatile(".arch armv8.1-a\n\t" text " %" reg "1, %" reg "0, [%2]" \
				 : "=&r"(old)                                             \
				 : "r"(1ul), "r"(&(place))                                \
				 : "memory");                                             \
	}
LSE_ADD(add_ldaddb, "ldaddb", "w", sum.b)
LSE_ADD(add_ldaddh, "ldaddalh", "w", sum.h)
LSE_ADD(add_ldadd32, "ldadd", "w", sum.w)
LSE_ADD(add_ldadd64, "ldaddal", "x", sum.x)

static void add_cas(void)
{
	uint64_t old, seen, new;

	__asm__ volatile(".arch armv8.1-a\n1:\tldr %0, [%3]\n\tmov %1, %0\n\tadd %2, %0, #1\n\t"
			 "cas %1, %2, [%3]\n\tcmp %0, %1\n\tb.ne 1b"
			 : "=&r"(old), "=&r"(seen), "=&r"(new)
			 : "r"(&sum.x)
			 : "memory", "cc");
}

static void add_casp(void)
{
	__asm__ volatile(".arch armv8.1-a\n1:\tldp x2, x3, [%0]\n\tmov x4, x2\n\tmov x5, x3\n\t"
			 "add x6, x2, #1\n\tsub x7, x3, #1\n\tcaspal x2, x3, x6, x7, [%0]\n\t"
			 "cmp x2, x4\n\tccmp x3, x5, #0, eq\n\tb.ne 1b"
			 :
			 : "r"(sum.pair)
			 : "memory", "cc", "x2", "x3", "x4", "x5", "x6", "x7");
}

/* A lock of exclusives, given back by a store-release; what it guards is added to by plain instructions. */
static void add_locked(void)
{
	__asm__ volatile(
		"mov w10, #1\n1:\tldaxr w9, [%0]\n\tcbnz w9, 1b\n\tstxr w9, w10, [%0]\n\tcbnz w9, 1b\n\t"
		"ldr x9, [%1]\n\tadd x9, x9, #1\n\tstr x9, [%1]\n\tstlr wzr, [%0]"
		:
		: "r"(&sum.lock), "r"(&sum.plain)
		: "memory", "x9", "x10");
}

/* The waiting CPU sleeps in WFE; clearing the lock's monitor wakes it. */
static void add_wfe(void)
{
	__asm__ volatile("mov w10, #1\n\tsevl\n1:\twfe\n2:\tldaxr w9, [%0]\n\tcbnz w9, 1b\n\tstxr w9, w10, "
			 "[%0]\n\tcbnz w9, 2b\n\t"
			 "ldr x9, [%1]\n\tadd x9, x9, #1\n\tstr x9, [%1]\n\tstlr wzr, [%0]"
			 :
			 : "r"(&sum.lock), "r"(&sum.plain)
			 : "memory", "x9", "x10");
}

static const struct adder {
	const char *name;
	int lse;
	void (*add)(void);
	const void *place;
	uint64_t mask; /* of the counter */
} adders[] = {
	{"add-ldxrb-stxrb", 0, add_ldxrb, &sum.b, 0xff},
	{"add-ldaxrh-stlxrh", 0, add_ldaxrh, &sum.h, 0xffff},
	{"add-ldxr-stxr-32", 0, add_ldxr32, &sum.w, 0xffffffff},
	{"add-ldxr-stxr-64", 0, add_ldxr64, &sum.x, ~0ull},
	{"add-ldaxr-stlxr-64", 0, add_ldaxr64, &sum.x, ~0ull},
	{"add-ldxp-stxp", 0, add_ldxp, sum.pair, ~0ull},
	{"add-lock-ldaxr-stlr", 0, add_locked, &sum.plain, ~0ull},
	{"add-ldaddb", 1, add_ldaddb, &sum.b, 0xff},
	{"add-ldaddalh", 1, add_ldaddh, &sum.h, 0xffff},
	{"add-ldadd-32", 1, add_ldadd32, &sum.w, 0xffffffff},
	{"add-ldaddal-64", 1, add_ldadd64, &sum.x, ~0ull},
	{"add-cas", 1, add_cas, &sum.x, ~0ull},
	{"add-caspal", 1, add_casp, sum.pair, ~0ull},
	/* Last: a kernel or a machine that traps WFE at EL0 ends the program here. */
	{"add-lock-wfe", 0, add_wfe, &sum.plain, ~0ull},
};

/* ---- running
 * ----------------------------------------------------------------------------------------------------- */
static int cpus;
static int lse;
static double seconds = 0.35;
static struct slot slots[SLOTS];

static struct run {
	int threads;
	const struct test *test;
	const struct adder *adder;
	uint64_t iterations, seen; /* thread 0's */
	uint64_t added[THREADS];
	int stop;
	struct {
		uint64_t n __attribute__((aligned(128)));
	} turn[THREADS];
} run;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* All threads come to their n-th meeting. */
static void meet(int me, uint64_t n)
{
	__atomic_store_n(&run.turn[me].n, n, __ATOMIC_SEQ_CST);
	for (int i = 0; i < run.threads; i++)
		for (uint32_t spins = 0; __atomic_load_n(&run.turn[i].n, __ATOMIC_SEQ_CST) < n; spins++)
			if (spins > 4000)
				sched_yield();
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void check(void)
{
	for (int i = 0; i < SLOTS; i++)
		run.seen += (uint64_t)run.test->outcome(&slots[i]);
	run.iterations += SLOTS;
	memset(slots, 0, sizeof(slots));
}

static void *litmus_thread(void *arg)
{
	int me = (int)(intptr_t)arg;
	code *f = run.test->thread[me];
	double end = now() + seconds;
	uint64_t n = 0;

	pin(me);
	for (;;) {
		meet(me, ++n);
		if (__atomic_load_n(&run.stop, __ATOMIC_SEQ_CST))
			return NULL;
		for (int i = 0; i < SLOTS; i++) {
			struct slot *s = &slots[i];

			meet(me, ++n);
			/* Which vCPU is first changes from one iteration to the next. */
			for (volatile int d = (i >> (2 * me)) & 7; d > 0; d--)
				;
			f(&s->x, &s->y, s->r[me]);
		}
		meet(me, ++n);
		if (me == 0) {
			check();
			if (now() > end || run.iterations >= 1000000)
				__atomic_store_n(&run.stop, 1, __ATOMIC_SEQ_CST);
		}
	}
}

static void *adding_thread(void *arg)
{
	int me = (int)(intptr_t)arg;
	double end = now() + seconds;

	pin(me);
	meet(me, 1);
	while (now() < end) {
		for (int i = 0; i < 1000; i++)
			run.adder->add();
		run.added[me] += 1000;
	}
	return NULL;
}

static void all(int threads, void *(*f)(void *))
{
	pthread_t t[THREADS];

	run.threads = threads;
	memset(slots, 0, sizeof(slots));
	for (int i = 0; i < threads; i++)
		if (pthread_create(&t[i], NULL, f, (void *)(intptr_t)i)) {
			puts("not ok threads can't be made");
			exit(1);
		}
	for (int i = 0; i < threads; i++)
		pthread_join(t[i], NULL);
}

static int threads_of(const struct test *t)
{
	int n = 0;

	while (n < THREADS && t->thread[n])
		n++;
	return n;
}

static void do_test(const struct test *t)
{
	int threads = threads_of(t);

	if (threads > cpus) {
		printf("skip %s needs %d CPUs, there are %d\n", t->name, threads, cpus);
		return;
	}
	if (t->lse && !lse) {
		printf("skip %s needs the LSE instructions\n", t->name);
		return;
	}
	memset(&run, 0, sizeof(run));
	run.test = t;
	all(threads, litmus_thread);
	if (t->verdict == FORBIDDEN && run.seen)
		printf("not ok %s the forbidden outcome was seen %llu times in %llu\n", t->name,
		       (unsigned long long)run.seen, (unsigned long long)run.iterations);
	else
		printf("ok %s %s: %llu in %llu\n", t->name, t->verdict == FORBIDDEN ? "forbidden" : "allowed",
		       (unsigned long long)run.seen, (unsigned long long)run.iterations);
}

static void do_adder(const struct adder *a)
{
	uint64_t want = 0, got = 0, other;

	if (a->lse && !lse) {
		printf("skip %s needs the LSE instructions\n", a->name);
		return;
	}
	memset(&run, 0, sizeof(run));
	memset(&sum, 0, sizeof(sum));
	run.adder = a;
	all(cpus < THREADS ? cpus : THREADS, adding_thread);
	for (int i = 0; i < THREADS; i++)
		want += run.added[i];
	memcpy(&got, a->place, a->mask == 0xff ? 1 : a->mask == 0xffff ? 2 : a->mask == 0xffffffff ? 4 : 8);
	other = a->place == sum.pair ? want + sum.pair[1] : 0; /* it counts down */
	if (got != (want & a->mask) || other)
		printf("not ok %s expected %llu, came %llu\n", a->name, (unsigned long long)(want & a->mask),
		       (unsigned long long)got);
	else
		printf("ok %s %llu added\n", a->name, (unsigned long long)want);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		seconds = strtod(argv[1], NULL);
	cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	lse = !!(getauxval(AT_HWCAP) & HWCAP_LSE);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (cpus < 2) {
		puts("not ok cpus at least 2 are needed");
		return 1;
	}
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		do_test(&tests[i]);
	for (size_t i = 0; i < sizeof(adders) / sizeof(adders[0]); i++)
		do_adder(&adders[i]);
	puts("end of the litmus tests");
	return 0;
}
