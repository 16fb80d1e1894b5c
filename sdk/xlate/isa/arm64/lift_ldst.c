/* SPDX-License-Identifier: MIT */
/*
 * lift_ldst.c: loads and stores of general registers (Arm ARM DDI 0487 C4.1.4).
 *
 * Everything that writes a register comes after the access, so that a fault leaves the instruction undone.
 * Where the manual leaves the result open, write-back is the last to write: a load that writes back its own
 * target keeps the address.
 */
#include "lift.h"

/* What size:opc mean (C6.2 "LDR (immediate)" and its siblings). */
struct access {
	uint32_t load;
	uint32_t prefetch;
	uint32_t type; /* of the register */
	uint32_t aux;
	uint32_t flags;
};

/* 0: unallocated. */
static int decode_access(const struct a64_lift *l, const struct a64_fields *f, struct access *out)
{
	uint32_t opc = f->opc;

	*out = (struct access){
		.load = opc != 0,
		.type = f->size == 3 ? VR_T_I64 : VR_T_I32,
		.aux = f->size,
		.flags = f->size ? a64_data_flags(l) : 0,
	};
	if (opc < 2)
		return 1;
	if (f->size == 3 && opc == 2) {
		out->prefetch = 1;
		return 1;
	}
	if (f->size == 3 || (f->size == 2 && opc == 3))
		return 0;
	out->aux |= VR_MS_SIGN;
	out->type = opc == 2 ? VR_T_I64 : VR_T_I32;
	return 1;
}

/* One access at base + offset; returns what was loaded (a load's register is written by the caller), or 0. */
static uint32_t do_access(struct a64_lift *l, const struct access *a, uint32_t base, int32_t offset,
			  uint32_t rt)
{
	uint64_t imm = VR_MEM_IMM(offset, a->flags);

	if (a->load)
		return vr_ir_add(l->ir, VR_IR_LOAD, a->type, a->aux, base, 0, 0, imm);
	uint32_t value = a64_get_x(l, rt, a->type);
	vr_ir_add(l->ir, VR_IR_STORE, a->type, a->aux, base, value, 0, imm);
	return 0;
}

/* LDR, STR and their sizes (unsigned offset), PRFM */
int a64_lift_ldst_imm12(struct a64_lift *l, const struct a64_fields *f)
{
	struct access a;

	if (!decode_access(l, f, &a))
		return 0;
	if (a.prefetch)
		return 1;
	uint32_t base = a64_get_xsp(l, f->rn, VR_T_I64);
	uint32_t v = do_access(l, &a, base, (int32_t)(f->imm << f->size), f->rt);
	if (a.load)
		a64_put_x(l, f->rt, v);
	return 1;
}

/* LDUR, STUR, LDTR, STTR, PRFUM, and LDR, STR with pre- and post-index */
int a64_lift_ldst_imm9(struct a64_lift *l, const struct a64_fields *f)
{
	int32_t offset = (int32_t)a64_signed(f->imm, 9);
	uint32_t write_back = f->op2 & 1;
	struct access a;

	if (!decode_access(l, f, &a))
		return 0;
	if (a.prefetch)
		return f->op2 == 0;
	if (f->op2 == 2 && (l->mode_flags & A64_MODE_EL1))
		a.flags |= VR_MF_UNPRIV;
	uint32_t base = a64_get_xsp(l, f->rn, VR_T_I64);
	uint32_t v = do_access(l, &a, base, f->op2 == 1 ? 0 : offset, f->rt);
	if (a.load)
		a64_put_x(l, f->rt, v);
	if (write_back)
		a64_put_xsp(l, f->rn, a64_op_imm(l, VR_IR_ADD, VR_T_I64, base, (uint64_t)(int64_t)offset));
	return 1;
}

/* LDR, STR and their sizes (register), PRFM (register) */
int a64_lift_ldst_reg(struct a64_lift *l, const struct a64_fields *f)
{
	struct access a;

	if (!(f->opt & 2) || !decode_access(l, f, &a))
		return 0;
	if (a.prefetch)
		return 1;
	uint32_t base = a64_get_xsp(l, f->rn, VR_T_I64);
	if (f->rm != 31)
		base = vr_ir_op2(l->ir, VR_IR_ADD, VR_T_I64, base,
				 a64_extended(l, f->rm, VR_T_I64, f->opt, f->s ? f->size : 0));
	uint32_t v = do_access(l, &a, base, 0, f->rt);
	if (a.load)
		a64_put_x(l, f->rt, v);
	return 1;
}

