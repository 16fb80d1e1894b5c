/* SPDX-License-Identifier: MIT */
/*
 * flags.c: FLAGS values, kept in EFLAGS as long as nothing else needs them.
 *
 * A producer leaves its result in EFLAGS and notes which value that is and how it is encoded there:
 *   POL_SUB    N = SF, Z = ZF, V = OF, C = !CF     cmp, sub, sbb
 *   POL_ADD    N = SF, Z = ZF, V = OF, C = CF      add, adc; and logic, where CF = OF = 0 means C = V = 0
 *   POL_FCMP   what (v)ucomis leaves (SDM vol. 2, UCOMISD): unordered ZF PF CF, less CF, equal ZF
 * A consumer that comes before EFLAGS change uses jcc, setcc or cmov with the condition code for that
 * encoding. CMC turns ADD into SUB and back.
 *
 * A PUT to a FLAGS register is first only noted (put_pending); flags_clobber(), which every handler calls
 * before it emits anything that changes EFLAGS, does the store, in packed form: LAHF; SETO AL; mask. The
 * packed form is the SUB encoding, so LAHF's CF bit is VR_FLAG_NOT_C as it stands. Every op that can fault
 * changes EFLAGS, so the guest register is up to date wherever it can be seen. A conditional branch right
 * after the PUT jumps first and stores on those edges only where the flags are live.
 *
 * Packed flags come back by ADD AL,127 (OF from bit 0); SAHF, or, for conditions on single bits, by TEST.
 */
#include "em.h"

#define PACK_MASK (VR_FLAG_V | VR_FLAG_NOT_C | VR_FLAG_Z | VR_FLAG_N)

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

static void cmc(struct em *e)
{
	put8(&e->c, 0xf5);
	e->fl.polarity ^= POL_SUB ^ POL_ADD;
}

struct condition int_condition(uint32_t cc)
{
	return (struct condition){x86_cc_of_arm[cc & 15], 0, 0};
}

uint32_t flags_resolve(struct em *e, uint32_t v)
{
	while (val(e, v)->loc == LOC_SAME)
		v = val(e, v)->chain;
	return v;
}

void flags_done(struct em *e, uint32_t v)
{
	ra_free(e, flags_resolve(e, v));
}

static uint32_t packed_constant(const struct vr_ir_op *o)
{
	uint32_t k = (uint32_t)o->imm;
	return (k & 8 ? VR_FLAG_N : 0) | (k & 4 ? VR_FLAG_Z : 0) | (k & 2 ? 0 : VR_FLAG_NOT_C) |
	       (k & 1 ? VR_FLAG_V : 0);
}

