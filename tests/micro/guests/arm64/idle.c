/* SPDX-License-Identifier: MIT */
/* Prints a line and waits for ever, for tests that end the machine from outside. */
#include "guest.h"

int guest_main(void)
{
	put("idle\n");
	for (;;)
		arch_wait();
}
