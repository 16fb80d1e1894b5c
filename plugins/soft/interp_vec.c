/* SPDX-License-Identifier: MIT */
/* interp_vec.c: vector ops of the interpreter, as loops over lanes. */
#include <xlate/ir/crypto.h>

#include "interp_ops.h"

#undef A
#undef B
#undef C
/* Operands and lanes: L = log2 of the lane's bytes, N = lanes of the op's type, M = those of its parts: V256 has two. */
#define A (&r->v[o->a])
#define B (&r->v[o->b])
#define C (&r->v[o->c])
#define L (o->aux & 3u)
#define LANE_BITS (8u << L)
#define N (lanes(o->type, L))
#define M (N > 16u >> L ? 16u >> L : N)

static uint32_t lanes(uint32_t type, uint32_t log2)
{
	return vr_ir_type_bits(type) / 8 >> log2;
}

/* Lane i of v, zero-extended. */
static uint64_t get(const union vr_v256 *v, uint32_t log2, uint32_t i)
{
	switch (log2) {
	case 0:
		return v->b[i & 31];
	case 1:
		return v->h[i & 15];
	case 2:
		return v->s[i & 7];
	default:
		return v->d[i & 3];
	}
}

static int64_t get_signed(const union vr_v256 *v, uint32_t log2, uint32_t i)
{
	return (int64_t)soft_interp_sext(get(v, log2, i), 8u << log2);
}

static void put(union vr_v256 *v, uint32_t log2, uint32_t i, uint64_t value)
{
	switch (log2) {
	case 0:
		v->b[i & 31] = (uint8_t)value;
		break;
	case 1:
		v->h[i & 15] = (uint16_t)value;
		break;
	case 2:
		v->s[i & 7] = (uint32_t)value;
		break;
	default:
		v->d[i & 3] = value;
		break;
	}
}

/* An op that is the same expression for every lane i. */
#define LANES(name, expression)                               \
	OP(name)                                              \
	{                                                     \
		for (uint32_t i = 0; i < N; i++)              \
			put(d, L, i, (uint64_t)(expression)); \
		return 0;                                     \
	}
#define AU get(A, L, i)
#define BU get(B, L, i)
#define AS get_signed(A, L, i)
#define BS get_signed(B, L, i)

/* One that is the same expression for every byte, whatever the lanes. */
#define WHOLE(name, expression)                                  \
	OP(name)                                                 \
	{                                                        \
		for (uint32_t i = 0; i < lanes(o->type, 3); i++) \
			d->d[i] = (expression);                  \
		return 0;                                        \
	}
#define AD A->d[i]
#define BD B->d[i]
#define CD C->d[i]

/* ---- making and taking apart -------------------------------------------------------------- */

OP(VCONST)
{
	for (uint32_t i = 0; i < (o->aux & 1 ? 1 : lanes(o->type, 3)); i++)
		d->d[i] = o->imm;
	return 0;
}

OP(VPACK)
{
	d->d[0] = A->d[0];
	d->d[1] = B->d[0]; /* none reads as zero */
	return 0;
}

OP(VHALF)
{
	d->d[0] = A->d[o->aux & 1];
	return 0;
}

OP(VZEXT)
{
	put(d, L, 0, get(A, L, 0));
	return 0;
}

LANES(VDUP, A->d[0])
LANES(VDUPLANE, get(A, L, (uint32_t)o->imm))

OP(VGETLANE)
{
	uint32_t i = (uint32_t)o->imm;
	d->d[0] = soft_interp_cut(o->type, o->aux & 4 ? (uint64_t)get_signed(A, L, i) : get(A, L, i));
	return 0;
}

OP(VSETLANE)
{
	d->half[0] = A->half[0];
	put(d, L, (uint32_t)o->imm, B->d[0]);
	return 0;
}

OP(VINSLANE)
{
	d->half[0] = A->half[0];
	put(d, L, o->imm & 15, get(B, L, o->imm >> 4 & 15));
	return 0;
}

/* ---- bitwise ------------------------------------------------------------------------------ */

WHOLE(VAND, AD &BD)
WHOLE(VOR, AD | BD)
WHOLE(VXOR, AD ^ BD)
WHOLE(VANDN, AD & ~BD)
WHOLE(VORN, AD | ~BD)
WHOLE(VNOT, ~AD)
WHOLE(VBSL, (AD & BD) | (~AD & CD))

/* ---- lane by lane ------------------------------------------------------------------------- */

LANES(VADD, AU + BU)
LANES(VSUB, AU - BU)
LANES(VMUL, AU *BU)
LANES(VNEG, 0 - AU)
LANES(VABS, AS < 0 ? 0 - AU : AU)
LANES(VSMAX, AS > BS ? AU : BU)
LANES(VSMIN, AS < BS ? AU : BU)
LANES(VUMAX, AU > BU ? AU : BU)
LANES(VUMIN, AU < BU ? AU : BU)
LANES(VCMPEQ, AU == BU ? ~0ull : 0)
LANES(VCMPGT, AS > BS ? ~0ull : 0)
LANES(VCMPGE, AS >= BS ? ~0ull : 0)
LANES(VCMPHI, AU > BU ? ~0ull : 0)
LANES(VCMPHS, AU >= BU ? ~0ull : 0)
LANES(VTST, AU &BU ? ~0ull : 0)
LANES(VSHL, AU << (o->imm & 63))
LANES(VSHR, o->imm >= LANE_BITS ? 0 : AU >> o->imm)
LANES(VSAR, AS >> (o->imm >= LANE_BITS ? LANE_BITS - 1 : o->imm))

