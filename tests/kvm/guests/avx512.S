/* SPDX-License-Identifier: MIT */
/* The same for 512-bit registers, a high one among them, and a mask. */
#include "macros.S"
	.code64
	.globl _start
_start:	vpternlogd $0xff, %zmm14, %zmm14, %zmm14
	mov $OUT_AREA, %edi
	vpsubd %zmm14, %zmm0, %zmm0
	vpsubd %zmm14, %zmm31, %zmm31
	vmovdqu32 %zmm0, (%rdi)
	vmovdqu32 %zmm31, 64(%rdi)
	kmovw %k3, 128(%rdi)
	done_mmio $0x600d0010
