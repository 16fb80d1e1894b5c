/* SPDX-License-Identifier: MIT */
/* interp_vec.c: vector ops of the interpreter, as loops over lanes. */
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
	return (int64_t)vr_interp_sext(get(v, log2, i), 8u << log2);
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
	d->d[0] = vr_interp_cut(o->type, o->aux & 4 ? (uint64_t)get_signed(A, L, i) : get(A, L, i));
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
	int64_t most = (int64_t)vr_interp_mask(bits - 1);
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
static uint64_t of_pair(struct vr_interp *r, const struct vr_ir_op *o, uint32_t from)
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
	for (uint32_t i = 0; i < 64; i++) {
		if (!(B->d[0] >> i & 1))
			continue;
		d->d[0] ^= A->d[0] << i;
		d->d[1] ^= i ? A->d[0] >> (64 - i) : 0;
	}
	return 0;
}

/* ---- AES (FIPS 197): the state is column-major, byte r + 4c is row r of column c ------------ */

/* FIPS 197, 5.1.1 and 5.3.2. */
static const uint8_t sbox[256] = {
	0x63, 0x7c, 0x77, 0x7b, 0xf2, 0x6b, 0x6f, 0xc5, 0x30, 0x01, 0x67, 0x2b, 0xfe, 0xd7, 0xab, 0x76,
	0xca, 0x82, 0xc9, 0x7d, 0xfa, 0x59, 0x47, 0xf0, 0xad, 0xd4, 0xa2, 0xaf, 0x9c, 0xa4, 0x72, 0xc0,
	0xb7, 0xfd, 0x93, 0x26, 0x36, 0x3f, 0xf7, 0xcc, 0x34, 0xa5, 0xe5, 0xf1, 0x71, 0xd8, 0x31, 0x15,
	0x04, 0xc7, 0x23, 0xc3, 0x18, 0x96, 0x05, 0x9a, 0x07, 0x12, 0x80, 0xe2, 0xeb, 0x27, 0xb2, 0x75,
	0x09, 0x83, 0x2c, 0x1a, 0x1b, 0x6e, 0x5a, 0xa0, 0x52, 0x3b, 0xd6, 0xb3, 0x29, 0xe3, 0x2f, 0x84,
	0x53, 0xd1, 0x00, 0xed, 0x20, 0xfc, 0xb1, 0x5b, 0x6a, 0xcb, 0xbe, 0x39, 0x4a, 0x4c, 0x58, 0xcf,
	0xd0, 0xef, 0xaa, 0xfb, 0x43, 0x4d, 0x33, 0x85, 0x45, 0xf9, 0x02, 0x7f, 0x50, 0x3c, 0x9f, 0xa8,
	0x51, 0xa3, 0x40, 0x8f, 0x92, 0x9d, 0x38, 0xf5, 0xbc, 0xb6, 0xda, 0x21, 0x10, 0xff, 0xf3, 0xd2,
	0xcd, 0x0c, 0x13, 0xec, 0x5f, 0x97, 0x44, 0x17, 0xc4, 0xa7, 0x7e, 0x3d, 0x64, 0x5d, 0x19, 0x73,
	0x60, 0x81, 0x4f, 0xdc, 0x22, 0x2a, 0x90, 0x88, 0x46, 0xee, 0xb8, 0x14, 0xde, 0x5e, 0x0b, 0xdb,
	0xe0, 0x32, 0x3a, 0x0a, 0x49, 0x06, 0x24, 0x5c, 0xc2, 0xd3, 0xac, 0x62, 0x91, 0x95, 0xe4, 0x79,
	0xe7, 0xc8, 0x37, 0x6d, 0x8d, 0xd5, 0x4e, 0xa9, 0x6c, 0x56, 0xf4, 0xea, 0x65, 0x7a, 0xae, 0x08,
	0xba, 0x78, 0x25, 0x2e, 0x1c, 0xa6, 0xb4, 0xc6, 0xe8, 0xdd, 0x74, 0x1f, 0x4b, 0xbd, 0x8b, 0x8a,
	0x70, 0x3e, 0xb5, 0x66, 0x48, 0x03, 0xf6, 0x0e, 0x61, 0x35, 0x57, 0xb9, 0x86, 0xc1, 0x1d, 0x9e,
	0xe1, 0xf8, 0x98, 0x11, 0x69, 0xd9, 0x8e, 0x94, 0x9b, 0x1e, 0x87, 0xe9, 0xce, 0x55, 0x28, 0xdf,
	0x8c, 0xa1, 0x89, 0x0d, 0xbf, 0xe6, 0x42, 0x68, 0x41, 0x99, 0x2d, 0x0f, 0xb0, 0x54, 0xbb, 0x16,
};
static const uint8_t inverse_sbox[256] = {
	0x52, 0x09, 0x6a, 0xd5, 0x30, 0x36, 0xa5, 0x38, 0xbf, 0x40, 0xa3, 0x9e, 0x81, 0xf3, 0xd7, 0xfb,
	0x7c, 0xe3, 0x39, 0x82, 0x9b, 0x2f, 0xff, 0x87, 0x34, 0x8e, 0x43, 0x44, 0xc4, 0xde, 0xe9, 0xcb,
	0x54, 0x7b, 0x94, 0x32, 0xa6, 0xc2, 0x23, 0x3d, 0xee, 0x4c, 0x95, 0x0b, 0x42, 0xfa, 0xc3, 0x4e,
	0x08, 0x2e, 0xa1, 0x66, 0x28, 0xd9, 0x24, 0xb2, 0x76, 0x5b, 0xa2, 0x49, 0x6d, 0x8b, 0xd1, 0x25,
	0x72, 0xf8, 0xf6, 0x64, 0x86, 0x68, 0x98, 0x16, 0xd4, 0xa4, 0x5c, 0xcc, 0x5d, 0x65, 0xb6, 0x92,
	0x6c, 0x70, 0x48, 0x50, 0xfd, 0xed, 0xb9, 0xda, 0x5e, 0x15, 0x46, 0x57, 0xa7, 0x8d, 0x9d, 0x84,
	0x90, 0xd8, 0xab, 0x00, 0x8c, 0xbc, 0xd3, 0x0a, 0xf7, 0xe4, 0x58, 0x05, 0xb8, 0xb3, 0x45, 0x06,
	0xd0, 0x2c, 0x1e, 0x8f, 0xca, 0x3f, 0x0f, 0x02, 0xc1, 0xaf, 0xbd, 0x03, 0x01, 0x13, 0x8a, 0x6b,
	0x3a, 0x91, 0x11, 0x41, 0x4f, 0x67, 0xdc, 0xea, 0x97, 0xf2, 0xcf, 0xce, 0xf0, 0xb4, 0xe6, 0x73,
	0x96, 0xac, 0x74, 0x22, 0xe7, 0xad, 0x35, 0x85, 0xe2, 0xf9, 0x37, 0xe8, 0x1c, 0x75, 0xdf, 0x6e,
	0x47, 0xf1, 0x1a, 0x71, 0x1d, 0x29, 0xc5, 0x89, 0x6f, 0xb7, 0x62, 0x0e, 0xaa, 0x18, 0xbe, 0x1b,
	0xfc, 0x56, 0x3e, 0x4b, 0xc6, 0xd2, 0x79, 0x20, 0x9a, 0xdb, 0xc0, 0xfe, 0x78, 0xcd, 0x5a, 0xf4,
	0x1f, 0xdd, 0xa8, 0x33, 0x88, 0x07, 0xc7, 0x31, 0xb1, 0x12, 0x10, 0x59, 0x27, 0x80, 0xec, 0x5f,
	0x60, 0x51, 0x7f, 0xa9, 0x19, 0xb5, 0x4a, 0x0d, 0x2d, 0xe5, 0x7a, 0x9f, 0x93, 0xc9, 0x9c, 0xef,
	0xa0, 0xe0, 0x3b, 0x4d, 0xae, 0x2a, 0xf5, 0xb0, 0xc8, 0xeb, 0xbb, 0x3c, 0x83, 0x53, 0x99, 0x61,
	0x17, 0x2b, 0x04, 0x7e, 0xba, 0x77, 0xd6, 0x26, 0xe1, 0x69, 0x14, 0x63, 0x55, 0x21, 0x0c, 0x7d,
};

