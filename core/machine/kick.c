/* SPDX-License-Identifier: MIT */
/* kick.c: makes a vCPU leave the guest, or wake up from idling. */
#include "machine/parts.h"

void vcpu_kick(struct vcpu *v)
{
	struct vr_vcpu *handle = atomic_load_explicit(&v->handle, memory_order_acquire);

	if (handle)
		v->machine->accel->vcpu_kick(handle);
	vcpu_unpark(&v->permit); /* it may be idle */
}

void vcpus_kick(struct machine *m)
{
	for (uint32_t i = 0; i < m->vcpu_count; i++)
		vcpu_kick(&m->vcpu[i]);
}
