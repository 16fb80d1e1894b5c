/* SPDX-License-Identifier: MIT */
/* CPUID of what the pairs (EAX, ECX) at OUT_AREA + 0x100 ask for, until one is -1; answers at OUT_AREA + 0x200. */
#include "macros.S"
	.code64
	.globl _start
_start:	mov $(OUT_AREA + 0x100), %esi
	mov $(OUT_AREA + 0x200), %edi
1:	mov (%rsi), %eax
	mov 4(%rsi), %ecx
	cmp $-1, %eax
	je 2f
	cpuid
	mov %eax, (%rdi)
	mov %ebx, 4(%rdi)
	mov %ecx, 8(%rdi)
	mov %edx, 12(%rdi)
	add $8, %rsi
	add $16, %rdi
	jmp 1b
2:	done $0x600d0018
