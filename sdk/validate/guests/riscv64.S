/* SPDX-License-Identifier: MIT */
/* riscv64.S: the micro-guests; guests.h says what each does. a0 data, a1 device, a2 nothing there, a3 ROM. */
#include "layout.h"
#define END(value) lui t0, %hi(DEVICE_DONE); add t0, t0, a1; li t1, value; sw t1, %lo(DEVICE_DONE)(t0); j .

	.option	norvc
	.option	norelax
	.org GUEST_STORE
	li	t3, 0x0123456789abcdef
	li	t4, 0
	li	t5, 64
	mv	t6, a0
1:	mul	t2, t4, t3
	sd	t2, 0(t6)
	addi	t6, t6, 8
	addi	t4, t4, 1
	bne	t4, t5, 1b
	sb	t3, 512(a0)
	sh	t3, 520(a0)
	sw	t3, 528(a0)
	END(0x51)

	.org GUEST_DEVICE
	lbu	t3, 0x10(a1)
	lhu	t4, 0x20(a1)
	lwu	t5, 0x30(a1)
	ld	t6, 0x40(a1)
	sd	t3, 0(a0)
	sd	t4, 8(a0)
	sd	t5, 16(a0)
	sd	t6, 24(a0)
	li	t3, 0x11
	sb	t3, 0x50(a1)
	li	t3, 0x2233
	sh	t3, 0x60(a1)
	li	t3, 0x44556677
	sw	t3, 0x70(a1)
	li	t3, 0x8899aabbccddeeff
	sd	t3, 0x80(a1)
	END(0x52)

	.org GUEST_SPIN
1:	ld	t3, 0(a0)
	addi	t3, t3, 1
	sd	t3, 0(a0)
	j	1b

	.org GUEST_IDLE
1:	ld	t3, 0(a0)
	addi	t3, t3, 1
	sd	t3, 0(a0)
	wfi
	j	1b

	.org GUEST_WAKE
	li	t3, 0x200
	csrs	sie, t3
1:	wfi
	csrr	t4, sip
	and	t4, t4, t3
	beqz	t4, 1b
	END(0x53)

	.org GUEST_PATCH
	lla	t3, 2f
	jal	2f
	sd	t4, 0(a0)
	lla	t5, 3f
	lw	t6, 0(t5)
	sw	t6, 0(t3)
	fence.i
	jal	2f
	sd	t4, 8(a0)
	END(0x54)
2:	li	t4, 1
	ret
3:	li	t4, 2

	.org GUEST_UNMAPPED
	ld	t3, 0(a2)
	sd	t3, 0(a0)
	END(0x55)

	.org GUEST_CALL
	mv	s2, a0
	mv	s3, a1
	li	a0, 0x1111
	li	a1, 0x2222
	li	a2, 0x3333
	ecall
	sd	a0, 0(s2)
	mv	a1, s3
	END(0x56)

	.org GUEST_ROM
	lwu	t3, 4(a3)
	sd	t3, 0(a0)
	li	t3, 0x66
	sw	t3, 0(a3)
	lwu	t3, 0(a3)
	sd	t3, 8(a0)
	END(0x57)

	.org GUEST_HOST
	jal	2f
	sd	t4, 0(a0)
	lui	t0, %hi(DEVICE_PATCH)
	add	t0, t0, a1
	sw	t4, %lo(DEVICE_PATCH)(t0)
	fence.i
	jal	2f
	sd	t4, 8(a0)
	END(0x58)
	.org GUEST_HOST + GUEST_HOST_PLACE
2:	li	t4, 1
	ret
	.org GUEST_HOST + GUEST_HOST_NEW
	li	t4, 2

	/* stvec. */
	.org GUEST_VECTORS
	csrr	t3, scause
	sd	t3, 0(a0)
	END(0x59)
	.org GUEST_BYTES
