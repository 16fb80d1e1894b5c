/* SPDX-License-Identifier: MIT */
/* From real mode by itself through protected mode to 64-bit mode (SDM vol. 3 10.8.5, 10.9). */
#include "macros.S"
	.code16
	.globl _start
_start:	cli
	xor %ax, %ax
	mov %ax, %ds
	movl $0x11, OUT_AREA
	lgdtl gdtr
	mov %cr0, %eax
	or $1, %eax
	mov %eax, %cr0
	ljmpl $SEL_CODE32, $protected
gdtr:	.word SEL_TSS + 15
	.long GDT
	.code32
protected:
	mov $SEL_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $STACK, %esp
	movl $0x22, OUT_AREA + 4
	mov $0x20, %eax
	mov %eax, %cr4
	mov $TABLES, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx
	rdmsr
	or $0x100, %eax
	wrmsr
	mov %cr0, %eax
	or $0x80000000, %eax
	mov %eax, %cr0
	ljmp $SEL_CODE64, $longmode
	.code64
longmode:
	mov $0x123456789abcdef0, %r15
	mov %r15, OUT_AREA + 8
	done $0x600d0002
