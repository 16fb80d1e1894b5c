/* SPDX-License-Identifier: MIT */
/*
 * control.c: the ends of blocks, and calls.
 *
 * An edge inside the region is a jump; registers agree by construction, since every pinned register is in its
 * host register everywhere. An edge that leaves stores the dirty registers and jumps through a 4-byte field
 * that the engine may redirect at any time; unlinked it goes to a stub that asks for it. Edges that could
 * close a loop (to the same or an earlier block or address) poll exec.exit_request, as do indirect jumps.
 *
 * Indirect targets are in rax. A return is predicted by the return-address stack in the MMU context, other
 * jumps by its jump cache.
 */
#include "em.h"

/* ---- edges ---- */

static void jump_to_block(struct em *e, uint32_t field, uint32_t block)
{
	if (block <= e->block_index) {
		patch_to(&e->c, field, e->labels[block]);
		return;
	}
	if (e->fixup_count >= MAX_FIXUPS) {
		e->error = VR_E_RANGE;
		return;
	}
	e->fixups[e->fixup_count++] = (struct fixup){field, block, 0};
}

/* Jump when exec.exit_request is set (CC_NE), or when it is clear (CC_E). */
static uint32_t poll(struct em *e, uint32_t cc)
{
	alu_mi(&e->c, ALU_CMP, 0, EXEC(exit_request), 0);
	return jcc_far(&e->c, cc);
}

static void nops(struct code *c, uint32_t n)
{
	static const uint8_t nop[4][3] = {{0}, {0x90}, {0x66, 0x90}, {0x0f, 0x1f, 0x00}};
	memcpy(c->p, nop[n], n);
	c->p += n;
}

/* So that a field `ahead` bytes from here is 4-byte aligned. */
static void align_field(struct code *c, uint32_t ahead)
{
	nops(c, (uint32_t)(0 - (c->execute + code_at(c) + ahead)) & 3);
}

static void leave_region(struct em *e, uint64_t pc)
{
	struct code *c = &e->c;
	struct vr_emit_job *job = e->job;
	store_dirty(e, e->dirty);
	if (job->exit_count >= job->exit_capacity) {
		e->error = VR_E_RANGE;
		return;
	}
	uint32_t n = job->exit_count++;
	struct vr_exit_site *x = &job->exits[n];
	*x = (struct vr_exit_site){.pc = pc};
	struct ool *s = ool_new(e, OOL_EXIT);
	s->exit = n;
	s->pc = pc;
	if (pc >> 12 != e->block->pc >> 12) {
		align_field(c, 7);
		uint32_t index = (uint32_t)(pc >> 12) & (VR_MAPPING_ID_ENTRIES - 1);
		x_rm(c, 0x81, 0, ALU_CMP, mem_base(REG_MMU, MMU(mapping_id) + (int32_t)(4 * index)));
		x->check = code_at(c);
		put32(c, 0xffffffff);
		s->jump[0] = jcc_far(c, CC_NE);
	}
	align_field(c, 1);
	x->jump = jmp_far(c);
}

static bool closes_loop(const struct em *e, uint64_t pc, uint32_t succ)
{
	return pc <= e->pc || (succ != VR_NO_BLOCK && succ <= e->block_index);
}

static uint32_t successor(const struct em *e, uint32_t which)
{
	uint32_t s = e->block->succ[which];
	return s < e->ir->block_count ? s : VR_NO_BLOCK;
}

/* Go to pc over edge `which`. `last`: the block's code ends here, so the next block need not be jumped to. */
static void edge(struct em *e, uint32_t which, uint64_t pc, bool last)
{
	uint32_t succ = successor(e, which);
	if (e->fl.put_pending && (e->fl.put_edges >> which & 1)) {
		struct flags_state keep = e->fl;
		flags_store_pending(e);
		e->fl = keep;
	}
	if (closes_loop(e, pc, succ)) {
		struct ool *s = ool_new(e, OOL_POLL);
		s->pc = pc;
		if (succ != VR_NO_BLOCK && (!last || succ != e->block_index + 1)) {
			/* one conditional jump serves both as the poll and as the back-edge */
			store_dirty(e, e->dirty & ~e->ir->blocks[succ].dirty_in);
			uint32_t request = poll(e, CC_E);
			s->jump[0] = jmp_far(&e->c);
			jump_to_block(e, request, succ);
			return;
		}
		s->jump[0] = poll(e, CC_NE);
	}
	if (succ == VR_NO_BLOCK) {
		leave_region(e, pc);
		return;
	}
	store_dirty(e, e->dirty & ~e->ir->blocks[succ].dirty_in);
	if (!last || succ != e->block_index + 1)
		jump_to_block(e, jmp_far(&e->c), succ);
}

