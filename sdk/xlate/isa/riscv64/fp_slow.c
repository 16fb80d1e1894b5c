/* SPDX-License-Identifier: MIT */
/*
 * fp_slow.c: the exact result of the FP ops of the IR that this guest uses (vr_isa.fp_slow), and FCLASS.
 *
 * The host's unit rounds and raises as IEEE 754 says, so arithmetic is the host's. What IEEE 754 leaves open, or hosts do
 * otherwise, is decided on the operands' bits: tininess is detected after rounding (fp_tiny.c), NaNs are canonical, FMIN and
 * FMAX ignore quiet and signalling NaNs alike, and conversions to integers saturate.
 */
#include <fenv.h>
#include <math.h>
#include "fp.h"
#include "fp_tiny.h"

static uint64_t canonical(unsigned d)
{
	return d ? 0x7ff8000000000000u : 0x7fc00000u;
}

/* Not const-folded, not moved over another: the sticky flags are an effect. */
#define ARITHMETIC(T, name, sqrt_, fma_)                                 \
	static T name(uint32_t op, uint32_t aux, T va, T vb, T vc)       \
	{                                                                \
		volatile T a = va, b = vb, c = vc, r;                    \
		switch (op) {                                            \
		case VR_IR_FADD:                                         \
			r = a + b;                                       \
			break;                                           \
		case VR_IR_FSUB:                                         \
			r = a - b;                                       \
			break;                                           \
		case VR_IR_FMUL:                                         \
			r = a * b;                                       \
			break;                                           \
		case VR_IR_FDIV:                                         \
			r = a / b;                                       \
			break;                                           \
		case VR_IR_FSQRT:                                        \
			r = sqrt_(a);                                    \
			break;                                           \
		default: /* VR_IR_FMADD */                               \
			r = fma_(aux & 1 ? -a : a, b, aux & 2 ? -c : c); \
		}                                                        \
		return r;                                                \
	}
ARITHMETIC(float, arithmetic_s, sqrtf, fmaf)
ARITHMETIC(double, arithmetic_d, sqrt, fma)

/* Infinity * 0 is invalid even beside a quiet NaN. */
static unsigned is_zero_times_infinity(unsigned d, uint64_t a, uint64_t b)
{
	uint64_t x = rv_fp_magnitude(d, a), y = rv_fp_magnitude(d, b), inf = rv_fp_infinity(d);
	return (x == 0 && y == inf) || (x == inf && y == 0);
}

/* Underflow of an operation whose result is the smallest normal number is this guest's to decide. before: was the flag raised
 * already? Then it stays. */
static void decide_underflow(const struct vr_exec *x, const struct rv_fp_operation *o, uint64_t r, int before)
{
	if (before || rv_fp_magnitude(o->is_double, r) != rv_fp_smallest_normal(o->is_double))
		return;
	if (rv_fp_tiny(o, x->fp_round))
		feraiseexcept(FE_UNDERFLOW);
	else
		feclearexcept(FE_UNDERFLOW);
}

static uint64_t arithmetic(struct vr_exec *x, uint32_t op, unsigned d, uint32_t aux, const union vr_v128 *a,
			   const union vr_v128 *b, const union vr_v128 *c)
{
	union vr_v128 r = {.d = {0, 0}};
	const int before = fetestexcept(FE_UNDERFLOW);

	if (op == VR_IR_FMADD && is_zero_times_infinity(d, rv_fp_bits(d, a), rv_fp_bits(d, b)))
		x->fp_flags |= VR_FP_INVALID;
	if (d)
		r.f64[0] = arithmetic_d(op, aux, a->f64[0], b->f64[0], c->f64[0]);
	else
		r.f32[0] = arithmetic_s(op, aux, a->f32[0], b->f32[0], c->f32[0]);
	const struct rv_fp_operation o = {.op = op,
					  .is_double = d,
					  .aux = aux,
					  .a = rv_fp_bits(d, a),
					  .b = rv_fp_bits(d, b),
					  .c = rv_fp_bits(d, c)};
	decide_underflow(x, &o, r.d[0], before);
	return rv_fp_is_nan(d, r.d[0]) ? canonical(d) : r.d[0];
}

