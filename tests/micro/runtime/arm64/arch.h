/* SPDX-License-Identifier: MIT */
/* arch.h: arm64 on the `virt` board. */
#ifndef VR_MICRO_ARCH_H
#define VR_MICRO_ARCH_H

#define ALIAS 0x100000000 /* memory as user mode sees it: what EL0 may write EL1 can't execute */
#define UART 0x09000000ull
#define GICD 0x08000000ull
#define GICR 0x080a0000ull
#define INTID_IPI 1
#define INTID_TIMER 27
#define INTID_UART 33

#ifndef __ASSEMBLER__
#include <stdint.h>

#define sysreg_read(name)                                                       \
	({                                                                      \
		uint64_t value_;                                                \
		__asm__ volatile("mrs %0, " #name : "=r"(value_) : : "memory"); \
		value_;                                                         \
	})
#define sysreg_write(name, value) \
	__asm__ volatile("msr " #name ", %0; isb" : : "r"((uint64_t)(value)) : "memory")

/* What an exception saved, and puts back. */
struct frame {
	uint64_t x[20], elr, spsr; /* x: x0 to x18, x30 */
};
/* Guests that take exceptions themselves have their own: 1: go on where the frame says. */
int guest_exception(struct frame *f, uint64_t esr);

extern volatile uint64_t arch_irq_pc; /* where the last interrupt came */
int64_t arch_psci(uint64_t function, uint64_t a, uint64_t b, uint64_t c);
#endif
#endif
