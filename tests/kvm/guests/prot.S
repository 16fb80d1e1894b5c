/* SPDX-License-Identifier: MIT */
/* 32-bit protected mode, entered there: the stack, calls, 64-bit sums by carry, string compare, shifts, multiply. */
#include "macros.S"
	.code32
	.globl _start
_start:	mov $STACK, %esp
	mov $0xffffffff, %eax
	xor %edx, %edx
	add $1, %eax
	adc $0, %edx
	mov %edx, OUT_AREA
	push $77
	call sub
	add $4, %esp
	mov %eax, OUT_AREA + 4
	mov $0x12345678, %eax
	mov $0x9abcdef0, %ecx
	mul %ecx
	mov %edx, OUT_AREA + 8
	mov %eax, OUT_AREA + 12
	mov $a, %esi
	mov $b, %edi
	mov $8, %ecx
	cld
	repe cmpsb
	mov %ecx, OUT_AREA + 16
	pushf
	pop %eax
	and $0x41, %eax
	mov %eax, OUT_AREA + 20
	done $0x600d0003
sub:	mov 4(%esp), %eax
	imul %eax, %eax
	ret
a:	.ascii "abcdeXgh"
b:	.ascii "abcdeYgh"
