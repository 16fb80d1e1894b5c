/* SPDX-License-Identifier: MIT */
/* interp_int.c: integer and flag ops of the interpreter. */
#include <xlate/ir/crypto.h>

#include "interp_ops.h"

/* ---- arithmetic --------------------------------------------------------------------------- */

OP_VALUE(ADD, A + B)
OP_VALUE(SUB, A - B)
OP_VALUE(ADDSHL, A + (B << (o->aux & 3)))
OP_VALUE(MUL, A *B)
OP_VALUE(MULHU, (unsigned __int128)A *B >> 64)
OP_VALUE(MULHS, (__int128)(int64_t)A *(int64_t)B >> 64)

/* Signed view of an operand. */
static int64_t as_signed(const struct vr_ir_op *o, uint64_t value)
{
	return (int64_t)(o->type == VR_T_I32 ? soft_interp_sext(value, 32) : value);
}

OP(DIVU)
{
	d->d[0] = B ? A / B : o->aux ? soft_interp_mask(BITS) : 0;
	return 0;
}

OP(DIVS)
{
	int64_t a = as_signed(o, A), b = as_signed(o, B);
	uint64_t q;
	if (b == 0)
		q = o->aux ? ~0ull : 0;
	else if (b == -1)
		q = 0 - (uint64_t)a; /* MIN / -1 is MIN */
	else
		q = (uint64_t)(a / b);
	d->d[0] = soft_interp_cut(o->type, q);
	return 0;
}

OP(REMU)
{
	d->d[0] = B ? A % B : A;
	return 0;
}

OP(REMS)
{
	int64_t a = as_signed(o, A), b = as_signed(o, B);
	int64_t rest = b == 0 ? a : b == -1 ? 0 : a % b;
	d->d[0] = soft_interp_cut(o->type, (uint64_t)rest);
	return 0;
}

OP_VALUE(AND, A &B)
OP_VALUE(OR, A | B)
OP_VALUE(XOR, A ^ B)
OP_VALUE(ANDN, A & ~B)
OP_VALUE(ORN, A | ~B)
OP_VALUE(XORN, A ^ ~B)
OP_VALUE(NOT, ~A)
OP_VALUE(NEG, 0 - A)
OP_VALUE(SHL, A << (B & (BITS - 1)))
OP_VALUE(SHR, A >> (B & (BITS - 1)))
OP_VALUE(SAR, (uint64_t)(as_signed(o, A) >> (B & (BITS - 1))))

OP(ROR)
{
	uint32_t n = (uint32_t)B & (BITS - 1);
	d->d[0] = n ? soft_interp_cut(o->type, A >> n | A << (BITS - n)) : A;
	return 0;
}

OP(EXTR)
{
	uint32_t n = o->aux & (BITS - 1);
	d->d[0] = n ? soft_interp_cut(o->type, B >> n | A << (BITS - n)) : B;
	return 0;
}

/* ---- bits --------------------------------------------------------------------------------- */

OP(CLZ)
{
	d->d[0] = A ? (uint32_t)__builtin_clzll(A) - (64 - BITS) : BITS;
	return 0;
}

OP(CTZ)
{
	d->d[0] = A ? (uint32_t)__builtin_ctzll(A) : BITS;
	return 0;
}

OP(CLS)
{
	uint64_t a = (uint64_t)as_signed(o, A);
	a = (int64_t)a < 0 ? ~a : a;
	d->d[0] = (a ? (uint32_t)__builtin_clzll(a) : 64) - (64 - BITS) - 1;
	return 0;
}

OP_VALUE(POPCNT, __builtin_popcountll(A))
OP_VALUE(PARITY, !__builtin_parityll(A & 0xff))

OP(RBIT)
{
	uint64_t a = A, reversed = 0;
	for (uint32_t i = 0; i < BITS; i++)
		reversed |= (a >> i & 1) << (BITS - 1 - i);
	d->d[0] = reversed;
	return 0;
}

