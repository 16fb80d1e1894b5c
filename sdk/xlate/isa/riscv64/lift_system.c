/* SPDX-License-Identifier: MIT */
/*
 * lift_system.c: calls, returns, control and status registers (vol. I, "Zicsr"; vol. II, "Machine-Mode
 * Privileged Instructions", "Supervisor Instructions").
 *
 * fflags, frm and fcsr are in the host's unit and done here; all other registers go through helpers. What
 * writes one ends the block, or leaves it if need be: the mode may have changed.
 */
#include "lift.h"
#include "system.h"

HANDLER(ecall)
{
	(void)f;
	if (rv_mode(l) != RV_SUPERVISOR) {
		rv_lift_exception(l, RV_CAUSE_ECALL + rv_mode(l), 0);
		return 1;
	}
	rv_call(l, RV_H_ecall, 0, 0, 0);
	rv_exit_next(l);
	return 1;
}

HANDLER(ebreak)
{
	(void)f;
	rv_lift_exception_value(l, RV_CAUSE_BREAK, rv_pc_const(l, l->pc));
	return 1;
}

static int return_by(struct rv_lift *l, uint32_t mode, uint32_t helper)
{
	if (rv_mode(l) < mode)
		return 0;
	rv_call(l, helper, 0, 0, 0);
	rv_end(l, VR_IR_EXIT, 0, 0, 0);
	return 1;
}

HANDLER(sret)
{
	(void)f;
	return return_by(l, RV_SUPERVISOR, RV_H_sret);
}

HANDLER(mret)
{
	(void)f;
	return return_by(l, RV_MACHINE, RV_H_mret);
}

/* In U-mode it is illegal, as it may be after any time (vol. II, "Wait for Interrupt", TW). */
HANDLER(wfi)
{
	(void)f;
	if (rv_mode(l) == RV_USER)
		return 0;
	rv_call(l, RV_H_wfi, 0, 0, 0);
	rv_exit_next(l);
	return 1;
}

HANDLER(sfence)
{
	if (rv_mode(l) == RV_USER)
		return 0;
	uint32_t va = rv_get(l, f->rs1), asid = rv_get(l, f->rs2);

	rv_call(l, RV_H_sfence, va, asid, rv_const(l, (f->rs1 ? 1u : 0) | (f->rs2 ? 2u : 0)));
	rv_exit_next(l);
	return 1;
}

/* ---- CSRs ----------------------------------------------------------------------------------------- */

enum kind { WRITE, SET, CLEAR };

/* fflags has VR_FP_* in the opposite order. */
static uint32_t swap_flags(struct rv_lift *l, uint32_t v)
{
	v = vr_ir_op1(l->ir, VR_IR_RBIT, VR_T_I32, v);
	return rv_op_imm(l, VR_IR_SHR, VR_T_I32, v, 27);
}

static uint32_t changed(struct rv_lift *l, enum kind kind, uint32_t old, uint32_t v)
{
	return kind == WRITE ? v : rv_op(l, kind == SET ? VR_IR_OR : VR_IR_ANDN, old, v);
}

static int fp_csr(struct rv_lift *l, const struct rv_fields *f, enum kind kind, uint32_t operand, int writes)
{
	if (!rv_fp_enabled(l))
		return 0;
	uint32_t old = 0, rm;

	if (f->csr != RV_CSR_FRM)
		old = swap_flags(l, vr_ir_add(l->ir, VR_IR_FPGETFLAGS, VR_T_I64, 0, 0, 0, 0, 0));
	if (f->csr != RV_CSR_FFLAGS) {
		rm = vr_ir_add(l->ir, VR_IR_LDS, VR_T_I32, 0, 0, 0, 0, RV_STATE_OFFSET(frm));
		old = f->csr == RV_CSR_FRM
			      ? rm
			      : rv_op(l, VR_IR_OR, old, rv_op_imm(l, VR_IR_SHL, VR_T_I64, rm, 5));
	}
	if (writes) {
		uint32_t v = changed(l, kind, old, operand);

		if (f->csr != RV_CSR_FRM)
			vr_ir_add(l->ir, VR_IR_FPSETFLAGS, VR_T_NONE, 0, swap_flags(l, v), 0, 0, 0);
		if (f->csr != RV_CSR_FFLAGS) {
			rm = vr_ir_add(l->ir, VR_IR_BFX, VR_T_I64, 0, v, 0, 0,
				       (f->csr == RV_CSR_FRM ? 0 : 5) | 3 << 8);
			rm = rv_call(l, RV_H_set_frm, rm, 0, 0);
			vr_ir_add(l->ir, VR_IR_FPSETROUND, VR_T_NONE, 0, rm, 0, 0, 0);
		}
	}
	rv_put(l, f->rd, old);
	if (writes && f->csr != RV_CSR_FFLAGS)
		rv_exit_next(l);
	return 1;
}

/* CSRRCI sstatus, SIE: masking can't let an interrupt in, and no code depends on it. */
static int mask_interrupts(struct rv_lift *l, const struct rv_fields *f)
{
	uint32_t status = vr_ir_add(l->ir, VR_IR_LDS, VR_T_I64, 0, 0, 0, 0, RV_STATE_OFFSET(mstatus));
	uint32_t masked = rv_op(l, VR_IR_AND, status, rv_const(l, ~MSTATUS_SIE));

	vr_ir_add(l->ir, VR_IR_STS, VR_T_I64, 0, masked, 0, 0, RV_STATE_OFFSET(mstatus));
	if (f->rd) {
		uint32_t old = rv_op(l, VR_IR_AND, status, rv_const(l, MSTATUS_S | MSTATUS_UXL));

		/* SD: FS is Off or Dirty. */
		uint32_t dirty = rv_op_imm(l, VR_IR_SHL, VR_T_I64, status, 63 - 14);

		dirty = rv_op(l, VR_IR_AND, dirty, rv_const(l, MSTATUS_SD));
		rv_put(l, f->rd, rv_op(l, VR_IR_OR, old, dirty));
	}
	return 1;
}

static int csr(struct rv_lift *l, const struct rv_fields *f, enum kind kind)
{
	int writes = kind == WRITE || f->rs1;
	uint32_t operand = f->i ? rv_const(l, f->rs1) : rv_get(l, f->rs1);

	if (f->csr >= RV_CSR_FFLAGS && f->csr <= RV_CSR_FCSR)
		return fp_csr(l, f, kind, operand, writes);
	if (f->csr == RV_CSR_SSTATUS && kind == CLEAR && f->i && f->rs1 == MSTATUS_SIE &&
	    rv_mode(l) != RV_USER)
		return mask_interrupts(l, f);
	uint32_t insn = rv_const(l, l->insn);

	if (!writes) {
		rv_put(l, f->rd, rv_call(l, RV_H_csr_read, insn, 0, 0));
	} else if (f->rd == 0) {
		rv_call(l, RV_H_csr_write, insn, operand, rv_const(l, 1));
	} else {
		rv_put(l, f->rd, rv_call(l, RV_H_csr_write, insn, operand, rv_const(l, 0)));
		rv_exit_next(l);
	}
	return 1;
}

ROW(csrrw, csr(l, f, WRITE))
ROW(csrrs, csr(l, f, SET))
ROW(csrrc, csr(l, f, CLEAR))
