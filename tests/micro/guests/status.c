/* SPDX-License-Identifier: MIT */
/* Prints a line and ends with a status. */
#include "guest.h"

int guest_main(void)
{
	put("a line of a guest\n");
	return 42;
}
