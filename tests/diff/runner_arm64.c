/* SPDX-License-Identifier: MIT */
/*
 * runner_arm64.c: runs cases on an arm64 processor (or qemu-aarch64): `runner CASES RESULTS`.
 *
 * Every case ends in a signal: BRK or an undefined instruction. The handler takes the registers from the
 * signal frame, so nothing of the case's state is disturbed by taking it.
 */
#include <asm/sigcontext.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "case.h"

static struct diff_case the_case;
static struct diff_result result;
static sigjmp_buf back;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	mcontext_t *m = &u->uc_mcontext;

	(void)info;
	for (int i = 0; i < 31; i++)
		result.x[i] = m->regs[i];
	result.sp = m->sp;
	result.nzcv = (uint32_t)m->pstate & 0xf0000000u;
	result.stop = (uint32_t)((m->pc - DIFF_CODE) / 4);
	result.why = sig == SIGTRAP ? 1 : sig == SIGILL ? 2 : sig == SIGSEGV || sig == SIGBUS ? 3 : 4;
	for (unsigned char *p = m->__reserved;;) {
		struct _aarch64_ctx *h = (void *)p;

		if (h->magic == FPSIMD_MAGIC) {
			struct fpsimd_context *f = (void *)p;

			memcpy(result.v, f->vregs, sizeof(result.v));
			result.fpcr = f->fpcr;
			result.fpsr = f->fpsr;
		}
		if (!h->magic || !h->size)
			break;
		p += h->size;
	}
	siglongjmp(back, 1);
}

static __attribute__((noinline)) void enter(const struct diff_case *c)
{
	register const struct diff_case *r __asm__("x0") = c;

	/* Loads everything and goes; never comes back this way. */
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
		: "r"(r), [nzcv] "i"(offsetof(struct diff_case, nzcv)),
		  [fpcr] "i"(offsetof(struct diff_case, fpcr)), [fpsr] "i"(offsetof(struct diff_case, fpsr)),
		  [v] "i"(offsetof(struct diff_case, v)), [code] "i"(DIFF_CODE)
		: "memory");
	__builtin_unreachable();
}

static void *map(uint64_t at, uint64_t bytes, int rights)
{
	void *p = mmap((void *)at, bytes, rights, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p != (void *)at) {
		perror("runner: mmap");
		exit(2);
	}
	return p;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: runner CASES RESULTS\n");
		return 2;
	}
	FILE *in = fopen(argv[1], "rb"), *out = fopen(argv[2], "wb");

	if (!in || !out) {
		perror("runner");
		return 2;
	}
	uint32_t *code = map(DIFF_CODE, DIFF_CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC);

	map(DIFF_DATA, DIFF_DATA_BYTES, PROT_READ | PROT_WRITE);
	stack_t stack = {.ss_sp = malloc(1 << 17), .ss_size = 1 << 17};

	sigaltstack(&stack, NULL);
	struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

	sigaction(SIGTRAP, &act, NULL);
	sigaction(SIGILL, &act, NULL);
	sigaction(SIGSEGV, &act, NULL);
	sigaction(SIGBUS, &act, NULL);
	while (fread(&the_case, sizeof(the_case), 1, in) == 1) {
		memset(code, 0, DIFF_CODE_BYTES);
		memcpy(code, the_case.code, the_case.words * 4);
		__builtin___clear_cache((char *)code, (char *)code + DIFF_CODE_BYTES);
		memset((void *)DIFF_DATA, 0, DIFF_DATA_BYTES);
		diff_fill((uint64_t *)DIFF_WINDOW, the_case.memory_seed);
		if (!sigsetjmp(back, 0))
			enter(&the_case);
		/* A known environment for the C code. */
		__asm__ volatile("msr fpcr, xzr\n msr fpsr, xzr");
		result.hash = diff_hash((const uint64_t *)DIFF_WINDOW);
		fwrite(&result, sizeof(result), 1, out);
	}
	return fclose(out) ? 2 : 0;
}
