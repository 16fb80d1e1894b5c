/* SPDX-License-Identifier: MIT */
/* fp_tiny.h: tininess after rounding, in integers. */
#ifndef VR_XLATE_RISCV64_FP_TINY_H
#define VR_XLATE_RISCV64_FP_TINY_H

#include "fp.h"

struct rv_fp_operation {
	uint32_t op;        /* VR_IR_FADD .. FMADD; FCVT: from double to single */
	unsigned is_double; /* the result; the operands too, but for FCVT */
	uint32_t aux;       /* of FMADD */
	uint64_t a, b, c;   /* operands, as bits */
};
static inline uint64_t rv_fp_smallest_normal(unsigned d)
{
	return d ? 1ull << 52 : 1ull << 23;
}
/* The operation's result, rounded in mode VR_RM_*, is the smallest normal number or its negative: would it have been less with
 * an unbounded exponent? */
int rv_fp_tiny(const struct rv_fp_operation *o, uint32_t mode);

#endif
