/* SPDX-License-Identifier: MIT */
/*
 * memory.c: guest loads and stores through the software TLB.
 *
 * What an access looks like is the host's (emit_target.tlb_check and guest_load; a host's tlb.c shows the sequence): the check
 * compares the page of the access's last byte with the TLB entry's tag, so that an access that crosses into the next page misses,
 * and leaves the entry's addend in a register. With VR_MF_ALIGN the low address bits are compared as well.
 *
 * The address register is not changed, so that the slow path, at the region's end, can hand it to the engine.
 * The slow path comes back to right after the access: whatever the register allocator has to move is moved
 * before the check.
 *
 * TLB-check coalescing. Accesses of one block off the same guest register, as those to a stack frame or a
 * structure, have one check: the first looks at the whole range that they touch and keeps the addend in the
 * frame; the others take it from there. Where the range is in two pages, or not in the TLB, the addend is 0
 * instead, and each access is checked by itself, out of line (OOL_ELEMENT). A slow path of any of the block's
 * accesses may change the TLB, so it sets the addend to 0 too; a call of a helper ends the coalescing.
 *
 * Same-page hints. An access with a hint (VR_MF_SAME_PAGE) is first compared with the page where the last
 * access of its group was: the frame holds EMIT_PAGE_HINTS page numbers and their addends, one half for pages that
 * may be read, the other half for pages that may be written. An unaligned access misses, so none crosses into the next
 * page. A miss goes by the TLB and keeps what it finds there. On a hit the access waits for nothing.
 *
 * All ones is a tag that no page is equal to. Code that calls C code which may change the TLB sets all tags to
 * that: the thunks and the calls of helpers (emit_target.forget_hints), but not `fp_slow`, whose C code only computes. So
 * a hint holds over any number of regions.
 */
#include "emit.h"

/* VR_MF_* but the hint, which is hint_page()'s alone. */
uint32_t emit_mf_flags(const struct vr_ir_op *o)
{
	return (uint32_t)(o->imm >> 32) & 0xff & ~VR_MF_SAME_PAGE;
}

struct emit_ool *emit_slow_path(struct emit *e, const struct vr_ir_op *o, const struct emit_access *a)
{
	struct emit_ool *s = emit_ool_new(e, OOL_MEMORY);
	s->address = (uint8_t)a->base;
	s->temp = (uint8_t)a->index;
	s->disp = a->disp;
	s->jump[0] = a->slow;
	s->jump[1] = a->denied;
	s->back = code_at(&e->c);
	s->insn = (uint32_t)e->pc;
	s->coalesced = e->coalesced.active || a->coalesced;
	s->pc = vr_ir_unconditional(o->op) | (uint64_t)o->type << 16 | (uint64_t)o->aux << 24 |
		(uint64_t)emit_mf_flags(o) << 32 | (o->op == VR_IR_AMO ? (uint64_t)(uint16_t)o->c << 48 : 0);
	return s;
}

void emit_slow_argument(struct emit_ool *s, uint32_t n, uint32_t reg, uint32_t type)
{
	s->arg[n] = (uint8_t)reg;
	s->arg_type[n] = (uint8_t)type;
}

void emit_slow_constant(struct emit_ool *s, uint32_t n, uint64_t k)
{
	s->constant |= (uint8_t)(1u << n);
	s->imm[n] = k;
	s->arg_type[n] = VR_T_I64;
}

void emit_slow_result(struct emit_ool *s, uint32_t n, uint32_t reg, uint32_t type)
{
	s->result[n] = (uint8_t)reg;
	s->result_type[n] = (uint8_t)type;
}

/* A scratch register for the check: the destination if it is a temporary, else another. */
static uint32_t check_scratch(struct emit *e, uint32_t d, uint32_t base)
{
	if (d < EMIT_VECTOR && d != base && (e->pool >> d & 1))
		return d;
	return tmp(e);
}

