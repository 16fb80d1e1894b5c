/* SPDX-License-Identifier: MIT */
/*
 * regalloc.c: where values live inside a block.
 *
 * Pinned guest registers, which the engine chooses, have fixed registers for the whole region; the rest (`pool`) holds
 * temporaries. Values are allocated greedily in one forward pass; a backward pass over the block has counted
 * uses, dropped pure ops whose value no op reads, and noted the first PUT of each value.
 *
 * GET of a pinned register makes its value an alias of that register and costs nothing. The aliases of a
 * pinned register form a chain; before it changes, those still wanted are copied out (ra_spill_aliases()). A
 * result whose first PUT comes soon, with nothing between that could fault or look at the guest register, is
 * computed in the pinned register (direct_pin()); the PUT then only notes that memory is stale.
 *
 * When the pool is empty, the temporary with the farthest last use goes to the frame. A constant needs no
 * place: it is computed again. `pin` keeps the current op's registers from being chosen.
 */
#include "em.h"

static const uint8_t pinned_int_regs[PINNED_INTS] = {RBX, R12, R13, R14, R8, R9, R10, R11};

uint32_t x86_pinned_register(uint32_t kind, uint32_t reg)
{
	return kind == VR_REG_VEC ? (uint32_t)XMM(16 - PINNED_VECS) + reg : pinned_int_regs[reg & 7];
}

bool const_of(const struct em *e, uint32_t v, uint64_t *imm)
{
	if (!v || e->ops[v].op != VR_IR_CONST)
		return false;
	*imm = e->ops[v].type == VR_T_I32 ? (uint32_t)e->ops[v].imm : e->ops[v].imm;
	return true;
}

bool imm_of(const struct em *e, uint32_t v, uint32_t w, int32_t *imm)
{
	uint64_t k;
	if (!const_of(e, v, &k))
		return false;
	*imm = (int32_t)k;
	return !w || k == (uint64_t)(int64_t)(int32_t)k;
}

struct mem spill_mem(const struct value *v)
{
	int32_t s = v->spill;
	return mem_base(RSP, is_vector(v->type) ? SPILLS * 8 + s * 16 : s * 8);
}

void move_value(struct em *e, uint32_t d, uint32_t s, uint32_t type)
{
	if (d == s)
		return;
	if (is_vector(type))
		movaps(&e->c, d, s);
	else
		mov_rr(&e->c, type != VR_T_I32 && type != VR_T_FLAGS, d, s);
}

static void spill(struct em *e, uint32_t r)
{
	struct value *v = val(e, e->owner[r]);
	e->free |= 1u << r;
	if (e->ops[e->owner[r]].op == VR_IR_CONST) {
		v->loc = LOC_CONST;
		return;
	}
	uint32_t k = is_vector(v->type);
	if (!e->spill_free[k]) {
		e->error = VR_E_RANGE;
		return;
	}
	v->spill = (uint16_t)__builtin_ctzll(e->spill_free[k]);
	e->spill_free[k] &= e->spill_free[k] - 1;
	v->loc = LOC_SPILL;
	if (k)
		vstore(&e->c, spill_mem(v), r);
	else
		mov_store(&e->c, 1, spill_mem(v), r);
}

static uint32_t spill_one(struct em *e, uint32_t mask)
{
	uint32_t best = NOREG, last = 0;
	for (uint32_t m = e->pool & mask & ~e->free & ~e->busy; m; m &= m - 1) {
		uint32_t r = (uint32_t)__builtin_ctz(m), l = val(e, e->owner[r])->last;
		if (best == NOREG || l > last) {
			best = r;
			last = l;
		}
	}
	if (best == NOREG) {
		e->error = VR_E_RANGE;
		return mask & VEC_MASK ? XMM0 : RAX;
	}
	spill(e, best);
	return best;
}

static uint32_t pick(struct em *e, uint32_t mask)
{
	uint32_t m = e->free & mask & ~e->busy;
	if (!m)
		return spill_one(e, mask);
	/* rax, rdx and rcx last: some instructions need them */
	if (m & ~7u)
		return (uint32_t)__builtin_ctz(m & ~7u);
	return m & 2 ? RCX : m & 4 ? RDX : RAX;
}

uint32_t tmp_of(struct em *e, uint32_t mask)
{
	uint32_t r = pick(e, mask);
	e->busy |= 1u << r;
	return r;
}

void ra_assign(struct em *e, uint32_t i, uint32_t r)
{
	struct value *v = val(e, i);
	e->busy |= 1u << r;
	if (!v->uses)
		return;
	v->loc = LOC_REG;
	v->reg = (uint8_t)r;
	e->owner[r] = i;
	e->free &= ~(1u << r);
}

static void drop_spill(struct em *e, struct value *v)
{
	e->spill_free[is_vector(v->type)] |= 1ull << v->spill;
}

