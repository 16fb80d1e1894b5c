/* SPDX-License-Identifier: MIT */
/* runner_arm64.c: the arm64 half of the runner. */
#include <asm/sigcontext.h>
#include <stddef.h>
#include <string.h>
#include <ucontext.h>

#include "runner.h"

void runner_signal(int sig, siginfo_t *info, void *context)
{
	mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
	struct diff_result *r = &runner_result;

	(void)info;
	for (int i = 0; i < 31; i++)
		r->x[i] = m->regs[i];
	r->x[31] = m->sp;
	r->status[0] = (uint32_t)m->pstate & 0xf0000000u;
	r->stop = (uint32_t)((m->pc - DIFF_CODE) / 2);
	r->why = runner_why(sig);
	for (unsigned char *p = m->__reserved;;) {
		struct _aarch64_ctx *h = (void *)p;

		if (h->magic == FPSIMD_MAGIC) {
			struct fpsimd_context *f = (void *)p;

			memcpy(r->v, f->vregs, sizeof(r->v));
			r->status[1] = f->fpcr;
			r->status[2] = f->fpsr;
		}
		if (!h->magic || !h->size)
			break;
		p += h->size;
	}
	siglongjmp(runner_back, 1);
}

void runner_new_code(void)
{
	__builtin___clear_cache((char *)DIFF_CODE_PAGE, (char *)DIFF_CODE_PAGE + DIFF_CODE_BYTES);
}

void runner_clean_up(void)
{
	__asm__ volatile("msr fpcr, xzr\n msr fpsr, xzr");
}

void runner_enter(const struct diff_case *c)
{
	register const struct diff_case *r __asm__("x0") = c;

	__asm__ volatile(
		"ldr w1, [x0, %[nzcv]]\n msr nzcv, x1\n"
		"ldr w1, [x0, %[fpcr]]\n msr fpcr, x1\n"
		"ldr w1, [x0, %[fpsr]]\n msr fpsr, x1\n"
		"add x1, x0, %[v]\n"
		"ldp q0, q1, [x1]\n ldp q2, q3, [x1, 32]\n ldp q4, q5, [x1, 64]\n ldp q6, q7, [x1, 96]\n"
		"ldp q8, q9, [x1, 128]\n ldp q10, q11, [x1, 160]\n ldp q12, q13, [x1, 192]\n"
		"ldp q14, q15, [x1, 224]\n ldp q16, q17, [x1, 256]\n ldp q18, q19, [x1, 288]\n"
		"ldp q20, q21, [x1, 320]\n ldp q22, q23, [x1, 352]\n ldp q24, q25, [x1, 384]\n"
		"ldp q26, q27, [x1, 416]\n ldp q28, q29, [x1, 448]\n ldp q30, q31, [x1, 480]\n"
		"ldr x1, [x0, 248]\n mov sp, x1\n"
		"ldp x2, x3, [x0, 16]\n ldp x4, x5, [x0, 32]\n ldp x6, x7, [x0, 48]\n ldp x8, x9, [x0, 64]\n"
		"ldp x10, x11, [x0, 80]\n ldp x12, x13, [x0, 96]\n ldp x14, x15, [x0, 112]\n"
		"ldp x16, x17, [x0, 128]\n ldp x18, x19, [x0, 144]\n ldp x20, x21, [x0, 160]\n"
		"ldp x22, x23, [x0, 176]\n ldp x24, x25, [x0, 192]\n ldp x26, x27, [x0, 208]\n"
		"ldp x28, x29, [x0, 224]\n"
		/* x30 is free: the first word of every case loads it */
		"ldr x30, =%[code]\n"
		"ldp x0, x1, [x0]\n"
		"br x30\n"
		:
		: "r"(r), [nzcv] "i"(offsetof(struct diff_case, status[0])),
		  [fpcr] "i"(offsetof(struct diff_case, status[1])),
		  [fpsr] "i"(offsetof(struct diff_case, status[2])), [v] "i"(offsetof(struct diff_case, v)),
		  [code] "i"(DIFF_CODE)
		: "memory");
	__builtin_unreachable();
}
