/* SPDX-License-Identifier: MIT */
/* A device's line through the interrupt controller: the serial port says that it can send. */
#include "guest.h"

int guest_main(void)
{
	unsigned n;

	arch_device(1);
	arch_device_send('.');
	runtime_await(IRQ_DEVICE, 1, 0);
	for (unsigned i = 0; i < 3; i++) {
		n = runtime_irqs[IRQ_DEVICE];
		arch_device_send('.');
		runtime_await(IRQ_DEVICE, n + 1, i & 1);
	}
	arch_device(0);
	put("\n");
	CHECK(1, "device-line");

	/* Off, it is silent. */
	n = runtime_irqs[IRQ_DEVICE];
	arch_irq_on();
	put("a line without interrupts\n");
	arch_irq_off();
	SAME("device-line-off", runtime_irqs[IRQ_DEVICE], n);
	return 0;
}
