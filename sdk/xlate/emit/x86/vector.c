/* SPDX-License-Identifier: MIT */
/*
 * vector.c: integer vectors, VEX.128 forms, of V256 VEX.256 (SDM vol. 2).
 *
 * A V64 result may leave anything above its 64 bits; its value is then marked dirty_high, and an op that
 * reads more bits clears them first (use_as, use_clean, PUT). The destination is written by the last
 * instruction only, so it may be an operand's register.
 */
#include "lower.h"

#define LANE(o) ((o)->aux & 3u)
#define W(op) x86_wide(o, op) /* as wide as the op `o` that is lowered */

/* Begin a result: d, marked dirty when the op works on 64 bits. */
static uint32_t result(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t like)
{
	uint32_t d = ra_def(e, i, like);
	val(e, i)->dirty_high = o->type == VR_T_V64;
	return d;
}

static void binary(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t op)
{
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type);
	ra_free(e, o->a);
	ra_free(e, o->b);
	v_rrr(&e->c, W(op), result(e, o, i, ra), ra, rb);
}

#define BINARY(name, ...)                                     \
	OP(name)                                              \
	{                                                     \
		static const uint32_t ops[4] = {__VA_ARGS__}; \
		if (!ops[LANE(o)])                            \
			e->error = VR_E_INVAL;                \
		else                                          \
			binary(e, o, i, ops[LANE(o)]);        \
	}
#define BITWISE(name, op) BINARY(name, op, op, op, op)

BITWISE(VAND, I_VPAND)
BITWISE(VOR, I_VPOR)
BITWISE(VXOR, I_VPXOR)
BINARY(VADD, I_VPADDB, I_VPADDW, I_VPADDD, I_VPADDQ)
BINARY(VSUB, I_VPSUBB, I_VPSUBW, I_VPSUBD, I_VPSUBQ)
BINARY(VSMAX, I_VPMAXSB, I_VPMAXSW, I_VPMAXSD)
BINARY(VSMIN, I_VPMINSB, I_VPMINSW, I_VPMINSD)
BINARY(VUMAX, I_VPMAXUB, I_VPMAXUW, I_VPMAXUD)
BINARY(VUMIN, I_VPMINUB, I_VPMINUW, I_VPMINUD)
BINARY(VCMPEQ, I_VPCMPEQB, I_VPCMPEQW, I_VPCMPEQD, I_VPCMPEQQ)
BINARY(VCMPGT, I_VPCMPGTB, I_VPCMPGTW, I_VPCMPGTD, I_VPCMPGTQ)
BINARY(VSQADD, I_VPADDSB, I_VPADDSW)

static const uint32_t sub_ops[4] = {I_VPSUBB, I_VPSUBW, I_VPSUBD, I_VPSUBQ};
static const uint32_t add_ops[4] = {I_VPADDB, I_VPADDW, I_VPADDD, I_VPADDQ};
static const uint32_t eq_ops[4] = {I_VPCMPEQB, I_VPCMPEQW, I_VPCMPEQD, I_VPCMPEQQ};
static const uint32_t gt_ops[4] = {I_VPCMPGTB, I_VPCMPGTW, I_VPCMPGTD, I_VPCMPGTQ};
static const uint32_t unpack_low[4] = {I_VPUNPCKLBW, I_VPUNPCKLWD, I_VPUNPCKLDQ, I_VPUNPCKLQDQ};
static const uint32_t unpack_high[4] = {I_VPUNPCKHBW, I_VPUNPCKHWD, I_VPUNPCKHDQ, I_VPUNPCKHQDQ};

static uint32_t all_ones(struct emit *e, const struct vr_ir_op *o)
{
	uint32_t t = vtmp(e);
	v_rrr(&e->c, W(I_VPCMPEQD), t, t, t);
	return t;
}

static uint32_t all_zero(struct emit *e)
{
	uint32_t t = vtmp(e);
	v_rrr(&e->c, I_VPXOR, t, t, t); /* all 256 bits */
	return t;
}

/* Vector shifts by an immediate. */
enum { V_SRL = 2, V_SRA = 4, V_SLL = 6, V_SRLDQ = 3, V_SLLDQ = 7 };

