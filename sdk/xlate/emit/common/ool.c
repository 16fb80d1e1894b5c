/* SPDX-License-Identifier: MIT */
/*
 * ool.c: out-of-line code: what a handler leaves for the end of the region (slow paths of memory accesses, polls,
 * exits, calls of C functions in place of an instruction), so that the straight line stays short.
 *
 * A handler asks for an entry by emit_ool_new() and fills it in; emit_ool_all() emits them all, in that order.
 */
#include "emit.h"

struct emit_ool *emit_ool_new(struct emit *e, uint32_t kind)
{
	if (e->ool_count >= EMIT_OOLS) {
		e->error = VR_E_RANGE;
		return &e->sink;
	}
	struct emit_ool *s = &e->ools[e->ool_count++];
	memset(s, 0, sizeof(*s));
	s->kind = (uint8_t)kind;
	s->arg[0] = s->arg[1] = s->arg[2] = NOREG;
	s->result[0] = s->result[1] = NOREG;
	s->dirty = e->dirty;
	s->origin = e->pc;
	return s;
}

static uint32_t pin_type(const struct emit *e, uint32_t m)
{
	return ra_whole_of(e->job->pinned[m].kind);
}

static uint32_t pin_offset(const struct emit *e, uint32_t m)
{
	return vr_isa_reg(e->job->isa, e->job->pinned[m].guest_reg)->offset;
}

void emit_store_dirty(struct emit *e, uint64_t mask)
{
	for (uint64_t m = mask; m; m &= m - 1) {
		uint32_t k = (uint32_t)__builtin_ctzll(m), r = e->pin_reg[k];
		e->target->store(e, EMIT_EXEC, pin_offset(e, k), r, pin_type(e, k));
	}
}

void emit_load_pinned(struct emit *e, uint64_t mask)
{
	for (uint64_t m = mask; m; m &= m - 1) {
		uint32_t k = (uint32_t)__builtin_ctzll(m), r = e->pin_reg[k];
		e->target->load(e, r, EMIT_EXEC, pin_offset(e, k), pin_type(e, k));
	}
}

uint64_t emit_all_pinned(const struct emit *e)
{
	return e->job->pinned_count >= 64 ? ~0ull : (1ull << e->job->pinned_count) - 1;
}

/* Store a constant, by register r where the host needs one. */
static void store_constant(struct emit *e, uint32_t where, uint32_t offset, uint64_t k, uint32_t type,
			   uint32_t r)
{
	const struct emit_target *t = e->target;
	if (t->store_constant(e, where, offset, k, type))
		return;
	t->constant(e, r, k);
	t->store(e, where, offset, r, type);
}

void emit_set_pc(struct emit *e, uint64_t place)
{
	const struct emit_target *t = e->target;
	uint64_t pc = emit_address(e, place);
	if (t->store_pc(e, EMIT_IN_EXEC(pc), pc))
		return;
	t->pc_constant(e, t->scratch, pc, false);
	t->store(e, EMIT_EXEC, EMIT_IN_EXEC(pc), t->scratch, VR_T_I64);
}

static void fault_point(struct emit *e, uint32_t insn)
{
	struct vr_emit_job *job = e->job;
	if (job->point_count >= job->point_capacity || insn >= VR_FAULT_PLACES) {
		e->error = VR_E_RANGE;
		return;
	}
	job->points[job->point_count++] = vr_fault_point(code_at(&e->c), insn);
}

static void store_argument(struct emit *e, const struct emit_ool *s, uint32_t n)
{
	uint32_t offset = EMIT_IN_ENGINE(argument) + EMIT_VECTOR_BYTES * n;
	if (s->constant >> n & 1)
		store_constant(e, EMIT_EXEC, offset, s->imm[n], VR_T_I64, s->temp);
	else if (s->arg[n] != NOREG)
		e->target->store(e, EMIT_EXEC, offset, s->arg[n], ra_whole(s->arg_type[n]));
}

static void load_result(struct emit *e, const struct emit_ool *s, uint32_t n)
{
	uint32_t type = s->result_type[n] == VR_T_FLAGS ? VR_T_I32 : s->result_type[n];
	if (s->result[n] != NOREG)
		e->target->load(e, s->result[n], EMIT_EXEC, EMIT_IN_ENGINE(result) + EMIT_VECTOR_BYTES * n,
				type);
}

static void forget_coalesced(struct emit *e, uint32_t r)
{
	store_constant(e, EMIT_FRAME, EMIT_COALESCED_ADDEND, 0, VR_T_I64, r);
}

static void ool_memory(struct emit *e, const struct emit_ool *s)
{
	const struct emit_target *t = e->target;
	struct emit_code *c = &e->c;
	uint32_t address = s->address;
	if (s->disp) {
		t->address(e, s->temp, address, s->disp);
		address = s->temp;
	}
	t->store(e, EMIT_EXEC, EMIT_IN_ENGINE(address), address, VR_T_I64);
	for (uint32_t n = 0; n < 2; n++)
		store_argument(e, s, n);
	t->call_memory(e);
	fault_point(e, s->insn);
	/* the descriptor, which the thunk takes and skips */
	emit_mark(e, s->origin, VR_MARK_DATA);
	put32(c, (uint32_t)s->pc);
	put32(c, (uint32_t)(s->pc >> 32));
	emit_mark(e, s->origin, VR_MARK_SLOW);
	load_result(e, s, 0);
	load_result(e, s, 1);
	if (s->coalesced)
		forget_coalesced(e, s->temp);
	t->jump_to(e, c->execute + s->back);
}

