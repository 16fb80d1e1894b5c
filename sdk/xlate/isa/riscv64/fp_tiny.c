/* SPDX-License-Identifier: MIT */
/*
 * fp_tiny.c: is a result tiny? IEEE 754-2019, 7.5, leaves it to the architecture whether that is decided before rounding or
 * after it, and RISC-V decides after rounding: as if the exponent had no bounds (vol. I, "F", "Floating-Point Control and
 * Status Register"). Hosts differ in that, so it is decided here, in integers.
 *
 * Both rules differ for one result alone, the smallest normal number, 2^e. With less than that delivered, the exact result
 * is below 2^e - u/2, where u is the distance of subnormal numbers, and tiny either way; with more, it is above 2^e.
 *
 * Just below 2^e numbers with an unbounded exponent have the distance u/2. So the exact magnitude v, of which 2^e was
 * made, is tiny
 *     rounding to nearest           when v < 2^e - u/4 (half-way there is rounded to 2^e, the even one)
 *     rounding away from zero here  when v <= 2^e - u/2
 *     rounding toward zero here     never: then v >= 2^e
 * Everything is counted in units of u/4, in which both bounds are integers: with p bits of precision 2^e is 2^(p+1) and
 * the bounds are LIMIT = 2^(p+1) - 1 and 2^(p+1) - 2. v is near 2^e, so sums and products fit into 128 bits when they are
 * compared with what is left of them after a common shift.
 */
#include "fp_tiny.h"

typedef unsigned __int128 u128;

/* A finite number: mantissa * 2^exponent. */
struct number {
	uint64_t mantissa;
	int exponent;
	int negative;
};

static struct number unpack(unsigned d, uint64_t bits)
{
	const unsigned fraction = d ? 52 : 23;
	const int bias = d ? 1023 : 127;
	const uint64_t magnitude = rv_fp_magnitude(d, bits);
	struct number n = {.mantissa = magnitude & ((1ull << fraction) - 1),
			   .exponent = (int)(magnitude >> fraction),
			   .negative = rv_fp_is_negative(d, bits)};

	if (n.exponent)
		n.mantissa |= 1ull << fraction;
	else
		n.exponent = 1;
	n.exponent -= bias + (int)fraction;
	return n;
}

/* a * 2^shift, whole part; *lost: there was more. Beyond 126 bits: a number that large. */
static u128 scaled(u128 a, int shift, int *lost)
{
	if (!a)
		return 0;
	if (shift >= 0) {
		int width = a >> 64 ? 128 - __builtin_clzll((uint64_t)(a >> 64))
				    : 64 - __builtin_clzll((uint64_t)a);
		return width + shift > 126 ? (u128)1 << 126 : a << shift;
	}
	if (shift <= -128) {
		*lost = 1;
		return 0;
	}
	u128 whole = a >> -shift;
	*lost |= whole << -shift != a;
	return whole;
}

/* The magnitude is whole, and a part of a unit more when `more`. */
static int below(u128 whole, int more, uint64_t bound, int or_equal)
{
	return whole < bound || (or_equal && whole == bound && !more);
}

int rv_fp_tiny(const struct rv_fp_operation *o, uint32_t mode)
{
	const unsigned d = o->is_double;
	const int unit = d ? 1076 : 151; /* u/4 is 2^-unit */
	const uint64_t two_e = 4 * rv_fp_smallest_normal(d);
	struct number a = unpack(o->op == VR_IR_FCVT ? 1 : d, o->a), b = unpack(d, o->b), c = unpack(d, o->c);
	int negative = a.negative, more = 0;
	u128 whole;

	switch (o->op) {
	case VR_IR_FCVT:
		whole = scaled(a.mantissa, a.exponent + unit, &more);
		break;
	case VR_IR_FMUL:
		negative ^= b.negative;
		whole = scaled((u128)a.mantissa * b.mantissa, a.exponent + b.exponent + unit, &more);
		break;
	case VR_IR_FDIV: {
		if (!a.mantissa || !b.mantissa)
			return 0;
		/* of mantissas with their highest bits set, the quotient has 64 bits or more, two_e 55 at most */
		int shift_a = __builtin_clzll(a.mantissa), shift_b = __builtin_clzll(b.mantissa), left = 0;
		u128 dividend = (u128)(a.mantissa << shift_a) << 64;

		b.mantissa <<= shift_b;
		negative ^= b.negative;
		more = dividend % b.mantissa != 0;
		whole = scaled(dividend / b.mantissa,
			       a.exponent - shift_a - (b.exponent - shift_b) - 64 + unit, &left);
		more |= left;
		break;
	}
	case VR_IR_FMADD: {
		int below_product = 0, below_sum = 0;
		u128 product =
			scaled((u128)a.mantissa * b.mantissa, a.exponent + b.exponent + unit, &below_product);
		/* of a number of this format nothing is below a unit */
		u128 sum = scaled(c.mantissa, c.exponent + unit, &below_sum);
		int product_negative = a.negative ^ b.negative ^ (int)(o->aux & 1);
		int sum_negative = c.negative ^ (int)(o->aux >> 1 & 1);

		more = below_product;
		if (product >> 126 || sum >> 126) /* so large that what is left of both is exact */
			return 0;
		if (product_negative == sum_negative) {
			negative = product_negative;
			whole = product + sum;
		} else if (product >= sum) {
			negative = product_negative;
			whole = product - sum;
		} else {
			/* sum - (product and a part of a unit) */
			negative = sum_negative;
			whole = sum - product - (u128)(more != 0);
		}
		break;
	}
	default: /* sums and roots that are so small are exact */
		return 0;
	}
	switch (mode) {
	case VR_RM_NEAREST:
		return below(whole, more, two_e - 1, 0);
	case VR_RM_UP:
		return !negative && below(whole, more, two_e - 2, 1);
	case VR_RM_DOWN:
		return negative && below(whole, more, two_e - 2, 1);
	default:
		return 0;
	}
}