static void branch(struct em *e, uint64_t taken, struct condition k)
{
	struct code *c = &e->c;
	uint32_t succ = successor(e, VR_EDGE_TAKEN), out[2];
	bool plain = succ != VR_NO_BLOCK && !closes_loop(e, taken, succ) &&
		     !(e->fl.put_pending && (e->fl.put_edges >> VR_EDGE_TAKEN & 1)) &&
		     !(e->dirty & ~e->ir->blocks[succ].dirty_in);
	if (plain) {
		jump_if(e, k, out);
		jump_to_block(e, out[0], succ);
		if (out[1])
			jump_to_block(e, out[1], succ);
		edge(e, VR_EDGE_FALL, e->block->end, true);
		return;
	}
	k.invert ^= 1;
	jump_if(e, k, out);
	edge(e, VR_EDGE_TAKEN, taken, false);
	patch_here(c, out[0]);
	if (out[1])
		patch_here(c, out[1]);
	edge(e, VR_EDGE_FALL, e->block->end, true);
}

/* ---- terminators ---- */

OP(GOTO)
{
	(void)i;
	edge(e, VR_EDGE_TAKEN, o->imm, true);
}

OP(BRCC)
{
	(void)i;
	struct condition k = flags_condition(e, o->a, o->aux);
	flags_done(e, o->a);
	branch(e, o->imm, k);
}

OP(BRCMP)
{
	(void)i;
	flags_clobber(e);
	if (o->aux >= VR_CC_AL)
		alu_rr(&e->c, ALU_CMP, 0, RAX, RAX);
	else
		compare(e, o->a, o->b, wide(o));
	branch(e, o->imm, int_condition(o->aux < VR_CC_AL ? o->aux : VR_CC_EQ));
}

OP(BRBIT)
{
	(void)i;
	uint32_t bit = o->aux & 63;
	flags_clobber(e);
	uint32_t r = bit < 32 ? ra_use(e, o->a) : ra_use_clean(e, o->a);
	struct condition k = {CC_NE, 0, o->aux >> 6 & 1};
	if (bit < 32) {
		test_ri(&e->c, 0, r, 1u << bit);
	} else {
		x_rr(&e->c, 0x1ba, 1, 4, r); /* bt */
		put8(&e->c, bit);
		k.cc = CC_B;
	}
	ra_free(e, o->a);
	branch(e, o->imm, k);
}

OP(RAS_PUSH)
{
	struct code *c = &e->c;
	(void)i;
	flags_clobber(e);
	uint32_t u = tmp(e), t = tmp(e);
	mov_load(c, 1, u, mem_base(REG_MMU, MMU(ras_top)));
	alu_ri(c, ALU_ADD, 0, u, 16);
	alu_ri(c, ALU_AND, 0, u, (VR_RAS_ENTRIES - 1) * 16);
	mov_store(c, 1, mem_base(REG_MMU, MMU(ras_top)), u);
	mov_imm(c, t, o->imm);
	mov_store(c, 1, mem_index(REG_MMU, u, 0, MMU(ras)), t);
	uint32_t block = VR_NO_BLOCK;
	for (uint32_t k = 0; k < e->ir->block_count; k++)
		if (e->ir->blocks[k].pc == o->imm && (e->ir->blocks[k].flags & VR_BLOCK_ENTRY))
			block = k;
	uint64_t known = block == VR_NO_BLOCK && VR_HAS(e->job, entry_at)
				 ? e->job->entry_at(e->job->opaque, o->imm)
				 : 0;
	if (block == VR_NO_BLOCK) {
		/* `jump` finds the pc in rax, as JUMP_INDIRECT leaves it */
		lea(c, 1, t, mem_abs(known ? known : x86_thunk.jump));
	} else {
		lea(c, 1, t, mem_abs(c->execute));
		if (e->fixup_count >= MAX_FIXUPS) {
			e->error = VR_E_RANGE;
			return;
		}
		e->fixups[e->fixup_count++] = (struct fixup){code_at(c) - 4, block, 1};
	}
	mov_store(c, 1, mem_index(REG_MMU, u, 0, MMU(ras) + 8), t);
}

OP(JUMP_INDIRECT)
{
	struct code *c = &e->c;
	(void)i;
	flags_clobber(e);
	uint32_t r = ra_use_clean(e, o->a);
	if (r != RAX)
		mov_rr(c, 1, RAX, r);
	store_dirty(e, e->dirty);
	ool_new(e, OOL_POLL_R)->jump[0] = poll(e, CC_NE);
	if (o->aux == VR_JUMP_RET) {
		mov_load(c, 1, RCX, mem_base(REG_MMU, MMU(ras_top)));
		lea(c, 0, RDX, mem_base(RCX, -16));
		alu_ri(c, ALU_AND, 0, RDX, (VR_RAS_ENTRIES - 1) * 16);
		mov_store(c, 1, mem_base(REG_MMU, MMU(ras_top)), RDX);
		alu_rm(c, ALU_CMP, 1, RAX, mem_index(REG_MMU, RCX, 0, MMU(ras)));
		ool_new(e, OOL_JUMP)->jump[0] = jcc_far(c, CC_NE);
		x_rm(c, 0xff, 0, 4, mem_index(REG_MMU, RCX, 0, MMU(ras) + 8));
	} else {
		lea(c, 0, RCX, (struct mem){MEM_NONE, RAX, 2, 0, 0, 0});
		alu_ri(c, ALU_AND, 0, RCX, (VR_INDIRECT_ENTRIES - 1) * 16);
		alu_rm(c, ALU_CMP, 1, RAX, mem_index(REG_MMU, RCX, 0, MMU(indirect)));
		ool_new(e, OOL_POLL_R)->jump[0] = jcc_far(c, CC_NE);
		x_rm(c, 0xff, 0, 4, mem_index(REG_MMU, RCX, 0, MMU(indirect) + 8));
	}
}