/* LDR (literal), LDRSW (literal), PRFM (literal) (C6.2.132, C6.2.152, C6.2.244) */
int a64_lift_ldr_lit(struct a64_lift *l, const struct a64_fields *f)
{
	if (f->opc == 3)
		return 1;
	uint32_t base = a64_pc_const(l, l->pc + (a64_signed(f->imm, 19) << 2));
	uint32_t v = vr_ir_add(l->ir, VR_IR_LOAD, f->opc == 0 ? VR_T_I32 : VR_T_I64,
			       f->opc == 2 ? 2 | VR_MS_SIGN : 2 + f->opc, base, 0, 0,
			       VR_MEM_IMM(0, a64_data_flags(l)));
	a64_put_x(l, f->rt, v);
	return 1;
}

/*
 * Where alignment is checked, each half is checked by itself: a pair of X registers may lie at any multiple
 * of 8. LOADP would check for 16, so the pair is two accesses then.
 */
static void load_pair(struct a64_lift *l, uint32_t type, uint32_t aux, uint32_t base, int32_t offset,
		      uint32_t v[2])
{
	uint32_t flags = a64_data_flags(l);
	int32_t bytes = 1 << (aux & 7);

	if (flags) {
		v[0] = vr_ir_add(l->ir, VR_IR_LOAD, type, aux, base, 0, 0, VR_MEM_IMM(offset, flags));
		v[1] = vr_ir_add(l->ir, VR_IR_LOAD, type, aux, base, 0, 0, VR_MEM_IMM(offset + bytes, flags));
	} else {
		v[0] = vr_ir_add(l->ir, VR_IR_LOADP, type, aux, base, 0, 0, VR_MEM_IMM(offset, 0));
		v[1] = vr_ir_op1(l->ir, VR_IR_LOADP_HI, type, v[0]);
	}
}

static void store_pair(struct a64_lift *l, uint32_t type, uint32_t aux, uint32_t base, int32_t offset,
		       uint32_t a, uint32_t b)
{
	uint32_t flags = a64_data_flags(l);
	int32_t bytes = 1 << aux;

	if (flags) {
		vr_ir_add(l->ir, VR_IR_STORE, type, aux, base, a, 0, VR_MEM_IMM(offset, flags));
		vr_ir_add(l->ir, VR_IR_STORE, type, aux, base, b, 0, VR_MEM_IMM(offset + bytes, flags));
	} else {
		vr_ir_add(l->ir, VR_IR_STOREP, type, aux, base, a, b, VR_MEM_IMM(offset, 0));
	}
}

/* LDP, STP, LDPSW, LDNP, STNP (C6.2.130, C6.2.298, C6.2.131, C6.2.128, C6.2.297) */
int a64_lift_ldst_pair(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t size = f->opc == 2 ? 3 : 2;
	uint32_t type = f->opc ? VR_T_I64 : VR_T_I32;
	uint32_t write_back = f->op2 & 1;
	int32_t offset = (int32_t)a64_signed(f->imm, 7) * (1 << size);

	if (f->opc == 3 || (f->opc == 1 && (!f->l || f->op2 == 0)))
		return 0;
	uint32_t base = a64_get_xsp(l, f->rn, VR_T_I64);
	int32_t at = f->op2 == 1 ? 0 : offset;
	if (f->l) {
		uint32_t v[2];
		load_pair(l, type, f->opc == 1 ? size | VR_MS_SIGN : size, base, at, v);
		a64_put_x(l, f->rt2, v[1]);
		a64_put_x(l, f->rt, v[0]);
	} else {
		uint32_t a = a64_get_x(l, f->rt, type);
		uint32_t b = f->rt2 == f->rt ? a : a64_get_x(l, f->rt2, type);
		store_pair(l, type, size, base, at, a, b);
	}
	if (write_back)
		a64_put_xsp(l, f->rn, a64_op_imm(l, VR_IR_ADD, VR_T_I64, base, (uint64_t)(int64_t)offset));
	return 1;
}