uint32_t ra_use(struct em *e, uint32_t i)
{
	struct value *v = val(e, i);
	uint32_t r;
	switch (v->loc) {
	case LOC_REG:
	case LOC_PINNED:
		e->busy |= 1u << v->reg;
		return v->reg;
	case LOC_CONST: {
		uint64_t k = 0;
		const_of(e, i, &k);
		r = tmp(e);
		mov_imm(&e->c, r, k);
		ra_assign(e, i, r);
		return r;
	}
	case LOC_SPILL:
		r = tmp_of(e, class_mask(v->type));
		if (is_vector(v->type))
			vload(&e->c, r, spill_mem(v));
		else
			mov_load(&e->c, 1, r, spill_mem(v));
		drop_spill(e, v);
		ra_assign(e, i, r);
		return r;
	default: /* malformed IR: an operand of another block or kind */
		e->error = VR_E_INVAL;
		return tmp_of(e, class_mask(v->type));
	}
}

void clean_move(struct em *e, uint32_t d, uint32_t s, uint32_t type)
{
	struct code *c = &e->c;
	if (type == VR_T_I32)
		mov_rr(c, 0, d, s);
	else if (type == VR_T_F32)
		v_rrri(c, I_VINSERTPS, d, s, s, 0x0e);
	else
		v_rr(c, I_VMOVQ, d, s);
}

uint32_t ra_use_clean(struct em *e, uint32_t i)
{
	struct value *v = val(e, i);
	uint32_t r = ra_use(e, i);
	if (!v->dirty_high)
		return r;
	if (v->loc == LOC_PINNED) {
		uint32_t d = tmp_of(e, class_mask(v->type));
		clean_move(e, d, r, v->type);
		ra_assign(e, i, d);
		r = d;
	} else {
		clean_move(e, r, r, v->type);
	}
	v->dirty_high = 0;
	return r;
}

uint32_t ra_use_as(struct em *e, uint32_t i, uint32_t type)
{
	return ra_use_bits(e, i, vr_ir_type_bits(type));
}

uint32_t ra_use_bits(struct em *e, uint32_t i, uint32_t bits)
{
	return vr_ir_type_bits(val(e, i)->type) < bits ? ra_use_clean(e, i) : ra_use(e, i);
}

uint32_t copy_of(struct em *e, uint32_t i, uint32_t w)
{
	uint64_t k;
	if (const_of(e, i, &k)) {
		uint32_t r = tmp(e);
		mov_imm(&e->c, r, w ? k : (uint32_t)k);
		return r;
	}
	uint32_t s = w ? ra_use_clean(e, i) : ra_use(e, i);
	uint32_t r = tmp_of(e, class_mask(val(e, i)->type));
	move_value(e, r, s, is_vector(val(e, i)->type) ? (uint32_t)VR_T_V128 : w ? VR_T_I64 : VR_T_I32);
	return r;
}

void load_into(struct em *e, uint32_t r, uint32_t i)
{
	struct value *v = val(e, i);
	uint64_t k;
	if (const_of(e, i, &k))
		mov_imm(&e->c, r, k);
	else if (v->loc == LOC_SPILL)
		mov_load(&e->c, v->type != VR_T_I32, r, spill_mem(v));
	else
		mov_rr(&e->c, v->type != VR_T_I32, r, v->reg);
}

void ra_free(struct em *e, uint32_t i)
{
	if (!i)
		return;
	struct value *v = val(e, i);
	if (!v->uses || --v->uses)
		return;
	if (v->loc == LOC_REG)
		e->free |= 1u << v->reg;
	else if (v->loc == LOC_SPILL)
		drop_spill(e, v);
}

/* A value that has left its pinned register is still in that one's chain, until it joins another. */
static void leave_chain(struct em *e, uint32_t i)
{
	struct value *v = val(e, i);
	if (!v->listed)
		return;
	uint32_t *p = &e->alias[v->listed - 1];
	while (*p != i)
		p = &val(e, *p)->chain;
	*p = v->chain;
	v->listed = 0;
}

void become_alias(struct em *e, uint32_t i, uint32_t m)
{
	struct value *v = val(e, i);
	leave_chain(e, i);
	v->loc = LOC_PINNED;
	v->reg = e->pin_reg[m];
	v->chain = e->alias[m];
	v->listed = (uint8_t)(m + 1);
	e->alias[m] = i;
}

/* Pinned register m is about to change: copy out the values that still need the old contents. */
void ra_spill_aliases(struct em *e, uint32_t m)
{
	uint32_t i = e->alias[m], s = e->pin_reg[m], busy = e->busy;
	if (e->coalesced.pin == m)
		e->coalesced.pin = PIN_NONE;
	e->alias[m] = 0;
	while (i) {
		struct value *v = val(e, i);
		uint32_t next = v->chain;
		v->listed = 0;
		if (v->uses && v->loc == LOC_PINNED && v->reg == s) {
			uint32_t d = tmp_of(e, class_mask(v->type));
			move_value(e, d, s, v->type);
			if (v->type == VR_T_I32)
				v->dirty_high = 0;
			ra_assign(e, i, d);
			e->busy = busy; /* the current op goes on with the old register */
		}
		i = next;
	}
}

