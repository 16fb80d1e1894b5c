/* SPDX-License-Identifier: MIT */
/*
 * memory.c: guest loads and stores through the software TLB.
 *
 *     lea  u, [a + disp]             ; or rorx u, a, 7 when there is no displacement
 *     shr  u, 7                      ; page number * sizeof(struct vr_tlb_entry), the rest masked away:
 *     and  u, [context + tlb_mask]
 *     lea  v, [a + disp + size - 1]  ; an access that crosses into the next page must miss
 *     and  v, -4096                  ; (with VR_MF_ALIGN: v = (a + disp) & (-4096 | size - 1))
 *     cmp  v, [context + u + tlb.tag]
 *     jne  slow
 *     mov  u, [context + u + tlb.addend]
 *     access [a + u + disp]
 *
 * The address register is not changed, so that the slow path, at the region's end, can hand it to the engine.
 * The slow path comes back to right after the access: whatever the register allocator has to move is moved
 * before the check.
 *
 * TLB-check coalescing. Accesses of one block off the same guest register, as those to a stack frame or a
 * structure, have one check: the first looks at the whole range that they touch and keeps the addend in the
 * frame; the others take it from there. Where the range is in two pages, or not in the TLB, the addend is 0
 * instead, and each access is checked by itself, out of line (ool_element). A slow path of any of the block's
 * accesses may change the TLB, so it sets the addend to 0 too; a call of a helper ends the coalescing.
 *
 * Same-page hints. An access with a hint (VR_MF_SAME_PAGE) is first compared with the page where the last
 * access of its group was: the frame holds PAGE_HINTS page numbers and their addends, one half for pages that
 * may be read, the other half for pages that may be written.
 *
 *     lea  v, [a + disp]
 *     and  v, -4096 | size - 1       ; an unaligned one misses, so none crosses into the next page
 *     cmp  v, [rsp + hint.tag]
 *     jne  element                   ; ... which goes by the TLB and keeps what it finds there
 *     mov  u, [rsp + hint.addend]    ; waits for nothing
 *     access [a + u + disp]
 *
 * All ones is a tag that no v is equal to. Code that calls C code which may change the TLB sets all tags to
 * that: the thunks and the calls of helpers (forget_hints), but not `fp_slow`, whose C code only computes. So
 * a hint holds over any number of regions.
 *
 * Order: loads are acquires and stores releases on this host (SDM vol. 3, 9.2.2); an SC store is followed by
 * a full fence.
 */
#include "em.h"

/* VR_MF_* but the hint, which is hint_page()'s alone. */
static uint32_t mf_flags(const struct vr_ir_op *o)
{
	return (uint32_t)(o->imm >> 32) & 0xff & ~VR_MF_SAME_PAGE;
}

static struct mem access_mem(const struct access *a, uint32_t offset)
{
	return mem_index(a->base, a->index, 0, a->disp + (int32_t)offset);
}

static struct ool *slow_path(struct em *e, const struct vr_ir_op *o, const struct access *a)
{
	struct ool *s = ool_new(e, OOL_MEMORY);
	s->address = (uint8_t)a->base;
	s->temp = (uint8_t)a->index;
	s->disp = a->disp;
	s->jump[0] = a->slow;
	s->jump[1] = a->denied;
	s->back = code_at(&e->c);
	s->insn = (uint32_t)(e->pc - e->job->pc_base);
	s->coalesced = e->coalesced.active || a->coalesced;
	uint32_t op = o->op == VR_IR_CASIF ? VR_IR_CAS : o->op == VR_IR_CAS2IF ? VR_IR_CAS2 : o->op;
	s->pc = op | (uint64_t)o->type << 16 | (uint64_t)o->aux << 24 | (uint64_t)mf_flags(o) << 32 |
		(o->op == VR_IR_AMO ? (uint64_t)(uint16_t)o->c << 48 : 0);
	return s;
}

static void slow_argument(struct ool *s, uint32_t n, uint32_t reg, uint32_t type)
{
	s->arg[n] = (uint8_t)reg;
	s->arg_type[n] = (uint8_t)type;
}

static void slow_constant(struct ool *s, uint32_t n, uint64_t k)
{
	s->constant |= (uint8_t)(1u << n);
	s->imm[n] = k;
	s->arg_type[n] = VR_T_I64;
}