static void shift_lanes(struct emit *e, const struct vr_ir_op *o, uint32_t lane, uint32_t kind, uint32_t d,
			uint32_t s, uint32_t n)
{
	static const uint32_t ops[4] = {0, I_VPSHIFT_W, I_VPSHIFT_D, I_VPSHIFT_Q};
	v_shift(&e->c, W(ops[lane]), kind, d, s, n);
}

static void shift_bytes(struct emit *e, const struct vr_ir_op *o, uint32_t kind, uint32_t d, uint32_t s,
			uint32_t n)
{
	v_shift(&e->c, W(I_VPSHIFT_Q), kind, d, s, n);
}

/* The same 32 bits in all lanes. */
static uint32_t splat32(struct emit *e, const struct vr_ir_op *o, uint32_t k)
{
	uint32_t r = tmp(e), t = vtmp(e);
	mov_imm(&e->c, r, k);
	v_rr(&e->c, I_VMOVD_FROM, t, r);
	v_rr(&e->c, W(I_VPBROADCASTD), t, t);
	return t;
}

OP(VCONST)
{
	struct emit_code *c = &e->c;
	uint32_t d = ra_def(e, i, NOREG);
	bool both = o->type != VR_T_V64 && !(o->aux & 1);
	if (o->imm == 0) {
		v_rrr(c, W(I_VPXOR), d, d, d);
	} else if (o->imm == ~0ull && both) {
		v_rrr(c, W(I_VPCMPEQD), d, d, d);
	} else {
		uint32_t r = tmp(e);
		mov_imm(c, r, o->imm);
		v_wrrr(c, I_VMOVD_FROM, o->imm > 0xffffffff, d, 0, r);
		if (both)
			v_rr(c, W(I_VPBROADCASTQ), d, d);
	}
}

OP(VPACK)
{
	struct emit_code *c = &e->c;
	uint32_t ra = ra_use_clean(e, o->a), rb = o->b ? ra_use_clean(e, o->b) : NOREG;
	ra_free(e, o->a);
	ra_free(e, o->b);
	uint32_t d = ra_def(e, i, NOREG);
	v_wrrr(c, I_VMOVD_FROM, 1, d, 0, ra);
	if (o->b)
		v_rrri(c, I_VPINSRQ, d, d, rb, 1);
}

OP(VHALF)
{
	struct emit_code *c = &e->c;
	uint32_t r = ra_use_bits(e, o->a, o->aux & 1 ? 128 : 64);
	ra_free(e, o->a);
	uint32_t d = ra_def(e, i, NOREG);
	if (o->aux & 1)
		v_rrri(c, I_VPEXTRQ, r, 0, d, 1);
	else
		v_wrrr(c, I_VMOVD_TO, 1, r, 0, d);
}

OP(VZEXT)
{
	struct emit_code *c = &e->c;
	uint32_t r = ra_use_bits(e, o->a, 8u << LANE(o));
	ra_free(e, o->a);
	uint32_t d = ra_def(e, i, r);
	switch (LANE(o)) {
	case 3:
		v_rr(c, I_VMOVQ, d, r);
		break;
	case 2:
		v_rrri(c, I_VINSERTPS, d, r, r, 0x0e);
		break;
	default:
		shift_bytes(e, o, V_SLLDQ, d, r, LANE(o) ? 14 : 15);
		shift_bytes(e, o, V_SRLDQ, d, d, LANE(o) ? 14 : 15);
	}
}

OP(VANDN)
{
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type);
	ra_free(e, o->a);
	ra_free(e, o->b);
	v_rrr(&e->c, W(I_VPANDN), result(e, o, i, ra), rb, ra);
}

OP(VORN)
{
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type), t = all_ones(e, o);
	v_rrr(&e->c, W(I_VPXOR), t, t, rb);
	ra_free(e, o->a);
	ra_free(e, o->b);
	v_rrr(&e->c, W(I_VPOR), result(e, o, i, t), t, ra);
}

OP(VNOT)
{
	uint32_t ra = ra_use_as(e, o->a, o->type), t = all_ones(e, o);
	ra_free(e, o->a);
	v_rrr(&e->c, W(I_VPXOR), result(e, o, i, t), t, ra);
}

OP(VBSL)
{
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type),
		 rc = ra_use_as(e, o->c, o->type);
	uint32_t t = vtmp(e), u = vtmp(e);
	v_rrr(&e->c, W(I_VPAND), t, ra, rb);
	v_rrr(&e->c, W(I_VPANDN), u, ra, rc);
	ra_free(e, o->a);
	ra_free(e, o->b);
	ra_free(e, o->c);
	v_rrr(&e->c, W(I_VPOR), result(e, o, i, t), t, u);
}