/* EFLAGS -> packed form in eax. */
static void pack(struct em *e)
{
	struct code *c = &e->c;
	switch (e->fl.polarity) {
	case POL_ADD:
		cmc(e);
		/* fall through */
	case POL_SUB:
		put8(c, 0x9f); /* lahf */
		setcc(c, CC_O, RAX);
		alu_ri(c, ALU_AND, 0, RAX, PACK_MASK);
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
}

void flags_clobber(struct em *e)
{
	struct flags_state *f = &e->fl;
	f->logic = 0;
	if (!f->value)
		return;
	uint32_t i = f->value;
	struct value *v = val(e, i);
	bool wanted = v->uses && v->loc == LOC_EFLAGS;
	if (wanted || f->put_pending) {
		uint32_t busy = e->busy;
		if (wanted && f->put_pending && e->fmem != i)
			flags_leave_memory(e);
		ra_reserve(e, RAX);
		pack(e);
		e->busy = busy;
		if (f->put_pending)
			mov_store(&e->c, 0, exec_mem(f->put_offset), RAX);
		if (wanted && f->put_pending) {
			v->loc = LOC_FMEM;
			e->fmem = i;
			e->fmem_offset = f->put_offset;
		} else if (wanted) {
			ra_assign(e, i, RAX);
			e->busy = busy;
		}
	}
	f->value = 0;
	f->put_pending = 0;
}

void flags_store_pending(struct em *e)
{
	struct flags_state keep = e->fl;
	e->busy = 0;
	ra_reserve(e, RAX);
	pack(e);
	mov_store(&e->c, 0, exec_mem(keep.put_offset), RAX);
	e->busy = 0;
}

void flags_set(struct em *e, uint32_t i, uint32_t polarity)
{
	e->fl.value = i;
	e->fl.polarity = (uint8_t)polarity;
	e->fl.put_pending = 0;
	val(e, i)->loc = LOC_EFLAGS;
}

/* The guest register in memory is about to change: whoever relies on it moves to a register. */
void flags_leave_memory(struct em *e)
{
	if (e->fmem && val(e, e->fmem)->uses && val(e, e->fmem)->loc == LOC_FMEM) {
		uint32_t r = tmp(e);
		mov_load(&e->c, 0, r, exec_mem(e->fmem_offset));
		ra_assign(e, e->fmem, r);
	}
	e->fmem = 0;
}

void flags_put(struct em *e, const struct vr_ir_op *o, uint32_t offset)
{
	struct flags_state *f = &e->fl;
	uint32_t i = flags_resolve(e, o->a), index = (uint32_t)(o - e->ops);
	struct value *v = val(e, i);
	uint32_t edges = index + 2 == e->op_end ? o->aux & 3u : 3;
	if (f->put_pending && (f->put_offset != offset || f->value != i))
		flags_clobber(e);
	if (e->fmem && e->fmem_offset == offset && e->fmem != i)
		flags_leave_memory(e);
	if (f->value == i && v->loc == LOC_EFLAGS) {
		flags_done(e, i);
		f->put_pending = edges != 0;
		f->put_edges = (uint8_t)edges;
		f->put_offset = offset;
	} else if (v->loc == LOC_FCONST) {
		mov_store_imm(&e->c, 0, exec_mem(offset), packed_constant(&e->ops[i]));
		flags_done(e, i);
	} else if (v->loc == LOC_FMEM && e->fmem_offset == offset) {
		flags_done(e, i);
	} else {
		uint32_t r = flags_packed(e, i);
		mov_store(&e->c, 0, exec_mem(offset), r);
		flags_done(e, i);
	}
}

uint32_t flags_packed(struct em *e, uint32_t v)
{
	uint32_t i = flags_resolve(e, v), r;
	if (e->fl.value == i && val(e, i)->loc == LOC_EFLAGS)
		flags_clobber(e);
	switch (val(e, i)->loc) {
	case LOC_FMEM:
		r = tmp(e);
		mov_load(&e->c, 0, r, exec_mem(e->fmem_offset));
		return r;
	case LOC_FCONST:
		r = tmp(e);
		mov_imm(&e->c, r, packed_constant(&e->ops[i]));
		return r;
	default:
		return ra_use(e, i);
	}
}

/* TEST bits of packed FLAGS i, or load them into eax, where they are. */
static void packed_operand(struct em *e, uint32_t i, uint32_t bits)
{
	struct code *c = &e->c;
	struct value *v = val(e, i);
	struct mem m;
	if (v->loc == LOC_FCONST) {
		if (!bits)
			ra_reserve(e, RAX);
		uint32_t r = bits ? tmp(e) : (uint32_t)RAX;
		mov_imm(c, r, packed_constant(&e->ops[i]));
		if (bits)
			test_ri(c, 0, r, bits);
		return;
	}
	if (v->loc == LOC_FMEM || v->loc == LOC_SPILL) {
		m = v->loc == LOC_FMEM ? exec_mem(e->fmem_offset) : spill_mem(v);
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
			mov_load(c, 0, RAX, spill_mem(v));
		else
			mov_rr(c, 0, RAX, ra_use(e, i));
	}
}

struct condition flags_condition(struct em *e, uint32_t v, uint32_t cc)
{
	struct code *c = &e->c;
	struct flags_state *f = &e->fl;
	uint32_t i = flags_resolve(e, v);
	if (cc >= VR_CC_AL) {
		flags_clobber(e);
		alu_rr(c, ALU_CMP, 0, RAX, RAX);
		return (struct condition){CC_E, 0, 0};
	}
	if (f->value == i && f->polarity <= POL_ADD) {
		if (f->polarity == POL_ADD) {
			if (cc == VR_CC_HI || cc == VR_CC_LS)
				cmc(e);
			else if (cc == VR_CC_CS || cc == VR_CC_CC)
				cc ^= 1;
		}
		return int_condition(cc);
	}
	if (f->value == i) {
		uint32_t swapped = f->polarity == POL_FCMP_SWAP;
		if (cc == VR_CC_EQ || cc == VR_CC_NE)
			return (struct condition){CC_NE, 1, cc == VR_CC_EQ};
		if (fcmp_cc[cc].swapped == 2 || fcmp_cc[cc].swapped == swapped)
			return (struct condition){fcmp_cc[cc].cc, 0, 0};
	}
	flags_clobber(e);
	if (packed_test[cc].bits) {
		packed_operand(e, i, packed_test[cc].bits);
		return (struct condition){packed_test[cc].cc, 0, 0};
	}
	packed_operand(e, i, 0);
	put8(c, 0x04); /* add al, 127 */
	put8(c, 127);
	put8(c, 0x9e); /* sahf */
	f->value = i;
	f->polarity = POL_SUB;
	f->put_pending = 0;
	return int_condition(cc);
}

/* EFLAGS may be used up for the carry of v: save them if anything else wants them. Before ra_use(). */
static void keep_others(struct em *e, uint32_t v)
{
	struct flags_state *f = &e->fl;
	uint32_t i = flags_resolve(e, v);
	if (f->value && (f->value != i || f->put_pending || f->polarity > POL_ADD ||
			 (val(e, i)->uses > 1 && val(e, i)->loc == LOC_EFLAGS)))
		flags_clobber(e);
}

void flags_carry(struct em *e, uint32_t v, bool inverted)
{
	struct code *c = &e->c;
	struct flags_state *f = &e->fl;
	uint32_t i = flags_resolve(e, v);
	if (f->value == i) {
		if ((f->polarity == POL_SUB) != inverted)
			cmc(e);
		f->value = 0;
		return;
	}
	f->logic = 0;
	struct value *w = val(e, i);
	if (w->loc == LOC_FCONST) {
		bool carry = (e->ops[i].imm >> 1 & 1) != 0;
		put8(c, carry != inverted ? 0xf9 : 0xf8); /* stc, clc */
		return;
	}
	/* bt packed, 8: CF = !C */
	if (w->loc == LOC_FMEM || w->loc == LOC_SPILL)
		x_rm(c, 0x1ba, 0, 4, w->loc == LOC_FMEM ? exec_mem(e->fmem_offset) : spill_mem(w));
	else
		x_rr(c, 0x1ba, 0, 4, ra_use(e, i));
	put8(c, 8);
	if (!inverted)
		put8(c, 0xf5);
}

uint32_t flags_partner(struct em *e, uint32_t i, uint32_t fop)
{
	const struct vr_ir_op *o = &e->ops[i];
	for (uint32_t k = i + 1; k < e->op_end && k <= i + 3; k++) {
		const struct vr_ir_op *p = &e->ops[k];
		if (p->op == fop && p->a == o->a && p->b == o->b && p->c == o->c && p->type == o->type)
			return val(e, k)->emitted ? 0 : k;
		if (p->op != VR_IR_CONST && p->op != VR_IR_INSN_START &&
		    !(p->op == VR_IR_PUT && p->type != VR_T_FLAGS))
			break;
	}
	return 0;
}

/* cmp a, b */
void compare(struct em *e, uint32_t a, uint32_t b, uint32_t w)
{
	struct code *c = &e->c;
	uint32_t type = w ? VR_T_I64 : VR_T_I32, ra = ra_use_as(e, a, type);
	int32_t imm;
	if (imm_of(e, b, w, &imm)) {
		if (imm)
			alu_ri(c, ALU_CMP, w, ra, imm);
		else
			test_rr(c, w, ra, ra);
	} else {
		alu_rr(c, ALU_CMP, w, ra, ra_use_as(e, b, type));
	}
	ra_free(e, a);
	ra_free(e, b);
}

OP(F_SUB)
{
	if (i + 1 < e->op_end && flags_partner(e, i, VR_IR_SUB) == i + 1) {
		/* the difference is wanted too: its handler does both */
		add_sub(e, i + 1, i);
		return;
	}
	if (val(e, i)->uses == 1 && e->ops[val(e, i)->last].op == VR_IR_F_SEL &&
	    e->ops[val(e, i)->last].b == i && e->ops[e->ops[val(e, i)->last].c].op == VR_IR_F_CONST) {
		val(e, i)->loc = LOC_LATER;
		return;
	}
	flags_clobber(e);
	compare(e, o->a, o->b, wide(o));
	flags_set(e, i, POL_SUB);
}

OP(F_ADD)
{
	if (i + 1 < e->op_end && flags_partner(e, i, VR_IR_ADD) == i + 1) {
		add_sub(e, i + 1, i);
		return;
	}
	if (val(e, i)->uses == 1 && e->ops[val(e, i)->last].op == VR_IR_F_SEL &&
	    e->ops[val(e, i)->last].b == i && e->ops[e->ops[val(e, i)->last].c].op == VR_IR_F_CONST) {
		val(e, i)->loc = LOC_LATER;
		return;
	}
	flags_clobber(e);
	int32_t imm;
	uint32_t t = copy_of(e, o->a, wide(o));
	if (imm_of(e, o->b, wide(o), &imm))
		alu_ri(&e->c, ALU_ADD, wide(o), t, imm);
	else
		alu_rr(&e->c, ALU_ADD, wide(o), t, ra_use_as(e, o->b, o->type));
	ra_free(e, o->a);
	ra_free(e, o->b);
	flags_set(e, i, POL_ADD);
}

/* Both the sum and its flags, of which one may be unused. */
static void with_carry(struct em *e, const struct vr_ir_op *o, uint32_t i, uint32_t alu, uint32_t polarity,
		       uint32_t flags, uint32_t result)
{
	struct code *c = &e->c;
	uint32_t w = wide(o);
	if (flags && result) {
		/* one instruction consumes the operands of two ops */
		uint32_t other = flags == i ? result : flags;
		val(e, other)->emitted = 1;
		ra_free(e, o->a);
		ra_free(e, o->b);
		flags_done(e, o->c);
	}
	keep_others(e, o->c);
	int32_t imm;
	uint32_t t = copy_of(e, o->a, w);
	bool constant = imm_of(e, o->b, w, &imm);
	uint32_t rb = constant ? 0 : ra_use_as(e, o->b, o->type);
	flags_carry(e, o->c, alu == ALU_SBB);
	if (constant)
		alu_ri(c, alu, w, t, imm);
	else
		alu_rr(c, alu, w, t, rb);
	ra_free(e, o->a);
	ra_free(e, o->b);
	flags_done(e, o->c);
	e->fl.logic = 0;
	if (result)
		move_value(e, ra_def(e, result, t), t, o->type);
	if (flags)
		flags_set(e, flags, polarity);
}

OP(F_ADC)
{
	uint32_t k = flags_partner(e, i, VR_IR_ADC);
	with_carry(e, o, i, ALU_ADC, POL_ADD, i, k == i + 1 ? k : 0);
}

OP(F_SBC)
{
	uint32_t k = flags_partner(e, i, VR_IR_SBC);
	with_carry(e, o, i, ALU_SBB, POL_SUB, i, k == i + 1 ? k : 0);
}

OP(ADC)
{
	with_carry(e, o, i, ALU_ADC, POL_ADD, flags_partner(e, i, VR_IR_F_ADC), i);
}

OP(SBC)
{
	with_carry(e, o, i, ALU_SBB, POL_SUB, flags_partner(e, i, VR_IR_F_SBC), i);
}

OP(F_LOGIC)
{
	uint32_t w = wide(o);
	if (e->fl.logic == o->a && e->fl.logic && e->fl.logic_type == o->type) {
		ra_free(e, o->a);
	} else {
		flags_clobber(e);
		uint32_t r = ra_use_as(e, o->a, o->type);
		test_rr(&e->c, w, r, r);
		ra_free(e, o->a);
	}
	e->fl.logic = 0;
	flags_set(e, i, POL_ADD);
}

OP(F_CONST)
{
	(void)o;
	val(e, i)->loc = LOC_FCONST;
}

/*
 * A conditional compare: F_SEL(cc, old, F_SUB/F_ADD, F_CONST) whose comparison was put off until here.
 *     jcc over; cmp; jmp out; over: load constant; out:
 */
static void conditional_compare(struct em *e, const struct vr_ir_op *o, uint32_t i)
{
	struct code *c = &e->c;
	const struct vr_ir_op *f = &e->ops[o->b];
	uint32_t old = flags_resolve(e, o->a), w = wide(f);
	if (e->fl.value && (e->fl.value != old || e->fl.put_pending ||
			    (val(e, old)->uses > 1 && val(e, old)->loc == LOC_EFLAGS)))
		flags_clobber(e);
	e->fl.logic = 0;
	ra_reserve(e, RAX);
	int32_t imm;
	bool constant = imm_of(e, f->b, w, &imm);
	uint32_t ra = f->op == VR_IR_F_ADD ? copy_of(e, f->a, w) : ra_use_as(e, f->a, f->type);
	uint32_t rb = constant ? 0 : ra_use_as(e, f->b, f->type);
	struct condition k = flags_condition(e, o->a, o->aux);
	uint32_t out[2];
	k.invert ^= 1;
	jump_if(e, k, out);
	uint32_t alu = f->op == VR_IR_F_ADD ? ALU_ADD : ALU_CMP;
	if (constant)
		alu_ri(c, alu, w, ra, imm);
	else
		alu_rr(c, alu, w, ra, rb);
	if (alu == ALU_ADD)
		put8(c, 0xf5); /* cmc */
	uint32_t end = jmp_near(c);
	patch_here(c, out[0]);
	if (out[1])
		patch_here(c, out[1]);
	mov_imm(c, RAX, packed_constant(&e->ops[o->c]));
	put8(c, 0x04);
	put8(c, 127);
	put8(c, 0x9e);
	patch_near(c, end);
	flags_done(e, o->a);
	ra_free(e, f->a);
	ra_free(e, f->b);
	ra_free(e, o->b);
	ra_free(e, o->c);
	flags_set(e, i, POL_SUB);
}

OP(F_SEL)
{
	if (o->b && val(e, o->b)->loc == LOC_LATER) {
		conditional_compare(e, o, i);
		return;
	}
	flags_clobber(e);
	ra_reserve(e, RAX);
	uint32_t d = tmp(e), s = flags_packed(e, o->b);
	mov_rr(&e->c, 0, d, s);
	s = flags_packed(e, o->c);
	struct condition k = flags_condition(e, o->a, o->aux);
	if (k.two) { /* only from EFLAGS, which were packed above */
		e->error = VR_E_INTERNAL;
		return;
	}
	cmov(&e->c, k.cc ^ 1u, 0, d, s);
	flags_done(e, o->a);
	flags_done(e, o->b);
	flags_done(e, o->c);
	ra_assign(e, i, d);
}

OP(F_FROM)
{
	flags_clobber(e);
	struct code *c = &e->c;
	uint32_t s = ra_use(e, o->a), d = tmp(e), m = tmp(e);
	mov_imm(c, m, PACK_MASK);
	mov_rr(c, 0, d, s);
	shift_ri(c, SH_SHR, 0, d, 28);
	v_wrrr(c, I_PDEP, 0, d, d, m);
	alu_ri(c, ALU_XOR, 0, d, VR_FLAG_NOT_C);
	ra_free(e, o->a);
	ra_assign(e, i, d);
}

OP(F_TO)
{
	flags_clobber(e);
	struct code *c = &e->c;
	uint32_t s = flags_packed(e, o->a), m = tmp(e);
	mov_imm(c, m, PACK_MASK);
	flags_done(e, o->a);
	uint32_t d = ra_def_apart(e, i, s, m, NOREG);
	v_wrrr(c, I_PEXT, 0, d, s, m);
	alu_ri(c, ALU_XOR, 0, d, 2);
	shift_ri(c, SH_SHL, 0, d, 28);
}

OP(SETCC)
{
	struct code *c = &e->c;
	struct condition k = flags_condition(e, o->a, o->aux);
	flags_done(e, o->a);
	uint32_t d = ra_def(e, i, NOREG);
	mov_imm(c, d, 0);
	if (k.two) {
		uint32_t t = tmp(e);
		mov_imm(c, t, !k.invert);
		setcc(c, k.invert ? CC_NP : CC_P, d);
		cmov(c, CC_NE, 0, d, t);
	} else {
		setcc(c, k.cc ^ k.invert, d);
	}
}

OP(CMPSET)
{
	flags_clobber(e);
	compare(e, o->a, o->b, wide(o));
	uint32_t d = ra_def(e, i, NOREG);
	mov_imm(&e->c, d, o->aux >= VR_CC_AL);
	if (o->aux < VR_CC_AL)
		setcc(&e->c, x86_cc_of_arm[o->aux & 15], d);
}

/* d = condition ? b : c, for registers of either file. */
static void select_value(struct em *e, const struct vr_ir_op *o, uint32_t i, struct condition k)
{
	struct code *c = &e->c;
	uint32_t rb = ra_use_as(e, o->b, o->type), rc = ra_use_as(e, o->c, o->type);
	uint32_t cc = k.cc ^ k.invert, w = wide(o);
	ra_free(e, o->b);
	ra_free(e, o->c);
	if (is_vector(o->type)) {
		/* d gets one, and the other when a jump is not taken */
		uint32_t d = ra_def(e, i, rb), x = rb, y = rc;
		val(e, i)->dirty_high = o->type != VR_T_V128;
		bool flip = false;
		if (d == y && d != x) {
			x = rc;
			y = rb;
			flip = true;
		}
		movaps(c, d, x);
		if (k.two) {                           /* ne or p: true; b unless inverted */
			if ((k.invert != 0) == flip) { /* keep x when ne or p */
				uint32_t n0 = jcc_near(c, CC_NE), n1 = jcc_near(c, CC_P);
				movaps(c, d, y);
				patch_near(c, n0);
				patch_near(c, n1);
			} else {
				uint32_t n0 = jcc_near(c, CC_NE), n1 = jcc_near(c, CC_NP);
				patch_near(c, n0);
				movaps(c, d, y);
				patch_near(c, n1);
			}
		} else {
			uint32_t n = jcc_near(c, flip ? cc ^ 1 : cc);
			movaps(c, d, y);
			patch_near(c, n);
		}
		return;
	}
	if (k.two) {
		/* x when neither ne nor p, y otherwise */
		uint32_t x = k.invert ? rb : rc, y = k.invert ? rc : rb,
			 d = ra_def_apart(e, i, y, NOREG, NOREG);
		if (d == y) {
			e->error = VR_E_INTERNAL;
			return;
		}
		mov_rr(c, w, d, x);
		cmov(c, CC_NE, w, d, y);
		cmov(c, CC_P, w, d, y);
		return;
	}
	uint32_t d = ra_def(e, i, rc);
	if (d == rb && d != rc) {
		cmov(c, cc ^ 1, w, d, rc);
	} else {
		if (d != rc)
			mov_rr(c, w, d, rc);
		cmov(c, cc, w, d, rb);
	}
}

OP(SELECT)
{
	struct condition k = flags_condition(e, o->a, o->aux);
	/* not before its uses: flags_condition() may have left them in a register */
	flags_done(e, o->a);
	select_value(e, o, i, k);
}

OP(SELNZ)
{
	flags_clobber(e);
	uint32_t r = ra_use_clean(e, o->a);
	test_rr(&e->c, 1, r, r);
	ra_free(e, o->a);
	select_value(e, o, i, (struct condition){CC_NE, 0, 0});
}
