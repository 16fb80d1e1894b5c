/* SPDX-License-Identifier: MIT */
/* build.h: appending ops to an IR. Lifters use nothing else. */
#ifndef VR_XLATE_IR_BUILD_H
#define VR_XLATE_IR_BUILD_H

#include <vmrun/ir.h>

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

static inline uint32_t vr_ir_get(struct vr_ir *ir, uint32_t type, uint32_t slot)
{
	return vr_ir_add(ir, VR_IR_GET, type, 0, 0, 0, 0, slot);
}

static inline void vr_ir_put(struct vr_ir *ir, uint32_t type, uint32_t slot, uint32_t value)
{
	/* aux 3: FLAGS are live on both edges until the engine knows better */
	vr_ir_add(ir, VR_IR_PUT, type, type == VR_T_FLAGS ? 3 : 0, value, 0, 0, slot);
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

#endif
