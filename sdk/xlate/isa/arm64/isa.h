/* SPDX-License-Identifier: MIT */
/* isa.h: the functions of `a64_isa`, and every helper's prototype. */
#ifndef VR_XLATE_ARM64_ISA_H
#define VR_XLATE_ARM64_ISA_H

#include "arm64.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const struct vr_isa a64_isa;

int32_t VR_CALL a64_lift_block(const struct vr_isa_vm *vm, const struct vr_lift *rq, struct vr_ir *ir);

/* -- system side: see struct vr_isa -- */
int32_t VR_CALL a64_init(struct vr_isa_vm *vm, struct vr_exec *x, const struct vr_isa_env *env);
void VR_CALL a64_fini(struct vr_exec *x);
void VR_CALL a64_reset(struct vr_exec *x);
int32_t VR_CALL a64_get_state(struct vr_exec *x, const char *id, void *state, uint32_t length);
int32_t VR_CALL a64_set_state(struct vr_exec *x, const char *id, const void *state, uint32_t length);
int32_t VR_CALL a64_translate(struct vr_exec *x, uint64_t va, uint32_t access, uint32_t flags,
			      struct vr_translation *out);
void VR_CALL a64_fault(struct vr_exec *x, uint64_t va, uint32_t access, int32_t fault);
int32_t VR_CALL a64_interrupt(struct vr_exec *x);
uint32_t VR_CALL a64_has_work(struct vr_exec *x);
int32_t VR_CALL a64_debug_match(struct vr_exec *x, uint32_t id, uint32_t access, uint32_t flags);
void VR_CALL a64_set_pin(struct vr_exec *x, uint32_t pin, uint32_t level);
uint64_t VR_CALL a64_branch_address_of(struct vr_exec *x, uint64_t pc);

#undef A64_VHELPER
#define A64_HELPER(name, flags) extern __typeof__(*(vr_helper_fn)0) a64_helper_##name;
#define A64_VHELPER(name, flags) extern __typeof__(*(vr_vhelper_fn)0) a64_helper_##name;
#include "helpers_int.def"
#include "helpers_sys.def"
#include "helpers_fp.def"
#undef A64_HELPER
#undef A64_VHELPER

#ifdef __cplusplus
}
#endif

#endif
