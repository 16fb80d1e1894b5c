/* SPDX-License-Identifier: MIT */
/* fp_soft.c: arithmetic and comparison (Arm ARM shared/functions/float: FPAdd, FPMul, FPMulAdd, FPMax,
 * FPCompare, ...). */
#include "fp_unpack.h"

static a64_u128 term(const struct a64_num *n)
{
	return (a64_u128)n->mant << 62; /* bit 125 */
}

/* The product's magnitude, normalised to bit 127, and its exponent. */
static a64_u128 product(const struct a64_num *a, const struct a64_num *b, int *exp)
{
	a64_u128 p = (a64_u128)a->mant * b->mant;

	*exp = a->exp + b->exp;
	if (p >> 127) {
		*exp += 1;
		return p;
	}
	return p << 1;
}

uint64_t a64_fp_add(struct a64_fp *s, unsigned f, uint64_t va, uint64_t vb)
{
	struct a64_num a = a64_fp_unpack(s, f, va), b = a64_fp_unpack(s, f, vb);
	uint64_t r;

	if (a64_fp_process_nans(s, f, &a, &b, &r))
		return r;
	if (a.cls == A64_INF || b.cls == A64_INF) {
		if (a.cls == b.cls && a.sign != b.sign)
			return a64_fp_invalid(s, f);
		return a64_fp_inf(f, a.cls == A64_INF ? a.sign : b.sign);
	}
	if (a.cls == A64_ZERO && b.cls == A64_ZERO && a.sign == b.sign)
		return a64_fp_zero(f, a.sign);
	if (a.cls == A64_ZERO)
		a.exp = b.exp;
	if (b.cls == A64_ZERO)
		b.exp = a.exp;
	return a64_fp_sum(s, f, a.sign, a.exp, term(&a), b.sign, b.exp, term(&b));
}

/* FPSub: a NaN operand keeps its sign, so this is not a + (-b) for those. */
uint64_t a64_fp_sub(struct a64_fp *s, unsigned f, uint64_t va, uint64_t vb)
{
	struct a64_fp quiet = {.fpcr = s->fpcr};
	struct a64_num b = a64_fp_unpack(&quiet, f, vb);

	return a64_fp_add(s, f, va, a64_is_nan(&b) ? vb : a64_fp_neg(f, vb));
}

static uint64_t multiply(struct a64_fp *s, unsigned f, uint64_t va, uint64_t vb, unsigned extended)
{
	struct a64_num a = a64_fp_unpack(s, f, va), b = a64_fp_unpack(s, f, vb);
	unsigned sign = a.sign ^ b.sign;
	uint64_t r;
	int exp;

	if (a64_fp_process_nans(s, f, &a, &b, &r))
		return r;
	if ((a.cls == A64_INF && b.cls == A64_ZERO) || (a.cls == A64_ZERO && b.cls == A64_INF)) {
		if (!extended)
			return a64_fp_invalid(s, f);
		return a64_fp_zero(f, sign) | (uint64_t)(a64_fp_formats[f].bias + 1)
						      << a64_fp_formats[f].frac_bits;
	}
	if (a.cls == A64_INF || b.cls == A64_INF)
		return a64_fp_inf(f, sign);
	if (a.cls == A64_ZERO || b.cls == A64_ZERO)
		return a64_fp_zero(f, sign);
	a64_u128 p = product(&a, &b, &exp);

	return a64_fp_round(s, f, sign, exp, p, s->round);
}

uint64_t a64_fp_mul(struct a64_fp *s, unsigned f, uint64_t a, uint64_t b)
{
	return multiply(s, f, a, b, 0);
}

uint64_t a64_fp_mulx(struct a64_fp *s, unsigned f, uint64_t a, uint64_t b)
{
	return multiply(s, f, a, b, 1);
}

