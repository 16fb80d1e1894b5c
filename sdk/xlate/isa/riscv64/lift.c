/* SPDX-License-Identifier: MIT */
/*
 * lift.c: guest bytes to one IR block.
 *
 * Each instruction is fetched (16 bits, or 32 when its low two bits are ones), its row found, its fields
 * extracted, and the row's handler appends ops after an INSN_START. An instruction without a row, or that its
 * handler refuses, is illegal. A compressed instruction is a row whose upper 16 bits are zero; its handler
 * returns the 32-bit instruction that it stands for, which is lifted in its place.
 *
 * A branch over one instruction that only computes is lifted as a selection: the base ISA has no conditional
 * move, so compilers use such branches, and the host would often predict them wrongly. The skipped
 * instruction's result is selected (rv_put) and the block goes on.
 *
 * The block ends where a handler ends it, after max_insns, or with the bytes. When the ops run out, the
 * instruction at hand is taken back and the block ends before it. An instruction that the bytes cut off ends
 * the block before it too; if it is the first, VR_E_AGAIN asks for more bytes.
 */
#include "xlate/ir/ir.h"

#include "isa.h"
#include "lift.h"
#include "system.h"
#include "rv_decode.h"

static int lift_word(struct rv_lift *l, uint32_t word)
{
	struct rv_fields f;
	int row = rv_decode(word);

	if (row < 0)
		return 0;
	rv_extract(row, word, &f);
	int lifted = rv_row_handler[row](l, &f);
	return lifted == RV_LIFT_EXPANDED ? lift_word(l, l->expanded) : lifted;
}

/* Would the instruction be legal with FP enabled? Appends nothing. */
static int needs_fp(struct rv_lift *l)
{
	const struct rv_lift now = *l;
	uint32_t mark = l->ir->op_count;

	if (rv_fp_enabled(l) || rv_mode(l) == RV_USER)
		return 0;
	l->mode_flags |= RV_MODE_FP;
	int lifted = lift_word(l, l->insn);
	*l = now;
	l->ir->op_count = mark;
	return lifted;
}

/* Append one instruction. */
static void lift_one(struct rv_lift *l)
{
	struct vr_ir *ir = l->ir;

	vr_ir_add(ir, VR_IR_INSN_START, VR_T_NONE, l->guarded, 0, 0, 0, l->pc);
	if (l->mode_flags & RV_MODE_COUNT) {
		uint32_t offset = RV_STATE_OFFSET(minstret);
		uint32_t n = vr_ir_add(ir, VR_IR_LDS, VR_T_I64, 0, 0, 0, 0, offset);

		vr_ir_add(ir, VR_IR_STS, VR_T_I64, 0, rv_op_imm(l, VR_IR_ADD, VR_T_I64, n, 1), 0, 0, offset);
	}
	uint32_t mark = ir->op_count;
	if (lift_word(l, l->insn))
		return;
	ir->op_count = mark;
	l->done = 0;
	if (needs_fp(l)) {
		rv_call(l, RV_H_fp_on, rv_const(l, l->insn), 0, 0);
		rv_end(l, VR_IR_EXIT, 0, 0, 0);
		return;
	}
	rv_lift_exception(l, RV_CAUSE_ILLEGAL, l->insn);
}

/* The instruction at p, of which `length` bytes are there. 0: cut off. */
static uint32_t fetch(struct rv_lift *l, const uint8_t *p, uint32_t length)
{
	if (length < 2)
		return 0;
	l->insn = (uint32_t)p[0] | (uint32_t)p[1] << 8;
	l->length = (l->insn & 3) == 3 ? 4 : 2;
	if (length < l->length)
		return 0;
	if (l->length == 4)
		l->insn |= (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	return l->length;
}

#define MOST_SKIPPED_OPS 12u

/* Are all of these ops pure, and none of them slow? */
static int only_computes(const struct vr_ir *ir, uint32_t from)
{
	if (ir->overflow || ir->op_count - from > MOST_SKIPPED_OPS)
		return 0;
	for (uint32_t i = from; i < ir->op_count; i++) {
		const struct vr_ir_op *o = &ir->ops[i];

		if (o->op == VR_IR_INSN_START || (o->op == VR_IR_PUT && o->imm < RV_REG_RES_ADDR))
			continue;
		if (vr_ir_ops[o->op].op_class != VR_IRC_PURE ||
		    vr_ir_ops[o->op].attribute == VR_ATTRIBUTE_SLOW)
			return 0;
	}
	return 1;
}

/* A branch was lifted; l->pc is after it, where `length` bytes are. Lift the instruction there as the one
 * that the branch skips. 0: the branch does not skip just that, or it cannot be selected. */
static uint32_t lift_skipped(struct rv_lift *l, const uint8_t *p, uint32_t length)
{
	struct vr_ir *ir = l->ir;
	uint32_t mark = ir->op_count, boxed = l->boxed,
		 at = l->branch.op; /* lift_one() may set it for another branch */

	/* What is skipped is not counted. */
	if (!at || (l->mode_flags & RV_MODE_COUNT) || !fetch(l, p, length) ||
	    l->branch.to != l->pc + l->length)
		return 0;
	struct vr_ir_op branch = ir->ops[at];

	ir->ops[at] = (struct vr_ir_op){.op = VR_IR_NOP};
	l->done = 0;
	l->guarded = 1;
	lift_one(l);
	l->guarded = 0;
	if (!l->done && only_computes(ir, mark))
		return l->length;
	ir->ops[at] = branch;
	ir->op_count = mark;
	l->boxed = boxed;
	l->done = 1;
	return 0;
}

/* The instructions of the block. */
static void lift_all(struct rv_lift *l, const struct vr_lift *rq, struct vr_ir_block *b)
{
	uint32_t at = 0, skipped;

	while (b->insns < rq->max_insns && !l->done && fetch(l, rq->code + at, rq->length - at)) {
		l->branch.op = 0;
		lift_one(l);
		if (!vr_ir_block_keep(l->ir, b)) {
			l->done = 0;
			break;
		}
		at += l->length;
		l->pc += l->length;
		if (b->insns == rq->max_insns || !(skipped = lift_skipped(l, rq->code + at, rq->length - at)))
			continue;
		at += skipped;
		l->pc += skipped;
		vr_ir_block_keep(l->ir, b);
	}
}

int32_t VR_CALL rv_lift_block(const struct vr_isa_vm *vm, const struct vr_lift *rq, struct vr_ir *ir)
{
	struct rv_lift l = {.ir = ir, .pc = rq->offset, .mode_flags = rq->mode_flags};
	struct vr_ir_block b;

	(void)vm;
	if (rq->max_insns == 0 || (rq->offset & 1))
		return VR_E_INVAL;
	if (!fetch(&l, rq->code, rq->length))
		return VR_E_AGAIN;
	int32_t rc = vr_ir_block_begin(ir, rq->offset, &b);
	if (rc < 0)
		return rc;
	lift_all(&l, rq, &b);
	return vr_ir_block_end(ir, &b, l.pc, l.done != 0);
}
