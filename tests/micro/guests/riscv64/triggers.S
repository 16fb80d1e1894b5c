/* SPDX-License-Identifier: MIT */
/*
 * Debug triggers (The RISC-V Debug Specification 1.0, chapter 5), from M-mode: what is there of them, and where
 * they stop code of M, S and U mode. Each check says which exception came and for which address (expect), and
 * for which instruction (expect_at).
 */
#define PREFIX "triggers-"
#include "machine.S"

#define BREAK 3
#define CALL 8 /* + mode: nothing else happened */
#define FETCH_ACCESS 1
#define DATA 0x80100000 /* pages that nothing else uses */
#define U 0
#define S 1
#define M 3
#define MC(kinds) (6 << 60 | (kinds))
#define LOAD 1
#define STORE 2
#define EXECUTE 4
#define IN_U 0x08
#define IN_S 0x10
#define IN_M 0x40
#define NAPOT (1 << 7)
#define GE (2 << 7)
#define LT (3 << 7)
#define OFF (15 << 60)
#define MIE 8
#define SIE 2

	.macro trigger n, control, address
	li t0, \n
	csrw tselect, t0
	li t0, \address
	csrw tdata2, t0
	li t0, \control
	csrw tdata1, t0
	.endm
	.macro trigger_at n, control, label
	li t0, \n
	csrw tselect, t0
	la t0, \label
	csrw tdata2, t0
	li t0, \control
	csrw tdata1, t0
	.endm
	.macro off n
	li t0, \n
	csrw tselect, t0
	csrw tdata1, zero
	.endm
	/* In a mode, with an address in a1. */
	.macro run mode, what, address=0
	li a1, \address
	la a0, \what
	li a2, \mode
	call enter
	.endm
	.macro expect_label name, cause, label
	expect \name, \cause
	la a3, \label
	sub s10, s11, a3
	expect \name\()-address, 0
	.endm
	.macro expect_at name, label
	la a3, \label
	sub s10, s8, a3
	expect \name\()-pc, 0
	.endm
	.macro register name, csr, value
	csrr s10, \csr
	expect \name, \value
	.endm

	.text
	.globl _start
_start:	la t0, vector
	csrw mtvec, t0
	la t0, s_vector
	csrw stvec, t0
	la sp, stack
	li t0, -1
	csrw pmpaddr0, t0
	li t0, 0x1f
	csrw pmpcfg0, t0

	/* What is there. */
	register reset, tdata1, OFF
	register info, tinfo, (1 << 24 | 1 << 15 | 1 << 6)
	li t0, 3
	csrw tselect, t0
	register last, tselect, 3
	li t0, 4
	csrw tselect, t0
	register one-too-many, tselect, 3
	li t0, 2 << 60 | EXECUTE | IN_M
	csrw tdata1, t0
	register no-such-type, tdata1, OFF
	li t0, MC(1 << 12 | 1 << 11 | 1 << 16 | 1 << 22 | 1 << 59 | LOAD | IN_U | GE)
	csrw tdata1, t0
	register legal, tdata1, MC(LOAD | IN_U | GE)
	csrw tdata1, zero
	register zero-is-off, tdata1, OFF
	li t0, -3
	csrw tdata2, t0
	register value, tdata2, -3
	la s9, 1f
	li s10, NONE
	csrr t0, 0x7a5
