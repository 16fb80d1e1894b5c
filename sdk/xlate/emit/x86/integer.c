/* SPDX-License-Identifier: MIT */
/* integer.c: arithmetic and logic (SDM vol. 2; BMI1/BMI2 forms keep EFLAGS). */
#include "lower.h"

/* ---- two operands ---- */

/* d = a op b in the two-address form. EFLAGS are the op's afterwards. bits: how many the instruction works on, those of the type or
 * less; of d the others are anything then. */
static uint32_t two_address(struct emit *e, uint32_t i, uint32_t alu, uint32_t a, uint32_t b, uint32_t type,
			    uint32_t bits)
{
	struct emit_code *c = &e->c;
	uint32_t w = type != VR_T_I32;
	int32_t imm;
	if (alu != ALU_SUB && vr_ir_is_constant(e->ops[a].op)) {
		uint32_t t = a;
		a = b;
		b = t;
	}
	if (x86_imm_bits(e, b, bits, &imm)) {
		uint32_t ra = ra_use_as(e, a, type);
		ra_free(e, a);
		ra_free(e, b);
		uint32_t d = ra_def(e, i, ra);
		if (d != ra)
			mov_rr(c, w, d, ra);
		alu_ri_bits(c, alu, bits, d, imm);
		return d;
	}
	uint32_t ra = ra_use_as(e, a, type), rb = ra_use_as(e, b, type);
	ra_free(e, a);
	ra_free(e, b);
	uint32_t d = ra_def(e, i, ra);
	if (d == rb && d != ra) {
		if (alu == ALU_SUB) {
			uint32_t t = tmp(e);
			mov_rr(c, w, t, ra);
			alu_rr_bits(c, alu, bits, t, rb);
			mov_rr(c, w, d, t);
		} else {
			alu_rr_bits(c, alu, bits, d, ra);
		}
	} else {
		if (d != ra)
			mov_rr(c, w, d, ra);
		alu_rr_bits(c, alu, bits, d, rb);
	}
	return d;
}

/* The F_MERGE for all flags but C that takes them from FLAGS op k, where no op looks at k's C: else 0. */
static uint32_t merge_of(struct emit *e, uint32_t k)
{
	uint32_t left = val(e, k)->uses, m = 0;
	for (uint32_t j = k + 1; left && j < e->op_end && j <= k + 16; j++) {
		const struct vr_ir_op *u = &e->ops[j];
		uint32_t value[4], n = val(e, j)->emitted ? 0 : vr_ir_reads(u, value);
		while (n-- > 0) {
			if (value[n] != k)
				continue;
			if (!(vr_ir_ops[u->op].flags >> n & 1) || vr_ir_flags_read(u, n, 0xf) & 2)
				return 0;
			if (u->op == VR_IR_F_MERGE && n == 1 && u->imm == 0xd && !m)
				m = j;
			left--;
		}
	}
	return left ? 0 : m;
}

/*
 * An op that adds or subtracts 1, its FLAGS op and the F_MERGE of those with an older C: INC and DEC, which leave CF. The older C
 * is put there, whichever its polarity, unless it is there.
 */
static bool step(struct emit *e, uint32_t i, uint32_t flags)
{
	struct emit_code *c = &e->c;
	const struct vr_ir_op *o = &e->ops[i];
	uint32_t w = wide(o), m = 0;
	int32_t imm;
	if (x86_imm_of(e, o->b, w, &imm) && imm == 1)
		m = merge_of(e, flags);
	if (!m || e->ops[m].a >= i || e->ops[m].a >= flags)
		return false;
	uint32_t old = e->ops[m].a, others = val(e, flags)->uses - 1;
	x86_flags_keep_others(e, old);
	uint32_t ra = ra_use_as(e, o->a, o->type);
	uint32_t polarity = e->fl.value ? e->fl.polarity : (uint8_t)POL_SUB;
	if (!e->fl.value)
		x86_flags_carry(e, old, true);
	for (uint32_t n = 0; n < 2; n++) {
		ra_free(e, o->a);
		ra_free(e, o->b);
	}
	emit_flags_done(e, old);
	val(e, i)->emitted = val(e, flags)->emitted = val(e, m)->emitted = 1;
	/* What reads the other flags of the sum finds them in the merged ones. */
	val(e, flags)->loc = LOC_SAME;
	val(e, flags)->chain = m;
	val(e, m)->uses += others;
	if (val(e, m)->last < val(e, flags)->last)
		val(e, m)->last = val(e, flags)->last;
	e->fl.value = 0;
	uint32_t d = ra_def(e, i, ra);
	if (d != ra)
		mov_rr(c, w, d, ra);
	step_r(c, o->op == VR_IR_SUB, x86_flag_bits(&e->ops[flags]), d);
	e->fl.logic = 0;
	emit_flags_set(e, m, polarity);
	return true;
}

