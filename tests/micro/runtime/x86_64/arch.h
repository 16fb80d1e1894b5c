/* SPDX-License-Identifier: MIT */
/* arch.h: x86-64 on the `pc` board. */
#ifndef VR_MICRO_ARCH_H
#define VR_MICRO_ARCH_H

#define SERIAL 0x3f8
#define PM_CONTROL 0x604
#define PM_TIMER 0x608
#define NOBODYS_PORT 0x5f0
#define NOBODYS_PAGE 0xfd000000ull
#define LAPIC 0xfee00000ull
#define IOAPIC 0xfec00000ull

#define SEL_KERNEL 0x08
#define SEL_DATA 0x10
#define SEL_USER_DATA 0x20
#define SEL_USER 0x28
#define SEL_TSS 0x30 /* and 0x40 */
#define SEL_CODE32 0x50

#define VECTOR_PIC 0x20
#define VECTOR_TIMER 0x40
#define VECTOR_DEVICE 0x41
#define VECTOR_IPI 0x42
#define VECTOR_FREE 0x43 /* guests' own, to 0x4f */
#define VECTOR_CALL 0x50
#define VECTOR_SPURIOUS 0x5f
#define VECTORS 0x60

#ifndef __ASSEMBLER__
#include <stdint.h>

#define PORT(letter, type)                                                                       \
	static inline void out##letter(uint16_t port, type value)                                \
	{                                                                                        \
		__asm__ volatile("out" #letter " %0, %1" : : "a"(value), "Nd"(port) : "memory"); \
	}                                                                                        \
	static inline type in##letter(uint16_t port)                                             \
	{                                                                                        \
		type value;                                                                      \
		__asm__ volatile("in" #letter " %1, %0" : "=a"(value) : "Nd"(port) : "memory");  \
		return value;                                                                    \
	}
PORT(b, uint8_t)
PORT(w, uint16_t)
PORT(l, uint32_t)

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return low | (uint64_t)high << 32;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

struct cpuid {
	uint32_t a, b, c, d;
};
static inline struct cpuid cpuid(uint32_t leaf, uint32_t index)
{
	struct cpuid r;

	__asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(index));
	return r;
}

static inline uint32_t lapic_read(uint32_t at)
{
	return *(volatile uint32_t *)(uintptr_t)(LAPIC + at);
}

static inline void lapic_write(uint32_t at, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)(LAPIC + at) = value;
}

uint32_t ioapic_read(uint32_t index);
void ioapic_write(uint32_t index, uint32_t value);
void ioapic_route(uint32_t pin, uint32_t vector, uint32_t flags); /* edge, high, unmasked, to CPU 0 */
void ioapic_mask(uint32_t pin);

/* A vector of VECTOR_PIC.. or VECTOR_FREE.. calls `fn` before its end-of-interrupt. */
extern void (*volatile vector_calls[VECTORS])(void);
/* Local APIC timer ticks (divided by 1) in so many ticks of the ACPI timer. */
uint32_t lapic_ticks(uint64_t ticks);
#endif
#endif
