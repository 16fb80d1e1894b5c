/* SPDX-License-Identifier: MIT */
/* fp.h: numbers the FP lifter and the FP helpers share. */
#ifndef VR_XLATE_A64_FP_H
#define VR_XLATE_A64_FP_H

#include "arm64.h"
#include "fp_soft.h"

/* fp_slow's immediate. */
#define A64_FP_SLOW_IMM(op, type, aux, imm) \
	((uint64_t)(op) | (uint64_t)(type) << 12 | (uint64_t)(aux) << 16 | (uint64_t)(imm) << 24)

/* fp_extra's: lane by lane, result lane of size `es` unless said otherwise. */
#define A64_FPX_MULX 0u
#define A64_FPX_RECPS 1u
#define A64_FPX_RSQRTS 2u
#define A64_FPX_RECPE 3u
#define A64_FPX_RSQRTE 4u
#define A64_FPX_RECPX 5u
/* to fixed point, toward zero: parameter = fbits | unsigned << 7 | log2 of the result's bytes << 8 */
#define A64_FPX_TOFIX 6u
/* from format es to another one: parameter = that format | rounding << 4 | destination half << 8 | source
 * half << 9. Halves are of the vectors; with a destination half, operand b is the old destination. rounding
 * VR_RM_CURRENT: FPCR's */
#define A64_FPX_CVT 7u
#define A64_FPX_IMM(kind, es, lanes, parameter) \
	((uint64_t)(kind) | (uint64_t)(es) << 8 | (uint64_t)(lanes) << 12 | (uint64_t)(parameter) << 16)

/* The modes of x, and what was raised back into x. */
static inline struct a64_fp a64_fp_begin(struct vr_exec *x)
{
	return (struct a64_fp){.fpcr = a64_of(x)->fpcr, .round = x->fp_round & 3};
}
static inline void a64_fp_end(struct vr_exec *x, const struct a64_fp *s)
{
	x->fp_flags |=
		s->flags & (VR_FP_INVALID | VR_FP_DIVZERO | VR_FP_OVERFLOW | VR_FP_UNDERFLOW | VR_FP_INEXACT);
	a64_of(x)->fpsr_qc |= s->flags & A64_FPSR_IDC;
}

/* Lane i of size 1 << es bytes. */
static inline uint64_t a64_lane(const union vr_v128 *v, unsigned es, unsigned i)
{
	switch (es) {
	case 0:
		return v->b[i];
	case 1:
		return v->h[i];
	case 2:
		return v->s[i];
	default:
		return v->d[i];
	}
}
static inline void a64_set_lane(union vr_v128 *v, unsigned es, unsigned i, uint64_t value)
{
	switch (es) {
	case 0:
		v->b[i] = (uint8_t)value;
		break;
	case 1:
		v->h[i] = (uint16_t)value;
		break;
	case 2:
		v->s[i] = (uint32_t)value;
		break;
	default:
		v->d[i] = value;
	}
}

#endif
