/* SPDX-License-Identifier: MIT */
/* Interrupts come only where RFLAGS.IF lets them: with a request pending all along, none in the closed part. */
#include "macros.S"
	.code64
	.globl _start
_start:	setvec VECTOR, intr
	mov $PORT_LOG, %edx
	xor %eax, %eax
	out %al, %dx		/* the test raises the request here */
	mov $200, %ecx
1:	dec %ecx
	jnz 1b
	mov OUT_AREA, %eax
	mov %eax, OUT_AREA + 8
	sti
	mov $20000, %ecx	/* at once on a processor; KVM's emulator looks less often */
1:	cmpl $0, OUT_AREA
	jne 2f
	dec %ecx
	jnz 1b
2:	cli
	mov OUT_AREA, %eax
	mov %eax, OUT_AREA + 16
	done $0x600d0008
intr:	incl OUT_AREA
	iretq
