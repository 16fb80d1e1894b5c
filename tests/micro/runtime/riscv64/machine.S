/* SPDX-License-Identifier: MIT */
/*
 * machine.S: what guests in assembly share that run in M-mode, without the runtime, which lives in S-mode. Such a
 * guest has PREFIX, which the names of its checks begin with, and leaves what came in s10 (the cause, or NONE)
 * and s11 (the address).
 */
#define UART 0x10000000
#define FINISHER 0x100000
#define NONE 77

	.macro expect name, cause, address=-1
	.pushsection .rodata
9:	.asciz "\name"
	.popsection
	la a0, 9b
	li a1, \cause
	li a2, \address
	call compare
	.endm

	.pushsection .text.machine, "ax"
finish:	li t0, FINISHER
	li t1, 0x5555
	sw t1, 0(t0)
	j .
/* a0: a name; a1: the cause that was expected, a2: the address, -1: any. What came is told when it is wrong. */
compare: mv t6, ra
	li t0, -1
	bne s10, a1, 1f
	beq a2, t0, 2f
	beq s11, a2, 2f
1:	la t1, not
	call print
	mv t1, a0
	call print
	mv t3, s10
	call hex
	mv t3, s11
	call hex
	j 3f
2:	la t1, ok
	call print
	mv t1, a0
	call print
3:	la t1, line
	call print
	jr t6
print:	li t0, UART
1:	lbu t2, 0(t1)
	beqz t2, 2f
	sb t2, 0(t0)
	addi t1, t1, 1
	j 1b
2:	ret
hex:	li t0, UART
	li t1, ' '
	sb t1, 0(t0)
	li t4, 60
1:	srl t1, t3, t4
	andi t1, t1, 15
	la t2, digits
	add t1, t1, t2
	lbu t1, 0(t1)
	sb t1, 0(t0)
	addi t4, t4, -4
	bgez t4, 1b
	ret
	.popsection

	.pushsection .rodata
not:	.ascii "not "
ok:	.asciz "ok " PREFIX
line:	.asciz "\n"
digits:	.ascii "0123456789abcdef"
	.popsection