/* The check looked at more than [address + disp, + size): out of line, when that failed, at this alone. */
static void check_alone(struct emit *e, struct emit_access *a, uint32_t address, int32_t disp, uint32_t size,
			bool write, uint32_t v)
{
	struct emit_ool *s = emit_ool_new(e, OOL_ELEMENT);
	s->jump[0] = a->slow;
	s->address = (uint8_t)address;
	s->disp = disp;
	s->temp = (uint8_t)a->index;
	s->arg[0] = (uint8_t)v;
	s->what = size;
	s->write = write;
	s->coalesced = a->coalesced;
	s->hint = a->hint;
	s->exit = e->ool_count; /* its slow path comes next */
	s->back = code_at(&e->c);
	a->base = address;
	a->disp = disp;
	a->slow = 0;
}

/* Which of the pages in the frame the group has, 1.., or 0. From another place in each region, so that not
 * all of them turn to the first; but a store never takes a place that another region's loads may have filled.
 */
static uint8_t hint_page(struct emit *e, const struct vr_ir_op *o, bool write)
{
	uint32_t hint = (uint32_t)(o->imm >> 32);
	if (emit_mf_flags(o) || !(hint & VR_MF_SAME_PAGE))
		return 0;
	uint8_t *page = &e->hint[write][hint >> VR_MF_GROUP_SHIFT & (VR_MF_GROUPS - 1)];
	if (!*page && e->hint_count[write] < EMIT_PAGE_HINTS / 2)
		*page = (uint8_t)(1 + (write ? EMIT_PAGE_HINTS / 2u : 0u) +
				  ((e->ir->blocks[0].start >> 2) + e->hint_count[write]++) %
					  (EMIT_PAGE_HINTS / 2));
	return *page;
}

static struct emit_access hint_check(struct emit *e, const struct vr_ir_op *o, uint32_t base, uint8_t page,
				     bool write, uint32_t u, uint32_t v)
{
	int32_t disp = (int32_t)o->imm;
	uint32_t size = vr_ir_access_bytes(o);
	struct emit_access a = {base, u, disp, 0, 0, false, page};
	a.slow = e->target->hint_check(e, base, disp, size, EMIT_HINT_TAG(page - 1), v);
	e->target->load(e, u, EMIT_FRAME, EMIT_HINT_ADDEND(page - 1), VR_T_I64);
	check_alone(e, &a, base, disp, size, write, v);
	return a;
}

/* The address is b + 0..c: only the access itself waits for it. */
static struct emit_access table_check(struct emit *e, const struct vr_ir_op *o, uint32_t address,
				      uint32_t base, uint32_t u, uint32_t v)
{
	uint32_t size = 1u << (o->aux & 7);
	struct emit_access a =
		e->target->tlb_check(e, base, (int32_t)o->imm, o->c + size, 0, false, false, u, v);
	check_alone(e, &a, address, (int32_t)o->imm, size, false, v);
	return a;
}

#define COALESCE_MOST 512 /* bytes: a longer range is in two pages too often */
#define COALESCE_FAR 96   /* ops */

enum coalescing { ALONE, FIRST, NEXT };

static bool may_coalesce(const struct vr_ir_op *o)
{
	return vr_ir_ops[o->op].imm == VR_IMM_ACCESS && !emit_mf_flags(o) && !vr_ir_table_base(o);
}

/* The pinned register that v is a GET of, or PIN_NONE. */
static uint32_t pin_of_value(const struct emit *e, uint32_t v)
{
	const struct vr_ir_op *o = &e->ops[v];
	return o->op == VR_IR_GET && o->type == VR_T_I64 && o->imm < EMIT_GUEST_REGS ? e->pin_of[o->imm]
										     : PIN_NONE;
}

/* Is access i coalesced with others? Called before its result is given a register: that may be the pinned
 * one. */