OP(VMUL)
{
	struct emit_code *c = &e->c;
	if (LANE(o) == 1 || LANE(o) == 2) {
		binary(e, o, i, LANE(o) == 1 ? I_VPMULLW : I_VPMULLD);
		return;
	}
	if (LANE(o) == 3) {
		e->error = VR_E_INVAL;
		return;
	}
	/* even and odd bytes in 16-bit lanes */
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type), t = vtmp(e), u = vtmp(e),
		 w = vtmp(e);
	v_rrr(c, W(I_VPMULLW), t, ra, rb);
	v_rrm(c, W(I_VPAND), t, t, constant_mem(e, K_LOW_B));
	shift_lanes(e, o, 1, V_SRL, u, ra, 8);
	shift_lanes(e, o, 1, V_SRL, w, rb, 8);
	v_rrr(c, W(I_VPMULLW), u, u, w);
	shift_lanes(e, o, 1, V_SLL, u, u, 8);
	ra_free(e, o->a);
	ra_free(e, o->b);
	v_rrr(c, W(I_VPOR), result(e, o, i, t), t, u);
}

OP(VNEG)
{
	uint32_t ra = ra_use_as(e, o->a, o->type), z = all_zero(e);
	ra_free(e, o->a);
	v_rrr(&e->c, W(sub_ops[LANE(o)]), result(e, o, i, z), z, ra);
}

OP(VABS)
{
	static const uint32_t ops[3] = {I_VPABSB, I_VPABSW, I_VPABSD};
	struct emit_code *c = &e->c;
	uint32_t ra = ra_use_as(e, o->a, o->type);
	if (LANE(o) < 3) {
		ra_free(e, o->a);
		v_rr(c, W(ops[LANE(o)]), result(e, o, i, ra), ra);
		return;
	}
	uint32_t m = all_zero(e), t = vtmp(e);
	v_rrr(c, W(I_VPCMPGTQ), m, m, ra);
	v_rrr(c, W(I_VPXOR), t, ra, m);
	ra_free(e, o->a);
	v_rrr(c, W(I_VPSUBQ), result(e, o, i, t), t, m);
}

static const uint32_t umax_ops[3] = {I_VPMAXUB, I_VPMAXUW, I_VPMAXUD};
static const uint32_t umin_ops[3] = {I_VPMINUB, I_VPMINUW, I_VPMINUD};

OP(VCMPGE)
{
	/* not b > a */
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type), t = all_ones(e, o),
		 u = vtmp(e);
	v_rrr(&e->c, W(gt_ops[LANE(o)]), u, rb, ra);
	ra_free(e, o->a);
	ra_free(e, o->b);
	v_rrr(&e->c, W(I_VPXOR), result(e, o, i, t), t, u);
}

static void compare_unsigned(struct emit *e, const struct vr_ir_op *o, uint32_t i, bool or_same)
{
	struct emit_code *c = &e->c;
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type), t = vtmp(e), u = vtmp(e),
		 n = LANE(o), d;
	if (n == 3) {
		v_rm(c, W(I_VMOVUPS), u, constant_mem(e, K_SIGN64));
		v_rrr(c, W(I_VPXOR), t, ra, u);
		v_rrr(c, W(I_VPXOR), u, rb, u);
		ra_free(e, o->a);
		ra_free(e, o->b);
		if (!or_same) {
			v_rrr(c, W(I_VPCMPGTQ), result(e, o, i, t), t, u);
			return;
		}
		v_rrr(c, W(I_VPCMPGTQ), t, u, t);
		v_rrr(c, W(I_VPCMPEQD), u, u, u);
		v_rrr(c, W(I_VPXOR), result(e, o, i, t), t, u);
		return;
	}
	v_rrr(c, W((or_same ? umax_ops : umin_ops)[n]), t, ra, rb);
	ra_free(e, o->a);
	ra_free(e, o->b);
	if (or_same) { /* max(a, b) == a */
		d = result(e, o, i, t);
		v_rrr(c, W(eq_ops[n]), d, t, ra);
	} else { /* not min(a, b) == a */
		v_rrr(c, W(eq_ops[n]), t, t, ra);
		v_rrr(c, W(I_VPCMPEQD), u, u, u);
		v_rrr(c, W(I_VPXOR), result(e, o, i, t), t, u);
	}
}

