/* SPDX-License-Identifier: MIT */
/*
 * step.c: one instruction for a debugger outside the guest, and its addresses (vmrun.debugger/1).
 *
 * A step is one instruction, lifted by itself and interpreted. It leaves nothing in the code cache and comes
 * from nothing there, so that it is exact whatever is linked to what, and costs code that is not stepped
 * nothing. Interrupts wait meanwhile: a debugger that steps through a function wants to stay in it.
 *
 * The engine itself has instructions carried out so that need all other vCPUs to stand (vcpu.c).
 */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "soft.h"

#define STEP_OPS 4096u
#define STEP_BLOCKS 4u
struct soft_step {
	struct vr_ir_op ops[STEP_OPS];
	struct vr_ir_block blocks[STEP_BLOCKS];
	union vr_v256 values[STEP_OPS];
};

static bool have_memory(struct soft_vcpu *v)
{
	if (!v->step)
		v->step = calloc(1, sizeof(*v->step));
	return v->step != NULL;
}

static int32_t VR_CALL vcpu_step(struct vr_vcpu *vcpu, uint32_t on)
{
	struct soft_vcpu *v = soft_vcpu_of(vcpu);

	if (on && !have_memory(v))
		return soft_error(v->vm, VR_E_NOMEM, "soft: no memory to step vCPU %u", v->index);
	v->stepping = on != 0;
	return VR_OK;
}

void soft_step_fini(struct soft_vcpu *v)
{
	free(v->step);
}

static void log_step(struct soft_vcpu *v, const struct vr_ir *ir, const struct soft_itlb_entry *page,
		     const struct soft_itlb_entry *next)
{
	if (!v->vm->log || !ir->block_count)
		return;
	pthread_mutex_lock(&v->vm->code_lock);
	soft_log_step(v, ir, page, next);
	pthread_mutex_unlock(&v->vm->code_lock);
}

/* Lift the instruction at exec.pc. 0; VR_E_AGAIN: not all of it can be fetched, the fault was taken. */
static int32_t lift_one(struct soft_vcpu *v, const struct soft_itlb_entry *page, struct vr_ir *ir)
{
	struct vr_exec *x = v->x;
	uint32_t offset = (uint32_t)(x->pc & (SOFT_PAGE - 1));
	uint32_t run = soft_page_run(&x->code, x->pc & SOFT_PAGE_MASK);
	const uint64_t va_page = x->pc & SOFT_PAGE_MASK;
	struct soft_whole whole;
	struct vr_lift rq = {.size = sizeof(rq),
			     .max_insns = 1,
			     .offset = offset,
			     .mode_flags = x->mode_flags,
			     .code = page->host + offset,
			     .length = run > offset ? run - offset : SOFT_PAGE - offset,
			     .ir_revision = VR_IR_REVISION};
	int32_t rc = soft_lift(v->vm, &rq, ir, &x->code, va_page, NULL);

	if (rc == VR_OK)
		log_step(v, ir, page, NULL);
	if (rc != VR_E_AGAIN)
		return rc;
	if (rq.length >= SOFT_TAIL_MAX)
		return VR_E_INTERNAL;
	uint64_t at = soft_tail_address(&x->code, va_page);
	const struct soft_itlb_entry *next = soft_fetch(x, at);

	if (!next)
		return VR_E_AGAIN;
	soft_add_tail(&rq, &whole, next, (uint32_t)(at & (SOFT_PAGE - 1)));
	rc = soft_lift(v->vm, &rq, ir, &x->code, va_page, NULL);
	if (rc == VR_OK)
		log_step(v, ir, page, next);
	if (rc == VR_E_AGAIN)
		soft_tail_is_cut(v);
	return rc;
}

static uint32_t requested(const struct soft_vcpu *v, uint32_t bits)
{
	return __atomic_load_n(&v->x->exit_request, __ATOMIC_SEQ_CST) & bits;
}

static void carry_out(struct soft_vcpu *v)
{
	const struct soft_itlb_entry *it = soft_fetch(v->x, v->x->pc);
	struct vr_ir ir = {.size = sizeof(ir),
			   .op_count = 1,
			   .op_capacity = STEP_OPS,
			   .block_capacity = STEP_BLOCKS,
			   .ops = v->step->ops,
			   .blocks = v->step->blocks};
	int32_t rc;

	if (!it || (it->checked && soft_guest_point(v)))
		return; /* an exception was taken */
	memset(&ir.ops[0], 0, sizeof(ir.ops[0]));
	rc = lift_one(v, it, &ir);
	if (rc == VR_OK && ir.block_count) {
		soft_interpret_block(v, &ir, 0, v->x->pc & SOFT_PAGE_MASK, v->step->values);
	} else if (rc != VR_E_AGAIN) {
		soft_cant_go_on(v, rc < 0 ? rc : VR_E_INTERNAL);
	}
}

void soft_step(struct soft_vcpu *v)
{
	carry_out(v);
	v->x->leave = 0;
	if (requested(v, SOFT_REQ_FULL | SOFT_REQ_ALONE))
		return; /* nothing was done */
	/* A vCPU that waits for an interrupt may wake without one. */
	__atomic_fetch_and(&v->x->exit_request, ~SOFT_REQ_WAIT, __ATOMIC_SEQ_CST);
	if (!requested(v, SOFT_REQ_DEBUG))
		soft_stop(v, 0, 0);
}

void soft_step_over(struct soft_vcpu *v)
{
	if (have_memory(v))
		carry_out(v);
	else
		soft_cant_go_on(v, VR_E_NOMEM);
	v->x->leave = 0;
}

/* ---- addresses ---- */

static int32_t VR_CALL vcpu_translate(struct vr_vcpu *vcpu, uint64_t va, uint64_t *physical)
{
	/* As the kernel, as code, as its user: whatever the page may be used for. */
	static const struct {
		uint32_t access, flags;
	} as[] = {{VR_ACCESS_READ, 0}, {VR_ACCESS_EXECUTE, 0}, {VR_ACCESS_READ, VR_MF_UNPRIV}};
	struct soft_vcpu *v = soft_vcpu_of(vcpu);
	int32_t fault = 1;

	v->walking = 1;
	for (size_t i = 0; fault && i < sizeof(as) / sizeof(as[0]); i++) {
		struct vr_translation t = {.size = sizeof(t)};

		fault = v->vm->isa->translate(v->x, va, as[i].access, as[i].flags, &t);
		*physical = t.physical;
	}
	v->walking = 0;
	return fault ? VR_E_NOENT : VR_OK;
}

const struct vr_debugger soft_debugger = {
	.size = sizeof(soft_debugger),
	.set_points = soft_set_points,
	.vcpu_step = vcpu_step,
	.vcpu_translate = vcpu_translate,
};
