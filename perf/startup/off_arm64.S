/* SPDX-License-Identifier: MIT */
/* An arm64 kernel (Linux's arm64/booting, "Image" header) that powers off at once: PSCI SYSTEM_OFF by HVC. */
	.text
	b	start
	.word	0
	.quad	0		/* text offset */
	.quad	0x1000		/* image size */
	.quad	0xa		/* 4 KiB pages, anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.word	0
start:
	mov	w0, #0x0008
	movk	w0, #0x8400, lsl #16
	hvc	#0
	b	.
