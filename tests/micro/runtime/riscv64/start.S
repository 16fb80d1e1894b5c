/* SPDX-License-Identifier: MIT */
/* S-mode, from a kernel's entry or SBI's: address translation, a vector, a stack. a0: the hart. */
#include "arch.h"
#include "landing.S"
	.section .text.head, "ax"
	.globl _start
_start:	j start
	.balign 8
	.quad 0x200000			/* text_offset */
	.quad image_end - _start
	.quad 0, 2, 0
	.ascii "RISCV\0\0\0"
	.ascii "RSC\x05"
	.long 0

	.text
start:	la t0, bss
	la t1, image_end
1:	sd zero, 0(t0)
	addi t0, t0, 8
	bltu t0, t1, 1b
	la sp, stack0
	li s0, 0
	j 1f
	.globl arch_secondary
arch_secondary:
	la sp, stack1
	li s0, 1
1:	la t0, vector
	csrw stvec, t0
	csrw sscratch, zero
	la t0, table
	srli t0, t0, 12
	li t1, 8 << 60			/* Sv39 */
	or t0, t0, t1
	sfence.vma
	csrw satp, t0
	sfence.vma
	li t0, 1 << 13			/* FS: initial */
	csrs sstatus, t0
	mv a0, s0
	call arch_start
	bnez s0, 2f
	call runtime_start
2:	mv a0, s0
	call guest_cpu
	li a7, 0x48534d			/* SBI HSM hart_stop */
	li a6, 1
	ecall
	j .

/* sscratch: 0 in the kernel, its stack while user mode runs. */
	.balign 4
vector:	csrrw sp, sscratch, sp
	bnez sp, 1f
	csrrw sp, sscratch, zero
	addi sp, sp, -160
	sd t0, 0(sp)
	addi t0, sp, 160
	j 2f
1:	addi sp, sp, -160
	sd t0, 0(sp)
	csrrw t0, sscratch, zero
2:	sd t0, 8(sp)			/* the stack pointer that was */
	sd ra, 16(sp)
	sd t1, 24(sp)
	sd t2, 32(sp)
	sd t3, 40(sp)
	sd t4, 48(sp)
	sd t5, 56(sp)
	sd t6, 64(sp)
	sd a0, 72(sp)
	sd a1, 80(sp)
	sd a2, 88(sp)
	sd a3, 96(sp)
	sd a4, 104(sp)
	sd a5, 112(sp)
	sd a6, 120(sp)
	sd a7, 128(sp)
	call arch_vector
	csrr t0, sstatus
	andi t0, t0, 1 << 8		/* SPP */
	bnez t0, 3f
	addi t0, sp, 160
	csrw sscratch, t0
3:	ld ra, 16(sp)
	ld t1, 24(sp)
	ld t2, 32(sp)
	ld t3, 40(sp)
	ld t4, 48(sp)
	ld t5, 56(sp)
	ld t6, 64(sp)
	ld a0, 72(sp)
	ld a1, 80(sp)
	ld a2, 88(sp)
	ld a3, 96(sp)
	ld a4, 104(sp)
	ld a5, 112(sp)
	ld a6, 120(sp)
	ld a7, 128(sp)
	ld t0, 0(sp)
	ld sp, 8(sp)
	sret

	.globl arch_try, arch_user, arch_land
arch_try:
	keep
	jalr a0
	li a0, 0
	j 1f
arch_land:
	lwu a0, runtime_trap
1:	land
arch_user:
	keep
	csrw sscratch, sp
	li t1, ALIAS
	add a0, a0, t1
	csrw sepc, a0
	la sp, user_stack
	add sp, sp, t1
	li t0, 1 << 8			/* SPP: user */
	csrc sstatus, t0
	li t0, 1 << 5			/* SPIE */
	csrs sstatus, t0
	sret

	.globl arch_do_undefined, arch_do_breakpoint, arch_do_call
arch_do_undefined:
	.word 0
	ret
arch_do_breakpoint:
	ebreak
	ret
arch_do_call:
	ecall
	ret

	.globl arch_vectors
arch_vectors:
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	li t0, (\n + 1) * 0x0101010101010101
	fmv.d.x f\n, t0
	.endr
	lla t1, runtime_irqs
	lla t2, arch_vectors_from
	lw t2, 0(t2)
1:	lw t3, 0(t1)
	beq t2, t3, 1b
	li t4, 0
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	li t0, (\n + 1) * 0x0101010101010101
	fmv.x.d t5, f\n
	xor t0, t0, t5
	snez t0, t0
	slli t0, t0, \n
	or t4, t4, t0
	.endr
	lla t1, arch_vectors_bad
	sd t4, 0(t1)
	ecall

	.data
	.balign 4096
/* Gibibytes: 0 devices, 2 memory, 6 memory for user mode (privileged manual, 10.4.1). */
table:	.quad 0x00000000 >> 2 | 0xc7
	.quad 0
	.quad 0x80000000 >> 2 | 0xcf
	.quad 0, 0, 0
	.quad 0x80000000 >> 2 | 0xdf
	.fill 505, 8
	.bss
	.balign 16
	.globl landing
landing:
	.skip 16
	.skip 16384
stack0:	.skip 16384
stack1:	.skip 16384
user_stack:
	.section .note.GNU-stack, "", @progbits
