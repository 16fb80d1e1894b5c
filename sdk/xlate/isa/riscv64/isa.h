/* SPDX-License-Identifier: MIT */
/* isa.h: the functions of `rv_isa`, and every helper's prototype. */
#ifndef VR_XLATE_RISCV64_ISA_H
#define VR_XLATE_RISCV64_ISA_H

#include "riscv64.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const struct vr_isa rv_isa;

int32_t VR_CALL rv_lift_block(const struct vr_isa_vm *vm, const struct vr_lift *rq, struct vr_ir *ir);

/* -- system side: see struct vr_isa -- */
int32_t VR_CALL rv_init(struct vr_isa_vm *vm, struct vr_exec *x, const struct vr_isa_env *env);
void VR_CALL rv_fini(struct vr_exec *x);
void VR_CALL rv_reset(struct vr_exec *x);
int32_t VR_CALL rv_get_state(struct vr_exec *x, const char *id, void *state, uint32_t length);
int32_t VR_CALL rv_set_state(struct vr_exec *x, const char *id, const void *state, uint32_t length);
int32_t VR_CALL rv_translate(struct vr_exec *x, uint64_t va, uint32_t access, uint32_t flags,
			     struct vr_translation *out);
void VR_CALL rv_fault(struct vr_exec *x, uint64_t va, uint32_t access, int32_t fault);
int32_t VR_CALL rv_interrupt(struct vr_exec *x);
uint32_t VR_CALL rv_has_work(struct vr_exec *x);
int32_t VR_CALL rv_debug_match(struct vr_exec *x, uint32_t id, uint32_t access, uint32_t flags);
void VR_CALL rv_set_pin(struct vr_exec *x, uint32_t pin, uint32_t level);
int32_t VR_CALL rv_fp_slow(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			   const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c);

#undef RV_VHELPER
#define RV_HELPER(name, flags) extern __typeof__(*(vr_helper_fn)0) rv_helper_##name;
#define RV_VHELPER(name, flags) extern __typeof__(*(vr_vhelper_fn)0) rv_helper_##name;
#include "helpers.def"
#undef RV_HELPER
#undef RV_VHELPER

#ifdef __cplusplus
}
#endif

#endif
