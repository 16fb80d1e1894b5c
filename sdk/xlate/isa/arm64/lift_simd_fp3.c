/* SPDX-License-Identifier: MIT */
/* lift_simd_fp3.c: three registers of one type, floating point (C4.1.6: Advanced SIMD three same, opcodes
 * 11xxx). */
#include "lift_simd.h"

enum fp3_kind { NONE, PLAIN, PAIR, MLA, MLS, ABD, COMPARE, ABS_COMPARE, EXTRA };

struct fp3 {
	uint8_t kind;
	uint8_t scalar; /* has a scalar form in this group */
	uint16_t op;    /* VR_IR_*, or A64_FPX_* of EXTRA */
};

/* By opcode - 0x18, and U:size<1>. */
static const struct fp3 table[8][4] = {
	{{PLAIN, 0, VR_IR_VFMAXNM},
	 {PLAIN, 0, VR_IR_VFMINNM},
	 {PAIR, 0, VR_IR_VFMAXNM},
	 {PAIR, 0, VR_IR_VFMINNM}},
	{{MLA, 0, VR_IR_VFMADD}, {MLS, 0, VR_IR_VFMADD}, {NONE, 0, 0}, {NONE, 0, 0}},
	{{PLAIN, 0, VR_IR_VFADD}, {PLAIN, 0, VR_IR_VFSUB}, {PAIR, 0, VR_IR_VFADD}, {ABD, 1, VR_IR_VFSUB}},
	{{EXTRA, 1, A64_FPX_MULX}, {NONE, 0, 0}, {PLAIN, 0, VR_IR_VFMUL}, {NONE, 0, 0}},
	{{COMPARE, 1, VR_IR_VFCMPEQ}, {NONE, 0, 0}, {COMPARE, 1, VR_IR_VFCMPGE}, {COMPARE, 1, VR_IR_VFCMPGT}},
	{{NONE, 0, 0}, {NONE, 0, 0}, {ABS_COMPARE, 1, VR_IR_VFCMPGE}, {ABS_COMPARE, 1, VR_IR_VFCMPGT}},
	{{PLAIN, 0, VR_IR_VFMAX}, {PLAIN, 0, VR_IR_VFMIN}, {PAIR, 0, VR_IR_VFMAX}, {PAIR, 0, VR_IR_VFMIN}},
	{{EXTRA, 1, A64_FPX_RECPS}, {EXTRA, 1, A64_FPX_RSQRTS}, {PLAIN, 0, VR_IR_VFDIV}, {NONE, 0, 0}},
};

static const struct fp3 *entry(uint32_t u, uint32_t a, uint32_t opc)
{
	return &table[opc - 0x18][u << 1 | a];
}

int a64_fp3_ok(uint32_t u, uint32_t a, uint32_t opc, int scalar)
{
	const struct fp3 *e = entry(u, a, opc);

	return e->kind != NONE && (!scalar || e->scalar);
}

uint32_t a64_fp3(struct a64_lift *l, uint32_t rd, uint32_t u, uint32_t a, uint32_t opc, uint32_t es,
		 uint32_t type, uint32_t n, uint32_t m)
{
	const struct fp3 *e = entry(u, a, opc);

	switch (e->kind) {
	case PAIR: {
		uint32_t even = a64_v2(l, VR_IR_VUZP1, type, es, n, m),
			 odd = a64_v2(l, VR_IR_VUZP2, type, es, n, m);

		return a64_fp_op(l, e->op, type, es, even, odd, 0, 0);
	}
	case MLA:
		return a64_fp_op(l, e->op, type, es, n, m, a64_get_v(l, rd, type), 0);
	case MLS:
		return a64_fp_op(l, e->op, type, es | 4, n, m, a64_get_v(l, rd, type), 0);
	case ABD:
		return a64_v1(l, VR_IR_VFABS, type, es, a64_fp_op(l, e->op, type, es, n, m, 0, 0), 0);
	case ABS_COMPARE:
		n = a64_v1(l, VR_IR_VFABS, type, es, n, 0);
		m = a64_v1(l, VR_IR_VFABS, type, es, m, 0);
		return a64_fp_op(l, e->op, type, es, n, m, 0, 0);
	case EXTRA:
		return a64_fp_extra(l, e->op, es, a64_lanes(type, es), 0, n, m);
	default:
		return a64_fp_op(l, e->op, type, es, n, m, 0, 0);
	}
}

/* One lane, compared as vectors whose other lane is zero in both: that raises nothing. */
uint32_t a64_fp_compare_scalar(struct a64_lift *l, uint32_t op, uint32_t es, uint32_t a, uint32_t b)
{
	if (es == 2) {
		a = a64_v1(l, VR_IR_VZEXT, VR_T_V128, 2, a, 0);
		b = a64_v1(l, VR_IR_VZEXT, VR_T_V128, 2, b, 0);
	}
	return a64_fp_op(l, op, VR_T_V64, es, a, b, 0, 0);
}

uint32_t a64_fp3_scalar(struct a64_lift *l, uint32_t rd, uint32_t u, uint32_t a, uint32_t opc, uint32_t es,
			uint32_t n, uint32_t m)
{
	const struct fp3 *e = entry(u, a, opc);
	const uint32_t type = a64_ftype(es);

	switch (e->kind) {
	case MLA: /* by element only */
		return a64_fp_op(l, VR_IR_FMADD, type, 0, n, m, a64_get_v(l, rd, type), 0);
	case MLS:
		return a64_fp_op(l, VR_IR_FMADD, type, 1, n, m, a64_get_v(l, rd, type), 0);
	case ABD:
		return vr_ir_op1(l->ir, VR_IR_FABS, type, a64_fp_op(l, VR_IR_FSUB, type, 0, n, m, 0, 0));
	case ABS_COMPARE:
		n = a64_v1(l, VR_IR_VFABS, VR_T_V64, es, n, 0);
		m = a64_v1(l, VR_IR_VFABS, VR_T_V64, es, m, 0);
		return a64_fp_compare_scalar(l, e->op, es, n, m);
	case COMPARE:
		return a64_fp_compare_scalar(l, e->op, es, n, m);
	case EXTRA:
		return a64_fp_extra(l, e->op, es, 1, 0, n, m);
	default: /* FMUL by element */
		return a64_fp_op(l, VR_IR_FMUL, type, 0, n, m, 0, 0);
	}
}
