/* SPDX-License-Identifier: MIT */
/*
 * fp_rules.c: see fp_rules.h.
 *
 * Lane by lane. What a NaN operand leads to is decided here, on bits. The rest is computed by this processor's scalar
 * instructions, with MXCSR as the attributes say: so on x86-64, the rules of VR_FPA_SSE are those of the processor itself, and
 * FTZ and DAZ too. Attributes that the processor does not have (VR_FPA_TINY_BEFORE, another NaN rule of minima) leave what it does, or
 * what Arm's arithmetic does; no emitter has fast code for them, so only that it asks for them matters.
 */
#include <string.h>

#include "fp_rules.h"
#include "harness.h"
#include "xlate/ir/ir.h"
#include "xlate/isa/arm64/arm64.h"

static uint8_t other[VR_EXEC_STATE + 65536] __attribute__((aligned(64)));

/* Exact software arithmetic, with the state of another vCPU. Returns the flags. */
static uint32_t by_arm(const struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
		       const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c)
{
	struct vr_exec *y = (void *)other;

	y->fp_round = x->fp_round;
	y->fp_flags = 0;
	a64_fp_slow(y, what, imm, d, a, b, c);
	return y->fp_flags;
}

#ifdef __x86_64__
#include <xmmintrin.h>

struct lane_op {
	uint32_t op, aux, rounding, attributes;
	bool dbl, vector;
};

static uint64_t sign_of(const struct lane_op *k)
{
	return k->dbl ? 1ull << 63 : 1ull << 31;
}
static uint64_t quiet_of(const struct lane_op *k)
{
	return k->dbl ? 1ull << 51 : 1ull << 22;
}
static bool is_nan(bool dbl, uint64_t v)
{
	return dbl ? (v & ~(1ull << 63)) > 0x7ff0000000000000 : (v & 0x7fffffff) > 0x7f800000;
}
static uint64_t default_nan(const struct lane_op *k)
{
	return (k->dbl ? 0x7ff8000000000000 : 0x7fc00000) |
	       (k->attributes & VR_FPA_NAN_NEGATIVE ? sign_of(k) : 0);
}

/* The NaN that the result is: of operands v[0..n). */
static uint64_t choose_nan(const struct lane_op *k, const uint64_t *v, uint32_t n, uint32_t *flags)
{
	static const uint8_t orders[2][3] = {{0, 1, 2}, {2, 0, 1}};
	const uint8_t *order = orders[n == 3 && k->attributes & VR_FPA_NAN_ADDEND];
	uint64_t first = 0, signalling = 0, larger = 0, magnitude = sign_of(k) - 1;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t o = v[order[i]];

		if (!is_nan(k->dbl, o))
			continue;
		if (!first)
			first = o;
		if (!(o & quiet_of(k))) {
			*flags |= VR_FP_INVALID;
			if (!signalling)
				signalling = o;
		}
		if (!larger || (o & magnitude) > (larger & magnitude))
			larger = o;
	}
	switch (k->attributes & VR_FPA_NAN_MASK) {
	case VR_FPA_NAN_FIRST:
		return first | quiet_of(k);
	case VR_FPA_NAN_SIGNALLING:
		return (signalling ? signalling : first) | quiet_of(k);
	case VR_FPA_NAN_LARGER:
		return larger | quiet_of(k);
	default:
		return default_nan(k);
	}
}

union lane {
	double d;
	float s;
	uint64_t u;
};

#define ASM2(insn) __asm__ volatile(insn " %2, %1, %0" : "=x"(r.d) : "x"(a.d), "x"(b.d))
#define DO2(name)                        \
	do {                             \
		if (k->dbl)              \
			ASM2(name "sd"); \
		else                     \
			ASM2(name "ss"); \
	} while (0)

