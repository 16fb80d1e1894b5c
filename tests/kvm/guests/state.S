/* SPDX-License-Identifier: MIT */
/*
 * A long sum over all general and the SSE registers, stopped halfway: what comes out must not depend on
 * which vCPU ran which half. With GENERAL_ONLY the general ones alone, where the others can't run at CPL 0.
 */
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
#ifndef GENERAL_ONLY
	paddq %xmm0, %xmm1
	pxor %xmm1, %xmm2
	paddd %xmm2, %xmm15
	movq %rax, %xmm0
	fldl (%rsp)
	fadd %st(1), %st
	fstpl (%rsp)
#endif
.endm
_start:
#ifndef GENERAL_ONLY
	fninit
	fld1
	fldpi
	push $0
#endif
	mov $0x1234567, %rax
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
#ifndef GENERAL_ONLY
	movdqu %xmm1, 32(%rdi)
	movdqu %xmm2, 48(%rdi)
	movdqu %xmm15, 64(%rdi)
	pop %rax
	mov %rax, 80(%rdi)
#endif
	done_mmio $0x600d000e
