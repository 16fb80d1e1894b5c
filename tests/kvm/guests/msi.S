/* SPDX-License-Identifier: MIT */
/* Sleeps until the local APIC in the kernel delivers VECTOR, twice. */
#include "macros.S"
	.code64
	.globl _start
_start:	setvec VECTOR, intr
	lapic_on
	mov $PORT_LOG, %edx
	xor %eax, %eax
	out %al, %dx		/* ready */
1:	sti
	hlt
	cli
	cmpl $2, OUT_AREA
	jb 1b
	done $0x600d0013
intr:	incl OUT_AREA
	movl $0, 0xb0(%rbx)
	cmpl $2, OUT_AREA	/* one more would be taken before the next instruction, and so on for ever */
	jae 2f
	mov $PORT_LOG, %edx
	xor %eax, %eax
	out %al, %dx
	iretq
2:	mov $PORT_NONE, %edx	/* the end of interrupt is told before this goes on */
	out %al, %dx
	iretq
