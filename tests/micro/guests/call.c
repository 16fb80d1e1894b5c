/* SPDX-License-Identifier: MIT */
/* A system call and a breakpoint out of user mode, and back again, often. */
#include "guest.h"

int guest_main(void)
{
	unsigned good = 0;

	for (unsigned i = 0; i < 50; i++)
		good += arch_user(arch_do_call) == TRAP_CALL;
	SAME("call", good, 50);
	SAME("call-breakpoint", arch_user(arch_do_breakpoint), TRAP_BREAKPOINT);
	return 0;
}