static void slow_result(struct ool *s, uint32_t n, uint32_t reg, uint32_t type)
{
	s->result[n] = (uint8_t)reg;
	s->result_type[n] = (uint8_t)type;
}

static void load_to(struct em *e, uint32_t type, uint32_t aux, uint32_t d, struct mem m)
{
	struct code *c = &e->c;
	uint32_t w = type == VR_T_I64;
	switch (type) {
	case VR_T_F32:
		v_rm(c, I_VMOVSS, d, m);
		return;
	case VR_T_F64:
	case VR_T_V64:
		v_rm(c, I_VMOVSD, d, m);
		return;
	case VR_T_V128:
		if ((aux & 7) < 4)
			v_rm(c, (aux & 7) == 2 ? I_VMOVSS : I_VMOVSD, d, m);
		else
			vload(c, d, m);
		return;
	default:
		break;
	}
	bool sign = aux & VR_MS_SIGN;
	switch (aux & 7) {
	case 0:
		x_rm(c, sign ? X_MOVSX8 : X_MOVZX8, sign && w, d, m);
		break;
	case 1:
		x_rm(c, sign ? X_MOVSX16 : X_MOVZX16, sign && w, d, m);
		break;
	case 2:
		x_rm(c, sign && w ? X_MOVSXD : X_MOV_LOAD, sign && w, d, m);
		break;
	default:
		mov_load(c, 1, d, m);
	}
}

static void store_from(struct em *e, uint32_t type, uint32_t aux, struct mem m, uint32_t s)
{
	struct code *c = &e->c;
	if (is_vector(type)) {
		uint32_t n = type == VR_T_F32 ? 2 : type == VR_T_V128 ? aux & 7 : 3;
		v_rm(c, n == 2 ? I_VMOVSS_ST : n == 3 ? I_VMOVSD_ST : I_VMOVUPS_ST, s, m);
		return;
	}
	switch (aux & 7) {
	case 0:
		x_rm(c, X_MOV_STORE8, 0, s, m);
		break;
	case 1:
		x_rm(c, X_MOV_STORE16, 0, s, m);
		break;
	default:
		mov_store(c, (aux & 7) == 3, m, s);
	}
}

static void store_constant(struct em *e, uint32_t aux, struct mem m, uint64_t k)
{
	struct code *c = &e->c;
	switch (aux & 7) {
	case 0:
		m.tail = 1;
		x_rm(c, 0xc6, 0, 0, m);
		put8(c, (uint8_t)k);
		break;
	case 1:
		x_rm(c, 0xc7 | 0x66 << 16, 0, 0, m);
		put8(c, (uint8_t)k);
		put8(c, (uint8_t)(k >> 8));
		break;
	default:
		mov_store_imm(c, (aux & 7) == 3, m, (uint32_t)k);
	}
}

static void full_fence(struct em *e)
{
	static const uint8_t lock_or[] = {0xf0, 0x83, 0x0c, 0x24, 0x00}; /* lock or dword [rsp], 0 */
	memcpy(e->c.p, lock_or, sizeof(lock_or));
	e->c.p += sizeof(lock_or);
}

/* A scratch register for the check: the destination if it is a temporary, else another. */
static uint32_t check_scratch(struct em *e, uint32_t d, uint32_t base)
{
	if (d < 16 && d != base && (e->pool >> d & 1))
		return d;
	return tmp(e);
}

