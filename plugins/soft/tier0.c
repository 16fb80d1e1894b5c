/* SPDX-License-Identifier: MIT */
/*
 * tier0.c: running a vCPU on the interpreter, one block at a time. Look-up and memory accesses are those of
 * generated code.
 */
#include <fenv.h>
#include <stdlib.h>

#include "interp.h"
#include "log.h"
#include "soft.h"
#include "xlate/ir/ir.h"

static int32_t tier0_access(struct vr_exec *x, const struct vr_ir_op *op, uint64_t address,
			    const union vr_v256 *a, const union vr_v256 *b, union vr_v256 *result)
{
	return soft_access(x,
			   vr_ir_unconditional(op->op) | (uint64_t)op->type << 16 |
				   (uint64_t)(op->aux & 7u) << 24 | (op->imm >> 32 & 0xffff) << 32 |
				   (uint64_t)(op->op == VR_IR_AMO ? op->c : 0) << 48,
			   address, a, b, result);
}

static const struct soft_interp_memory memory = {.access = tier0_access};

static void enter_guest_fp(struct vr_exec *x)
{
	/* What the host's own code left in the unit is not the guest's. */
	feclearexcept(FE_ALL_EXCEPT);
	soft_interp_fenv_set_round(x, x->fp_round);
}

static void leave_guest_fp(struct vr_exec *x)
{
	x->fp_flags = soft_interp_fenv_get_flags(x);
	feclearexcept(FE_ALL_EXCEPT);
	fesetround(FE_TONEAREST);
}

void soft_interpret_block(struct soft_vcpu *v, const struct vr_ir *ir, uint32_t block, uint64_t pc_base,
			  union vr_v256 *values)
{
	enter_guest_fp(v->x);
	v->n.interpreted++;
	soft_interp_block(v->x, v->vm->isa, ir, block, pc_base, values, &memory);
	leave_guest_fp(v->x);
}

/* The guest's FP environment is the host's. */
static void run_entry(struct soft_vcpu *v, const struct soft_entry *e)
{
	const struct vr_ir *ir = e->region->ir;

	if (ir->op_count > v->value_capacity) {
		union vr_v256 *more = realloc(v->values, ir->op_count * sizeof(*more));

		if (!more) {
			soft_cant_go_on(v, VR_E_NOMEM);
			return;
		}
		v->values = more;
		v->value_capacity = ir->op_count;
	}
	v->n.interpreted++;
	if (soft_log_on(v->vm, VR_DEBUGLOG_EXEC))
		soft_log_exec(v, e, "the interpreter");
	soft_interp_block(v->x, v->vm->isa, ir, e->block, e->region->va_page, v->values, &memory);
}

void soft_interpret_entry(struct soft_vcpu *v, const struct soft_entry *e)
{
	enter_guest_fp(v->x);
	run_entry(v, e);
	leave_guest_fp(v->x);
}

void soft_interpret(struct soft_vcpu *v)
{
	struct vr_exec *x = v->x;

	enter_guest_fp(x);
	while (!__atomic_load_n(&x->exit_request, __ATOMIC_RELAXED)) {
		const struct soft_itlb_entry *it;

		v->n.lookups++;
		const struct soft_entry *e = soft_find(x, &it);

		if (e)
			run_entry(v, e);
	}
	leave_guest_fp(x);
}
