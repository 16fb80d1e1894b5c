/* SPDX-License-Identifier: MIT */
/*
 * flags.c: FLAGS values in EFLAGS (emit/common/flags.c says which are there, and when they are stored).
 *
 * How a value is encoded there:
 *   POL_SUB    N = SF, Z = ZF, V = OF, C = !CF     cmp, sub, sbb
 *   POL_ADD    N = SF, Z = ZF, V = OF, C = CF      add, adc; and logic, where CF = OF = 0 means C = V = 0
 * and the other way round for an op that makes C inverted (VR_FA_NOT_C): a guest whose own carry is the borrow has POL_SUB
 * after each of its instructions, and no CMC.
 *   POL_FCMP   what (v)ucomis leaves (SDM vol. 2, UCOMISD): unordered ZF PF CF, less CF, equal ZF
 * A consumer that comes before EFLAGS change uses jcc, setcc or cmov with the condition code for that
 * encoding. CMC turns ADD into SUB and back.
 *
 * Packed: LAHF; SETO AL; mask. The packed form is the SUB encoding, so LAHF's CF bit is VR_FLAG_NOT_C as it stands. Packed
 * flags come back by ADD AL,127 (OF from bit 0); SAHF, or, for conditions on single bits, by TEST.
 */
#include "lower.h"

const uint8_t x86_cc_of_arm[16] = {
	CC_E, CC_NE, CC_AE, CC_B, CC_S, CC_NS, CC_O, CC_NO, CC_A, CC_BE, CC_GE, CC_L, CC_G, CC_LE, CC_O, CC_O,
};

/* Conditions on a comparison by ucomis: the one to use, and whether the operands are swapped; EQ and NE need
 * two. */
static const struct {
	uint8_t cc, swapped;
} fcmp_cc[14] = {
	[VR_CC_EQ] = {CC_E, 2}, [VR_CC_NE] = {CC_NE, 2}, [VR_CC_CS] = {CC_BE, 1}, [VR_CC_CC] = {CC_A, 1},
	[VR_CC_MI] = {CC_A, 1}, [VR_CC_PL] = {CC_BE, 1}, [VR_CC_VS] = {CC_P, 2},  [VR_CC_VC] = {CC_NP, 2},
	[VR_CC_HI] = {CC_B, 1}, [VR_CC_LS] = {CC_AE, 1}, [VR_CC_GE] = {CC_AE, 0}, [VR_CC_LT] = {CC_B, 0},
	[VR_CC_GT] = {CC_A, 0}, [VR_CC_LE] = {CC_BE, 0},
};

/* Conditions that one TEST of packed bits decides: true when the bits are all clear (or, inverse, when not).
 */
static const struct {
	uint16_t bits;
	uint8_t cc;
} packed_test[14] = {
	[VR_CC_EQ] = {VR_FLAG_Z, CC_NE},
	[VR_CC_NE] = {VR_FLAG_Z, CC_E},
	[VR_CC_CS] = {VR_FLAG_NOT_C, CC_E},
	[VR_CC_CC] = {VR_FLAG_NOT_C, CC_NE},
	[VR_CC_MI] = {VR_FLAG_N, CC_NE},
	[VR_CC_PL] = {VR_FLAG_N, CC_E},
	[VR_CC_VS] = {VR_FLAG_V, CC_NE},
	[VR_CC_VC] = {VR_FLAG_V, CC_E},
	[VR_CC_HI] = {VR_FLAG_NOT_C | VR_FLAG_Z, CC_E},
	[VR_CC_LS] = {VR_FLAG_NOT_C | VR_FLAG_Z, CC_NE},
};

static void cmc(struct emit *e)
{
	put8(&e->c, 0xf5);
	e->fl.polarity ^= POL_SUB ^ POL_ADD;
}

struct emit_condition x86_int_condition(uint32_t cc)
{
	return (struct emit_condition){x86_cc_of_arm[cc & 15], 0, 0};
}

/* EFLAGS -> packed form in eax. */
uint32_t x86_flags_pack(struct emit *e)
{
	struct emit_code *c = &e->c;
	ra_reserve(e, RAX);
	switch (e->fl.polarity) {
	case POL_ADD:
		cmc(e);
		/* fall through */
	case POL_SUB:
		put8(c, 0x9f); /* lahf */
		setcc(c, CC_O, RAX);
		alu_ri(c, ALU_AND, 0, RAX, EMIT_FLAGS_MASK);
		break;
	default: {
		/*
		 * With al = CF and ah = ZF: CF * 16 + ZF * 32 selects one of four 16-bit fields. Swapped
		 * operands exchange "less" and "greater".
		 */
		uint32_t t = tmp(e);
		uint64_t table = e->fl.polarity == POL_FCMP ? 0x0001400081000000 : 0x0001400000008100;
		setcc(c, CC_B, RAX);
		put8(c, 0x0f); /* sete ah */
		put8(c, 0x94);
		put8(c, 0xc4);
		x_rr(c, X_MOVZX16, 0, RAX, RAX);
		mov_rr(c, 0, t, RAX);
		shift_ri(c, SH_SHR, 0, t, 3);
		shift_ri(c, SH_SHL, 0, RAX, 4);
		alu_rr(c, ALU_OR, 0, t, RAX);
		mov_imm(c, RAX, table);
		v_wrrr(c, I_SHRX, 1, RAX, t, RAX);
		x_rr(c, X_MOVZX16, 0, RAX, RAX);
	}
	}
	return RAX;
}

