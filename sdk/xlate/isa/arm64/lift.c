/* SPDX-License-Identifier: MIT */
/*
 * lift.c: guest bytes to one IR block.
 *
 * Each instruction is fetched, its row found, its fields extracted, and the row's handler appends ops after
 * an INSN_START. A word without a row, or that its handler refuses, raises the undefined-instruction exception.
 * The block ends where a handler ends it, after max_insns, or with the bytes. When the ops run out, the
 * instruction at hand is taken back and the block ends before it.
 */
#include "isa.h"
#include "lift.h"
#include "a64_decode.h"

/*
 * Software step (D2.12): a block is one instruction, and every way out of it goes where a64_interrupt() is
 * asked. Direct branches would be linked and go past that, so they become EXIT_TO, or an indirect branch to
 * what a condition selects.
 */
static void step_terminator(struct a64_lift *l)
{
	struct vr_ir *ir = l->ir;

	if (ir->overflow)
		return;
	if (!l->done) {
		a64_exit_next(l);
		return;
	}
	struct vr_ir_op t = ir->ops[ir->op_count - 1];
	if (t.op == VR_IR_GOTO) {
		ir->op_count--;
		a64_end(l, VR_IR_EXIT_TO, 0, 0, t.imm);
	} else if (t.op == VR_IR_BRCC || t.op == VR_IR_BRCMP || t.op == VR_IR_BRBIT) {
		ir->op_count--;
		uint32_t taken = a64_pc_const(l, t.imm), next = a64_pc_const(l, l->pc + 4), to;
		if (t.op == VR_IR_BRCC) {
			to = vr_ir_add(ir, VR_IR_SELECT, VR_T_I64, t.aux, t.a, taken, next, 0);
		} else if (t.op == VR_IR_BRCMP) {
			uint32_t holds = vr_ir_add(ir, VR_IR_CMPSET, t.type, t.aux, t.a, t.b, 0, 0);
			to = vr_ir_op3(ir, VR_IR_SELNZ, VR_T_I64, holds, taken, next);
		} else {
			uint32_t bit =
				vr_ir_add(ir, VR_IR_BFX, VR_T_I64, 0, t.a, 0, 0, (t.aux & 63) | 1 << 8);
			to = vr_ir_op3(ir, VR_IR_SELNZ, VR_T_I64, bit, t.aux & 64 ? next : taken,
				       t.aux & 64 ? taken : next);
		}
		a64_end(l, VR_IR_JUMP_INDIRECT, VR_JUMP, to, 0);
	} else if (t.op == VR_IR_JUMP_INDIRECT) {
		ir->ops[ir->op_count - 1].aux = VR_JUMP;
	}
}

/* The instruction that follows runs, or the step exception comes. The argument is kept for ESR_EL1.EX. */
static void lift_step(struct a64_lift *l, a64_handler handler)
{
	uint32_t exclusive = handler == a64_lift_ldxr || handler == a64_lift_ldxp;

	a64_call(l, A64_H_step,
		 a64_const(l, VR_T_I64, A64_STEPPING | (exclusive ? A64_STEPPING_EXCLUSIVE : 0)), 0, 0);
}

/* Append one instruction. */
static void lift_one(struct a64_lift *l)
{
	struct a64_fields f;
	struct vr_ir *ir = l->ir;

	vr_ir_add(ir, VR_IR_INSN_START, VR_T_NONE, 0, 0, 0, 0, l->pc);
	int row = a64_decode(l->insn);
	if (l->mode_flags & A64_MODE_STEP)
		lift_step(l, row < 0 ? NULL : a64_row_handler[row]);
	uint32_t mark = ir->op_count;
	if (row >= 0) {
		a64_extract(row, l->insn, &f);
		if (a64_row_handler[row](l, &f))
			return;
		ir->op_count = mark;
		l->done = 0;
	}
	a64_lift_exception(l, A64_EC_UNKNOWN, 0);
}

static uint32_t fetch(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The instructions of the block. */
static void lift_all(struct a64_lift *l, const struct vr_lift *rq, struct vr_ir_block *b)
{
	uint32_t limit = rq->length / 4;

	if (rq->max_insns < limit)
		limit = rq->max_insns;
	if ((l->mode_flags & A64_MODE_STEP) && limit > 1)
		limit = 1;
	while (b->insns < limit && !l->done) {
		l->insn = fetch(rq->code + 4 * b->insns);
		lift_one(l);
		if (l->mode_flags & A64_MODE_STEP)
			step_terminator(l);
		if (!vr_ir_block_keep(l->ir, b)) {
			l->done = 0;
			break;
		}
		l->pc += 4;
	}
}

/* PC alignment fault (D1.8.1): there is no instruction. */
static void lift_misaligned(struct a64_lift *l, struct vr_ir_block *b)
{
	vr_ir_add(l->ir, VR_IR_INSN_START, VR_T_NONE, 0, 0, 0, 0, l->pc);
	if (l->mode_flags & A64_MODE_STEP)
		lift_step(l, NULL);
	a64_call(l, A64_H_pc_align, 0, 0, 0);
	a64_end(l, VR_IR_EXIT, 0, 0, 0);
	vr_ir_block_keep(l->ir, b);
	l->pc += 4;
}

int32_t VR_CALL a64_lift_block(const struct vr_isa_vm *vm, const struct vr_lift *rq, struct vr_ir *ir)
{
	struct a64_lift l = {.ir = ir, .pc = rq->offset, .mode_flags = rq->mode_flags};
	struct vr_ir_block b;

	(void)vm;
	if (rq->max_insns == 0 || (rq->length < 4 && !(rq->offset & 3)))
		return VR_E_INVAL;
	int32_t rc = vr_ir_block_begin(ir, rq->offset, &b);
	if (rc < 0)
		return rc;
	if (rq->offset & 3)
		lift_misaligned(&l, &b);
	else
		lift_all(&l, rq, &b);
	return vr_ir_block_end(ir, &b, l.pc, l.done != 0);
}
