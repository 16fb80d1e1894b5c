/* SPDX-License-Identifier: MIT */
/* tlb.c: the inline look-up in the software TLB; memory.c says how accesses use it. */
#include "em.h"

#define TLB(member) (MMU(tlb) + (int32_t)offsetof(struct vr_tlb_entry, member))

/* Emit the check for `total` bytes; v may be written, u gets the addend. */
struct access tlb_check(struct em *e, uint32_t base, int32_t disp, uint32_t total, uint32_t flags, bool align,
			bool write, uint32_t u, uint32_t v)
{
	struct code *c = &e->c;
	struct access a = {base, u, disp, 0, 0, false, 0};
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

void ool_element(struct em *e, const struct ool *s)
{
	if (s->coalesced)
		mov_store_imm(&e->c, 1, mem_base(RSP, COALESCED_ADDEND), 0);
	struct access a = tlb_check(e, s->address, s->disp, s->what, 0, false, s->write, s->temp, s->arg[0]);
	e->ools[s->exit].jump[0] = a.slow;
	if (s->hint) {
		/* tlb_check() left the page in v */
		mov_store(&e->c, 1, mem_base(RSP, HINT_TAG(s->hint - 1)), s->arg[0]);
		mov_store(&e->c, 1, mem_base(RSP, HINT_ADDEND(s->hint - 1)), s->temp);
	}
	jmp_to(&e->c, e->c.execute + s->back);
}
