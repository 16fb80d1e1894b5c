/* SPDX-License-Identifier: MIT */
/* Has each thread of the probe (probe.c) try its calls, and waits for it. */
#include "guest.h"

#define PROBE UINT64_C(0x0c000000) /* the first window of board-virt for a device that -p names */

int guest_main(void)
{
	for (unsigned thread = 1; thread <= 3; thread++) {
		mmio_write(PROBE, 4, thread);
		while (mmio_read(PROBE, 4) < thread)
			arch_pause();
	}
	return 0;
}