OP(VCMPHI)
{
	compare_unsigned(e, o, i, false);
}

OP(VCMPHS)
{
	compare_unsigned(e, o, i, true);
}

OP(VTST)
{
	struct emit_code *c = &e->c;
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type), t = vtmp(e),
		 z = all_zero(e);
	v_rrr(c, W(I_VPAND), t, ra, rb);
	v_rrr(c, W(eq_ops[LANE(o)]), t, t, z);
	v_rrr(c, W(I_VPCMPEQD), z, z, z);
	ra_free(e, o->a);
	ra_free(e, o->b);
	v_rrr(c, W(I_VPXOR), result(e, o, i, t), t, z);
}

/* ---- shifts ---- */

OP(VSHL)
{
	struct emit_code *c = &e->c;
	uint32_t ra = ra_use_as(e, o->a, o->type), n = (uint32_t)o->imm, t = ra;
	if (LANE(o) == 0 && n) {
		uint32_t m = splat32(e, o, ((0xffu << n) & 0xff) * 0x01010101u);
		t = vtmp(e);
		shift_lanes(e, o, 1, V_SLL, t, ra, n);
		ra_free(e, o->a);
		v_rrr(c, W(I_VPAND), result(e, o, i, t), t, m);
		return;
	}
	ra_free(e, o->a);
	uint32_t d = result(e, o, i, ra);
	if (n)
		shift_lanes(e, o, LANE(o), V_SLL, d, ra, n);
	else
		x86_copy(e, o, i, d, ra);
}

OP(VSHR)
{
	struct emit_code *c = &e->c;
	uint32_t ra = ra_use_as(e, o->a, o->type), n = (uint32_t)o->imm, bits = 8u << LANE(o);
	if (LANE(o) == 0 && n && n < bits) {
		uint32_t m = splat32(e, o, (0xffu >> n) * 0x01010101u), t = vtmp(e);
		shift_lanes(e, o, 1, V_SRL, t, ra, n);
		ra_free(e, o->a);
		v_rrr(c, W(I_VPAND), result(e, o, i, t), t, m);
		return;
	}
	ra_free(e, o->a);
	uint32_t d = result(e, o, i, ra);
	if (n >= bits)
		v_rrr(c, W(I_VPXOR), d, d, d);
	else if (n)
		shift_lanes(e, o, LANE(o), V_SRL, d, ra, n);
	else
		x86_copy(e, o, i, d, ra);
}

OP(VSAR)
{
	struct emit_code *c = &e->c;
	uint32_t ra = ra_use_as(e, o->a, o->type), n = (uint32_t)o->imm, bits = 8u << LANE(o), t, m;
	if (n >= bits)
		n = bits - 1;
	if (n == 0) {
		ra_free(e, o->a);
		x86_copy(e, o, i, result(e, o, i, ra), ra);
		return;
	}
	switch (LANE(o)) {
	case 0: /* logical shift; then the sign bit, now at 0x80 >> n, is spread: (x ^ s) - s */
		m = splat32(e, o, (0xffu >> n) * 0x01010101u);
		t = vtmp(e);
		shift_lanes(e, o, 1, V_SRL, t, ra, n);
		v_rrr(c, W(I_VPAND), t, t, m);
		m = splat32(e, o, (0x80u >> n) * 0x01010101u);
		v_rrr(c, W(I_VPXOR), t, t, m);
		ra_free(e, o->a);
		v_rrr(c, W(I_VPSUBB), result(e, o, i, t), t, m);
		return;
	case 3: /* the sign's copies come from a comparison */
		m = all_zero(e);
		t = vtmp(e);
		v_rrr(c, W(I_VPCMPGTQ), m, m, ra);
		shift_lanes(e, o, 3, V_SLL, m, m, 64 - n);
		shift_lanes(e, o, 3, V_SRL, t, ra, n);
		ra_free(e, o->a);
		v_rrr(c, W(I_VPOR), result(e, o, i, t), t, m);
		return;
	default:
		ra_free(e, o->a);
		shift_lanes(e, o, LANE(o), V_SRA, result(e, o, i, ra), ra, n);
	}
}

