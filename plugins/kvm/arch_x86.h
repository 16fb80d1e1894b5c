/* SPDX-License-Identifier: MIT */
/* arch_x86.h: what the x86 files share. */
#ifndef KVMP_ARCH_X86_H
#define KVMP_ARCH_X86_H

#include <pthread.h>
#include <vmrun/state_x86.h>

#include "kvm.h"

#define KVMP_ARCH_X86 "x86_64" /* kvmp_arch_name */

struct kvmp_arch_vm {
	struct kvm_msr_list *msrs; /* those that make up the state */
	uint32_t xsave_size;       /* bytes that KVM_GET_XSAVE2 fills; 0: only KVM_GET_XSAVE */
	bool exception_payload, triple_fault_event, sregs2, emulation_exit;
	struct kvm_cpuid2 *cpuid;
	struct kvm_irqchip chips[3]; /* FULL: 8259s and I/O APIC after power-on */
	struct kvm_pit_state2 pit;
	pthread_mutex_t route_lock;
	struct kvm_irq_routing *routes; /* SPLIT: of the board's level-triggered lines; NULL: none yet */
};

struct kvmp_arch_vcpu {
	struct vr_state_x86 power_on;
	struct vr_state_x86 scratch; /* for reports and assistance */
	struct kvm_xsave *xsave;     /* xsave_size bytes, at least 4096 */
	struct kvm_msrs *msrs;
	uint64_t cr8;    /* as the controller had it at the last entry */
	bool no_bus_cr8; /* no controller keeps the task priority */
};

/* cpuid_x86.c: what the guest sees. */
int32_t kvmp_cpuid_load(struct kvmp_vm *vm); /* from KVM_GET_SUPPORTED_CPUID */
int32_t kvmp_cpuid_set(struct kvmp_vcpu *v); /* filtered, for this vCPU */
const struct kvm_cpuid_entry2 *kvmp_cpuid_find(const struct kvm_cpuid2 *c, uint32_t function, uint32_t index);

/* msr_x86.c */
int32_t kvmp_msr_init(struct kvmp_vm *vm);
void kvmp_msr_exit(struct kvmp_vcpu *v);
/* Reads arch->msrs from the vCPU; MSRs that it refuses are left out for good. */
int32_t kvmp_msr_read(struct kvmp_vcpu *v);
int32_t kvmp_msr_write(struct kvmp_vcpu *v, const struct vr_state_x86 *s);

/* state_x86.c */
int32_t kvmp_state_get(struct kvmp_vcpu *v, struct vr_state_x86 *s);
int32_t kvmp_state_set(struct kvmp_vcpu *v, const struct vr_state_x86 *s);
/* The same but for the time stamp, which has gone on since the state was taken from this vCPU: setting it
 * would put the vCPU behind the others. */
int32_t kvmp_state_put_back(struct kvmp_vcpu *v, const struct vr_state_x86 *s);

/* failure_x86.c: an instruction that KVM could not emulate. As kvmp_arch_exit(). */
int32_t kvmp_failure_exit(struct kvmp_vcpu *v);
/* The general state into the log of -v; the error's text ends with the hint. */
#define KVMP_STATE_HINT "; run it again with -v for the registers"
void kvmp_report_state(struct kvmp_vcpu *v, const struct vr_state_x86 *s);

#endif