1:	expect no-tcontrol, 2

	/* Instructions, by mode. */
	trigger_at 1, MC(EXECUTE | IN_U), u_third
	run U, u_three
	expect_label execute-U, BREAK, u_third
	expect_at execute-U, u_third
	mv s10, s6
	expect execute-before, 2
	run S, u_three
	expect execute-U-not-S, CALL + S
	trigger_at 1, MC(EXECUTE | IN_S), u_third
	run U, u_three
	expect execute-S-not-U, CALL + U
	run S, u_three
	expect_label execute-S, BREAK, u_third
	trigger_at 1, MC(EXECUTE | IN_M), u_third
	csrsi mstatus, MIE
	run M, u_three
	expect_label execute-M, BREAK, u_third
	csrci mstatus, MIE
	run M, u_three
	expect execute-M-not-in-handler, CALL + M
	off 1
	run U, u_three
	expect execute-off, CALL + U

	/* Delegated: not while S-mode has its interrupts off. */
	li t0, 1 << BREAK
	csrs medeleg, t0
	trigger_at 2, MC(EXECUTE | IN_S | IN_U), u_third
	csrci sstatus, SIE
	run S, u_three
	expect delegated-off, CALL + S
	csrsi sstatus, SIE
	run S, u_three
	expect_label delegated-S, BREAK, u_third
	csrci sstatus, SIE
	run U, u_three
	expect_label delegated-U, BREAK, u_third
	li t0, 1 << BREAK
	csrc medeleg, t0
	run S, u_three
	expect_label not-delegated, BREAK, u_third
	off 2

	/* A loop in the page of a trigger, and across pages; a compressed instruction; the next one. */
	trigger_at 0, MC(EXECUTE | IN_U), u_loop_end
	run U, u_loop
	expect_label loop, BREAK, u_loop_end
	mv s10, s6
	expect loop-ran, 3000
	off 0
	run U, u_loop
	expect loop-off, CALL + U
	trigger_at 0, MC(EXECUTE | IN_U), far_call
	run U, u_far
	expect_label far, BREAK, far_call
	mv s10, s6
	expect far-first, 101
	off 0
	run U, u_far
	expect far-off, CALL + U
	mv s10, s6
	expect far-ran, 101
	trigger_at 0, MC(EXECUTE | IN_U), u_half
	run U, u_compressed
	expect_label compressed, BREAK, u_half
	off 0
	trigger_at 0, MC(EXECUTE | IN_M), at_once
	li t1, MC(EXECUTE | IN_M)
	csrw tdata1, zero
	la s9, 1f
	li s10, NONE
	csrsi mstatus, MIE
	csrw tdata1, t1
at_once: li s10, 99
1:	csrci mstatus, MIE
	expect_label at-once, BREAK, at_once
	off 0
	/* Nothing can be fetched there; the trigger comes before. */
	li s11, 0
	run U, u_jump, 0x1000
	expect fetch-fault, FETCH_ACCESS, 0x1000
	trigger 0, MC(EXECUTE | IN_U), 0x1000
	run U, u_jump, 0x1000
	expect fetch-trigger, BREAK, 0x1000
	off 0

	/* Loads and stores: often before it, so that all of it is known and fast. */
	run U, u_load, DATA + 64
	run U, u_store, DATA + 64
	trigger 3, MC(LOAD | IN_U), DATA + 68
	run U, u_load, DATA + 64
	expect load, BREAK, DATA + 68
	expect_at load, u_load_at
	run U, u_store, DATA + 64
	expect load-not-store, CALL + U
	run U, u_load, DATA + 72
	expect load-next, CALL + U
	run U, u_load, DATA + 62
	expect load-misaligned, BREAK, DATA + 68
	run U, u_pairs, DATA
	expect load-shared-check, BREAK, DATA + 68
	run U, u_lr, DATA + 68
	expect load-LR, BREAK, DATA + 68
	run U, u_amo, DATA + 64
	expect load-AMO, BREAK, DATA + 68
	run S, u_load, DATA + 64
	expect load-not-S, CALL + S
	trigger 3, MC(STORE | IN_U | IN_S), DATA + 64
	run U, u_store, DATA + 64
	expect store, BREAK, DATA + 64
	expect_at store, u_store_at
	run U, u_load, DATA + 64
	expect store-not-load, CALL + U
	run S, u_amo, DATA + 64
	expect store-AMO, BREAK, DATA + 64
	/* LR and SC to the same word: SC is a store and no load. */
	trigger 3, MC(STORE | IN_U), DATA + 64
	run U, u_sc, DATA + 64
	expect store-SC, BREAK, DATA + 64
	expect_at store-SC, u_sc_at
	/* The page after it, of an access that goes into it. */
	trigger 3, MC(LOAD | STORE | IN_U), DATA + 0x1000
	run U, u_load, DATA + 0xffc
	expect load-across, BREAK, DATA + 0x1000
	run U, u_store, DATA + 0xffc
	expect store-across, BREAK, DATA + 0x1000
	run U, u_load, DATA + 0xff8
	expect load-not-across, CALL + U
	/* Where there is no memory: before the fault. */
	trigger 3, MC(LOAD | IN_U), 0x1000
	run U, u_load, 0x1000
	expect load-before-fault, BREAK, 0x1000
	off 3
	run U, u_load, 0x1000
	expect load-fault, 5, 0x1000

	/* Other matches. */
	trigger 3, MC(STORE | IN_U | NAPOT), (DATA + 0x100 + 7)
	run U, u_store, DATA + 0x108
	expect napot-last, BREAK, DATA + 0x108
	run U, u_store, DATA + 0x100
	expect napot-first, BREAK, DATA + 0x100
	run U, u_store, DATA + 0x110
	expect napot-next, CALL + U
	run U, u_store, DATA + 0xf8
	expect napot-before, CALL + U
	trigger 3, MC(STORE | IN_U | GE), DATA + 0x200
	run U, u_store, DATA + 0x1f8
	expect greater-before, CALL + U
	run U, u_store, DATA + 0x80200
	expect greater, BREAK, DATA + 0x80200
	trigger 3, MC(STORE | IN_U | LT), DATA + 0x200
	run U, u_one, DATA + 0x200
	expect less-next, CALL + U
	run U, u_one, DATA + 0x1f8
	expect less, BREAK, DATA + 0x1f8
	off 3
	run U, u_store, DATA + 0x1f8
	expect off-at-last, CALL + U

	j finish

