/* SPDX-License-Identifier: MIT */
/* Exceptions in kernel mode and out of user mode, with what the processor says about each. */
#include "guest.h"

static void reads_nowhere(void)
{
	(void)*(volatile uint32_t *)NOWHERE;
}

static void writes_nowhere(void)
{
	*(volatile uint16_t *)(NOWHERE + 0x1238) = 1;
}

static void returns(void)
{
}

static void memory(uint32_t kind, uint64_t address, uint32_t write)
{
	SAME("trap-memory", kind, TRAP_MEMORY);
	SAME("trap-memory-address", runtime_trap.address, address);
	SAME("trap-memory-write", runtime_trap.write, write);
}

int guest_main(void)
{
	SAME("trap-none", arch_try(returns), TRAP_NONE);
	SAME("trap-undefined", arch_try(arch_do_undefined), TRAP_UNDEFINED);
	SAME("trap-undefined-address", runtime_trap.pc, (uintptr_t)arch_do_undefined);
	SAME("trap-breakpoint", arch_try(arch_do_breakpoint), TRAP_BREAKPOINT);
	memory(arch_try(reads_nowhere), NOWHERE, 0);
	memory(arch_try(writes_nowhere), NOWHERE + 0x1238, 1);
	SAME("trap-user-undefined", arch_user(arch_do_undefined), TRAP_UNDEFINED);
	memory(arch_user(reads_nowhere), NOWHERE, 0);
	memory(arch_user(writes_nowhere), NOWHERE + 0x1238, 1);
	return 0;
}
