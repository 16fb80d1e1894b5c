/* SPDX-License-Identifier: MIT */
/*
 * lift_simd.h: AdvSIMD operations on values, which the vector, scalar and by-element encodings share.
 *
 * `opc` and `u` are those of the group named (C4.1.6); `lanes` counts for helpers (1: a scalar, whose type is
 * VR_T_V64). The *_ok functions say whether an encoding is allocated; they are asked before anything is
 * lifted.
 */
#ifndef VR_XLATE_A64_LIFT_SIMD_H
#define VR_XLATE_A64_LIFT_SIMD_H

#include "lift_fp.h"
#include "simd_lanes.h"

/* Three same, opcodes below 0x18. */
int a64_int3_ok(uint32_t u, uint32_t opc, uint32_t es, int scalar);
uint32_t a64_int3(struct a64_lift *l, uint32_t rd, uint32_t u, uint32_t opc, uint32_t es, uint32_t type,
		  uint32_t lanes, uint32_t n, uint32_t m);
/* SQRDMLAH, SQRDMLSH; SDOT, UDOT. */
uint32_t a64_rdmlah(struct a64_lift *l, uint32_t rd, uint32_t subtract, uint32_t es, uint32_t lanes,
		    uint32_t n, uint32_t m);
uint32_t a64_dot(struct a64_lift *l, uint32_t rd, uint32_t u, uint32_t type, uint32_t n, uint32_t m);
/* Three same, opcodes from 0x18: a = size<1>. */
int a64_fp3_ok(uint32_t u, uint32_t a, uint32_t opc, int scalar);
uint32_t a64_fp3(struct a64_lift *l, uint32_t rd, uint32_t u, uint32_t a, uint32_t opc, uint32_t es,
		 uint32_t type, uint32_t n, uint32_t m);
uint32_t a64_fp3_scalar(struct a64_lift *l, uint32_t rd, uint32_t u, uint32_t a, uint32_t opc, uint32_t es,
			uint32_t n, uint32_t m);
/* op: VR_IR_VFCMP*. */
uint32_t a64_fp_compare_scalar(struct a64_lift *l, uint32_t op, uint32_t es, uint32_t a, uint32_t b);
/* Two-register miscellaneous, the FP opcodes. */
int a64_simd_fp_misc(struct a64_lift *l, const struct a64_fields *f, int scalar);
/* Three different: puts the result itself. */
int a64_diff_ok(uint32_t u, uint32_t opc, uint32_t es);
void a64_diff(struct a64_lift *l, uint32_t rd, uint32_t u, uint32_t opc, uint32_t es, uint32_t q, uint32_t n,
	      uint32_t m);
/* Arithmetic (signed) or logical right shift, `bits` of the lane allowed; with rounding. */
uint32_t a64_shift_right(struct a64_lift *l, uint32_t type, uint32_t es, uint32_t u, uint32_t v, uint32_t by,
			 int round);
/* Lanes of 2^(es + 1) bytes narrowed to the low or (upper) high half; puts the result. */
void a64_put_narrow(struct a64_lift *l, uint32_t rd, uint32_t upper, uint32_t es, uint32_t v);
/* Sums of adjacent lanes of size es, as lanes of es + 1. */
uint32_t a64_add_long_pairs(struct a64_lift *l, uint32_t u, uint32_t es, uint32_t type, uint32_t v);

static inline uint32_t a64_upper(struct a64_lift *l, uint32_t q, uint32_t v)
{
	return q ? vr_ir_op1(l->ir, VR_IR_VHITOLO, VR_T_V64, v) : v;
}
/* Low-half lanes of size es at double width. */
static inline uint32_t a64_widen(struct a64_lift *l, uint32_t u, uint32_t es, uint32_t v)
{
	return a64_v1(l, u ? VR_IR_VUXTL : VR_IR_VSXTL, VR_T_V128, es, v, 0);
}

#endif
