/* SPDX-License-Identifier: MIT */
/*
 * lift_simd_mem.c: LD1-4, ST1-4, LD1R-4R (C4.1.4, C7.2.177 on).
 *
 * Whole registers' worth of memory is moved at once and (de)interleaved in registers: 2 and 4 elements by
 * zips, 3 by helpers.
 */
#include "lift_fp.h"
#include "simd_lanes.h"

static void write_back(struct a64_lift *l, const struct a64_fields *f, uint32_t base, uint32_t bytes)
{
	uint32_t by = f->rm == 31 ? vr_ir_const(l->ir, VR_T_I64, bytes) : a64_get_x(l, f->rm, VR_T_I64);

	a64_put_xsp(l, f->rn, vr_ir_op2(l->ir, VR_IR_ADD, VR_T_I64, base, by));
}

static uint32_t ld3(struct a64_lift *l, uint32_t helper, const uint32_t *v, uint32_t es, uint32_t type,
		    uint32_t k)
{
	return a64_vcall(l, helper, v[0], v[1], v[2], A64_SIMD_IMM(es, a64_lanes(type, es), 0, k));
}

/* Memory order -> registers. */
static void deinterleave(struct a64_lift *l, uint32_t n, uint32_t es, uint32_t type, uint32_t *v)
{
	if (n == 2) {
		uint32_t even = a64_v2(l, VR_IR_VUZP1, type, es, v[0], v[1]);

		v[1] = a64_v2(l, VR_IR_VUZP2, type, es, v[0], v[1]);
		v[0] = even;
	} else if (n == 3) {
		uint32_t c[3] = {v[0], v[1], v[2]};

		for (uint32_t k = 0; k < 3; k++)
			v[k] = ld3(l, A64_H_simd_ld3, c, es, type, k);
	} else if (n == 4) {
		uint32_t e0 = a64_v2(l, VR_IR_VUZP1, type, es, v[0], v[1]);
		uint32_t e1 = a64_v2(l, VR_IR_VUZP1, type, es, v[2], v[3]);
		uint32_t o0 = a64_v2(l, VR_IR_VUZP2, type, es, v[0], v[1]);
		uint32_t o1 = a64_v2(l, VR_IR_VUZP2, type, es, v[2], v[3]);

		v[0] = a64_v2(l, VR_IR_VUZP1, type, es, e0, e1);
		v[1] = a64_v2(l, VR_IR_VUZP1, type, es, o0, o1);
		v[2] = a64_v2(l, VR_IR_VUZP2, type, es, e0, e1);
		v[3] = a64_v2(l, VR_IR_VUZP2, type, es, o0, o1);
	}
}

static void interleave(struct a64_lift *l, uint32_t n, uint32_t es, uint32_t type, uint32_t *v)
{
	if (n == 2) {
		uint32_t low = a64_v2(l, VR_IR_VZIP1, type, es, v[0], v[1]);

		v[1] = a64_v2(l, VR_IR_VZIP2, type, es, v[0], v[1]);
		v[0] = low;
	} else if (n == 3) {
		uint32_t r[3] = {v[0], v[1], v[2]};

		for (uint32_t k = 0; k < 3; k++)
			v[k] = ld3(l, A64_H_simd_st3, r, es, type, k);
	} else if (n == 4) {
		uint32_t e0 = a64_v2(l, VR_IR_VZIP1, type, es, v[0], v[2]);
		uint32_t e1 = a64_v2(l, VR_IR_VZIP2, type, es, v[0], v[2]);
		uint32_t o0 = a64_v2(l, VR_IR_VZIP1, type, es, v[1], v[3]);
		uint32_t o1 = a64_v2(l, VR_IR_VZIP2, type, es, v[1], v[3]);

		v[0] = a64_v2(l, VR_IR_VZIP1, type, es, e0, o0);
		v[1] = a64_v2(l, VR_IR_VZIP2, type, es, e0, o0);
		v[2] = a64_v2(l, VR_IR_VZIP1, type, es, e1, o1);
		v[3] = a64_v2(l, VR_IR_VZIP2, type, es, e1, o1);
	}
}

/* Registers of a multiple-structure opcode, and elements of a structure; 0: unallocated. */
static uint32_t multi_shape(uint32_t opc, uint32_t *elements)
{
	static const struct {
		uint8_t regs, elements;
	} shape[16] = {
		[0x0] = {4, 4}, [0x2] = {4, 1}, [0x4] = {3, 3}, [0x6] = {3, 1},
		[0x7] = {1, 1}, [0x8] = {2, 2}, [0xa] = {2, 1},
	};

	*elements = shape[opc].elements;
	return shape[opc].regs;
}

