/* SPDX-License-Identifier: MIT */
/*
 * tlb.c: the inline look-up in the software TLB, and plain accesses; emit/common/memory.c says how they are used.
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
 * With a same-page hint:
 *
 *     lea  v, [a + disp]
 *     and  v, -4096 | size - 1       ; an unaligned one misses, so none crosses into the next page
 *     cmp  v, [rsp + hint.tag]
 *     jne  element                   ; ... which goes by the TLB and keeps what it finds there
 *     mov  u, [rsp + hint.addend]    ; waits for nothing
 *     access [a + u + disp]
 */
#include "lower.h"

#define TLB(member) (MMU(tlb) + (int32_t)offsetof(struct vr_tlb_entry, member))

struct emit_access x86_tlb_check(struct emit *e, uint32_t base, int32_t disp, uint32_t total, uint32_t flags,
				 bool align, bool write, uint32_t u, uint32_t v)
{
	struct emit_code *c = &e->c;
	struct emit_access a = {base, u, disp, 0, 0, false, 0};
	align = align && total > 1;
	if (disp) {
		lea(c, 1, u, mem_base(base, disp));
		shift_ri(c, SH_SHR, 1, u, 7);
	} else {
		rorx(c, 1, u, base, 7);
	}
	alu_rm(c, ALU_AND, 1, u, mem_base(REG_MMU, MMU(tlb_mask)));
	int64_t last = (int64_t)disp + (align ? 0 : (int64_t)total - 1);
	if (last == 0)
		mov_rr(c, 1, v, base);
	else
		lea(c, 1, v, mem_base(base, (int32_t)last));
	/* the tags' low bits are zero but for VR_TLB_NEVER, which is above any size */
	alu_ri(c, ALU_AND, 1, v, -4096 | (align ? (int32_t)total - 1 : 0));
	alu_rm(c, ALU_CMP, 1, v, mem_index(REG_MMU, u, 0, write ? TLB(tag_write) : TLB(tag_read)));
	a.slow = jcc_far(c, CC_NE);
	if (flags & VR_MF_UNPRIV) {
		struct mem m = mem_index(REG_MMU, u, 0, TLB(physical));
		m.tail = 1;
		x_rm(c, 0xf6, 0, 0, m); /* test byte, imm8 */
		put8(c, write ? VR_TLB_USER_WRITE : VR_TLB_USER_READ);
		a.denied = jcc_far(c, CC_E);
	}
	mov_load(c, 1, u, mem_index(REG_MMU, u, 0, TLB(addend)));
	return a;
}

uint32_t x86_hint_check(struct emit *e, uint32_t base, int32_t disp, uint32_t size, uint32_t tag, uint32_t v)
{
	struct emit_code *c = &e->c;
	if (disp)
		lea(c, 1, v, mem_base(base, disp));
	else
		mov_rr(c, 1, v, base);
	alu_ri(c, ALU_AND, 1, v, -4096 | (int32_t)(size - 1));
	alu_rm(c, ALU_CMP, 1, v, mem_base(RSP, (int32_t)tag));
	return jcc_far(c, CC_NE);
}

/* ---- plain accesses ---- */

struct mem x86_access_mem(const struct emit_access *a, uint32_t offset)
{
	return mem_index(a->base, a->index, 0, a->disp + (int32_t)offset);
}

void x86_load_guest(struct emit *e, uint32_t type, uint32_t aux, uint32_t d, struct mem m)
{
	struct emit_code *c = &e->c;
	uint32_t w = type == VR_T_I64;
	switch (type) {
	case VR_T_F32:
		v_rm(c, I_VMOVSS, d, m);
		return;
	case VR_T_F64:
	case VR_T_V64:
		v_rm(c, I_VMOVSD, d, m);
		return;
	case VR_T_V256:
		v_rm(c, I_VMOVUPS | V_256, d, m);
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

static void store_guest(struct emit *e, uint32_t type, uint32_t aux, struct mem m, uint32_t s)
{
	struct emit_code *c = &e->c;
	if (type == VR_T_V256) {
		v_rm(c, I_VMOVUPS_ST | V_256, s, m);
		return;
	}
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

static void store_constant(struct emit *e, uint32_t aux, struct mem m, uint64_t k)
{
	struct emit_code *c = &e->c;
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

static struct mem element(const struct vr_ir_op *o, const struct emit_access *a, uint32_t n)
{
	return x86_access_mem(a, n << (o->aux & 7));
}

void x86_guest_load(struct emit *e, const struct vr_ir_op *o, const struct emit_access *a, uint32_t n,
		    uint32_t d)
{
	x86_load_guest(e, o->type, o->aux, d, element(o, a, n));
}

void x86_guest_store(struct emit *e, const struct vr_ir_op *o, const struct emit_access *a, uint32_t n,
		     uint32_t s)
{
	store_guest(e, o->type, o->aux, element(o, a, n), s);
}

void x86_guest_store_constant(struct emit *e, const struct vr_ir_op *o, const struct emit_access *a,
			      uint32_t n, uint64_t k)
{
	store_constant(e, o->aux, element(o, a, n), k);
}

/* A 64-bit store has a sign-extended 32-bit immediate. */
bool x86_constant_fits(const struct vr_ir_op *o, uint64_t k)
{
	return (o->aux & 7) < 3 || k == (uint64_t)(int64_t)(int32_t)k;
}
