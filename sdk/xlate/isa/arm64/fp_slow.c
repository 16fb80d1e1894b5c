/* SPDX-License-Identifier: MIT */
/*
 * fp_slow.c: the exact result of every FP op of the IR by Arm's rules (vr_isa.fp_slow).
 *
 * Generated code comes here only when the host's answer is a NaN or another case the host decides
 * differently; the interpreter always does. Flags go to exec.fp_flags, which FPGETFLAGS merges with the
 * host's.
 */
#include "fp.h"
#include "fp_unpack.h"

static uint32_t pack_flags(uint32_t nzcv)
{
	return (nzcv & 8 ? VR_FLAG_N : 0) | (nzcv & 4 ? VR_FLAG_Z : 0) | (nzcv & 2 ? 0 : VR_FLAG_NOT_C) |
	       (nzcv & 1 ? VR_FLAG_V : 0);
}

static unsigned mode(const struct a64_fp *s, unsigned rm)
{
	return rm == VR_RM_CURRENT ? s->round : rm;
}

/* Arithmetic that exists for scalars and for lanes; `op` is the scalar's. */
static uint64_t arithmetic(struct a64_fp *s, uint32_t op, unsigned f, unsigned negate_product,
			   unsigned negate_addend, uint64_t a, uint64_t b, uint64_t c)
{
	switch (op) {
	case VR_IR_FADD:
		return a64_fp_add(s, f, a, b);
	case VR_IR_FSUB:
		return a64_fp_sub(s, f, a, b);
	case VR_IR_FMUL:
		return a64_fp_mul(s, f, a, b);
	case VR_IR_FDIV:
		return a64_fp_div(s, f, a, b);
	case VR_IR_FSQRT:
		return a64_fp_sqrt(s, f, a);
	case VR_IR_FMADD:
		return a64_fp_muladd(s, f, negate_addend ? a64_fp_neg(f, c) : c,
				     negate_product ? a64_fp_neg(f, a) : a, b);
	case VR_IR_FMIN:
		return a64_fp_minmax(s, f, a, b, 0, 0);
	case VR_IR_FMAX:
		return a64_fp_minmax(s, f, a, b, 1, 0);
	case VR_IR_FMINNM:
		return a64_fp_minmax(s, f, a, b, 0, 1);
	default: /* VR_IR_FMAXNM */
		return a64_fp_minmax(s, f, a, b, 1, 1);
	}
}

static uint64_t scalar(struct a64_fp *s, uint32_t op, uint32_t type, uint32_t aux, uint64_t a, uint64_t b,
		       uint64_t c)
{
	const unsigned f = type == VR_T_F64 || type == VR_T_I64 ? A64_F64 : A64_F32;
	uint64_t r;

	switch (op) {
	case VR_IR_FCMP:
		return pack_flags(a64_fp_compare(s, f, a, b, aux & 1));
	case VR_IR_FCVT:
		return a64_fp_convert(s, f == A64_F64 ? A64_F32 : A64_F64, f, a, s->round);
	case VR_IR_FTOI:
		return a64_fp_to_fixed(s, aux & 1 ? A64_F64 : A64_F32, a, 0, aux & 2,
				       type == VR_T_I64 ? 64 : 32, mode(s, aux >> 2 & 7));
	case VR_IR_ITOF:
		return a64_fp_from_fixed(s, f, a, 0, aux & 2, aux & 1 ? 64 : 32);
	case VR_IR_FROUND:
		return a64_fp_round_int(s, f, a, mode(s, aux & 7), aux & 8);
	case VR_IR_FMUL:
		r = a64_fp_mul(s, f, a, b);
		return (aux & 1) && (r & ~a64_fp_sign_bit(f)) <= a64_fp_exp_mask(f) ? a64_fp_neg(f, r) : r;
	default:
		return arithmetic(s, op, f, aux & 1, aux & 2, a, b, c);
	}
}

/* The scalar op that an arithmetic vector op applies to each lane. */
static uint32_t scalar_of(uint32_t op)
{
	switch (op) {
#define PAIR(name)          \
	case VR_IR_V##name: \
		return VR_IR_##name;
		PAIR(FADD)
		PAIR(FSUB)
		PAIR(FMUL)
		PAIR(FDIV)
		PAIR(FSQRT)
		PAIR(FMADD)
		PAIR(FMIN)
		PAIR(FMAX)
		PAIR(FMINNM)
		PAIR(FMAXNM)
#undef PAIR
	default:
		return VR_IR_NOP;
	}
}

static uint64_t lane(struct a64_fp *s, uint32_t op, uint32_t aux, uint64_t imm, unsigned f, uint64_t a,
		     uint64_t b, uint64_t c)
{
	const unsigned bits = a64_fp_bits(f);

	switch (op) {
	case VR_IR_VFCMPEQ:
		return a64_fp_compare(s, f, a, b, 0) & 4 ? UINT64_MAX : 0;
	case VR_IR_VFCMPGE: /* C and not V */
		return (a64_fp_compare(s, f, a, b, 1) & 3) == 2 ? UINT64_MAX : 0;
	case VR_IR_VFCMPGT:
		return a64_fp_compare(s, f, a, b, 1) == 2 ? UINT64_MAX : 0;
	case VR_IR_VITOF:
		return a64_fp_from_fixed(s, f, a, 0, aux & 4, bits);
	case VR_IR_VFTOI:
		return a64_fp_to_fixed(s, f, a, 0, aux & 4, bits, mode(s, imm & 7));
	case VR_IR_VFROUND:
		return a64_fp_round_int(s, f, a, mode(s, imm & 7), imm & 8);
	default:
		return arithmetic(s, scalar_of(op), f, aux & 4, 0, a, b, c);
	}
}

int32_t VR_CALL a64_fp_slow(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			    const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c)
{
	static const union vr_v128 none;
	if ((what >> 16 & 0xff) == VR_T_V256) {
		/* each half as a V128 */
		for (unsigned i = 0; i < 2; i++)
			a64_fp_slow(x, (what & ~0xff0000u) | VR_T_V128 << 16, imm, d + i, a ? a + i : NULL,
				    b ? b + i : NULL, c ? c + i : NULL);
		return 0;
	}
	const uint32_t op = what & 0xffff, type = what >> 16 & 0xff, aux = what >> 24;
	struct a64_fp s = a64_fp_begin(x);
	union vr_v128 r = {.d = {0, 0}};

	a = a ? a : &none;
	b = b ? b : &none;
	c = c ? c : &none;
	if (type == VR_T_V64 || type == VR_T_V128) {
		const unsigned es = aux & 3;
		const unsigned lanes = (type == VR_T_V128 ? 16u : 8u) >> es;

		for (unsigned i = 0; i < lanes; i++)
			a64_set_lane(&r, es, i,
				     lane(&s, op, aux, imm, es, a64_lane(a, es, i), a64_lane(b, es, i),
					  a64_lane(c, es, i)));
	} else {
		/* Only the operand's own bits: what lies above an F32 is undefined. */
		const unsigned narrow = op == VR_IR_FTOI   ? !(aux & 1)
					: op == VR_IR_FCVT ? type == VR_T_F64
					: op == VR_IR_ITOF ? 0
							   : type == VR_T_F32;
		const uint64_t mask = narrow ? UINT32_MAX : UINT64_MAX;

		r.d[0] = scalar(&s, op, type, aux, a->d[0] & mask, b->d[0] & mask, c->d[0] & mask);
	}
	*d = r;
	a64_fp_end(x, &s);
	return 0;
}
