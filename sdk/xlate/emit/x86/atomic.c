/* SPDX-License-Identifier: MIT */
/*
 * atomic.c: fences and atomic accesses: one locked instruction or a compare-and-swap loop (SDM vol. 3, 9.1.2). Unaligned ones
 * take the slow path.
 *
 * Order: loads are acquires and stores releases on this host (SDM vol. 3, 9.2.2); an SC store is followed by
 * a full fence.
 */
#include "lower.h"

static void full_fence(struct emit *e)
{
	static const uint8_t lock_or[] = {0xf0, 0x83, 0x0c, 0x24, 0x00}; /* lock or dword [rsp], 0 */
	memcpy(e->c.p, lock_or, sizeof(lock_or));
	e->c.p += sizeof(lock_or);
}

void x86_guest_stored(struct emit *e, uint32_t flags)
{
	if (flags & VR_MF_SC)
		full_fence(e);
}

OP(FENCE)
{
	(void)i;
	if (o->aux)
		return;
	emit_flags_clobber(e);
	full_fence(e);
}

static void zero_extend(struct emit_code *c, uint32_t n, uint32_t r)
{
	if (n == 0)
		x_rr(c, X_MOVZX8, 0, r, r);
	else if (n == 1)
		x_rr(c, X_MOVZX16, 0, r, r);
}

static void locked(struct emit_code *c, const uint32_t ops[3], uint32_t n, struct mem m, uint32_t r)
{
	put8(c, 0xf0);
	x_rm(c, ops[n < 2 ? n : 2], n == 3, r, m);
}

static const uint32_t cmpxchg_ops[3] = {X_CMPXCHG8, X_CMPXCHG16, X_CMPXCHG};
static const uint32_t xadd_ops[3] = {X_XADD8, X_XADD16, X_XADD};
static const uint32_t xchg_ops[3] = {X_XCHG8, X_XCHG16, X_XCHG};

static void compare_and_swap(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t condition)
{
	struct emit_code *c = &e->c;
	uint32_t n = o->aux & 3, out = 0;
	emit_flags_clobber(e);
	ra_reserve(e, RAX);
	if (condition)
		ra_load_into(e, RAX, condition, 0);
	uint32_t ra = ra_use_clean(e, o->a), rb = ra_use_bits(e, o->b, 8u << n);
	uint32_t rc = ra_use_bits(e, o->c, 8u << n), u = tmp(e);
	if (condition) {
		test_rr(c, 1, RAX, RAX);
		mov_rr(c, n == 3, RAX, rb);
		not_r(c, n == 3, RAX);
		zero_extend(c, n, RAX);
		out = jcc_far(c, CC_E);
	}
	struct emit_access a = x86_tlb_check(e, ra, condition ? 0 : (int32_t)o->imm, 1u << n,
					     emit_mf_flags(o), true, true, u, RAX);
	mov_rr(c, n == 3, RAX, rb);
	locked(c, cmpxchg_ops, n, x86_access_mem(&a, 0), rc);
	zero_extend(c, n, RAX);
	struct emit_ool *s = emit_slow_path(e, o, &a);
	emit_slow_argument(s, 0, rb, VR_T_I64);
	emit_slow_argument(s, 1, rc, VR_T_I64);
	emit_slow_result(s, 0, RAX, VR_T_I64);
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

static void compare_and_swap_16(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t condition)
{
	static const uint8_t fixed[] = {RAX, RCX, RDX, RSI, RDI};
	struct emit_code *c = &e->c;
	uint32_t out = 0;
	emit_flags_clobber(e);
	for (uint32_t k = 0; k < 5; k++)
		ra_reserve(e, fixed[k]);
	ra_load_into(e, RSI, o->a, 0);
	if (condition)
		ra_load_into(e, RAX, condition, 0);
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
	struct emit_access a = x86_tlb_check(e, RSI, condition ? 0 : (int32_t)o->imm, 16, emit_mf_flags(o),
					     true, true, RDI, RCX);
	lea(c, 1, RSI, x86_access_mem(&a, 0));
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
	struct emit_ool *s = emit_slow_path(e, o, &a);
	emit_slow_argument(s, 0, rb, VR_T_V128);
	emit_slow_argument(s, 1, rc, VR_T_V128);
	emit_slow_result(s, 0, d, VR_T_V128);
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
static void compare_sized(struct emit_code *c, uint32_t n, uint32_t r, uint32_t s)
{
	static const uint32_t ops[4] = {0x3a | 1 << 12, 0x3b | 0x66 << 16, 0x3b, 0x3b};
	x_rr(c, ops[n], n == 3, r, s);
}

OP(AMO)
{
	/* old stays in memory when old cc b */
	static const uint8_t keep[9] = {
		[VR_AMO_SMAX] = CC_G, [VR_AMO_SMIN] = CC_L, [VR_AMO_UMAX] = CC_A, [VR_AMO_UMIN] = CC_B};
	struct emit_code *c = &e->c;
	uint32_t n = o->aux & 3, kind = o->c, w = n == 3;
	bool single = kind == VR_AMO_ADD || kind == VR_AMO_SWAP;
	emit_flags_clobber(e);
	if (!single)
		ra_reserve(e, RAX);
	uint32_t ra = ra_use_clean(e, o->a), rb = ra_use_bits(e, o->b, 8u << n), u = tmp(e), t = tmp(e);
	uint32_t d = single ? t : (uint32_t)RAX;
	struct emit_access a =
		x86_tlb_check(e, ra, (int32_t)o->imm, 1u << n, emit_mf_flags(o), true, true, u, t);
	struct mem m = x86_access_mem(&a, 0);
	if (single) {
		mov_rr(c, w, t, rb);
		if (kind == VR_AMO_ADD)
			locked(c, xadd_ops, n, m, t);
		else
			x_rm(c, xchg_ops[n < 2 ? n : 2], w, t, m);
		zero_extend(c, n, t);
	} else {
		x86_load_guest(e, w ? VR_T_I64 : VR_T_I32, n, RAX, m);
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
	struct emit_ool *s = emit_slow_path(e, o, &a);
	emit_slow_argument(s, 0, rb, VR_T_I64);
	emit_slow_result(s, 0, d, VR_T_I64);
	ra_free(e, o->a);
	ra_free(e, o->b);
	ra_assign(e, i, d);
}
