/* SPDX-License-Identifier: MIT */
/*
 * riscv64.S: the snippets whose host code `make count` counts. s3 (x19), s4 (x20) point into RAM, 8-byte aligned; s5 (x21)
 * is 16; fs0..ft7 hold finite numbers.
 */
#include "snippets.h"

	.option norelax
	.macro begin name
	.balign COUNT_BLOCK
90:	.asciz "\name"
	.org 90b + COUNT_NAME
	.long 0
	.long 92f - 91f
91:
	.endm
	.macro end
92:	j 91b - COUNT_AWAY
	.endm

	begin driver
	.option push
	.option norvc
	addi s6, s6, -1
	bnez s6, 91b + COUNT_AWAY
	ebreak
	.option pop
92:
	begin empty
	end

	/* moves and arithmetic */
	begin li
	lui t0, 0x12345
	addiw t0, t0, 0x678
	slli t0, t0, 12
	end
	begin add_sub
	add t0, t1, t2
	addi t3, t0, -16
	sub t4, t3, t0
	sh3add t5, t4, t0
	end
	begin add_sub_32
	addw t0, t1, t2
	addiw t3, t0, -16
	subw t4, t3, t0
	end
	begin logic
	and t0, t1, t2
	ori t3, t0, 0x70
	xor t4, t3, t1
	andn t5, t4, t2
	not t6, t5
	end
	begin shifts
	slli t0, t1, 5
	srl t2, t0, t3
	sraiw t4, t2, 3
	rori t5, t4, 9
	end
	begin extend
	zext.b t0, t1
	sext.w t2, t0
	zext.h t3, t1
	sext.b t4, t1
	end
	begin mul_div
	mul t0, t1, t2
	mulhu t3, t0, t1
	divu t4, t3, s5
	remw t5, t4, s5
	end
	begin bits
	clz t0, t1
	cpop t2, t0
	rev8 t3, t2
	max t4, t3, t1
	bset t5, t4, s5
	end
	begin compare
	slt t0, t1, t2
	sltiu t3, t1, 5
	seqz t4, t1
	snez t5, t1
	end

	/* memory */
	begin load
	ld t0, 0(s3)
	end
	begin loads_one_base
	ld t0, 0(s3)
	ld t1, 8(s3)
	lbu t2, 16(s3)
	lw t3, 20(s3)
	end
	begin loads_two_bases
	ld t0, 0(s3)
	ld t1, 0(s4)
	ld t2, 8(s3)
	ld t3, 8(s4)
	end
	begin store
	sd t0, 0(s3)
	end
	begin stores_one_base
	sd t0, 0(s3)
	sw t1, 8(s3)
	sh t2, 12(s3)
	sb t3, 14(s3)
	end
	begin load_store_same
	ld t0, 0(s3)
	addi t0, t0, 1
	sd t0, 0(s3)
	end
	begin frame
	addi s3, s3, -32
	sd ra, 24(s3)
	sd s0, 16(s3)
	ld ra, 24(s3)
	ld s0, 16(s3)
	addi s3, s3, 32
	end
	begin exclusive
1:	lr.d t0, (s3)
	addi t0, t0, 1
	sc.d t1, t0, (s3)
	bnez t1, 1b
	end
	begin atomics
	amoadd.d t0, t1, (s3)
	amoswap.d.aqrl t2, t3, (s3)
	amomaxu.w t4, t5, (s3)
	end
	begin fence
	fence rw, rw
	ld t0, 0(s3)
	fence r, rw
	end

	/* control flow */
	begin branches
	beq s5, zero, 1f
	blt s5, zero, 1f
	bgeu s5, t0, 1f
1:	end
	begin call_ret
	call 1f
	j 2f
1:	ret
2:	end
	begin call_twice
	jal ra, 1f
	jal ra, 1f
	j 2f
1:	addi a0, a0, 1
	ret
2:	end
	begin call_indirect
	lla t0, 1f
	jalr t0
	j 2f
1:	ret
2:	end
	begin loop_count
	li t0, 10
1:	addi t0, t0, -1
	bnez t0, 1b
	end
	begin loop_sum
	li t0, 10
	mv t1, s3
	li t2, 0
1:	ld t3, 0(t1)
	addi t1, t1, 8
	add t2, t2, t3
	addi t0, t0, -1
	bnez t0, 1b
	end
	begin loop_copy
	li t0, 10
	mv t1, s3
	mv t2, s4
1:	ld t3, 0(t1)
	sd t3, 0(t2)
	addi t1, t1, 8
	addi t2, t2, 8
	addi t0, t0, -1
	bnez t0, 1b
	end
	begin loop_chase
	sd s3, 0(s3)
	li t0, 10
	mv t1, s3
1:	ld t1, 0(t1)
	addi t0, t0, -1
	bnez t0, 1b
	end
	begin loop_nested
	li t0, 4
	li t2, 0
1:	li t1, 4
2:	add t2, t2, t1
	addi t1, t1, -1
	bnez t1, 2b
	addi t0, t0, -1
	bnez t0, 1b
	end

	/* floating point */
	begin fp_arith
	fadd.d ft0, ft1, ft2
	fmul.d ft3, ft0, ft2
	fsub.d ft4, ft3, ft1
	fdiv.d ft5, ft4, ft2
	end
	begin fp_arith_32
	fcvt.s.d ft1, fa1 /* a NaN-boxed operand: others take the slow path */
	fcvt.s.d ft2, fa2
	fadd.s ft0, ft1, ft2
	fmul.s ft3, ft0, ft2
	end
	begin fp_fma
	fmadd.d ft0, ft1, ft2, ft3
	fnmsub.d ft4, ft1, ft2, ft3
	end
	begin fp_compare
	flt.d t0, ft1, ft2
	feq.d t1, ft1, ft2
	fclass.d t2, ft1
	end
	begin fp_convert
	fcvt.l.d t0, ft1, rtz
	fcvt.d.l ft2, t0
	fcvt.s.d ft3, ft2
	fcvt.d.s ft4, ft3
	end
	begin fp_unary
	fabs.d ft0, ft1
	fneg.d ft2, ft0
	fsqrt.d ft3, ft0
	end
	begin fp_minmax
	fmax.d ft0, ft1, ft2
	fmin.d ft3, ft1, ft2
	end
	begin fp_move
	fmv.x.d t0, ft1
	fmv.d.x ft2, t0
	end
	begin fp_memory
	fld ft0, 0(s3)
	fsd ft0, 8(s3)
	flw ft1, 16(s4)
	end
	begin loop_fp
	li t0, 10
	mv t1, s3
	fmv.d.x ft0, zero
1:	fld ft1, 0(t1)
	addi t1, t1, 8
	fmadd.d ft0, ft1, ft2, ft0
	addi t0, t0, -1
	bnez t0, 1b
	end
	.balign COUNT_BLOCK
