/* SPDX-License-Identifier: MIT */
/*
 * lift_system.c: hints, barriers, system registers, cache and TLB maintenance (Arm ARM DDI 0487 C5.1,
 * C5.3..C5.5).
 *
 * A system register that is a plain field of the state and open to the current mode is read and written in
 * place: the mode is among the mode flags that the code is made for. All others go through a helper, which
 * checks and may trap.
 */
#include "lift.h"
#include "lift_fp.h"

#define REG(op0, op1, crn, crm, op2) VR_A64_SYSREG(op0, op1, crn, crm, op2)

static int at_el1(const struct a64_lift *l)
{
	return (l->mode_flags & A64_MODE_EL1) != 0;
}

/* The trap of EC 0x18 (D13.2.37): which register, and that it was written. */
static int trap_write(struct a64_lift *l, const struct a64_fields *f, uint32_t op0)
{
	a64_lift_exception(l, A64_EC_SYSREG,
			   op0 << 20 | f->op2 << 17 | f->op1 << 14 | f->crn << 10 | f->rt << 5 | f->crm << 1);
	return 1;
}

/* ---- hints ------------------------------------------------------------------------------------ */

/* WFI, WFE, YIELD (C6.2.396, C6.2.394, C6.2.401). The helpers trap the first two at EL0 when SCTLR_EL1 says
 * so. */
static int wait_for(struct a64_lift *l, uint32_t helper)
{
	a64_call(l, helper, a64_pc_const(l, l->pc + 4), 0, 0);
	a64_exit_next(l);
	return 1;
}

/* HINT (C6.2.99) */
int a64_lift_hint(struct a64_lift *l, const struct a64_fields *f)
{
	switch (f->crm << 3 | f->op2) {
	case 1:
		return wait_for(l, A64_H_yield);
	case 2:
		return wait_for(l, A64_H_wfe);
	case 3:
		return wait_for(l, A64_H_wfi);
	case 4: /* SEV */
	case 5: /* SEVL: waking the others too does no harm */
		a64_call(l, A64_H_sev, 0, 0, 0);
		return 1;
	default:
		return 1;
	}
}

/* ---- barriers --------------------------------------------------------------------------------- */

/* DMB (C6.2.89): CRm 1:0 = 1 loads, 2 stores, 3 (and what is reserved) everything. Domains make no difference
 * here. */
int a64_lift_dmb(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t kind = f->crm & 3;

	vr_ir_add(l->ir, VR_IR_FENCE, VR_T_NONE, kind == 3 ? 0 : kind, 0, 0, 0, 0);
	return 1;
}

/* DSB (C6.2.90): also waits for TLB maintenance. */
int a64_lift_dsb(struct a64_lift *l, const struct a64_fields *f)
{
	(void)f;
	vr_ir_add(l->ir, VR_IR_FENCE, VR_T_NONE, 0, 0, 0, 0, 0);
	a64_call(l, A64_H_dsb, 0, 0, 0);
	return 1;
}

/* ISB (C6.2.104): a context synchronisation event. */
int a64_lift_isb(struct a64_lift *l, const struct a64_fields *f)
{
	(void)f;
	a64_exit_next(l);
	return 1;
}

/* ---- system registers ------------------------------------------------------------------------- */

/* MSR (immediate) (C6.2.208): SPSel, DAIFSet, DAIFClr. */
int a64_lift_msr_imm(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t which = f->op1 << 3 | f->op2;

	if (which != 005 && which != 036 && which != 037)
		return 0;
	if (which == 005 && !at_el1(l))
		return 0;
	if (which == 036 && at_el1(l) && !(l->mode_flags & A64_MODE_STEP)) {
		/* More masking unmasks no interrupt, so none is looked for. */
		uint32_t offset = A64_STATE_OFFSET(daif);
		uint32_t v = vr_ir_add(l->ir, VR_IR_LDS, VR_T_I32, 0, 0, 0, 0, offset);
		v = a64_op_imm(l, VR_IR_OR, VR_T_I32, v, f->crm << 6);
		vr_ir_add(l->ir, VR_IR_STS, VR_T_I32, 0, v, 0, 0, offset);
		return 1;
	}
	uint32_t a = a64_const(l, VR_T_I64, which);
	a64_call(l, A64_H_msr_imm, a, a64_const(l, VR_T_I64, f->crm), 0);
	a64_exit_next(l);
	return 1;
}

