/* SPDX-License-Identifier: MIT */
/* trap.c: exceptions, interrupts and delegation, returns, waiting, fences (vol. II). */
#include <string.h>
#include "system.h"

/* ---- context -------------------------------------------------------------------------------- */

static uint64_t mode_flags_of(const struct rv_state *s)
{
	uint32_t mpp = s->mstatus >> MSTATUS_MPP_SHIFT & 3;
	uint32_t data = s->mode; /* mode of data accesses */
	uint64_t mode_flags = data;

	if (s->mode == RV_MACHINE && (s->mstatus & MSTATUS_MPRV) && mpp != RV_MACHINE) {
		mode_flags |= RV_MODE_MPRV | (uint64_t)mpp << RV_MODE_MPP_SHIFT;
		data = mpp;
	}
	if (data != RV_MACHINE && s->satp >> SATP_MODE_SHIFT != SATP_BARE) {
		mode_flags |= RV_MODE_MMU;
		if (s->mstatus & MSTATUS_MXR)
			mode_flags |= RV_MODE_MXR;
	}
	if ((s->mstatus & MSTATUS_FS) && (s->mode == RV_USER || s->fp_used))
		mode_flags |= RV_MODE_FP | (uint64_t)s->frm << RV_MODE_FRM_SHIFT;
	if (s->counted && !(s->mcountinhibit & RV_COUNTER_IR))
		mode_flags |= RV_MODE_COUNT;
	return mode_flags;
}

/* mstatus.SUM: what is done as S-mode may use user pages. No code depends on it, only data accesses. */
static uint32_t user_open(const struct rv_state *s, uint64_t mode_flags)
{
	uint32_t mode = mode_flags & RV_MODE_MPRV ? mode_flags >> RV_MODE_MPP_SHIFT & 3 : s->mode;

	return mode == RV_SUPERVISOR && (s->mstatus & MSTATUS_SUM);
}

void rv_context(struct vr_exec *x)
{
	const struct rv_state *s = rv_of(x);
	uint64_t mode_flags = mode_flags_of(s), asid = mode_flags & RV_MODE_MMU ? s->satp >> 44 & 0xffff : 0;
	uint32_t open = user_open(s, mode_flags);

	/* Only when it changes, not at every change of mode. */
	if (open != x->user_open && VR_HAS(x->env, user_access))
		x->env->user_access(x, open);
	if (mode_flags == x->mode_flags && asid == x->asid)
		return;
	x->mode_flags = mode_flags;
	x->asid = asid;
	x->env->context(x);
}

/* ---- taking traps ("Machine Trap-Vector Base-Address", "Supervisor Cause") -------------------- */

static uint64_t vector(uint64_t tvec, uint64_t cause)
{
	uint64_t base = tvec & ~3ull;
	return (tvec & 1) && (cause & RV_CAUSE_INTERRUPT) ? base + 4 * (cause & 0x3f) : base;
}

static void trap(struct vr_exec *x, uint64_t cause, uint64_t tval, uint32_t to_supervisor)
{
	struct rv_state *s = rv_of(x);
	uint64_t status = s->mstatus, pc = x->pc;
	uint32_t mode = s->mode;

	if (to_supervisor) {
		s->sepc = x->pc;
		s->scause = cause;
		s->stval = tval;
		status &= ~(MSTATUS_SPIE | MSTATUS_SIE | MSTATUS_SPP);
		status |= (s->mstatus & MSTATUS_SIE ? MSTATUS_SPIE : 0) | (s->mode ? MSTATUS_SPP : 0);
		s->mode = RV_SUPERVISOR;
		x->pc = vector(s->stvec, cause);
	} else {
		s->mepc = x->pc;
		s->mcause = cause;
		s->mtval = tval;
		status &= ~(MSTATUS_MPIE | MSTATUS_MIE | MSTATUS_MPP);
		status |= (s->mstatus & MSTATUS_MIE ? MSTATUS_MPIE : 0) | (uint64_t)s->mode
										  << MSTATUS_MPP_SHIFT;
		s->mode = RV_MACHINE;
		x->pc = vector(s->mtvec, cause);
	}
	s->mstatus = status;
	s->fp_used = 0;
	rv_context(x);
	rv_log_trap(x, pc, mode, cause, tval);
}

