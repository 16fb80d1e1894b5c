/* SPDX-License-Identifier: MIT */
/*
 * arm64.S: the snippets whose host code `make count` counts. x19, x20 point into RAM, 8-byte aligned; x21 is 16; d1..d7
 * and v1..v7 hold finite numbers.
 */
#include "snippets.h"

	.arch armv8.2-a+crypto+dotprod
	.macro begin name
	.balign COUNT_BLOCK
90:	.asciz "\name"
	.org 90b + COUNT_NAME
	.long 0
	.long 92f - 91f
91:
	.endm
	.macro end
92:	b 91b - COUNT_AWAY
	.endm

	begin driver
	sub x22, x22, #1
	cbnz x22, 91b + COUNT_AWAY
	brk #0
92:
	begin empty
	end

	/* moves and arithmetic */
	begin mov_imm
	movz x0, #0x1234
	movk x0, #0x5678, lsl #16
	movk x0, #0x9abc, lsl #32
	end
	begin add_sub
	add x0, x1, x2
	sub x3, x0, #16
	add x4, x3, x0, lsl #3
	neg x5, x4
	end
	begin add_sub_32
	add w0, w1, w2
	sub w3, w0, #16
	add w4, w3, w0, lsl #3
	end
	begin logic
	and x0, x1, x2
	orr x3, x0, x1, lsr #7
	eor x4, x3, #0xff00
	bic x5, x4, x2
	mvn x6, x5
	end
	begin shifts
	lsl x0, x1, #5
	lsr x2, x0, x3
	asr w4, w2, #3
	ror x5, x4, #9
	end
	begin bitfields
	ubfx x0, x1, #4, #12
	sbfx x2, x0, #3, #7
	bfi x3, x2, #8, #16
	uxtb w4, w3
	sxtw x5, w4
	end
	begin mul_div
	madd x0, x1, x2, x3
	umulh x4, x0, x1
	smull x5, w4, w0
	udiv x6, x5, x21
	sdiv w7, w6, w21
	end
	begin bits
	clz x0, x1
	rbit x2, x0
	rev x3, x2
	rev16 w4, w3
	crc32x w5, w4, x3
	end

	/* flags */
	begin cmp_branch
	cmp x1, x2
	b.lo 1f
	mov x0, #1
1:	end
	begin cmp_csel
	cmp x1, x2
	csel x0, x3, x4, ge
	cset w5, ne
	csinc x6, x0, x5, hi
	end
	begin adds_adcs
	adds x0, x1, x2
	adcs x3, x4, x5
	adc x6, x7, xzr
	end
	begin subs_sbcs
	subs x0, x1, x2
	sbcs x3, x4, x5
	sbc x6, x7, xzr
	end
	begin ands_tst
	ands x0, x1, #0xff
	b.eq 1f
	tst w0, w2
	b.mi 1f
	mov x3, #1
1:	end
	begin ccmp
	cmp x1, #3
	ccmp x2, #5, #4, ne
	b.eq 1f
	mov x0, #1
1:	end
	begin cbz_tbz
	cbz x21, 1f
	tbnz w21, #0, 1f
	mov x0, #1
