/* SPDX-License-Identifier: MIT */
/* fp_unpack.c: unpacking, NaN propagation and rounding (Arm ARM shared/functions/float: FPUnpack, FPRound,
 * ...). */
#include "fp_unpack.h"

struct a64_num a64_fp_unpack(struct a64_fp *s, unsigned f, uint64_t v)
{
	const struct a64_fp_format *fm = &a64_fp_formats[f];
	struct a64_num n = {.sign = (v & a64_fp_sign_bit(f)) != 0, .bits = v};
	uint64_t frac = v & a64_fp_frac_mask(f);
	uint64_t exp = (v & a64_fp_exp_mask(f)) >> fm->frac_bits;

	if (exp == 0) {
		if (frac && (s->fpcr & A64_FPCR_FZ) && f != A64_F16) {
			s->flags |= A64_FPSR_IDC;
			frac = 0;
		}
		if (!frac)
			return n; /* A64_ZERO */
		int lz = __builtin_clzll(frac);

		n.cls = A64_FINITE;
		n.mant = frac << lz;
		n.exp = 1 - fm->bias - (int)fm->frac_bits + 63 - lz;
		return n;
	}
	if (exp == (1u << fm->exp_bits) - 1 && !(f == A64_F16 && (s->fpcr & A64_FPCR_AHP))) {
		if (!frac)
			n.cls = A64_INF;
		else
			n.cls = frac & a64_fp_quiet_bit(f) ? A64_QNAN : A64_SNAN;
		return n;
	}
	n.cls = A64_FINITE;
	n.mant = 1ull << 63 | frac << (63 - fm->frac_bits);
	n.exp = (int)exp - fm->bias;
	return n;
}

uint64_t a64_fp_process_nan(struct a64_fp *s, unsigned f, const struct a64_num *n)
{
	if (n->cls == A64_SNAN)
		s->flags |= VR_FP_INVALID;
	if (s->fpcr & A64_FPCR_DN)
		return a64_fp_default_nan(f);
	return n->bits | a64_fp_quiet_bit(f);
}

int a64_fp_process_nans(struct a64_fp *s, unsigned f, const struct a64_num *a, const struct a64_num *b,
			uint64_t *result)
{
	const struct a64_num *n = a->cls == A64_SNAN   ? a
				  : b->cls == A64_SNAN ? b
				  : a->cls == A64_QNAN ? a
				  : b->cls == A64_QNAN ? b
						       : NULL;
	if (!n)
		return 0;
	*result = a64_fp_process_nan(s, f, n);
	return 1;
}

uint64_t a64_fp_invalid(struct a64_fp *s, unsigned f)
{
	s->flags |= VR_FP_INVALID;
	return a64_fp_default_nan(f);
}

int a64_fp_rounds_up(unsigned round, unsigned sign, unsigned odd, a64_u128 rest)
{
	const a64_u128 half = (a64_u128)1 << 127;

	switch (round) {
	case VR_RM_NEAREST:
		return rest > half || (rest == half && odd);
	case VR_RM_AWAY:
		return rest >= half;
	case VR_RM_UP:
		return rest && !sign;
	case VR_RM_DOWN:
		return rest && sign;
	default: /* VR_RM_ZERO, A64_RM_ODD */
		return 0;
	}
}

static int overflows_to_inf(unsigned round, unsigned sign)
{
	return round == VR_RM_NEAREST || round == VR_RM_AWAY || (round == VR_RM_UP && !sign) ||
	       (round == VR_RM_DOWN && sign);
}

uint64_t a64_fp_round(struct a64_fp *s, unsigned f, unsigned sign, int exp, a64_u128 m, unsigned round)
{
	const struct a64_fp_format *fm = &a64_fp_formats[f];
	const int emin = 1 - fm->bias;
	const unsigned fb = fm->frac_bits;
	const unsigned emax = (1u << fm->exp_bits) - 1;
	unsigned biased = 0;

	if (exp < emin) {
		if ((s->fpcr & A64_FPCR_FZ) && f != A64_F16) {
			s->flags |= VR_FP_UNDERFLOW;
			return a64_fp_zero(f, sign);
		}
		m = a64_shift_jam(m, emin - exp);
	} else {
		biased = (unsigned)(exp - emin + 1);
	}
	uint64_t keep = (uint64_t)(m >> (127 - fb));
	a64_u128 rest = m << (fb + 1);
	int inexact = rest != 0;

	if (!biased && inexact) /* tininess before rounding */
		s->flags |= VR_FP_UNDERFLOW;
	if (a64_fp_rounds_up(round, sign, keep & 1, rest)) {
		keep++;
		if (keep == 1ull << fb) /* a denormal became the smallest normal */
			biased = 1;
		if (keep == 1ull << (fb + 1)) {
			biased++;
			keep >>= 1;
		}
	}
	if (round == A64_RM_ODD && inexact)
		keep |= 1;
	if (f == A64_F16 && (s->fpcr & A64_FPCR_AHP)) {
		if (biased > emax) {
			s->flags |= VR_FP_INVALID;
			return a64_fp_zero(f, sign) | (a64_fp_sign_bit(f) - 1);
		}
	} else if (biased >= emax) {
		s->flags |= VR_FP_OVERFLOW | VR_FP_INEXACT;
		return overflows_to_inf(round, sign) ? a64_fp_inf(f, sign) : a64_fp_max_normal(f, sign);
	}
	if (inexact)
		s->flags |= VR_FP_INEXACT;
	return a64_fp_zero(f, sign) | (uint64_t)biased << fb | (keep & a64_fp_frac_mask(f));
}

static int clz128(a64_u128 v)
{
	return v >> 64 ? __builtin_clzll((uint64_t)(v >> 64)) : 64 + __builtin_clzll((uint64_t)v);
}

uint64_t a64_fp_sum(struct a64_fp *s, unsigned f, unsigned sx, int ex, a64_u128 mx, unsigned sy, int ey,
		    a64_u128 my)
{
	if (ex < ey || (ex == ey && mx < my)) {
		unsigned st = sx;
		int et = ex;
		a64_u128 mt = mx;

		sx = sy, ex = ey, mx = my;
		sy = st, ey = et, my = mt;
	}
	my = a64_shift_jam(my, ex - ey);
	a64_u128 r = sx == sy ? mx + my : mx - my;

	if (!r)
		return a64_fp_zero(f, s->round == VR_RM_DOWN);
	int lz = clz128(r);

	return a64_fp_round(s, f, sx, ex + 2 - lz, r << lz, s->round);
}