void x86_add_sub(struct emit *e, uint32_t i, uint32_t flags)
{
	struct emit_code *c = &e->c;
	const struct vr_ir_op *o = &e->ops[i];
	uint32_t sub = o->op == VR_IR_SUB, w = wide(o), a = o->a, b = o->b;
	int32_t imm;
	if (flags && step(e, i, flags))
		return;
	if (flags) {
		const struct vr_ir_op *f = &e->ops[flags];
		emit_flags_clobber(e);
		val(e, i)->emitted = 1;
		val(e, flags)->emitted = 1;
		ra_free(e, a); /* the other op's use */
		ra_free(e, b);
		two_address(e, i, sub ? ALU_SUB : ALU_ADD, a, b, o->type, x86_flag_bits(f));
		emit_flags_set(e, flags, x86_made(f, sub ? POL_SUB : POL_ADD));
		return;
	}
	if (!sub && vr_ir_is_constant(e->ops[a].op)) {
		a = o->b;
		b = o->a;
	}
	/* LEA: three operands, EFLAGS kept */
	if (x86_imm_of(e, b, w, &imm) && !(sub && imm == INT32_MIN)) {
		uint32_t ra = ra_use_as(e, a, o->type);
		ra_free(e, a);
		ra_free(e, b);
		uint32_t d = ra_def(e, i, ra);
		if (imm == 0)
			mov_rr(c, w, d, ra);
		else
			lea(c, w, d, mem_base(ra, sub ? -imm : imm));
		return;
	}
	if (!sub) {
		uint32_t ra = ra_use_as(e, a, o->type), rb = ra_use_as(e, b, o->type);
		ra_free(e, a);
		ra_free(e, b);
		lea(c, w, ra_def(e, i, ra), mem_index(ra, rb, 0, 0));
		return;
	}
	emit_flags_clobber(e);
	two_address(e, i, ALU_SUB, a, b, o->type, w ? 64 : 32);
}

OP(ADD)
{
	(void)o;
	x86_add_sub(e, i, emit_flags_partner(e, i, VR_IR_F_ADD));
}

OP(ADDSHL)
{
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type);
	ra_free(e, o->a);
	ra_free(e, o->b);
	lea(&e->c, wide(o), ra_def(e, i, ra), mem_index(ra, rb, o->aux & 3, 0));
}

OP(SUB)
{
	(void)o;
	x86_add_sub(e, i, emit_flags_partner(e, i, VR_IR_F_SUB));
}

static void note_logic(struct emit *e, uint32_t i, uint32_t type)
{
	e->fl.logic = i;
	e->fl.logic_bits = (uint8_t)vr_ir_type_bits(type);
}