/* The check looked at more than [address + disp, + size): out of line, when that failed, at this alone. */
static void check_alone(struct em *e, struct access *a, uint32_t address, int32_t disp, uint32_t size,
			bool write, uint32_t v)
{
	struct ool *s = ool_new(e, OOL_ELEMENT);
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
static uint8_t hint_page(struct em *e, const struct vr_ir_op *o, bool write)
{
	uint32_t hint = (uint32_t)(o->imm >> 32);
	if (mf_flags(o) || !(hint & VR_MF_SAME_PAGE))
		return 0;
	uint8_t *page = &e->hint[write][hint >> VR_MF_GROUP_SHIFT & (VR_MF_GROUPS - 1)];
	if (!*page && e->hint_count[write] < PAGE_HINTS / 2)
		*page = (uint8_t)(1 + (write ? PAGE_HINTS / 2u : 0u) +
				  ((e->ir->blocks[0].pc >> 2) + e->hint_count[write]++) % (PAGE_HINTS / 2));
	return *page;
}

static struct access hint_check(struct em *e, const struct vr_ir_op *o, uint32_t base, uint8_t page,
				bool write, uint32_t u, uint32_t v)
{
	struct code *c = &e->c;
	int32_t disp = (int32_t)o->imm;
	uint32_t size = vr_ir_access_bytes(o);
	struct access a = {base, u, disp, 0, 0, false, page};
	if (disp)
		lea(c, 1, v, mem_base(base, disp));
	else
		mov_rr(c, 1, v, base);
	alu_ri(c, ALU_AND, 1, v, -4096 | (int32_t)(size - 1));
	alu_rm(c, ALU_CMP, 1, v, mem_base(RSP, HINT_TAG(page - 1)));
	a.slow = jcc_far(c, CC_NE);
	mov_load(c, 1, u, mem_base(RSP, HINT_ADDEND(page - 1)));
	check_alone(e, &a, base, disp, size, write, v);
	return a;
}

/* The address is b + 0..c: only the access itself waits for it. */
static struct access table_check(struct em *e, const struct vr_ir_op *o, uint32_t address, uint32_t base,
				 uint32_t u, uint32_t v)
{
	uint32_t size = 1u << (o->aux & 7);
	struct access a = tlb_check(e, base, (int32_t)o->imm, o->c + size, 0, false, false, u, v);
	check_alone(e, &a, address, (int32_t)o->imm, size, false, v);
	return a;
}

#define COALESCE_MOST 512 /* bytes: a longer range is in two pages too often */
#define COALESCE_FAR 96   /* ops */

enum coalescing { ALONE, FIRST, NEXT };

static bool may_coalesce(const struct vr_ir_op *o)
{
	return vr_ir_ops[o->op].imm == VR_IMM_ACCESS && !mf_flags(o) && !vr_ir_table_base(o);
}

/* The pinned register that v is a GET of, or PIN_NONE. */
static uint32_t pin_of_value(const struct em *e, uint32_t v)
{
	const struct vr_ir_op *o = &e->ops[v];
	return o->op == VR_IR_GET && o->type == VR_T_I64 && o->imm < MAX_GUEST_REGS ? e->pin_of[o->imm]
										    : PIN_NONE;
}

/* Is access i coalesced with others? Called before its result is given a register: that may be the pinned
 * one. */
static enum coalescing coalesce(struct em *e, const struct vr_ir_op *o, uint32_t i)
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
		if (p->op == VR_IR_PUT && p->imm < MAX_GUEST_REGS && e->pin_of[p->imm] == same)
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
	e->coalesced = (struct tlb_coalescing){
		.active = 1, .value = o->a, .pin = pin, .low = low, .high = high, .write = write};
	return FIRST;
}

/* The check of access o at register `base`, as coalesce() said it would be. */
static struct access access_check(struct em *e, const struct vr_ir_op *o, uint32_t base, enum coalescing how,
				  bool write, uint32_t u, uint32_t v)
{
	struct code *c = &e->c;
	struct access a = {base, u, (int32_t)o->imm, 0, 0, true, 0};
	if (how == ALONE) {
		uint8_t page = hint_page(e, o, write);
		return page ? hint_check(e, o, base, page, write, u, v)
			    : tlb_check(e, base, (int32_t)o->imm, vr_ir_access_bytes(o), mf_flags(o),
					mf_flags(o) & VR_MF_ALIGN, write, u, v);
	}
	if (how == FIRST) {
		a = tlb_check(e, base, e->coalesced.low, (uint32_t)(e->coalesced.high - e->coalesced.low), 0,
			      false, e->coalesced.write, u, v);
		a.coalesced = true;
		mov_store(c, 1, mem_base(RSP, COALESCED_ADDEND), u);
	} else {
		mov_load(c, 1, u, mem_base(RSP, COALESCED_ADDEND));
		test_rr(c, 1, u, u);
		a.slow = jcc_far(c, CC_E);
	}
	check_alone(e, &a, base, (int32_t)o->imm, vr_ir_access_bytes(o), write, v);
	return a;
}

