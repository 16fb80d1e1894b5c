/* SPDX-License-Identifier: MIT */
/*
 * condition.c: PUTs of condition registers (VR_REG_CONDITION) right before a branch.
 *
 * Such a register holds what one of the guest's flags is computed from. In a loop the next round overwrites it, and only where
 * the loop is left it is of use: so the PUT, which the engine has marked with the edges where it is dead, is noted, and
 * done on the others. The value stays where it is until then. Nothing comes between but other such PUTs, of FLAGS too, and
 * the branch.
 *
 * On an edge the stores come first: they change no flags and no register but emit_target.scratch, which no value needs any more
 * once those in registers are stored.
 */
#include "emit.h"

static bool before_branch(const struct emit *e, uint32_t index)
{
	uint32_t last = e->op_end - 1;
	if (vr_ir_edges(e->ops[last].op) != (1u << VR_EDGE_TAKEN | 1u << VR_EDGE_FALL))
		return false;
	for (uint32_t k = index + 1; k < last; k++) {
		const struct vr_ir_op *o = &e->ops[k];
		if (o->op != VR_IR_NOP &&
		    (o->op != VR_IR_PUT || !vr_ir_is_flags_reg(vr_isa_reg(e->job->isa, o->imm)->kind)))
			return false;
	}
	return true;
}

bool emit_condition_put(struct emit *e, const struct vr_ir_op *o, uint32_t offset)
{
	uint32_t kept = 0;
	e->pending_edges = 0;
	for (uint32_t n = 0; n < e->pending_count; n++) { /* this PUT is in place of an earlier one */
		if (e->pending[n].offset == offset) {
			ra_free(e, e->pending[n].value);
			continue;
		}
		e->pending_edges |= e->pending[n].edges;
		e->pending[kept++] = e->pending[n];
	}
	e->pending_count = kept;
	if (!(o->aux & 3) || kept == EMIT_PENDING || !before_branch(e, (uint32_t)(o - e->ops)))
		return false;
	struct emit_pending *p = &e->pending[e->pending_count++];
	p->value = o->a;
	p->offset = offset;
	p->cut = vr_ir_type_bits(o->type) < vr_ir_type_bits(val(e, o->a)->type);
	p->edges = ~o->aux & 3u;
	e->pending_edges |= p->edges;
	return true;
}

/* When a value is stored: those first that are in a register as they are to be stored, then one that is in scratch, which may be
 * changed then. */
enum { IN_REGISTER, IN_SCRATCH, BY_SCRATCH, TURNS };

static uint32_t turn(struct emit *e, const struct emit_pending *p)
{
	const struct emit_value *v = val(e, p->value);
	if (v->loc != LOC_REG && v->loc != LOC_PINNED)
		return BY_SCRATCH;
	return !v->dirty_high && !p->cut      ? IN_REGISTER
	       : v->reg == e->target->scratch ? IN_SCRATCH
					      : BY_SCRATCH;
}

static void store_by_scratch(struct emit *e, const struct emit_pending *p)
{
	const struct emit_target *t = e->target;
	uint64_t k;
	if (const_of(e, p->value, &k) &&
	    t->store_constant(e, EMIT_EXEC, p->offset, p->cut ? (uint32_t)k : k, VR_T_I64))
		return;
	const struct emit_value *v = val(e, p->value);
	bool in_register = v->loc == LOC_REG || v->loc == LOC_PINNED;
	if (!in_register)
		ra_load_into(e, t->scratch, p->value, 0);
	if (in_register || p->cut)
		t->clean(e, t->scratch, in_register ? v->reg : t->scratch, VR_T_I32);
	t->store(e, EMIT_EXEC, p->offset, t->scratch, VR_T_I64);
}

void emit_condition_store(struct emit *e, uint32_t edge)
{
	for (uint32_t now = 0; now < TURNS; now++)
		for (uint32_t n = 0; n < e->pending_count; n++) {
			const struct emit_pending *p = &e->pending[n];
			if (!(p->edges >> edge & 1) || turn(e, p) != now)
				continue;
			if (now == IN_REGISTER)
				e->target->store(e, EMIT_EXEC, p->offset, val(e, p->value)->reg, VR_T_I64);
			else
				store_by_scratch(e, p);
		}
}