static enum coalescing coalesce(struct emit *e, const struct vr_ir_op *o, uint32_t i)
{
	int32_t low = (int32_t)o->imm, high = low + (int32_t)vr_ir_access_bytes(o);
	bool write = vr_ir_only_writes(o), others = false;
	if (!may_coalesce(o) || val(e, o->a)->type != VR_T_I64)
		return ALONE;
	uint32_t pin = val(e, o->a)->loc == LOC_PINNED ? pin_of_value(e, o->a) : PIN_NONE, same = pin;
	if (e->coalesced.active &&
	    (e->coalesced.value == o->a || (pin != PIN_NONE && e->coalesced.pin == pin)) &&
	    low >= e->coalesced.low && high <= e->coalesced.high && (e->coalesced.write || !write))
		return NEXT;
	for (uint32_t k = i + 1; k < e->op_end && k < i + COALESCE_FAR; k++) {
		const struct vr_ir_op *p = &e->ops[k];
		if (vr_ir_helper(p) != UINT64_MAX)
			break;
		if (p->op == VR_IR_PUT && p->imm < EMIT_GUEST_REGS && e->pin_of[p->imm] == same)
			same = PIN_NONE;
		if (!may_coalesce(p) || (p->a != o->a && (same == PIN_NONE || pin_of_value(e, p->a) != same)))
			continue;
		int32_t first = (int32_t)p->imm, last = first + (int32_t)vr_ir_access_bytes(p);
		first = first < low ? first : low;
		last = last > high ? last : high;
		if ((int64_t)last - first > COALESCE_MOST)
			continue;
		low = first;
		high = last;
		write |= vr_ir_only_writes(p);
		others = true;
	}
	if (!others)
		return ALONE;
	e->coalesced = (struct emit_coalescing){
		.active = 1, .value = o->a, .pin = pin, .low = low, .high = high, .write = write};
	return FIRST;
}

/* The check of access o at register `base`, as coalesce() said it would be. */
static struct emit_access access_check(struct emit *e, const struct vr_ir_op *o, uint32_t base,
				       enum coalescing how, bool write, uint32_t u, uint32_t v)
{
	const struct emit_target *t = e->target;
	struct emit_access a = {base, u, (int32_t)o->imm, 0, 0, true, 0};
	if (how == ALONE) {
		uint8_t page = hint_page(e, o, write);
		return page ? hint_check(e, o, base, page, write, u, v)
			    : e->target->tlb_check(e, base, (int32_t)o->imm, vr_ir_access_bytes(o),
						   emit_mf_flags(o), emit_mf_flags(o) & VR_MF_ALIGN, write, u,
						   v);
	}
	if (how == FIRST) {
		a = e->target->tlb_check(e, base, e->coalesced.low,
					 (uint32_t)(e->coalesced.high - e->coalesced.low), 0, false,
					 e->coalesced.write, u, v);
		a.coalesced = true;
		t->store(e, EMIT_FRAME, EMIT_COALESCED_ADDEND, u, VR_T_I64);
	} else {
		t->load(e, u, EMIT_FRAME, EMIT_COALESCED_ADDEND, VR_T_I64);
		a.slow = t->jump_zero(e, u);
	}
	check_alone(e, &a, base, (int32_t)o->imm, vr_ir_access_bytes(o), write, v);
	return a;
}

EMIT_OP(LOAD)
{
	emit_flags_clobber(e);
	uint32_t ra = ra_use_clean(e, o->a), rb = o->b ? ra_use_clean(e, o->b) : NOREG;
	enum coalescing how = coalesce(e, o, i);
	ra_free(e, o->a);
	ra_free(e, o->b);
	uint32_t d = ra_def(e, i, ra), v = check_scratch(e, d, ra), u = tmp(e);
	struct emit_access a =
		o->b ? table_check(e, o, ra, rb, u, v) : access_check(e, o, ra, how, false, u, v);
	struct emit_ool *s = emit_slow_path(e, o, &a);
	e->target->guest_load(e, o, &a, 0, d);
	s->back = code_at(&e->c);
	emit_slow_result(s, 0, d, o->type);
}

/* Element n of a store, value v: in a register (*reg), or a constant (NOREG). */
struct stored {
	uint32_t reg;
	uint64_t k;
};

static struct stored stored_value(struct emit *e, const struct vr_ir_op *o, uint32_t v)
{
	struct stored s = {NOREG, 0};
	if (!const_of(e, v, &s.k) || !e->target->constant_fits(o, s.k))
		s.reg = ra_use_as(e, v, o->type);
	return s;
}

static void store_element(struct emit *e, const struct vr_ir_op *o, const struct emit_access *a, uint32_t n,
			  struct stored s)
{
	if (s.reg == NOREG)
		e->target->guest_store_constant(e, o, a, n, s.k);
	else
		e->target->guest_store(e, o, a, n, s.reg);
}

/* As long as the op's type: stored_value() made it that. */
static void stored_argument(const struct vr_ir_op *o, struct emit_ool *slow, uint32_t n, struct stored s)
{
	if (s.reg == NOREG)
		emit_slow_constant(slow, n, s.k);
	else
		emit_slow_argument(slow, n, s.reg, o->type);
}

