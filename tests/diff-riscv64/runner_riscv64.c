/* SPDX-License-Identifier: MIT */
/*
 * runner_riscv64.c: runs cases on a riscv64 processor (or qemu-riscv64): `runner CASES RESULTS`.
 *
 * Every case ends in a signal: EBREAK or an illegal instruction. The handler takes the registers from the
 * signal frame, so nothing of the case's state is disturbed by taking it. Cases use gp and tp as they like:
 * the handler first gets its own back.
 */
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
__attribute__((used)) uint64_t runner_tp;

__attribute__((used)) void runner_signal(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	(void)info;
	result.x[0] = 0;
	for (int i = 1; i < 32; i++)
		result.x[i] = u->uc_mcontext.__gregs[i];
	uint64_t pc = u->uc_mcontext.__gregs[0];
	for (int i = 0; i < 32; i++)
		result.f[i] = u->uc_mcontext.__fpregs.__d.__f[i];
	result.fcsr = u->uc_mcontext.__fpregs.__d.__fcsr;
	result.stop = (uint32_t)((pc - DIFF_CODE) / 2);
	result.why = sig == SIGTRAP ? 1 : sig == SIGILL ? 2 : sig == SIGSEGV || sig == SIGBUS ? 3 : 4;
	siglongjmp(back, 1);
}

void runner_entry(int sig, siginfo_t *info, void *context);
__asm__(".text\n"
	".global runner_entry\n"
	"runner_entry:\n"
	".option push\n .option norelax\n"
	"la gp, __global_pointer$\n"
	"lla t0, runner_tp\n"
	"ld tp, 0(t0)\n"
	".option pop\n"
	"tail runner_signal\n");

static __attribute__((noinline)) void enter(const struct diff_case *c)
{
	register const struct diff_case *r __asm__("x31") = c;
	uint64_t word = 0;

	/* A failed store-conditional drops any reservation. */
	__asm__ volatile("sc.d zero, zero, (%0)" : : "r"(&word) : "memory");
	__asm__ volatile("mv %0, tp" : "=r"(runner_tp));
#define X(n) "ld x" #n ", 8*" #n "(x31)\n"
#define F(n) "fld f" #n ", 256+8*" #n "(x31)\n"
	/* Loads everything and goes; never comes back this way. */
	__asm__ volatile(
		".option push\n .option norelax\n" F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(
			11) F(12) F(13) F(14) F(15) F(16) F(17) F(18) F(19) F(20) F(21) F(22) F(23) F(24)
			F(25) F(26) F(27) F(28) F(29) F(30) F(31) "lwu x1, 512(x31)\n fscsr x1\n" X(1) X(2) X(
				3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)
				X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(
					27) X(28) X(29)
					X(30) "ld x31, 8*31(x31)\n" /* the case's x31 is its code's address */
					      "jr x31\n"
					      ".option pop\n"
		:
		: "r"(r)
		: "memory");
	__builtin_unreachable();
}

_Static_assert(offsetof(struct diff_case, f) == 256 && offsetof(struct diff_case, fcsr) == 512, "as loaded");

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
	uint8_t *code = map(DIFF_CODE_PAGE, DIFF_CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC);

	map(DIFF_DATA, DIFF_DATA_BYTES, PROT_READ | PROT_WRITE);
	stack_t stack = {.ss_sp = malloc(1 << 17), .ss_size = 1 << 17};

	sigaltstack(&stack, NULL);
	struct sigaction act = {.sa_sigaction = runner_entry,
				.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

	sigaction(SIGTRAP, &act, NULL);
	sigaction(SIGILL, &act, NULL);
	sigaction(SIGSEGV, &act, NULL);
	sigaction(SIGBUS, &act, NULL);
	while (fread(&the_case, sizeof(the_case), 1, in) == 1) {
		memset(code, 0, DIFF_CODE_BYTES);
		memcpy((void *)DIFF_CODE, the_case.code, the_case.halves * 2);
		__asm__ volatile("fence.i" : : : "memory");
		memset((void *)DIFF_DATA, 0, DIFF_DATA_BYTES);
		diff_fill((uint64_t *)DIFF_WINDOW, the_case.memory_seed);
		if (!sigsetjmp(back, 0))
			enter(&the_case);
		__asm__ volatile("fscsr zero");
		result.hash = diff_hash((const uint64_t *)DIFF_WINDOW);
		fwrite(&result, sizeof(result), 1, out);
	}
	return fclose(out) ? 2 : 0;
}