1:	end
	begin mrs_nzcv
	cmp x1, x2
	mrs x0, nzcv
	msr nzcv, x0
	end

	/* memory */
	begin load
	ldr x0, [x19]
	end
	begin loads_one_base
	ldr x0, [x19]
	ldr x1, [x19, #8]
	ldrb w2, [x19, #16]
	ldrsw x3, [x19, #20]
	end
	begin loads_two_bases
	ldr x0, [x19]
	ldr x1, [x20]
	ldr x2, [x19, #8]
	ldr x3, [x20, #8]
	end
	begin store
	str x0, [x19]
	end
	begin stores_one_base
	str x0, [x19]
	str w1, [x19, #8]
	strh w2, [x19, #12]
	strb w3, [x19, #14]
	end
	begin load_store_same
	ldr x0, [x19]
	add x0, x0, #1
	str x0, [x19]
	end
	begin pairs
	ldp x0, x1, [x19]
	stp x0, x1, [x19, #16]
	end
	begin indexed
	ldr x0, [x19, x21]
	ldr x1, [x19, x21, lsl #3]
	ldr w2, [x19], #4
	ldr w3, [x19, #4]!
	end
	begin frame
	stp x29, x30, [x19, #-32]!
	str x21, [x19, #16]
	ldr x21, [x19, #16]
	ldp x29, x30, [x19], #32
	end
	begin exclusive
1:	ldxr x0, [x19]
	add x0, x0, #1
	stxr w1, x0, [x19]
	cbnz w1, 1b
	end
	begin atomics
	ldadd x0, x1, [x19]
	swpal x2, x3, [x19]
	cas x4, x5, [x19]
	end
	begin acquire_release
	ldar x0, [x19]
	stlr x0, [x20]
	dmb ish
	end
	begin literal
	ldr x0, 1f
	b 2f
	.balign 8
1:	.quad 0x123456789abcdef0
2:	end

	/* control flow */
	begin call_ret
	bl 1f
	b 2f
1:	ret
2:	end
	begin call_twice
	bl 1f
	bl 1f
	b 2f
1:	add x0, x0, #1
	ret
2:	end
	begin call_indirect
	adr x0, 1f
	blr x0
	b 2f
1:	ret
2:	end
	begin jump_indirect
	adr x0, 1f
	br x0
	nop
1:	end
	begin loop_count
	mov x0, #10
1:	subs x0, x0, #1
	b.ne 1b
	end
	begin loop_sum
	mov x0, #10
	mov x1, x19
	mov x2, xzr
1:	ldr x3, [x1], #8
	add x2, x2, x3
	subs x0, x0, #1
	b.ne 1b
	end
	begin loop_copy
	mov x0, #10
	mov x1, x19
	mov x2, x20
1:	ldr x3, [x1], #8
	str x3, [x2], #8
	sub x0, x0, #1
	cbnz x0, 1b
	end
	begin loop_chase
	str x19, [x19]
	mov x0, #10
	mov x1, x19
1:	ldr x1, [x1]
	subs x0, x0, #1
	b.ne 1b
	end
	begin loop_nested
	mov x0, #4
	mov x2, xzr
1:	mov x1, #4
2:	add x2, x2, x1
	subs x1, x1, #1
	b.ne 2b
	subs x0, x0, #1
	b.ne 1b
	end

	/* floating point */
	begin fp_arith
	fadd d0, d1, d2
	fmul d3, d0, d2
	fsub d4, d3, d1
	fdiv d5, d4, d2
	end
	begin fp_arith_32
	fadd s0, s1, s2
	fmul s3, s0, s2
	end
	begin fp_fma
	fmadd d0, d1, d2, d3
	fnmsub d4, d1, d2, d3
	end
	begin fp_compare
	fcmp d1, d2
	b.mi 1f
	mov x0, #1
1:	fcmp d2, d1
	fcsel d3, d1, d2, gt
	end
	begin fp_convert
	fcvtzs x0, d1
	scvtf d2, x0
	fcvt s3, d2
	fcvt d4, s3
	end
	begin fp_unary
	fabs d0, d1
	fneg d2, d0
	fsqrt d3, d0
	frintm d4, d3
	end
	begin fp_minmax
	fmax d0, d1, d2
	fminnm d3, d1, d2
	end
	begin fp_move
	fmov x0, d1
	fmov d2, x0
	fmov d3, #1.0
	end
	begin fp_memory
	ldr d0, [x19]
	str d0, [x19, #8]
	ldp d1, d2, [x20]
	end
	begin loop_fp
	mov x0, #10
	mov x1, x19
	fmov d0, xzr
1:	ldr d1, [x1], #8
	fmadd d0, d1, d2, d0
	subs x0, x0, #1
	b.ne 1b
	end

	/* vectors */
	begin vec_int
	add v0.4s, v1.4s, v2.4s
	sub v3.8h, v0.8h, v2.8h
	mul v4.4s, v3.4s, v0.4s
	cmgt v5.4s, v4.4s, v0.4s
	end
	begin vec_logic
	and v0.16b, v1.16b, v2.16b
	eor v3.16b, v0.16b, v2.16b
	bsl v3.16b, v1.16b, v2.16b
	not v4.16b, v3.16b
	end
	begin vec_shift
	shl v0.4s, v1.4s, #3
	ushr v2.8h, v0.8h, #5
	sshl v3.4s, v2.4s, v0.4s
	sshll v4.4s, v3.4h, #2
	end
	begin vec_float
	fadd v0.4s, v1.4s, v2.4s
	fmul v3.2d, v1.2d, v2.2d
	fmla v3.2d, v1.2d, v2.2d
	end
	begin vec_move
	dup v0.4s, w1
	ins v0.s[1], w2
	umov w3, v0.s[1]
	ext v4.16b, v0.16b, v1.16b, #5
	zip1 v5.4s, v0.4s, v1.4s
	tbl v6.16b, {v1.16b}, v2.16b
	end
	begin vec_across
	addv s0, v1.4s
	umaxv b2, v1.16b
	addp v3.4s, v1.4s, v2.4s
	end
	begin vec_saturating
	sqadd v0.8h, v1.8h, v2.8h
	uqsub v3.16b, v1.16b, v2.16b
	sqxtn v4.4h, v1.4s
	end
	begin vec_widening
	smull v0.4s, v1.4h, v2.4h
	uaddl v3.8h, v1.8b, v2.8b
	udot v4.4s, v1.16b, v2.16b
	end
	begin vec_memory
	ldr q0, [x19]
	str q0, [x20]
	ld1 {v1.16b, v2.16b}, [x19]
	ldp q3, q4, [x20]
	end
	begin vec_structs
	ld2 {v0.4s, v1.4s}, [x19]
	st2 {v0.4s, v1.4s}, [x20]
	end
	begin loop_vec
	mov x0, #10
	mov x1, x19
1:	ldr q1, [x1], #16
	add v0.4s, v0.4s, v1.4s
	subs x0, x0, #1
	b.ne 1b
	end

	/* system */
	begin system
	mrs x0, tpidr_el1
	msr tpidr_el1, x0
	mrs x1, daif
	msr daifset, #2
	end
	.balign COUNT_BLOCK
