// SPDX-License-Identifier: MIT
/* Exceptions that only this architecture has: division, general protection; error codes. */
#include "guest.h"

#include "arch.h"

static void divides(void)
{
	__asm__ volatile("xor %%edx, %%edx; mov $1, %%eax; xor %%ecx, %%ecx; div %%ecx"
			 :
			 :
			 : "eax", "ecx", "edx");
}

static void not_canonical(void)
{
	(void)*(volatile uint32_t *)0x8000000000000000;
}

static void wrong_segment(void)
{
	__asm__ volatile("mov %0, %%fs" : : "r"(0xf8));
}

static void halts(void)
{
	__asm__ volatile("hlt");
}

static void in_port(void)
{
	(void)inb(SERIAL);
}

static void waits(void)
{
	__asm__ volatile("fwait");
}

int guest_main(void)
{
	SAME("x86-fwait", arch_try(waits), TRAP_NONE);
	SAME("x86-divide", arch_try(divides), TRAP_DIVIDE);
	SAME("x86-not-canonical", arch_try(not_canonical), TRAP_PROTECTION);
	SAME("x86-not-canonical-code", kit_trap.code, 0);
	SAME("x86-segment", arch_try(wrong_segment), TRAP_PROTECTION);
	SAME("x86-segment-code", kit_trap.code, 0xf8);
	SAME("x86-user-divide", arch_user(divides), TRAP_DIVIDE);
	SAME("x86-user-not-canonical", arch_user(not_canonical), TRAP_PROTECTION);
	SAME("x86-user-halt", arch_user(halts), TRAP_PROTECTION);
	SAME("x86-user-port", arch_user(in_port), TRAP_PROTECTION);
	return 0;
}
