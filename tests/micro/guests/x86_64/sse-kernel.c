/* SPDX-License-Identifier: MIT */
/* Kernel mode may use the vector registers too. */
#include "guest.h"

#include "arch.h"

static uint64_t in[2] = {0x1111222233334444, 0x5555666677778888}, out[2];

int guest_main(void)
{
	__asm__ volatile("movdqu %1, %%xmm3; paddd %%xmm3, %%xmm3; movdqu %%xmm3, %0" : "=m"(out) : "m"(in));
	SAME("sse-kernel-low", out[0], 0x2222444466668888);
	SAME("sse-kernel-high", out[1], 0xaaaacccceeef1110);
	return 0;
}
