/* SPDX-License-Identifier: MIT */
/*
 * ool.c: out-of-line code: what a handler leaves for the end of the region (slow paths of memory accesses, polls,
 * exits, calls of C functions in place of an instruction), so that the straight line stays short.
 *
 * A handler asks for an entry by ool_new() and fills it in; emit_ools() emits them all, in that order.
 */
#include "em.h"

struct ool *ool_new(struct em *e, uint32_t kind)
{
	static struct ool sink;
	if (e->ool_count >= MAX_OOL) {
		e->error = VR_E_RANGE;
		return &sink;
	}
	struct ool *s = &e->ools[e->ool_count++];
	memset(s, 0, sizeof(*s));
	s->kind = (uint8_t)kind;
	s->arg[0] = s->arg[1] = s->arg[2] = NOREG;
	s->result[0] = s->result[1] = NOREG;
	s->dirty = e->dirty;
	s->origin = e->pc;
	return s;
}

void store_dirty(struct em *e, uint32_t mask)
{
	for (uint32_t m = mask; m; m &= m - 1) {
		uint32_t k = (uint32_t)__builtin_ctz(m), r = e->pin_reg[k];
		struct mem d = exec_mem(e->job->isa->guest_regs[e->job->pinned[k].guest_reg].offset);
		if (r >= XMM0)
			vstore(&e->c, d, r);
		else
			mov_store(&e->c, 1, d, r);
	}
}

void load_pinned(struct em *e, uint32_t mask)
{
	for (uint32_t m = mask; m; m &= m - 1) {
		uint32_t k = (uint32_t)__builtin_ctz(m), r = e->pin_reg[k];
		struct mem s = exec_mem(e->job->isa->guest_regs[e->job->pinned[k].guest_reg].offset);
		if (r >= XMM0)
			vload(&e->c, r, s);
		else
			mov_load(&e->c, 1, r, s);
	}
}

void set_pc(struct em *e, uint64_t pc)
{
	if (pc == (uint64_t)(int64_t)(int32_t)pc) {
		mov_store_imm(&e->c, 1, EXEC(pc), (uint32_t)pc);
	} else {
		mov_imm(&e->c, RAX, pc);
		mov_store(&e->c, 1, EXEC(pc), RAX);
	}
}

static void fault_point(struct em *e, uint32_t insn)
{
	struct vr_emit_job *job = e->job;
	if (job->point_count >= job->point_capacity) {
		e->error = VR_E_RANGE;
		return;
	}
	job->points[job->point_count++] = (struct vr_fault_point){code_at(&e->c), insn};
}

static void store_argument(struct em *e, const struct ool *s, uint32_t n)
{
	struct code *c = &e->c;
	struct mem m = exec_mem((uint32_t)(offsetof(struct vr_engine_exec, argument) + 16 * n));
	if (s->constant >> n & 1) {
		if (s->imm[n] == (uint64_t)(int64_t)(int32_t)s->imm[n]) {
			mov_store_imm(c, 1, m, (uint32_t)s->imm[n]);
		} else {
			mov_imm(c, s->temp, s->imm[n]);
			mov_store(c, 1, m, s->temp);
		}
	} else if (s->arg[n] != NOREG) {
		if (is_vector(s->arg_type[n]))
			vstore(c, m, s->arg[n]);
		else
			mov_store(c, 1, m, s->arg[n]);
	}
}

static void load_result(struct em *e, const struct ool *s, uint32_t n)
{
	struct code *c = &e->c;
	struct mem m = exec_mem((uint32_t)(offsetof(struct vr_engine_exec, result) + 16 * n));
	if (s->result[n] == NOREG)
		return;
	switch (s->result_type[n]) {
	case VR_T_I32:
	case VR_T_FLAGS:
		mov_load(c, 0, s->result[n], m);
		break;
	case VR_T_I64:
		mov_load(c, 1, s->result[n], m);
		break;
	case VR_T_F32:
		v_rm(c, I_VMOVSS, s->result[n], m);
		break;
	case VR_T_F64:
	case VR_T_V64:
		v_rm(c, I_VMOVSD, s->result[n], m);
		break;
	default:
		vload(c, s->result[n], m);
	}
}