OP(VAESE)
{
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t from = (i + 4 * (i & 3)) & 15; /* row r moves r columns left */
		d->b[i] = sbox[A->b[from] ^ B->b[from]];
	}
	return 0;
}

OP(VAESD)
{
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t from = (i - 4 * (i & 3)) & 15;
		d->b[i] = inverse_sbox[A->b[from] ^ B->b[from]];
	}
	return 0;
}

/* Product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. */
static uint8_t gf_multiply(uint8_t a, uint8_t b)
{
	uint32_t product = 0, term = a;
	for (; b; b >>= 1) {
		if (b & 1)
			product ^= term;
		term = term << 1 ^ (term & 0x80 ? 0x11b : 0);
	}
	return (uint8_t)product;
}

/* Each column times the polynomial with these coefficients; the first multiplies the byte's own row. */
static void mix_columns(union vr_v128 *d, const union vr_v128 *a, const uint8_t factor[4])
{
	for (uint32_t i = 0; i < 16; i++) {
		uint8_t sum = 0;
		for (uint32_t k = 0; k < 4; k++)
			sum ^= gf_multiply(a->b[(i & ~3u) | ((i + k) & 3)], factor[k]);
		d->b[i] = sum;
	}
}

OP(VAESMC)
{
	static const uint8_t factor[4] = {2, 3, 1, 1};
	mix_columns(d, A, factor);
	return 0;
}

