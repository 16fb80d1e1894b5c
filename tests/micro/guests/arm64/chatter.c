/* SPDX-License-Identifier: MIT */
/* Prints lines for ever, for tests of an output that goes away. */
#include "guest.h"

int guest_main(void)
{
	for (;;)
		put("a line of a guest that goes on printing\n");
}
