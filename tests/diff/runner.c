/* SPDX-License-Identifier: MIT */
/*
 * runner.c: runs cases on a processor of the guest's kind (or qemu's user mode): `runner CASES RESULTS`.
 *
 * Every case ends in a signal: its last instruction's, or an undefined one's. The handler takes the registers
 * from the signal frame, so nothing of the case's state is disturbed by taking it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runner.h"

struct diff_result runner_result;
sigjmp_buf runner_back;

uint32_t runner_why(int sig)
{
	return sig == SIGTRAP ? 1 : sig == SIGILL ? 2 : sig == SIGSEGV || sig == SIGBUS ? 3 : 4;
}

static void map(uint64_t at, uint64_t bytes, int rights)
{
	void *p = mmap((void *)at, bytes, rights, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p != (void *)at) {
		perror("runner: mmap");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	static const int signals[] = {SIGTRAP, SIGILL, SIGSEGV, SIGBUS};
	static struct diff_case the_case;

	if (argc != 3) {
		fprintf(stderr, "usage: runner CASES RESULTS\n");
		return 2;
	}
	FILE *in = fopen(argv[1], "rb"), *out = fopen(argv[2], "wb");

	if (!in || !out) {
		perror("runner");
		return 2;
	}
	map(DIFF_CODE_PAGE, DIFF_CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC);
	map(DIFF_DATA, DIFF_DATA_BYTES, PROT_READ | PROT_WRITE);
	stack_t stack = {.ss_sp = malloc(1 << 17), .ss_size = 1 << 17};

	sigaltstack(&stack, NULL);
	struct sigaction act = {.sa_sigaction = runner_signal,
				.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &act, NULL);
	while (fread(&the_case, sizeof(the_case), 1, in) == 1) {
		memset((void *)DIFF_CODE_PAGE, 0, DIFF_CODE_BYTES);
		memcpy((void *)DIFF_CODE, the_case.code, the_case.halves * 2);
		runner_new_code();
		memset((void *)DIFF_DATA, 0, DIFF_DATA_BYTES);
		diff_fill((uint64_t *)DIFF_WINDOW, the_case.memory_seed);
		memset(&runner_result, 0, sizeof(runner_result));
		if (!sigsetjmp(runner_back, 0))
			runner_enter(&the_case);
		runner_clean_up();
		runner_result.hash = diff_hash((const uint64_t *)DIFF_WINDOW);
		fwrite(&runner_result, sizeof(runner_result), 1, out);
	}
	return fclose(out) ? 2 : 0;
}
