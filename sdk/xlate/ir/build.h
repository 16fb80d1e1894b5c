/* SPDX-License-Identifier: MIT */
/*
 * build.h: appending ops to an IR. Lifters use nothing else.
 *
 * A block is begun, gets its instructions, and is ended:
 *
 *	r = vr_ir_block_begin(ir, rq->offset, &b);
 *	while (r == VR_OK && b.insns < rq->max_insns && !ended) {
 *		... append one instruction's ops, INSN_START first; a terminator: ended = 1 ...
 *		if (!vr_ir_block_keep(ir, &b)) {
 *			ended = 0;
 *			break;
 *		}
 *	}
 *	return r == VR_OK ? vr_ir_block_end(ir, &b, at, ended) : r;
 *
 * Places are bytes from the page's base (ir.h): `at` begins as rq->offset.
 */
#ifndef VR_XLATE_IR_BUILD_H
#define VR_XLATE_IR_BUILD_H

#include <string.h>
#include <vmrun/ir.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Append an op; returns its value number (0 on overflow: ir->overflow is set and the lift will be repeated
 * shorter). */
static inline uint32_t vr_ir_add(struct vr_ir *ir, uint32_t op, uint32_t type, uint32_t aux, uint32_t a,
				 uint32_t b, uint32_t c, uint64_t imm)
{
	if (ir->op_count >= ir->op_capacity) {
		ir->overflow = 1;
		return 0;
	}
	struct vr_ir_op *o = &ir->ops[ir->op_count];
	o->op = (uint16_t)op;
	o->type = (uint8_t)type;
	o->aux = (uint8_t)aux;
	o->a = a;
	o->b = b;
	o->c = c;
	o->imm = imm;
	return ir->op_count++;
}

static inline uint32_t vr_ir_const(struct vr_ir *ir, uint32_t type, uint64_t imm)
{
	return vr_ir_add(ir, VR_IR_CONST, type, 0, 0, 0, 0, type == VR_T_I32 ? (uint32_t)imm : imm);
}

/* The code address of a place. */
static inline uint32_t vr_ir_pc_const(struct vr_ir *ir, uint32_t type, uint64_t place)
{
	return vr_ir_add(ir, VR_IR_PC_CONST, type, 0, 0, 0, 0, place);
}

static inline uint32_t vr_ir_get(struct vr_ir *ir, uint32_t type, uint32_t reg)
{
	return vr_ir_add(ir, VR_IR_GET, type, 0, 0, 0, 0, reg);
}

static inline void vr_ir_put(struct vr_ir *ir, uint32_t type, uint32_t reg, uint32_t value)
{
	vr_ir_add(ir, VR_IR_PUT, type, 0, value, 0, 0, reg);
}

/* PUT a vector of at most 16 bytes to the low half of a VEC256 register, whose high half stays. */
static inline void vr_ir_put_low(struct vr_ir *ir, uint32_t type, uint32_t reg, uint32_t value)
{
	vr_ir_add(ir, VR_IR_PUT, type, VR_PUT_KEEP, value, 0, 0, reg);
}

static inline uint32_t vr_ir_op1(struct vr_ir *ir, uint32_t op, uint32_t type, uint32_t a)
{
	return vr_ir_add(ir, op, type, 0, a, 0, 0, 0);
}

static inline uint32_t vr_ir_op2(struct vr_ir *ir, uint32_t op, uint32_t type, uint32_t a, uint32_t b)
{
	return vr_ir_add(ir, op, type, 0, a, b, 0, 0);
}

static inline uint32_t vr_ir_op3(struct vr_ir *ir, uint32_t op, uint32_t type, uint32_t a, uint32_t b,
				 uint32_t c)
{
	return vr_ir_add(ir, op, type, 0, a, b, c, 0);
}

/* Begin the block at offset `start` of the page, *b. VR_E_NOMEM: the capacity is too small for one; ir->overflow is set. On VR_OK one
 * op of the capacity is kept back until vr_ir_block_end(). */
static inline int32_t vr_ir_block_begin(struct vr_ir *ir, uint64_t start, struct vr_ir_block *b)
{
	if (ir->op_count == 0)
		vr_ir_add(ir, VR_IR_NOP, VR_T_NONE, 0, 0, 0, 0, 0);
	if (ir->block_count >= ir->block_capacity || ir->op_count + 2 > ir->op_capacity) {
		ir->overflow = 1;
		return VR_E_NOMEM;
	}
	memset(b, 0, sizeof(*b)); /* no compound literal: C++ includes this too */
	b->start = start;
	b->first = ir->op_count;
	b->succ[VR_EDGE_TAKEN] = b->succ[VR_EDGE_FALL] = VR_NO_BLOCK;
	ir->op_capacity--;
	return VR_OK;
}

/* An instruction's ops were appended: it counts. 0: they did not all fit; what did is taken back, and the
 * block ends before the instruction, whose terminator is gone as well. */
static inline int vr_ir_block_keep(struct vr_ir *ir, struct vr_ir_block *b)
{
	if (ir->overflow) {
		ir->op_count = b->first + b->count;
		return 0;
	}
	b->count = ir->op_count - b->first;
	b->insns++;
	return 1;
}

/* End the block before the instruction at `end`: with a GOTO there, unless it has a terminator (ended != 0).
 * VR_E_NOMEM: not even one instruction fits; ir->overflow is set and the engine comes again with a larger
 * capacity. */
static inline int32_t vr_ir_block_end(struct vr_ir *ir, struct vr_ir_block *b, uint64_t end, int ended)
{
	ir->op_capacity++;
	if (b->insns == 0) {
		ir->op_count = b->first;
		ir->overflow = 1;
		return VR_E_NOMEM;
	}
	ir->overflow = 0;
	if (!ended)
		vr_ir_add(ir, VR_IR_GOTO, VR_T_NONE, 0, 0, 0, 0, end);
	b->end = end;
	b->count = ir->op_count - b->first;
	ir->blocks[ir->block_count++] = *b;
	return VR_OK;
}

#ifdef __cplusplus
}
#endif

#endif