/* ---- lanes ---- */

OP(VDUP)
{
	static const uint32_t ops[4] = {I_VPBROADCASTB, I_VPBROADCASTW, I_VPBROADCASTD, I_VPBROADCASTQ};
	struct emit_code *c = &e->c;
	uint32_t n = LANE(o), r = n == 3 ? ra_use_clean(e, o->a) : ra_use(e, o->a);
	ra_free(e, o->a);
	uint32_t d = result(e, o, i, NOREG);
	v_wrrr(c, I_VMOVD_FROM, n == 3, d, 0, r);
	if (n == 3 && o->type == VR_T_V64)
		val(e, i)->dirty_high = 0;
	else
		v_rr(c, W(ops[n]), d, d);
}

OP(VDUPLANE)
{
	struct emit_code *c = &e->c;
	uint32_t n = LANE(o), lane = (uint32_t)o->imm & (15u >> n);
	uint32_t ra = ra_use_bits(e, o->a, (lane + 1) << (n + 3));
	ra_free(e, o->a);
	uint32_t d = result(e, o, i, ra);
	if (o->type == VR_T_V256) { /* of the low half, in both */
		static const uint32_t ops[4] = {I_VPBROADCASTB, I_VPBROADCASTW, I_VPBROADCASTD,
						I_VPBROADCASTQ};
		if (lane)
			v_shift(c, I_VPSHIFT_Q, V_SRLDQ, d, ra, lane << n);
		v_rr(c, W(ops[n]), d, lane ? d : ra);
		return;
	}
	if (n >= 2) {
		v_rrri(c, W(I_VPSHUFD), d, 0, ra, n == 3 ? lane ? 0xee : 0x44 : lane * 0x55);
		return;
	}
	if (lane)
		shift_bytes(e, o, V_SRLDQ, d, ra, lane << n);
	v_rr(c, W(n ? I_VPBROADCASTW : I_VPBROADCASTB), d, lane ? d : ra);
}

static void extract(struct emit_code *c, uint32_t n, uint32_t d, uint32_t s, uint32_t lane)
{
	static const uint32_t ops[4] = {I_VPEXTRB, I_VPEXTRW, I_VPEXTRD, I_VPEXTRQ};
	if (n >= 2 && !lane)
		v_wrrr(c, I_VMOVD_TO, n == 3, s, 0, d);
	else
		v_rrri(c, ops[n], s, 0, d, lane);
}

static void insert(struct emit_code *c, uint32_t n, uint32_t d, uint32_t a, uint32_t r, uint32_t lane)
{
	static const uint32_t ops[4] = {I_VPINSRB, I_VPINSRW, I_VPINSRD, I_VPINSRQ};
	v_rrri(c, ops[n], d, a, r, lane);
}

OP(VGETLANE)
{
	struct emit_code *c = &e->c;
	uint32_t n = LANE(o), lane = (uint32_t)o->imm & (15u >> n);
	uint32_t r = ra_use_bits(e, o->a, (lane + 1) << (n + 3));
	ra_free(e, o->a);
	uint32_t d = ra_def(e, i, NOREG);
	if (n == 3 && !wide(o))
		extract(c, 2, d, r, 2 * lane);
	else
		extract(c, n, d, r, lane);
	if (!(o->aux & 4))
		return;
	if (n == 0)
		x_rr(c, X_MOVSX8, wide(o), d, d);
	else if (n == 1)
		x_rr(c, X_MOVSX16, wide(o), d, d);
	else if (n == 2 && wide(o))
		x_rr(c, X_MOVSXD, 1, d, d);
}

OP(VSETLANE)
{
	uint32_t n = LANE(o), ra = ra_use_bits(e, o->a, 128),
		 rb = n == 3 ? ra_use_clean(e, o->b) : ra_use(e, o->b);
	ra_free(e, o->a);
	ra_free(e, o->b);
	insert(&e->c, n, ra_def(e, i, ra), ra, rb, (uint32_t)o->imm & (15u >> n));
}

