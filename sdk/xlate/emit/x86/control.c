/* SPDX-License-Identifier: MIT */
/* control.c: branches, exits, indirect jumps; emit/common/control.c says what they are for. */
#include "lower.h"

OP(BRCC)
{
	struct emit_condition k = x86_flags_condition(e, o->a, o->aux);
	emit_flags_done(e, o->a);
	emit_branch(e, o->imm, k);
}

OP(BRCMP)
{
	emit_flags_clobber(e);
	if (o->aux >= VR_CC_AL)
		alu_rr(&e->c, ALU_CMP, 0, RAX, RAX);
	else
		x86_compare(e, o->a, o->b, wide(o) ? 64 : 32);
	emit_branch(e, o->imm, x86_int_condition(o->aux < VR_CC_AL ? o->aux : VR_CC_EQ));
}

OP(BRBIT)
{
	uint32_t bit = o->aux & 63;
	emit_flags_clobber(e);
	if (val(e, o->a)->loc == LOC_LATER) { /* PARITY */
		uint32_t of = e->ops[o->a].a, t = ra_use(e, of);
		test_rr_bits(&e->c, 8, t, t);
		ra_free(e, of);
		emit_branch(e, o->imm, (struct emit_condition){CC_P, 0, o->aux >> 6 & 1});
		return;
	}
	uint32_t r = ra_use_bits(e, o->a, bit + 1);
	struct emit_condition k = {CC_NE, 0, o->aux >> 6 & 1};
	if (bit < 32) {
		test_ri(&e->c, 0, r, 1u << bit);
	} else {
		x_rr(&e->c, 0x1ba, 1, 4, r); /* bt */
		put8(&e->c, bit);
		k.cc = CC_B;
	}
	ra_free(e, o->a);
	emit_branch(e, o->imm, k);
}

/* ---- exits: fields that change while the code runs are 4-byte aligned: emit.c ---- */

static void nops(struct emit_code *c, uint32_t n)
{
	static const uint8_t nop[4][3] = {{0}, {0x90}, {0x66, 0x90}, {0x0f, 0x1f, 0x00}};
	memcpy(c->p, nop[n], n);
	c->p += n;
}

/* So that a field `ahead` bytes from here is 4-byte aligned. */
static void align_field(struct emit_code *c, uint32_t ahead)
{
	nops(c, (uint32_t)(0 - (c->execute + code_at(c) + ahead)) & 3);
}

uint32_t x86_jump_mapping(struct emit *e, uint32_t index, uint32_t id, uint32_t *check)
{
	struct emit_code *c = &e->c;
	struct mem m = mem_base(REG_MMU, MMU(mapping_id) + (int32_t)(4 * index));
	if (check) {
		align_field(c, 7);
		x_rm(c, 0x81, 0, ALU_CMP, m);
		*check = code_at(c);
		put32(c, id);
	} else {
		alu_mi(c, ALU_CMP, 0, m, (int32_t)id);
	}
	return jcc_far(c, CC_NE);
}

uint32_t x86_jump_exit(struct emit *e)
{
	align_field(&e->c, 1);
	return jmp_far(&e->c);
}

/* Both fields are 4-byte aligned: one store, seen whole by other processors (SDM vol. 3, 8.1.1 and 8.1.3). */
void x86_set_field(uint8_t *write, uint32_t at, uint32_t value, struct vr_code_change *changed)
{
	__atomic_store_n((uint32_t *)(void *)(write + at), value, __ATOMIC_RELEASE);
	*changed = (struct vr_code_change){at, at + 4};
}

void x86_redirect(uint8_t *write, uint64_t execute, uint32_t field, uint64_t target,
		  struct vr_code_change *changed)
{
	x86_set_field(write, field, (uint32_t)(target - (execute + field + 4)), changed);
}

/* ---- returns and indirect jumps ---- */

