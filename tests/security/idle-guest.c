/* SPDX-License-Identifier: MIT */
/* Sleeps until the machine is ended. */
#include "guest.h"

int guest_main(void)
{
	put("asleep\n");
	for (;;)
		arch_wait();
}