OP(VINSLANE)
{
	struct emit_code *c = &e->c;
	uint32_t n = LANE(o), to = (uint32_t)o->imm & (15u >> n), from = (uint32_t)(o->imm >> 4) & (15u >> n);
	uint32_t ra = ra_use_bits(e, o->a, 128), rb = ra_use_bits(e, o->b, 128);
	if (n < 2) {
		uint32_t t = tmp(e);
		extract(c, n, t, rb, from);
		ra_free(e, o->a);
		ra_free(e, o->b);
		insert(c, n, ra_def(e, i, ra), ra, t, to);
		return;
	}
	ra_free(e, o->a);
	ra_free(e, o->b);
	uint32_t d = ra_def(e, i, ra);
	if (n == 2)
		v_rrri(c, I_VINSERTPS, d, ra, rb, from << 6 | to << 4);
	else if (to == from)
		v_rrri(c, W(I_VPBLENDW), d, ra, rb, to ? 0xf0 : 0x0f);
	else if (to)
		v_rrr(c, W(I_VPUNPCKLQDQ), d, ra, rb);
	else
		v_rrr(c, W(I_VPUNPCKHQDQ), d, rb, ra);
}

OP(VEXT)
{
	struct emit_code *c = &e->c;
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type),
		 n = (uint32_t)o->imm & 15;
	ra_free(e, o->a);
	ra_free(e, o->b);
	uint32_t d = result(e, o, i, ra);
	if (o->type != VR_T_V64) {
		v_rrri(c, W(I_VPALIGNR), d, rb, ra, n);
	} else {
		v_rrr(c, W(I_VPUNPCKLQDQ), d, ra, rb);
		shift_bytes(e, o, V_SRLDQ, d, d, n);
	}
}

BINARY(VZIP1, I_VPUNPCKLBW, I_VPUNPCKLWD, I_VPUNPCKLDQ, I_VPUNPCKLQDQ)

OP(VZIP2)
{
	if (o->type != VR_T_V64) {
		binary(e, o, i, unpack_high[LANE(o)]);
		return;
	}
	uint32_t ra = ra_use_bits(e, o->a, 64), rb = ra_use_bits(e, o->b, 64);
	ra_free(e, o->a);
	ra_free(e, o->b);
	uint32_t d = ra_def(e, i, ra);
	v_rrr(&e->c, W(unpack_low[LANE(o)]), d, ra, rb);
	shift_bytes(e, o, V_SRLDQ, d, d, 8);
}

static void unzip(struct emit *e, const struct vr_ir_op *o, uint32_t i, bool odd)
{
	struct emit_code *c = &e->c;
	uint32_t n = LANE(o), ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type), t, u;
	if (o->type == VR_T_V64) {
		t = vtmp(e);
		v_rrr(c, W(I_VPUNPCKLQDQ), t, ra, rb);
		ra_free(e, o->a);
		ra_free(e, o->b);
		uint32_t d = result(e, o, i, t);
		if (n < 2)
			v_rrm(c, W(I_VPSHUFB), d, t,
			      constant_mem(e, n     ? odd ? K_ODD_H : K_EVEN_H
					      : odd ? K_ODD_B
						    : K_EVEN_B));
		else
			v_rrri(c, W(I_VPSHUFD), d, 0, t, odd ? 0x0d : 0x08);
		return;
	}
	if (n >= 2) {
		ra_free(e, o->a);
		ra_free(e, o->b);
		uint32_t d = result(e, o, i, ra);
		if (n == 2)
			v_rrri(c, W(I_VSHUFPS), d, ra, rb, odd ? 0xdd : 0x88);
		else
			v_rrr(c, W(odd ? I_VPUNPCKHQDQ : I_VPUNPCKLQDQ), d, ra, rb);
		return;
	}
	t = vtmp(e);
	u = vtmp(e);
	if (odd) {
		shift_lanes(e, o, n + 1, V_SRL, t, ra, 8u << n);
		shift_lanes(e, o, n + 1, V_SRL, u, rb, 8u << n);
	} else {
		struct mem m = constant_mem(e, n ? K_LOW_H : K_LOW_B);
		v_rrm(c, W(I_VPAND), t, ra, m);
		v_rrm(c, W(I_VPAND), u, rb, m);
	}
	ra_free(e, o->a);
	ra_free(e, o->b);
	v_rrr(c, W(n ? I_VPACKUSDW : I_VPACKUSWB), result(e, o, i, t), t, u);
}

OP(VUZP1)
{
	unzip(e, o, i, false);
}

OP(VUZP2)
{
	unzip(e, o, i, true);
}

