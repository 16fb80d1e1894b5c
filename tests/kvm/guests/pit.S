/* SPDX-License-Identifier: MIT */
/* Sleeps until the interval timer, at 100 Hz, has come twice by pin 2 of the I/O APIC; the 8259 must have seen it too. */
#include "macros.S"
	.code64
	.globl _start
_start:	setvec VECTOR, intr
	mov $0x11, %al		/* the master 8259, all masked */
	out %al, $0x20
	mov $0x20, %al
	out %al, $0x21
	mov $4, %al
	out %al, $0x21
	mov $1, %al
	out %al, $0x21
	no_8259
	lapic_on
	mov $0xfec00000, %esi
	movl $0x15, (%rsi)
	movl $0, 0x10(%rsi)
	movl $0x14, (%rsi)
	movl $VECTOR, 0x10(%rsi)
	mov $0x34, %al
	out %al, $0x43
	mov $0x9c, %al
	out %al, $0x40
	mov $0x2e, %al
	out %al, $0x40
1:	sti
	hlt
	cli
	cmpl $2, OUT_AREA
	jb 1b
	mov $0x0a, %al		/* the 8259's request register */
	out %al, $0x20
	in $0x20, %al
	test $1, %al
	jz 2f
	done $0x600d0019
2:	done $0xbad
intr:	incl OUT_AREA
	movl $0, 0xb0(%rbx)
	iretq
