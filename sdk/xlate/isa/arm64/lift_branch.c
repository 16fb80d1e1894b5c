/* SPDX-License-Identifier: MIT */
/* lift_branch.c: branches and exception generation (Arm ARM DDI 0487 C4.1.3). */
#include "lift.h"

/* pc + a signed word offset. */
static uint64_t target(const struct a64_lift *l, uint32_t imm, uint32_t bits)
{
	return l->pc + (a64_signed(imm, bits) << 2);
}

static int jump(struct a64_lift *l, uint64_t to)
{
	a64_end(l, VR_IR_GOTO, 0, 0, to);
	return 1;
}

/* X30 = return address, which is also what the return-address stack remembers. */
static void link_register(struct a64_lift *l)
{
	a64_put_x(l, 30, a64_pc_const(l, l->pc + 4));
	vr_ir_add(l->ir, VR_IR_RAS_PUSH, VR_T_NONE, 0, 0, 0, 0, l->pc + 4);
}

/* B (C6.2.25) */
int a64_lift_b(struct a64_lift *l, const struct a64_fields *f)
{
	return jump(l, target(l, f->imm, 26));
}

/* BL (C6.2.33) */
int a64_lift_bl(struct a64_lift *l, const struct a64_fields *f)
{
	link_register(l);
	a64_end(l, VR_IR_GOTO, 1, 0, target(l, f->imm, 26));
	return 1;
}

/* B.cond (C6.2.26) */
int a64_lift_bcond(struct a64_lift *l, const struct a64_fields *f)
{
	if (a64_always(f->cond))
		return jump(l, target(l, f->imm, 19));
	a64_end(l, VR_IR_BRCC, f->cond, a64_get_flags(l), target(l, f->imm, 19));
	return 1;
}

/* CBZ, CBNZ (C6.2.47, C6.2.46) */
int a64_lift_cbz(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t type = a64_type(f->sf);
	uint64_t to = target(l, f->imm, 19);

	if (f->rt == 31)
		return jump(l, f->op ? l->pc + 4 : to);
	uint32_t a = a64_get_x(l, f->rt, type), zero = a64_const(l, type, 0);
	vr_ir_add(l->ir, VR_IR_BRCMP, type, f->op ? VR_CC_NE : VR_CC_EQ, a, zero, 0, to);
	l->done = 1;
	return 1;
}

/* TBZ, TBNZ (C6.2.375, C6.2.374) */
int a64_lift_tbz(struct a64_lift *l, const struct a64_fields *f)
{
	uint64_t to = target(l, f->imm, 14);

	if (f->rt == 31)
		return jump(l, f->op ? l->pc + 4 : to);
	uint32_t a = a64_get_x(l, f->rt, VR_T_I64);
	vr_ir_add(l->ir, VR_IR_BRBIT, VR_T_I64, f->b5 << 5 | f->b40 | (f->op ? 0u : 64u), a, 0, 0, to);
	l->done = 1;
	return 1;
}

/* BR (C6.2.36) */
int a64_lift_br(struct a64_lift *l, const struct a64_fields *f)
{
	a64_end(l, VR_IR_JUMP_INDIRECT, VR_JUMP, a64_get_x(l, f->rn, VR_T_I64), 0);
	return 1;
}

/* BLR (C6.2.34): the target is read before X30 is written. */
int a64_lift_blr(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t to = a64_get_x(l, f->rn, VR_T_I64);

	link_register(l);
	a64_end(l, VR_IR_JUMP_INDIRECT, VR_JUMP_CALL, to, 0);
	return 1;
}

/* RET (C6.2.254) */
int a64_lift_ret(struct a64_lift *l, const struct a64_fields *f)
{
	a64_end(l, VR_IR_JUMP_INDIRECT, VR_JUMP_RET, a64_get_x(l, f->rn, VR_T_I64), 0);
	return 1;
}

/* ERET (C6.2.92) */
int a64_lift_eret(struct a64_lift *l, const struct a64_fields *f)
{
	(void)f;
	if (!(l->mode_flags & A64_MODE_EL1))
		return 0;
	a64_call(l, A64_H_eret, 0, 0, 0);
	a64_end(l, VR_IR_EXIT, 0, 0, 0);
	return 1;
}

static void raise_at(struct a64_lift *l, uint32_t ec, uint32_t iss, uint64_t ret)
{
	uint32_t a = a64_const(l, VR_T_I64, ec), b = a64_const(l, VR_T_I64, iss);

	a64_call(l, A64_H_raise, a, b, a64_pc_const(l, ret));
	a64_end(l, VR_IR_EXIT, 0, 0, 0);
}

void a64_lift_exception(struct a64_lift *l, uint32_t ec, uint32_t iss)
{
	raise_at(l, ec, iss, l->pc);
}

/* SVC (C6.2.321): the return address is the next instruction. */
int a64_lift_svc(struct a64_lift *l, const struct a64_fields *f)
{
	raise_at(l, A64_EC_SVC, f->imm, l->pc + 4);
	return 1;
}

/* HVC, SMC (C6.2.101, C6.2.284): what answers them is the board, not another exception level. */
static int call_firmware(struct a64_lift *l, uint32_t kind, uint32_t imm)
{
	if (!(l->mode_flags & A64_MODE_EL1))
		return 0;
	uint32_t a = a64_const(l, VR_T_I64, kind);
	a64_call(l, A64_H_hypercall, a, a64_const(l, VR_T_I64, imm), 0);
	a64_exit_next(l);
	return 1;
}

int a64_lift_hvc(struct a64_lift *l, const struct a64_fields *f)
{
	return call_firmware(l, 0, f->imm);
}

int a64_lift_smc(struct a64_lift *l, const struct a64_fields *f)
{
	return call_firmware(l, 1, f->imm);
}

/* BRK (C6.2.38): the return address is the BRK. */
int a64_lift_brk(struct a64_lift *l, const struct a64_fields *f)
{
	raise_at(l, A64_EC_BRK, f->imm, l->pc);
	return 1;
}

/* HLT (C6.2.100): halting debug is never enabled, so it is undefined. */
int a64_lift_hlt(struct a64_lift *l, const struct a64_fields *f)
{
	(void)l;
	(void)f;
	return 0;
}