OP(AND)
{
	struct emit_code *c = &e->c;
	uint32_t a = o->a, b = o->b, w = wide(o);
	uint64_t k;
	int32_t imm;
	emit_flags_clobber(e);
	if (val(e, i)->uses == 1 && i + 1 < e->op_end && e->ops[i + 1].op == VR_IR_F_LOGIC &&
	    e->ops[i + 1].a == i && !val(e, i + 1)->emitted && e->ops[i + 1].type == o->type) {
		/* TST */
		uint32_t ra = ra_use_as(e, a, o->type), bits = x86_flag_bits(&e->ops[i + 1]);
		if (x86_imm_bits(e, b, bits, &imm))
			test_ri_bits(c, bits, ra, (uint32_t)imm);
		else
			test_rr_bits(c, bits, ra, ra_use_as(e, b, o->type));
		ra_free(e, a);
		ra_free(e, b);
		note_logic(e, i, o->type);
		e->fl.logic_bits = (uint8_t)bits;
		return;
	}
	if (vr_ir_is_constant(e->ops[a].op)) {
		a = o->b;
		b = o->a;
	}
	if (const_of(e, b, &k) && k <= 0xffffffff && w) {
		uint32_t ra = ra_use(e, a);
		ra_free(e, a);
		ra_free(e, b);
		uint32_t d = ra_def(e, i, ra);
		if (k == 0xff) {
			x_rr(c, X_MOVZX8, 0, d, ra);
		} else if (k == 0xffff) {
			x_rr(c, X_MOVZX16, 0, d, ra);
		} else if (k == 0xffffffff) {
			mov_rr(c, 0, d, ra);
		} else {
			if (d != ra)
				mov_rr(c, 0, d, ra);
			alu_ri(c, ALU_AND, 0, d, (int32_t)k);
			if (k <= 0x7fffffff)
				note_logic(e, i, o->type);
		}
		return;
	}
	two_address(e, i, ALU_AND, a, b, o->type, w ? 64 : 32);
	note_logic(e, i, o->type);
}

OP(OR)
{
	emit_flags_clobber(e);
	two_address(e, i, ALU_OR, o->a, o->b, o->type, wide(o) ? 64 : 32);
	note_logic(e, i, o->type);
}

OP(XOR)
{
	emit_flags_clobber(e);
	two_address(e, i, ALU_XOR, o->a, o->b, o->type, wide(o) ? 64 : 32);
	note_logic(e, i, o->type);
}

OP(ANDN)
{
	struct emit_code *c = &e->c;
	uint32_t w = wide(o);
	uint64_t k;
	emit_flags_clobber(e);
	uint32_t ra = ra_use_as(e, o->a, o->type);
	if (const_of(e, o->b, &k) && (!w || ~k == (uint64_t)(int64_t)(int32_t)~k)) {
		ra_free(e, o->a);
		ra_free(e, o->b);
		uint32_t d = ra_def(e, i, ra);
		if (d != ra)
			mov_rr(c, w, d, ra);
		alu_ri(c, ALU_AND, w, d, (int32_t)~k);
	} else {
		uint32_t rb = ra_use_as(e, o->b, o->type);
		ra_free(e, o->a);
		ra_free(e, o->b);
		v_wrrr(c, I_ANDN, w, ra_def(e, i, ra), rb, ra);
	}
	note_logic(e, i, o->type);
}

/* a op ~b */
static void with_inverse(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t alu)
{
	struct emit_code *c = &e->c;
	uint32_t w = wide(o);
	emit_flags_clobber(e);
	uint32_t t = ra_copy(e, o->b, w);
	not_r(c, w, t);
	uint32_t ra = ra_use_as(e, o->a, o->type);
	ra_free(e, o->a);
	ra_free(e, o->b);
	alu_rr(c, alu, w, t, ra);
	emit_move(e, ra_def(e, i, t), t, o->type);
}

OP(ORN)
{
	with_inverse(e, o, i, ALU_OR);
}

OP(XORN)
{
	with_inverse(e, o, i, ALU_XOR);
}

OP(NOT)
{
	uint32_t r = ra_use_as(e, o->a, o->type);
	ra_free(e, o->a);
	uint32_t d = ra_def(e, i, r);
	if (d != r)
		mov_rr(&e->c, wide(o), d, r);
	not_r(&e->c, wide(o), d);
}

OP(NEG)
{
	uint32_t r = ra_use_as(e, o->a, o->type);
	ra_free(e, o->a);
	uint32_t d = ra_def(e, i, r);
	if (d != r)
		mov_rr(&e->c, wide(o), d, r);
	if (e->fl.value) { /* NOT and LEA leave EFLAGS alone */
		not_r(&e->c, wide(o), d);
		lea(&e->c, wide(o), d, mem_base(d, 1));
	} else {
		e->fl.logic = 0;
		neg_r(&e->c, wide(o), d);
	}
}

