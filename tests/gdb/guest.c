// SPDX-License-Identifier: MIT
/* What the tests of --gdb look at: calls to trace back, a variable to watch, loops to step over, a second
 * processor, and the sum of its own code, which a breakpoint must not change. Each round waits for nothing;
 * the debugger ends the guest by `finish`. */
#include "guest.h"

volatile unsigned finish, rounds, others, own_break;
volatile uint64_t passed, watched, first_sum, last_sum;
static volatile uint64_t sink;

__attribute__((noinline)) uint64_t code_sum(void)
{
	uint64_t sum = 0;

	for (const uint32_t *p = (const uint32_t *)(uintptr_t)code_sum;
	     p < (const uint32_t *)(uintptr_t)code_sum + 256; p++)
		sum = sum * 31 + *p;
	return sum;
}

/* On one line, which a debugger steps over as a whole. */
#define ADD_UP(n)                          \
	for (uint64_t i = 0; i < (n); i++) \
	sum += i ^ sink

__attribute__((noinline)) uint64_t inner(uint64_t n)
{
	uint64_t sum = 0;

	ADD_UP(n);
	passed = sum; /* after the loop */
	return sum;
}

__attribute__((noinline)) uint64_t middle(uint64_t n)
{
	uint64_t got = inner(n * 1000) + 1;

	sink = got & 1;
	return got;
}

__attribute__((noinline)) void outer(unsigned n)
{
	middle(n + 1);
	watched = watched + 3;
}

__attribute__((noinline)) void other_round(void)
{
	others = others + 1;
}

void guest_cpu(unsigned cpu)
{
	(void)cpu;
	while (!finish) {
		other_round();
		arch_pause(); /* it has counted */
	}
}

int guest_main(void)
{
	first_sum = code_sum();
	if (arch_cpu_start(1))
		put("one processor\n");
	put("rounds begin\n");
	/* Once at least: the debugger may set `finish` before this processor had its first turn. */
	do {
		outer(rounds & 7);
		rounds = rounds + 1;
		last_sum = code_sum();
	} while (!finish);
	/* A breakpoint instruction of the guest's own is its own. */
	if (own_break)
		CHECK(arch_try(arch_do_breakpoint) == TRAP_BREAKPOINT, "gdb-own-breakpoint");
	SAME("gdb-code", last_sum, first_sum);
	SAME("gdb-rounds", rounds > 0, 1);
	return 0;
}
