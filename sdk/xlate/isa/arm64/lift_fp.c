/* SPDX-License-Identifier: MIT */
/* lift_fp.c: the access check, FPCR and FPSR, and the choice between the host's FP and the exact helpers. */
#include "lift_fp.h"

int a64_lift_fp_check(struct a64_lift *l)
{
	if (l->mode_flags & A64_MODE_FP)
		return 1;
	vr_ir_add(l->ir, VR_IR_CALL, VR_T_I64, 0, 0, 0, 0, A64_H_trap_fp);
	vr_ir_add(l->ir, VR_IR_EXIT, VR_T_NONE, 0, 0, 0, 0, 0);
	l->done = 1;
	return 0;
}

int a64_lift_fpcr_write(struct a64_lift *l, uint32_t value)
{
	/* FPCR.RMode's RN, RP, RM, RZ are VR_RM_0..3. */
	uint32_t round = vr_ir_add(l->ir, VR_IR_BFX, VR_T_I64, 0, value, 0, 0, A64_FPCR_RMODE_SHIFT | 2 << 8);

	vr_ir_add(l->ir, VR_IR_CALL, VR_T_I64, 0, value, 0, 0, A64_H_fpcr_write);
	vr_ir_add(l->ir, VR_IR_FPSETROUND, VR_T_NONE, 0, round, 0, 0, 0);
	vr_ir_add(l->ir, VR_IR_EXIT_TO, VR_T_NONE, 0, 0, 0, 0, l->pc + 4);
	l->done = 1;
	return 1;
}

uint32_t a64_lift_fpsr_read(struct a64_lift *l)
{
	/* VR_FP_* are FPSR's IOC, DZC, OFC, UFC, IXC in place. */
	uint32_t flags = vr_ir_add(l->ir, VR_IR_FPGETFLAGS, VR_T_I64, 0, 0, 0, 0, 0);
	uint32_t rest = vr_ir_add(l->ir, VR_IR_LDS, VR_T_I32, 0, 0, 0, 0, A64_STATE_OFFSET(fpsr_qc));

	return vr_ir_op2(l->ir, VR_IR_OR, VR_T_I64, flags, rest);
}

void a64_lift_fpsr_write(struct a64_lift *l, uint32_t value)
{
	uint32_t flags = vr_ir_op2(l->ir, VR_IR_AND, VR_T_I64, value, vr_ir_const(l->ir, VR_T_I64, 0x1f));
	uint32_t rest = vr_ir_op2(l->ir, VR_IR_AND, VR_T_I32, value,
				  vr_ir_const(l->ir, VR_T_I32, A64_FPSR_QC | A64_FPSR_IDC));

	vr_ir_add(l->ir, VR_IR_FPSETFLAGS, VR_T_NONE, 0, flags, 0, 0, 0);
	vr_ir_add(l->ir, VR_IR_STS, VR_T_I32, 0, rest, 0, 0, A64_STATE_OFFSET(fpsr_qc));
}

uint32_t a64_fp_op(struct a64_lift *l, uint32_t op, uint32_t type, uint32_t aux, uint32_t a, uint32_t b,
		   uint32_t c, uint64_t imm)
{
	if (!(l->mode_flags & A64_MODE_FPSLOW))
		return vr_ir_add(l->ir, op, type, aux, a, b, c, imm);
	if (op == VR_IR_ITOF)
		a = vr_ir_op2(l->ir, VR_IR_VPACK, VR_T_V128, a, 0);
	uint32_t r = a64_vcall(l, A64_H_fp_slow, a, b, c, A64_FP_SLOW_IMM(op, type, aux, imm));

	if (op == VR_IR_FTOI)
		return vr_ir_op1(l->ir, VR_IR_VHALF, VR_T_I64, r);
	if (op == VR_IR_FCMP)
		return vr_ir_op1(l->ir, VR_IR_F_FROM, VR_T_FLAGS, vr_ir_op1(l->ir, VR_IR_VHALF, VR_T_I64, r));
	return r;
}

uint32_t a64_fp_extra(struct a64_lift *l, uint32_t kind, uint32_t es, uint32_t lanes, uint32_t parameter,
		      uint32_t a, uint32_t b)
{
	return a64_vcall(l, A64_H_fp_extra, a, b, 0, A64_FPX_IMM(kind, es, lanes, parameter));
}
