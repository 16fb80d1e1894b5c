/* SPDX-License-Identifier: MIT */
/* vcpu.h: the vCPU functions of vmrun.accel/1, for the table in plugin.c. */
#ifndef SOFT_VCPU_H
#define SOFT_VCPU_H

#include <vmrun/accel.h>

int32_t soft_vcpu_create(struct vr_vm *vm, uint32_t index, struct vr_vcpu **out);
void soft_vcpu_destroy(struct vr_vcpu *vcpu);
int32_t soft_vcpu_run(struct vr_vcpu *vcpu, struct vr_exit *exit);
void soft_vcpu_kick(struct vr_vcpu *vcpu);
void soft_vcpu_set_pin(struct vr_vcpu *vcpu, uint32_t pin, uint32_t level);
int32_t soft_vcpu_get_state(struct vr_vcpu *vcpu, const char *id, void *state, uint32_t length);
int32_t soft_vcpu_set_state(struct vr_vcpu *vcpu, const char *id, const void *state, uint32_t length);

#endif