static uint64_t saturate(int64_t value, uint32_t bits)
{
	int64_t most = (int64_t)soft_interp_mask(bits - 1);
	return (uint64_t)(value > most ? most : value < -most - 1 ? -most - 1 : value);
}
LANES(VSQADD, saturate(AS + BS, LANE_BITS))

OP(VCNT)
{
	for (uint32_t i = 0; i < lanes(o->type, 0); i++)
		d->b[i] = (uint8_t)__builtin_popcount(A->b[i]);
	return 0;
}

/* ---- permutations ------------------------------------------------------------------------- */

OP(VEXT)
{
	uint32_t all = lanes(o->type, 0), bytes = all > 16 ? 16 : all;
	for (uint32_t i = 0; i < all; i++) {
		uint32_t part = i & ~(bytes - 1), from = i - part + ((uint32_t)o->imm & (bytes - 1));
		d->b[i] = from < bytes ? A->b[part + from] : B->b[part + from - bytes];
	}
	return 0;
}

#define PART (i - i % M) /* the first lane of the part that lane i is in */
#define J (i % M)

/* Of the part that begins at lane `part`: lane `from` of a:b, where b's lanes come after a's. */
static uint64_t of_pair(struct soft_interp *r, const struct vr_ir_op *o, uint32_t part, uint32_t from)
{
	return from < M ? get(A, L, part + from) : get(B, L, part + from - M);
}

LANES(VZIP1, get(i & 1 ? B : A, L, PART + J / 2))
LANES(VZIP2, get(i & 1 ? B : A, L, PART + M / 2 + J / 2))
LANES(VUZP1, of_pair(r, o, PART, 2 * J))
LANES(VUZP2, of_pair(r, o, PART, 2 * J + 1))
LANES(VTRN1, get(i & 1 ? B : A, L, i & ~1u))
LANES(VTRN2, get(i & 1 ? B : A, L, i | 1))
LANES(VPADD, of_pair(r, o, PART, 2 * J) + of_pair(r, o, PART, 2 * J + 1))
LANES(VREV, get(A, L, i ^ ((1u << (o->imm & 3) >> L) - 1)))

OP(VTBL)
{
	for (uint32_t i = 0; i < lanes(o->type, 0); i++)
		d->b[i] = B->b[i] < 16 ? A->b[(i & 16) + B->b[i]] : 0;
	return 0;
}

OP(VMOVHI)
{
	d->d[0] = A->d[0];
	d->d[1] = B->d[0];
	return 0;
}

OP(VJOIN)
{
	d->half[0] = A->half[0];
	d->half[1] = B->half[0];
	return 0;
}

OP(VHIGH)
{
	d->half[0] = A->half[1];
	return 0;
}

OP(VHITOLO)
{
	d->d[0] = A->d[1];
	return 0;
}

/* ---- widening and narrowing: `aux` is the narrow lane's size ------------------------------- */

#define WIDEN(name, expression)                                   \
	OP(name)                                                  \
	{                                                         \
		for (uint32_t i = 0; i < N / 2; i++)              \
			put(d, L + 1, i, (uint64_t)(expression)); \
		return 0;                                         \
	}
WIDEN(VSXTL, AS)
WIDEN(VUXTL, AU)
WIDEN(VSMULL, AS *BS)
WIDEN(VUMULL, AU *BU)

OP(VXTN)
{
	for (uint32_t i = 0; i < 8u >> L; i++)
		put(d, L, i, get(A, L + 1, i));
	return 0;
}

OP(VPMULL64)
{
	xlate_polynomial_product(d->half, A->d[0], B->d[0]);
	return 0;
}

/* ---- AES, SHA-256 -------------------------------------------------------------------------- */

/*
 * xlate/ir/crypto.c computes these for the interpreter and for an emitter whose host lacks the instructions.
 * The tests' oracles are the published examples (tests/sys/interp.c) and the host's own instructions
 * (tests/emit/test_random.c).
 */
#define CRYPTO(name, call) \
	OP(name)           \
	{                  \
		call;      \
		return 0;  \
	}
CRYPTO(VAESE, xlate_aes_encrypt(d->half, A->half, B->half))
CRYPTO(VAESD, xlate_aes_decrypt(d->half, A->half, B->half))
CRYPTO(VAESMC, xlate_aes_mix(d->half, A->half))
CRYPTO(VAESIMC, xlate_aes_unmix(d->half, A->half))
CRYPTO(VSHA256H, xlate_sha256_abcd(d->half, A->half, B->half, C->half))
CRYPTO(VSHA256H2, xlate_sha256_efgh(d->half, B->half, A->half, C->half))
CRYPTO(VSHA256SU0, xlate_sha256_schedule0(d->half, A->half, B->half))
CRYPTO(VSHA256SU1, xlate_sha256_schedule1(d->half, A->half, B->half, C->half))

/* ---- signs -------------------------------------------------------------------------------- */

LANES(VFNEG, AU ^ 1ull << (LANE_BITS - 1))
LANES(VFABS, AU & ~(1ull << (LANE_BITS - 1)))
