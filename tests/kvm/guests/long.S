/* SPDX-License-Identifier: MIT */
/* 64-bit mode, at whatever privilege level: all registers, division, bit operations, a loop. Ends by MMIO. */
#include "macros.S"
	.code64
	.globl _start
_start:	mov $0x8000000000000001, %r8
	rol $4, %r8
	mov %r8, OUT_AREA
	mov $7, %r9
	imul $1000000007, %r9, %r10
	mov %r10, OUT_AREA + 8
	xor %edx, %edx
	mov $0x123456789abcdef, %rax
	mov $12345, %r11
	div %r11
	mov %rax, OUT_AREA + 16
	mov %rdx, OUT_AREA + 24
	xor %ebx, %ebx
	mov $1000, %ecx
1:	lea (%rbx, %rcx, 8), %rbx
	bt $3, %ecx
	adc $0, %rbx
	dec %ecx
	jnz 1b
	mov %rbx, OUT_AREA + 32
	mov %cs, %eax
	mov %eax, OUT_AREA + 40
	push %rbx
	pop %r15
	mov %r15, OUT_AREA + 48
	mov $MMIO_DONE, %edi
	mov $0x600d0004, %eax
	mov %eax, (%rdi)
2:	pause
	jmp 2b
