/* SPDX-License-Identifier: MIT */
/* Two processors in the same code and data: each stops at its own breakpoint and watchpoint only. */
#include "debug.h"
#include "guest.h"

#define ROUNDS 400

static unsigned hits[2], watched[2], strange[2];
static volatile unsigned started, finished;
static uint64_t words[2][512] __attribute__((aligned(4096)));

void shared(uint64_t *word), first_half(void), second_half(void);
__asm__(".text\n"
	".balign 4096\n"
	"shared: ldr x1, [x0]\n"
	"first_half: add x1, x1, #1\n"
	"	str x1, [x0]\n"
	"second_half: add x1, x1, #1\n"
	"	ret\n");

static unsigned me(void)
{
	return sysreg_read(mpidr_el1) & 0xff;
}

int guest_exception(struct frame *f, uint64_t esr)
{
	unsigned cpu = me();

	switch (EC(esr)) {
	case EC_BREAKPOINT + 1:
		hits[cpu]++;
		strange[cpu] += f->elr != (uintptr_t)(cpu ? second_half : first_half);
		break;
	case EC_WATCHPOINT + 1:
		watched[cpu]++;
		strange[cpu] += sysreg_read(far_el1) != (uintptr_t)words[cpu];
		break;
	case EC_STEP + 1:
		sysreg_write(mdscr_el1, MDSCR_KDE | MDSCR_MDE);
		return 1;
	default:
		return 0;
	}
	sysreg_write(mdscr_el1, MDSCR_KDE | MDSCR_SS);
	f->spsr |= SPSR_SS;
	return 1;
}

/* Both words; as with a switch of processes, the breakpoint is away half of the time. */
static void work(unsigned cpu)
{
	sysreg_write(mdscr_el1, MDSCR_KDE | MDSCR_MDE);
	watchpoint(0, words[cpu], ENABLED | AT_EL1 | STORES | BYTES(0xff));
	for (unsigned i = 0; i < ROUNDS; i++) {
		breakpoint(0, cpu ? second_half : first_half, i & 1 ? ENABLED | AT_EL1 : 0);
		debug_unmask();
		shared(words[0] + 8 * cpu + 16);
		shared(words[cpu]);
		debug_mask();
	}
	breakpoint(0, 0, 0);
	watchpoint(0, 0, 0);
	sysreg_write(mdscr_el1, 0);
}

void guest_cpu(unsigned cpu)
{
	sysreg_write(oslar_el1, 0);
	started = 1;
	work(cpu);
	finished = 1;
}

int guest_main(void)
{
	sysreg_write(oslar_el1, 0);
	SAME("debug-smp-start", arch_cpu_start(1), 0);
	while (!started)
		arch_pause();
	work(0);
	while (!finished)
		arch_pause();
	for (unsigned cpu = 0; cpu < 2; cpu++) {
		SAME("debug-smp-breakpoints", hits[cpu], ROUNDS);
		SAME("debug-smp-watchpoints", watched[cpu], ROUNDS);
		SAME("debug-smp-all-its-own", strange[cpu], 0);
		SAME("debug-smp-work", words[cpu][0], ROUNDS);
	}
	return 0;
}
