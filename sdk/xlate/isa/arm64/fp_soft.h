/* SPDX-License-Identifier: MIT */
/*
 * fp_soft.h: Arm floating point in integers, exact for every operand and every FPCR mode.
 *
 * The reference that the fast paths fall back to. It serves T0, the fix-ups of generated code, and all FP
 * while FPCR has FZ, DN or AHP set. Names and order of the special cases follow the Arm ARM's
 * shared/functions/float.
 */
#ifndef VR_XLATE_A64_FP_SOFT_H
#define VR_XLATE_A64_FP_SOFT_H

#include <vmrun/ir.h>

/* Formats: log2 of the bytes, as vector lane sizes are counted. */
#define A64_F16 1u
#define A64_F32 2u
#define A64_F64 3u

#define A64_FPCR_AHP (1u << 26)
#define A64_FPCR_DN (1u << 25)
#define A64_FPCR_FZ (1u << 24)
#define A64_FPCR_RMODE_SHIFT 22
#define A64_FPCR_MASK 0x07c00000u

#define A64_FPSR_QC (1u << 27)
#define A64_FPSR_IDC (1u << 7)

#define A64_RM_ODD 8u /* beside VR_RM_*: FCVTXN's */

struct a64_fp {
	uint32_t fpcr;
	uint32_t round; /* VR_RM_*, the current mode */
	uint32_t flags; /* raised: VR_FP_* and A64_FPSR_IDC */
};

uint64_t a64_fp_add(struct a64_fp *s, unsigned f, uint64_t a, uint64_t b);
uint64_t a64_fp_sub(struct a64_fp *s, unsigned f, uint64_t a, uint64_t b);
uint64_t a64_fp_mul(struct a64_fp *s, unsigned f, uint64_t a, uint64_t b);
uint64_t a64_fp_mulx(struct a64_fp *s, unsigned f, uint64_t a, uint64_t b); /* infinity * 0 = 2 */
uint64_t a64_fp_div(struct a64_fp *s, unsigned f, uint64_t a, uint64_t b);
uint64_t a64_fp_sqrt(struct a64_fp *s, unsigned f, uint64_t a);
uint64_t a64_fp_muladd(struct a64_fp *s, unsigned f, uint64_t add, uint64_t a, uint64_t b); /* add + a * b */
uint64_t a64_fp_minmax(struct a64_fp *s, unsigned f, uint64_t a, uint64_t b, unsigned max, unsigned number);
uint32_t a64_fp_compare(struct a64_fp *s, unsigned f, uint64_t a, uint64_t b,
			unsigned signal_all); /* NZCV in 3:0 */
uint64_t a64_fp_convert(struct a64_fp *s, unsigned from, unsigned to, uint64_t a, unsigned round);
uint64_t a64_fp_round_int(struct a64_fp *s, unsigned f, uint64_t a, unsigned round, unsigned exact);
/* To an integer of `bits` (32 or 64; the result is zero-extended), scaled by 2^fbits. */
uint64_t a64_fp_to_fixed(struct a64_fp *s, unsigned f, uint64_t a, unsigned fbits, unsigned is_unsigned,
			 unsigned bits, unsigned round);
uint64_t a64_fp_from_fixed(struct a64_fp *s, unsigned f, uint64_t a, unsigned fbits, unsigned is_unsigned,
			   unsigned bits);
uint64_t a64_fp_recip_step(struct a64_fp *s, unsigned f, uint64_t a, uint64_t b); /* FRECPS */
uint64_t a64_fp_rsqrt_step(struct a64_fp *s, unsigned f, uint64_t a, uint64_t b); /* FRSQRTS */
uint64_t a64_fp_recip_estimate(struct a64_fp *s, unsigned f, uint64_t a);
uint64_t a64_fp_rsqrt_estimate(struct a64_fp *s, unsigned f, uint64_t a);
uint64_t a64_fp_recip_exponent(struct a64_fp *s, unsigned f, uint64_t a);
uint32_t a64_recip_estimate32(uint32_t a); /* URECPE */
uint32_t a64_rsqrt_estimate32(uint32_t a); /* URSQRTE */

#endif
