/* SPDX-License-Identifier: MIT */
/* Interrupts between processors: to oneself, to a sleeper and back. */
#include "guest.h"

#define ROUNDS 20

static volatile unsigned asleep, answered;

void guest_cpu(unsigned cpu)
{
	(void)cpu;
	for (unsigned i = 0; i < ROUNDS; i++) {
		asleep = i + 1;
		/* Each wait ends with an interrupt; only CPU 0 sends any here while it waits for the answer.
		 */
		arch_wait();
		answered = i + 1;
	}
}

int guest_main(void)
{
	unsigned n = runtime_irqs[IRQ_IPI];

	arch_ipi(0);
	runtime_await(IRQ_IPI, n + 1, 0);
	arch_ipi(0);
	runtime_await(IRQ_IPI, n + 2, 1);
	SAME("ipi-to-oneself", runtime_irqs[IRQ_IPI], n + 2);
	if (arch_cpu_start(1))
		runtime_die("ipi: the second processor does not start", 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		while (asleep != i + 1)
			arch_pause();
		arch_ipi(1);
		while (answered != i + 1)
			arch_pause();
	}
	SAME("ipi-wakes-another", runtime_irqs[IRQ_IPI], n + 2 + ROUNDS);
	return 0;
}
