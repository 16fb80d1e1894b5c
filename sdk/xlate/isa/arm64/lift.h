/* SPDX-License-Identifier: MIT */
/* lift.h: what the files of the integer lifter share. */
#ifndef VR_XLATE_ARM64_LIFT_H
#define VR_XLATE_ARM64_LIFT_H

#include "arm64.h"

/* Every row's handler. */
#define A64_DECODE_PROTOTYPES_ONLY
#include "a64_decode.h"
#undef A64_DECODE_PROTOTYPES_ONLY

/* Exception classes (ESR_EL1.EC, Arm ARM D13.2.37). */
#define A64_EC_UNKNOWN 0x00u
#define A64_EC_SVC 0x15u
#define A64_EC_SYSREG 0x18u
#define A64_EC_BRK 0x3cu

/* Conditions 14 and 15 are both "always" (C1.2.4). */
static inline int a64_always(uint32_t cond)
{
	return cond >= VR_CC_AL;
}

static inline uint32_t a64_type(uint32_t sf)
{
	return sf ? VR_T_I64 : VR_T_I32;
}

static inline uint32_t a64_bits(uint32_t sf)
{
	return sf ? 64 : 32;
}

/* The low `bits` bits of v as a signed number. */
static inline uint64_t a64_signed(uint64_t v, uint32_t bits)
{
	uint64_t sign = UINT64_C(1) << (bits - 1);

	v &= sign + sign - 1;
	return (v ^ sign) - sign;
}

static inline uint32_t a64_const(struct a64_lift *l, uint32_t type, uint64_t value)
{
	return vr_ir_const(l->ir, type, value);
}

/* The code address of a place: l->pc and what is relative to it. */
static inline uint32_t a64_pc_const(struct a64_lift *l, uint64_t place)
{
	return vr_ir_pc_const(l->ir, VR_T_I64, place);
}

/* op a, #value; nothing when the value is 0 (ADD, OR, shifts). */
static inline uint32_t a64_op_imm(struct a64_lift *l, uint32_t op, uint32_t type, uint32_t a, uint64_t value)
{
	return value ? vr_ir_op2(l->ir, op, type, a, vr_ir_const(l->ir, type, value)) : a;
}

static inline uint32_t a64_get_flags(struct a64_lift *l)
{
	return vr_ir_get(l->ir, VR_T_FLAGS, A64_REG_FLAGS);
}

static inline void a64_put_flags(struct a64_lift *l, uint32_t value)
{
	vr_ir_put(l->ir, VR_T_FLAGS, A64_REG_FLAGS, value);
}

/* CALL with values (0: none). */
static inline uint32_t a64_call(struct a64_lift *l, uint32_t helper, uint32_t a, uint32_t b, uint32_t c)
{
	return vr_ir_add(l->ir, VR_IR_CALL, VR_T_I64, 0, a, b, c, helper);
}

/* A terminator: the block is done. */
static inline void a64_end(struct a64_lift *l, uint32_t op, uint32_t aux, uint32_t a, uint64_t imm)
{
	vr_ir_add(l->ir, op, VR_T_NONE, aux, a, 0, 0, imm);
	l->done = 1;
}

/* End the block here and look up the next instruction: the mode may have changed. */
static inline void a64_exit_next(struct a64_lift *l)
{
	a64_end(l, VR_IR_EXIT_TO, 0, 0, l->pc + 4);
}

/* Xm or Wm shifted by a constant (C6.2: shift 0 LSL, 1 LSR, 2 ASR, 3 ROR). */
uint32_t a64_shifted(struct a64_lift *l, uint32_t r, uint32_t type, uint32_t shift, uint32_t amount);
/* Xm or Wm extended (opt: 0-3 UXTB..UXTX, 4-7 SXTB..SXTX), then shifted left. */
uint32_t a64_extended(struct a64_lift *l, uint32_t r, uint32_t type, uint32_t opt, uint32_t amount);
/* rd = a +/- b, and the flags when s. rd 31: SP when sp, else nothing. */
void a64_lift_addsub(struct a64_lift *l, uint32_t type, uint32_t sub, uint32_t s, uint32_t rd, uint32_t sp,
		     uint32_t a, uint32_t b);

/* Flags of a plain data access, in bits 63:32 as VR_MEM_IMM puts them. */
static inline uint32_t a64_data_flags(const struct a64_lift *l)
{
	return l->mode_flags & A64_MODE_ALIGN ? VR_MF_ALIGN : 0;
}

#endif
