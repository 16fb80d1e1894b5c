/* SPDX-License-Identifier: MIT */
/* bits.c: shifts, bit fields, bit counts and permutations, CRC (SDM vol. 2). The BMI2 forms keep EFLAGS. */
#include "lower.h"

/* ---- shifts ---- */

static void shift(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t sh, uint32_t op)
{
	struct emit_code *c = &e->c;
	uint32_t w = wide(o);
	int32_t imm;
	bool constant = x86_imm_of(e, o->b, 0, &imm);
	if (constant)
		emit_flags_clobber(e);
	uint32_t ra = ra_use_as(e, o->a, o->type);
	if (constant) {
		uint32_t n = (uint32_t)imm & (w ? 63 : 31);
		ra_free(e, o->a);
		ra_free(e, o->b);
		uint32_t d = ra_def(e, i, ra);
		if (sh == SH_SHL && n && n <= 3 && d != ra) {
			struct mem m = {MEM_NONE, (uint8_t)ra, (uint8_t)n, 0, 0, 0};
			lea(c, w, d, m);
			return;
		}
		if (d != ra || !n)
			mov_rr(c, w, d, ra);
		shift_ri(c, sh, w, d, n);
		return;
	}
	uint32_t rb = ra_use(e, o->b);
	ra_free(e, o->a);
	ra_free(e, o->b);
	v_wrrr(c, op, w, ra_def(e, i, ra), rb, ra);
}

OP(SHL)
{
	shift(e, o, i, SH_SHL, I_SHLX);
}

OP(SHR)
{
	shift(e, o, i, SH_SHR, I_SHRX);
}

OP(SAR)
{
	shift(e, o, i, SH_SAR, I_SARX);
}

OP(ROR)
{
	struct emit_code *c = &e->c;
	uint32_t w = wide(o);
	int32_t imm;
	if (x86_imm_of(e, o->b, 0, &imm)) {
		uint32_t ra = ra_use_as(e, o->a, o->type);
		ra_free(e, o->a);
		ra_free(e, o->b);
		rorx(c, w, ra_def(e, i, ra), ra, (uint32_t)imm & (w ? 63 : 31));
		return;
	}
	/* (a >> b) | (a << -b): the counts are taken modulo the size */
	emit_flags_clobber(e);
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use(e, o->b), t = tmp(e), u = tmp(e);
	mov_rr(c, 0, t, rb);
	neg_r(c, 0, t);
	v_wrrr(c, I_SHLX, w, t, t, ra);
	v_wrrr(c, I_SHRX, w, u, rb, ra);
	alu_rr(c, ALU_OR, w, u, t);
	ra_free(e, o->a);
	ra_free(e, o->b);
	emit_move(e, ra_def(e, i, u), u, o->type);
}

OP(EXTR)
{
	struct emit_code *c = &e->c;
	uint32_t w = wide(o), n = o->aux & (w ? 63 : 31);
	if (o->a == o->b) {
		uint32_t ra = ra_use_as(e, o->a, o->type);
		ra_free(e, o->a);
		ra_free(e, o->b);
		rorx(c, w, ra_def(e, i, ra), ra, n);
		return;
	}
	emit_flags_clobber(e);
	uint32_t ra = ra_use_as(e, o->a, o->type), t = ra_copy(e, o->b, w);
	if (n) {
		x_rr(c, X_SHRD_I, w, ra, t);
		put8(c, n);
	}
	ra_free(e, o->a);
	ra_free(e, o->b);
	emit_move(e, ra_def(e, i, t), t, o->type);
}

/* ---- bits ---- */

static void unary(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t op)
{
	emit_flags_clobber(e);
	uint32_t r = ra_use_as(e, o->a, o->type);
	ra_free(e, o->a);
	x_rr(&e->c, op, wide(o), ra_def(e, i, r), r);
}

OP(CLZ)
{
	unary(e, o, i, X_LZCNT);
}

OP(CTZ)
{
	unary(e, o, i, X_TZCNT);
}

OP(POPCNT)
{
	unary(e, o, i, X_POPCNT);
}

