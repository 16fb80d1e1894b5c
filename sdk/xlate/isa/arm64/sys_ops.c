/* SPDX-License-Identifier: MIT */
/* sys_ops.c: system instructions other than MRS and MSR: TLB and cache maintenance, barriers, waiting, HVC,
 * SMC. */
#include <string.h>
#include "system.h"

/* ---- TLBI (C5.5, D5.10) -------------------------------------------------------------------- */

#define TLBI_ALL 0u
#define TLBI_VA 1u
#define TLBI_ASID 2u
#define TLBI_VA_ALL 3u
#define TLBI_LAST 4u /* last level only: handled as the form for all levels */
#define TLBI_CRM_IS 3u
#define TLBI_CRM_LOCAL 7u

static uint64_t asid_operand(const struct a64_state *s, uint64_t value)
{
	return s->tcr_el1 & TCR_AS ? value >> 48 : value >> 48 & 0xff;
}

uint64_t VR_CALL a64_helper_tlbi(struct vr_exec *x, uint64_t enc, uint64_t value, uint64_t c)
{
	const struct a64_state *s = a64_of(x);
	uint32_t op1 = enc >> 11 & 7, crm = enc >> 3 & 15, op2 = enc & 7;
	uint32_t broadcast = crm == TLBI_CRM_IS;
	uint64_t va = (uint64_t)((int64_t)(value << 20) >> 8); /* bits 43:0 are VA[55:12] */
	uint64_t first = 0, length = 0;

	(void)c;
	if (s->el == 0 || op1 != 0 || (crm != TLBI_CRM_IS && crm != TLBI_CRM_LOCAL) || op2 == TLBI_LAST ||
	    op2 == 6)
		return a64_raise(x, EC_UNKNOWN, 0);
	uint32_t kind = op2 & ~TLBI_LAST;
	if ((kind == TLBI_VA || kind == TLBI_VA_ALL) && !a64_flush_range(x, va, &first, &length))
		kind = TLBI_ALL;
	switch (kind) {
	case TLBI_ALL:
		x->env->tlb_flush(x, VR_FLUSH_ALL, 0, 0, 0, broadcast);
		break;
	case TLBI_ASID:
		x->env->tlb_flush(x, VR_FLUSH_ASID, asid_operand(s, value), 0, 0, broadcast);
		break;
	case TLBI_VA:
		x->env->tlb_flush(x, VR_FLUSH_VA, asid_operand(s, value), first, length, broadcast);
		break;
	default:
		x->env->tlb_flush(x, VR_FLUSH_VA_ALL, 0, first, length, broadcast);
		break;
	}
	return 0;
}

/* ---- caches, barriers ------------------------------------------------------------------------ */

#define LINE 64u

uint64_t VR_CALL a64_helper_ic_ivau(struct vr_exec *x, uint64_t va, uint64_t b, uint64_t c)
{
	(void)b, (void)c;
	x->env->code_flush(x, va & ~(uint64_t)(LINE - 1), LINE);
	return 0;
}

uint64_t VR_CALL a64_helper_ic_iallu(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)a, (void)b, (void)c;
	x->env->code_flush(x, 0, 0);
	return 0;
}

/* DSB (C6.2.90) waits for the TLB maintenance of this vCPU to be done everywhere. */
uint64_t VR_CALL a64_helper_dsb(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)a, (void)b, (void)c;
	x->env->sync(x);
	return 0;
}

/* DC ZVA (C5.3.7). The block lies in one page: if its first bytes can be written, all can. */
uint64_t VR_CALL a64_helper_dc_zva(struct vr_exec *x, uint64_t va, uint64_t b, uint64_t c)
{
	static const uint8_t zeros[16];
	(void)b, (void)c;
	va &= ~(uint64_t)(LINE - 1);
	for (uint32_t i = 0; i < LINE; i += sizeof(zeros))
		if (x->env->write(x, va + i, sizeof(zeros), 0, zeros))
			return 0;
	return 0;
}

/* ---- waiting (D1.16) --------------------------------------------------------------------------- */

