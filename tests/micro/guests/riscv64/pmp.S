/* SPDX-License-Identifier: MIT */
/*
 * Physical memory protection, from M-mode, which nothing is below here: without the runtime, which lives in S-mode.
 * What S-mode did before with a page it may no longer do with the next instruction, and the other way round
 * (privileged manual, 3.7). Each check says which exception came, and for which address.
 */
#define PREFIX "pmp-"
#include "machine.S"

#define P0 0x80100000 /* pages for these checks alone */
#define P1 0x80101000
#define TABLE 0x80102000
#define FETCH 1
#define LOAD 5
#define STORE 7
#define CALL 9 /* from S-mode: nothing else happened */
#define R 1
#define W 2
#define X 4
#define NAPOT 0x18
#define L 0x80
#define PAGE(address) ((address) >> 2 | 0x1ff) /* pmpaddr */
#define ADUE (1 << 61)

	.macro cfg0 value		/* of entry 0; 1 gives all else away but where a check is about it */
	li t0, (\value) | (NAPOT | R | W | X) << 8
	csrw pmpcfg0, t0
	.endm
	.macro below what, address	/* in S-mode, with its address in a1 */
	li a1, \address
	la a0, \what
	call enter
	.endm
	.macro fetches address
	li a0, \address
	call enter
	.endm
	.text
	.globl _start
_start:	la t0, vector
	csrw mtvec, t0
	la sp, stack
	la t0, s_end			/* ECALL at the beginning of each page, to be called there */
	lwu t1, 0(t0)
	li t0, P0
	sd t1, 0(t0)
	li t0, P1
	sd t1, 0(t0)
	fence.i

	below s_load, P0
	expect off-S-has-nothing, FETCH
	li t0, -1
	csrw pmpaddr1, t0
	li t0, PAGE(P0)
	csrw pmpaddr0, t0
	cfg0 0
	below s_load, P0
	expect on-load, CALL
	below s_update, P0 + 64
	expect on-store, CALL
	fetches P0
	expect on-fetch, CALL
	below s_across, P0 - 4
	expect on-across, CALL

	/* Nothing: what was just done is refused. */
	cfg0 NAPOT
	below s_load, P0
	expect none-load, LOAD, P0
	below s_load, P0 + 0xff8
	expect none-load-end, LOAD, P0 + 0xff8
	below s_store, P0 + 64
	expect none-store, STORE, P0 + 64
	below s_amo, P0
	expect none-amo, STORE, P0
	fetches P0
	expect none-fetch, FETCH, P0
	below s_across, P0 - 4
	expect none-across, LOAD, P0
	below s_load, P1
	expect none-next-page, CALL
	below s_load, P0 - 8
	expect none-page-before, CALL
	li a1, P0
	call m_load
	expect none-M, NONE
	li a1, P0
	call m_as_s
	expect none-M-as-S, LOAD, P0

	cfg0 NAPOT | R
	below s_load, P0
	expect read-load, CALL
	below s_update, P0 + 64
	expect read-store, STORE, P0 + 64
	below s_amo, P0
	expect read-amo, STORE, P0
	fetches P0
	expect read-fetch, FETCH, P0
	cfg0 NAPOT | R | W
	below s_load, P0
	expect write-load, CALL
	below s_store, P0 + 64
	expect write-store, CALL
	below s_amo, P0
	expect write-amo, CALL
	fetches P0
	expect write-fetch, FETCH, P0
	cfg0 NAPOT | X
	below s_load, P0
	expect execute-load, LOAD, P0
	fetches P0
	expect execute-fetch, CALL
	cfg0 0
	below s_store, P0 + 64
	expect off-again, CALL

	/* Sv39: everything where it is, in pieces of a gibibyte; the table may be read, or not, or be marked. */
	li t0, PAGE(TABLE)
	csrw pmpaddr0, t0
	li t0, TABLE
	li t1, 0x80000000 >> 2 | 0xcf
	sd t1, 16(t0)
	srli t0, t0, 12
	li t1, 8 << 60
	or t0, t0, t1
	csrw satp, t0
	sfence.vma
	below s_load, P0
	expect table-open, CALL
	cfg0 NAPOT
	below s_load, P0
	expect table-none, FETCH
	cfg0 NAPOT | X
	below s_load, P0
	expect table-execute, FETCH
	cfg0 NAPOT | R
	below s_load, P0
	expect table-read, CALL
	li t0, ADUE
	csrs menvcfg, t0
	li t0, TABLE
	li t1, 0x80000000 >> 2 | 0x0f	/* neither accessed nor dirty */
	sd t1, 16(t0)
	sfence.vma
	below s_load, P0
	expect table-not-marked, FETCH
	li t0, TABLE
	ld s10, 16(t0)
	expect table-not-marked-there, (0x80000000 >> 2 | 0x0f)
	cfg0 NAPOT | R | W
	below s_store, P0 + 64
	expect table-marked, CALL
	li t0, TABLE
	ld s10, 16(t0)
	expect table-marked-there, (0x80000000 >> 2 | 0xcf)
	csrw satp, zero
	sfence.vma

	/* Locked: M-mode as well, until the next reset. */
	li t0, PAGE(P1)
	csrw pmpaddr2, t0
	li t0, (NAPOT | L | R) << 16 | (NAPOT | R | W | X)
	csrw pmpcfg0, t0
	li a1, P1
	call m_load
	expect locked-M-load, NONE
	li a1, P1
	call m_store
	expect locked-M-store, STORE, P1
	li a1, P1
	call m_fetch
	expect locked-M-fetch, FETCH, P1
	li a1, P0
	call m_store
	expect locked-M-elsewhere, NONE
	csrw pmpcfg0, zero
	csrw pmpaddr2, zero
	csrr s10, pmpcfg0
	expect locked-configuration, (NAPOT | L | R) << 16
	csrr s10, pmpaddr2
	expect locked-address, PAGE(P1)
	li t0, PAGE(P1)
	csrw pmpaddr0, t0
	cfg0 NAPOT
	li a1, P1
	call m_store
	expect locked-but-a-lower-one-is-not, NONE

	/* The page of the next instruction. */
	la t0, ground
	srli t0, t0, 2
	ori t0, t0, 0x1ff
	csrw pmpaddr3, t0
	la s9, 1f
	li s10, NONE
	la t1, ground
	jr t1