/* Registers that are 64-bit fields. Bits: which levels may read and write without further checks. */
#define EL0_READ 1u
#define EL0_WRITE 2u
#define EL1_READ 4u
#define EL1_WRITE 8u
static const struct {
	uint32_t encoding;
	uint32_t offset;
	uint32_t rights;
} plain[] = {
	{REG(3, 3, 13, 0, 2), A64_STATE_OFFSET(tpidr_el0), EL0_READ | EL0_WRITE | EL1_READ | EL1_WRITE},
	{REG(3, 3, 13, 0, 3), A64_STATE_OFFSET(tpidrro_el0), EL0_READ | EL1_READ | EL1_WRITE},
	{REG(3, 0, 13, 0, 4), A64_STATE_OFFSET(tpidr_el1), EL1_READ | EL1_WRITE},
	{REG(3, 0, 4, 0, 1), A64_STATE_OFFSET(elr_el1), EL1_READ | EL1_WRITE},
	{REG(3, 0, 4, 0, 0), A64_STATE_OFFSET(spsr_el1), EL1_READ},
	{REG(3, 0, 5, 2, 0), A64_STATE_OFFSET(esr_el1), EL1_READ},
	{REG(3, 0, 6, 0, 0), A64_STATE_OFFSET(far_el1), EL1_READ | EL1_WRITE},
	{REG(3, 0, 7, 4, 0), A64_STATE_OFFSET(par_el1), EL1_READ},
};