static uint32_t wait_traps(struct vr_exec *x, uint32_t allow, uint32_t ti)
{
	const struct a64_state *s = a64_of(x);
	if (s->el || s->sctlr_el1 & allow)
		return 0;
	a64_raise(x, EC_WFX, ISS_COND_ALWAYS | ti);
	return 1;
}

uint64_t VR_CALL a64_helper_wfi(struct vr_exec *x, uint64_t next_pc, uint64_t b, uint64_t c)
{
	(void)b, (void)c;
	if (a64_has_work(x) || wait_traps(x, SCTLR_NTWI, 0))
		return 0;
	x->pc = next_pc;
	x->env->wait(x);
	return 0;
}

/* An event wakes at once; else it may end at any time (D1.16.1), so it only lets others run. */
uint64_t VR_CALL a64_helper_wfe(struct vr_exec *x, uint64_t next_pc, uint64_t b, uint64_t c)
{
	struct a64_state *s = a64_of(x);
	(void)b, (void)c;
	if (s->event) {
		s->event = 0;
		return 0;
	}
	if (wait_traps(x, SCTLR_NTWE, 1))
		return 0;
	x->pc = next_pc;
	x->env->yield(x);
	return 0;
}

/* No vCPU sleeps in WFE, so only the event register of this one is set. */
uint64_t VR_CALL a64_helper_sev(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)a, (void)b, (void)c;
	a64_of(x)->event = 1;
	return 0;
}

/* ---- HVC, SMC ---------------------------------------------------------------------------------- */

/* Go on at `pc` as after power-up (PSCI, DEN 0022, 6.4): EL1h, everything masked, MMU and caches off, x0. */
static void enter(struct vr_exec *x, uint64_t pc, uint64_t x0)
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

#define CALL_REGISTERS 18 /* x0..x17: SMC Calling Convention (DEN 0028), 2.6 */

/* VR_OK: answered, in the registers. Else as vr_hypercall_fn. */
static int32_t call_board(struct vr_exec *x, uint32_t kind)
{
	const struct a64_system *system = a64_system_of(x);
	uint64_t regs[CALL_REGISTERS];
	int32_t rc;

	memcpy(regs, a64_x(x), sizeof(regs));
	rc = system->common.machine->hypercall(system->common.host, x->index, kind, regs);
	if (rc == VR_OK)
		memcpy(a64_x(x), regs, sizeof(regs));
	else if (rc == VR_HYPERCALL_ENTER)
		enter(x, regs[1], regs[0]);
	return rc;
}

/* The vCPU sleeps in its call: exec.pc is the instruction's until the call is made again. */
static void wait_in_call(struct vr_exec *x, uint32_t kind)
{
	a64_of(x)->call_waits = 1 + kind;
	x->env->wait(x);
	x->leave = 1;
}

uint32_t a64_call_waits(struct vr_exec *x)
{
	struct a64_state *s = a64_of(x);
	uint32_t kind = (uint32_t)s->call_waits - 1;

	if (s->call_waits == 0)
		return 0;
	int32_t rc = a64_has_work(x) ? call_board(x, kind | VR_HYPERCALL_AWAKE) : VR_HYPERCALL_WAIT;
	if (rc == VR_HYPERCALL_WAIT) {
		wait_in_call(x, kind);
		return 1;
	}
	s->call_waits = 0;
	if (rc != VR_HYPERCALL_ENTER)
		x->pc += 4;
	return 0;
}

uint64_t VR_CALL a64_helper_hypercall(struct vr_exec *x, uint64_t kind, uint64_t b, uint64_t c)
{
	(void)b, (void)c;
	if (a64_of(x)->el == 0 || a64_system_of(x)->common.machine == NULL)
		return a64_raise(x, EC_UNKNOWN, 0);
	int32_t rc = call_board(x, (uint32_t)kind);
	if (rc == VR_HYPERCALL_WAIT)
		wait_in_call(x, (uint32_t)kind);
	else if (rc == VR_HYPERCALL_ENTER)
		x->leave = 1;
	else if (rc != VR_OK)
		a64_raise(x, EC_UNKNOWN, 0);
	return 0;
}
