/* SPDX-License-Identifier: MIT */
/*
 * The processor's own timer, against the machine's counter. What is checked holds however slow the host is:
 * an interrupt never comes before its time, comes once, and twice the period takes at least twice as long.
 */
#include "guest.h"

/* A rate that is measured, not told, may be wrong by this much. */
#define LEAST(ticks) ((ticks) - (ticks) / 64)

static uint64_t periods(uint64_t ticks, unsigned count, int spin)
{
	uint64_t from = arch_counter();

	for (unsigned i = 0; i < count; i++) {
		unsigned before = runtime_irqs[IRQ_TIMER];

		arch_timer(ticks);
		runtime_await(IRQ_TIMER, before + 1, spin);
	}
	return arch_since(from);
}

int guest_main(void)
{
	uint64_t ms = arch_counter_hz / 1000, once, twice, from;
	unsigned before;

	arch_timer(1);
	runtime_await(IRQ_TIMER, 1, 0);
	CHECK(1, "timer-wakes-a-sleeper");
	once = periods(2 * ms, 5, 0);
	twice = periods(4 * ms, 5, 0);
	CHECK(once >= LEAST(10 * ms), "timer-never-early");
	CHECK(twice >= LEAST(20 * ms), "timer-twice-the-period");
	CHECK(periods(ms, 3, 1) >= LEAST(3 * ms), "timer-interrupts-a-loop");

	/* Masked, it waits; and it is there when it is let in. */
	before = runtime_irqs[IRQ_TIMER];
	from = arch_counter();
	arch_timer(ms);
	while (arch_since(from) < 3 * ms)
		arch_pause();
	SAME("timer-masked", runtime_irqs[IRQ_TIMER], before);
	runtime_await(IRQ_TIMER, before + 1, 0);
	SAME("timer-let-in", runtime_irqs[IRQ_TIMER], before + 1);

	/* Put off for good before its time: it does not come. */
	arch_timer(arch_counter_hz * 100);
	arch_timer(0);
	arch_irq_on();
	from = arch_counter();
	while (arch_since(from) < 2 * ms)
		arch_pause();
	arch_irq_off();
	SAME("timer-stopped", runtime_irqs[IRQ_TIMER], before + 1);
	return 0;
}
