/* SPDX-License-Identifier: MIT */
/* fp_helpers.c: the FP helpers that generated code calls, and FPCR/FPSR. */
#include "fp.h"
#include "helpers_fp.h"

uint32_t a64_fpsr_read(struct vr_exec *x)
{
	/* VR_FP_* are FPSR's IOC, DZC, OFC, UFC and IXC in place. */
	return (x->fp_flags & 0x1f) | (a64_of(x)->fpsr_qc & (A64_FPSR_QC | A64_FPSR_IDC));
}

/* MSR FPCR (D19.2.41). The lifter follows with FPSETROUND and EXIT_TO: the mode flags may have changed. */
uint64_t VR_CALL a64_helper_fpcr_write(struct vr_exec *x, uint64_t value, uint64_t b, uint64_t c)
{
	(void)b;
	(void)c;
	a64_of(x)->fpcr = (uint32_t)value & A64_FPCR_MASK;
	x->fp_round = (uint32_t)value >> A64_FPCR_RMODE_SHIFT & 3; /* RN RP RM RZ = VR_RM_0..3 */
	a64_context(x);
	return 0;
}

/* Any FP op in FPCR's modes; FLAGS come back as NZCV in bits 31:28. */
void VR_CALL a64_helper_fp_slow(struct vr_exec *x, union vr_v128 *d, const union vr_v128 *a,
				const union vr_v128 *b, const union vr_v128 *c, uint64_t imm)
{
	const uint32_t op = imm & 0xfff, type = imm >> 12 & 0xf, aux = imm >> 16 & 0xff;

	a64_fp_slow(x, op | type << 16 | aux << 24, imm >> 24, d, a, b, c);
	if (op == VR_IR_FCMP) {
		uint64_t p = d->d[0];

		d->d[0] = (p & VR_FLAG_N ? 8ull << 28 : 0) | (p & VR_FLAG_Z ? 4ull << 28 : 0) |
			  (p & VR_FLAG_NOT_C ? 0 : 2ull << 28) | (p & VR_FLAG_V ? 1ull << 28 : 0);
	}
}

/* FCVT*: between formats es and `to`, from the source's half, into the destination's. */
static void convert(struct a64_fp *s, union vr_v128 *r, const union vr_v128 *a, const union vr_v128 *b,
		    unsigned es, unsigned lanes, unsigned parameter)
{
	const unsigned to = parameter & 3, rm = parameter >> 4 & 15;
	const unsigned upper_to = parameter >> 8 & 1, upper_from = parameter >> 9 & 1;

	if (upper_to)
		r->d[0] = b->d[0];
	for (unsigned i = 0; i < lanes; i++) {
		uint64_t v = a64_lane(a, es, i + (upper_from ? 8u >> es : 0));

		a64_set_lane(r, to, i + (upper_to ? 8u >> to : 0),
			     a64_fp_convert(s, es, to, v, rm == VR_RM_CURRENT ? s->round : rm));
	}
}

static uint64_t extra(struct a64_fp *s, unsigned kind, unsigned f, uint64_t a, uint64_t b, unsigned parameter)
{
	switch (kind) {
	case A64_FPX_MULX:
		return a64_fp_mulx(s, f, a, b);
	case A64_FPX_RECPS:
		return a64_fp_recip_step(s, f, a, b);
	case A64_FPX_RSQRTS:
		return a64_fp_rsqrt_step(s, f, a, b);
	case A64_FPX_RECPE:
		return a64_fp_recip_estimate(s, f, a);
	case A64_FPX_RSQRTE:
		return a64_fp_rsqrt_estimate(s, f, a);
	case A64_FPX_RECPX:
		return a64_fp_recip_exponent(s, f, a);
	default: /* A64_FPX_TOFIX */
		return a64_fp_to_fixed(s, f, a, parameter & 0x7f, parameter >> 7 & 1,
				       8u << (parameter >> 8 & 3), VR_RM_ZERO);
	}
}

void VR_CALL a64_helper_fp_extra(struct vr_exec *x, union vr_v128 *d, const union vr_v128 *a,
				 const union vr_v128 *b, const union vr_v128 *c, uint64_t imm)
{
	const unsigned kind = imm & 0xff, es = imm >> 8 & 3, lanes = imm >> 12 & 15;
	const unsigned parameter = imm >> 16 & 0xffff;
	struct a64_fp s = a64_fp_begin(x);
	union vr_v128 r = {.d = {0, 0}};

	(void)c;
	if (kind == A64_FPX_CVT) {
		convert(&s, &r, a, b, es, lanes, parameter);
	} else {
		/* A scalar's result may be of another size than its operand (FCVTZS X, S, #n). */
		const unsigned to = kind == A64_FPX_TOFIX ? parameter >> 8 & 3 : es;
		const int binary = kind <= A64_FPX_RSQRTS;

		for (unsigned i = 0; i < lanes; i++)
			a64_set_lane(&r, to, i,
				     extra(&s, kind, es, a64_lane(a, es, i), binary ? a64_lane(b, es, i) : 0,
					   parameter));
	}
	*d = r;
	a64_fp_end(x, &s);
}