OP(BSWAP)
{
	union vr_v256 a = {.d = {A}};
	uint32_t last = (1u << (o->aux & 3)) - 1;
	for (uint32_t i = 0; i < BITS / 8; i++)
		d->b[i] = a.b[i ^ last];
	return 0;
}

OP_VALUE(SEXT, soft_interp_sext(A, o->aux))
OP_VALUE(ZEXT, A &soft_interp_mask(o->aux))

OP(BFX)
{
	uint32_t lsb = o->imm & 0xff, width = o->imm >> 8 & 0xff;
	uint64_t field = A >> (lsb & 63) & soft_interp_mask(width);
	d->d[0] = soft_interp_cut(o->type, o->aux & 1 && width ? soft_interp_sext(field, width) : field);
	return 0;
}

OP(BFI)
{
	uint32_t lsb = o->imm & 0xff, width = o->imm >> 8 & 0xff;
	uint64_t mask = soft_interp_mask(width) << (lsb & 63);
	d->d[0] = soft_interp_cut(o->type, (A & ~mask) | (B << (lsb & 63) & mask));
	return 0;
}

/* CRC-32 (IEEE 802.3) or CRC-32C. */
OP(CRC32)
{
	d->d[0] = xlate_crc32((uint32_t)r->v[o->a].d[0], r->v[o->b].d[0], 1u << (o->aux & 3),
			      o->aux & 4 ? XLATE_CRC32C_POLYNOMIAL : XLATE_CRC32_POLYNOMIAL);
	return 0;
}

/* ---- flags -------------------------------------------------------------------------------- */

/* Bits that FLAGS are made of. */
static uint32_t flag_bits(uint32_t type, uint32_t aux)
{
	return aux & VR_FA_8 ? 8 : aux & VR_FA_16 ? 16 : type == VR_T_I32 ? 32 : 64;
}

/* N Z C V of a + b + carry; a subtraction is an addition of the complement (as the Arm ARM's AddWithCarry). */
static uint64_t add_flags(uint32_t type, uint32_t aux, uint64_t a, uint64_t b, unsigned carry)
{
	uint32_t bits = flag_bits(type, aux);
	uint64_t mask = soft_interp_mask(bits);
	a &= mask;
	b &= mask;
	unsigned __int128 wide = (unsigned __int128)a + b + carry;
	uint64_t sum = (uint64_t)wide & mask;
	unsigned c = (wide >> bits & 1) != 0;
	return soft_interp_pack(sum >> (bits - 1) & 1, sum == 0, aux & VR_FA_NOT_C ? !c : c,
				((a ^ sum) & (b ^ sum)) >> (bits - 1) & 1);
}

unsigned soft_interp_holds(uint32_t condition, uint64_t flags)
{
	unsigned n = (flags & VR_FLAG_N) != 0, z = (flags & VR_FLAG_Z) != 0;
	unsigned c = (flags & VR_FLAG_NOT_C) == 0, v = (flags & VR_FLAG_V) != 0;
	unsigned yes;
	switch (condition >> 1) {
	case VR_CC_EQ >> 1:
		yes = z;
		break;
	case VR_CC_CS >> 1:
		yes = c;
		break;
	case VR_CC_MI >> 1:
		yes = n;
		break;
	case VR_CC_VS >> 1:
		yes = v;
		break;
	case VR_CC_HI >> 1:
		yes = c && !z;
		break;
	case VR_CC_GE >> 1:
		yes = n == v;
		break;
	case VR_CC_GT >> 1:
		yes = n == v && !z;
		break;
	default:
		return 1; /* AL, and the encoding above it */
	}
	return condition & 1 ? !yes : yes;
}

unsigned soft_interp_compare(uint32_t condition, uint32_t type, uint64_t a, uint64_t b)
{
	return soft_interp_holds(condition, add_flags(type, 0, a, ~b, 1));
}