OP(MUL)
{
	struct emit_code *c = &e->c;
	uint32_t a = o->a, b = o->b, w = wide(o);
	int32_t imm;
	emit_flags_clobber(e);
	if (vr_ir_is_constant(e->ops[a].op)) {
		a = o->b;
		b = o->a;
	}
	if (x86_imm_of(e, b, w, &imm)) {
		uint32_t ra = ra_use_as(e, a, o->type);
		ra_free(e, a);
		ra_free(e, b);
		x_rr(c, 0x69, w, ra_def(e, i, ra), ra);
		put32(c, (uint32_t)imm);
		return;
	}
	uint32_t ra = ra_use_as(e, a, o->type), rb = ra_use_as(e, b, o->type);
	ra_free(e, a);
	ra_free(e, b);
	uint32_t d = ra_def(e, i, ra);
	if (d == rb && d != ra) {
		rb = ra;
	} else if (d != ra) {
		mov_rr(c, w, d, ra);
	}
	x_rr(c, X_IMUL, w, d, rb);
}

OP(MULHU)
{
	ra_reserve(e, RDX);
	uint32_t ra = ra_use_clean(e, o->a), rb = ra_use_clean(e, o->b);
	mov_rr(&e->c, 1, RDX, ra);
	ra_free(e, o->a);
	ra_free(e, o->b);
	uint32_t d = ra_def(e, i, NOREG);
	v_wrrr(&e->c, I_MULX, 1, d, RDX, rb);
}

OP(MULHS)
{
	emit_flags_clobber(e);
	ra_reserve(e, RAX);
	ra_reserve(e, RDX);
	uint32_t ra = ra_use_clean(e, o->a), rb = ra_use_clean(e, o->b);
	mov_rr(&e->c, 1, RAX, ra);
	x_rr(&e->c, 0xf7, 1, 5, rb);
	ra_free(e, o->a);
	ra_free(e, o->b);
	mov_rr(&e->c, 1, ra_def(e, i, RDX), RDX);
}

/* Quotient or remainder with the guests' rules for zero and MIN / -1 instead of #DE. */
static void divide(struct emit *e, const struct vr_ir_op *o, uint32_t i, bool is_signed, bool remainder)
{
	struct emit_code *c = &e->c;
	uint32_t w = wide(o), minus = 0;
	emit_flags_clobber(e);
	ra_reserve(e, RAX);
	ra_reserve(e, RDX);
	uint32_t ra = ra_use_as(e, o->a, o->type), rb = ra_use_as(e, o->b, o->type);
	mov_rr(c, w, RAX, ra);
	test_rr(c, w, rb, rb);
	uint32_t zero = jcc_near(c, CC_E);
	if (is_signed) {
		alu_ri(c, ALU_CMP, w, rb, -1);
		minus = jcc_near(c, CC_E);
		if (w)
			put8(c, 0x48);
		put8(c, 0x99); /* cdq, cqo */
	} else {
		mov_imm(c, RDX, 0);
	}
	x_rr(c, 0xf7, w, is_signed ? 7 : 6, rb);
	uint32_t end0 = jmp_near(c), end1 = 0;
	if (is_signed) {
		patch_near(c, minus);
		neg_r(c, w, RAX);
		mov_imm(c, RDX, 0);
		end1 = jmp_near(c);
	}
	patch_near(c, zero);
	if (remainder)
		mov_rr(c, w, RDX, ra);
	else
		mov_imm(c, RAX, o->aux ? w ? ~0ull : 0xffffffffu : 0);
	patch_near(c, end0);
	if (is_signed)
		patch_near(c, end1);
	ra_free(e, o->a);
	ra_free(e, o->b);
	uint32_t s = remainder ? RDX : RAX;
	mov_rr(c, w, ra_def(e, i, s), s);
}

OP(DIVU)
{
	divide(e, o, i, false, false);
}

OP(DIVS)
{
	divide(e, o, i, true, false);
}

OP(REMU)
{
	divide(e, o, i, false, true);
}

OP(REMS)
{
	divide(e, o, i, true, true);
}
