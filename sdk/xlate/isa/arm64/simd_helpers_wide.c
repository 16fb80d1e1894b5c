/* SPDX-License-Identifier: MIT */
/* simd_helpers_wide.c: integer SIMD helpers whose result lanes are of another size or place than the
 * operands'. */
#include <string.h>

#include "helpers_fp.h"
#include "simd_lanes.h"

#define VHELPER(name)                                                                               \
	void VR_CALL a64_helper_##name(struct vr_exec *x __attribute__((unused)), union vr_v128 *d, \
				       const union vr_v128 *a,                                      \
				       const union vr_v128 *b __attribute__((unused)),              \
				       const union vr_v128 *c __attribute__((unused)), uint64_t imm)

static unsigned lanes_of(uint64_t imm)
{
	return imm >> 2 & 31;
}

/* [SU]Q[R]SHR[U]N, [SU]QXT[U]N: lanes of size es + 1 of a, shifted right and narrowed to es; c: the old
 * destination. */
VHELPER(simd_qnarrow)
{
	const unsigned es = imm & 3, lanes = lanes_of(imm), p = (unsigned)(imm >> 16), shift = p & 0x7f;
	const unsigned first = p & A64_QNARROW_UPPER ? 8u >> es : 0;
	const a64_i128 round = (p & A64_QNARROW_ROUND) && shift ? (a64_i128)1 << (shift - 1) : 0;
	union vr_v128 r = {.d = {first ? c->d[0] : 0, 0}};
	unsigned qc = 0;

	for (unsigned i = 0; i < lanes; i++) {
		a64_i128 v = a64_number(a64_lane(a, es + 1, i), es + 1, p & A64_QNARROW_FROM_UNSIGNED);

		a64_set_lane(&r, es, first + i,
			     a64_saturate((v + round) >> shift, es, p & A64_QNARROW_TO_UNSIGNED, &qc));
	}
	*d = r;
	if (qc)
		a64_of(x)->fpsr_qc |= A64_FPSR_QC;
}

/* SQDMULL, SQDMLAL, SQDMLSL: es of the factors; c accumulates. Both steps saturate. */
VHELPER(simd_qdmull)
{
	const unsigned es = imm & 3, lanes = lanes_of(imm), p = (unsigned)(imm >> 16);
	const unsigned first = p & A64_QDMULL_UPPER ? 8u >> es : 0;
	union vr_v128 r = {.d = {0, 0}};
	unsigned qc = 0;

	for (unsigned i = 0; i < lanes; i++) {
		a64_i128 n = a64_number(a64_lane(a, es, first + i), es, 0);
		uint64_t v =
			a64_saturate(n * a64_number(a64_lane(b, es, first + i), es, 0) * 2, es + 1, 0, &qc);

		if (p & (A64_QDMULL_ADD | A64_QDMULL_SUB)) {
			a64_i128 product = a64_number(v, es + 1, 0);
			a64_i128 sum = a64_number(a64_lane(c, es + 1, i), es + 1, 0);

			sum += p & A64_QDMULL_SUB ? -product : product;
			v = a64_saturate(sum, es + 1, 0, &qc);
		}
		a64_set_lane(&r, es + 1, i, v);
	}
	*d = r;
	if (qc)
		a64_of(x)->fpsr_qc |= A64_FPSR_QC;
}

/* PMULL of bytes; parameter: which half of a and b. */
VHELPER(simd_pmull8)
{
	const unsigned first = imm >> 16 & 1 ? 8 : 0;
	union vr_v128 r;

	for (unsigned i = 0; i < 8; i++) {
		uint32_t v = 0;

		for (unsigned k = 0; k < 8; k++)
			v ^= b->b[first + i] >> k & 1 ? (uint32_t)a->b[first + i] << k : 0;
		r.h[i] = (uint16_t)v;
	}
	*d = r;
}

/* 48 bytes as lanes of any size: how three registers' worth of memory looks. */
union triple {
	uint8_t b[48];
	uint16_t h[24];
	uint32_t s[12];
	uint64_t d[6];
};

/* r.lane[i] = t.lane[first + i * step] */
#define STRIDE(member, r, t, lanes, first, step)  \
	for (unsigned i_ = 0; i_ < (lanes); i_++) \
	(r).member[i_] = (t).member[(first) + i_ * (step)]

/* LD3: register `parameter` of the triples in a, b, c, each of which holds `lanes` elements. */
VHELPER(simd_ld3)
{
	const unsigned es = imm & 3, lanes = lanes_of(imm), k = imm >> 16 & 3, bytes = lanes << es;
	union vr_v128 r = {.d = {0, 0}};
	union triple t;

	memcpy(t.b, a, 16);
	memcpy(t.b + bytes, b, 16);
	memcpy(t.b + 2 * bytes, c, 16);
	if (es == 0)
		STRIDE(b, r, t, lanes, k, 3);
	else if (es == 1)
		STRIDE(h, r, t, lanes, k, 3);
	else if (es == 2)
		STRIDE(s, r, t, lanes, k, 3);
	else
		STRIDE(d, r, t, lanes, k, 3);
	*d = r;
}

/* ST3: the reverse: the parameter-th part of what goes to memory. */
VHELPER(simd_st3)
{
	const union vr_v128 *reg[3] = {a, b, c};
	const unsigned es = imm & 3, lanes = lanes_of(imm), k = imm >> 16 & 3;
	union vr_v128 r = {.d = {0, 0}};
	/* element k * lanes of the stream: register and lane */
	unsigned n = k * lanes % 3, lane = k * lanes / 3;

	for (unsigned i = 0; i < lanes; i++) {
		a64_set_lane(&r, es, i, a64_lane(reg[n], es, lane));
		if (++n == 3) {
			n = 0;
			lane++;
		}
	}
	*d = r;
}

static uint32_t rol(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

/* SHA1C, SHA1P, SHA1M (C7.2.2xx): a = Qd, b = Sn, c = Vm. */
VHELPER(simd_sha1)
{
	const unsigned kind = imm >> 16 & 3;
	uint32_t s[4] = {a->s[0], a->s[1], a->s[2], a->s[3]}, y = b->s[0];

	for (unsigned e = 0; e < 4; e++) {
		uint32_t t = kind == A64_SHA1_C   ? ((s[2] ^ s[3]) & s[1]) ^ s[3]
			     : kind == A64_SHA1_P ? s[1] ^ s[2] ^ s[3]
						  : (s[1] & s[2]) | ((s[1] | s[2]) & s[3]);
		uint32_t top = s[3];

		y += rol(s[0], 5) + t + c->s[e];
		s[3] = s[2];
		s[2] = rol(s[1], 30);
		s[1] = s[0];
		s[0] = y;
		y = top;
	}
	for (unsigned e = 0; e < 4; e++)
		d->s[e] = s[e];
}

/* SHA1SU1: a = Vd, b = Vn. */
VHELPER(simd_sha1su)
{
	union vr_v128 r;

	(void)imm;
	for (unsigned e = 0; e < 4; e++)
		r.s[e] = rol(a->s[e] ^ (e < 3 ? b->s[e + 1] : 0), 1);
	r.s[3] ^= rol(a->s[0] ^ b->s[1], 2);
	*d = r;
}
