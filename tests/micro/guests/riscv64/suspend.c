/* SPDX-License-Identifier: MIT */
/* SBI's HART_SUSPEND (2.0, 9.4): a hart in the retentive state sleeps until an interrupt, is SUSPENDED for
 * the others meanwhile, and goes on after the call; it takes the interrupt there. */
#include "guest.h"

#include "arch.h"

#define HSM 0x48534d
#define HART_START 0
#define HART_STATUS 2
#define HART_SUSPEND 3
#define STARTED 0
#define SUSPENDED 4
#define NOT_SUPPORTED (-2)
#define INVALID_PARAM (-3)
#define ALREADY_AVAILABLE (-6)

enum { NOTHING, BY_TIMER, BY_IPI, PENDING, LET_IN, PHASES };
static volatile unsigned phase, done;
static volatile uint64_t took[PHASES];
static volatile int64_t result[PHASES];
static volatile unsigned timers_before, timers_after;

static int64_t status_of(uint64_t hart)
{
	register uint64_t a0 __asm__("a0") = hart;
	register uint64_t a1 __asm__("a1");
	register uint64_t a6 __asm__("a6") = HART_STATUS;
	register uint64_t a7 __asm__("a7") = HSM;

	__asm__ volatile("ecall" : "+r"(a0), "=r"(a1) : "r"(a6), "r"(a7) : "memory");
	return a0 ? (int64_t)a0 : (int64_t)a1;
}

/* from: when the timer was armed, since this hart may have to wait for its turn before it sleeps. */
static void suspend(unsigned which, uint64_t from)
{
	result[which] = arch_sbi(HSM, HART_SUSPEND, 0, 0, 0);
	took[which] = arch_since(from);
}

void guest_cpu(unsigned cpu)
{
	uint64_t ms = arch_counter_hz / 1000, from;

	(void)cpu;
	phase = BY_TIMER;
	from = arch_counter();
	arch_timer(20 * ms);
	suspend(BY_TIMER, from);
	/* Masked all the time, as sstatus.SIE is clear: it is still there, and taken when it is let in. */
	timers_before = runtime_irqs[IRQ_TIMER];
	arch_irq_on();
	arch_irq_off();
	timers_after = runtime_irqs[IRQ_TIMER];

	phase = BY_IPI;
	suspend(BY_IPI, arch_counter());
	arch_irq_on();
	arch_irq_off();

	/* One that is pending already. */
	phase = PENDING;
	arch_ipi(1);
	suspend(PENDING, arch_counter());
	arch_irq_on();
	arch_irq_off();

	/* With interrupts enabled: it is taken after the call, once. */
	phase = LET_IN;
	from = arch_counter();
	arch_timer(20 * ms);
	arch_irq_on();
	suspend(LET_IN, from);
	arch_irq_off();
	done = 1;
}

static int64_t seen(unsigned which)
{
	uint64_t from = arch_counter();
	int64_t status;

	while (phase < which)
		arch_pause();
	do
		status = status_of(1);
	while (status != SUSPENDED && arch_since(from) < arch_counter_hz * 5);
	return status;
}

int guest_main(void)
{
	uint64_t ms = arch_counter_hz / 1000;
	unsigned timers;

	SAME("suspend-status-of-oneself", status_of(0), STARTED);
	SAME("suspend-start", arch_cpu_start(1), 0);
	SAME("suspend-is-suspended", seen(BY_TIMER), SUSPENDED);
	SAME("suspend-is-not-stopped", arch_sbi(HSM, HART_START, 1, 0x80200000, 0), ALREADY_AVAILABLE);
	SAME("suspend-is-suspended-again", seen(BY_IPI), SUSPENDED);
	SAME("suspend-timer-result", result[BY_TIMER], 0);
	CHECK(took[BY_TIMER] >= 19 * ms, "suspend-sleeps-until-the-timer");
	SAME("suspend-timer-is-taken-once", timers_after - timers_before, 1);
	timers = runtime_irqs[IRQ_TIMER];
	arch_ipi(1);
	while (!done)
		arch_pause();
	SAME("suspend-ipi-result", result[BY_IPI], 0);
	SAME("suspend-ipis-are-taken", runtime_irqs[IRQ_IPI], 2);
	SAME("suspend-pending-result", result[PENDING], 0);
	SAME("suspend-enabled-result", result[LET_IN], 0);
	CHECK(took[LET_IN] >= 19 * ms, "suspend-enabled-sleeps");
	SAME("suspend-enabled-is-taken-once", runtime_irqs[IRQ_TIMER], timers + 1);
	CHECK(status_of(1) == STARTED || status_of(1) == 1, "suspend-is-started-again");
	SAME("suspend-non-retentive", arch_sbi(HSM, HART_SUSPEND, 0x80000000, 0x80200000, 0), NOT_SUPPORTED);
	SAME("suspend-of-a-platform", arch_sbi(HSM, HART_SUSPEND, 0x10000000, 0, 0), NOT_SUPPORTED);
	SAME("suspend-reserved", arch_sbi(HSM, HART_SUSPEND, 1, 0, 0), INVALID_PARAM);
	return 0;
}