1:	la a2, fetched
	la a0, next
	li a1, FETCH
	call compare

	j finish

/* From S-mode, or out of M-mode: to where s9 says, with what came. */
	.balign 4
vector:	csrr s10, mcause
	csrr s11, mtval
	jr s9

enter:	mv s9, ra
	csrw mepc, a0
	li t0, 3 << 11
	csrc mstatus, t0
	li t0, 1 << 11
	csrs mstatus, t0
	mret

m_load:	mv s9, ra
	li s10, NONE
	ld t0, 0(a1)
	ret
m_store: mv s9, ra
	li s10, NONE
	sd zero, 0(a1)
	ret
m_fetch: mv s9, ra
	li s10, NONE
	jr a1
m_as_s:	mv s8, ra
	la s9, 1f
	li s10, NONE
	li t0, 3 << 11
	csrc mstatus, t0
	li t0, 1 << 17 | 1 << 11	/* MPRV, MPP: S */
	csrs mstatus, t0
	ld t0, 0(a1)
1:	li t0, 1 << 17
	csrc mstatus, t0
	jr s8

/* In S-mode. Often, so that nothing about it is new. */
s_load:	li t1, 100
1:	ld t0, 0(a1)
	addi t1, t1, -1
	bnez t1, 1b
	j s_end
s_update: ld t0, 0(a1)			/* a store to a page that can be read is another case */
s_store: li t1, 100
1:	sd t0, 0(a1)
	addi t1, t1, -1
	bnez t1, 1b
	j s_end
s_amo:	amoadd.d t0, zero, (a1)
	j s_end
s_across: ld t0, 0(a1)
	j s_end
	.option push
	.option norvc
s_end:	ecall
	.option pop

	.section .rodata
next:	.asciz "locked-the-page-it-runs-on"

	.section .data
	.balign 4096
ground:	li t0, (NAPOT | L | R) << 24
	csrw pmpcfg0, t0
fetched: li s10, NONE
	jr s9
	.balign 4096
	.skip 4096
stack:
	.section .note.GNU-stack, "", @progbits