OP(LOAD)
{
	flags_clobber(e);
	uint32_t ra = ra_use_clean(e, o->a), rb = o->b ? ra_use_clean(e, o->b) : NOREG;
	enum coalescing how = coalesce(e, o, i);
	ra_free(e, o->a);
	ra_free(e, o->b);
	uint32_t d = ra_def(e, i, ra), v = check_scratch(e, d, ra), u = tmp(e);
	struct access a = o->b ? table_check(e, o, ra, rb, u, v) : access_check(e, o, ra, how, false, u, v);
	struct ool *s = slow_path(e, o, &a);
	load_to(e, o->type, o->aux, d, access_mem(&a, 0));
	s->back = code_at(&e->c);
	slow_result(s, 0, d, o->type);
}

OP(STORE)
{
	flags_clobber(e);
	uint32_t ra = ra_use_clean(e, o->a), rb = NOREG;
	uint64_t k;
	bool constant = const_of(e, o->b, &k) && ((o->aux & 7) < 3 || k == (uint64_t)(int64_t)(int32_t)k);
	if (!constant)
		rb = ra_use_as(e, o->b, o->type);
	enum coalescing how = coalesce(e, o, i);
	uint32_t u = tmp(e), v = tmp(e);
	struct access a = access_check(e, o, ra, how, true, u, v);
	if (constant)
		store_constant(e, o->aux, access_mem(&a, 0), k);
	else
		store_from(e, o->type, o->aux, access_mem(&a, 0), rb);
	struct ool *s = slow_path(e, o, &a);
	if (constant)
		slow_constant(s, 0, k);
	else
		slow_argument(s, 0, rb, val(e, o->b)->type);
	if (mf_flags(o) & VR_MF_SC)
		full_fence(e);
	ra_free(e, o->a);
	ra_free(e, o->b);
}

/* The LOADP_HI ops that name LOADP i: *second is the first of them, whose value LOADP makes. The others copy
 * it when they come; until then each is a use of it. Returns how many others there are. begin_block() has
 * made the list. */
static uint32_t second_values(struct em *e, uint32_t i, uint32_t *second)
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

OP(LOADP)
{
	flags_clobber(e);
	uint32_t size = 1u << (o->aux & 7), second = 0;
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
			d1 = tmp_of(e, class_mask(o->type));
			ra_assign(e, second, d1);
		}
		for (uint32_t n = 0; n <= others; n++)
			ra_free(e, i);
	}
	uint32_t v = check_scratch(e, d0, ra), u = tmp(e);
	struct access a = access_check(e, o, ra, how, false, u, v);
	if (d0 != ra)
		load_to(e, o->type, o->aux, d0, access_mem(&a, 0));
	if (second)
		load_to(e, o->type, o->aux, d1, access_mem(&a, size));
	if (d0 == ra)
		load_to(e, o->type, o->aux, d0, access_mem(&a, 0));
	struct ool *s = slow_path(e, o, &a);
	slow_result(s, 0, d0, o->type);
	if (second)
		slow_result(s, 1, d1, o->type);
}

OP(LOADP_HI)
{
	/* LOADP did the first one */
	uint32_t first = val(e, i)->chain, r = ra_use(e, first);
	uint8_t dirty = val(e, first)->dirty_high;
	val(e, i)->chain = 0;
	ra_free(e, first);
	uint32_t d = ra_def(e, i, r);
	move_value(e, d, r, is_vector(o->type) ? VR_T_V128 : o->type);
	val(e, i)->dirty_high = dirty;
}

OP(STOREP)
{
	(void)i;
	flags_clobber(e);
	uint32_t size = 1u << (o->aux & 7), ra = ra_use_clean(e, o->a), n = o->aux & 7;
	uint64_t kb = 0, kc = 0;
	bool cb = const_of(e, o->b, &kb) && (n < 3 || kb == (uint64_t)(int64_t)(int32_t)kb);
	bool cc = const_of(e, o->c, &kc) && (n < 3 || kc == (uint64_t)(int64_t)(int32_t)kc);
	uint32_t rb = cb ? NOREG : ra_use_as(e, o->b, o->type);
	uint32_t rc = cc ? NOREG : ra_use_as(e, o->c, o->type);
	enum coalescing how = coalesce(e, o, i);
	uint32_t u = tmp(e), v = tmp(e);
	struct access a = access_check(e, o, ra, how, true, u, v);
	if (cb)
		store_constant(e, o->aux, access_mem(&a, 0), kb);
	else
		store_from(e, o->type, o->aux, access_mem(&a, 0), rb);
	if (cc)
		store_constant(e, o->aux, access_mem(&a, size), kc);
	else
		store_from(e, o->type, o->aux, access_mem(&a, size), rc);
	struct ool *s = slow_path(e, o, &a);
	if (cb)
		slow_constant(s, 0, kb);
	else
		slow_argument(s, 0, rb, val(e, o->b)->type);
	if (cc)
		slow_constant(s, 1, kc);
	else
		slow_argument(s, 1, rc, val(e, o->c)->type);
	if (mf_flags(o) & VR_MF_SC)
		full_fence(e);
	ra_free(e, o->a);
	ra_free(e, o->b);
	ra_free(e, o->c);
}

