/* SPDX-License-Identifier: MIT */
/* events.c: what the engine reports: a fault of a fetch or an access, and that an interrupt may be taken. */
#include "system.h"

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

/* exec.pc may be the target of an indirect branch that generated code did not look up. */
int32_t VR_CALL a64_interrupt(struct vr_exec *x)
{
	if (a64_call_waits(x))
		return 0;
	uint32_t which = a64_pending(a64_of(x));
	if (!which)
		return 0;
	a64_system_of(x)->stepping = 0; /* the stepped instruction is done */
	x->pc = a64_branch_address(a64_of(x), x->pc);
	a64_exception(x, which & 2 ? A64_VECTOR_FIQ : A64_VECTOR_IRQ, 0, 0, x->pc, 0, 0);
	return 1;
}
