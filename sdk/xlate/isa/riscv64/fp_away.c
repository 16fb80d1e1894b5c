/* SPDX-License-Identifier: MIT */
/*
 * fp_away.c: arithmetic rounded to nearest, ties away from zero (RMM), which hosts' units do not do.
 *
 * The result is computed with more than twice the precision, toward zero, its lowest bit made odd when that
 * was inexact; what is rounded from there in integers is as if rounded from the exact result. Square roots
 * are never half-way, so nearest is right for them.
 */
#include <fenv.h>
#include <math.h>
#include <string.h>
#include "fp.h"

#if defined(__x86_64__)
typedef __float128 quad;
#else
typedef long double quad; /* binary128 elsewhere */
#endif
typedef unsigned __int128 u128;

#define QUAD_BIAS 16383
#define QUAD_FRACTION 112

static quad widen(unsigned d, const union vr_v128 *v)
{
	return d ? (quad)v->f64[0] : (quad)v->f32[0];
}

static uint32_t host_flags(int raised)
{
	return (raised & FE_INVALID ? VR_FP_INVALID : 0) | (raised & FE_DIVBYZERO ? VR_FP_DIVZERO : 0) |
	       (raised & FE_INEXACT ? VR_FP_INEXACT : 0);
}

/* In the host's unit, rounding toward zero, flags clear. */
static quad compute(uint32_t op, uint32_t type, uint32_t aux, const union vr_v128 *a, const union vr_v128 *b,
		    const union vr_v128 *c)
{
	const unsigned d = type == VR_T_F64;
	volatile quad x, y, r;

	if (op == VR_IR_ITOF) {
		uint64_t v = a->d[0];
		return aux & 1 ? (aux & 2 ? (quad)v : (quad)(int64_t)v)
			       : (aux & 2 ? (quad)(uint32_t)v : (quad)(int32_t)v);
	}
	if (op == VR_IR_FCVT)
		return widen(!d, a);
	x = widen(d, a);
	y = widen(d, b);
	switch (op) {
	case VR_IR_FADD:
		r = x + y;
		break;
	case VR_IR_FSUB:
		r = x - y;
		break;
	case VR_IR_FDIV:
		r = x / y;
		break;
	case VR_IR_FMUL:
		r = x * y;
		break;
	default: { /* VR_IR_FMADD: the product is exact */
		volatile quad z = widen(d, c);
		r = x * y;
		if (aux & 1)
			r = -r;
		r = aux & 2 ? r - z : r + z;
	}
	}
	return r;
}

/* Round the magnitude m (of `width` bits) to its upper `keep` bits, ties away; *inexact is set if that lost
 * any. */
static uint64_t round_away(u128 m, int drop, int *inexact)
{
	if (drop <= 0)
		return (uint64_t)m;
	if (drop > QUAD_FRACTION + 1) {
		*inexact |= m != 0;
		return 0;
	}
	u128 rest = m & (((u128)1 << drop) - 1);
	*inexact |= rest != 0;
	return (uint64_t)(m >> drop) + (rest >= (u128)1 << (drop - 1));
}

static uint64_t narrow(unsigned d, quad q, int inexact, uint32_t *flags)
{
	const int fraction = d ? 52 : 23, bias = d ? 1023 : 127, most = d ? 2046 : 254;
	u128 bits;
	memcpy(&bits, &q, sizeof(bits));
	const uint64_t sign = (uint64_t)(bits >> 127) << (d ? 63 : 31);
	int exponent = (int)(bits >> QUAD_FRACTION & 0x7fff);
	u128 m = bits & (((u128)1 << QUAD_FRACTION) - 1);

	if (exponent == 0 && m == 0)
		return sign;
	if (exponent == 0x7fff)
		return m ? (d ? 0x7ff8000000000000u : 0x7fc00000u) : sign | rv_fp_infinity(d);
	m |= (u128)1 << QUAD_FRACTION | (u128)(unsigned)inexact;
	exponent += bias - QUAD_BIAS;

	int drop = QUAD_FRACTION - fraction, lost = 0, unbounded = 0;
	int carries = round_away(m, drop, &unbounded) >> (fraction + 1) != 0;
	int tiny = exponent + carries < 1; /* after rounding */
	uint64_t value = round_away(m, exponent < 1 ? drop + 1 - exponent : drop, &lost);

	if (exponent < 1)
		exponent = value >> fraction & 1; /* it may have become the smallest normal number */
	else if (value >> (fraction + 1))
		value >>= 1, exponent++;
	*flags |= lost ? VR_FP_INEXACT | (tiny ? VR_FP_UNDERFLOW : 0) : 0;
	if (exponent > most) {
		*flags |= VR_FP_OVERFLOW | VR_FP_INEXACT;
		return sign | rv_fp_infinity(d);
	}
	return sign | (uint64_t)exponent << fraction | (value & ((1ull << fraction) - 1));
}

void VR_CALL rv_helper_fp_rmm(struct vr_exec *x, union vr_v128 *d, const union vr_v128 *a,
			      const union vr_v128 *b, const union vr_v128 *c, uint64_t imm)
{
	const uint32_t op = imm & 0xfff, type = imm >> 12 & 0xf, aux = imm >> 16 & 0xff;
	uint32_t flags = 0;
	fenv_t guest;

	/* All of the environment: fegetround() need not know what the guest's code uses. */
	fegetenv(&guest);
	feclearexcept(FE_ALL_EXCEPT);
	fesetround(op == VR_IR_FSQRT ? FE_TONEAREST : FE_TOWARDZERO);
	quad q = 0;
	if (op == VR_IR_FSQRT)
		rv_fp_slow(x, op | type << 16, 0, d, a, b, c);
	else
		q = compute(op, type, aux, a, b, c);
	int raised = fetestexcept(FE_ALL_EXCEPT);
	fesetenv(&guest);

	if (op == VR_IR_FSQRT) {
		x->fp_flags |= host_flags(raised);
		return;
	}
	*d = (union vr_v128){.d = {narrow(type == VR_T_F64, q, (raised & FE_INEXACT) != 0, &flags), 0}};
	x->fp_flags |= flags | (host_flags(raised) & ~VR_FP_INEXACT);
}
