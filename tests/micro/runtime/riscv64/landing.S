/* SPDX-License-Identifier: MIT */
/*
 * landing.S: macros for a function that calls code which may end in a trap, for S-mode (start.S) and M-mode
 * (machine-start.S). Each of these files has the variable `landing`.
 */

/* Saves what a function must give back, and in `landing` the stack pointer to come back to. */
	.macro keep
	addi sp, sp, -112
	sd ra, 0(sp)
	sd s0, 8(sp)
	sd s1, 16(sp)
	sd s2, 24(sp)
	sd s3, 32(sp)
	sd s4, 40(sp)
	sd s5, 48(sp)
	sd s6, 56(sp)
	sd s7, 64(sp)
	sd s8, 72(sp)
	sd s9, 80(sp)
	sd s10, 88(sp)
	sd s11, 96(sp)
	la t0, landing
	sd sp, 0(t0)
	.endm
/* Back to the caller of the function that said keep, from wherever the trap was. */
	.macro land
	la t0, landing
	ld sp, 0(t0)
	sd zero, 0(t0)
	ld ra, 0(sp)
	ld s0, 8(sp)
	ld s1, 16(sp)
	ld s2, 24(sp)
	ld s3, 32(sp)
	ld s4, 40(sp)
	ld s5, 48(sp)
	ld s6, 56(sp)
	ld s7, 64(sp)
	ld s8, 72(sp)
	ld s9, 80(sp)
	ld s10, 88(sp)
	ld s11, 96(sp)
	addi sp, sp, 112
	ret
	.endm
