/* SPDX-License-Identifier: MIT */
/*
 * Input 5 of the I/O APIC, edge- or level-triggered as the word at OUT_AREA + 16 says: sleeps until it has been
 * interrupted three times. A write to PORT_LOG when it is ready, and after each end of interrupt.
 */
#include "macros.S"
	.code64
	.globl _start
_start:	setvec VECTOR, intr
	no_8259
	lapic_on
	mov $0xfec00000, %esi
	movl $0x1b, (%rsi)
	movl $0, 0x10(%rsi)
	movl $0x1a, (%rsi)
	mov OUT_AREA + 16, %eax
	or $VECTOR, %eax
	mov %eax, 0x10(%rsi)
	mov $PORT_LOG, %edx
	xor %eax, %eax
	out %al, %dx
1:	sti
	hlt
	cli
	cmpl $3, OUT_AREA
	jb 1b
	done $0x600d0017
intr:	incl OUT_AREA
	movl $0, 0xb0(%rbx)
	mov $PORT_LOG, %edx
	xor %eax, %eax
	out %al, %dx
	iretq