/* The instruction at exec.pc does not retire, and is counted already where code counts. */
static void not_retired(struct vr_exec *x)
{
	if (x->mode_flags & RV_MODE_COUNT)
		rv_of(x)->minstret--;
}

static void exception(struct vr_exec *x, uint64_t cause, uint64_t tval)
{
	const struct rv_state *s = rv_of(x);

	if (cause != RV_CAUSE_FETCH_PAGE && cause != RV_CAUSE_FETCH_ACCESS)
		not_retired(x);
	trap(x, cause, tval, s->mode != RV_MACHINE && (s->medeleg >> cause & 1));
}

uint64_t rv_raise(struct vr_exec *x, uint64_t cause, uint64_t tval)
{
	exception(x, cause, tval);
	x->leave = 1;
	return 0;
}

uint64_t VR_CALL rv_helper_raise(struct vr_exec *x, uint64_t cause, uint64_t tval, uint64_t c)
{
	(void)c;
	return rv_raise(x, cause, tval);
}

/* By kind of access: fetch, load, store. */
void VR_CALL rv_fault(struct vr_exec *x, uint64_t va, uint32_t access, int32_t fault)
{
	static const uint8_t causes[3][3] = {
		[VR_ACCESS_READ] = {RV_CAUSE_LOAD_PAGE, RV_CAUSE_LOAD_ACCESS, RV_CAUSE_LOAD_ALIGN},
		[VR_ACCESS_WRITE] = {RV_CAUSE_STORE_PAGE, RV_CAUSE_STORE_ACCESS, RV_CAUSE_STORE_ALIGN},
		[VR_ACCESS_EXECUTE] = {RV_CAUSE_FETCH_PAGE, RV_CAUSE_FETCH_ACCESS, RV_CAUSE_FETCH_ACCESS},
	};
	if (access == VR_ACCESS_EXECUTE && fault != VR_FAULT_DEBUG && rv_trigger_fetch(x)) {
		fault = VR_FAULT_DEBUG;
		va = x->pc;
	}
	if (fault == VR_FAULT_DEBUG)
		exception(x, RV_CAUSE_BREAK, va);
	else
		exception(x,
			  causes[access][fault == RV_FAULT_PAGE    ? 0
					 : fault == VR_FAULT_ALIGN ? 2
								   : 1],
			  va);
}

/*
 * An FP instruction outside U-mode, in code of a context without FP. Kernels switch FS off and on at every
 * trap and hardly use FP: there FS becomes part of the context with the first FP instruction only.
 */
uint64_t VR_CALL rv_helper_fp_on(struct vr_exec *x, uint64_t insn, uint64_t b, uint64_t c)
{
	struct rv_state *s = rv_of(x);

	(void)b, (void)c;
	if (!(s->mstatus & MSTATUS_FS))
		return rv_raise(x, RV_CAUSE_ILLEGAL, insn);
	not_retired(x);
	s->fp_used = 1;
	rv_context(x);
	x->leave = 1;
	return 0;
}

/* ---- returning ("Trap-Return Instructions") ----------------------------------------------------- */

/* The mode is set already. */
static uint64_t return_to(struct vr_exec *x, uint64_t mstatus, uint64_t pc, uint32_t from_mode)
{
	struct rv_state *s = rv_of(x);
	uint64_t from = x->pc;

	s->mstatus = mstatus;
	s->fp_used = 0;
	x->pc = pc;
	rv_context(x);
	rv_log_return(x, from, from_mode);
	rv_recheck(x);
	x->leave = 1;
	return 0;
}

uint64_t VR_CALL rv_helper_mret(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	struct rv_state *s = rv_of(x);
	uint64_t status = s->mstatus;

	(void)a, (void)b, (void)c;
	s->mode = status >> MSTATUS_MPP_SHIFT & 3;
	status &= ~(MSTATUS_MIE | MSTATUS_MPP | (s->mode != RV_MACHINE ? MSTATUS_MPRV : 0));
	status |= (status & MSTATUS_MPIE ? MSTATUS_MIE : 0) | MSTATUS_MPIE;
	return return_to(x, status, s->mepc, RV_MACHINE);
}

