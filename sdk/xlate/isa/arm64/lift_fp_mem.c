/* SPDX-License-Identifier: MIT */
/* lift_fp_mem.c: loads and stores of SIMD&FP registers (C4.1.4): one register, pairs, literals. */
#include "lift_fp.h"

/* scale: log2 of the bytes, 0..4 for B, H, S, D, Q. */
static uint32_t mem_type(uint32_t scale)
{
	static const uint8_t type[5] = {VR_T_I32, VR_T_I32, VR_T_F32, VR_T_F64, VR_T_V128};

	return type[scale];
}

static uint64_t mem_imm(const struct a64_lift *l, int64_t disp)
{
	return VR_MEM_IMM(disp, l->mode_flags & A64_MODE_ALIGN ? VR_MF_ALIGN : 0);
}

static uint32_t load(struct a64_lift *l, uint32_t scale, uint32_t address, int64_t disp)
{
	return vr_ir_add(l->ir, VR_IR_LOAD, mem_type(scale), scale, address, 0, 0, mem_imm(l, disp));
}

static void put_loaded(struct a64_lift *l, uint32_t scale, uint32_t rt, uint32_t value)
{
	if (scale < 2)
		a64_put_v(l, rt, VR_T_F32, vr_ir_op1(l->ir, VR_IR_FFROMI, VR_T_F32, value));
	else
		a64_put_v(l, rt, mem_type(scale), value);
}

static uint32_t to_store(struct a64_lift *l, uint32_t scale, uint32_t rt)
{
	if (scale < 2)
		return a64_v1(l, VR_IR_VGETLANE, VR_T_I32, scale, a64_get_v(l, rt, VR_T_V128), 0);
	return a64_get_v(l, rt, mem_type(scale));
}

static void store(struct a64_lift *l, uint32_t scale, uint32_t address, int64_t disp, uint32_t value)
{
	vr_ir_add(l->ir, VR_IR_STORE, mem_type(scale), scale, address, value, 0, mem_imm(l, disp));
}

static void access(struct a64_lift *l, uint32_t is_load, uint32_t scale, uint32_t address, int64_t disp,
		   uint32_t rt)
{
	if (is_load)
		put_loaded(l, scale, rt, load(l, scale, address, disp));
	else
		store(l, scale, address, disp, to_store(l, scale, rt));
}

static void write_back(struct a64_lift *l, uint32_t rn, uint32_t base, int64_t by)
{
	a64_put_xsp(l, rn,
		    vr_ir_op2(l->ir, VR_IR_ADD, VR_T_I64, base, vr_ir_const(l->ir, VR_T_I64, (uint64_t)by)));
}

static int64_t sign_extend(uint32_t v, unsigned bits)
{
	return (int64_t)((uint64_t)v << (64 - bits)) >> (64 - bits);
}

/* size and opc<1> give the scale, opc<0> the direction; 0: unallocated. */
static int decode_size(const struct a64_fields *f, uint32_t *scale)
{
	*scale = f->size | (f->opc & 2) << 1;
	return *scale <= 4;
}

int a64_lift_fp_ldst_imm12(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t scale;

	if (!a64_lift_fp_check(l))
		return 1;
	if (!decode_size(f, &scale))
		return 0;
	access(l, f->opc & 1, scale, a64_get_xsp(l, f->rn, VR_T_I64), (int64_t)f->imm << scale, f->rt);
	return 1;
}

int a64_lift_fp_ldst_imm9(struct a64_lift *l, const struct a64_fields *f)
{
	const int64_t imm = sign_extend(f->imm, 9);
	uint32_t scale;

	if (!a64_lift_fp_check(l))
		return 1;
	if (!decode_size(f, &scale) || f->op2 == 2)
		return 0;
	uint32_t base = a64_get_xsp(l, f->rn, VR_T_I64);

	access(l, f->opc & 1, scale, base, f->op2 == 1 ? 0 : imm, f->rt);
	if (f->op2 & 1)
		write_back(l, f->rn, base, imm);
	return 1;
}

int a64_lift_fp_ldst_reg(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t scale;

	if (!a64_lift_fp_check(l))
		return 1;
	if (!decode_size(f, &scale) || !(f->opt & 2))
		return 0;
	uint32_t base = a64_get_xsp(l, f->rn, VR_T_I64), index = a64_get_x(l, f->rm, VR_T_I64);

	if (!(f->opt & 1)) /* UXTW, SXTW */
		index = vr_ir_add(l->ir, f->opt & 4 ? VR_IR_SEXT : VR_IR_ZEXT, VR_T_I64, 32, index, 0, 0, 0);
	if (f->s && scale)
		index = vr_ir_op2(l->ir, VR_IR_SHL, VR_T_I64, index, vr_ir_const(l->ir, VR_T_I64, scale));
	access(l, f->opc & 1, scale, vr_ir_op2(l->ir, VR_IR_ADD, VR_T_I64, base, index), 0, f->rt);
	return 1;
}

int a64_lift_fp_ldr_lit(struct a64_lift *l, const struct a64_fields *f)
{
	if (!a64_lift_fp_check(l))
		return 1;
	if (f->opc == 3)
		return 0;
	uint64_t place = l->pc + (uint64_t)(sign_extend(f->imm, 19) * 4);

	access(l, 1, f->opc + 2, vr_ir_pc_const(l->ir, VR_T_I64, place), 0, f->rt);
	return 1;
}

int a64_lift_fp_pair(struct a64_lift *l, const struct a64_fields *f)
{
	const uint32_t scale = f->opc + 2, type = mem_type(scale <= 4 ? scale : 4);
	const int64_t imm = sign_extend(f->imm, 7) * (1 << scale), disp = f->op2 == 1 ? 0 : imm;
	/* Each half is checked for its own alignment. */
	const int split = (l->mode_flags & A64_MODE_ALIGN) != 0;
	uint32_t first, second;

	if (!a64_lift_fp_check(l))
		return 1;
	if (f->opc == 3)
		return 0;
	uint32_t base = a64_get_xsp(l, f->rn, VR_T_I64);

	if (f->l) {
		if (split) {
			first = load(l, scale, base, disp);
			second = load(l, scale, base, disp + (1 << scale));
		} else {
			first = vr_ir_add(l->ir, VR_IR_LOADP, type, scale, base, 0, 0, mem_imm(l, disp));
			second = vr_ir_add(l->ir, VR_IR_LOADP_HI, type, 0, first, 0, 0, 0);
		}
		a64_put_v(l, f->rt, type, first);
		a64_put_v(l, f->rt2, type, second);
	} else {
		first = a64_get_v(l, f->rt, type);
		second = a64_get_v(l, f->rt2, type);
		if (split) {
			store(l, scale, base, disp, first);
			store(l, scale, base, disp + (1 << scale), second);
		} else {
			vr_ir_add(l->ir, VR_IR_STOREP, type, scale, base, first, second, mem_imm(l, disp));
		}
	}
	if (f->op2 & 1)
		write_back(l, f->rn, base, imm);
	return 1;
}