static void transpose(struct emit *e, const struct vr_ir_op *o, uint32_t i, bool odd)
{
	struct emit_code *c = &e->c;
	uint32_t n = LANE(o);
	if (n == 3) {
		binary(e, o, i, odd ? I_VPUNPCKHQDQ : I_VPUNPCKLQDQ);
		return;
	}
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type), t = vtmp(e), u = vtmp(e);
	shift_lanes(e, o, n + 1, odd ? V_SRL : V_SLL, t, odd ? ra : rb, 8u << n);
	uint32_t low = odd ? t : ra, high = odd ? rb : t;
	if (n == 0) {
		v_rm(c, W(I_VMOVUPS), u, constant_mem(e, K_LOW_B));
		if (odd) {
			v_rrr(c, W(I_VPANDN), u, u, rb);
			high = u;
		} else {
			v_rrr(c, W(I_VPAND), u, u, ra);
			low = u;
		}
	}
	ra_free(e, o->a);
	ra_free(e, o->b);
	uint32_t d = result(e, o, i, t);
	if (n == 0)
		v_rrr(c, W(I_VPOR), d, low, high);
	else
		v_rrri(c, W(I_VPBLENDW), d, low, high, n == 1 ? 0xaa : 0xcc);
}

OP(VTRN1)
{
	transpose(e, o, i, false);
}

OP(VTRN2)
{
	transpose(e, o, i, true);
}

OP(VREV)
{
	static const uint8_t k[2][4] = {{0, K_REV2, K_REV4, K_REV8}, {0, 0, K_REV4H, K_REV8H}};
	uint32_t ra = ra_use_as(e, o->a, o->type), n = LANE(o), g = (uint32_t)o->imm & 3;
	ra_free(e, o->a);
	uint32_t d = result(e, o, i, ra);
	if (n >= 2 && g == 3)
		v_rrri(&e->c, W(I_VPSHUFD), d, 0, ra, n == 2 ? 0xb1 : 0xe4);
	else if (n < 2 && g > n)
		v_rrm(&e->c, W(I_VPSHUFB), d, ra, constant_mem(e, k[n][g]));
	else
		x86_copy(e, o, i, d, ra);
}

OP(VTBL)
{
	struct emit_code *c = &e->c;
	uint32_t ra = ra_use_bits(e, o->a, o->type == VR_T_V256 ? 256 : 128),
		 rb = ra_use_as(e, o->b, o->type), t = vtmp(e);
	v_rrm(c, W(I_VPADDUSB), t, rb,
	      constant_mem(e, K_ALL_70)); /* 16 and above: bit 7 set, which gives 0 */
	ra_free(e, o->a);
	ra_free(e, o->b);
	v_rrr(c, W(I_VPSHUFB), result(e, o, i, t), ra, t);
}

OP(VPADD)
{
	struct emit_code *c = &e->c;
	uint32_t n = LANE(o), ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type), t = vtmp(e),
		 u = vtmp(e);
	uint32_t v = vtmp(e);
	if (o->type == VR_T_V64) {
		v_rrr(c, W(I_VPUNPCKLQDQ), t, ra, rb);
		ra = rb = t;
	}
	if (n == 0) {
		shift_lanes(e, o, 1, V_SRL, u, ra, 8);
		v_rrr(c, W(I_VPADDB), u, u, ra);
		shift_lanes(e, o, 1, V_SRL, v, rb, 8);
		v_rrr(c, W(I_VPADDB), v, v, rb);
		v_rrm(c, W(I_VPAND), u, u, constant_mem(e, K_LOW_B));
		v_rrm(c, W(I_VPAND), v, v, constant_mem(e, K_LOW_B));
	} else if (n == 3) {
		v_rrr(c, W(I_VPUNPCKLQDQ), u, ra, rb);
		v_rrr(c, W(I_VPUNPCKHQDQ), v, ra, rb);
	}
	ra_free(e, o->a);
	ra_free(e, o->b);
	uint32_t d = result(e, o, i, u);
	if (n == 0)
		v_rrr(c, W(I_VPACKUSWB), d, u, v);
	else if (n == 3)
		v_rrr(c, W(I_VPADDQ), d, u, v);
	else
		v_rrr(c, W(n == 1 ? I_VPHADDW : I_VPHADDD), d, ra, rb);
}