/* TEST bits of packed FLAGS i, or load them into eax, where they are. */
static void packed_operand(struct emit *e, uint32_t i, uint32_t bits)
{
	struct emit_code *c = &e->c;
	struct emit_value *v = val(e, i);
	struct mem m;
	if (v->loc == LOC_FCONST) {
		if (!bits)
			ra_reserve(e, RAX);
		uint32_t r = bits ? tmp(e) : (uint32_t)RAX;
		mov_imm(c, r, emit_flags_constant(&e->ops[i]));
		if (bits)
			test_ri(c, 0, r, bits);
		return;
	}
	if (v->loc == LOC_FMEM || v->loc == LOC_SPILL) {
		m = v->loc == LOC_FMEM ? exec_mem(e->fmem_offset) : x86_spill_mem(v);
		if (bits) {
			test_mi(c, m, bits);
		} else {
			ra_reserve(e, RAX);
			mov_load(c, 0, RAX, m);
		}
		return;
	}
	if (bits) {
		test_ri(c, 0, ra_use(e, i), bits);
	} else {
		ra_reserve(e, RAX); /* may move it */
		if (v->loc == LOC_SPILL)
			mov_load(c, 0, RAX, x86_spill_mem(v));
		else
			mov_rr(c, 0, RAX, ra_use(e, i));
	}
}

void x86_flags_unpack(struct emit_code *c)
{
	put8(c, 0x04); /* add al, 127 */
	put8(c, 127);
	put8(c, 0x9e); /* sahf */
}

struct emit_condition x86_flags_condition(struct emit *e, uint32_t v, uint32_t cc)
{
	struct emit_code *c = &e->c;
	struct emit_flags *f = &e->fl;
	uint32_t i = emit_flags_resolve(e, v);
	if (cc >= VR_CC_AL) {
		emit_flags_clobber(e);
		alu_rr(c, ALU_CMP, 0, RAX, RAX);
		return (struct emit_condition){CC_E, 0, 0};
	}
	if (f->value == i && f->polarity <= POL_ADD) {
		if (f->polarity == POL_ADD) {
			if (cc == VR_CC_HI || cc == VR_CC_LS)
				cmc(e);
			else if (cc == VR_CC_CS || cc == VR_CC_CC)
				cc ^= 1;
		}
		return x86_int_condition(cc);
	}
	if (f->value == i) {
		uint32_t swapped = f->polarity == POL_FCMP_SWAP;
		if (cc == VR_CC_EQ || cc == VR_CC_NE)
			return (struct emit_condition){CC_NE, 1, cc == VR_CC_EQ};
		if (fcmp_cc[cc].swapped == 2 || fcmp_cc[cc].swapped == swapped)
			return (struct emit_condition){fcmp_cc[cc].cc, 0, 0};
	}
	emit_flags_clobber(e);
	if (packed_test[cc].bits) {
		packed_operand(e, i, packed_test[cc].bits);
		return (struct emit_condition){packed_test[cc].cc, 0, 0};
	}
	packed_operand(e, i, 0);
	x86_flags_unpack(c);
	f->value = i;
	f->polarity = POL_SUB;
	f->put_pending = 0;
	return x86_int_condition(cc);
}

void x86_flags_carry(struct emit *e, uint32_t v, bool inverted)
{
	struct emit_code *c = &e->c;
	struct emit_flags *f = &e->fl;
	uint32_t i = emit_flags_resolve(e, v);
	if (f->value == i) {
		if ((f->polarity == POL_SUB) != inverted)
			cmc(e);
		f->value = 0;
		return;
	}
	f->logic = 0;
	struct emit_value *w = val(e, i);
	if (w->loc == LOC_FCONST) {
		bool carry = (e->ops[i].imm >> 1 & 1) != 0;
		put8(c, carry != inverted ? 0xf9 : 0xf8); /* stc, clc */
		return;
	}
	/* bt packed, 8: CF = !C */
	if (w->loc == LOC_FMEM || w->loc == LOC_SPILL)
		x_rm(c, 0x1ba, 0, 4, w->loc == LOC_FMEM ? exec_mem(e->fmem_offset) : x86_spill_mem(w));
	else
		x_rr(c, 0x1ba, 0, 4, ra_use(e, i));
	put8(c, 8);
	if (!inverted)
		put8(c, 0xf5);
}

void x86_flags_keep_others(struct emit *e, uint32_t v)
{
	struct emit_flags *f = &e->fl;
	uint32_t i = emit_flags_resolve(e, v);
	if (f->value && (f->value != i || f->put_pending || f->polarity > POL_ADD ||
			 (val(e, i)->uses > 1 && val(e, i)->loc == LOC_HOST_FLAGS)))
		emit_flags_clobber(e);
}

/* cmp a, b */
void x86_compare(struct emit *e, uint32_t a, uint32_t b, uint32_t bits)
{
	struct emit_code *c = &e->c;
	uint32_t type = bits == 64 ? VR_T_I64 : VR_T_I32, ra = ra_use_as(e, a, type);
	int32_t imm;
	if (x86_imm_bits(e, b, bits, &imm)) {
		if (imm)
			alu_ri_bits(c, ALU_CMP, bits, ra, imm);
		else
			test_rr_bits(c, bits, ra, ra);
	} else {
		alu_rr_bits(c, ALU_CMP, bits, ra, ra_use_as(e, b, type));
	}
	ra_free(e, a);
	ra_free(e, b);
}

void x86_jump_if(struct emit *e, struct emit_condition k, uint32_t out[2])
{
	struct emit_code *c = &e->c;
	out[1] = 0;
	if (!k.two) {
		out[0] = jcc_far(c, k.cc ^ k.invert);
	} else if (!k.invert) {
		out[0] = jcc_far(c, CC_NE);
		out[1] = jcc_far(c, CC_P);
	} else {
		uint32_t skip = jcc_near(c, CC_NE);
		out[0] = jcc_far(c, CC_NP);
		patch_near(c, skip);
	}
}
