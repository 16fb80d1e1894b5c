/* SPDX-License-Identifier: MIT */
/*
 * simd_helpers.c: integer SIMD that the IR has no ops for, where a result lane depends on one lane of each
 * operand.
 *
 * An operation is a function of lanes; LANEWISE makes the helper, with the loop compiled for each lane size.
 */
#include "helpers_fp.h"
#include "simd_lanes.h"

#define LANE static inline __attribute__((always_inline)) uint64_t
#define LANE_ARGS                                                                       \
	unsigned es __attribute__((unused)), unsigned u __attribute__((unused)),        \
		unsigned p __attribute__((unused)), uint64_t a __attribute__((unused)), \
		uint64_t b __attribute__((unused)), uint64_t c __attribute__((unused)), \
		unsigned *qc __attribute__((unused))

#define LOOP(op, ES)                         \
	for (unsigned i = 0; i < lanes; i++) \
		a64_set_lane(&r, ES, i,      \
			     op(ES, u, p, a64_lane(a, ES, i), a64_lane(b, ES, i), a64_lane(c, ES, i), &qc));
#define LANEWISE(name, op)                                                                           \
	void VR_CALL a64_helper_##name(struct vr_exec *x, union vr_v128 *d, const union vr_v128 *a,  \
				       const union vr_v128 *b, const union vr_v128 *c, uint64_t imm) \
	{                                                                                            \
		static const union vr_v128 none;                                                     \
		const unsigned lanes = imm >> 2 & 31, u = imm >> 8 & 1, p = (unsigned)(imm >> 16);   \
		union vr_v128 r = {.d = {0, 0}};                                                     \
		unsigned qc = 0;                                                                     \
                                                                                                     \
		a = a ? a : &none;                                                                   \
		b = b ? b : &none;                                                                   \
		c = c ? c : &none;                                                                   \
		switch (imm & 3) {                                                                   \
		case 0:                                                                              \
			LOOP(op, 0)                                                                  \
			break;                                                                       \
		case 1:                                                                              \
			LOOP(op, 1)                                                                  \
			break;                                                                       \
		case 2:                                                                              \
			LOOP(op, 2)                                                                  \
			break;                                                                       \
		default:                                                                             \
			LOOP(op, 3)                                                                  \
			break;                                                                       \
		}                                                                                    \
		*d = r;                                                                              \
		if (qc)                                                                              \
			a64_of(x)->fpsr_qc |= A64_FPSR_QC;                                           \
	}

/* A sum or difference of lanes, saturated; wider arithmetic than 64 bits for D lanes only. */
#define SATURATED(sign, b_unsigned)                                                                      \
	(es < 3 ? a64_saturate64(a64_number64(a, es, u) sign a64_number64(b, es, b_unsigned), es, u, qc) \
		: a64_saturate(a64_number(a, es, u) sign a64_number(b, es, b_unsigned), es, u, qc))

/* SQADD, UQADD, SQSUB, UQSUB */
LANE qadd(LANE_ARGS)
{
	return SATURATED(+, u);
}
LANEWISE(simd_qadd, qadd)

LANE qsub(LANE_ARGS)
{
	return SATURATED(-, u);
}
LANEWISE(simd_qsub, qsub)

/* SUQADD (u = 0): signed a plus unsigned b; USQADD (u = 1): unsigned a plus signed b */
LANE qadd_mixed(LANE_ARGS)
{
	return SATURATED(+, !u);
}
LANEWISE(simd_qadd_mixed, qadd_mixed)