/* Neither is a NaN: -1, 0, 1. */
static int order(unsigned d, uint64_t a, uint64_t b)
{
	uint64_t x = rv_fp_magnitude(d, a), y = rv_fp_magnitude(d, b);
	int negative = rv_fp_is_negative(d, a);

	if (x == 0 && y == 0)
		return 0;
	if (negative != rv_fp_is_negative(d, b))
		return negative ? -1 : 1;
	return x == y ? 0 : (x < y) != negative ? -1 : 1;
}

static uint64_t compare(struct vr_exec *x, unsigned d, uint32_t signal_all, uint64_t a, uint64_t b)
{
	if (rv_fp_is_nan(d, a) || rv_fp_is_nan(d, b)) {
		if (signal_all || rv_fp_is_signalling(d, a) || rv_fp_is_signalling(d, b))
			x->fp_flags |= VR_FP_INVALID;
		return VR_FLAG_V;
	}
	int o = order(d, a, b);

	return o < 0 ? VR_FLAG_N | VR_FLAG_NOT_C : o == 0 ? VR_FLAG_Z : 0;
}

/* FMIN, FMAX: minimumNumber, maximumNumber of IEEE 754-2019; -0 < +0. */
static uint64_t extremum(struct vr_exec *x, unsigned d, unsigned max, uint64_t a, uint64_t b)
{
	if (rv_fp_is_signalling(d, a) || rv_fp_is_signalling(d, b))
		x->fp_flags |= VR_FP_INVALID;
	if (rv_fp_is_nan(d, a))
		return rv_fp_is_nan(d, b) ? canonical(d) : b;
	if (rv_fp_is_nan(d, b))
		return a;
	int o = order(d, a, b);

	if (o == 0)
		o = rv_fp_is_negative(d, b) - rv_fp_is_negative(d, a);
	return (max ? o > 0 : o < 0) ? a : b;
}

/* To an integer of `bits`, zero-extended; out of range and NaNs saturate ("Floating-Point Conversion"). */
static uint64_t to_integer(struct vr_exec *x, unsigned d, uint64_t v, unsigned is_unsigned, unsigned bits,
			   unsigned mode)
{
	const unsigned fraction = d ? 52 : 23;
	const int bias = d ? 1023 : 127;
	const uint64_t all = bits == 64 ? UINT64_MAX : UINT32_MAX, top = 1ull << (bits - 1);
	uint64_t magnitude = rv_fp_magnitude(d, v), mantissa = magnitude & ((1ull << fraction) - 1),
		 whole = 0;
	int exponent = (int)(magnitude >> fraction), negative = rv_fp_is_negative(d, v), up = 0, inexact = 0;
	const uint64_t low = is_unsigned ? 0 : top, high = is_unsigned ? all : top - 1;

	if (rv_fp_is_nan(d, v)) {
		x->fp_flags |= VR_FP_INVALID;
		return high;
	}
	if (exponent)
		mantissa |= 1ull << fraction;
	else
		exponent = 1;
	int shift = (int)fraction - (exponent - bias); /* to the right */

	if (shift <= (int)fraction - 64) {
		x->fp_flags |= VR_FP_INVALID;
		return negative ? low : high;
	}
	if (shift <= 0) {
		whole = mantissa << -shift;
	} else {
		uint64_t rest, half;

		if (shift > 62) { /* far below one half */
			rest = mantissa != 0;
			half = 2;
		} else {
			whole = mantissa >> shift;
			rest = mantissa & ((1ull << shift) - 1);
			half = 1ull << (shift - 1);
		}
		inexact = rest != 0;
		up = mode == VR_RM_NEAREST ? rest > half || (rest == half && (whole & 1))
		     : mode == VR_RM_AWAY  ? rest >= half
		     : mode == VR_RM_UP    ? rest && !negative
		     : mode == VR_RM_DOWN  ? rest && negative
					   : 0;
		whole += (uint64_t)up;
	}
	if (whole > (negative ? low : high)) {
		x->fp_flags |= VR_FP_INVALID;
		return negative ? low : high;
	}
	if (inexact)
		x->fp_flags |= VR_FP_INEXACT;
	return (negative ? 0 - whole : whole) & all;
}

/*
 * Conversions are of signed integers, one instruction of any host. Compilers compute those of unsigned ones
 * in several steps, which are wrong in rounding modes other than to nearest (0 becomes -0 where differences
 * round down).
 */