static int multi(struct a64_lift *l, const struct a64_fields *f, int post)
{
	const uint32_t type = a64_vtype(f->q), memory = f->q ? VR_T_V128 : VR_T_F64, scale = f->q ? 4 : 3;
	const uint32_t es = f->size;
	uint32_t elements, v[4];

	if (!a64_lift_fp_check(l))
		return 1;
	const uint32_t n = multi_shape(f->opc, &elements);

	if (!n || (es == 3 && !f->q && elements > 1))
		return 0;
	const uint32_t base = a64_get_xsp(l, f->rn, VR_T_I64);
	/* Alignment is checked for elements: it is enough to check one. */
	const int check = (l->mode_flags & A64_MODE_ALIGN) && es;
	const uint32_t itype = es == 3 ? VR_T_I64 : VR_T_I32;

	if (f->l) {
		if (check)
			vr_ir_add(l->ir, VR_IR_LOAD, itype, es, base, 0, 0, VR_MEM_IMM(0, VR_MF_ALIGN));
		for (uint32_t i = 0; i < n; i++) {
			const uint64_t imm = VR_MEM_IMM(i << scale, 0);

			if (i + 1 < n) {
				v[i] = vr_ir_add(l->ir, VR_IR_LOADP, memory, scale, base, 0, 0, imm);
				v[i + 1] = vr_ir_add(l->ir, VR_IR_LOADP_HI, memory, 0, v[i], 0, 0, 0);
				i++;
			} else {
				v[i] = vr_ir_add(l->ir, VR_IR_LOAD, memory, scale, base, 0, 0, imm);
			}
		}
		if (elements > 1)
			deinterleave(l, n, es, type, v);
		for (uint32_t i = 0; i < n; i++)
			a64_put_v(l, (f->rt + i) & 31, type, v[i]);
	} else {
		for (uint32_t i = 0; i < n; i++)
			v[i] = a64_get_v(l, (f->rt + i) & 31, type);
		if (check) {
			uint32_t first = a64_v1(l, VR_IR_VGETLANE, itype, es, v[0], 0);

			vr_ir_add(l->ir, VR_IR_STORE, itype, es, base, first, 0, VR_MEM_IMM(0, VR_MF_ALIGN));
		}
		if (elements > 1)
			interleave(l, n, es, type, v);
		for (uint32_t i = 0; i < n; i++) {
			const uint64_t imm = VR_MEM_IMM(i << scale, 0);

			if (i + 1 < n) {
				vr_ir_add(l->ir, VR_IR_STOREP, memory, scale, base, v[i], v[i + 1], imm);
				i++;
			} else {
				vr_ir_add(l->ir, VR_IR_STORE, memory, scale, base, v[i], 0, imm);
			}
		}
	}
	if (post)
		write_back(l, f, base, n << scale);
	return 1;
}

int a64_lift_simd_ldst_multi(struct a64_lift *l, const struct a64_fields *f)
{
	return multi(l, f, 0);
}

int a64_lift_simd_ldst_multi_post(struct a64_lift *l, const struct a64_fields *f)
{
	return multi(l, f, 1);
}

/* Lane size and index of a single-structure access; 0: unallocated. */
static int one_shape(const struct a64_fields *f, uint32_t *es, uint32_t *index, int *replicate)
{
	*replicate = 0;
	*index = f->q << 3 | f->s << 2 | f->size;
	switch (f->opc >> 1) {
	case 0:
		*es = 0;
		return 1;
	case 1:
		*es = 1;
		*index >>= 1;
		return !(f->size & 1);
	case 2:
		if (f->size & 2)
			return 0;
		*es = f->size & 1 ? 3 : 2;
		*index >>= *es;
		return !(f->size & 1) || !f->s;
	default:
		*es = f->size;
		*replicate = 1;
		return f->l && !f->s;
	}
}

static int one(struct a64_lift *l, const struct a64_fields *f, int post)
{
	const uint32_t n = ((f->opc & 1) << 1 | f->r) + 1, type = a64_vtype(f->q);
	uint32_t es, index, v[4];
	int replicate;

	if (!a64_lift_fp_check(l))
		return 1;
	if (!one_shape(f, &es, &index, &replicate))
		return 0;
	const uint32_t base = a64_get_xsp(l, f->rn, VR_T_I64), itype = es == 3 ? VR_T_I64 : VR_T_I32;
	const uint32_t flags = l->mode_flags & A64_MODE_ALIGN ? VR_MF_ALIGN : 0;

	for (uint32_t i = 0; i < n; i++) {
		const uint64_t imm = VR_MEM_IMM(i << es, flags);

		if (f->l) {
			v[i] = vr_ir_add(l->ir, VR_IR_LOAD, itype, es, base, 0, 0, imm);
		} else {
			v[i] = a64_v1(l, VR_IR_VGETLANE, itype, es, a64_get_v(l, (f->rt + i) & 31, VR_T_V128),
				      index);
			vr_ir_add(l->ir, VR_IR_STORE, itype, es, base, v[i], 0, imm);
		}
	}
	for (uint32_t i = 0; f->l && i < n; i++) {
		const uint32_t rt = (f->rt + i) & 31;

		if (replicate)
			a64_put_v(l, rt, type, a64_v1(l, VR_IR_VDUP, type, es, v[i], 0));
		else
			a64_put_v(l, rt, VR_T_V128,
				  vr_ir_add(l->ir, VR_IR_VSETLANE, VR_T_V128, es, a64_get_v(l, rt, VR_T_V128),
					    v[i], 0, index));
	}
	if (post)
		write_back(l, f, base, n << es);
	return 1;
}

int a64_lift_simd_ldst_one(struct a64_lift *l, const struct a64_fields *f)
{
	return one(l, f, 0);
}

int a64_lift_simd_ldst_one_post(struct a64_lift *l, const struct a64_fields *f)
{
	return one(l, f, 1);
}
