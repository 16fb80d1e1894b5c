/* SPDX-License-Identifier: MIT */
/* Several vCPUs add to one word; the last one ends. %esi: how many vCPUs, %ecx: how often each. */
#include "macros.S"
	.code64
	.globl _start
_start:	lock incq OUT_AREA
	mov $1, %eax
	lock xadd %eax, OUT_AREA + 8
	dec %ecx
	jnz _start
	mov $1, %eax
	lock xadd %eax, OUT_AREA + 16
	inc %eax
	mov $MMIO_DONE, %edi
	cmp %esi, %eax
	je 1f
	mov $MMIO_STOP, %edi
1:	movl $0x600d000b, (%rdi)
2:	pause
	jmp 2b
