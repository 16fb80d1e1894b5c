/* SPDX-License-Identifier: MIT */
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

/* 1 / 0 with that exception let in: it is pending until the next instruction that waits (SDM vol. 1, 8.7). */
static void x87_divides(void)
{
	static const uint16_t control = 0x037b;

	__asm__ volatile("fninit; fldcw %0; fld1; fldz; fdivrp; ud2" : : "m"(control));
}

static void x87_clears(void)
{
	__asm__ volatile("fninit; ud2");
}

static void set_cr0(uint64_t bits, uint64_t clear)
{
	uint64_t value;

	__asm__ volatile("mov %%cr0, %0" : "=r"(value));
	value = (value & ~clear) | bits;
	__asm__ volatile("mov %0, %%cr0" : : "r"(value) : "memory");
}

/* FWAIT does nothing, or lets one of two exceptions come: device not available, or the pending one. */
static void fwait(void)
{
	SAME("x86-fwait", arch_try(waits), TRAP_NONE);
	set_cr0(0xa, 0); /* MP, TS */
	SAME("x86-fwait-not-available", arch_try(waits), TRAP_FP);
	set_cr0(0, 8);
	SAME("x86-x87-divide", arch_user(x87_divides), TRAP_UNDEFINED);
	SAME("x86-fwait-pending", arch_try(waits), TRAP_FP);
	SAME("x86-fwait-address", runtime_trap.pc, (uintptr_t)waits);
	arch_user(x87_clears);
	SAME("x86-fwait-cleared", arch_try(waits), TRAP_NONE);
}

int guest_main(void)
{
	fwait();
	SAME("x86-divide", arch_try(divides), TRAP_DIVIDE);
	SAME("x86-not-canonical", arch_try(not_canonical), TRAP_PROTECTION);
	SAME("x86-not-canonical-code", runtime_trap.code, 0);
	SAME("x86-segment", arch_try(wrong_segment), TRAP_PROTECTION);
	SAME("x86-segment-code", runtime_trap.code, 0xf8);
	SAME("x86-user-divide", arch_user(divides), TRAP_DIVIDE);
	SAME("x86-user-not-canonical", arch_user(not_canonical), TRAP_PROTECTION);
	SAME("x86-user-halt", arch_user(halts), TRAP_PROTECTION);
	SAME("x86-user-port", arch_user(in_port), TRAP_PROTECTION);
	return 0;
}
