/* SPDX-License-Identifier: MIT */
/* User mode's AVX and AVX-512 registers outlive timer interrupts (SDM vol. 1, 13.3 and 14.2). */
#include "guest.h"

#include "arch.h"

static uint8_t image[32 * 64], after[32 * 64];
static volatile uint64_t xcr0;

#define EACH16(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define EACH32(X) \
	EACH16(X) \
	X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)
#define LOADY(n) "vmovdqu 32*" #n "(%0), %%ymm" #n "\n"
#define SAVEY(n) "vmovdqu %%ymm" #n ", 32*" #n "(%1)\n"
#define LOADZ(n) "vmovdqu64 64*" #n "(%0), %%zmm" #n "\n"
#define SAVEZ(n) "vmovdqu64 %%zmm" #n ", 64*" #n "(%1)\n"
#define UNTIL "mov %3, %%eax\n1: cmp %%eax, (%2)\nje 1b\n"

static void ymm(void)
{
	__asm__ volatile(EACH16(LOADY) UNTIL EACH16(SAVEY) "vzeroupper\nud2"
			 :
			 : "r"(image), "r"(after), "r"(&runtime_irqs[IRQ_TIMER]), "r"(arch_vectors_from)
			 : "eax", "memory");
}

static void zmm(void)
{
	__asm__ volatile(EACH32(LOADZ) UNTIL EACH32(SAVEZ) "vzeroupper\nud2"
			 :
			 : "r"(image), "r"(after), "r"(&runtime_irqs[IRQ_TIMER]), "r"(arch_vectors_from)
			 : "eax", "memory");
}

static void round_trip(const char *name, void (*user)(void), unsigned bytes)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < bytes; i++) {
		image[i] = (uint8_t)(i * 37 + 11);
		after[i] = 0;
	}
	arch_vectors_from = runtime_irqs[IRQ_TIMER];
	arch_timer(arch_counter_hz / 500);
	SAME(name, arch_user(user), TRAP_UNDEFINED);
	arch_timer(0);
	for (unsigned i = 0; i < bytes; i++)
		wrong += image[i] != after[i];
	SAME(name, wrong, 0);
}

int guest_main(void)
{
	struct cpuid one = cpuid(1, 0), seven = cpuid(7, 0), d;

	if (!(one.c >> 26 & 1) || !(one.c >> 28 & 1)) {
		runtime_skip("avx", "CPUID offers neither XSAVE nor AVX");
		return 0;
	}
	d = cpuid(0xd, 0);
	xcr0 = d.a & 0xe7;
	__asm__ volatile("mov %%cr4, %%rax; bts $18, %%rax; mov %%rax, %%cr4" : : : "rax");
	__asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)xcr0), "d"(0));
	round_trip("avx", ymm, 16 * 32);
	if ((xcr0 & 0xe0) == 0xe0 && (seven.b >> 16 & 1))
		round_trip("avx512", zmm, 32 * 64);
	else
		runtime_skip("avx512", "CPUID does not offer it");
	return 0;
}
