/* SPDX-License-Identifier: MIT */
/* fp_unpack.h: what the fp_soft files share: formats, unpacking, NaNs, rounding (Arm ARM
 * shared/functions/float). */
#ifndef VR_XLATE_A64_FP_UNPACK_H
#define VR_XLATE_A64_FP_UNPACK_H

#include "fp_soft.h"

typedef unsigned __int128 a64_u128;

struct a64_fp_format {
	unsigned exp_bits, frac_bits;
	int bias;
};
static const struct a64_fp_format a64_fp_formats[4] = {
	[A64_F16] = {5, 10, 15},
	[A64_F32] = {8, 23, 127},
	[A64_F64] = {11, 52, 1023},
};

enum a64_fp_class { A64_ZERO, A64_FINITE, A64_INF, A64_QNAN, A64_SNAN };

/* FINITE: value = mant * 2^(exp - 63), bit 63 of mant set. */
struct a64_num {
	enum a64_fp_class cls;
	unsigned sign;
	int exp;
	uint64_t mant;
	uint64_t bits;
};

static inline unsigned a64_fp_bits(unsigned f)
{
	return 8u << f;
}
static inline uint64_t a64_fp_sign_bit(unsigned f)
{
	return 1ull << (a64_fp_bits(f) - 1);
}
static inline uint64_t a64_fp_neg(unsigned f, uint64_t v)
{
	return v ^ a64_fp_sign_bit(f);
}
static inline uint64_t a64_fp_exp_mask(unsigned f)
{
	return ((1ull << a64_fp_formats[f].exp_bits) - 1) << a64_fp_formats[f].frac_bits;
}
static inline uint64_t a64_fp_frac_mask(unsigned f)
{
	return (1ull << a64_fp_formats[f].frac_bits) - 1;
}
static inline uint64_t a64_fp_quiet_bit(unsigned f)
{
	return 1ull << (a64_fp_formats[f].frac_bits - 1);
}
static inline uint64_t a64_fp_zero(unsigned f, unsigned sign)
{
	return sign ? a64_fp_sign_bit(f) : 0;
}
static inline uint64_t a64_fp_inf(unsigned f, unsigned sign)
{
	return a64_fp_zero(f, sign) | a64_fp_exp_mask(f);
}
static inline uint64_t a64_fp_max_normal(unsigned f, unsigned sign)
{
	return a64_fp_inf(f, sign) - 1;
}
static inline uint64_t a64_fp_default_nan(unsigned f)
{
	return a64_fp_exp_mask(f) | a64_fp_quiet_bit(f);
}
static inline int a64_is_nan(const struct a64_num *n)
{
	return n->cls >= A64_QNAN;
}

/* FPUnpack: denormal inputs become zero under FZ (not for half precision: FZ16 is not there). */
struct a64_num a64_fp_unpack(struct a64_fp *s, unsigned f, uint64_t v);
/* FPProcessNaN / FPProcessNaNs: quieted, or the default NaN under DN; 1 when there was one. */
uint64_t a64_fp_process_nan(struct a64_fp *s, unsigned f, const struct a64_num *n);
int a64_fp_process_nans(struct a64_fp *s, unsigned f, const struct a64_num *a, const struct a64_num *b,
			uint64_t *result);
/* The invalid operation's result. */
uint64_t a64_fp_invalid(struct a64_fp *s, unsigned f);
/* FPRound of m * 2^(exp - 127); bit 127 of m set, bit 0 sticky. */
uint64_t a64_fp_round(struct a64_fp *s, unsigned f, unsigned sign, int exp, a64_u128 m, unsigned round);
/* Does a discarded part round the magnitude up? rest: its bits from the top, so bit 127 is one half. */
int a64_fp_rounds_up(unsigned round, unsigned sign, unsigned odd, a64_u128 rest);
/* x + y, each m * 2^(exp - 125) with bit 125 the highest set. */
uint64_t a64_fp_sum(struct a64_fp *s, unsigned f, unsigned sx, int ex, a64_u128 mx, unsigned sy, int ey,
		    a64_u128 my);

/* Right shift that keeps lost bits as a sticky bit 0. */
static inline a64_u128 a64_shift_jam(a64_u128 v, int n)
{
	if (n <= 0)
		return v;
	if (n > 127)
		return v != 0;
	return v >> n | ((v << (128 - n)) != 0);
}

#endif
