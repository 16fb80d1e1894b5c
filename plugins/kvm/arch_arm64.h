/* SPDX-License-Identifier: MIT */
/* arch_arm64.h: what the arm64 files share. */
#ifndef KVMP_ARCH_ARM64_H
#define KVMP_ARCH_ARM64_H

#if defined(__aarch64__)
#include <vmrun/state_arm64.h>

#include "kvm.h"

struct kvmp_arch_vm {
	struct kvm_vcpu_init target;
	const struct vr_host_irq *irq; /* may be NULL */
	bool psci_handed_on;
};

struct kvmp_arch_vcpu {
	struct kvm_reg_list *list;
	uint64_t timer_lines; /* as the last exit told */
};

/* Names of registers (KVM API 4.68). */
#define KVMP_CORE(field, size) (KVM_REG_ARM64 | (size) | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(field))
#define KVMP_X(i) (KVMP_CORE(regs.regs[0], KVM_REG_SIZE_U64) + 2 * (uint64_t)(i))

/* state_arm64.c. -1 and errno when KVM refuses. */
int kvmp_reg_get(const struct kvmp_vcpu *v, uint64_t id, void *value);
int kvmp_reg_set(const struct kvmp_vcpu *v, uint64_t id, const void *value);
int32_t kvm_reg_list(struct kvmp_vcpu *v); /* reads arch->list */
#endif

#endif
