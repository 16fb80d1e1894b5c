/* SPDX-License-Identifier: MIT */
/* fp.h: singles (d 0) and doubles (d 1) as bits. */
#ifndef VR_XLATE_RISCV64_FP_H
#define VR_XLATE_RISCV64_FP_H

#include "isa.h"

/* Only the operand's own bits: what lies above a single is undefined. */
static inline uint64_t rv_fp_bits(unsigned d, const union vr_v128 *v)
{
	return d ? v->d[0] : v->s[0];
}
static inline uint64_t rv_fp_magnitude(unsigned d, uint64_t v)
{
	return v & (d ? ~0ull >> 1 : 0x7fffffffu);
}
static inline int rv_fp_is_negative(unsigned d, uint64_t v)
{
	return v >> (d ? 63 : 31) & 1;
}
static inline uint64_t rv_fp_infinity(unsigned d)
{
	return d ? 0x7ff0000000000000u : 0x7f800000u;
}
static inline int rv_fp_is_nan(unsigned d, uint64_t v)
{
	return rv_fp_magnitude(d, v) > rv_fp_infinity(d);
}
static inline int rv_fp_is_signalling(unsigned d, uint64_t v)
{
	return rv_fp_is_nan(d, v) && !(v >> (d ? 51 : 22) & 1);
}

#endif
