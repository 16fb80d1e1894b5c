/* SPDX-License-Identifier: MIT */
/*
 * lift_atomic.c: A and the fences (vol. I, "A", "FENCE", "Zifencei").
 *
 * The reservation is two guest registers: LR's address and what it read there. SC compares the address, then swaps only
 * if memory still holds that value. A value that was changed and changed back is not noticed: SC then
 * succeeds, where a hart with a monitor would fail it. All of these fault when misaligned, SC also without a
 * reservation.
 */
#include "lift.h"

static uint32_t ordering(const struct rv_fields *f)
{
	uint32_t flags = (f->aq ? VR_MF_ACQUIRE : 0) | (f->rl ? VR_MF_RELEASE : 0);

	return VR_MF_ALIGN | flags | (f->aq && f->rl ? VR_MF_SC : 0);
}

static void put_sized(struct rv_lift *l, const struct rv_fields *f, uint32_t v)
{
	if (f->w)
		rv_put(l, f->rd, v);
	else
		rv_put_word(l, f->rd, v);
}

HANDLER(lr)
{
	uint32_t a = rv_get(l, f->rs1);
	uint32_t flags = ordering(f);

	flags = (flags & ~VR_MF_RELEASE) | (f->rl ? VR_MF_ACQUIRE | VR_MF_SC : 0);
	uint32_t v = vr_ir_add(l->ir, VR_IR_LOAD, VR_T_I64, f->w ? 3 : 2 | VR_MS_SIGN, a, 0, 0,
			       VR_MEM_IMM(0, flags));

	vr_ir_put(l->ir, VR_T_I64, RV_REG_RES_ADDR, a);
	vr_ir_put(l->ir, VR_T_I64, RV_REG_RES_VAL, v);
	rv_put(l, f->rd, v);
	return 1;
}

HANDLER(sc)
{
	uint32_t type = f->w ? VR_T_I64 : VR_T_I32;
	uint32_t a = rv_get(l, f->rs1), b = rv_get_typed(l, f->rs2, type);
	uint32_t at = vr_ir_get(l->ir, VR_T_I64, RV_REG_RES_ADDR);
	uint32_t expected = vr_ir_get(l->ir, type, RV_REG_RES_VAL);
	uint32_t held = vr_ir_add(l->ir, VR_IR_CMPSET, VR_T_I64, VR_CC_EQ, a, at, 0, 0);

	/* LR cannot have reserved a misaligned address: the access is made only for its fault. */
	held = rv_op(l, VR_IR_OR, held, rv_op_imm(l, VR_IR_AND, VR_T_I64, a, f->w ? 7 : 3));
	uint32_t old = vr_ir_add(l->ir, VR_IR_CASIF, type, f->w ? 3 : 2, a, expected, b,
				 held | (uint64_t)(ordering(f) | VR_MF_STORE) << 32);
	uint32_t failed = vr_ir_add(l->ir, VR_IR_CMPSET, type, VR_CC_NE, old, expected, 0, 0);

	vr_ir_put(l->ir, VR_T_I64, RV_REG_RES_ADDR, rv_const(l, UINT64_MAX));
	rv_put(l, f->rd, failed);
	return 1;
}

static int amo(struct rv_lift *l, const struct rv_fields *f, uint32_t kind)
{
	uint32_t type = f->w ? VR_T_I64 : VR_T_I32;
	uint32_t a = rv_get(l, f->rs1), b = rv_get_typed(l, f->rs2, type);

	if (kind == VR_AMO_ANDN)
		b = vr_ir_op1(l->ir, VR_IR_NOT, type, b);
	put_sized(l, f,
		  vr_ir_add(l->ir, VR_IR_AMO, type, f->w ? 3 : 2, a, b, kind, VR_MEM_IMM(0, ordering(f))));
	return 1;
}

ROW(amoswap, amo(l, f, VR_AMO_SWAP))

/* AMOADD, XOR, OR, AND, MIN, MAX, MINU, MAXU by op */
HANDLER(amo)
{
	static const uint8_t kinds[8] = {VR_AMO_ADD,  VR_AMO_XOR,  VR_AMO_OR,   VR_AMO_ANDN,
					 VR_AMO_SMIN, VR_AMO_SMAX, VR_AMO_UMIN, VR_AMO_UMAX};

	return amo(l, f, kinds[f->op]);
}

/* Which accesses before (pred) are ordered with which after: I and R are reads, O and W writes. */
HANDLER(fence)
{
	uint32_t pred_read = f->pred & 0xa, pred_write = f->pred & 5, succ_read = f->succ & 0xa,
		 succ_write = f->succ & 5;

	if (f->pred == 1 && f->succ == 0 && f->fm == 0 && f->rd == 0 && f->rs1 == 0) {
		rv_call(l, RV_H_pause, 0, 0, 0); /* Zihintpause */
		rv_exit_next(l);
		return 1;
	}
	if (pred_write && succ_read && f->fm != 8) {
		vr_ir_add(l->ir, VR_IR_FENCE, VR_T_NONE, 0, 0, 0, 0, 0);
		return 1;
	}
	if (pred_read && (succ_read || succ_write))
		vr_ir_add(l->ir, VR_IR_FENCE, VR_T_NONE, 1, 0, 0, 0, 0);
	if (pred_write && succ_write)
		vr_ir_add(l->ir, VR_IR_FENCE, VR_T_NONE, 2, 0, 0, 0, 0);
	return 1;
}

HANDLER(fencei)
{
	(void)f;
	rv_call(l, RV_H_fencei, 0, 0, 0);
	rv_exit_next(l);
	return 1;
}
