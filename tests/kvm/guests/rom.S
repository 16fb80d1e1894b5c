/* SPDX-License-Identifier: MIT */
/* Read-only memory: reads are memory, writes are a device's. */
#include "macros.S"
	.code64
	.globl _start
_start:	mov $ROM, %ebx
	mov (%rbx), %rax
	mov %rax, OUT_AREA
	movl $0x12345678, 16(%rbx)
	movb $0x9a, 0x1001(%rbx)
	mov 16(%rbx), %eax
	mov %rax, OUT_AREA + 8
	done_mmio $0x600d000d