/* [SU][Q][R]SHL by register: a shifted left by the signed low byte of b */
LANE shl(LANE_ARGS)
{
	const int shift = (int8_t)b, bits = (int)a64_lane_bits(es);
	const a64_i128 one = 1;
	a64_i128 v = a64_number(a, es, u);

	if (!p) { /* SSHL, USHL: nothing to saturate or round */
		if (shift >= 0)
			return shift < bits ? a << shift : 0;
		const int n = -shift < bits ? -shift : bits - 1;

		return u ? (-shift < bits ? a >> n : 0) : (uint64_t)((int64_t)v >> n);
	}
	if (shift >= bits) {
		if (!(p & A64_SHL_SATURATE) || v == 0)
			return 0;
		v = v > 0 ? one << 100 : -(one << 100);
	} else if (shift >= 0) {
		v *= one << shift;
	} else if (p & A64_SHL_ROUND) {
		const int n = -shift > 66 ? 66 : -shift; /* beyond that everything rounds to 0 */

		v = (v + (one << (n - 1))) >> n;
	} else {
		v >>= -shift > 65 ? 65 : -shift;
	}
	return p & A64_SHL_SATURATE ? a64_saturate(v, es, u, qc) : (uint64_t)v;
}
LANEWISE(simd_shl, shl)

/* SQSHL, UQSHL, SQSHLU by immediate */
LANE qshl_imm(LANE_ARGS)
{
	const a64_i128 one = 1;

	return a64_saturate(a64_number(a, es, u) * (one << (p & 0xff)), es, u || (p & A64_QSHL_TO_UNSIGNED),
			    qc);
}
LANEWISE(simd_qshl_imm, qshl_imm)

/*
 * SQDMULH; p = 1: SQRDMULH. (2 * product [+ 2^(bits - 1)]) >> bits, with everything halved so that 64 bits
 * hold it: these are of H and S lanes only.
 */
LANE qdmulh(LANE_ARGS)
{
	const unsigned bits = es < 3 ? a64_lane_bits(es) : 32;
	int64_t v = a64_number64(a, es, 0) * a64_number64(b, es, 0);

	return a64_saturate64((v + (p ? 1ll << (bits - 2) : 0)) >> (bits - 1), es, 0, qc);
}
LANEWISE(simd_qdmulh, qdmulh)

/* SQRDMLAH; p = 1: SQRDMLSH. c accumulates; halved likewise: |c| * 2^31 and the product are at most 2^62 each
 */
LANE qrdmlah(LANE_ARGS)
{
	const unsigned bits = es < 3 ? a64_lane_bits(es) : 32;
	int64_t v = a64_number64(a, es, 0) * a64_number64(b, es, 0);
	int64_t sum = a64_number64(c, es, 0) * (1ll << (bits - 1)) + (p ? -v : v) + (1ll << (bits - 2));

	return a64_saturate64(sum >> (bits - 1), es, 0, qc);
}
LANEWISE(simd_qrdmlah, qrdmlah)

/* SQABS; p = 1: SQNEG */
LANE qabs(LANE_ARGS)
{
	a64_i128 v = a64_number(a, es, 0);

	return a64_saturate(p || v < 0 ? -v : v, es, 0, qc);
}
LANEWISE(simd_qabs, qabs)

/* CLZ, CLS, RBIT */
LANE count(LANE_ARGS)
{
	const unsigned bits = a64_lane_bits(es);

	if (p == A64_COUNT_RBIT) {
		a = (a & 0x55) << 1 | (a & 0xaa) >> 1;
		a = (a & 0x33) << 2 | (a & 0xcc) >> 2;
		return (a & 0x0f) << 4 | (a & 0xf0) >> 4;
	}
	if (p == A64_COUNT_CLS) /* leading zeros of the bits that differ from their left neighbour */
		a = (a ^ a >> 1) & ((1ull << (bits - 1)) - 1);
	unsigned zeros = a ? (unsigned)__builtin_clzll(a) - (64 - bits) : bits;

	return p == A64_COUNT_CLS ? zeros - 1 : zeros;
}
LANEWISE(simd_count, count)

/* PMUL (bytes) */
LANE pmul(LANE_ARGS)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v ^= b >> i & 1 ? a << i : 0;
	return v;
}
LANEWISE(simd_pmul, pmul)

/* URECPE; p = 1: URSQRTE */
LANE estimate(LANE_ARGS)
{
	return p ? a64_rsqrt_estimate32((uint32_t)a) : a64_recip_estimate32((uint32_t)a);
}
LANEWISE(simd_estimate, estimate)
