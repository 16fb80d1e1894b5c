/* SPDX-License-Identifier: MIT */
/* Device memory in all sizes, by different instructions, and an address without a device. */
#include "macros.S"
	.code64
	.globl _start
_start:	mov $OUT_AREA, %edi
	mov $MMIO_DEVICE, %ebx
	mov $0x1122334455667788, %rax
	mov %rax, (%rbx)
	mov (%rbx), %rcx
	mov %rcx, (%rdi)
	mov (%rbx), %ecx
	mov %rcx, 8(%rdi)
	movzwl (%rbx), %ecx
	mov %rcx, 16(%rdi)
	movzbl (%rbx), %ecx
	mov %rcx, 24(%rdi)
	movb $0x99, 1(%rbx)
	movw $0xaabb, 2(%rbx)
	movl $0xccddeeff, 4(%rbx)
	mov (%rbx), %rcx
	mov %rcx, 32(%rdi)
	movsbq 1(%rbx), %rcx
	mov %rcx, 40(%rdi)
	addl $1, 4(%rbx)
	mov 4(%rbx), %ecx
	mov %rcx, 48(%rdi)
	mov $5, %ecx
	xchg %ecx, 8(%rbx)
	mov 8(%rbx), %ecx
	mov %rcx, 56(%rdi)
	mov $MMIO_NONE, %ebx
	mov (%rbx), %rcx
	mov %rcx, 64(%rdi)
	mov %rcx, (%rbx)
	cmpl $-1, (%rbx)
	sete 72(%rdi)
	cld
	lea text(%rip), %rsi
	mov $MMIO_LOG, %edi
	mov $4, %ecx
1:	movsl
	sub $4, %edi
	loop 1b
	done_mmio $0x600d0006
text:	.ascii "sixteen bytes!!!"
