/* SPDX-License-Identifier: MIT */
/* interp_vec.c: vector ops of the interpreter, as loops over lanes. */
#include <xlate/ir/crypto.h>

#include "interp_ops.h"

#undef A
#undef B
#undef C
/* Operands and lanes: L = log2 of the lane's bytes, N = lanes of the op's type. */
#define A (&r->v[o->a])
#define B (&r->v[o->b])
#define C (&r->v[o->c])
#define L (o->aux & 3u)
#define LANE_BITS (8u << L)
#define N (lanes(o->type, L))

static uint32_t lanes(uint32_t type, uint32_t log2)
{
	return (type == VR_T_V128 ? 16u : 8u) >> log2;
}

/* Lane i of v, zero-extended. */
static uint64_t get(const union vr_v128 *v, uint32_t log2, uint32_t i)
{
	switch (log2) {
	case 0:
		return v->b[i & 15];
	case 1:
		return v->h[i & 7];
	case 2:
		return v->s[i & 3];
	default:
		return v->d[i & 1];
	}
}

static int64_t get_signed(const union vr_v128 *v, uint32_t log2, uint32_t i)
{
	return (int64_t)soft_interp_sext(get(v, log2, i), 8u << log2);
}

static void put(union vr_v128 *v, uint32_t log2, uint32_t i, uint64_t value)
{
	switch (log2) {
	case 0:
		v->b[i & 15] = (uint8_t)value;
		break;
	case 1:
		v->h[i & 7] = (uint16_t)value;
		break;
	case 2:
		v->s[i & 3] = (uint32_t)value;
		break;
	default:
		v->d[i & 1] = value;
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
#define WHOLE(name, expression)                                                 \
	OP(name)                                                                \
	{                                                                       \
		for (uint32_t i = 0; i < (o->type == VR_T_V128 ? 2u : 1u); i++) \
			d->d[i] = (expression);                                 \
		return 0;                                                       \
	}
#define AD A->d[i]
#define BD B->d[i]
#define CD C->d[i]

/* ---- making and taking apart -------------------------------------------------------------- */

OP(VCONST)
{
	d->d[0] = o->imm;
	if (o->type == VR_T_V128 && !(o->aux & 1))
		d->d[1] = o->imm;
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
	*d = *A;
	put(d, L, (uint32_t)o->imm, B->d[0]);
	return 0;
}

OP(VINSLANE)
{
	*d = *A;
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
	uint32_t bytes = lanes(o->type, 0);
	for (uint32_t i = 0; i < bytes; i++) {
		uint32_t from = i + ((uint32_t)o->imm & (bytes - 1));
		d->b[i] = from < bytes ? A->b[from] : B->b[from - bytes];
	}
	return 0;
}

/* Result lane i from lane `from` of a:b, where b's lanes come after a's. */
static uint64_t of_pair(struct soft_interp *r, const struct vr_ir_op *o, uint32_t from)
{
	return from < N ? get(A, L, from) : get(B, L, from - N);
}

LANES(VZIP1, get(i & 1 ? B : A, L, i / 2))
LANES(VZIP2, get(i & 1 ? B : A, L, N / 2 + i / 2))
LANES(VUZP1, of_pair(r, o, 2 * i))
LANES(VUZP2, of_pair(r, o, 2 * i + 1))
LANES(VTRN1, get(i & 1 ? B : A, L, i & ~1u))
LANES(VTRN2, get(i & 1 ? B : A, L, i | 1))
LANES(VPADD, of_pair(r, o, 2 * i) + of_pair(r, o, 2 * i + 1))
LANES(VREV, get(A, L, i ^ ((1u << (o->imm & 3) >> L) - 1)))

OP(VTBL)
{
	for (uint32_t i = 0; i < lanes(o->type, 0); i++)
		d->b[i] = B->b[i] < 16 ? A->b[B->b[i]] : 0;
	return 0;
}

OP(VMOVHI)
{
	d->d[0] = A->d[0];
	d->d[1] = B->d[0];
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
		for (uint32_t i = 0; i < 8u >> L; i++)            \
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
	xlate_polynomial_product(d, A->d[0], B->d[0]);
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
CRYPTO(VAESE, xlate_aes_encrypt(d, A, B))
CRYPTO(VAESD, xlate_aes_decrypt(d, A, B))
CRYPTO(VAESMC, xlate_aes_mix(d, A))
CRYPTO(VAESIMC, xlate_aes_unmix(d, A))
CRYPTO(VSHA256H, xlate_sha256_abcd(d, A, B, C))
CRYPTO(VSHA256H2, xlate_sha256_efgh(d, B, A, C))
CRYPTO(VSHA256SU0, xlate_sha256_schedule0(d, A, B))
CRYPTO(VSHA256SU1, xlate_sha256_schedule1(d, A, B, C))

/* ---- signs -------------------------------------------------------------------------------- */

LANES(VFNEG, AU ^ 1ull << (LANE_BITS - 1))
LANES(VFABS, AU & ~(1ull << (LANE_BITS - 1)))
