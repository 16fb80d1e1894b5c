/* SPDX-License-Identifier: MIT */
/* micro.S: an arm64 kernel (Linux' Image header) that reads the board's first window, where a device is that the user
 * named, prints the eight letters it finds and powers off by PSCI. */
	b	start
	.long	0
	.quad	0		/* text_offset */
	.quad	0x10000		/* image_size */
	.quad	0, 0, 0, 0
	.ascii	"ARM\x64"
	.long	0
start:
	mov	x9, #0x0c000000
	mov	x10, #0x09000000
	ldr	x11, [x9]
	mov	x12, #8
1:	strb	w11, [x10]
	lsr	x11, x11, #8
	subs	x12, x12, #1
	b.ne	1b
	mov	w0, #'\n'
	strb	w0, [x10]
	mov	w0, #0x0008
	movk	w0, #0x8400, lsl #16	/* SYSTEM_OFF */
	hvc	#0
	b	.