OP(FENCE)
{
	(void)i;
	if (o->aux)
		return;
	flags_clobber(e);
	full_fence(e);
}

/* ---- atomics: one locked instruction or a compare-and-swap loop; unaligned ones take the slow path ---- */

static void zero_extend(struct code *c, uint32_t n, uint32_t r)
{
	if (n == 0)
		x_rr(c, X_MOVZX8, 0, r, r);
	else if (n == 1)
		x_rr(c, X_MOVZX16, 0, r, r);
}

static void locked(struct code *c, const uint32_t ops[3], uint32_t n, struct mem m, uint32_t r)
{
	put8(c, 0xf0);
	x_rm(c, ops[n < 2 ? n : 2], n == 3, r, m);
}

static const uint32_t cmpxchg_ops[3] = {X_CMPXCHG8, X_CMPXCHG16, X_CMPXCHG};
static const uint32_t xadd_ops[3] = {X_XADD8, X_XADD16, X_XADD};
static const uint32_t xchg_ops[3] = {X_XCHG8, X_XCHG16, X_XCHG};

static void compare_and_swap(struct em *e, const struct vr_ir_op *o, uint32_t i, uint32_t condition)
{
	struct code *c = &e->c;
	uint32_t n = o->aux & 3, out = 0;
	flags_clobber(e);
	ra_reserve(e, RAX);
	if (condition)
		load_into(e, RAX, condition);
	uint32_t ra = ra_use_clean(e, o->a), rb = n == 3 ? ra_use_clean(e, o->b) : ra_use(e, o->b);
	uint32_t rc = n == 3 ? ra_use_clean(e, o->c) : ra_use(e, o->c), u = tmp(e);
	if (condition) {
		test_rr(c, 1, RAX, RAX);
		mov_rr(c, n == 3, RAX, rb);
		not_r(c, n == 3, RAX);
		zero_extend(c, n, RAX);
		out = jcc_far(c, CC_E);
	}
	struct access a =
		tlb_check(e, ra, condition ? 0 : (int32_t)o->imm, 1u << n, mf_flags(o), true, true, u, RAX);
	mov_rr(c, n == 3, RAX, rb);
	locked(c, cmpxchg_ops, n, access_mem(&a, 0), rc);
	zero_extend(c, n, RAX);
	struct ool *s = slow_path(e, o, &a);
	slow_argument(s, 0, rb, VR_T_I64);
	slow_argument(s, 1, rc, VR_T_I64);
	slow_result(s, 0, RAX, VR_T_I64);
	if (condition)
		patch_here(c, out);
	ra_free(e, o->a);
	ra_free(e, o->b);
	ra_free(e, o->c);
	ra_free(e, condition);
	ra_assign(e, i, RAX);
}

OP(CAS)
{
	compare_and_swap(e, o, i, 0);
}

OP(CASIF)
{
	compare_and_swap(e, o, i, (uint32_t)o->imm);
}

