/* SPDX-License-Identifier: MIT */
/* Sleeps in HLT until an interrupt comes, five times; counts interrupts at OUT_AREA, NMIs at OUT_AREA + 8. */
#include "macros.S"
	.code64
	.globl _start
_start:	setvec VECTOR, intr
	setvec 2, nmi
	movl $1, OUT_AREA + 16
1:	sti
	hlt
	cli
	mov OUT_AREA, %eax
	add OUT_AREA + 8, %eax
	cmp $5, %eax
	jb 1b
	done $0x600d0007
intr:	incl OUT_AREA
	iretq
nmi:	incl OUT_AREA + 8
	iretq
