/* SPDX-License-Identifier: MIT */
/* arm64.S: the micro-guests; guests.h says what each does. x0 data, x1 device, x2 nothing there, x3 ROM. */
#include "layout.h"
#define END(value) mov w11, value; str w11, [x1, #DEVICE_DONE]; b .

	.arch armv8-a
	.org GUEST_STORE
	movz	x10, #0xcdef
	movk	x10, #0x89ab, lsl #16
	movk	x10, #0x4567, lsl #32
	movk	x10, #0x0123, lsl #48
	mov	x9, #0
1:	mul	x11, x9, x10
	str	x11, [x0, x9, lsl #3]
	add	x9, x9, #1
	cmp	x9, #64
	b.ne	1b
	strb	w10, [x0, #512]
	strh	w10, [x0, #520]
	str	w10, [x0, #528]
	END(0x51)

	.org GUEST_DEVICE
	ldrb	w4, [x1, #0x10]
	ldrh	w5, [x1, #0x20]
	ldr	w6, [x1, #0x30]
	ldr	x7, [x1, #0x40]
	str	x4, [x0]
	str	x5, [x0, #8]
	str	x6, [x0, #16]
	str	x7, [x0, #24]
	mov	w4, #0x11
	strb	w4, [x1, #0x50]
	mov	w4, #0x2233
	strh	w4, [x1, #0x60]
	movz	w4, #0x6677
	movk	w4, #0x4455, lsl #16
	str	w4, [x1, #0x70]
	movz	x4, #0xeeff
	movk	x4, #0xccdd, lsl #16
	movk	x4, #0xaabb, lsl #32
	movk	x4, #0x8899, lsl #48
	str	x4, [x1, #0x80]
	END(0x52)

	.org GUEST_SPIN
1:	ldr	x9, [x0]
	add	x9, x9, #1
	str	x9, [x0]
	b	1b

	.org GUEST_IDLE
1:	ldr	x9, [x0]
	add	x9, x9, #1
	str	x9, [x0]
	wfi
	b	1b

	.org GUEST_WAKE
1:	wfi
	mrs	x9, isr_el1
	tbz	x9, #7, 1b
	END(0x53)

	.org GUEST_PATCH
	adr	x9, 2f
	bl	2f
	str	x4, [x0]
	ldr	w5, 3f
	str	w5, [x9]
	dc	cvau, x9
	dsb	ish
	ic	ivau, x9
	dsb	ish
	isb
	bl	2f
	str	x4, [x0, #8]
	END(0x54)
2:	mov	x4, #1
	ret
3:	mov	x4, #2

	.org GUEST_UNMAPPED
	ldr	x9, [x2]
	str	x9, [x0]
	END(0x55)

	.org GUEST_CALL
	mov	x19, x0
	mov	x20, x1
	mov	x0, #0x1111
	mov	x1, #0x2222
	mov	x2, #0x3333
	hvc	#0
	str	x0, [x19]
	mov	x1, x20
	END(0x56)

	.org GUEST_ROM
	ldr	w10, [x3, #4]
	str	x10, [x0]
	mov	w9, #0x66
	str	w9, [x3]
	ldr	w10, [x3]
	str	x10, [x0, #8]
	END(0x57)

	.org GUEST_HOST
	bl	2f
	str	x4, [x0]
	str	w4, [x1, #DEVICE_PATCH]
	bl	2f
	str	x4, [x0, #8]
	END(0x58)
	.org GUEST_HOST + GUEST_HOST_PLACE
2:	mov	x4, #1
	ret
	.org GUEST_HOST + GUEST_HOST_NEW
	mov	x4, #2

	/* Whatever is taken from EL1 with SPx: says what, and ends. */
	.org GUEST_VECTORS + 0x200
	mrs	x9, esr_el1
	lsr	x9, x9, #26
	str	x9, [x0]
	END(0x59)
	.org GUEST_BYTES
