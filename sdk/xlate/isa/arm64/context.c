/* SPDX-License-Identifier: MIT */
/* context.c: PSTATE, and what translated code depends on: the mode flags and the address-space id. */
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
	/* CPACR_EL1.FPEN: 0b01 traps EL0 only, 0b11 traps nothing, others both levels (D13.2.29) */
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