uint64_t VR_CALL rv_helper_sret(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	struct rv_state *s = rv_of(x);
	uint64_t status = s->mstatus;

	(void)a, (void)b, (void)c;
	if (s->mode == RV_SUPERVISOR && (status & MSTATUS_TSR))
		return rv_raise(x, RV_CAUSE_ILLEGAL, 0x10200073);
	s->mode = status & MSTATUS_SPP ? RV_SUPERVISOR : RV_USER;
	status &= ~(MSTATUS_SIE | MSTATUS_SPP | MSTATUS_MPRV);
	status |= (status & MSTATUS_SPIE ? MSTATUS_SIE : 0) | MSTATUS_SPIE;
	return return_to(x, status, s->sepc, RV_SUPERVISOR);
}

/* ---- interrupts ("Machine Interrupt (mip and mie)") ---------------------------------------------- */

uint32_t rv_pending(struct vr_exec *x)
{
	const struct rv_state *s = rv_of(x);

	rv_time_settle(x);
	return __atomic_load_n(&s->pins, __ATOMIC_SEQ_CST) | __atomic_load_n(&s->latched, __ATOMIC_SEQ_CST);
}

/* The interrupts that would be taken now: those of M-mode if there are any, else those of S-mode. */
static uint32_t ready(struct vr_exec *x, uint32_t *to_supervisor)
{
	const struct rv_state *s = rv_of(x);
	uint32_t pending = rv_pending(x) & (uint32_t)s->mie, delegated = (uint32_t)s->mideleg;
	uint32_t own = pending & ~delegated;

	*to_supervisor = 0;
	if (own && (s->mode != RV_MACHINE || (s->mstatus & MSTATUS_MIE)))
		return own;
	*to_supervisor = 1;
	if (s->mode == RV_USER || (s->mode == RV_SUPERVISOR && (s->mstatus & MSTATUS_SIE)))
		return pending & delegated;
	return 0;
}

uint32_t rv_recheck(struct vr_exec *x)
{
	uint32_t to_supervisor, which = ready(x, &to_supervisor);

	if (which)
		x->env->kick(x);
	return which;
}

static void wait_in_call(struct vr_exec *x);
static void end_call(struct vr_exec *x);

int32_t VR_CALL rv_interrupt(struct vr_exec *x)
{
	static const uint8_t order[] = {11, 3, 7, 9, 1, 5}; /* external, software, timer; M, then S */
	uint32_t to_supervisor, which;

	if (rv_of(x)->call_waits) {
		if (!rv_has_work(x)) {
			wait_in_call(x);
			return 0;
		}
		end_call(x);
	}
	which = ready(x, &to_supervisor);
	for (uint32_t i = 0; which && i < sizeof(order); i++)
		if (which >> order[i] & 1) {
			trap(x, RV_CAUSE_INTERRUPT | order[i], 0, to_supervisor);
			return 1;
		}
	return 0;
}

/* An interrupt that mie enables wakes, whatever mstatus and the delegation say ("Wait for Interrupt"). */
uint32_t VR_CALL rv_has_work(struct vr_exec *x)
{
	return (rv_pending(x) & (uint32_t)rv_of(x)->mie) != 0;
}

/* ---- waiting, calls, fences ---------------------------------------------------------------------- */

uint64_t VR_CALL rv_helper_wfi(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)a, (void)b, (void)c;
	if (rv_of(x)->mode == RV_SUPERVISOR && (rv_of(x)->mstatus & MSTATUS_TW))
		return rv_raise(x, RV_CAUSE_ILLEGAL, 0x10500073);
	if (rv_has_work(x))
		return 0;
	x->pc += 4;
	x->env->wait(x);
	return 0;
}

uint64_t VR_CALL rv_helper_pause(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)a, (void)b, (void)c;
	x->env->yield(x);
	return 0;
}

