/* SPDX-License-Identifier: MIT */
/* helpers_int.c: what the integer lifter calls (helpers_int.def). */
#include "isa.h"

#define EC_PC_ALIGN 0x22u

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

uint64_t VR_CALL a64_helper_yield(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)a;
	(void)b;
	(void)c;
	x->env->yield(x);
	return 0;
}
