/* SPDX-License-Identifier: MIT */
/*
 * power.c: requests to end or reset the machine.
 *
 * Any thread may ask, a vCPU in the middle of a hypercall too; the main thread carries it out. Asking shuts
 * the gate at once, so the guest gets no further than it must.
 */
#include "machine/parts.h"

void vr_power_request(struct vr_machine *m, uint32_t what, int32_t code)
{
	bool taken = false;

	pthread_mutex_lock(&m->lock);
	/* The first one counts, but an end counts more than a reset. */
	if (m->request == VR_POWER_NONE || (m->request == VR_POWER_RESET && what != VR_POWER_RESET)) {
		m->request = what <= VR_POWER_CRASH ? what : VR_POWER_CRASH;
		m->request_code = code;
		m->gate_shut = true;
		taken = true;
		pthread_cond_broadcast(&m->changed);
	}
	pthread_mutex_unlock(&m->lock);
	if (taken)
		vr_vcpus_kick(m);
}

bool vr_power_pending(struct vr_machine *m)
{
	bool pending;

	pthread_mutex_lock(&m->lock);
	pending = m->request != VR_POWER_NONE;
	pthread_mutex_unlock(&m->lock);
	return pending;
}

bool vr_power_reset_begins(struct vr_machine *m)
{
	bool begins;

	pthread_mutex_lock(&m->lock);
	if (m->request == VR_POWER_RESET)
		m->request = VR_POWER_NONE;
	begins = m->request == VR_POWER_NONE;
	pthread_mutex_unlock(&m->lock);
	return begins;
}

uint32_t vr_power_wait(struct vr_machine *m, int32_t *code)
{
	uint32_t what;

	pthread_mutex_lock(&m->lock);
	while (m->request == VR_POWER_NONE)
		pthread_cond_wait(&m->changed, &m->lock);
	what = m->request;
	*code = m->request_code;
	m->request = VR_POWER_NONE;
	pthread_mutex_unlock(&m->lock);
	return what;
}
