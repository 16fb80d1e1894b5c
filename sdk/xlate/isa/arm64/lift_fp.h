/* SPDX-License-Identifier: MIT */
/* lift_fp.h: what the FP and SIMD lifters share. */
#ifndef VR_XLATE_A64_LIFT_FP_H
#define VR_XLATE_A64_LIFT_FP_H

#include "fp.h"

/* For the system side: MSR FPCR (ends the block), MRS FPSR -> I64, MSR FPSR. `value`: an I64. FPCR is read by
 * LDS. */
int a64_lift_fpcr_write(struct a64_lift *l, uint32_t value);
uint32_t a64_lift_fpsr_read(struct a64_lift *l);
void a64_lift_fpsr_write(struct a64_lift *l, uint32_t value);

/* An op of class FP; in FPCR's slow modes, a call that gives the same kind of value. */
uint32_t a64_fp_op(struct a64_lift *l, uint32_t op, uint32_t type, uint32_t aux, uint32_t a, uint32_t b,
		   uint32_t c, uint64_t imm);
/* fp_extra on lanes of size es: V128. */
uint32_t a64_fp_extra(struct a64_lift *l, uint32_t kind, uint32_t es, uint32_t lanes, uint32_t parameter,
		      uint32_t a, uint32_t b);

static inline uint32_t a64_vcall(struct a64_lift *l, uint32_t helper, uint32_t a, uint32_t b, uint32_t c,
				 uint64_t imm)
{
	return vr_ir_add(l->ir, VR_IR_VCALL, VR_T_V128, 0, a, b, c, (uint64_t)helper | imm << 16);
}

/* Registers: reads as any vector type; writes zero what the type does not cover. */
static inline uint32_t a64_get_v(struct a64_lift *l, uint32_t r, uint32_t type)
{
	return vr_ir_get(l->ir, type, A64_REG_V(r));
}
static inline void a64_put_v(struct a64_lift *l, uint32_t r, uint32_t type, uint32_t value)
{
	vr_ir_put(l->ir, type, A64_REG_V(r), value);
}

static inline uint32_t a64_vtype(uint32_t q)
{
	return q ? VR_T_V128 : VR_T_V64;
}
static inline uint32_t a64_lanes(uint32_t type, uint32_t es)
{
	return (type == VR_T_V128 ? 16u : 8u) >> es;
}
/* Scalar FP type of a lane size, 2 or 3. */
static inline uint32_t a64_ftype(uint32_t es)
{
	return es == 3 ? VR_T_F64 : VR_T_F32;
}

/* Vector ops with a lane size. */
static inline uint32_t a64_v1(struct a64_lift *l, uint32_t op, uint32_t type, uint32_t es, uint32_t a,
			      uint64_t imm)
{
	return vr_ir_add(l->ir, op, type, es, a, 0, 0, imm);
}
static inline uint32_t a64_v2(struct a64_lift *l, uint32_t op, uint32_t type, uint32_t es, uint32_t a,
			      uint32_t b)
{
	return vr_ir_add(l->ir, op, type, es, a, b, 0, 0);
}
static inline uint32_t a64_vconst(struct a64_lift *l, uint32_t type, uint64_t imm)
{
	return vr_ir_add(l->ir, VR_IR_VCONST, type, 0, 0, 0, 0, imm);
}
/* VFPExpandImm: a b cdefgh -> sign, exponent NOT(b) b..b cd, fraction efgh. */
static inline uint64_t a64_fp_expand_imm(uint32_t es, uint32_t imm8)
{
	const uint64_t sign = imm8 >> 7, b = imm8 >> 6 & 1, low = imm8 & 0x3f;

	if (es == 3)
		return sign << 63 | (b ? 0xffull << 54 : 1ull << 62) | low << 48;
	return sign << 31 | (b ? 0x1full << 25 : 1ull << 30) | low << 19;
}
/* `value` in every lane of 64 bits. */
static inline uint64_t a64_replicate(uint64_t value, uint32_t es)
{
	for (uint32_t bits = 8u << es; bits < 64; bits *= 2)
		value |= value << bits;
	return value;
}

#endif