static unsigned carry_of(uint64_t flags, uint32_t aux)
{
	return ((flags & VR_FLAG_NOT_C) == 0) != ((aux & VR_FA_READS_NOT_C) != 0);
}

#define FLAGS_C carry_of(r->v[o->c].d[0], o->aux)

OP(F_ADD)
{
	d->d[0] = add_flags(o->type, o->aux, A, B, 0);
	return 0;
}

OP(F_SUB)
{
	d->d[0] = add_flags(o->type, o->aux, A, ~B, 1);
	return 0;
}

OP(F_ADC)
{
	d->d[0] = add_flags(o->type, o->aux, A, B, FLAGS_C);
	return 0;
}

OP(F_SBC)
{
	d->d[0] = add_flags(o->type, o->aux, A, ~B, FLAGS_C);
	return 0;
}

OP(F_LOGIC)
{
	uint32_t bits = flag_bits(o->type, o->aux);
	uint64_t a = A & soft_interp_mask(bits);
	d->d[0] = soft_interp_pack(a >> (bits - 1) & 1, a == 0, (o->aux & VR_FA_NOT_C) != 0, 0);
	return 0;
}

OP(F_CONST)
{
	d->d[0] = soft_interp_pack(o->imm >> 3 & 1, o->imm >> 2 & 1, o->imm >> 1 & 1, o->imm & 1);
	return 0;
}

OP(F_SEL)
{
	d->d[0] = r->v[soft_interp_holds(o->aux, r->v[o->a].d[0]) ? o->b : o->c].d[0];
	return 0;
}

#define ALL_FLAGS (VR_FLAG_N | VR_FLAG_Z | VR_FLAG_NOT_C | VR_FLAG_V)

OP(F_MERGE)
{
	uint64_t from_b = (o->imm & 8 ? VR_FLAG_N : 0) | (o->imm & 4 ? VR_FLAG_Z : 0) |
			  (o->imm & 2 ? VR_FLAG_NOT_C : 0) | (o->imm & 1 ? VR_FLAG_V : 0);
	d->d[0] = (r->v[o->a].d[0] & ~from_b) | (r->v[o->b].d[0] & from_b);
	return 0;
}

OP(F_FROM)
{
	uint64_t a = r->v[o->a].d[0];
	if (o->aux) {
		d->d[0] = a & ALL_FLAGS;
		return 0;
	}
	d->d[0] = soft_interp_pack(a >> 31 & 1, a >> 30 & 1, a >> 29 & 1, a >> 28 & 1);
	return 0;
}

OP(F_TO)
{
	uint64_t f = r->v[o->a].d[0];
	if (o->aux) {
		d->d[0] = f;
		return 0;
	}
	d->d[0] = (f & VR_FLAG_N ? 1u << 31 : 0) | (f & VR_FLAG_Z ? 1u << 30 : 0) |
		  (f & VR_FLAG_NOT_C ? 0 : 1u << 29) | (f & VR_FLAG_V ? 1u << 28 : 0);
	return 0;
}

OP_VALUE(ADC, A + B + FLAGS_C)
OP_VALUE(SBC, A - B - !FLAGS_C)
OP_VALUE(SETCC, soft_interp_holds(o->aux, r->v[o->a].d[0]))
OP_VALUE(CMPSET, soft_interp_compare(o->aux, o->type, A, B))

static uint32_t choose(const struct vr_ir_op *o, union vr_v256 *d, const union vr_v256 *chosen)
{
	*d = *chosen;
	soft_interp_narrow(o->type, d);
	return 0;
}

OP(SELECT)
{
	return choose(o, d, &r->v[soft_interp_holds(o->aux, r->v[o->a].d[0]) ? o->b : o->c]);
}

OP(SELNZ)
{
	return choose(o, d, &r->v[r->v[o->a].d[0] ? o->b : o->c]);
}
