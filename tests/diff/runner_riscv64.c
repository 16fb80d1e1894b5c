/* SPDX-License-Identifier: MIT */
/* runner_riscv64.c: the riscv64 half of the runner. Cases use gp and tp as they like: the handler first gets
 * its own back. */
#include <stddef.h>
#include <ucontext.h>

#include "runner.h"

__attribute__((used)) uint64_t runner_tp;

__attribute__((used)) void on_signal(int sig, siginfo_t *info, void *context);
void on_signal(int sig, siginfo_t *info, void *context)
{
	const mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
	struct diff_result *r = &runner_result;

	(void)info;
	for (int i = 1; i < 32; i++)
		r->x[i] = m->__gregs[i];
	for (int i = 0; i < 32; i++)
		r->v[i][0] = m->__fpregs.__d.__f[i];
	r->status[0] = m->__fpregs.__d.__fcsr;
	r->stop = (uint32_t)((m->__gregs[0] - DIFF_CODE) / 2);
	r->why = runner_why(sig);
	siglongjmp(runner_back, 1);
}

__asm__(".text\n"
	".global runner_signal\n"
	"runner_signal:\n"
	".option push\n .option norelax\n"
	"la gp, __global_pointer$\n"
	"lla t0, runner_tp\n"
	"ld tp, 0(t0)\n"
	".option pop\n"
	"tail on_signal\n");

void runner_new_code(void)
{
	__asm__ volatile("fence.i" : : : "memory");
}

void runner_clean_up(void)
{
	__asm__ volatile("fscsr zero");
}

_Static_assert(offsetof(struct diff_case, v) == 256 && offsetof(struct diff_case, status) == 768,
	       "as loaded");

#define EIGHT(X, a) X(a##0) X(a##1) X(a##2) X(a##3) X(a##4) X(a##5) X(a##6) X(a##7)
#define X(n) "ld x" #n ", 8*" #n "(x31)\n"
#define F(n) "fld f" #n ", 256+16*" #n "(x31)\n"

void runner_enter(const struct diff_case *c)
{
	register const struct diff_case *r __asm__("x31") = c;
	uint64_t word = 0;

	/* A failed store-conditional drops any reservation. */
	__asm__ volatile("sc.d zero, zero, (%0)" : : "r"(&word) : "memory");
	__asm__ volatile("mv %0, tp" : "=r"(runner_tp));
	__asm__ volatile(
		".option push\n .option norelax\n" /* clang-format off */
		EIGHT(F, ) F(8) F(9) EIGHT(F, 1) F(18) F(19) EIGHT(F, 2) F(28) F(29) F(30) F(31)
		"lwu x1, 768(x31)\n fscsr x1\n"
		X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) EIGHT(X, 1) X(18) X(19) EIGHT(X, 2) X(28) X(29) X(30)
		"ld x31, 8*31(x31)\n" /* the case's x31 is its code's address */
		"jr x31\n"
		".option pop\n" /* clang-format on */
		:
		: "r"(r)
		: "memory");
	__builtin_unreachable();
}
