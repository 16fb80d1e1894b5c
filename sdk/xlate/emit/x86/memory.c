/* SPDX-License-Identifier: MIT */
/*
 * memory.c: guest loads and stores through the software TLB.
 *
 *     lea  u, [a + disp]             ; or rorx u, a, 7 when there is no displacement
 *     shr  u, 7                      ; page number * sizeof(struct vr_tlb_entry), the rest masked away:
 *     and  u, [bank + tlb_mask]
 *     lea  v, [a + disp + size - 1]  ; an access that crosses into the next page must miss
 *     and  v, -4096                  ; (with VR_MF_ALIGN: v = (a + disp) & (-4096 | size - 1))
 *     cmp  v, [bank + u + tlb.tag]
 *     jne  slow
 *     mov  u, [bank + u + tlb.addend]
 *     access [a + u + disp]
 *
 * The address register is not changed, so that the slow path, at the region's end, can hand it to the engine.
 * The slow path comes back to right after the access: whatever the register allocator has to move is moved
 * before the check.
 *
 * Accesses of one block off the same slot, as those to a stack frame or a structure, share a check: the first
 * looks at all of the range that they touch and keeps the addend in the frame; the others take it from there.
 * Where the range is in two pages, or not in the TLB, there is a 0 instead, and each is checked by itself,
 * out of line (ool_element). Between them no C code runs that could change what the TLB says: a slow path of
 * any of the block's accesses, after which the addend may be stale, leaves a 0 too, and a call of a helper
 * ends the sharing.
 *
 * An access that the engine says is near (VR_MF_NEAR) is looked up where its group was last: NEARS page
 * numbers and their addends are in the frame, half of them of pages that may be read, half of pages that may
 * be written.
 *
 *     lea  v, [a + disp]
 *     and  v, -4096 | size - 1       ; an unaligned one misses, so none crosses into the next page
 *     cmp  v, [rsp + near.tag]
 *     jne  element                   ; ... which goes by the TLB and keeps what it finds there
 *     mov  u, [rsp + near.addend]    ; waits for nothing
 *     access [a + u + disp]
 *
 * All ones is a tag that no v is equal to. Whatever runs C code that may change the TLB leaves that in all of
 * them: the thunks and the calls of helpers (forget_near), but not `fixup`, whose C code only computes. A
 * page is thus kept over any number of regions.
 *
 * Order: loads are acquires and stores releases on this host (SDM vol. 3, 9.2.2); an SC store is followed by
 * a full fence.
 */
#include "em.h"

/* VR_MF_* but the hint, which is near_page()'s alone. */
static uint32_t mf_flags(const struct vr_ir_op *o)
{
	return (uint32_t)(o->imm >> 32) & 0xff & ~VR_MF_NEAR;
}

static uint32_t access_bytes(const struct vr_ir_op *o)
{
	uint32_t pair = o->op == VR_IR_LOADP || o->op == VR_IR_STOREP;
	return (1u << (o->aux & 7)) << pair;
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
	s->shared = e->share.active || a->shared;
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
	s->shared = a->shared;
	s->near = a->near;
	s->exit = e->ool_count; /* its slow path comes next */
	s->back = code_at(&e->c);
	a->base = address;
	a->disp = disp;
	a->slow = 0;
}

/* Which of the pages in the frame the group has, 1.., or 0. From another place in each region, so that not
 * all of them turn to the first; but a store never takes a place that another region's loads may have filled.
 */
static uint8_t near_page(struct em *e, const struct vr_ir_op *o, bool write)
{
	uint32_t hint = (uint32_t)(o->imm >> 32);
	if (mf_flags(o) || !(hint & VR_MF_NEAR))
		return 0;
	uint8_t *page = &e->near[write][hint >> VR_MF_GROUP_SHIFT & (VR_MF_GROUPS - 1)];
	if (!*page && e->near_count[write] < NEARS / 2)
		*page = (uint8_t)(1 + (write ? NEARS / 2u : 0u) +
				  ((e->ir->blocks[0].pc >> 2) + e->near_count[write]++) % (NEARS / 2));
	return *page;
}

