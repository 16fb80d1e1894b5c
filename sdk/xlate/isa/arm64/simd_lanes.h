/* SPDX-License-Identifier: MIT */
/* simd_lanes.h: the immediate of the integer SIMD helpers, and saturation. */
#ifndef VR_XLATE_A64_SIMD_LANES_H
#define VR_XLATE_A64_SIMD_LANES_H

#include "fp.h"

/* es: log2 of a lane's bytes; lanes: how many are worked on (the rest of the result is zero); u: unsigned. */
#define A64_SIMD_IMM(es, lanes, u, parameter) \
	((uint64_t)(es) | (uint64_t)(lanes) << 2 | (uint64_t)(u) << 8 | (uint64_t)(parameter) << 16)

/* simd_shl's parameter. */
#define A64_SHL_ROUND 1u
#define A64_SHL_SATURATE 2u
/* simd_qshl_imm's: the shift, and */
#define A64_QSHL_TO_UNSIGNED 0x100u
/* simd_qnarrow's: the shift right (0..64), and */
#define A64_QNARROW_ROUND 0x80u
#define A64_QNARROW_FROM_UNSIGNED 0x100u
#define A64_QNARROW_TO_UNSIGNED 0x200u
#define A64_QNARROW_UPPER 0x400u
/* simd_qdmull's. */
#define A64_QDMULL_ADD 1u
#define A64_QDMULL_SUB 2u
#define A64_QDMULL_UPPER 16u
/* simd_count's. */
#define A64_COUNT_CLZ 0u
#define A64_COUNT_CLS 1u
#define A64_COUNT_RBIT 2u
/* simd_sha1's. */
#define A64_SHA1_C 0u
#define A64_SHA1_P 1u
#define A64_SHA1_M 2u

typedef __int128 a64_i128;

static inline __attribute__((always_inline)) unsigned a64_lane_bits(unsigned es)
{
	return 8u << es;
}

/* A lane as a number. */
static inline __attribute__((always_inline)) a64_i128 a64_number(uint64_t v, unsigned es,
								 unsigned is_unsigned)
{
	const unsigned gap = 64 - a64_lane_bits(es);

	return is_unsigned ? (a64_i128)v : (a64_i128)((int64_t)(v << gap) >> gap);
}

/* SatQ (shared/functions/common). */
static inline __attribute__((always_inline)) uint64_t a64_saturate(a64_i128 v, unsigned es,
								   unsigned is_unsigned, unsigned *qc)
{
	const a64_i128 one = 1;
	const a64_i128 max = (one << (a64_lane_bits(es) - (is_unsigned ? 0 : 1))) - 1;
	const a64_i128 min = is_unsigned ? 0 : -max - 1;

	if (v > max) {
		*qc = 1;
		v = max;
	} else if (v < min) {
		*qc = 1;
		v = min;
	}
	return (uint64_t)v;
}

/* The same in 64 bits, for lanes of at most 4 bytes. */
static inline __attribute__((always_inline)) int64_t a64_number64(uint64_t v, unsigned es,
								  unsigned is_unsigned)
{
	const unsigned gap = 64 - a64_lane_bits(es);

	return is_unsigned ? (int64_t)v : (int64_t)(v << gap) >> gap;
}
static inline __attribute__((always_inline)) uint64_t a64_saturate64(int64_t v, unsigned es,
								     unsigned is_unsigned, unsigned *qc)
{
	const unsigned bits = es < 3 ? a64_lane_bits(es) : 32;
	const int64_t max = (INT64_C(1) << (bits - (is_unsigned ? 0 : 1))) - 1;
	const int64_t min = is_unsigned ? 0 : -max - 1;
	const int64_t r = v > max ? max : v < min ? min : v;

	*qc |= r != v;
	return (uint64_t)r;
}

#endif
