/* SPDX-License-Identifier: MIT */
/* exception.c: taking exceptions to EL1 and returning from them (D1.10, D1.11). */
#include "system.h"

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

uint64_t VR_CALL a64_branch_address_of(struct vr_exec *x, uint64_t pc)
{
	return a64_branch_address(a64_of(x), pc);
}
