/* SPDX-License-Identifier: MIT */
/* helpers_int.c: what the integer lifter calls (helpers_int.def). */
#include "isa.h"

#define EC_PC_ALIGN 0x22u
#define EC_STEP_LOWER 0x32u
#define EC_STEP_SAME 0x33u

#define PSTATE_SS (1u << 21)
#define ISS_ISV (1u << 24)
#define ISS_DEBUG 0x22u

/*
 * Software step (Arm ARM DDI 0487 D2.12). With PSTATE.SS set the instruction that follows is the one to step;
 * clear, it was stepped already and the exception is due before it.
 */
uint64_t VR_CALL a64_helper_step(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	struct a64_state *s = a64_of(x);

	(void)a;
	(void)b;
	(void)c;
	if (s->pstate_il_ss & PSTATE_SS) {
		s->pstate_il_ss &= ~PSTATE_SS;
		return 0;
	}
	a64_exception(x, A64_VECTOR_SYNC, s->el ? EC_STEP_SAME : EC_STEP_LOWER, ISS_ISV | ISS_DEBUG, x->pc, 0,
		      0);
	x->leave = 1;
	return 0;
}

/* PC alignment fault (D1.8.1): FAR is the address itself. */
uint64_t VR_CALL a64_helper_pc_align(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)a;
	(void)b;
	(void)c;
	a64_exception(x, A64_VECTOR_SYNC, EC_PC_ALIGN, 0, x->pc, 1, x->pc);
	x->leave = 1;
	return 0;
}