uint64_t a64_fp_div(struct a64_fp *s, unsigned f, uint64_t va, uint64_t vb)
{
	struct a64_num a = a64_fp_unpack(s, f, va), b = a64_fp_unpack(s, f, vb);
	unsigned sign = a.sign ^ b.sign;
	uint64_t r;

	if (a64_fp_process_nans(s, f, &a, &b, &r))
		return r;
	if ((a.cls == A64_INF && b.cls == A64_INF) || (a.cls == A64_ZERO && b.cls == A64_ZERO))
		return a64_fp_invalid(s, f);
	if (a.cls == A64_INF || b.cls == A64_ZERO) {
		if (a.cls != A64_INF)
			s->flags |= VR_FP_DIVZERO;
		return a64_fp_inf(f, sign);
	}
	if (a.cls == A64_ZERO || b.cls == A64_INF)
		return a64_fp_zero(f, sign);
	a64_u128 n = (a64_u128)a.mant << 63;
	uint64_t q = (uint64_t)(n / b.mant);
	int lz = __builtin_clzll(q);
	a64_u128 m = (a64_u128)q << (64 + lz) | ((a64_u128)q * b.mant != n);

	return a64_fp_round(s, f, sign, a.exp - b.exp - lz, m, s->round);
}

uint64_t a64_fp_sqrt(struct a64_fp *s, unsigned f, uint64_t va)
{
	struct a64_num a = a64_fp_unpack(s, f, va);

	if (a64_is_nan(&a))
		return a64_fp_process_nan(s, f, &a);
	if (a.cls == A64_ZERO)
		return a64_fp_zero(f, a.sign);
	if (a.sign)
		return a64_fp_invalid(s, f);
	if (a.cls == A64_INF)
		return a64_fp_inf(f, 0);
	a64_u128 n = (a64_u128)a.mant << (a.exp & 1 ? 64 : 63);
	uint64_t root = 0;

	for (int i = 63; i >= 0; i--) { /* the root's bits from the top; bit 63 is always set */
		uint64_t t = root | 1ull << i;

		if ((a64_u128)t * t <= n)
			root = t;
	}
	a64_u128 m = (a64_u128)root << 64 | ((a64_u128)root * root != n);

	return a64_fp_round(s, f, 0, a.exp >> 1, m, s->round);
}

/* The addend's NaN goes before the factors' (FPProcessNaNs3); infinity * 0 is invalid even beside a quiet NaN
 * addend. */
static int muladd_nans(struct a64_fp *s, unsigned f, const struct a64_num *c, const struct a64_num *a,
		       const struct a64_num *b, uint64_t *r)
{
	const struct a64_num *order[3] = {c, a, b};

	if (c->cls == A64_QNAN &&
	    ((a->cls == A64_INF && b->cls == A64_ZERO) || (a->cls == A64_ZERO && b->cls == A64_INF))) {
		*r = a64_fp_invalid(s, f);
		return 1;
	}
	for (unsigned i = 0; i < 6; i++) {
		const struct a64_num *n = order[i % 3];

		if (n->cls == (i < 3 ? A64_SNAN : A64_QNAN)) {
			*r = a64_fp_process_nan(s, f, n);
			return 1;
		}
	}
	return 0;
}

uint64_t a64_fp_muladd(struct a64_fp *s, unsigned f, uint64_t vc, uint64_t va, uint64_t vb)
{
	struct a64_num c = a64_fp_unpack(s, f, vc), a = a64_fp_unpack(s, f, va), b = a64_fp_unpack(s, f, vb);
	unsigned sign = a.sign ^ b.sign;
	int inf = a.cls == A64_INF || b.cls == A64_INF, zero = a.cls == A64_ZERO || b.cls == A64_ZERO;
	uint64_t r;
	int exp;

	if (muladd_nans(s, f, &c, &a, &b, &r))
		return r;
	if ((inf && zero) || (c.cls == A64_INF && inf && c.sign != sign))
		return a64_fp_invalid(s, f);
	if (c.cls == A64_INF)
		return a64_fp_inf(f, c.sign);
	if (inf)
		return a64_fp_inf(f, sign);
	if (zero && c.cls == A64_ZERO)
		return a64_fp_zero(f, c.sign == sign ? sign : s->round == VR_RM_DOWN);
	if (zero)
		return a64_fp_sum(s, f, c.sign, c.exp, term(&c), sign, c.exp, 0);
	a64_u128 p = product(&a, &b, &exp);

	/* The lowest 22 bits of p are zero in every format: two of them make room for the carry. */
	if (c.cls == A64_ZERO)
		return a64_fp_round(s, f, sign, exp, p, s->round);
	return a64_fp_sum(s, f, sign, exp, p >> 2, c.sign, c.exp, term(&c));
}