/* To where s9 says, with what came: in S-mode, from S-mode over an ECALL's arguments, or in M-mode. */
	.balign 4
vector:	mv s6, t1			/* what the code counted */
	csrr s10, mcause
	csrr s11, mtval
	csrr s8, mepc
	li t0, CALL + S
	bne s10, t0, 1f
	beqz s7, 1f
	mv s10, s7			/* s_vector's */
	csrr s11, stval
	csrr s8, sepc
1:	li s7, 0
	jr s9
	.balign 4
s_vector: csrr s7, scause
	ecall

/* a0: code, a2: its mode. Back by a trap. mstatus.MIE and SIE are as they were. */
enter:	mv s9, ra
	li s7, 0
	li s10, NONE
	csrw mepc, a0
	li t0, 3 << 11
	csrc mstatus, t0
	slli t0, a2, 11
	csrs mstatus, t0
	li t0, 1 << 7			/* MPIE: MIE */
	csrc mstatus, t0
	csrr t1, mstatus
	andi t1, t1, MIE
	slli t1, t1, 4
	csrs mstatus, t1
	li t1, 0
	mret

	.option push
	.option norvc
u_three: addi t1, t1, 1
	addi t1, t1, 1
u_third: addi t1, t1, 1
	ecall
u_loop:	li t2, 3000
1:	addi t1, t1, 1
	addi t2, t2, -1
	bnez t2, 1b
u_loop_end: ecall
u_far:	li t2, 100
	la t3, far
1:	addi t1, t1, 1
	jalr ra, t3
	addi t2, t2, -1
	bnez t2, 1b
	la t3, far_call
	addi t1, t1, 1
	jalr ra, t3
	ecall
u_jump:	jr a1
u_load:	li t2, 100
1:	ld t0, 8(sp)
u_load_at: ld t0, 0(a1)
	addi t2, t2, -1
	bnez t2, 1b
	ecall
u_store: li t2, 100
1:	sd t0, 8(sp)
u_store_at: sd zero, 0(a1)
	addi t2, t2, -1
	bnez t2, 1b
	ecall
u_one:	sd zero, 0(a1)
	ecall
u_pairs: ld t0, 0(a1)
	ld t0, 16(a1)
	ld t0, 32(a1)
	ld t0, 64(a1)
	ld t0, 80(a1)
	ecall
u_lr:	lr.w t0, (a1)
	ecall
u_amo:	amoadd.d t0, zero, (a1)
	ecall
u_sc:	lr.d t0, (a1)
u_sc_at: sc.d t0, t0, (a1)
	ecall
	.option pop
	.option rvc
u_compressed: c.addi t1, 1
u_half:	c.addi t1, 1
	ecall

	.balign 4096
	.skip 2048
	.option norvc
far:	ret
far_call: addi t1, t1, 0
	ret
	.option rvc

	.section .data
	.balign 4096
	.skip 4096
stack:	.skip 16
	.section .note.GNU-stack, "", @progbits
