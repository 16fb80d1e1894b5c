/* SPDX-License-Identifier: MIT */
/* CMPXCHG16B, where CPUID offers it to the kernel. */
#include "guest.h"

#include "arch.h"

static uint64_t pair[2] __attribute__((aligned(16))) = {1, 2};

static int exchange(uint64_t low, uint64_t high)
{
	uint8_t same;

	__asm__ volatile("lock cmpxchg16b %0; sete %1"
			 : "+m"(pair), "=q"(same), "+a"(low), "+d"(high)
			 : "b"(low + 10), "c"(high + 10)
			 : "memory");
	return same;
}

int guest_main(void)
{
	if (!(cpuid(1, 0).c >> 13 & 1)) {
		runtime_skip("cx16",
			     "CPUID does not offer it: KVM's emulator, which runs kernel mode here, has "
			     "no such instruction");
		return 0;
	}
	SAME("cx16-same", exchange(1, 2), 1);
	SAME("cx16-new", pair[0] << 8 | pair[1], 11 << 8 | 12);
	SAME("cx16-other", exchange(1, 2), 0);
	return 0;
}