static void flush(struct vr_exec *x, uint64_t va, uint64_t length, uint64_t asid, uint32_t given,
		  uint32_t broadcast)
{
	switch (given) {
	case 0:
		x->env->tlb_flush(x, VR_FLUSH_ALL, 0, 0, 0, broadcast);
		break;
	case 1:
		x->env->tlb_flush(x, VR_FLUSH_VA_ALL, 0, va, length, broadcast);
		break;
	case 2:
		x->env->tlb_flush(x, VR_FLUSH_ASID, asid & 0xffff, 0, 0, broadcast);
		break;
	default:
		x->env->tlb_flush(x, VR_FLUSH_VA, asid & 0xffff, va, length, broadcast);
	}
}

/* SFENCE.VMA ("Supervisor Memory-Management Fence"): of this hart alone. */
uint64_t VR_CALL rv_helper_sfence(struct vr_exec *x, uint64_t va, uint64_t asid, uint64_t given)
{
	const struct rv_state *s = rv_of(x);
	uint64_t first, length;

	if (s->mode == RV_SUPERVISOR && (s->mstatus & MSTATUS_TVM))
		return rv_raise(x, RV_CAUSE_ILLEGAL, 0);
	rv_flush_range(x, va, 1, &first, &length);
	flush(x, first, length, asid, (uint32_t)given, 0);
	return 0;
}

/* Writes to code are noticed by themselves. */
uint64_t VR_CALL rv_helper_fencei(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)a, (void)b, (void)c;
	x->env->code_flush(x, 0, 0);
	return 0;
}

/*
 * The remote fences of the SBI (RFENCE extension): the board answers the call, but the TLBs are the engine's.
 * Every hart is flushed, whatever the mask.
 */
#define SBI_RFENCE 0x52464e43u
#define SBI_RANGE_LIMIT (1ull << 24)

static void remote_fence(struct vr_exec *x, const uint64_t *regs)
{
	uint64_t start = regs[2], length = regs[3], function = regs[6];

	if (function != 1 && function != 2)
		return; /* FENCE.I; those for hypervisors */
	uint32_t given = function == 2 ? 2 : 0;

	if (length && length <= SBI_RANGE_LIMIT) {
		rv_flush_range(x, start, length, &start, &length);
		given |= 1;
	}
	flush(x, start, length, regs[4], given, 1);
	x->env->sync(x);
}

#define CALL_REGISTERS 8 /* a0..a7 */

/* VR_OK: answered, in a0 and a1. Else as vr_hypercall_fn. */
static int32_t call_board(struct vr_exec *x, uint32_t kind)
{
	const struct rv_system *system = rv_system_of(x);
	uint64_t regs[CALL_REGISTERS], *arguments = &rv_x(x)[10];
	int32_t rc;

	if (system->common.machine == NULL)
		return VR_E_NOENT;
	memcpy(regs, arguments, sizeof(regs));
	rc = system->common.machine->hypercall(system->common.host, x->index, kind, regs);
	if (rc != VR_OK)
		return rc;
	if (arguments[7] == SBI_RFENCE && regs[0] == 0)
		remote_fence(x, arguments);
	arguments[0] = regs[0];
	arguments[1] = regs[1];
	return VR_OK;
}

/* The hart sleeps in its call: exec.pc is the ECALL until the call is made again. */
static void wait_in_call(struct vr_exec *x)
{
	rv_of(x)->call_waits = 1;
	x->env->wait(x);
	x->leave = 1;
}

static void end_call(struct vr_exec *x)
{
	rv_of(x)->call_waits = 0;
	if (call_board(x, VR_HYPERCALL_AWAKE) == VR_HYPERCALL_WAIT)
		wait_in_call(x);
	else
		x->pc += 4;
}

/* ECALL from S-mode: the board's firmware, if there is one, else M-mode. */
uint64_t VR_CALL rv_helper_ecall(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	int32_t rc = call_board(x, 0);

	(void)a, (void)b, (void)c;
	if (rc == VR_HYPERCALL_WAIT)
		wait_in_call(x);
	else if (rc != VR_OK)
		rv_raise(x, RV_CAUSE_ECALL + RV_SUPERVISOR, 0);
	return 0;
}