static uint64_t compute(const struct lane_op *k, union lane a, union lane b, union lane c)
{
	union lane r = {.u = 0};
	uint64_t integer;

	switch (k->op) {
	case VR_IR_FADD:
	case VR_IR_VFADD:
		DO2("vadd");
		break;
	case VR_IR_FSUB:
	case VR_IR_VFSUB:
		DO2("vsub");
		break;
	case VR_IR_FMUL:
	case VR_IR_VFMUL:
		DO2("vmul");
		break;
	case VR_IR_FDIV:
	case VR_IR_VFDIV:
		DO2("vdiv");
		break;
	case VR_IR_FSQRT:
	case VR_IR_VFSQRT:
		DO2("vsqrt"); /* of b */
		break;
	case VR_IR_FMIN:
	case VR_IR_FMINNM:
	case VR_IR_VFMIN:
	case VR_IR_VFMINNM:
		DO2("vmin");
		break;
	case VR_IR_FMAX:
	case VR_IR_FMAXNM:
	case VR_IR_VFMAX:
	case VR_IR_VFMAXNM:
		DO2("vmax");
		break;
	case VR_IR_FMADD:
	case VR_IR_VFMADD:
		if (k->dbl)
			__asm__ volatile("vfmadd213sd %2, %1, %0" : "+x"(a.d) : "x"(b.d), "x"(c.d));
		else
			__asm__ volatile("vfmadd213ss %2, %1, %0" : "+x"(a.d) : "x"(b.d), "x"(c.d));
		r = a;
		break;
	case VR_IR_FCVT: /* k->dbl: the result */
		if (k->dbl)
			ASM2("vcvtss2sd");
		else
			ASM2("vcvtsd2ss");
		break;
	case VR_IR_VFCMPEQ:
		if (k->dbl)
			ASM2("vcmpeqsd");
		else
			ASM2("vcmpeqss");
		break;
	case VR_IR_VFCMPGE: /* b <= a */
		if (k->dbl)
			__asm__ volatile("vcmplesd %2, %1, %0" : "=x"(r.d) : "x"(b.d), "x"(a.d));
		else
			__asm__ volatile("vcmpless %2, %1, %0" : "=x"(r.d) : "x"(b.d), "x"(a.d));
		break;
	case VR_IR_VFCMPGT:
		if (k->dbl)
			__asm__ volatile("vcmpltsd %2, %1, %0" : "=x"(r.d) : "x"(b.d), "x"(a.d));
		else
			__asm__ volatile("vcmpltss %2, %1, %0" : "=x"(r.d) : "x"(b.d), "x"(a.d));
		break;
	case VR_IR_FROUND:
	case VR_IR_VFROUND: /* in MXCSR's mode; bit 3: Inexact is not raised */
#define ROUND_TO(insn, control) __asm__ volatile(insn " $" control ", %1, %1, %0" : "=x"(r.d) : "x"(a.d))
		if (k->rounding & 8 && k->dbl)
			ROUND_TO("vroundsd", "4");
		else if (k->rounding & 8)
			ROUND_TO("vroundss", "4");
		else if (k->dbl)
			ROUND_TO("vroundsd", "12");
		else
			ROUND_TO("vroundss", "12");
		break;
	case VR_IR_FTOI:
		if (k->aux & 1)
			__asm__ volatile("vcvtsd2si %1, %0" : "=r"(integer) : "x"(a.d));
		else
			__asm__ volatile("vcvtss2si %1, %0" : "=r"(integer) : "x"(a.d));
		return integer;
	default:
		break;
	}
	return r.u;
}

/* VR_FP_* of MXCSR. */
static uint32_t flags_of(uint32_t control)
{
	return (control & 1) | (control >> 1 & 0x1e) | (control & 2) << 4;
}

static uint32_t control_of(const struct lane_op *k, uint32_t mode)
{
	static const uint8_t rc[4] = {
		[VR_RM_NEAREST] = 0, [VR_RM_UP] = 2, [VR_RM_DOWN] = 1, [VR_RM_ZERO] = 3};

	return 0x1f80u | (uint32_t)rc[mode & 3] << 13 | (k->attributes & VR_FPA_FTZ ? 0x8000 : 0) |
	       (k->attributes & VR_FPA_DAZ ? 0x40 : 0);
}

static bool is_op(uint32_t op, uint32_t scalar, uint32_t vector)
{
	return op == scalar || op == vector;
}

