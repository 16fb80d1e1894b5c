/* SPDX-License-Identifier: MIT */
/* vcpu.h: what every guest's system side has: the host's tables, the timers' lock, the canonical state's
 * entry. */
#ifndef VR_XLATE_ISA_VCPU_H
#define VR_XLATE_ISA_VCPU_H

#include <pthread.h>
#include <vmrun/isa.h>

#include <xlate/large_page_filter.h>

/* struct vr_isa_vm: what the vCPUs of a virtual machine share. */
struct isa_vm {
	struct large_page_filter large_pages;
	/* A translation of an address whose top bits are ignored was asked for: ranges do not find these. Atomic. */
	uint32_t tagged;
};
int32_t VR_CALL xlate_isa_create(struct vr_plugin_self *self, const struct vr_isa_config *c,
				 struct vr_isa_vm **out);
void VR_CALL xlate_isa_destroy(struct vr_isa_vm *vm);

/* Begins what a guest hangs off vr_exec.isa. */
struct isa_common {
	struct isa_vm *vm;
	const struct vr_host *host;
	const struct vr_host_timer *timer; /* any of these may be NULL: a host without them */
	const struct vr_host_irq *irq;
	const struct vr_host_mmio *mmio;
	const struct vr_host_machine *machine;
	pthread_mutex_t timer_lock; /* the timers' registers and what they drive */
};

static inline struct isa_vm *isa_vm_of(const struct vr_exec *x)
{
	return ((const struct isa_common *)x->isa)->vm;
}

/* Clear the guest's part of vr_exec, and make vr_exec.isa: system_size bytes, zeroed but for their
 * struct isa_common. VR_OK or VR_E_NOMEM. */
int32_t xlate_isa_init(struct vr_isa_vm *vm, struct vr_exec *x, const struct vr_isa_env *env,
		       uint32_t state_size, size_t system_size);
void xlate_isa_fini(struct vr_exec *x);

/* The arguments of vr_isa.get_state and set_state: VR_OK, VR_E_UNSUPPORTED when `id` is not `known`,
 * VR_E_INVAL when `length` is less than `needed`. */
int32_t xlate_state_arguments(const char *id, const char *known, uint32_t length, size_t needed);

#endif
