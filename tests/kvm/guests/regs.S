/* SPDX-License-Identifier: MIT */
/* The same without vector and x87 registers, for who can't run those at CPL 0. */
#include "macros.S"
	.code64
	.globl _start
.macro mix
	imul $0x01000193, %rax, %rax
	xor %rax, %rbx
	rol $13, %rbx
	add %rbx, %rdx
	xor %rdx, %r8
	lea (%r8, %r9, 2), %r9
	add %r9, %r10
	rol $7, %r10
	xor %r10, %r11
	add %r11, %r12
	sub %r12, %r13
	xor %r13, %r14
	add %r14, %r15
	adc %r15, %rax
.endm
_start:	mov $0x1234567, %rax
	mov $0x89abcdef, %rbx
	mov $3, %r9
	mov $300, %ecx
1:	mix
	dec %ecx
	jnz 1b
	mov $MMIO_STOP, %edi
	movl $0, (%rdi)
	mov $300, %ecx
2:	mix
	dec %ecx
	jnz 2b
	mov $OUT_AREA, %edi
	mov %rax, (%rdi)
	mov %rbx, 8(%rdi)
	mov %rdx, 16(%rdi)
	mov %r15, 24(%rdi)
	mov $MMIO_DONE, %edi
	movl $0x600d000e, (%rdi)
3:	pause
	jmp 3b