static void compare_and_swap_16(struct em *e, const struct vr_ir_op *o, uint32_t i, uint32_t condition)
{
	static const uint8_t fixed[] = {RAX, RCX, RDX, RSI, RDI};
	struct code *c = &e->c;
	uint32_t out = 0;
	flags_clobber(e);
	for (uint32_t k = 0; k < 5; k++)
		ra_reserve(e, fixed[k]);
	load_into(e, RSI, o->a);
	if (condition)
		load_into(e, RAX, condition);
	uint32_t rb = ra_use_clean(e, o->b), rc = ra_use_clean(e, o->c);
	/* written before the access, so not in a pinned register, which must hold its value if that faults */
	uint32_t d = vtmp(e);
	ra_assign(e, i, d);
	if (condition) {
		v_rrr(c, I_VPCMPEQD, d, d, d);
		v_rrr(c, I_VPXOR, d, d, rb);
		test_rr(c, 1, RAX, RAX);
		out = jcc_far(c, CC_E);
	}
	struct access a =
		tlb_check(e, RSI, condition ? 0 : (int32_t)o->imm, 16, mf_flags(o), true, true, RDI, RCX);
	lea(c, 1, RSI, access_mem(&a, 0));
	mov_rr(c, 1, RDI, RBX);
	v_wrrr(c, I_VMOVD_TO, 1, rb, 0, RAX);
	v_rrri(c, I_VPEXTRQ, rb, 0, RDX, 1);
	v_wrrr(c, I_VMOVD_TO, 1, rc, 0, RBX);
	v_rrri(c, I_VPEXTRQ, rc, 0, RCX, 1);
	put8(c, 0xf0);
	x_rm(c, X_CMPXCHG16B, 1, 1, mem_base(RSI, 0));
	mov_rr(c, 1, RBX, RDI);
	v_wrrr(c, I_VMOVD_FROM, 1, d, 0, RAX);
	v_rrri(c, I_VPINSRQ, d, d, RDX, 1);
	struct ool *s = slow_path(e, o, &a);
	slow_argument(s, 0, rb, VR_T_V128);
	slow_argument(s, 1, rc, VR_T_V128);
	slow_result(s, 0, d, VR_T_V128);
	if (condition)
		patch_here(c, out);
	ra_free(e, o->a);
	ra_free(e, o->b);
	ra_free(e, o->c);
	ra_free(e, condition);
}

OP(CAS2)
{
	compare_and_swap_16(e, o, i, 0);
}

OP(CAS2IF)
{
	compare_and_swap_16(e, o, i, (uint32_t)o->imm);
}

/* cmp r, s of 2^n bytes */
static void compare_sized(struct code *c, uint32_t n, uint32_t r, uint32_t s)
{
	static const uint32_t ops[4] = {0x3a | 1 << 12, 0x3b | 0x66 << 16, 0x3b, 0x3b};
	x_rr(c, ops[n], n == 3, r, s);
}

OP(AMO)
{
	/* old stays in memory when old cc b */
	static const uint8_t keep[9] = {
		[VR_AMO_SMAX] = CC_G, [VR_AMO_SMIN] = CC_L, [VR_AMO_UMAX] = CC_A, [VR_AMO_UMIN] = CC_B};
	struct code *c = &e->c;
	uint32_t n = o->aux & 3, kind = o->c, w = n == 3;
	bool single = kind == VR_AMO_ADD || kind == VR_AMO_SWAP;
	flags_clobber(e);
	if (!single)
		ra_reserve(e, RAX);
	uint32_t ra = ra_use_clean(e, o->a), rb = w ? ra_use_clean(e, o->b) : ra_use(e, o->b), u = tmp(e),
		 t = tmp(e);
	uint32_t d = single ? t : (uint32_t)RAX;
	struct access a = tlb_check(e, ra, (int32_t)o->imm, 1u << n, mf_flags(o), true, true, u, t);
	struct mem m = access_mem(&a, 0);
	if (single) {
		mov_rr(c, w, t, rb);
		if (kind == VR_AMO_ADD)
			locked(c, xadd_ops, n, m, t);
		else
			x_rm(c, xchg_ops[n < 2 ? n : 2], w, t, m);
		zero_extend(c, n, t);
	} else {
		load_to(e, w ? VR_T_I64 : VR_T_I32, n, RAX, m);
		uint32_t again = code_at(c);
		mov_rr(c, w, t, rb);
		switch (kind) {
		case VR_AMO_ANDN:
			not_r(c, w, t);
			alu_rr(c, ALU_AND, w, t, RAX);
			break;
		case VR_AMO_XOR:
			alu_rr(c, ALU_XOR, w, t, RAX);
			break;
		case VR_AMO_OR:
			alu_rr(c, ALU_OR, w, t, RAX);
			break;
		default:
			compare_sized(c, n, RAX, rb);
			cmov(c, keep[kind % 9], w, t, RAX);
		}
		locked(c, cmpxchg_ops, n, m, t);
		jcc_back(c, CC_NE, again);
	}
	struct ool *s = slow_path(e, o, &a);
	slow_argument(s, 0, rb, VR_T_I64);
	slow_result(s, 0, d, VR_T_I64);
	ra_free(e, o->a);
	ra_free(e, o->b);
	ra_assign(e, i, d);
}