OP(EXIT)
{
	(void)o, (void)i;
	flags_clobber(e);
	store_dirty(e, e->dirty);
	jmp_to(&e->c, x86_thunk.lookup);
}

OP(EXIT_TO)
{
	(void)i;
	flags_clobber(e);
	store_dirty(e, e->dirty);
	set_pc(e, o->imm);
	jmp_to(&e->c, x86_thunk.lookup);
}

/* ---- calls ---- */

static uint32_t caller_saved_pins(const struct em *e)
{
	uint32_t mask = 0;
	for (uint32_t m = 0; m < e->job->pinned_count; m++)
		if (CALLER_SAVED >> e->pin_reg[m] & 1)
			mask |= 1u << m;
	return mask;
}

static void call_helper(struct em *e, const struct vr_ir_op *o, uint32_t i, bool vector)
{
	struct code *c = &e->c;
	uint64_t number = vector ? o->imm & 0xffff : o->imm;
	uint32_t args[3] = {o->a, o->b, o->c};
	if (number >= e->job->isa->helper_count) {
		e->error = VR_E_INVAL;
		return;
	}
	const struct vr_helper *h = &e->job->isa->helpers[number];
	uint32_t hf = h->flags, all = e->job->pinned_count >= 32 ? ~0u : (1u << e->job->pinned_count) - 1;
	e->coalesced.active = 0;
	flags_clobber(e);
	if (hf & VR_HF_WRITES) {
		flags_leave_memory(e);
		for (uint32_t m = 0; m < e->job->pinned_count; m++) {
			ra_spill_aliases(e, m);
			e->busy = 0;
		}
	}
	if (vector) {
		for (uint32_t n = 0; n < 3; n++) {
			if (!args[n])
				continue;
			struct mem m =
				exec_mem((uint32_t)(offsetof(struct vr_engine_exec, argument) + 16 * n));
			uint64_t k;
			if (const_of(e, args[n], &k) || !is_vector(val(e, args[n])->type))
				mov_store(c, 1, m, ra_use_clean(e, args[n]));
			else
				vstore(c, m, ra_use_clean(e, args[n]));
			ra_free(e, args[n]);
		}
	}
	e->busy = 0;
	ra_spill_mask(e, CALLER_SAVED);
	uint32_t lost = hf & VR_HF_WRITES ? all : caller_saved_pins(e);
	uint32_t save = e->dirty & (hf & (VR_HF_READS | VR_HF_WRITES | VR_HF_MAY_LEAVE) ? all : lost);
	store_dirty(e, save);
	e->dirty &= ~save;
	if (hf & VR_HF_PC)
		set_pc(e, e->pc);
	lea(c, 1, RDI, mem_base(REG_EXEC, -EXEC_BIAS));
	if (vector) {
		lea(c, 1, RSI, ENGINE(result));
		lea(c, 1, RDX, ENGINE(argument));
		lea(c, 1, RCX, mem_base(RDX, 16));
		lea(c, 1, R8, mem_base(RDX, 32));
		mov_imm(c, R9, o->imm >> 16);
		mov_imm(c, RAX, (uint64_t)(uintptr_t)h->u.vfn);
	} else {
		static const uint8_t regs[3] = {RSI, RDX, RCX};
		for (uint32_t n = 0; n < 3; n++) {
			if (!args[n])
				continue;
			load_into(e, regs[n], args[n]);
			ra_free(e, args[n]);
		}
		mov_imm(c, RAX, (uint64_t)(uintptr_t)h->u.fn);
	}
	call_reg(c, RAX);
	forget_hints(c, 0);
	if (hf & VR_HF_MAY_LEAVE) {
		alu_mi(c, ALU_CMP, 0, EXEC(leave), 0);
		ool_new(e, OOL_LEAVE)->jump[0] = jcc_far(c, CC_NE);
	}
	load_pinned(e, lost);
	if (hf & VR_HF_WRITES)
		e->clean_scalar[0] = e->clean_scalar[1] = 0;
	if (!val(e, i)->uses)
		return;
	if (vector) {
		uint32_t d = vtmp(e);
		vload(c, d, ENGINE(result));
		ra_assign(e, i, d);
		val(e, i)->dirty_high = o->type != VR_T_V128;
	} else {
		ra_assign(e, i, RAX);
	}
}

OP(CALL)
{
	call_helper(e, o, i, false);
}

OP(VCALL)
{
	call_helper(e, o, i, true);
}