/* May the result of op i be computed in the pinned register that it is PUT to? Its index in job->pinned, or
 * -1. */
static int32_t direct_pin(struct em *e, uint32_t i)
{
	uint32_t j = val(e, i)->put;
	if (!j || j - i > 12)
		return -1;
	uint64_t reg = e->ops[j].imm;
	for (uint32_t k = i + 1; k < j; k++) {
		const struct vr_ir_op *o = &e->ops[k];
		if (vr_ir_ops[o->op].class == VR_IRC_MEM || vr_ir_helper(o) != UINT64_MAX)
			return -1;
		if ((o->op == VR_IR_GET || o->op == VR_IR_PUT) && o->imm == reg)
			return -1;
	}
	return e->pin_of[reg];
}

uint32_t ra_def(struct em *e, uint32_t i, uint32_t like)
{
	uint32_t mask = class_mask(val(e, i)->type);
	int32_t m = direct_pin(e, i);
	if (m >= 0) {
		ra_spill_aliases(e, (uint32_t)m);
		become_alias(e, i, (uint32_t)m);
		e->busy |= 1u << e->pin_reg[m];
		return e->pin_reg[m];
	}
	uint32_t r = like < 32 && (e->free & e->pool & mask & 1u << like) ? like : pick(e, mask);
	ra_assign(e, i, r);
	return r;
}

uint32_t ra_def_apart(struct em *e, uint32_t i, uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t mask = class_mask(val(e, i)->type);
	int32_t m = direct_pin(e, i);
	if (m >= 0) {
		uint32_t r = e->pin_reg[m];
		if (r != a && r != b && r != c)
			return ra_def(e, i, NOREG);
	}
	/* the operands are pinned */
	uint32_t r = tmp_of(e, mask);
	ra_assign(e, i, r);
	return r;
}

void ra_reserve(struct em *e, uint32_t r)
{
	uint32_t bit = 1u << r;
	if (!(e->free & bit)) {
		uint32_t o = e->owner[r], mask = class_mask(val(e, o)->type);
		uint32_t m = e->free & mask & ~e->busy & ~bit;
		if (m && e->ops[o].op != VR_IR_CONST) {
			uint32_t d = pick(e, mask & ~bit);
			move_value(e, d, r, mask == VEC_MASK ? VR_T_V128 : VR_T_I64);
			e->free |= bit;
			uint32_t busy = e->busy;
			ra_assign(e, o, d);
			e->busy = busy;
		} else {
			spill(e, r);
		}
	}
	e->busy |= bit;
}

void ra_spill_mask(struct em *e, uint32_t mask)
{
	for (uint32_t m = e->pool & ~e->free & mask; m; m &= m - 1)
		spill(e, (uint32_t)__builtin_ctz(m));
}

/* Forget the last block's values; count uses, backwards, so that unused pure ops keep nothing alive. */
void begin_block(struct em *e, uint32_t index)
{
	const struct vr_ir_block *b = &e->ir->blocks[index];
	e->block = b;
	e->block_index = index;
	e->first = b->first;
	e->op_end = b->first + b->count;
	e->pc = b->pc;
	e->free = e->pool;
	e->busy = 0;
	e->spill_free[0] = e->spill_free[1] = ~0ull;
	e->fl = (struct flags_state){0};
	e->fmem = 0;
	e->dirty = b->dirty_in;
	e->coalesced.active = 0;
	e->clean_scalar[0] = e->clean_scalar[1] = 0;
	memset(e->alias, 0, sizeof(e->alias));
	if (b->count > MAX_BLOCK_OPS) {
		e->error = VR_E_RANGE;
		return;
	}
	memset(e->values, 0, b->count * sizeof(e->values[0]));
	for (uint32_t n = b->count; n-- > 0;) {
		uint32_t i = b->first + n;
		const struct vr_ir_op *o = &e->ops[i];
		struct value *v = &e->values[n];
		if (o->op >= VR_IR_COUNT) {
			e->error = VR_E_INVAL;
			return;
		}
		v->type = (uint8_t)vr_ir_value_type(o);
		if (o->op == VR_IR_CONST)
			v->loc = LOC_CONST;
		if (vr_ir_ops[o->op].class == VR_IRC_PURE && !v->uses) {
			v->emitted = 1;
			continue;
		}
		uint32_t args[4], k = vr_ir_reads(o, args);
		while (k-- > 0) {
			uint32_t a = args[k];
			if (!a)
				continue;
			if (a < b->first || a >= i) {
				e->error = VR_E_INVAL;
				return;
			}
			struct value *u = &e->values[a - b->first];
			if (!u->uses++)
				u->last = i;
		}
		if (o->op == VR_IR_LOADP_HI) { /* a list, which begins at the LOADP */
			v->chain = val(e, o->a)->chain;
			val(e, o->a)->chain = i;
		}
		if (o->op == VR_IR_PUT && o->imm < MAX_GUEST_REGS && e->pin_of[o->imm] != 0xff)
			val(e, o->a)->put = i;
	}
}
