/* SPDX-License-Identifier: MIT */
/* User mode's vector and floating-point registers outlive timer interrupts, and other users of the processor.
 */
#include "guest.h"

int guest_main(void)
{
	for (unsigned i = 0; i < 3; i++) {
		arch_vectors_bad = UINT64_MAX;
		arch_vectors_from = runtime_irqs[IRQ_TIMER];
		arch_timer(arch_counter_hz / 500);
		arch_user(arch_vectors);
		SAME("vectors", arch_vectors_bad, 0);
	}
	put(arch_vectors_what);
	put("\n");
	return 0;
}
