/* SPDX-License-Identifier: MIT */
/* vcpu.h: the vCPU functions of vmrun.accel/1, for the table in plugin.c. */
#ifndef SOFT_VCPU_H
#define SOFT_VCPU_H

#include <vmrun/accel.h>

int32_t soft_vcpu_create(void *vm, uint32_t index, void **out);
void soft_vcpu_destroy(void *vcpu);
int32_t soft_vcpu_run(void *vcpu, struct vr_exit *exit);
void soft_vcpu_kick(void *vcpu);
void soft_vcpu_set_pin(void *vcpu, uint32_t pin, uint32_t level);
int32_t soft_vcpu_get_state(void *vcpu, const char *id, void *state, uint32_t length);
int32_t soft_vcpu_set_state(void *vcpu, const char *id, const void *state, uint32_t length);

#endif