static void ool_memory(struct em *e, const struct ool *s)
{
	struct code *c = &e->c;
	uint32_t address = s->address;
	if (s->disp) {
		lea(c, 1, s->temp, mem_base(address, s->disp));
		address = s->temp;
	}
	mov_store(c, 1, ENGINE(address), address);
	for (uint32_t n = 0; n < 2; n++)
		store_argument(e, s, n);
	call_to(c, x86_thunk.memory);
	fault_point(e, s->insn);
	/* the descriptor, which the thunk takes and skips */
	code_mark(e, s->origin, VR_MARK_DATA);
	put32(c, (uint32_t)s->pc);
	put32(c, (uint32_t)(s->pc >> 32));
	code_mark(e, s->origin, VR_MARK_SLOW);
	load_result(e, s, 0);
	load_result(e, s, 1);
	if (s->coalesced)
		mov_store_imm(c, 1, mem_base(RSP, COALESCED_ADDEND), 0);
	jmp_to(c, c->execute + s->back);
}

static void ool_fp_slow(struct em *e, const struct ool *s)
{
	struct code *c = &e->c;
	for (uint32_t n = 0; n < 3; n++)
		store_argument(e, s, n);
	mov_store_imm(c, 0, ENGINE(descriptor), s->what);
	mov_store_imm(c, 1, ENGINE(address), (uint32_t)s->pc);
	lea(c, 1, RSP, mem_base(RSP, -8));
	mov_store_imm(c, 0, mem_base(RSP, 0), (uint32_t)s->fn);
	mov_store_imm(c, 0, mem_base(RSP, 4), (uint32_t)(s->fn >> 32));
	call_to(c, x86_thunk.fp_slow);
	load_result(e, s, 0);
	if (s->back)
		jmp_to(c, c->execute + s->back);
}

struct ool *fp_slow_ool(struct em *e, uint64_t fn, uint32_t what, uint64_t imm, uint32_t jump, uint32_t d,
			uint32_t dtype)
{
	struct ool *s = ool_new(e, OOL_FP_SLOW);
	s->fn = fn;
	s->what = what;
	s->pc = imm;
	s->jump[0] = jump;
	s->result[0] = (uint8_t)d;
	s->result_type[0] = (uint8_t)dtype;
	s->back = code_at(&e->c);
	return s;
}

void fp_slow_inline(struct em *e, const struct vr_ir_op *o, uint32_t i, uint64_t fn)
{
	struct ool s = {.kind = OOL_FP_SLOW,
			.fn = fn,
			.what = fp_slow_what(o),
			.pc = o->imm,
			.arg = {NOREG, NOREG, NOREG}};
	const uint32_t args[3] = {o->a, o->b, o->c};
	flags_clobber(e);
	for (uint32_t n = 0; n < 3; n++) {
		if (!args[n] || args[n] >= i || args[n] < e->first)
			continue;
		s.arg[n] = (uint8_t)ra_use_clean(e, args[n]);
		s.arg_type[n] = val(e, args[n])->type;
	}
	for (uint32_t n = 0; n < 3; n++)
		if (s.arg[n] != NOREG)
			ra_free(e, args[n]);
	s.result[0] = (uint8_t)ra_def(e, i, NOREG);
	s.result[1] = NOREG;
	s.result_type[0] = val(e, i)->type;
	ool_fp_slow(e, &s);
}

void emit_ools(struct em *e)
{
	struct code *c = &e->c;
	for (uint32_t n = 0; n < e->ool_count && !e->error; n++) {
		const struct ool *s = &e->ools[n];
		if (c->p > e->limit) {
			e->error = VR_E_NOMEM;
			return;
		}
		code_mark(e, s->origin, VR_MARK_SLOW);
		for (uint32_t k = 0; k < 3; k++)
			if (s->jump[k])
				patch_here(c, s->jump[k]);
		switch (s->kind) {
		case OOL_MEMORY:
			ool_memory(e, s);
			break;
		case OOL_ELEMENT:
			ool_element(e, s);
			break;
		case OOL_FP_SLOW:
			ool_fp_slow(e, s);
			break;
		case OOL_POLL:
			store_dirty(e, s->dirty);
			set_pc(e, s->pc);
			jmp_to(c, x86_thunk.lookup);
			break;
		case OOL_POLL_R:
			mov_store(c, 1, EXEC(pc), RAX);
			jmp_to(c, x86_thunk.lookup);
			break;
		case OOL_JUMP:
			jmp_to(c, x86_thunk.jump);
			break;
		case OOL_LEAVE:
			mov_store_imm(c, 0, EXEC(leave), 0);
			jmp_to(c, x86_thunk.lookup);
			break;
		case OOL_EXIT:
			e->job->exits[s->exit].stub = code_at(c);
			patch_here(c, e->job->exits[s->exit].jump);
			mov_store_imm(c, 1, ENGINE(link), e->job->exit_base + s->exit);
			jmp_to(c, x86_thunk.link);
			break;
		default:
			break;
		}
	}
}
