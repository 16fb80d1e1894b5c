/* SPDX-License-Identifier: MIT */
/* fp_rules.h: vr_isa.fp_slow of the fake isa: Arm's rules where an op has no attributes, else what they say. */
#ifndef VR_TESTS_EMIT_FP_RULES_H
#define VR_TESTS_EMIT_FP_RULES_H

#include <vmrun/isa.h>

/* With VR_FPA_TRAPS, these exceptions are not masked ... */
#define FP_RULES_UNMASKED (VR_FP_INVALID | VR_FP_DIVZERO | VR_FP_DENORMAL)
/* ... and are taken so: the fake isa notes exec.pc and what its registers are, and goes on at FAULT_PC. */
int32_t VR_CALL fp_by_rules(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			    const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c);

#endif
