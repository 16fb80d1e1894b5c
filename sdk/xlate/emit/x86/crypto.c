/* SPDX-License-Identifier: MIT */
/*
 * crypto.c: AES, SHA-256 and carry-less products with AES-NI, the SHA extensions and PCLMULQDQ, or the C
 * fall-back.
 *
 * Arm splits an AES round differently: AESE is ShiftRows, SubBytes of data ^ key (AESENCLAST with a zero
 * key), AESMC is MixColumns alone, which is AESENC after undoing its first half with AESDECLAST. The pair
 * AESE, AESMC is one AESENC.
 *
 * SHA256RNDS2 wants the state as ABEF and CDGH, highest lane first, and does two rounds with K + W from
 * xmm0; Arm's operands are abcd and efgh, lowest lane first.
 */
#include "lower.h"

static bool fallback(struct emit *e, const struct vr_ir_op *o, uint32_t i, bool have)
{
	if (!have)
		emit_fp_slow_inline(e, o, i, (uint64_t)(uintptr_t)emit_fallback);
	return !have;
}

static void aes_round(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t last, uint32_t whole,
		      uint32_t mix)
{
	struct emit_code *c = &e->c;
	if (fallback(e, o, i, x86_has(e)->aes))
		return;
	bool pair = i + 1 < e->op_end && e->ops[i + 1].op == mix && e->ops[i + 1].a == i &&
		    val(e, i)->uses == 1 && !val(e, i + 1)->emitted;
	uint32_t ra = ra_use_clean(e, o->a), rb = ra_use_clean(e, o->b), t = vtmp(e), z = vtmp(e);
	v_rrr(c, I_VPXOR, z, z, z);
	v_rrr(c, I_VPXOR, t, ra, rb);
	ra_free(e, o->a);
	ra_free(e, o->b);
	if (pair)
		val(e, i + 1)->emitted = 1;
	v_rrr(c, pair ? whole : last, ra_def(e, pair ? i + 1 : i, t), t, z);
}

OP(VAESE)
{
	aes_round(e, o, i, I_VAESENCLAST, I_VAESENC, VR_IR_VAESMC);
}

OP(VAESD)
{
	aes_round(e, o, i, I_VAESDECLAST, I_VAESDEC, VR_IR_VAESIMC);
}

OP(VAESMC)
{
	struct emit_code *c = &e->c;
	if (fallback(e, o, i, x86_has(e)->aes))
		return;
	uint32_t ra = ra_use_clean(e, o->a), t = vtmp(e), z = vtmp(e);
	v_rrr(c, I_VPXOR, z, z, z);
	v_rrr(c, I_VAESDECLAST, t, ra, z);
	ra_free(e, o->a);
	v_rrr(c, I_VAESENC, ra_def(e, i, t), t, z);
}

OP(VAESIMC)
{
	if (fallback(e, o, i, x86_has(e)->aes))
		return;
	uint32_t ra = ra_use_clean(e, o->a);
	ra_free(e, o->a);
	v_rr(&e->c, I_VAESIMC, ra_def(e, i, ra), ra);
}

static void sha256_rounds(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t abcd, uint32_t efgh,
			  uint32_t shuffle)
{
	struct emit_code *c = &e->c;
	if (fallback(e, o, i, x86_has(e)->sha))
		return;
	ra_reserve(e, XMM0);
	uint32_t x = ra_use_clean(e, abcd), y = ra_use_clean(e, efgh), w = ra_use_clean(e, o->c), t = vtmp(e),
		 u = vtmp(e);
	v_rrri(c, I_VSHUFPS, t, y, x, 0x11); /* ABEF */
	v_rrri(c, I_VSHUFPS, u, y, x, 0xbb); /* CDGH */
	movaps(c, XMM0, w);
	x_rr(c, X_SHA256RNDS2, 0, u, t);
	v_rrri(c, I_VPSHUFD, XMM0, 0, w, 0x0e);
	x_rr(c, X_SHA256RNDS2, 0, t, u);
	ra_free(e, o->a);
	ra_free(e, o->b);
	ra_free(e, o->c);
	v_rrri(c, I_VSHUFPS, ra_def(e, i, t), t, u, shuffle);
}

OP(VSHA256H)
{
	sha256_rounds(e, o, i, o->a, o->b, 0xbb);
}

OP(VSHA256H2)
{
	sha256_rounds(e, o, i, o->b, o->a, 0x11);
}

OP(VSHA256SU0)
{
	struct emit_code *c = &e->c;
	if (fallback(e, o, i, x86_has(e)->sha))
		return;
	uint32_t ra = ra_use_clean(e, o->a), rb = ra_use_clean(e, o->b), t = vtmp(e);
	movaps(c, t, ra);
	x_rr(c, X_SHA256MSG1, 0, t, rb);
	ra_free(e, o->a);
	ra_free(e, o->b);
	movaps(c, ra_def(e, i, t), t);
}

OP(VSHA256SU1)
{
	struct emit_code *c = &e->c;
	if (fallback(e, o, i, x86_has(e)->sha))
		return;
	uint32_t ra = ra_use_clean(e, o->a), rb = ra_use_clean(e, o->b), rc = ra_use_clean(e, o->c),
		 t = vtmp(e);
	v_rrri(c, I_VPALIGNR, t, rc, rb, 4);
	v_rrr(c, I_VPADDD, t, t, ra);
	x_rr(c, X_SHA256MSG2, 0, t, rc);
	ra_free(e, o->a);
	ra_free(e, o->b);
	ra_free(e, o->c);
	movaps(c, ra_def(e, i, t), t);
}

OP(VPMULL64)
{
	if (fallback(e, o, i, x86_has(e)->pclmul))
		return;
	uint32_t ra = ra_use_bits(e, o->a, 64), rb = ra_use_bits(e, o->b, 64);
	ra_free(e, o->a);
	ra_free(e, o->b);
	v_rrri(&e->c, I_VPCLMULQDQ, ra_def(e, i, ra), ra, rb, 0);
}
