/* SPDX-License-Identifier: MIT */
/* The same as flat_x86_64.S for the arm64 `virt` machine: an Image, a PL011, PSCI. With OFF it only powers off. */
	.text
	b start
	.word 0
	.quad 0				/* text offset */
	.quad 0x1000			/* image size */
	.quad 0xa			/* 4 KiB pages, anywhere */
	.quad 0, 0, 0
	.ascii "ARM\x64"
	.word 0
start:
#ifndef OFF
	mov w1, #0x09000000
	mov w0, #'1'
	str w0, [x1]
	mov w0, #'\n'
	str w0, [x1]
	str wzr, [x1, #0x30]		/* off, divisors, 8N1 with FIFOs, on */
	mov w0, #1
	str w0, [x1, #0x24]
	str wzr, [x1, #0x28]
	mov w0, #0x70
	str w0, [x1, #0x2c]
	mov w0, #0x301
	str w0, [x1, #0x30]
	adr x2, text
1:	ldrb w0, [x2], #1
	cbz w0, 3f
2:	ldr w3, [x1, #0x18]
	tbnz w3, #5, 2b
	str w0, [x1]
	b 1b
3:	mrs x2, cntfrq_el0
	lsr x2, x2, #3
	mrs x3, cntvct_el0
4:	mrs x4, cntvct_el0
	sub x4, x4, x3
	cmp x4, x2
	b.lo 4b
#endif
	mov w0, #0x0008
	movk w0, #0x8400, lsl #16
	hvc #0
	b .
text:	.asciz "perf-mark\n"
	.section .note.GNU-stack, "", @progbits
