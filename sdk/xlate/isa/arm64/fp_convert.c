/* SPDX-License-Identifier: MIT */
/* fp_convert.c: conversions and estimates (Arm ARM shared/functions/float: FPConvert, FPToFixed,
 * FPRecipEstimate, ...). */
#include "fp_unpack.h"

static uint64_t convert_nan(unsigned from, unsigned to, const struct a64_num *n)
{
	unsigned ff = a64_fp_formats[from].frac_bits, ft = a64_fp_formats[to].frac_bits;
	uint64_t frac = n->bits & a64_fp_frac_mask(from);

	frac = ft >= ff ? frac << (ft - ff) : frac >> (ff - ft);
	return a64_fp_zero(to, n->sign) | a64_fp_default_nan(to) | frac;
}

uint64_t a64_fp_convert(struct a64_fp *s, unsigned from, unsigned to, uint64_t v, unsigned round)
{
	struct a64_num n = a64_fp_unpack(s, from, v);
	int alternative = to == A64_F16 && (s->fpcr & A64_FPCR_AHP);

	if (a64_is_nan(&n)) {
		if (n.cls == A64_SNAN || alternative)
			s->flags |= VR_FP_INVALID;
		if (alternative)
			return a64_fp_zero(to, n.sign);
		return s->fpcr & A64_FPCR_DN ? a64_fp_default_nan(to) : convert_nan(from, to, &n);
	}
	if (n.cls == A64_INF) {
		if (!alternative)
			return a64_fp_inf(to, n.sign);
		s->flags |= VR_FP_INVALID;
		return a64_fp_zero(to, n.sign) | (a64_fp_sign_bit(to) - 1);
	}
	if (n.cls == A64_ZERO)
		return a64_fp_zero(to, n.sign);
	return a64_fp_round(s, to, n.sign, n.exp, (a64_u128)n.mant << 64, round);
}

/* |n| * 2^scale as an integer, rounded; *inexact when it was not one. The caller bounds the exponent below
 * 127. */
static a64_u128 integral(const struct a64_num *n, int scale, unsigned round, int *inexact)
{
	int shift = 63 - n->exp - scale;
	a64_u128 m = n->mant, rest = 0;

	if (shift <= 0) {
		m <<= -shift;
	} else if (shift < 128) {
		rest = m << (128 - shift);
		m >>= shift;
	} else {
		rest = 1;
		m = 0;
	}
	*inexact = rest != 0;
	return a64_fp_rounds_up(round, n->sign, m & 1, rest) ? m + 1 : m;
}

uint64_t a64_fp_round_int(struct a64_fp *s, unsigned f, uint64_t v, unsigned round, unsigned exact)
{
	struct a64_num n = a64_fp_unpack(s, f, v);
	int inexact;

	if (a64_is_nan(&n))
		return a64_fp_process_nan(s, f, &n);
	if (n.cls == A64_ZERO)
		return a64_fp_zero(f, n.sign);
	if (n.cls == A64_INF || n.exp >= (int)a64_fp_formats[f].frac_bits)
		return v;
	a64_u128 i = integral(&n, 0, round, &inexact);

	if (inexact && exact)
		s->flags |= VR_FP_INEXACT;
	if (!i)
		return a64_fp_zero(f, n.sign);
	int lz = __builtin_clzll((uint64_t)i);

	return a64_fp_round(s, f, n.sign, 63 - lz, i << (64 + lz), round);
}

uint64_t a64_fp_to_fixed(struct a64_fp *s, unsigned f, uint64_t v, unsigned fbits, unsigned is_unsigned,
			 unsigned bits, unsigned round)
{
	struct a64_num n = a64_fp_unpack(s, f, v);
	uint64_t all = bits == 64 ? UINT64_MAX : (1ull << bits) - 1;
	uint64_t max = is_unsigned ? all : all >> 1;
	uint64_t min = is_unsigned ? 0 : max + 1; /* magnitude */
	int inexact;

	if (a64_is_nan(&n)) {
		s->flags |= VR_FP_INVALID;
		return 0;
	}
	if (n.cls == A64_ZERO)
		return 0;
	if (n.cls == A64_INF || n.exp + (int)fbits > 64) {
		s->flags |= VR_FP_INVALID;
		return n.sign ? (0 - min) & all : max;
	}
	a64_u128 i = integral(&n, (int)fbits, round, &inexact);

	if (i > (n.sign ? min : max)) {
		s->flags |= VR_FP_INVALID;
		return n.sign ? (0 - min) & all : max;
	}
	if (inexact)
		s->flags |= VR_FP_INEXACT;
	return (n.sign ? 0 - (uint64_t)i : (uint64_t)i) & all;
}

