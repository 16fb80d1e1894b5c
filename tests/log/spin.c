// SPDX-License-Identifier: MIT
/* Computes for about a second, for a profiler. */
#include "guest.h"

int guest_main(void)
{
	uint64_t from = arch_counter(), x = 1;

	while (arch_since(from) < arch_counter_hz)
		for (unsigned i = 0; i < 100000; i++)
			x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
	CHECK(x != 0, "spun");
	return 0;
}
