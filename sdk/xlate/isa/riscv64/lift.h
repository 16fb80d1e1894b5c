/* SPDX-License-Identifier: MIT */
/* lift.h: what the files of the lifter share. */
#ifndef VR_XLATE_RISCV64_LIFT_H
#define VR_XLATE_RISCV64_LIFT_H

#include "riscv64.h"
#include "../../ir/build.h"

/* Every row's handler. */
#define RV_DECODE_PROTOTYPES_ONLY
#include "rv_decode.h"
#undef RV_DECODE_PROTOTYPES_ONLY

/* The low `bits` bits of v as a signed number. */
static inline uint64_t rv_signed(uint64_t v, uint32_t bits)
{
	uint64_t sign = UINT64_C(1) << (bits - 1);

	v &= sign + sign - 1;
	return (v ^ sign) - sign;
}

static inline uint32_t rv_const(struct rv_lift *l, uint64_t value)
{
	return vr_ir_const(l->ir, VR_T_I64, value);
}

/* The code address of a place: l->pc and what is relative to it. */
static inline uint32_t rv_pc_const(struct rv_lift *l, uint64_t place)
{
	return vr_ir_pc_const(l->ir, VR_T_I64, place);
}

static inline uint32_t rv_get_typed(struct rv_lift *l, uint32_t r, uint32_t type)
{
	return r ? vr_ir_get(l->ir, type, RV_REG_X(r)) : vr_ir_const(l->ir, type, 0);
}

static inline uint32_t rv_get(struct rv_lift *l, uint32_t r)
{
	return rv_get_typed(l, r, VR_T_I64);
}

static inline void rv_put(struct rv_lift *l, uint32_t r, uint32_t value)
{
	if (r && l->guarded) {
		const struct rv_branch *b = &l->branch;
		uint32_t old = rv_get(l, r), flags = vr_ir_op2(l->ir, VR_IR_F_SUB, VR_T_I64, b->a, b->b);

		value = vr_ir_add(l->ir, VR_IR_SELECT, VR_T_I64, b->cc, flags, old, value, 0);
	}
	if (r)
		vr_ir_put(l->ir, VR_T_I64, RV_REG_X(r), value);
}

/* A 32-bit result, sign-extended. */
static inline void rv_put_word(struct rv_lift *l, uint32_t r, uint32_t value)
{
	if (r)
		rv_put(l, r, vr_ir_add(l->ir, VR_IR_SEXT, VR_T_I64, 32, value, 0, 0, 0));
}

static inline uint32_t rv_op(struct rv_lift *l, uint32_t op, uint32_t a, uint32_t b)
{
	return vr_ir_op2(l->ir, op, VR_T_I64, a, b);
}

/* op a, #value; nothing when the value is 0 (ADD, OR, XOR, shifts). */
static inline uint32_t rv_op_imm(struct rv_lift *l, uint32_t op, uint32_t type, uint32_t a, uint64_t value)
{
	return value ? vr_ir_op2(l->ir, op, type, a, vr_ir_const(l->ir, type, value)) : a;
}

/* CALL with values (0: none). */
static inline uint32_t rv_call(struct rv_lift *l, uint32_t helper, uint32_t a, uint32_t b, uint32_t c)
{
	return vr_ir_add(l->ir, VR_IR_CALL, VR_T_I64, 0, a, b, c, helper);
}

/* A terminator: the block is done. */
static inline void rv_end(struct rv_lift *l, uint32_t op, uint32_t aux, uint32_t a, uint64_t imm)
{
	vr_ir_add(l->ir, op, VR_T_NONE, aux, a, 0, 0, imm);
	l->done = 1;
}

/* End the block here and look up the next instruction: the mode may have changed. */
static inline void rv_exit_next(struct rv_lift *l)
{
	rv_end(l, VR_IR_EXIT_TO, 0, 0, l->pc + l->length);
}

static inline uint32_t rv_mode(const struct rv_lift *l)
{
	return l->mode_flags & RV_MODE_PRIVILEGE;
}

/* Raise a synchronous exception at the current instruction and end the block. */
static inline void rv_lift_exception_value(struct rv_lift *l, uint32_t cause, uint32_t tval)
{
	rv_call(l, RV_H_raise, rv_const(l, cause), tval, 0);
	rv_end(l, VR_IR_EXIT, 0, 0, 0);
}
static inline void rv_lift_exception(struct rv_lift *l, uint32_t cause, uint64_t tval)
{
	rv_lift_exception_value(l, cause, rv_const(l, tval));
}

/* A handler's answer for a compressed instruction: lift.c is to lift `word` in its place. */
static inline int rv_lift_expanded(struct rv_lift *l, uint32_t word)
{
	l->expanded = word;
	return RV_LIFT_EXPANDED;
}

/* FP instructions are illegal without. */
static inline int rv_fp_enabled(const struct rv_lift *l)
{
	return (l->mode_flags & RV_MODE_FP) != 0;
}

/* What most handlers end with: rd is v, or v's low word, sign-extended. */
static inline int rv_result(struct rv_lift *l, const struct rv_fields *f, uint32_t v)
{
	rv_put(l, f->rd, v);
	return 1;
}
static inline int rv_word_result(struct rv_lift *l, const struct rv_fields *f, uint32_t v)
{
	rv_put_word(l, f->rd, v);
	return 1;
}
/* rd = rs1 op rs2 */
static inline int rv_op_reg(struct rv_lift *l, const struct rv_fields *f, uint32_t op)
{
	uint32_t a = rv_get(l, f->rs1);

	return rv_result(l, f, rv_op(l, op, a, rv_get(l, f->rs2)));
}

/* A row's handler, and one that is but a call. */
#define HANDLER(name) int rv_lift_##name(struct rv_lift *l, const struct rv_fields *f)
#define ROW(name, call)      \
	HANDLER(name)        \
	{                    \
		return call; \
	}

#endif