OP(VAESIMC)
{
	static const uint8_t factor[4] = {14, 11, 13, 9};
	mix_columns(d, A, factor);
	return 0;
}

/* ---- SHA-256 (FIPS 180-4, 6.2) -------------------------------------------------------------- */

static uint32_t ror(uint32_t value, uint32_t n)
{
	return value >> n | value << (32 - n);
}

/* Four rounds on abcd and efgh; the caller takes the half that it needs. */
static void sha256_rounds(uint32_t abcd[4], uint32_t efgh[4], const union vr_v128 *words)
{
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t a = abcd[0], e = efgh[0];
		uint32_t choose = (e & efgh[1]) ^ (~e & efgh[2]);
		uint32_t majority = (a & abcd[1]) ^ (a & abcd[2]) ^ (abcd[1] & abcd[2]);
		uint32_t t1 = efgh[3] + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + choose + words->s[i];
		uint32_t t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + majority;
		uint32_t new_e = abcd[3] + t1;
		for (uint32_t k = 3; k > 0; k--) {
			abcd[k] = abcd[k - 1];
			efgh[k] = efgh[k - 1];
		}
		abcd[0] = t1 + t2;
		efgh[0] = new_e;
	}
}

OP(VSHA256H)
{
	uint32_t efgh[4];
	*d = *A;
	memcpy(efgh, B, sizeof(efgh));
	sha256_rounds(d->s, efgh, C);
	return 0;
}

OP(VSHA256H2)
{
	uint32_t abcd[4];
	*d = *A;
	memcpy(abcd, B, sizeof(abcd));
	sha256_rounds(abcd, d->s, C);
	return 0;
}

OP(VSHA256SU0)
{
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t w = i < 3 ? A->s[i + 1] : B->s[0];
		d->s[i] = (ror(w, 7) ^ ror(w, 18) ^ w >> 3) + A->s[i];
	}
	return 0;
}

OP(VSHA256SU1)
{
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t w = i < 2 ? C->s[i + 2] : d->s[i - 2];
		uint32_t t0 = i < 3 ? B->s[i + 1] : C->s[0];
		d->s[i] = (ror(w, 17) ^ ror(w, 19) ^ w >> 10) + A->s[i] + t0;
	}
	return 0;
}

/* ---- signs -------------------------------------------------------------------------------- */

LANES(VFNEG, AU ^ 1ull << (LANE_BITS - 1))
LANES(VFABS, AU & ~(1ull << (LANE_BITS - 1)))