/* FP result, of scalars or one lane. */
static uint64_t one_lane(struct vr_exec *x, const struct lane_op *k, const uint64_t v[3], uint32_t *flags)
{
	uint32_t op = k->op, n = (uint32_t)strlen(vr_ir_ops[op].operands), mode = x->fp_round;
	bool fused = is_op(op, VR_IR_FMADD, VR_IR_VFMADD), any = false;
	bool propagates = is_op(op, VR_IR_FADD, VR_IR_VFADD) || is_op(op, VR_IR_FSUB, VR_IR_VFSUB) ||
			  is_op(op, VR_IR_FMUL, VR_IR_VFMUL) || is_op(op, VR_IR_FDIV, VR_IR_VFDIV) ||
			  is_op(op, VR_IR_FSQRT, VR_IR_VFSQRT) || is_op(op, VR_IR_FROUND, VR_IR_VFROUND) ||
			  fused;
	uint32_t negate = !fused ? 0 : k->vector ? k->aux >> 2 & 1 : k->aux & 3;
	union lane a = {.u = v[0]}, b = {.u = v[1]}, c = {.u = v[2]};

	for (uint32_t i = 0; i < n; i++)
		any |= is_nan(k->dbl, v[i]);
	if (propagates && any)
		return choose_nan(k, v, n, flags);
	if (is_op(op, VR_IR_FSQRT, VR_IR_VFSQRT) || op == VR_IR_FCVT)
		b = a;
	if (negate & 1)
		a.u ^= sign_of(k);
	if (negate & 2)
		c.u ^= sign_of(k);
	if (is_op(op, VR_IR_FROUND, VR_IR_VFROUND) && (k->rounding & 7) != VR_RM_CURRENT)
		mode = k->rounding & 7;
	uint32_t host = _mm_getcsr();

	_mm_setcsr(control_of(k, mode));
	uint64_t r = compute(k, a, b, c);

	*flags |= flags_of(_mm_getcsr());
	_mm_setcsr(host);
	if (!k->dbl)
		r &= UINT32_MAX;
	if (propagates && is_nan(k->dbl, r))
		return default_nan(k);
	if (op == VR_IR_FCVT && is_nan(k->dbl, r) && (k->attributes & VR_FPA_NAN_MASK) != VR_FPA_NAN_FIRST)
		return default_nan(k);
	if (op == VR_IR_FMUL && k->aux & 1)
		r ^= sign_of(k);
	return r;
}

static uint64_t compared(struct lane_op *k, const uint64_t v[3], uint32_t *flags)
{
	uint32_t host = _mm_getcsr();
	union lane a = {.u = v[0]}, b = {.u = v[1]};
	bool p, z, below;

	_mm_setcsr(control_of(k, 0));
#define COMPARE(insn) \
	__asm__ volatile(insn " %4, %3" : "=@ccp"(p), "=@ccz"(z), "=@ccc"(below) : "x"(a.d), "x"(b.d))
	if (k->dbl && k->aux & 1)
		COMPARE("vcomisd");
	else if (k->dbl)
		COMPARE("vucomisd");
	else if (k->aux & 1)
		COMPARE("vcomiss");
	else
		COMPARE("vucomiss");
	*flags |= flags_of(_mm_getcsr());
	_mm_setcsr(host);
	return p ? VR_FLAG_V : z ? VR_FLAG_Z : below ? VR_FLAG_N | VR_FLAG_NOT_C : 0;
}

static uint64_t to_integer(struct vr_exec *x, struct lane_op *k, uint64_t v, bool narrow, uint32_t mode,
			   uint32_t *flags)
{
	uint32_t host = _mm_getcsr();
	int32_t r32;
	union lane a = {.u = v};
	uint64_t r = 0;

	_mm_setcsr(control_of(k, mode == VR_RM_CURRENT ? x->fp_round : mode));
	if (!narrow) {
		r = compute(k, a, a, a);
	} else {
		if (k->aux & 1)
			__asm__ volatile("vcvtsd2si %1, %0" : "=r"(r32) : "x"(a.d));
		else
			__asm__ volatile("vcvtss2si %1, %0" : "=r"(r32) : "x"(a.d));
		r = (uint32_t)r32;
	}
	*flags |= flags_of(_mm_getcsr());
	_mm_setcsr(host);
	return r;
}

