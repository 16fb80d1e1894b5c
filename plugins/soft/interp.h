/* SPDX-License-Identifier: MIT */
/*
 * interp.h: tier 0, the IR interpreter, in plain C. Tests compare generated code with it, and it runs where
 * there is no emitter.
 */
#ifndef SOFT_INTERP_H
#define SOFT_INTERP_H

#include <vmrun/isa.h>

/* What a block ended with. */
#define SOFT_INTERP_NEXT 1u /* its terminator: exec.pc is the next linear address */
#define SOFT_INTERP_LEFT 2u /* a fault, or a helper that left: exec.pc is set, exec.leave is clear again */

/* What the interpreter can't do by itself. */
struct soft_interp_memory {
	/*
	 * One memory op, whole and (CAS*, AMO) atomic. `address` has the displacement added; VR_MF_* are in
	 * op->imm >> 32; 2^(op->aux & 7) bytes (for LOADP and STOREP twice). LOAD: result[0]. LOADP:
	 * result[0] and [1]. STORE: arg1. STOREP: arg1, arg2. CAS*: arg1 expected, arg2 new, old to
	 * result[0]. AMO: arg1; kind op->c; old to result[0]. Results are zero-extended; the interpreter
	 * extends signs. CASIF and CAS2IF come here only when they access.
	 * != 0: an exception has been taken (exec.pc is where it goes on).
	 */
	int32_t (*access)(struct vr_exec *x, const struct vr_ir_op *op, uint64_t address,
			  const union vr_v256 *arg1, const union vr_v256 *arg2, union vr_v256 *result);
	/* The guest's FP environment while the interpreter runs; NULL: the <fenv.h> ones below. */
	void (*set_round)(struct vr_exec *x, uint32_t mode); /* VR_RM_NEAREST .. VR_RM_ZERO */
	uint32_t (*get_flags)(struct vr_exec *x);            /* VR_FP_* raised since set */
	void (*set_flags)(struct vr_exec *x, uint32_t flags);
};

void soft_interp_fenv_set_round(struct vr_exec *x, uint32_t mode);
uint32_t soft_interp_fenv_get_flags(struct vr_exec *x);
void soft_interp_fenv_set_flags(struct vr_exec *x, uint32_t flags);

/*
 * Run block number `block` of `ir`, of the page at linear address pc_base, on the guest registers in memory. `values` has room for ir->op_count
 * entries and needs no contents. FP ops (class VR_IRC_FP) all go to isa->fp_slow, with the guest's FP
 * environment as the caller loaded it. Returns SOFT_INTERP_*. [vcpu]
 */
uint32_t soft_interp_block(struct vr_exec *x, const struct vr_isa *isa, const struct vr_ir *ir,
			   uint32_t block, uint64_t pc_base, union vr_v256 *values,
			   const struct soft_interp_memory *m);

#endif