static struct access near_check(struct em *e, const struct vr_ir_op *o, uint32_t base, uint8_t page,
				bool write, uint32_t u, uint32_t v)
{
	struct code *c = &e->c;
	int32_t disp = (int32_t)o->imm;
	uint32_t size = access_bytes(o);
	struct access a = {base, u, disp, 0, 0, false, page};
	if (disp)
		lea(c, 1, v, mem_base(base, disp));
	else
		mov_rr(c, 1, v, base);
	alu_ri(c, ALU_AND, 1, v, -4096 | (int32_t)(size - 1));
	alu_rm(c, ALU_CMP, 1, v, mem_base(RSP, NEAR_TAG(page - 1)));
	a.slow = jcc_far(c, CC_NE);
	mov_load(c, 1, u, mem_base(RSP, NEAR_ADDEND(page - 1)));
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

#define SHARE_MOST 512 /* bytes: a longer range is in two pages too often */
#define SHARE_FAR 96   /* ops */

enum sharing { ALONE, FIRST, NEXT };

static bool may_share(const struct vr_ir_op *o)
{
	return (o->op == VR_IR_LOAD || o->op == VR_IR_STORE || o->op == VR_IR_LOADP ||
		o->op == VR_IR_STOREP) &&
	       !mf_flags(o) && (o->op != VR_IR_LOAD || !o->b);
}

/* The mapped slot that v is a GET of, or SLOT_NONE. */
static uint32_t slot_of(const struct em *e, uint32_t v)
{
	const struct vr_ir_op *o = &e->ops[v];
	return o->op == VR_IR_GET && o->type == VR_T_I64 && o->imm < MAX_SLOTS ? e->slot_map[o->imm]
									       : SLOT_NONE;
}

/* Does access i share its check? Before its result is given a register: that may be the slot's. */
static enum sharing share(struct em *e, const struct vr_ir_op *o, uint32_t i)
{
	int32_t low = (int32_t)o->imm, high = low + (int32_t)access_bytes(o);
	bool write = o->op == VR_IR_STORE || o->op == VR_IR_STOREP, others = false;
	if (!may_share(o) || val(e, o->a)->type != VR_T_I64)
		return ALONE;
	uint32_t slot = val(e, o->a)->loc == LOC_SLOT ? slot_of(e, o->a) : SLOT_NONE, same = slot;
	if (e->share.active && (e->share.value == o->a || (slot != SLOT_NONE && e->share.slot == slot)) &&
	    low >= e->share.low && high <= e->share.high && (e->share.write || !write))
		return NEXT;
	for (uint32_t k = i + 1; k < e->op_end && k < i + SHARE_FAR; k++) {
		const struct vr_ir_op *p = &e->ops[k];
		if (p->op == VR_IR_CALL || p->op == VR_IR_VCALL)
			break;
		if (p->op == VR_IR_PUT && p->imm < MAX_SLOTS && e->slot_map[p->imm] == same)
			same = SLOT_NONE;
		if (!may_share(p) || (p->a != o->a && (same == SLOT_NONE || slot_of(e, p->a) != same)))
			continue;
		int32_t first = (int32_t)p->imm, last = first + (int32_t)access_bytes(p);
		first = first < low ? first : low;
		last = last > high ? last : high;
		if ((int64_t)last - first > SHARE_MOST)
			continue;
		low = first;
		high = last;
		write |= p->op == VR_IR_STORE || p->op == VR_IR_STOREP;
		others = true;
	}
	if (!others)
		return ALONE;
	e->share = (struct share){
		.active = 1, .value = o->a, .slot = slot, .low = low, .high = high, .write = write};
	return FIRST;
}

/* The check of access o at register `base`, as share() said it would be. */
static struct access access_check(struct em *e, const struct vr_ir_op *o, uint32_t base, enum sharing how,
				  bool write, uint32_t u, uint32_t v)
{
	struct code *c = &e->c;
	struct access a = {base, u, (int32_t)o->imm, 0, 0, true, 0};
	if (how == ALONE) {
		uint8_t page = near_page(e, o, write);
		return page ? near_check(e, o, base, page, write, u, v)
			    : tlb_check(e, base, (int32_t)o->imm, access_bytes(o), mf_flags(o),
					mf_flags(o) & VR_MF_ALIGN, write, u, v);
	}
	if (how == FIRST) {
		a = tlb_check(e, base, e->share.low, (uint32_t)(e->share.high - e->share.low), 0, false,
			      e->share.write, u, v);
		a.shared = true;
		mov_store(c, 1, mem_base(RSP, SHARED_ADDEND), u);
	} else {
		mov_load(c, 1, u, mem_base(RSP, SHARED_ADDEND));
		test_rr(c, 1, u, u);
		a.slow = jcc_far(c, CC_E);
	}
	check_alone(e, &a, base, (int32_t)o->imm, access_bytes(o), write, v);
	return a;
}

OP(LOAD)
{
	flags_clobber(e);
	uint32_t ra = use_clean(e, o->a), rb = o->b ? use_clean(e, o->b) : NOREG;
	enum sharing how = share(e, o, i);
	done(e, o->a);
	done(e, o->b);
	uint32_t d = def(e, i, ra), v = check_scratch(e, d, ra), u = tmp(e);
	struct access a = o->b ? table_check(e, o, ra, rb, u, v) : access_check(e, o, ra, how, false, u, v);
	struct ool *s = slow_path(e, o, &a);
	load_to(e, o->type, o->aux, d, access_mem(&a, 0));
	s->back = code_at(&e->c);
	slow_result(s, 0, d, o->type);
}

OP(STORE)
{
	flags_clobber(e);
	uint32_t ra = use_clean(e, o->a), rb = NOREG;
	uint64_t k;
	bool constant = const_of(e, o->b, &k) && ((o->aux & 7) < 3 || k == (uint64_t)(int64_t)(int32_t)k);
	if (!constant)
		rb = use_as(e, o->b, o->type);
	enum sharing how = share(e, o, i);
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
	done(e, o->a);
	done(e, o->b);
}

OP(LOADP)
{
	flags_clobber(e);
	uint32_t size = 1u << (o->aux & 7), second = 0;
	enum sharing how;
	for (uint32_t k = i + 1; k < e->op_end && k < i + 8; k++)
		if (e->ops[k].op == VR_IR_SECOND && e->ops[k].a == i && !val(e, k)->emitted)
			second = k;
	uint32_t ra = use_clean(e, o->a);
	how = share(e, o, i);
	done(e, o->a);
	uint32_t d0 = def(e, i, NOREG), d1 = NOREG;
	if (second) {
		val(e, second)->type = o->type;
		val(e, second)->emitted = 1;
		if (second == i + 1) {
			d1 = def(e, second, NOREG);
		} else {
			d1 = tmp_of(e, class_mask(o->type));
			own(e, second, d1);
		}
		done(e, i);
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

OP(SECOND)
{
	/* LOADP did it, unless it is too far away */
	(void)o, (void)i;
	e->error = VR_E_INVAL;
}

OP(STOREP)
{
	(void)i;
	flags_clobber(e);
	uint32_t size = 1u << (o->aux & 7), ra = use_clean(e, o->a), n = o->aux & 7;
	uint64_t kb = 0, kc = 0;
	bool cb = const_of(e, o->b, &kb) && (n < 3 || kb == (uint64_t)(int64_t)(int32_t)kb);
	bool cc = const_of(e, o->c, &kc) && (n < 3 || kc == (uint64_t)(int64_t)(int32_t)kc);
	uint32_t rb = cb ? NOREG : use_as(e, o->b, o->type);
	uint32_t rc = cc ? NOREG : use_as(e, o->c, o->type);
	enum sharing how = share(e, o, i);
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
	done(e, o->a);
	done(e, o->b);
	done(e, o->c);
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
	take(e, RAX);
	if (condition)
		load_into(e, RAX, condition);
	uint32_t ra = use_clean(e, o->a), rb = n == 3 ? use_clean(e, o->b) : use(e, o->b);
	uint32_t rc = n == 3 ? use_clean(e, o->c) : use(e, o->c), u = tmp(e);
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
	done(e, o->a);
	done(e, o->b);
	done(e, o->c);
	done(e, condition);
	own(e, i, RAX);
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
		take(e, fixed[k]);
	load_into(e, RSI, o->a);
	if (condition)
		load_into(e, RAX, condition);
	uint32_t rb = use_clean(e, o->b), rc = use_clean(e, o->c);
	/* written before the access, so not in a slot's register, which must hold its value if that faults */
	uint32_t d = vtmp(e);
	own(e, i, d);
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
	done(e, o->a);
	done(e, o->b);
	done(e, o->c);
	done(e, condition);
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
		take(e, RAX);
	uint32_t ra = use_clean(e, o->a), rb = w ? use_clean(e, o->b) : use(e, o->b), u = tmp(e), t = tmp(e);
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
	done(e, o->a);
	done(e, o->b);
	own(e, i, d);
}
