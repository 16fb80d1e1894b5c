/* SPDX-License-Identifier: MIT */
/* exception.c: taking exceptions to EL1 and returning from them (D1.10, D1.11), PSTATE, the input pins. */
#include "system.h"

/* ---- PSTATE ------------------------------------------------------------------------------- */

void a64_select_sp(struct vr_exec *x, uint32_t el, uint32_t spsel)
{
	struct a64_state *s = a64_of(x);
	s->sp_el[a64_sp_index(s)] = a64_x(x)[31];
	s->el = el;
	s->spsel = spsel;
	a64_x(x)[31] = s->sp_el[a64_sp_index(s)];
}

static uint32_t nzcv_of(uint32_t flags)
{
	return (flags & VR_FLAG_N ? 1u << 31 : 0) | (flags & VR_FLAG_Z ? 1u << 30 : 0) |
	       (flags & VR_FLAG_NOT_C ? 0 : 1u << 29) | (flags & VR_FLAG_V ? 1u << 28 : 0);
}

static uint32_t flags_of(uint64_t nzcv)
{
	return (nzcv >> 31 & 1 ? VR_FLAG_N : 0) | (nzcv >> 30 & 1 ? VR_FLAG_Z : 0) |
	       (nzcv >> 29 & 1 ? 0 : VR_FLAG_NOT_C) | (nzcv >> 28 & 1 ? VR_FLAG_V : 0);
}

uint64_t a64_pstate(struct vr_exec *x)
{
	const struct a64_state *s = a64_of(x);
	return nzcv_of(s->flags) | s->daif | s->pstate_il_ss | s->el << 2 | s->spsel;
}

/* Only EL0t, EL1t and EL1h exist; a64_helper_eret() has refused other modes, and from elsewhere they become
 * EL1h. */
void a64_set_pstate(struct vr_exec *x, uint64_t spsr)
{
	struct a64_state *s = a64_of(x);
	uint32_t mode = spsr & 0x1f;
	s->flags = flags_of(spsr);
	s->daif = spsr & PSTATE_DAIF;
	s->pstate_il_ss = spsr & (PSTATE_IL | PSTATE_SS);
	a64_select_sp(x, mode != 0, mode != 0 && mode != 4);
}

/* ---- context -------------------------------------------------------------------------------- */

static uint64_t mode_flags_of(const struct a64_state *s)
{
	/* CPACR_EL1.FPEN: 0b01 traps EL0 only, 0b11 nobody, others both (D13.2.29) */
	uint32_t fpen = s->cpacr_el1 >> 20 & 3, sctlr = (uint32_t)s->sctlr_el1;
	uint64_t mode_flags = 0;
	mode_flags |= fpen == 3 || (fpen == 1 && s->el) ? A64_MODE_FP : 0;
	mode_flags |= s->fpcr & (FPCR_AHP | FPCR_DN | FPCR_FZ) ? A64_MODE_FPSLOW : 0;
	mode_flags |= sctlr & SCTLR_A ? A64_MODE_ALIGN : 0;
	mode_flags |= sctlr & SCTLR_M ? A64_MODE_MMU : 0;
	mode_flags |= (s->mdscr_el1 & MDSCR_SS) && a64_debug_enabled(s, s->el, s->daif) ? A64_MODE_STEP : 0;
	if (s->el) {
		mode_flags |= A64_MODE_EL1 | (s->spsel ? 0 : A64_MODE_SP_EL0) |
			      (sctlr & SCTLR_SA ? A64_MODE_SPALIGN : 0);
	} else {
		mode_flags |= sctlr & SCTLR_SA0 ? A64_MODE_SPALIGN : 0;
		mode_flags |= sctlr & SCTLR_UCI ? A64_MODE_UCI : 0;
		mode_flags |= sctlr & SCTLR_UCT ? A64_MODE_UCT : 0;
		mode_flags |= sctlr & SCTLR_DZE ? A64_MODE_DZE : 0;
		mode_flags |= sctlr & SCTLR_UMA ? A64_MODE_UMA : 0;
	}
	return mode_flags;
}

static uint64_t asid_of(const struct a64_state *s)
{
	if (!(s->sctlr_el1 & SCTLR_M))
		return 0;
	uint64_t asid = (s->tcr_el1 & TCR_A1 ? s->ttbr1_el1 : s->ttbr0_el1) >> 48;
	return s->tcr_el1 & TCR_AS ? asid : asid & 0xff;
}