uint64_t a64_fp_from_fixed(struct a64_fp *s, unsigned f, uint64_t v, unsigned fbits, unsigned is_unsigned,
			   unsigned bits)
{
	if (bits < 64)
		v = is_unsigned ? v & ((1ull << bits) - 1)
				: (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits));
	if (!v)
		return 0;
	unsigned sign = !is_unsigned && v >> 63;
	uint64_t m = sign ? 0 - v : v;
	int lz = __builtin_clzll(m);

	return a64_fp_round(s, f, sign, 63 - lz - (int)fbits, (a64_u128)m << (64 + lz), s->round);
}

/* RecipEstimate: 256..511 -> 256..511. */
static uint32_t recip_estimate(uint32_t a)
{
	a = a * 2 + 1;
	return ((1u << 19) / a + 1) / 2;
}

/* RecipSqrtEstimate: 128..511 -> 256..511. */
static uint32_t rsqrt_estimate(uint32_t a)
{
	uint32_t b = 512;

	if (a < 256)
		a = a * 2 + 1;
	else
		a = ((a & ~1u) + 1) * 2;
	while (a * (b + 1) * (b + 1) < 1u << 28)
		b++;
	return (b + 1) / 2;
}

uint32_t a64_recip_estimate32(uint32_t a)
{
	return a >> 31 ? recip_estimate(a >> 23) << 23 : UINT32_MAX;
}

uint32_t a64_rsqrt_estimate32(uint32_t a)
{
	return a >> 30 ? rsqrt_estimate(a >> 23) << 23 : UINT32_MAX;
}

/* FPRecipEstimate, for single and double. */
uint64_t a64_fp_recip_estimate(struct a64_fp *s, unsigned f, uint64_t v)
{
	const struct a64_fp_format *fm = &a64_fp_formats[f];
	struct a64_num n = a64_fp_unpack(s, f, v);

	if (a64_is_nan(&n))
		return a64_fp_process_nan(s, f, &n);
	if (n.cls == A64_INF)
		return a64_fp_zero(f, n.sign);
	if (n.cls == A64_ZERO) {
		s->flags |= VR_FP_DIVZERO;
		return a64_fp_inf(f, n.sign);
	}
	if (n.exp < -fm->bias - 1) { /* |v| < 2^-128, 2^-1024 */
		int inf = s->round == VR_RM_NEAREST || (s->round == VR_RM_UP && !n.sign) ||
			  (s->round == VR_RM_DOWN && n.sign);

		s->flags |= VR_FP_OVERFLOW | VR_FP_INEXACT;
		return inf ? a64_fp_inf(f, n.sign) : a64_fp_max_normal(f, n.sign);
	}
	if ((s->fpcr & A64_FPCR_FZ) && n.exp >= fm->bias - 1) {
		s->flags |= VR_FP_UNDERFLOW;
		return a64_fp_zero(f, n.sign);
	}
	/* 256..511 are the leading bits of the normalised value; the estimate's are the result's. */
	uint64_t frac = (uint64_t)(recip_estimate((uint32_t)(n.mant >> 55)) & 0xff) << (fm->frac_bits - 8);
	int exp = 2 * fm->bias - 1 - (n.exp + fm->bias);

	if (exp == 0)
		frac = frac >> 1 | 1ull << (fm->frac_bits - 1);
	else if (exp == -1)
		frac = frac >> 2 | 1ull << (fm->frac_bits - 2);
	if (exp < 0)
		exp = 0;
	return a64_fp_zero(f, n.sign) | (uint64_t)exp << fm->frac_bits | frac;
}

uint64_t a64_fp_rsqrt_estimate(struct a64_fp *s, unsigned f, uint64_t v)
{
	const struct a64_fp_format *fm = &a64_fp_formats[f];
	struct a64_num n = a64_fp_unpack(s, f, v);

	if (a64_is_nan(&n))
		return a64_fp_process_nan(s, f, &n);
	if (n.cls == A64_ZERO) {
		s->flags |= VR_FP_DIVZERO;
		return a64_fp_inf(f, n.sign);
	}
	if (n.sign)
		return a64_fp_invalid(s, f);
	if (n.cls == A64_INF)
		return a64_fp_zero(f, 0);
	int biased = n.exp + fm->bias;
	uint32_t scaled = (uint32_t)(n.mant >> (biased & 1 ? 56 : 55));
	/* 380 and 3068 of the manual */
	uint64_t exp = (uint64_t)((3 * fm->bias - 1 - biased) >> 1);

	return exp << fm->frac_bits | (uint64_t)(rsqrt_estimate(scaled) & 0xff) << (fm->frac_bits - 8);
}

/* FPRecpX. */
uint64_t a64_fp_recip_exponent(struct a64_fp *s, unsigned f, uint64_t v)
{
	struct a64_num n = a64_fp_unpack(s, f, v);
	uint64_t mask = a64_fp_exp_mask(f), exp = v & mask;

	if (a64_is_nan(&n))
		return a64_fp_process_nan(s, f, &n);
	/* zero and denormals: the largest finite exponent */
	exp = exp ? ~exp & mask : mask - (1ull << a64_fp_formats[f].frac_bits);
	return a64_fp_zero(f, n.sign) | exp;
}
