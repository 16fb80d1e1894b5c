/* SPDX-License-Identifier: MIT */
/* From 32-bit protected mode (PVH), or real mode after a start-up interrupt, to 64-bit mode. */
#include "arch.h"
#include "pvh.S"
	.macro to_long stack
	mov $tables, %eax
	mov %eax, %cr3
	mov $0x620, %eax		/* PAE, OSFXSR, OSXMMEXCPT */
	mov %eax, %cr4
	mov $0xc0000080, %ecx
	mov $0x101, %eax		/* LME, SCE */
	xor %edx, %edx
	wrmsr
	mov $\stack, %esp
	mov $0x80000033, %eax		/* PG, NE, ET, MP, PE */
	mov %eax, %cr0
	.endm

	.code32
	.globl _start
_start:	cld
	lgdt gdt_pointer
	to_long stack0
	ljmp $SEL_KERNEL, $1f
	.code64
1:	call segments
	mov $SEL_TSS, %eax
	xor %edi, %edi
	call arch_start
	call runtime_start
2:	hlt
	jmp 2b
segments:
	mov $SEL_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	ret

/* Copied to 0x8000: real mode, CS = 0x800. */
	.globl trampoline, trampoline_end
	.code16
trampoline:
	cli
	xor %ax, %ax
	mov %ax, %ds
	lgdtl %cs:(low_pointer - trampoline)
	mov $1, %eax
	mov %eax, %cr0
	ljmpl $SEL_CODE32, $ap32
low_pointer:
	.word gdt_end - gdt - 1
	.long gdt
trampoline_end:
	.code32
ap32:	mov $SEL_DATA, %eax
	mov %eax, %ds
	mov %eax, %ss
	to_long stack1
	ljmp $SEL_KERNEL, $1f
	.code64
1:	call segments
	mov $1, %edi
	call arch_start
	mov $1, %edi
	call guest_cpu
2:	cli
	hlt
	jmp 2b

/* ---- traps and interrupts: a frame of registers, vector, error code and what the processor pushed ---- */
	.macro stub vector
	.if (\vector == 8) || ((\vector >= 10) && (\vector <= 14)) || (\vector == 17)
	.else
	push $0
	.endif
	push $\vector
	jmp common
	.balign 16
	.endm
	.globl stubs
	.balign 16
stubs:	.set v, 0
	.rept VECTORS
	stub v
	.set v, v + 1
	.endr
common:	push %rax
	push %rcx
	push %rdx
	push %rbx
	push %rbp
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, %rdi
	cld
	call arch_vector
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rdi
	pop %rsi
	pop %rbp
	pop %rbx
	pop %rdx
	pop %rcx
	pop %rax
	add $16, %rsp
	iretq

	.macro keep
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, landing
	.endm
	.globl arch_try, arch_user, arch_land
arch_try:
	keep
	call *%rdi
	xor %eax, %eax
	jmp 1f
/* A trap ends here, on CPU 0, whatever its level was. */
arch_land:
	mov $SEL_DATA, %eax
	mov %eax, %ss
	mov runtime_trap, %eax
1:	mov landing, %rsp
	movq $0, landing
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
arch_user:
	keep
	mov %rsp, tss0 + 4
	push $(SEL_USER_DATA | 3)
	push $user_stack
	push $0x202
	push $(SEL_USER | 3)
	push %rdi
	iretq

	.globl arch_do_undefined, arch_do_breakpoint, arch_do_call
arch_do_undefined:
	ud2
	ret
arch_do_breakpoint:
	int3
	ret
arch_do_call:
	int $VECTOR_CALL
	ret

/* 16 registers of 128 bits: the value is the number in every byte, with one bit for each lane. */
	.globl arch_vectors
arch_vectors:
	fninit
	fldpi
	.set i, 0
	.rept 16
	mov $(0x0101010101010101 * (i + 1)), %rax
	mov %rax, %rcx
	not %rcx
	push %rcx
	push %rax
	.set i, i + 1
	.endr
	.irp n, 15,14,13,12,11,10,9,8,7,6,5,4,3,2,1,0
	movdqu (%rsp), %xmm\n
	add $16, %rsp
	.endr
	mov arch_vectors_from(%rip), %eax
1:	cmp %eax, runtime_irqs(%rip)
	je 1b
	sub $256, %rsp
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	movdqu %xmm\n, 16 * \n(%rsp)
	.endr
	xor %ebx, %ebx
	xor %ecx, %ecx
2:	mov %ecx, %eax
	inc %eax
	mov $0x0101010101010101, %rdx
	imul %rdx, %rax
	mov %ecx, %esi
	shl $4, %esi
	xor (%rsp, %rsi), %rax
	setne %dl
	mov %ecx, %eax
	inc %eax
	mov $0x0101010101010101, %rdi
	imul %rdi, %rax
	not %rax
	xor 8(%rsp, %rsi), %rax
	setne %al
	or %al, %dl
	movzbl %dl, %edx
	shl %cl, %edx
	or %edx, %ebx
	inc %ecx
	cmp $16, %ecx
	jb 2b
	fldpi
	fcomip %st(1), %st
	je 3f
	bts $16, %ebx
3:	mov %rbx, arch_vectors_bad(%rip)
	ud2

	.data
	.balign 16
	.globl gdt, tss0, tss1
gdt:	.quad 0
	.quad 0x00af9b000000ffff	/* 0x08: kernel, 64 bits */
	.quad 0x00cf93000000ffff	/* 0x10: its data */
	.quad 0x00cffb000000ffff	/* 0x18: user, 32 bits: where SYSRET counts from */
	.quad 0x00cff3000000ffff	/* 0x20: user data */
	.quad 0x00affb000000ffff	/* 0x28: user, 64 bits */
	.quad 0, 0, 0, 0		/* 0x30, 0x40: TSS of CPU 0 and 1 */
	.quad 0x00cf9b000000ffff	/* 0x50: kernel, 32 bits */
gdt_end:
gdt_pointer:
	.word gdt_end - gdt - 1
	.long gdt
	.balign 16
tss0:	.fill 104
	.balign 16
tss1:	.fill 104
	.balign 4096
tables:	.quad pointers + 7
	.fill 511, 8
pointers:
	.quad directories + 7, directories + 0x1007, directories + 0x2007, directories + 0x3007
	.fill 508, 8
directories:
	.set i, 0
	.rept 2048
	.quad (i << 21) | 0x87
	.set i, i + 1
	.endr
	.bss
	.balign 16
	.globl landing
landing:
	.skip 8
	.balign 4096
	.skip 8192
stack0:	.skip 8192
stack1:	.skip 8192
user_stack:
	.section .note.GNU-stack, "", @progbits