OP(PARITY)
{
	struct emit_code *c = &e->c;
	const struct vr_ir_op *user = &e->ops[val(e, i)->last];
	if (val(e, i)->uses == 1 && user->op == VR_IR_BRBIT && !(user->aux & 63)) {
		val(e, i)->loc = LOC_LATER; /* BRBIT tests the operand */
		return;
	}
	emit_flags_clobber(e);
	uint32_t r = ra_use(e, o->a);
	test_rr_bits(c, 8, r, r);
	ra_free(e, o->a);
	uint32_t d = ra_def(e, i, r);
	mov_imm(c, d, 0);
	setcc(c, CC_P, d);
}

OP(CLS)
{
	struct emit_code *c = &e->c;
	uint32_t w = wide(o);
	emit_flags_clobber(e);
	uint32_t r = ra_use_as(e, o->a, o->type), t = tmp(e);
	mov_rr(c, w, t, r);
	shift_ri(c, SH_SAR, w, t, 1);
	alu_rr(c, ALU_XOR, w, t, r);
	ra_free(e, o->a);
	uint32_t d = ra_def(e, i, r);
	x_rr(c, X_LZCNT, w, d, t);
	alu_ri(c, ALU_SUB, w, d, 1);
}

OP(RBIT)
{
	static const uint64_t masks[] = {0x0f0f0f0f0f0f0f0f, 0x3333333333333333, 0x5555555555555555};
	struct emit_code *c = &e->c;
	uint32_t w = wide(o);
	emit_flags_clobber(e);
	uint32_t d = ra_copy(e, o->a, w), t = tmp(e), m = tmp(e);
	bswap(c, w, d);
	for (uint32_t k = 0; k < 3; k++) {
		uint32_t n = 4u >> k;
		mov_imm(c, m, w ? masks[k] : (uint32_t)masks[k]);
		mov_rr(c, w, t, d);
		shift_ri(c, SH_SHR, w, t, n);
		alu_rr(c, ALU_AND, w, t, m);
		alu_rr(c, ALU_AND, w, d, m);
		shift_ri(c, SH_SHL, w, d, n);
		alu_rr(c, ALU_OR, w, d, t);
	}
	ra_free(e, o->a);
	emit_move(e, ra_def(e, i, d), d, o->type);
}

OP(BSWAP)
{
	struct emit_code *c = &e->c;
	uint32_t w = wide(o), g = o->aux & 3u;
	if (!(w ? g == 3 : g == 2))
		emit_flags_clobber(e);
	uint32_t d = ra_copy(e, o->a, w);
	if (w ? g == 3 : g == 2) {
		bswap(c, w, d);
	} else if (g == 2) { /* 64: both halves */
		bswap(c, 1, d);
		rorx(c, 1, d, d, 32);
	} else {
		/* swap all bytes, then put the 16-bit groups back in order; or by masks, which is shorter */
		uint32_t t = tmp(e), m = tmp(e);
		mov_imm(c, m, w ? 0x00ff00ff00ff00ffull : 0x00ff00ffu);
		mov_rr(c, w, t, d);
		shift_ri(c, SH_SHR, w, t, 8);
		alu_rr(c, ALU_AND, w, t, m);
		alu_rr(c, ALU_AND, w, d, m);
		shift_ri(c, SH_SHL, w, d, 8);
		alu_rr(c, ALU_OR, w, d, t);
	}
	ra_free(e, o->a);
	emit_move(e, ra_def(e, i, d), d, o->type);
}

/* Sign- or zero-extend the low n = 8, 16 or 32 bits. */
static void extend(struct emit_code *c, uint32_t w, uint32_t d, uint32_t s, uint32_t n, bool sign)
{
	if (n == 8)
		x_rr(c, sign ? X_MOVSX8 : X_MOVZX8, sign && w, d, s);
	else if (n == 16)
		x_rr(c, sign ? X_MOVSX16 : X_MOVZX16, sign && w, d, s);
	else if (sign && w)
		x_rr(c, X_MOVSXD, 1, d, s);
	else
		mov_rr(c, 0, d, s);
}

static void extend_op(struct emit *e, const struct vr_ir_op *o, uint32_t i, bool sign)
{
	uint32_t r = ra_use(e, o->a);
	ra_free(e, o->a);
	extend(&e->c, wide(o), ra_def(e, i, r), r, o->aux, sign);
}

