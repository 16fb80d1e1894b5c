/* SPDX-License-Identifier: MIT */
/*
 * debug.c: self-hosted debug: breakpoints (D2.8, D2.9), watchpoints (D2.10), software step (D2.12).
 *
 * The registers are plain fields. Breakpoints and watchpoints that are enabled become debug points of the
 * engine (isa.h) whenever a register changes that says where they are or whether there are any:
 * MDSCR_EL1.MDE, the OS lock, DBGBVR, DBGBCR, DBGWVR, DBGWCR. What else they depend on, the exception level,
 * PSTATE.D, MDSCR_EL1.KDE and the context id, is looked at when one is hit: those change all the time.
 *
 * Addresses are compared without their top byte. Where it is not ignored (TCR_EL1.TBI) an address with
 * another one faults before, so that this makes no difference.
 *
 * Software step. PSTATE.SS is set by an exception return (exception.c) and means that one instruction may
 * run. In a mode with A64_MODE_STEP each instruction begins with a call of a64_helper_step(): with SS set the
 * instruction runs, with SS clear the exception comes instead. SS is cleared as the instruction begins, and
 * `stepping` remembers that it did: an exception that the instruction itself takes has SPSR_EL1.SS set, to
 * have it stepped again (D2.12.5), unless the exception is what the instruction is for (SVC, HVC, SMC). Every
 * place that knows the instruction to be complete clears `stepping`.
 *
 * Priorities (D1.3.5.4): the step exception comes before those of the next instruction's fetch, and they come
 * before its breakpoint; a watchpoint comes after the access's own aborts.
 */
#include "has.h"
#include "system.h"

#define BREAKPOINTS 6u /* as ID_AA64DFR0_EL1 says; the last ones are context-aware */
#define FIRST_CONTEXT 4u
#define WATCHPOINTS 4u

#define ISS_DEBUG 0x22u /* IFSC, DFSC: debug exception */
#define ISS_WNR (1u << 6)
#define ISS_ISV (1u << 24)
#define ISS_EX (1u << 6)

/* DBGBCR_EL1, DBGWCR_EL1 (D17.3.2, D17.3.11) */
#define CR_E 1u
#define CR_LBN(cr) ((uint32_t)(cr) >> 16 & 15)
#define BCR_BT(cr) ((uint32_t)(cr) >> 20 & 15)
#define BT_ADDRESS 0u
#define BT_ADDRESS_LINKED 1u
#define BT_CONTEXT 2u
#define BT_CONTEXT_LINKED 3u
#define WCR_LSC(cr) ((uint32_t)(cr) >> 3 & 3)
#define WCR_BAS(cr) ((uint32_t)(cr) >> 5 & 0xff)
#define WCR_MASK(cr) ((uint32_t)(cr) >> 24 & 31)
#define WCR_WT (1u << 20)

/* ---- registers to debug points ------------------------------------------------------------------ */

/* 0: this one stops nothing by itself. */
static uint32_t breakpoint_at(const struct a64_state *s, uint32_t n, struct vr_debug_point *out)
{
	uint64_t cr = s->dbgbcr[n], address = s->dbgbvr[n] & ~3ull;

	if (!(cr & CR_E) || BCR_BT(cr) == BT_CONTEXT_LINKED)
		return 0;
	*out = (struct vr_debug_point){
		.first = address, .last = address, .access = 1u << VR_ACCESS_EXECUTE, .id = n};
	if (BCR_BT(cr) == BT_CONTEXT) {
		out->first = 0;
		out->last = UINT64_MAX;
	}
	return 1;
}

/*
 * D2.10.3: 2^MASK bytes from 8 up, or the bytes of a doubleword that BAS selects. Where the manual leaves it
 * open (bytes that are not in a row, a reserved MASK, MASK and not all of BAS) the watchpoint is disabled.
 */
static uint32_t watchpoint_at(const struct a64_state *s, uint32_t n, struct vr_debug_point *out)
{
	uint64_t cr = s->dbgwcr[n], address = s->dbgwvr[n] & ~3ull;
	uint32_t bas = WCR_BAS(cr), mask = WCR_MASK(cr), low, count;

	if (!(cr & CR_E) || !WCR_LSC(cr) || !bas)
		return 0;
	*out = (struct vr_debug_point){.id = BREAKPOINTS + n};
	out->access =
		(WCR_LSC(cr) & 1 ? 1u << VR_ACCESS_READ : 0) | (WCR_LSC(cr) & 2 ? 1u << VR_ACCESS_WRITE : 0);
	if (mask) {
		uint64_t within = (1ull << mask) - 1;
		out->first = address & ~within;
		out->last = address | within;
		return mask >= 3 && bas == 0xff;
	}
	if (address & 4)
		bas &= 15;
	if (!bas)
		return 0;
	low = (uint32_t)__builtin_ctz(bas);
	count = (uint32_t)__builtin_popcount(bas);
	out->first = address + low;
	out->last = address + low + count - 1;
	return bas >> low == (1u << count) - 1;
}

