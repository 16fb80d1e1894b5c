/* SPDX-License-Identifier: MIT */
/* Adds one to every 32-bit lane of the 256-bit registers 0..15, which the test has filled, and writes them. */
#include "macros.S"
	.code64
	.globl _start
_start:	vpcmpeqd %ymm14, %ymm14, %ymm14
	mov $OUT_AREA, %edi
	vpsubd %ymm14, %ymm0, %ymm0
	vpsubd %ymm14, %ymm7, %ymm7
	vpsubd %ymm14, %ymm15, %ymm15
	vmovdqu %ymm0, (%rdi)
	vmovdqu %ymm7, 32(%rdi)
	vmovdqu %ymm15, 64(%rdi)
	done_mmio $0x600d000f
