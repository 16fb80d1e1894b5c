/* SPDX-License-Identifier: MIT */
/* M-mode, from reset: a vector and a stack for each hart. a0: the hart. Guests of guests/riscv64/machine/ begin here. */
#include "landing.S"
	.section .text.head, "ax"
	.globl _start
_start:	la t0, vector
	csrw mtvec, t0
	li t0, 1 << 13			/* FS: initial */
	csrs mstatus, t0
	csrr s0, mhartid
	la sp, stacks
	slli t0, s0, 14
	add sp, sp, t0
	li t0, 1 << 14
	add sp, sp, t0
	mv a0, s0
	bnez s0, 1f
	call runtime_start
1:	call guest_cpu
2:	wfi
	j 2b

/* uint64_t machine_try(void (*fn)(void)): the cause of the trap that it ended in; MACHINE_NO_TRAP: it returned. Hart 0's. */
	.globl machine_try
machine_try:
	keep
	jalr a0
	li a0, -1
	j 1f
	.balign 4
vector:	csrr a0, mcause
	la t0, landing
	ld t1, 0(t0)
	bnez t1, 1f
	csrr a1, mepc
	call machine_unexpected
1:	land

/* void machine_below(void (*fn)(void), uint64_t mode): calls it in S-mode (1) or U-mode (0), where it ends in a trap; to be called by
 * machine_try(). */
	.globl machine_below
machine_below:
	csrw mepc, a0
	li t0, 3 << 11
	csrc mstatus, t0
	slli a1, a1, 11
	csrs mstatus, a1
	mret

	.bss
	.balign 16
landing:
	.skip 16
stacks:	.skip 2 << 14
	.section .note.GNU-stack, "", @progbits