EMIT_OP(STORE)
{
	emit_flags_clobber(e);
	uint32_t ra = ra_use_clean(e, o->a);
	struct stored b = stored_value(e, o, o->b);
	enum coalescing how = coalesce(e, o, i);
	uint32_t u = tmp(e), v = tmp(e);
	struct emit_access a = access_check(e, o, ra, how, true, u, v);
	store_element(e, o, &a, 0, b);
	struct emit_ool *s = emit_slow_path(e, o, &a);
	stored_argument(o, s, 0, b);
	e->target->guest_stored(e, emit_mf_flags(o));
	ra_free(e, o->a);
	ra_free(e, o->b);
}

/* The LOADP_HI ops that name LOADP i: *second is the first of them, whose value LOADP makes. The others copy
 * it when they come; until then each is a use of it. Returns how many others there are. ra_begin_block() has
 * made the list. */
static uint32_t second_values(struct emit *e, uint32_t i, uint32_t *second)
{
	uint32_t others = 0, first = val(e, i)->chain;
	if (!first)
		return 0;
	for (uint32_t k = val(e, first)->chain, next; k; k = next) {
		next = val(e, k)->chain;
		val(e, k)->chain = first;
		val(e, first)->uses++;
		if (val(e, first)->last < k)
			val(e, first)->last = k;
		others++;
	}
	val(e, i)->chain = val(e, first)->chain = 0;
	*second = first;
	return others;
}

EMIT_OP(LOADP)
{
	emit_flags_clobber(e);
	uint32_t second = 0;
	enum coalescing how;
	uint32_t others = second_values(e, i, &second);
	uint32_t ra = ra_use_clean(e, o->a);
	how = coalesce(e, o, i);
	ra_free(e, o->a);
	uint32_t d0 = ra_def(e, i, NOREG), d1 = NOREG;
	if (second) {
		val(e, second)->emitted = 1;
		if (second == i + 1) {
			d1 = ra_def(e, second, NOREG);
		} else {
			d1 = ra_tmp_of(e, class_mask(o->type));
			ra_assign(e, second, d1);
		}
		for (uint32_t n = 0; n <= others; n++)
			ra_free(e, i);
	}
	uint32_t v = check_scratch(e, d0, ra), u = tmp(e);
	struct emit_access a = access_check(e, o, ra, how, false, u, v);
	if (d0 != ra)
		e->target->guest_load(e, o, &a, 0, d0);
	if (second)
		e->target->guest_load(e, o, &a, 1, d1);
	if (d0 == ra)
		e->target->guest_load(e, o, &a, 0, d0);
	struct emit_ool *s = emit_slow_path(e, o, &a);
	emit_slow_result(s, 0, d0, o->type);
	if (second)
		emit_slow_result(s, 1, d1, o->type);
}

EMIT_OP(LOADP_HI)
{
	/* LOADP did the first one */
	uint32_t first = val(e, i)->chain, r = ra_use(e, first);
	uint8_t dirty = val(e, first)->dirty_high;
	val(e, i)->chain = 0;
	ra_free(e, first);
	uint32_t d = ra_def(e, i, r);
	emit_move(e, d, r, is_vector(o->type) ? ra_whole(o->type) : o->type);
	val(e, i)->dirty_high = dirty;
}

EMIT_OP(STOREP)
{
	emit_flags_clobber(e);
	uint32_t ra = ra_use_clean(e, o->a);
	struct stored b = stored_value(e, o, o->b), c = stored_value(e, o, o->c);
	enum coalescing how = coalesce(e, o, i);
	uint32_t u = tmp(e), v = tmp(e);
	struct emit_access a = access_check(e, o, ra, how, true, u, v);
	store_element(e, o, &a, 0, b);
	store_element(e, o, &a, 1, c);
	struct emit_ool *s = emit_slow_path(e, o, &a);
	stored_argument(o, s, 0, b);
	stored_argument(o, s, 1, c);
	e->target->guest_stored(e, emit_mf_flags(o));
	ra_free(e, o->a);
	ra_free(e, o->b);
	ra_free(e, o->c);
}
