/* SPDX-License-Identifier: MIT */
/* The same for the 128-bit registers, and an x87 sum. */
#include "macros.S"
	.code64
	.globl _start
_start:	pcmpeqd %xmm14, %xmm14
	mov $OUT_AREA, %edi
	psubd %xmm14, %xmm0
	psubd %xmm14, %xmm7
	psubd %xmm14, %xmm15
	movdqu %xmm0, (%rdi)
	movdqu %xmm7, 16(%rdi)
	movdqu %xmm15, 32(%rdi)
	fldpi
	fld1
	faddp
	fstpl 48(%rdi)
	stmxcsr 56(%rdi)
	done_mmio $0x600d0011