/* Offset of the field for an access that needs no check, or 0. */
static uint32_t plain_offset(const struct a64_lift *l, uint32_t encoding, int write)
{
	uint32_t need = (at_el1(l) ? EL1_READ : EL0_READ) << (write ? 1 : 0);

	/* SP_EL0, except at EL1 with SP_EL0 selected, where it is undefined (C5.2.18). */
	if (encoding == REG(3, 0, 4, 1, 0))
		return at_el1(l) && !(l->mode_flags & A64_MODE_SP_EL0) ? A64_STATE_OFFSET(sp_el[0]) : 0;
	for (uint32_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (plain[i].encoding == encoding)
			return plain[i].rights & need ? (uint32_t)plain[i].offset : 0;
	return 0;
}

#define NZCV REG(3, 3, 4, 2, 0)
#define DAIF REG(3, 3, 4, 2, 1)
#define FPCR REG(3, 3, 4, 4, 0)
#define FPSR REG(3, 3, 4, 4, 1)
#define CURRENT_EL REG(3, 0, 4, 2, 2)
#define CNTVCT REG(3, 3, 14, 0, 2)

static uint32_t encoding_of(const struct a64_fields *f)
{
	return VR_A64_SYSREG(2 + f->o0, f->op1, f->crn, f->crm, f->op2);
}

/* MRS (C6.2.207) */
int a64_lift_mrs(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t encoding = encoding_of(f), offset = plain_offset(l, encoding, 0), v;

	if (offset) {
		v = vr_ir_add(l->ir, VR_IR_LDS, VR_T_I64, 0, 0, 0, 0, offset);
	} else if (encoding == NZCV) {
		v = vr_ir_op1(l->ir, VR_IR_F_TO, VR_T_I64, a64_get_flags(l));
	} else if (encoding == DAIF && (l->mode_flags & (A64_MODE_EL1 | A64_MODE_UMA))) {
		v = vr_ir_add(l->ir, VR_IR_LDS, VR_T_I32, 0, 0, 0, 0, A64_STATE_OFFSET(daif));
	} else if (encoding == CURRENT_EL && at_el1(l)) {
		v = a64_const(l, VR_T_I64, 1u << 2);
	} else if (encoding == FPCR || encoding == FPSR) {
		if (!a64_lift_fp_check(l))
			return 1;
		v = encoding == FPSR
			    ? a64_lift_fpsr_read(l)
			    : vr_ir_add(l->ir, VR_IR_LDS, VR_T_I32, 0, 0, 0, 0, A64_STATE_OFFSET(fpcr));
	} else if (encoding == CNTVCT && at_el1(l)) {
		v = a64_call(l, A64_H_read_cntvct, 0, 0, 0);
	} else {
		uint32_t a = a64_const(l, VR_T_I64, encoding);
		v = a64_call(l, A64_H_sysreg_read, a, 0, a64_const(l, VR_T_I64, f->rt));
	}
	a64_put_x(l, f->rt, v);
	return 1;
}

/* MSR (register) (C6.2.209) */
int a64_lift_msr(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t encoding = encoding_of(f), offset = plain_offset(l, encoding, 1);

	if ((encoding == FPCR || encoding == FPSR) && !a64_lift_fp_check(l))
		return 1;
	uint32_t v = a64_get_x(l, f->rt, VR_T_I64);
	if (offset) {
		vr_ir_add(l->ir, VR_IR_STS, VR_T_I64, 0, v, 0, 0, offset);
	} else if (encoding == NZCV) {
		a64_put_flags(l, vr_ir_op1(l->ir, VR_IR_F_FROM, VR_T_FLAGS, v));
	} else if (encoding == FPSR) {
		a64_lift_fpsr_write(l, v);
	} else if (encoding == FPCR) {
		a64_lift_fpcr_write(l, v);
	} else {
		uint32_t a = a64_const(l, VR_T_I64, encoding);
		a64_call(l, A64_H_sysreg_write, a, v, a64_const(l, VR_T_I64, f->rt));
		a64_exit_next(l);
	}
	return 1;
}

/* ---- SYS: caches, TLB, address translation ------------------------------------------------------ */

/* DC ZVA (C5.3.7): 64 aligned bytes (DCZID_EL0.BS = 4). They lie in one page, so only the first store can
 * fault. */
static int zero_block(struct a64_lift *l, const struct a64_fields *f)
{
	if (!(l->mode_flags & (A64_MODE_EL1 | A64_MODE_DZE)))
		return trap_write(l, f, 1);
	uint32_t base = a64_op_imm(l, VR_IR_AND, VR_T_I64, a64_get_x(l, f->rt, VR_T_I64), ~UINT64_C(63));
	uint32_t zero = vr_ir_add(l->ir, VR_IR_VCONST, VR_T_V128, 0, 0, 0, 0, 0);
	for (int32_t i = 0; i < 64; i += 16)
		vr_ir_add(l->ir, VR_IR_STORE, VR_T_V128, 4, base, zero, 0, VR_MEM_IMM(i, 0));
	return 1;
}

/* Operations on caches that EL0 may have too (SCTLR_EL1.UCI). */
static int user_cache(struct a64_lift *l, const struct a64_fields *f)
{
	if (f->op2 != 1)
		return 0;
	if (f->crm == 4)
		return zero_block(l, f);
	if (f->crm != 5 && f->crm != 10 && f->crm != 11 && f->crm != 14)
		return 0;
	if (!(l->mode_flags & (A64_MODE_EL1 | A64_MODE_UCI)))
		return trap_write(l, f, 1);
	if (f->crm == 5) { /* IC IVAU */
		a64_call(l, A64_H_ic_ivau, a64_get_x(l, f->rt, VR_T_I64), 0, 0);
		a64_exit_next(l);
	}
	return 1; /* DC CVAC, CVAU, CIVAC: memory is coherent */
}

/* Those of EL1: IC IALLU(IS), DC IVAC, ISW, CSW, CISW, AT. */
static int system_cache(struct a64_lift *l, const struct a64_fields *f)
{
	switch (f->crm << 3 | f->op2) {
	case 1 << 3 | 0: /* IC IALLUIS */
	case 5 << 3 | 0: /* IC IALLU */
		a64_call(l, A64_H_ic_iallu, 0, 0, 0);
		a64_exit_next(l);
		return 1;
	case 6 << 3 | 1:  /* DC IVAC */
	case 6 << 3 | 2:  /* DC ISW */
	case 10 << 3 | 2: /* DC CSW */
	case 14 << 3 | 2: /* DC CISW */
		return 1;
	case 8 << 3 | 0: /* AT S1E1R, S1E1W, S1E0R, S1E0W */
	case 8 << 3 | 1:
	case 8 << 3 | 2:
	case 8 << 3 | 3: {
		uint32_t a = a64_const(l, VR_T_I64, REG(1, f->op1, f->crn, f->crm, f->op2));
		a64_call(l, A64_H_at, a, a64_get_x(l, f->rt, VR_T_I64), 0);
		return 1;
	}
	default:
		return 0;
	}
}

/* TLBI of EL1 (C5.5): by all, VA, ASID, VA of all ASIDs, and the last-level forms; CRm 3 broadcasts. */
static int tlb_maintenance(struct a64_lift *l, const struct a64_fields *f)
{
	if ((f->crm != 3 && f->crm != 7) || !(1u << f->op2 & 0xaf))
		return 0;
	uint32_t a = a64_const(l, VR_T_I64, REG(1, f->op1, f->crn, f->crm, f->op2));
	a64_call(l, A64_H_tlbi, a, a64_get_x(l, f->rt, VR_T_I64), 0);
	a64_exit_next(l);
	return 1;
}

/* SYS (C6.2.370) */
int a64_lift_sys(struct a64_lift *l, const struct a64_fields *f)
{
	if (f->crn == 7 && f->op1 == 3)
		return user_cache(l, f);
	if (!at_el1(l) || f->op1 != 0)
		return 0;
	if (f->crn == 7)
		return system_cache(l, f);
	return f->crn == 8 ? tlb_maintenance(l, f) : 0;
}
