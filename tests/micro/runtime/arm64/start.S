/* SPDX-License-Identifier: MIT */
/* EL1, from a kernel's entry or PSCI's: address translation, vectors, a stack. */
#include "arch.h"
	.section .text.head, "ax"
	.globl _start
_start:	b start
	.long 0
	.quad 0x200000			/* text_offset */
	.quad image_end - _start
	.quad 0xa			/* little-endian, 4 KiB pages, anywhere */
	.quad 0, 0, 0
	.ascii "ARM\x64"
	.long 0

	.text
start:	ldr x0, =bss
	ldr x1, =image_end
1:	str xzr, [x0], #8
	cmp x0, x1
	b.lo 1b
	mov x19, #0
	ldr x20, =stack0
	b 1f
	.globl arch_secondary
arch_secondary:
	mov x19, x0
	ldr x20, =stack1
1:	mov sp, x20
	/* Attribute 0: device nGnRnE; 1: normal, write-back (Arm ARM D8.2, D19.2.94). */
	mov x0, #0xff00
	msr mair_el1, x0
	ldr x0, =(25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 2 << 32)	/* 39 bits, 4 KiB, no TTBR1, 40-bit physical */
	msr tcr_el1, x0
	ldr x0, =table
	msr ttbr0_el1, x0
	ldr x0, =vectors
	msr vbar_el1, x0
	mov x0, #(3 << 20)		/* FPEN */
	msr cpacr_el1, x0
	isb
	tlbi vmalle1
	dsb ish
	isb
	mrs x0, sctlr_el1
	mov x1, #0x1005			/* I, C, M */
	orr x0, x0, x1
	msr sctlr_el1, x0
	isb
	mov x0, x19
	bl arch_start
	cbnz x19, 2f
	bl runtime_start
2:	mov x0, x19
	bl guest_cpu
	mov x0, #0x84000000		/* PSCI CPU_OFF */
	add x0, x0, #2
	hvc #0
	b .

	.macro vector what
	.balign 128
	sub sp, sp, #272
	stp x0, x1, [sp]
	stp x2, x3, [sp, #16]
	stp x4, x5, [sp, #32]
	stp x6, x7, [sp, #48]
	stp x8, x9, [sp, #64]
	stp x10, x11, [sp, #80]
	stp x12, x13, [sp, #96]
	stp x14, x15, [sp, #112]
	mov x0, #\what
	b common
	.endm
	.balign 2048
vectors:
	.set n, 0
	.rept 16
	vector n
	.set n, n + 1
	.endr
common:	stp x16, x17, [sp, #128]
	stp x18, x30, [sp, #144]
	mrs x1, elr_el1
	mrs x2, spsr_el1
	stp x1, x2, [sp, #160]
	mov x1, sp
	bl arch_vector
	ldp x1, x2, [sp, #160]
	msr elr_el1, x1
	msr spsr_el1, x2
	ldp x18, x30, [sp, #144]
	ldp x16, x17, [sp, #128]
	ldp x14, x15, [sp, #112]
	ldp x12, x13, [sp, #96]
	ldp x10, x11, [sp, #80]
	ldp x8, x9, [sp, #64]
	ldp x6, x7, [sp, #48]
	ldp x4, x5, [sp, #32]
	ldp x2, x3, [sp, #16]
	ldp x0, x1, [sp]
	add sp, sp, #272
	eret

	.macro keep
	stp x19, x20, [sp, #-96]!
	stp x21, x22, [sp, #16]
	stp x23, x24, [sp, #32]
	stp x25, x26, [sp, #48]
	stp x27, x28, [sp, #64]
	stp x29, x30, [sp, #80]
	ldr x1, =landing
	mov x2, sp
	str x2, [x1]
	.endm
	.globl arch_try, arch_user, arch_land
arch_try:
	keep
	blr x0
	mov w0, #0
	b 1f
arch_land:
	ldr x1, =runtime_trap
	ldr w0, [x1]
1:	ldr x1, =landing
	ldr x2, [x1]
	mov sp, x2
	str xzr, [x1]
	ldp x21, x22, [sp, #16]
	ldp x23, x24, [sp, #32]
	ldp x25, x26, [sp, #48]
	ldp x27, x28, [sp, #64]
	ldp x29, x30, [sp, #80]
	ldp x19, x20, [sp], #96
	ret
arch_user:
	keep
	ldr x1, =ALIAS
	add x0, x0, x1
	ldr x2, =user_stack
	add x2, x2, x1
	msr elr_el1, x0
	msr sp_el0, x2
	msr spsr_el1, xzr
	eret

	.globl arch_do_undefined, arch_do_breakpoint, arch_do_call
arch_do_undefined:
	udf #0
	ret
arch_do_breakpoint:
	brk #1
	ret
arch_do_call:
	svc #7
	ret

	.globl arch_vectors
arch_vectors:
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	mov w0, #\n + 1
	mvn w1, w0
	dup v\n\().16b, w0
	ins v\n\().d[1], xzr
	dup v\n\().8b, w0
	ins v\n\().b[15], w1
	.endr
	adrp x2, runtime_irqs
	add x2, x2, :lo12:runtime_irqs
	adrp x3, arch_vectors_from
	ldr w3, [x3, :lo12:arch_vectors_from]
1:	ldr w4, [x2]
	cmp w3, w4
	b.eq 1b
	mov x5, #0
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ldr x6, =(0x0101010101010101 * (\n + 1))
	umov x7, v\n\().d[0]
	cmp x6, x7
	cset x8, ne
	umov x7, v\n\().d[1]
	mov w9, #\n + 1
	mvn w9, w9
	lsl x9, x9, #56
	cmp x9, x7
	cset x10, ne
	orr x8, x8, x10
	orr x5, x5, x8, lsl #\n
	.endr
	adrp x2, arch_vectors_bad
	str x5, [x2, :lo12:arch_vectors_bad]
	svc #7
	.ltorg

	.data
	.balign 4096
/* Gibibytes: 0 devices, 1 memory, 5 memory for user mode (D8.3: block descriptors of level 1). */
table:	.quad 0x0060000000000401
	.quad 0x40000000 | 0x705
	.quad 0, 0, 0
	.quad 0x40000000 | 0x745
	.fill 506, 8
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