/* What the processor's instructions do. false: it has none for this. */
static bool by_processor(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			 const union vr_v128 *const v[3], uint32_t *flags)
{
	uint32_t op = what & 0xffff, type = what >> 16 & 0xff, aux = what >> 24;
	struct lane_op k = {.op = op, .aux = aux, .attributes = (uint32_t)imm & VR_FPA_ALL};
	uint32_t minmax = k.attributes & VR_FPA_MINMAX_MASK;

	k.vector = *vr_ir_ops[op].lanes != 0;
	k.dbl = k.vector ? (aux & 3) == 3 : type == VR_T_F64;
	k.rounding = k.vector ? (uint32_t)imm & 0xff : aux;
	switch (op) {
	case VR_IR_FMIN ... VR_IR_FMAXNM:
	case VR_IR_VFMIN ... VR_IR_VFMAXNM:
		if (minmax != VR_FPA_MINMAX_SECOND)
			return false;
		break;
	case VR_IR_FROUND:
	case VR_IR_VFROUND:
		if ((k.rounding & 7) == VR_RM_AWAY)
			return false;
		break;
	case VR_IR_FTOI:
		if (!(k.attributes & VR_FPA_INDEFINITE) || aux & 2 || (aux >> 2 & 7) == VR_RM_AWAY)
			return false;
		d->d[0] = to_integer(x, &k, aux & 1 ? v[0]->d[0] : v[0]->s[0], type == VR_T_I32, aux >> 2 & 7,
				     flags);
		return true;
	case VR_IR_FCMP: {
		const uint64_t values[3] = {k.dbl ? v[0]->d[0] : v[0]->s[0], k.dbl ? v[1]->d[0] : v[1]->s[0],
					    0};
		d->d[0] = compared(&k, values, flags);
		return true;
	}
	case VR_IR_VFTOI:
		if (!(k.attributes & VR_FPA_INDEFINITE) || aux & 4 || (imm & 7) == VR_RM_AWAY)
			return false;
		k.op = VR_IR_FTOI;
		k.aux = k.dbl;
		break;
	case VR_IR_ITOF:
	case VR_IR_VITOF:
		return false;
	default:
		break;
	}
	if (!k.vector) {
		bool narrow = op == VR_IR_FCVT ? k.dbl : !k.dbl;
		uint64_t values[3];

		for (uint32_t i = 0; i < 3; i++)
			values[i] = narrow ? v[i]->s[0] : v[i]->d[0];
		d->d[0] = one_lane(x, &k, values, flags);
		return true;
	}
	uint32_t lanes = vr_ir_type_bits(type) / (k.dbl ? 64 : 32);

	for (uint32_t i = 0; i < lanes; i++) {
		uint64_t values[3], r;

		for (uint32_t n = 0; n < 3; n++)
			values[n] = k.dbl ? v[n][i / 2].d[i % 2] : v[n][i / 4].s[i % 4];
		r = op == VR_IR_VFTOI ? to_integer(x, &k, values[0], !k.dbl, (uint32_t)imm & 7, flags)
				      : one_lane(x, &k, values, flags);
		if (k.dbl)
			d[i / 2].d[i % 2] = r;
		else
			d[i / 4].s[i % 4] = (uint32_t)r;
	}
	return true;
}
#else
static bool by_processor(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			 const union vr_v128 *const v[3], uint32_t *flags)
{
	(void)x, (void)what, (void)imm, (void)d, (void)v, (void)flags;
	return false;
}
#endif

int32_t VR_CALL fp_by_rules(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			    const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c)
{
	static const union vr_v128 none[2];
	const union vr_v128 *const v[3] = {a ? a : none, b ? b : none, c ? c : none};
	union vr_v256 r = {.d = {0}};
	uint32_t flags = 0, attributes = (uint32_t)imm & VR_FPA_ALL;

	H.slow_fp++;
	if (!attributes || !by_processor(x, what, imm, r.half, v, &flags)) {
		r = (union vr_v256){.d = {0}};
		flags = by_arm(x, what, imm & 0xff, r.half, v[0], v[1], v[2]);
	}
	if (!(attributes & VR_FPA_DENORMAL))
		flags &= ~VR_FP_DENORMAL;
	x->fp_flags |= flags;
	if (attributes & VR_FPA_TRAPS && flags & FP_RULES_UNMASKED) {
		/* An exception handler sees the registers; what it writes stays. */
		H.fault_pc = x->pc;
		x->pc = FAULT_PC;
		*reg_int(1) += *reg_int(0) ^ reg_vec(0)->d[1];
		return 1;
	}
	memcpy(d, &r, vr_ir_type_bits(what >> 16 & 0xff) == 256 ? 32 : 16);
	return 0;
}
