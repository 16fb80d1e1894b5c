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
 * place: it is computed again. `busy` keeps the current op's registers from being chosen.
 */
#include "emit.h"

uint32_t ra_pinned_register(const struct emit_target *t, uint32_t kind, uint32_t n)
{
	return vr_ir_is_vector_reg(kind) ? t->pinned_vec[n] : t->pinned_int[n];
}

void emit_move(struct emit *e, uint32_t d, uint32_t s, uint32_t type)
{
	if (d != s)
		e->target->move(e, d, s, type);
}

/* The whole register of a temporary, to and from the frame. */
static void to_frame(struct emit *e, const struct emit_value *v, uint32_t r)
{
	e->target->store(e, EMIT_FRAME, ra_spill_offset(v), r, ra_whole(v->type));
}

static void from_frame(struct emit *e, const struct emit_value *v, uint32_t r)
{
	e->target->load(e, r, EMIT_FRAME, ra_spill_offset(v), ra_whole(v->type));
}

static void spill(struct emit *e, uint32_t r)
{
	struct emit_value *v = val(e, e->owner[r]);
	e->free |= reg_bit(r);
	if (vr_ir_is_constant(e->ops[e->owner[r]].op)) {
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
	to_frame(e, v, r);
}

static uint32_t spill_one(struct emit *e, uint64_t mask)
{
	uint32_t best = NOREG, last = 0;
	for (uint64_t m = e->pool & mask & ~e->free & ~e->busy; m; m &= m - 1) {
		uint32_t r = (uint32_t)__builtin_ctzll(m), l = val(e, e->owner[r])->last;
		if (best == NOREG || l > last) {
			best = r;
			last = l;
		}
	}
	if (best == NOREG) {
		e->error = VR_E_RANGE;
		return (uint32_t)__builtin_ctzll(e->target->temporaries & mask);
	}
	spill(e, best);
	return best;
}

static uint32_t pick(struct emit *e, uint64_t mask)
{
	const struct emit_target *t = e->target;
	uint64_t m = e->free & mask & ~e->busy;
	if (!m)
		return spill_one(e, mask);
	if (m & ~t->special)
		return (uint32_t)__builtin_ctzll(m & ~t->special);
	for (uint32_t n = 0; n < sizeof(t->special_order); n++)
		if (m & reg_bit(t->special_order[n]))
			return t->special_order[n];
	return (uint32_t)__builtin_ctzll(m);
}

uint32_t ra_tmp_of(struct emit *e, uint64_t mask)
{
	uint32_t r = pick(e, mask);
	e->busy |= reg_bit(r);
	return r;
}

void ra_assign(struct emit *e, uint32_t i, uint32_t r)
{
	struct emit_value *v = val(e, i);
	e->busy |= reg_bit(r);
	if (!v->uses)
		return;
	v->loc = LOC_REG;
	v->reg = (uint8_t)r;
	e->owner[r] = i;
	e->free &= ~reg_bit(r);
}

static void drop_spill(struct emit *e, struct emit_value *v)
{
	e->spill_free[is_vector(v->type)] |= 1ull << v->spill;
}

void ra_constant(struct emit *e, uint32_t d, uint32_t v, bool cut)
{
	uint64_t k = 0;
	if (pc_of(e, v, &k)) {
		cut |= e->ops[v].type == VR_T_I32;
		e->target->pc_constant(e, d, cut ? (uint32_t)k : k, cut);
	} else {
		const_of(e, v, &k);
		e->target->constant(e, d, cut ? (uint32_t)k : k);
	}
}

uint32_t ra_use(struct emit *e, uint32_t i)
{
	struct emit_value *v = val(e, i);
	uint32_t r;
	switch (v->loc) {
	case LOC_REG:
	case LOC_PINNED:
		e->busy |= reg_bit(v->reg);
		return v->reg;
	case LOC_CONST:
		r = tmp(e);
		ra_constant(e, r, i, false);
		ra_assign(e, i, r);
		return r;
	case LOC_SPILL:
		r = ra_tmp_of(e, class_mask(v->type));
		from_frame(e, v, r);
		drop_spill(e, v);
		ra_assign(e, i, r);
		return r;
	default: /* malformed IR: an operand of another block or kind */
		e->error = VR_E_INVAL;
		return ra_tmp_of(e, class_mask(v->type));
	}
}

uint32_t ra_use_clean(struct emit *e, uint32_t i)
{
	struct emit_value *v = val(e, i);
	uint32_t r = ra_use(e, i);
	if (!v->dirty_high)
		return r;
	if (v->loc == LOC_PINNED) {
		uint32_t d = ra_tmp_of(e, class_mask(v->type));
		e->target->clean(e, d, r, v->type);
		ra_assign(e, i, d);
		r = d;
	} else {
		e->target->clean(e, r, r, v->type);
	}
	v->dirty_high = 0;
	return r;
}

uint32_t ra_use_as(struct emit *e, uint32_t i, uint32_t type)
{
	return ra_use_bits(e, i, vr_ir_type_bits(type));
}

uint32_t ra_use_bits(struct emit *e, uint32_t i, uint32_t bits)
{
	return vr_ir_type_bits(val(e, i)->type) < bits ? ra_use_clean(e, i) : ra_use(e, i);
}

uint32_t ra_copy(struct emit *e, uint32_t i, uint32_t w)
{
	if (vr_ir_is_constant(e->ops[i].op)) {
		uint32_t r = tmp(e);
		ra_constant(e, r, i, !w);
		return r;
	}
	uint32_t s = w ? ra_use_clean(e, i) : ra_use(e, i);
	uint32_t r = ra_tmp_of(e, class_mask(val(e, i)->type));
	emit_move(e, r, s, is_vector(val(e, i)->type) || w ? ra_whole(val(e, i)->type) : VR_T_I32);
	return r;
}

void ra_load_into(struct emit *e, uint32_t r, uint32_t i, uint64_t lost)
{
	struct emit_value *v = val(e, i);
	uint32_t type = v->type == VR_T_I32 ? VR_T_I32 : VR_T_I64;
	if (vr_ir_is_constant(e->ops[i].op))
		ra_constant(e, r, i, false);
	else if (v->loc == LOC_SPILL)
		e->target->load(e, r, EMIT_FRAME, ra_spill_offset(v), type);
	else if (v->loc == LOC_PINNED && lost >> v->reg & 1)
		e->target->load(e, r, EMIT_EXEC,
				vr_isa_reg(e->job->isa, e->job->pinned[v->listed - 1].guest_reg)->offset,
				type);
	else
		e->target->move(e, r, v->reg, type);
}

void ra_free(struct emit *e, uint32_t i)
{
	if (!i)
		return;
	struct emit_value *v = val(e, i);
	if (!v->uses || --v->uses)
		return;
	if (v->loc == LOC_REG)
		e->free |= reg_bit(v->reg);
	else if (v->loc == LOC_SPILL)
		drop_spill(e, v);
}

/* A value that has left its pinned register is still in that one's chain, until it joins another. */
static void leave_chain(struct emit *e, uint32_t i)
{
	struct emit_value *v = val(e, i);
	if (!v->listed)
		return;
	uint32_t *p = &e->alias[v->listed - 1];
	while (*p != i)
		p = &val(e, *p)->chain;
	*p = v->chain;
	v->listed = 0;
}

void ra_become_alias(struct emit *e, uint32_t i, uint32_t m)
{
	struct emit_value *v = val(e, i);
	leave_chain(e, i);
	v->listed = (uint8_t)(m + 1);
	v->loc = LOC_PINNED;
	v->reg = e->pin_reg[m];
	v->chain = e->alias[m];
	e->alias[m] = i;
}

/* Pinned register m is about to change: copy out the values that still need the old contents. */
void ra_spill_aliases(struct emit *e, uint32_t m)
{
	uint32_t i = e->alias[m], s = e->pin_reg[m];
	uint64_t busy = e->busy;
	if (e->coalesced.pin == m)
		e->coalesced.pin = PIN_NONE;
	e->alias[m] = 0;
	while (i) {
		struct emit_value *v = val(e, i);
		uint32_t next = v->chain;
		v->listed = 0;
		if (v->uses && v->loc == LOC_PINNED && v->reg == s) {
			uint32_t d = ra_tmp_of(e, class_mask(v->type));
			emit_move(e, d, s, v->type);
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
static int32_t direct_pin(struct emit *e, uint32_t i)
{
	uint32_t j = val(e, i)->put;
	if (!j || j - i > 12)
		return -1;
	uint64_t reg = e->ops[j].imm;
	if (is_vector(e->ops[j].type) && e->ops[j].aux & VR_PUT_KEEP)
		return -1;
	for (uint32_t k = i + 1; k < j; k++) {
		const struct vr_ir_op *o = &e->ops[k];
		if (vr_ir_may_fault(o) || vr_ir_helper(o) != UINT64_MAX)
			return -1;
		if ((o->op == VR_IR_GET || o->op == VR_IR_PUT) && o->imm == reg)
			return -1;
	}
	return e->pin_of[reg];
}

uint32_t ra_def(struct emit *e, uint32_t i, uint32_t like)
{
	uint64_t mask = class_mask(val(e, i)->type);
	int32_t m = direct_pin(e, i);
	if (m >= 0) {
		ra_spill_aliases(e, (uint32_t)m);
		ra_become_alias(e, i, (uint32_t)m);
		e->busy |= reg_bit(e->pin_reg[m]);
		return e->pin_reg[m];
	}
	uint32_t r = like < 64 && (e->free & e->pool & mask & reg_bit(like)) ? like : pick(e, mask);
	ra_assign(e, i, r);
	return r;
}

uint32_t ra_def_apart(struct emit *e, uint32_t i, uint32_t a, uint32_t b, uint32_t c)
{
	uint64_t mask = class_mask(val(e, i)->type);
	int32_t m = direct_pin(e, i);
	if (m >= 0) {
		uint32_t r = e->pin_reg[m];
		if (r != a && r != b && r != c)
			return ra_def(e, i, NOREG);
	}
	/* the operands are pinned */
	uint32_t r = ra_tmp_of(e, mask);
	ra_assign(e, i, r);
	return r;
}

void ra_reserve(struct emit *e, uint32_t r)
{
	uint64_t bit = reg_bit(r);
	if (!(e->free & bit)) {
		uint32_t o = e->owner[r];
		uint64_t mask = class_mask(val(e, o)->type), m = e->free & mask & ~e->busy & ~bit;
		if (m && !vr_ir_is_constant(e->ops[o].op)) {
			uint32_t d = pick(e, mask & ~bit);
			emit_move(e, d, r, ra_whole(val(e, o)->type));
			e->free |= bit;
			uint64_t busy = e->busy;
			ra_assign(e, o, d);
			e->busy = busy;
		} else {
			spill(e, r);
		}
	}
	e->busy |= bit;
}

void ra_spill_mask(struct emit *e, uint64_t mask)
{
	for (uint64_t m = e->pool & ~e->free & mask; m; m &= m - 1)
		spill(e, (uint32_t)__builtin_ctzll(m));
}

static inline void count_use(struct emit *e, uint32_t first, uint32_t i, uint32_t a)
{
	if (!a)
		return;
	if (a - first >= i - first) {
		e->error = VR_E_INVAL;
		return;
	}
	struct emit_value *u = &e->values[a - first];
	if (!u->uses++)
		u->last = i;
}

/* Forget the last block's values; count uses, backwards, so that unused pure ops keep nothing alive. */
void ra_begin_block(struct emit *e, uint32_t index)
{
	const struct vr_ir_block *b = &e->ir->blocks[index];
	e->block = b;
	e->block_index = index;
	e->first = b->first;
	e->op_end = b->first + b->count;
	e->pc = b->start;
	e->free = e->pool;
	e->busy = 0;
	e->spill_free[0] = e->spill_free[1] = ~0ull;
	e->fl = (struct emit_flags){0};
	e->fmem = 0;
	e->pending_count = e->pending_edges = 0;
	e->dirty = b->dirty_in;
	e->coalesced.active = 0;
	e->clean_scalar[0] = e->clean_scalar[1] = 0;
	memset(e->alias, 0, e->job->pinned_count * sizeof(e->alias[0]));
	if (b->count > EMIT_BLOCK_OPS) {
		e->error = VR_E_RANGE;
		return;
	}
	memset(e->values, 0, b->count * sizeof(e->values[0]));
	const uint32_t first = b->first;
	for (uint32_t n = b->count; n-- > 0 && !e->error;) {
		uint32_t i = first + n;
		const struct vr_ir_op *o = &e->ops[i];
		struct emit_value *v = &e->values[n];
		if (o->op >= VR_IR_COUNT) {
			e->error = VR_E_INVAL;
			return;
		}
		const struct vr_ir_info *info = &vr_ir_ops[o->op];
		v->type = (uint8_t)vr_ir_value_type(o);
		if (o->type == VR_T_V256) {
			if (e->target->vector_bytes < 32) {
				e->job->refused = o->op;
				e->error = VR_E_UNSUPPORTED;
				return;
			}
			e->wide = true;
		}
		if (vr_ir_is_constant(o->op))
			v->loc = LOC_CONST;
		if (!v->uses && info->op_class == VR_IRC_PURE) {
			v->emitted = 1;
			continue;
		}
		count_use(e, first, i, vr_ir_condition_value(o));
		if (info->args > 2)
			count_use(e, first, i, o->c);
		if (info->args > 1)
			count_use(e, first, i, o->b);
		if (info->args > 0)
			count_use(e, first, i, o->a);
		if (o->op == VR_IR_LOADP_HI && !e->error) { /* a list, which begins at the LOADP */
			v->chain = val(e, o->a)->chain;
			val(e, o->a)->chain = i;
		}
		if (o->op == VR_IR_PUT && o->a && o->imm < EMIT_GUEST_REGS && e->pin_of[o->imm] != PIN_NONE &&
		    !e->error)
			val(e, o->a)->put = i;
	}
}