void a64_context(struct vr_exec *x)
{
	const struct a64_state *s = a64_of(x);
	uint64_t mode_flags = mode_flags_of(s), asid = asid_of(s);
	if (!(mode_flags & A64_MODE_STEP))
		a64_system_of(x)->stepping = 0;
	if (mode_flags == x->mode_flags && asid == x->asid)
		return;
	x->mode_flags = mode_flags;
	x->asid = asid;
	x->env->context(x);
}

/* ---- taking an exception ---------------------------------------------------------------------- */

/* D1.10.2: the vector depends on where it comes from, D1.10.1: what is saved. */
void a64_exception(struct vr_exec *x, uint32_t vector, uint32_t ec, uint32_t iss, uint64_t ret,
		   uint32_t has_far, uint64_t far)
{
	struct a64_state *s = a64_of(x);
	uint64_t pc = x->pc;
	uint32_t el = s->el, from = s->el == 0 ? 0x400 : s->spsel ? 0x200 : 0x000;

	s->spsr_el1 = a64_pstate(x) | (a64_system_of(x)->stepping ? PSTATE_SS : 0);
	s->elr_el1 = ret;
	if (vector == A64_VECTOR_SYNC || vector == A64_VECTOR_SERROR)
		s->esr_el1 = (uint64_t)ec << 26 | 1u << 25 | iss; /* IL: every instruction has 32 bits */
	if (has_far)
		s->far_el1 = far;
	a64_system_of(x)->stepping = 0;

	s->daif = PSTATE_DAIF;
	s->pstate_il_ss = 0;
	a64_select_sp(x, 1, 1);
	x->pc = a64_branch_address(s, s->vbar_el1 + from + vector);
	a64_context(x);
	a64_log_taken(x, pc, el, vector, has_far);
}

uint64_t a64_raise(struct vr_exec *x, uint32_t ec, uint32_t iss)
{
	a64_exception(x, A64_VECTOR_SYNC, ec, iss, x->pc, 0, 0);
	x->leave = 1;
	return 0;
}

void a64_exit_next_pc(struct vr_exec *x)
{
	if (!x->leave)
		x->pc += 4;
	x->leave = 1;
}

uint64_t a64_raise_sysreg(struct vr_exec *x, uint32_t enc, uint32_t rt, uint32_t is_read)
{
	uint32_t op0 = enc >> 14 & 3, op1 = enc >> 11 & 7, crn = enc >> 7 & 15, crm = enc >> 3 & 15,
		 op2 = enc & 7;
	uint32_t iss =
		op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | (rt & 31) << 5 | crm << 1 | (is_read ? 1 : 0);
	return a64_raise(x, EC_SYSREG, iss);
}

uint64_t VR_CALL a64_helper_raise(struct vr_exec *x, uint64_t ec, uint64_t iss, uint64_t ret)
{
	/* A call to a higher level is a completed step (D2.12.5). */
	if (ec >= EC_SVC && ec <= EC_SMC)
		a64_system_of(x)->stepping = 0;
	a64_exception(x, A64_VECTOR_SYNC, (uint32_t)ec, (uint32_t)iss, ret, ec == EC_PC_ALIGN, ret);
	x->leave = 1;
	return 0;
}

uint64_t VR_CALL a64_helper_trap_fp(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)a, (void)b, (void)c;
	return a64_raise(x, EC_FP, ISS_COND_ALWAYS);
}

/* Aborts: D1.10.4 (the syndrome), D5.8 (the status codes). */
void VR_CALL a64_fault(struct vr_exec *x, uint64_t va, uint32_t access, int32_t fault)
{
	uint32_t same = a64_of(x)->el != 0, fsc = (uint32_t)fault & 0x3f;

	if (access == VR_ACCESS_EXECUTE && a64_step_pending(x)) {
		a64_step_exception(x); /* of the instruction before */
		return;
	}
	if (fault == VR_FAULT_DEBUG) {
		a64_debug_exception(x, va, access);
		return;
	}
	if (fault == VR_FAULT_BUS)
		fsc = FSC_EXTERNAL;
	else if (fault == VR_FAULT_ALIGN)
		fsc = FSC_ALIGNMENT;
	if (access == VR_ACCESS_EXECUTE && (fault == A64_FAULT_PC || fault == VR_FAULT_ALIGN))
		a64_exception(x, A64_VECTOR_SYNC, EC_PC_ALIGN, 0, x->pc, 1, va);
	else if (access == VR_ACCESS_EXECUTE)
		a64_exception(x, A64_VECTOR_SYNC, EC_INSN_LOWER + same, fsc, x->pc, 1, va);
	else
		a64_exception(x, A64_VECTOR_SYNC, EC_DATA_LOWER + same,
			      fsc | (access == VR_ACCESS_WRITE ? 1u << 6 : 0), x->pc, 1, va);
}

