/* SPDX-License-Identifier: MIT */
/* The local APIC's timer, one-shot, of 100 ms: armed, then a write to PORT_LOG; sleeps until VECTOR has come. */
#include "macros.S"
	.code64
	.globl _start
_start:	setvec VECTOR, intr
	no_8259
	lapic_on
	movl $0xb, 0x3e0(%rbx)
	movl $VECTOR, 0x320(%rbx)
	movl $100000000, 0x380(%rbx)
	mov $PORT_LOG, %edx
	xor %eax, %eax
	out %al, %dx
1:	sti
	hlt
	cli
	cmpl $1, OUT_AREA
	jb 1b
	mov 0x390(%rbx), %eax	/* it has run out */
	mov %eax, OUT_AREA + 4
	done $0x600d0018
intr:	incl OUT_AREA
	movl $0, 0xb0(%rbx)
	iretq