/* rax without these bits; narrow: its upper half is 0. */
static void drop_bits(struct emit_code *c, uint64_t ignored, bool narrow)
{
	uint64_t keep = ~ignored;
	if (!ignored || (narrow && (uint32_t)keep == UINT32_MAX))
		return;
	if (keep == UINT32_MAX) {
		mov_rr(c, 0, RAX, RAX);
	} else if (keep == 0xffff) {
		x_rr(c, X_MOVZX16, 0, RAX, RAX);
	} else {
		mov_imm(c, RCX, keep);
		alu_rr(c, ALU_AND, 1, RAX, RCX);
	}
}

void x86_linear_address(struct emit *e, const struct vr_code_space *space, bool narrow)
{
	struct emit_code *c = &e->c;
	drop_bits(c, space->ignored, narrow);
	if (space->base) {
		mov_imm(c, RCX, space->base);
		alu_rr(c, ALU_ADD, 1, RAX, RCX);
	}
	if (space->base || space->linear_ignored & ~space->ignored)
		drop_bits(c, space->linear_ignored, narrow && !space->base);
}

uint32_t x86_ras_push(struct emit *e, uint64_t pc, uint64_t host)
{
	struct emit_code *c = &e->c;
	uint32_t u = tmp(e), t = tmp(e);
	mov_load(c, 1, u, mem_base(REG_MMU, MMU(ras_top)));
	alu_ri(c, ALU_ADD, 0, u, 16);
	alu_ri(c, ALU_AND, 0, u, (VR_RAS_ENTRIES - 1) * 16);
	mov_store(c, 1, mem_base(REG_MMU, MMU(ras_top)), u);
	mov_pc(c, t, pc, false);
	mov_store(c, 1, mem_index(REG_MMU, u, 0, MMU(ras)), t);
	lea(c, 1, t, mem_entry(host ? host : c->execute));
	uint32_t field = code_at(c) - 4;
	mov_store(c, 1, mem_index(REG_MMU, u, 0, MMU(ras) + 8), t);
	return field;
}

uint32_t x86_ras_jump(struct emit *e)
{
	struct emit_code *c = &e->c;
	mov_load(c, 1, RCX, mem_base(REG_MMU, MMU(ras_top)));
	lea(c, 0, RDX, mem_base(RCX, -16));
	alu_ri(c, ALU_AND, 0, RDX, (VR_RAS_ENTRIES - 1) * 16);
	mov_store(c, 1, mem_base(REG_MMU, MMU(ras_top)), RDX);
	alu_rm(c, ALU_CMP, 1, RAX, mem_index(REG_MMU, RCX, 0, MMU(ras)));
	uint32_t miss = jcc_far(c, CC_NE);
	x_rm(c, 0xff, 0, 4, mem_index(REG_MMU, RCX, 0, MMU(ras) + 8));
	return miss;
}

/* vr_indirect_index() of eax, times 16, in ecx. */
static void indirect_offset(struct emit_code *c, uint32_t align)
{
	if (align) {
		lea(c, 0, RCX, (struct mem){MEM_NONE, RAX, 2, 0, 0, 0});
	} else {
		mov_rr(c, 0, RCX, RAX);
		shift_ri(c, SH_SHR, 0, RCX, 12);
		alu_rr(c, ALU_XOR, 0, RCX, RAX);
		shift_ri(c, SH_SHL, 0, RCX, 4);
	}
	alu_ri(c, ALU_AND, 0, RCX, (VR_INDIRECT_ENTRIES - 1) * 16);
}

uint32_t x86_indirect(struct emit_code *c, uint32_t align)
{
	indirect_offset(c, align);
	alu_rm(c, ALU_CMP, 1, RAX, mem_index(REG_MMU, RCX, 0, MMU(indirect)));
	uint32_t miss = jcc_far(c, CC_NE);
	x_rm(c, 0xff, 0, 4, mem_index(REG_MMU, RCX, 0, MMU(indirect) + 8));
	return miss;
}

uint32_t x86_indirect_jump(struct emit *e)
{
	return x86_indirect(&e->c, e->job->isa->code_align_log2);
}