OP(SEXT)
{
	extend_op(e, o, i, true);
}

OP(ZEXT)
{
	extend_op(e, o, i, false);
}

OP(BFX)
{
	struct emit_code *c = &e->c;
	uint32_t w = wide(o), size = w ? 64 : 32, lsb = (uint32_t)o->imm & 63,
		 width = (uint32_t)(o->imm >> 8) & 127;
	bool sign = o->aux & 1;
	if (!width || lsb + width > size) {
		e->error = VR_E_INVAL;
		return;
	}
	if (lsb == 0 && (width == 8 || width == 16 || width == 32)) {
		uint32_t s = ra_use(e, o->a);
		ra_free(e, o->a);
		extend(c, w, ra_def(e, i, s), s, width, sign);
		return;
	}
	emit_flags_clobber(e);
	uint32_t r = ra_use_as(e, o->a, o->type);
	ra_free(e, o->a);
	uint32_t d = ra_def(e, i, r), up = size - lsb - width;
	if (!sign && width < 32 && up) {
		if (lsb)
			rorx(c, w, d, r, lsb);
		else if (d != r)
			mov_rr(c, 0, d, r);
		alu_ri(c, ALU_AND, 0, d, (int32_t)((1u << width) - 1));
		return;
	}
	if (d != r || (!up && !lsb))
		mov_rr(c, w, d, r);
	shift_ri(c, SH_SHL, w, d, up);
	shift_ri(c, sign ? SH_SAR : SH_SHR, w, d, up + lsb);
}

OP(BFI)
{
	struct emit_code *c = &e->c;
	uint32_t w = wide(o), size = w ? 64 : 32, lsb = (uint32_t)o->imm & 63,
		 width = (uint32_t)(o->imm >> 8) & 127;
	if (!width || lsb + width > size) {
		e->error = VR_E_INVAL;
		return;
	}
	if (width == size) {
		uint32_t r = ra_use_as(e, o->b, o->type);
		ra_free(e, o->a);
		ra_free(e, o->b);
		mov_rr(c, w, ra_def(e, i, r), r);
		return;
	}
	if (lsb == 0 && (width == 8 || width == 16)) { /* what MOV of so many bits does; EFLAGS stay */
		uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use(e, o->b);
		ra_free(e, o->a);
		ra_free(e, o->b);
		uint32_t d = ra_def(e, i, ra), t = d == rb && d != ra ? tmp(e) : d;
		if (t != ra || !w)
			mov_rr(c, w, t, ra);
		x_rr(c, x86_sized(X_MOV_LOAD, width), 0, t, rb);
		emit_move(e, d, t, o->type);
		return;
	}
	/* Rotate the field to the bottom, shift it out while shifting b's bits in at the top, rotate back. */
	emit_flags_clobber(e);
	uint32_t rb = ra_use_as(e, o->b, o->type), t = ra_copy(e, o->a, w);
	shift_ri(c, SH_ROR, w, t, lsb);
	x_rr(c, X_SHRD_I, w, rb, t);
	put8(c, width);
	shift_ri(c, SH_ROL, w, t, (lsb + width) & (size - 1));
	ra_free(e, o->a);
	ra_free(e, o->b);
	emit_move(e, ra_def(e, i, t), t, o->type);
}

OP(CRC32)
{
	struct emit_code *c = &e->c;
	if (!(o->aux & 4) || !x86_has(e)->crc32) {
		emit_fp_slow_inline(e, o, i, (uint64_t)(uintptr_t)emit_fallback);
		return;
	}
	static const uint32_t ops[] = {X_CRC32B, X_CRC32W, X_CRC32, X_CRC32};
	uint32_t n = o->aux & 3u, rb = n == 3 ? ra_use_clean(e, o->b) : ra_use(e, o->b),
		 t = ra_copy(e, o->a, 0);
	x_rr(c, ops[n], n == 3, t, rb);
	ra_free(e, o->a);
	ra_free(e, o->b);
	emit_move(e, ra_def(e, i, t), t, VR_T_I32);
}
