/* SPDX-License-Identifier: MIT */
/* Exceptions at CPL 0: each handler writes its vector, error code and address; the next case follows. */
#include "macros.S"
	.code64
	.globl _start
/* Without an error code, with one: both leave a record of 32 bytes at (%rbp) and go on at %rbx. */
.macro handler name, vector, code
\name:	movq $\vector, (%rbp)
	.if \code
	popq 8(%rbp)
	.else
	movq $-1, 8(%rbp)
	.endif
	mov (%rsp), %rax
	mov %rax, 16(%rbp)
	mov %cr2, %rax
	mov %rax, 24(%rbp)
	mov %rbx, (%rsp)
	add $32, %rbp
	iretq
.endm
_start:	mov $STACK, %esp
	setvec 0, de
	setvec 3, bp
	setvec 6, ud
	setvec 13, gp
	setvec 14, pf
	mov $OUT_AREA, %ebp
	lea 1f(%rip), %rbx
	xor %ecx, %ecx
	xor %edx, %edx
	mov $1, %eax
at_de:	div %ecx
1:	lea 1f(%rip), %rbx
at_ud:	ud2
1:	lea 1f(%rip), %rbx
at_bp:	int3
1:	lea 1f(%rip), %rbx
	mov $0x8000000000000000, %rcx
at_gp:	mov (%rcx), %eax
1:	lea 1f(%rip), %rbx
	mov $0x123456000, %rcx
at_pf:	movl $0, (%rcx)
1:	done $0x600d0009
handler de, 0, 0
handler ud, 6, 0
handler bp, 3, 0
handler gp, 13, 1
handler pf, 14, 1
	.balign 8