/* The check of one access whose range could not be checked as a whole. */
static void ool_element(struct emit *e, const struct emit_ool *s)
{
	const struct emit_target *t = e->target;
	if (s->coalesced)
		forget_coalesced(e, s->temp);
	struct emit_access a =
		t->tlb_check(e, s->address, s->disp, s->what, 0, false, s->write, s->temp, s->arg[0]);
	e->ools[s->exit].jump[0] = a.slow;
	if (s->hint) {
		/* tlb_check() left the page in v */
		t->store(e, EMIT_FRAME, EMIT_HINT_TAG(s->hint - 1), s->arg[0], VR_T_I64);
		t->store(e, EMIT_FRAME, EMIT_HINT_ADDEND(s->hint - 1), s->temp, VR_T_I64);
	}
	t->jump_to(e, e->c.execute + s->back);
}

static void ool_fp_slow(struct emit *e, const struct emit_ool *s)
{
	const struct emit_target *t = e->target;
	for (uint32_t n = 0; n < 3; n++)
		store_argument(e, s, n);
	t->call_fp_slow(e, s->fn, s->what, s->pc);
	load_result(e, s, 0);
	if (s->back)
		t->jump_to(e, e->c.execute + s->back);
}

struct emit_ool *emit_fp_slow_ool(struct emit *e, uint64_t fn, uint32_t what, uint64_t imm, uint32_t jump,
				  uint32_t d, uint32_t dtype)
{
	struct emit_ool *s = emit_ool_new(e, OOL_FP_SLOW);
	s->fn = fn;
	s->what = what;
	s->pc = imm;
	s->jump[0] = jump;
	s->result[0] = (uint8_t)d;
	s->result_type[0] = (uint8_t)dtype;
	s->back = code_at(&e->c);
	return s;
}

/* What an op that is computed in C needs, in line. */
static struct emit_ool in_line(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint64_t fn)
{
	struct emit_ool s = {.kind = OOL_FP_SLOW,
			     .fn = fn,
			     .what = emit_fp_slow_what(o),
			     .pc = o->imm,
			     .arg = {NOREG, NOREG, NOREG}};
	const uint32_t args[3] = {o->a, o->b, o->c};
	emit_flags_clobber(e);
	for (uint32_t n = 0; n < 3; n++) {
		if (!args[n] || args[n] >= i || args[n] < e->first)
			continue;
		s.arg[n] = (uint8_t)ra_use_clean(e, args[n]);
		s.arg_type[n] = o->type == VR_T_V256 ? VR_T_V256 : val(e, args[n])->type;
	}
	for (uint32_t n = 0; n < 3; n++)
		if (s.arg[n] != NOREG)
			ra_free(e, args[n]);
	return s;
}

static void in_line_result(struct emit *e, struct emit_ool *s, uint32_t i)
{
	s->result[0] = (uint8_t)ra_def(e, i, NOREG);
	s->result[1] = NOREG;
	s->result_type[0] = val(e, i)->type;
}

void emit_fp_slow_inline(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint64_t fn)
{
	struct emit_ool s = in_line(e, o, i, fn);
	in_line_result(e, &s, i);
	ool_fp_slow(e, &s);
}

void emit_fp_traps(struct emit *e, const struct vr_ir_op *o, uint32_t i)
{
	const struct emit_target *t = e->target;
	struct emit_code *c = &e->c;
	struct emit_ool s = in_line(e, o, i, 0);
	uint32_t r = ra_tmp_of(e, EMIT_INTS);
	for (uint32_t n = 0; n < 3; n++)
		store_argument(e, &s, n);
	store_constant(e, EMIT_EXEC, EMIT_IN_ENGINE(address), o->imm, VR_T_I64, r);
	in_line_result(e, &s, i);
	t->call_memory(e);
	fault_point(e, (uint32_t)e->pc);
	/* the descriptor, which the thunk takes and skips */
	emit_mark(e, e->pc, VR_MARK_DATA);
	put32(c, s.what);
	put32(c, 0);
	emit_mark(e, e->pc, VR_MARK_INSN);
	load_result(e, &s, 0);
}

void emit_ool_all(struct emit *e)
{
	const struct emit_target *t = e->target;
	for (uint32_t n = 0; n < e->ool_count && !e->error; n++) {
		const struct emit_ool *s = &e->ools[n];
		if (emit_is_full(e))
			return;
		emit_mark(e, s->origin, VR_MARK_SLOW);
		for (uint32_t k = 0; k < 3; k++)
			if (s->jump[k])
				t->patch(e, s->jump[k], code_at(&e->c));
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
			emit_store_dirty(e, s->dirty);
			emit_set_pc(e, s->pc);
			t->jump_to(e, e->thunk_at.lookup);
			break;
		case OOL_HOT:
			emit_set_pc(e, s->pc);
			t->jump_to(e, e->thunk_at.hot);
			break;
		case OOL_POLL_R:
			t->store(e, EMIT_EXEC, EMIT_IN_EXEC(pc), t->jump_pc, VR_T_I64);
			t->jump_to(e, e->thunk_at.lookup);
			break;
		case OOL_JUMP:
			t->jump_to(e, e->thunk_at.jump);
			break;
		case OOL_LEAVE:
			store_constant(e, EMIT_EXEC, EMIT_IN_EXEC(leave), 0, VR_T_I32, t->scratch);
			t->jump_to(e, e->thunk_at.resume);
			break;
		case OOL_EXIT:
			e->job->exits[s->exit].stub = code_at(&e->c);
			t->patch(e, e->job->exits[s->exit].jump, code_at(&e->c));
			t->exit_stub(e, e->job->exit_base + s->exit);
			emit_veneer(e, &e->job->exits[s->exit], s->origin);
			break;
		default:
			break;
		}
	}
}
