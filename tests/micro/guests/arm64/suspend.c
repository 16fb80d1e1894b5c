/* SPDX-License-Identifier: MIT */
/* PSCI's CPU_SUSPEND (Arm DEN 0022, 5.4): a standby state goes on after the call after an interrupt, a
 * power-down state at the entry point with the context id. */
#include "guest.h"

#include "arch.h"

#define CPU_SUSPEND 0xc4000001
#define AFFINITY_INFO 0xc4000004
#define FEATURES 0x8400000a
#define POWER_DOWN (1u << 16)
#define CONTEXT 0x123456789abcdef0
#define INVALID_PARAMETERS (-2)
#define INVALID_ADDRESS (-9)
#define ALREADY_ON (-4)
#define CPU_ON 0xc4000003

enum { NOTHING, BY_TIMER, BY_IPI, PENDING, LET_IN, DOWN, PHASES };
static volatile unsigned phase, done;
static volatile uint64_t took[PHASES];
static volatile int64_t result[PHASES];
static volatile unsigned timers_before, timers_after;
static uint64_t down_from;
/* What the processor was like at the entry point: x0, SCTLR_EL1, DAIF, CurrentEL, SPSel. */
volatile uint64_t suspend_entered[5];
extern char suspend_entry[];
__asm__(".text\n"
	"suspend_entry:\n"
	"	adrp x1, suspend_entered\n"
	"	add x1, x1, :lo12:suspend_entered\n"
	"	mrs x2, sctlr_el1\n"
	"	mrs x3, daif\n"
	"	mrs x4, CurrentEL\n"
	"	mrs x5, SPSel\n"
	"	stp x0, x2, [x1]\n"
	"	stp x3, x4, [x1, #16]\n"
	"	str x5, [x1, #32]\n"
	"	mov x0, #1\n"
	"	b arch_secondary\n");

static void suspend(unsigned which, uint64_t state)
{
	uint64_t from = arch_counter();

	result[which] = arch_psci(CPU_SUSPEND, state, (uintptr_t)suspend_entry, CONTEXT);
	took[which] = arch_since(from);
}

static void let_in(void)
{
	arch_irq_on();
	__asm__ volatile("isb");
	arch_irq_off();
}

/* Begins anew after the power-down state. */
void guest_cpu(unsigned cpu)
{
	uint64_t ms = arch_counter_hz / 1000;

	(void)cpu;
	if (phase == DOWN) {
		took[DOWN] = arch_since(down_from);
		let_in();
		done = 1;
		return;
	}
	phase = BY_TIMER;
	arch_timer(20 * ms);
	suspend(BY_TIMER, 0);
	timers_before = runtime_irqs[IRQ_TIMER];
	let_in();
	timers_after = runtime_irqs[IRQ_TIMER];

	phase = BY_IPI;
	suspend(BY_IPI, 0xabcd);
	let_in();

	phase = PENDING;
	arch_ipi(1);
	suspend(PENDING, 0);
	let_in();

	phase = LET_IN;
	arch_timer(20 * ms);
	arch_irq_on();
	suspend(LET_IN, 0);
	arch_irq_off();

	down_from = arch_counter();
	phase = DOWN;
	arch_timer(20 * ms);
	suspend(DOWN, POWER_DOWN);
	result[DOWN] = 1; /* it came back */
	done = 1;
}

int guest_main(void)
{
	uint64_t ms = arch_counter_hz / 1000;

	SAME("suspend-features", arch_psci(FEATURES, CPU_SUSPEND, 0, 0), 0);
	SAME("suspend-start", arch_cpu_start(1), 0);
	while (phase < BY_TIMER)
		arch_pause();
	for (uint64_t from = arch_counter(); arch_since(from) < 5 * ms;)
		arch_pause();
	SAME("suspend-is-on-for-others", arch_psci(AFFINITY_INFO, 1, 0, 0), 0);
	SAME("suspend-is-not-off", arch_psci(CPU_ON, 1, (uintptr_t)suspend_entry, 0), ALREADY_ON);
	while (phase < BY_IPI)
		arch_pause();
	SAME("suspend-timer-result", result[BY_TIMER], 0);
	CHECK(took[BY_TIMER] >= 19 * ms, "suspend-sleeps-until-the-timer");
	SAME("suspend-timer-is-taken-once", timers_after - timers_before, 1);
	for (uint64_t from = arch_counter(); arch_since(from) < 20 * ms;)
		arch_pause();
	SAME("suspend-sleeps-until-the-ipi", phase, BY_IPI);
	arch_ipi(1);
	while (!done)
		arch_pause();
	SAME("suspend-ipi-result", result[BY_IPI], 0);
	SAME("suspend-ipis-are-taken", runtime_irqs[IRQ_IPI], 2);
	SAME("suspend-pending-result", result[PENDING], 0);
	SAME("suspend-enabled-result", result[LET_IN], 0);
	CHECK(took[LET_IN] >= 19 * ms, "suspend-enabled-sleeps");
	SAME("suspend-enabled-is-taken-once", runtime_irqs[IRQ_TIMER], 3);
	SAME("suspend-down-does-not-come-back", result[DOWN], 0);
	CHECK(took[DOWN] >= 19 * ms, "suspend-down-sleeps");
	SAME("suspend-down-context", suspend_entered[0], CONTEXT);
	SAME("suspend-down-mmu-is-off", suspend_entered[1] & 0x1005, 0);
	SAME("suspend-down-masked", suspend_entered[2], 0x3c0);
	SAME("suspend-down-el1h", suspend_entered[3] | suspend_entered[4], 5);
	SAME("suspend-reserved", arch_psci(CPU_SUSPEND, 1u << 17, 0, 0), INVALID_PARAMETERS);
	SAME("suspend-level", arch_psci(CPU_SUSPEND, 1u << 24, 0, 0), INVALID_PARAMETERS);
	SAME("suspend-down-nowhere", arch_psci(CPU_SUSPEND, POWER_DOWN, 0x1000, 0), INVALID_ADDRESS);
	return 0;
}
