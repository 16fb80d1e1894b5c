/* SPDX-License-Identifier: MIT */
/* Rings doorbells: five writes of 4 bytes at MMIO_BELL, and of other widths and values beside it; a port. */
#include "macros.S"
	.code64
	.globl _start
_start:	mov $MMIO_BELL, %ebx
	mov $5, %ecx
1:	mov %ecx, (%rbx)
	dec %ecx
	jnz 1b
	movw $1, (%rbx)
	movl $7, 8(%rbx)
	movl $8, 8(%rbx)
	movl $8, 8(%rbx)
	mov $PORT_BELL, %edx
	mov $3, %eax
	out %al, %dx
	done_mmio $0x600d0016
