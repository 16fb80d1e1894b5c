/* SPDX-License-Identifier: MIT */
/* kick.c: makes a vCPU leave the guest, or wake up from idling. */
#include "machine/parts.h"

void vr_vcpu_kick(struct vr_vcpu *v)
{
	void *handle = atomic_load_explicit(&v->handle, memory_order_acquire);

	if (handle)
		v->machine->accel->vcpu_kick(handle);
	vr_unpark(&v->permit); /* it may be idle */
}

void vr_vcpus_kick(struct vr_machine *m)
{
	for (uint32_t i = 0; i < m->vcpu_count; i++)
		vr_vcpu_kick(&m->vcpu[i]);
}