/* ---- returning -------------------------------------------------------------------------------- */

/* PSTATE.SS after an exception return (D2.12.2): only from where stepping is off to where it is on. */
static uint32_t step_after_return(const struct a64_state *s, uint64_t spsr)
{
	uint32_t to = spsr >> 2 & 3;
	if (!(s->mdscr_el1 & MDSCR_SS) || a64_debug_enabled(s, s->el, s->daif) ||
	    !a64_debug_enabled(s, to, (uint32_t)spsr))
		return 0;
	return spsr & PSTATE_SS;
}

uint64_t VR_CALL a64_helper_eret(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	struct a64_state *s = a64_of(x);
	uint64_t spsr = s->spsr_el1, pc = x->pc;
	uint32_t mode = spsr & 0x1f, el = s->el;

	(void)a, (void)b, (void)c;
	if (s->el == 0)
		return a64_raise(x, EC_UNKNOWN, 0);

	uint32_t step = step_after_return(s, spsr);
	uint64_t pstate = (spsr & ~(uint64_t)PSTATE_SS) | step;
	/* D1.11.3, illegal return: NZCV and DAIF are restored, the mode stays, IL is set. */
	if (mode != 0 && mode != 4 && mode != 5)
		pstate = (pstate & ~0x1full) | PSTATE_IL | s->el << 2 | s->spsel;
	a64_set_pstate(x, pstate);
	x->pc = a64_branch_address(s, s->elr_el1);
	s->excl_addr = UINT64_MAX;
	s->event = 1;
	a64_system_of(x)->stepping = 0;
	a64_context(x);
	a64_log_return(x, pc, el);
	if (s->pstate_il_ss & PSTATE_IL)
		return a64_raise(x, EC_ILLEGAL, 0);
	a64_recheck(x);
	x->leave = 1;
	return 0;
}

void a64_enter(struct vr_exec *x, uint64_t pc, uint64_t x0)
{
	struct a64_state *s = a64_of(x);

	s->sctlr_el1 = a64_sysreg_find(VR_A64_SYSREG(3, 0, 1, 0, 0))->reset;
	s->mdscr_el1 = 0;
	s->excl_addr = UINT64_MAX;
	a64_system_of(x)->stepping = 0;
	a64_debug_update(x);
	a64_set_pstate(x, PSTATE_RESET);
	a64_x(x)[0] = x0;
	x->pc = pc;
	a64_context(x);
}

uint64_t VR_CALL a64_branch_address_of(struct vr_exec *x, uint64_t pc)
{
	return a64_branch_address(a64_of(x), pc);
}

/* ---- interrupts -------------------------------------------------------------------------------- */

/* Pins that are high and not masked. D1.13: with EL1 the target, PSTATE masks at EL0 and EL1 alike. */
static uint32_t pending(const struct a64_state *s)
{
	uint32_t pins = __atomic_load_n(&s->pins, __ATOMIC_SEQ_CST);
	return (pins & 1 && !(s->daif & PSTATE_I) ? 1u : 0) | (pins & 2 && !(s->daif & PSTATE_F) ? 2u : 0);
}

uint32_t a64_recheck(struct vr_exec *x)
{
	if (!pending(a64_of(x)))
		return 0;
	x->env->kick(x);
	return 1;
}

/* exec.pc may be the target of an indirect branch that generated code did not look up. */
int32_t VR_CALL a64_interrupt(struct vr_exec *x)
{
	if (a64_call_waits(x))
		return 0;
	uint32_t which = pending(a64_of(x));
	if (!which)
		return 0;
	a64_system_of(x)->stepping = 0; /* the stepped instruction is done */
	x->pc = a64_branch_address(a64_of(x), x->pc);
	a64_exception(x, which & 2 ? A64_VECTOR_FIQ : A64_VECTOR_IRQ, 0, 0, x->pc, 0, 0);
	return 1;
}

uint32_t VR_CALL a64_has_work(struct vr_exec *x)
{
	return __atomic_load_n(&a64_of(x)->pins, __ATOMIC_SEQ_CST) !=
	       0; /* D1.16.2: masked ones wake as well */
}

void VR_CALL a64_set_pin(struct vr_exec *x, uint32_t pin, uint32_t level)
{
	uint32_t *pins = &a64_of(x)->pins;
	if (pin > 1)
		return;
	if (!level) {
		__atomic_fetch_and(pins, ~(1u << pin), __ATOMIC_SEQ_CST);
	} else if (!(__atomic_fetch_or(pins, 1u << pin, __ATOMIC_SEQ_CST) >> pin & 1)) {
		x->env->kick(x);
	}
}
