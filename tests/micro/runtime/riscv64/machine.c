/* SPDX-License-Identifier: MIT */
/* What guest.c needs of riscv64 in M-mode. */
#include "machine.h"

void machine_unexpected(uint64_t cause, uint64_t pc)
{
	put("not ok trap ");
	put_hex(cause);
	runtime_die(" unexpected at", pc);
}

void arch_irq_on(void)
{
	csr_set(mstatus, 8);
}

void arch_irq_off(void)
{
	csr_clear(mstatus, 8);
}

void arch_wait(void)
{
	__asm__ volatile("wfi" : : : "memory");
}

void arch_pause(void)
{
	__asm__ volatile("" : : : "memory");
}

void arch_serial(char c)
{
	mmio_write(UART, 1, (uint8_t)c);
}

void arch_power_off(void)
{
	mmio_write(0x100000, 4, 0x5555);
	for (;;)
		arch_wait();
}
