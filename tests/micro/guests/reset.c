/* SPDX-License-Identifier: MIT */
/* Resets the machine in every way it has, and looks each time whether it is as new. */
#include "guest.h"

#define MARK 0x6d6963726f626f6full

int guest_main(void)
{
	uint64_t boots = arch_kept[0] == MARK ? arch_kept[1] : 0;

	/* Left by the boot before, were it not for the reset. */
	SAME("reset-memory-of-the-image", runtime_irqs[IRQ_TIMER], 0);
	runtime_irqs[IRQ_TIMER] = 7;
	arch_irq_on();
	for (uint64_t from = arch_counter(); arch_since(from) < arch_counter_hz / 500;)
		arch_pause();
	arch_irq_off();
	SAME("reset-timer-is-off", runtime_irqs[IRQ_TIMER], 7);
	SAME("reset-device-is-off", runtime_irqs[IRQ_DEVICE], 0);
	if (boots < arch_resets) {
		arch_timer(arch_counter_hz / 1000);
		arch_device(1);
		arch_kept[0] = MARK;
		arch_kept[1] = boots + 1;
		arch_reset((unsigned)boots);
	}
	SAME("reset-count", boots, arch_resets);
	arch_kept[0] = 0;
	return 0;
}
