// SPDX-License-Identifier: MIT
/*
 * A guest for the log: one instruction at a known place, which is called ten times, a page fault, a timer
 * interrupt, and the serial port that the runtime prints on. The labels are what the test looks for.
 */
#include "guest.h"

uint64_t high_product(uint64_t a, uint64_t b);
#if defined(__aarch64__)
__asm__(".globl high_product, the_insn\n"
	"high_product:\n"
	"the_insn: umulh x0, x0, x1\n"
	"ret\n");
#else
__asm__(".globl high_product, the_insn\n"
	"high_product:\n"
	"the_insn: mulhu a0, a0, a1\n"
	"ret\n");
#endif

void the_access(volatile uint32_t *at);
#if defined(__aarch64__)
__asm__(".globl the_access, the_fault\n"
	"the_access:\n"
	"the_fault: ldr w1, [x0]\n"
	"ret\n");
#else
__asm__(".globl the_access, the_fault\n"
	"the_access:\n"
	"the_fault: lw a1, 0(a0)\n"
	"ret\n");
#endif

static void faults(void)
{
	the_access((volatile uint32_t *)(uintptr_t)NOWHERE);
}

int guest_main(void)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < 10; i++)
		sum += high_product(UINT64_MAX, i + 1);
	SAME("product", sum, 45);
	SAME("fault", arch_try(faults), TRAP_MEMORY);
	arch_timer(1);
	runtime_await(IRQ_TIMER, 1, 0);
	return 0;
}