static void widen(struct emit *e, const struct vr_ir_op *o, uint32_t i, const uint32_t ops[3])
{
	uint32_t ra = ra_use_bits(e, o->a, vr_ir_type_bits(o->type) / 2);
	ra_free(e, o->a);
	v_rr(&e->c, W(ops[LANE(o) % 3]), ra_def(e, i, ra), ra);
}

static const uint32_t sign_ops[3] = {I_VPMOVSXBW, I_VPMOVSXWD, I_VPMOVSXDQ};
static const uint32_t zero_ops[3] = {I_VPMOVZXBW, I_VPMOVZXWD, I_VPMOVZXDQ};

OP(VSXTL)
{
	widen(e, o, i, sign_ops);
}

OP(VUXTL)
{
	widen(e, o, i, zero_ops);
}

OP(VXTN)
{
	struct emit_code *c = &e->c;
	uint32_t n = LANE(o), ra = ra_use_bits(e, o->a, 128);
	ra_free(e, o->a);
	uint32_t d = ra_def(e, i, ra);
	val(e, i)->dirty_high = 1;
	if (n < 2)
		v_rrm(c, W(I_VPSHUFB), d, ra, constant_mem(e, n ? K_EVEN_H : K_EVEN_B));
	else
		v_rrri(c, W(I_VPSHUFD), d, 0, ra, 0x08);
}

OP(VMOVHI)
{
	uint32_t ra = ra_use_bits(e, o->a, 64), rb = ra_use_bits(e, o->b, 64);
	ra_free(e, o->a);
	ra_free(e, o->b);
	v_rrr(&e->c, W(I_VPUNPCKLQDQ), ra_def(e, i, ra), ra, rb);
}

OP(VJOIN)
{
	uint32_t ra = ra_use_bits(e, o->a, 128), rb = ra_use_bits(e, o->b, 128);
	ra_free(e, o->a);
	ra_free(e, o->b);
	v_rrri(&e->c, W(I_VINSERTI128), ra_def(e, i, ra), ra, rb, 1);
}

OP(VHIGH)
{
	uint32_t ra = ra_use_bits(e, o->a, 256);
	ra_free(e, o->a);
	v_rrri(&e->c, I_VEXTRACTI128 | V_256, ra, 0, ra_def(e, i, ra), 1);
}

OP(VHITOLO)
{
	uint32_t ra = ra_use_bits(e, o->a, 128);
	ra_free(e, o->a);
	shift_bytes(e, o, V_SRLDQ, ra_def(e, i, ra), ra, 8);
}

static void multiply_long(struct emit *e, const struct vr_ir_op *o, uint32_t i, const uint32_t ext[3],
			  uint32_t mul64)
{
	struct emit_code *c = &e->c;
	uint32_t n = LANE(o) % 3, ra = ra_use_bits(e, o->a, 64), rb = ra_use_bits(e, o->b, 64), t = vtmp(e),
		 u = vtmp(e);
	v_rr(c, W(ext[n]), t, ra);
	v_rr(c, W(ext[n]), u, rb);
	ra_free(e, o->a);
	ra_free(e, o->b);
	v_rrr(c, W(n == 0 ? I_VPMULLW : n == 1 ? I_VPMULLD : mul64), ra_def(e, i, t), t, u);
}

OP(VSMULL)
{
	multiply_long(e, o, i, sign_ops, I_VPMULDQ);
}

OP(VUMULL)
{
	multiply_long(e, o, i, zero_ops, I_VPMULUDQ);
}

OP(VCNT)
{
	struct emit_code *c = &e->c;
	uint32_t ra = ra_use_as(e, o->a, o->type), t = vtmp(e), u = vtmp(e), m = vtmp(e);
	v_rm(c, W(I_VMOVUPS), m, constant_mem(e, K_LOW_NIBBLE));
	v_rrr(c, W(I_VPAND), t, ra, m);
	shift_lanes(e, o, 1, V_SRL, u, ra, 4);
	v_rrr(c, W(I_VPAND), u, u, m);
	v_rm(c, W(I_VMOVUPS), m, constant_mem(e, K_NIBBLE_COUNT));
	v_rrr(c, W(I_VPSHUFB), t, m, t);
	v_rrr(c, W(I_VPSHUFB), u, m, u);
	ra_free(e, o->a);
	v_rrr(c, W(add_ops[0]), result(e, o, i, t), t, u);
}