/* Neither is a NaN: -1, 0, 1. */
static int compare(const struct a64_num *a, const struct a64_num *b)
{
	if (a->cls == A64_ZERO && b->cls == A64_ZERO)
		return 0;
	if (a->cls == A64_ZERO)
		return b->sign ? 1 : -1;
	if (b->cls == A64_ZERO || a->sign != b->sign)
		return a->sign ? -1 : 1;
	int magnitude;

	if (a->cls != b->cls)
		magnitude = a->cls == A64_INF ? 1 : -1;
	else if (a->cls == A64_INF)
		magnitude = 0;
	else if (a->exp != b->exp)
		magnitude = a->exp > b->exp ? 1 : -1;
	else
		magnitude = a->mant > b->mant ? 1 : a->mant < b->mant ? -1 : 0;
	return a->sign ? -magnitude : magnitude;
}

/* FPMax, FPMin, FPMaxNum, FPMinNum. */
uint64_t a64_fp_minmax(struct a64_fp *s, unsigned f, uint64_t va, uint64_t vb, unsigned max, unsigned number)
{
	struct a64_num a = a64_fp_unpack(s, f, va), b = a64_fp_unpack(s, f, vb);
	uint64_t r;

	if (number) { /* a quiet NaN beside anything that is not one becomes the infinity that loses */
		struct a64_num loser = {.cls = A64_INF, .sign = max, .bits = a64_fp_inf(f, max)};

		if (a.cls == A64_QNAN && b.cls != A64_QNAN)
			a = loser;
		else if (b.cls == A64_QNAN && a.cls != A64_QNAN)
			b = loser;
	}
	if (a64_fp_process_nans(s, f, &a, &b, &r))
		return r;
	int c = compare(&a, &b);
	const struct a64_num *n = (max ? c > 0 : c < 0) ? &a : &b;

	if (n->cls == A64_ZERO)
		return a64_fp_zero(f, max ? a.sign & b.sign : a.sign | b.sign);
	return n->bits;
}

uint32_t a64_fp_compare(struct a64_fp *s, unsigned f, uint64_t va, uint64_t vb, unsigned signal_all)
{
	struct a64_num a = a64_fp_unpack(s, f, va), b = a64_fp_unpack(s, f, vb);

	if (a64_is_nan(&a) || a64_is_nan(&b)) {
		if (signal_all || a.cls == A64_SNAN || b.cls == A64_SNAN)
			s->flags |= VR_FP_INVALID;
		return 3; /* C V */
	}
	int c = compare(&a, &b);

	return c < 0 ? 8 : c == 0 ? 6 : 2;
}

/* FRECPS: 2 - a * b, fused; FRSQRTS: (3 - a * b) / 2. The first operand is negated before anything else. */
static uint64_t step(struct a64_fp *s, unsigned f, uint64_t va, uint64_t vb, unsigned rsqrt)
{
	struct a64_num a = a64_fp_unpack(s, f, a64_fp_neg(f, va)), b = a64_fp_unpack(s, f, vb);
	int inf = a.cls == A64_INF || b.cls == A64_INF, zero = a.cls == A64_ZERO || b.cls == A64_ZERO;
	unsigned sign = a.sign ^ b.sign;
	/* 2 or 3 with bit 125 the highest; the result of rsqrt is halved through both exponents */
	a64_u128 constant = rsqrt ? (a64_u128)3 << 124 : (a64_u128)1 << 125;
	int half = rsqrt ? 1 : 0;
	uint64_t r;
	int exp;

	if (a64_fp_process_nans(s, f, &a, &b, &r))
		return r;
	if (inf && !zero)
		return a64_fp_inf(f, sign);
	if (zero)
		return a64_fp_round(s, f, 0, 1 - half, constant << 2, s->round);
	a64_u128 p = product(&a, &b, &exp);

	return a64_fp_sum(s, f, 0, 1 - half, constant, sign, exp - half, p >> 2);
}

uint64_t a64_fp_recip_step(struct a64_fp *s, unsigned f, uint64_t a, uint64_t b)
{
	return step(s, f, a, b, 0);
}

uint64_t a64_fp_rsqrt_step(struct a64_fp *s, unsigned f, uint64_t a, uint64_t b)
{
	return step(s, f, a, b, 1);
}
