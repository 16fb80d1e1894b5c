/* SPDX-License-Identifier: MIT */
/* Writes one byte of every third page of the second slot, reads all of them; after PORT_STOP every fifth, and again every third. */
#include "macros.S"
	.code64
	.globl _start
_start:	mov $3, %ebp
again:	mov $SLOT1, %edi
1:	movb $1, (%rdi)
	imul $0x1000, %ebp, %eax
	add %eax, %edi
	cmp $RAM_SIZE, %edi
	jb 1b
	mov $SLOT1, %edi
2:	mov 8(%rdi), %eax
	add $0x1000, %edi
	cmp $RAM_SIZE, %edi
	jb 2b
	xor $6, %ebp		/* 3, 5, 3 */
	mov $MMIO_STOP, %edi
	movl $0, (%rdi)
	incl OUT_AREA
	cmpl $3, OUT_AREA
	jb again
	done_mmio $0x600d000c