void a64_debug_update(struct vr_exec *x)
{
	const struct a64_state *s = a64_of(x);
	struct vr_debug_point point[BREAKPOINTS + WATCHPOINTS];
	struct vr_debug_points points = {
		.size = sizeof(points), .stride = sizeof(point[0]), .mask = UINT64_MAX >> 8, .point = point};

	if (!VR_HAS(x->env, debug_points))
		return;
	if ((s->mdscr_el1 & MDSCR_MDE) && !a64_debug_locked(s)) {
		for (uint32_t n = 0; n < BREAKPOINTS; n++)
			points.count += breakpoint_at(s, n, &point[points.count]);
		for (uint32_t n = 0; n < WATCHPOINTS; n++)
			points.count += watchpoint_at(s, n, &point[points.count]);
	}
	x->env->debug_points(x, &points);
}

/* ---- conditions, looked at when one is hit ------------------------------------------------------ */

static uint32_t in_context(const struct a64_state *s, uint32_t n)
{
	return (uint32_t)s->dbgbvr[n] == (uint32_t)s->contextidr_el1;
}

/* D2.8.4: linked to a breakpoint that is there for that, and whose context it is. */
static uint32_t link_holds(const struct a64_state *s, uint32_t n)
{
	return n >= FIRST_CONTEXT && n < BREAKPOINTS && (s->dbgbcr[n] & CR_E) &&
	       BCR_BT(s->dbgbcr[n]) == BT_CONTEXT_LINKED && in_context(s, n);
}

/* PMC and PAC, bits 2:1: EL0, EL1 */
static uint32_t at_level(uint64_t cr, uint32_t el)
{
	return cr >> (el ? 1 : 2) & 1;
}

int32_t VR_CALL a64_debug_match(struct vr_exec *x, uint32_t id, uint32_t access, uint32_t flags)
{
	const struct a64_state *s = a64_of(x);
	(void)access;

	if (!a64_debug_enabled(s, s->el, s->daif))
		return 0;
	if (id >= BREAKPOINTS) {
		uint64_t cr = s->dbgwcr[id - BREAKPOINTS];
		return at_level(cr, flags & VR_MF_UNPRIV ? 0 : s->el) &&
		       (!(cr & WCR_WT) || link_holds(s, CR_LBN(cr)));
	}
	uint64_t cr = s->dbgbcr[id];
	if (!at_level(cr, s->el))
		return 0;
	switch (BCR_BT(cr)) {
	case BT_ADDRESS_LINKED:
		return (int32_t)link_holds(s, CR_LBN(cr));
	case BT_CONTEXT:
		return (int32_t)in_context(s, id);
	default:
		return BCR_BT(cr) == BT_ADDRESS;
	}
}

void a64_debug_exception(struct vr_exec *x, uint64_t va, uint32_t access)
{
	uint32_t same = a64_of(x)->el != 0;

	if (access == VR_ACCESS_EXECUTE)
		a64_exception(x, A64_VECTOR_SYNC, EC_BREAKPOINT_LOWER + same, ISS_DEBUG, x->pc, 0, 0);
	else
		a64_exception(x, A64_VECTOR_SYNC, EC_WATCHPOINT_LOWER + same,
			      ISS_DEBUG | (access == VR_ACCESS_WRITE ? ISS_WNR : 0), x->pc, 1, va);
}

/* ---- software step -------------------------------------------------------------------------------- */

uint32_t a64_step_pending(struct vr_exec *x)
{
	return (x->mode_flags & A64_MODE_STEP) && !(a64_of(x)->pstate_il_ss & PSTATE_SS);
}

void a64_step_exception(struct vr_exec *x)
{
	uint32_t stepped = a64_system_of(x)->stepping;
	uint32_t iss = ISS_DEBUG | (stepped ? ISS_ISV : 0) | (stepped & A64_STEPPING_EXCLUSIVE ? ISS_EX : 0);

	a64_system_of(x)->stepping = 0;
	a64_exception(x, A64_VECTOR_SYNC, a64_of(x)->el ? EC_STEP_SAME : EC_STEP_LOWER, iss, x->pc, 0, 0);
}

uint64_t VR_CALL a64_helper_step(struct vr_exec *x, uint64_t how, uint64_t b, uint64_t c)
{
	(void)b, (void)c;
	if (!a64_step_pending(x)) {
		a64_of(x)->pstate_il_ss &= ~PSTATE_SS;
		a64_system_of(x)->stepping = (uint32_t)how;
		return 0;
	}
	a64_step_exception(x);
	x->leave = 1;
	return 0;
}