static uint64_t from_integer(unsigned d, uint64_t v, unsigned is_unsigned, unsigned wide)
{
	uint64_t u = wide ? v : is_unsigned ? (uint32_t)v : (uint64_t)(int32_t)v;
	/* Half of it, the lost bit kept for the rounding: twice the result is exact. */
	unsigned halved = is_unsigned && u >> 63;
	volatile int64_t s = (int64_t)(halved ? u >> 1 | (u & 1) : u);
	union vr_v128 r = {.d = {0, 0}};

	if (d) {
		volatile double to = (double)s;

		r.f64[0] = halved ? to + to : to;
	} else {
		volatile float to = (float)s;

		r.f32[0] = halved ? to + to : to;
	}
	return r.d[0];
}

static uint64_t convert(const struct vr_exec *x, unsigned to_double, const union vr_v128 *a)
{
	union vr_v128 r = {.d = {0, 0}};
	const int before = fetestexcept(FE_UNDERFLOW);
	volatile float s = a->f32[0];
	volatile double v = a->f64[0];

	if (to_double)
		r.f64[0] = s;
	else
		r.f32[0] = (float)v;
	if (!to_double) {
		const struct rv_fp_operation o = {.op = VR_IR_FCVT, .a = a->d[0]};

		decide_underflow(x, &o, r.d[0], before);
	}
	return rv_fp_is_nan(to_double, r.d[0]) ? canonical(to_double) : r.d[0];
}

int32_t VR_CALL rv_fp_slow(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			   const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c)
{
	static const union vr_v128 none;
	const uint32_t op = what & 0xffff, type = what >> 16 & 0xff, aux = what >> 24;
	const unsigned is_double = type == VR_T_F64, from_double = aux & 1;
	uint64_t r;

	(void)imm;
	a = a ? a : &none;
	b = b ? b : &none;
	c = c ? c : &none;
	switch (op) {
	case VR_IR_FCMP:
		r = compare(x, is_double, aux & 1, rv_fp_bits(is_double, a), rv_fp_bits(is_double, b));
		break;
	case VR_IR_FMIN:
	case VR_IR_FMINNM:
	case VR_IR_FMAX:
	case VR_IR_FMAXNM:
		r = extremum(x, is_double, op == VR_IR_FMAX || op == VR_IR_FMAXNM, rv_fp_bits(is_double, a),
			     rv_fp_bits(is_double, b));
		break;
	case VR_IR_FTOI:
		r = to_integer(x, from_double, rv_fp_bits(from_double, a), aux & 2,
			       type == VR_T_I64 ? 64 : 32,
			       (aux >> 2 & 7) == VR_RM_CURRENT ? x->fp_round : aux >> 2 & 7);
		break;
	case VR_IR_ITOF:
		r = from_integer(is_double, a->d[0], aux & 2, aux & 1);
		break;
	case VR_IR_FCVT:
		r = convert(x, is_double, a);
		break;
	default:
		r = arithmetic(x, op, is_double, aux, a, b, c);
	}
	*d = (union vr_v128){.d = {r, 0}};
	return 0;
}

/* FCLASS ("Floating-Point Classify Instruction"). */
static uint64_t classify(unsigned d, uint64_t v)
{
	uint64_t magnitude = rv_fp_magnitude(d, v), normal = d ? 1ull << 52 : 1ull << 23;
	unsigned positive = !rv_fp_is_negative(d, v), kind;

	if (rv_fp_is_nan(d, v))
		return rv_fp_is_signalling(d, v) ? 1u << 8 : 1u << 9;
	kind = magnitude == rv_fp_infinity(d) ? 0 : magnitude >= normal ? 1 : magnitude ? 2 : 3;
	return 1u << (positive ? 7 - kind : kind);
}

uint64_t VR_CALL rv_helper_fclass_s(struct vr_exec *x, uint64_t bits, uint64_t b, uint64_t c)
{
	(void)x, (void)b, (void)c;
	return classify(0, (uint32_t)bits);
}

uint64_t VR_CALL rv_helper_fclass_d(struct vr_exec *x, uint64_t bits, uint64_t b, uint64_t c)
{
	(void)x, (void)b, (void)c;
	return classify(1, bits);
}
