/* SPDX-License-Identifier: MIT */
#include "startup.h"

#include <stdbool.h>
#include <vmrun/state_pc.h>

#include "entry.h"

/* How long to wait before looking again whether a vCPU has stopped. */
#define RETRY_NS 20000u

void startup_init_ipi(struct ap_startup *s, uint32_t vcpu)
{
	const struct vr_host_machine *m = s->t->machine;

	if (vcpu == 0) {
		m->power(s->t->host, VR_POWER_RESET, 0);
		return;
	}
	s->vcpu[vcpu].state = STARTUP_WAITS;
	m->vcpu_power(s->t->host, vcpu, 0);
}

/* 9.4.4.1: a second start-up interrupt finds the processor running and is ignored. */
void startup_sipi(struct ap_startup *s, uint32_t vcpu, uint8_t vector)
{
	if (s->vcpu[vcpu].state != STARTUP_WAITS)
		return;
	s->vcpu[vcpu].state = STARTUP_BEGINS;
	s->vcpu[vcpu].vector = vector;
	s->t->timer->arm(s->t->host, s->timer, s->t->timer->now(s->t->host));
}

/* true: try again later. The lock is taken for short: setting state may come back to a local APIC's
 * registers.
 */
static bool begin(struct ap_startup *s, uint32_t vcpu, uint8_t vector)
{
	const struct vr_host_machine *m = s->t->machine;
	const struct vr_host *host = s->t->host;
	int32_t rc;

	if (m->vcpu_is_on(host, vcpu))
		return true;
	rc = entry_real_mode(s->t, vcpu, vector);
	if (rc == VR_E_STATE)
		return true;
	pthread_mutex_lock(s->lock);
	/* Meanwhile it may have got an INIT, or the machine a reset. */
	if (s->vcpu[vcpu].state == STARTUP_BEGINS) {
		if (rc >= 0)
			rc = m->vcpu_power(host, vcpu, 1);
		if (rc != VR_E_BUSY)
			s->vcpu[vcpu].state = rc < 0 ? STARTUP_WAITS : STARTUP_RUNS;
	} else {
		rc = VR_OK;
	}
	pthread_mutex_unlock(s->lock);
	if (rc < 0 && rc != VR_E_BUSY)
		vr_tables_warn(s->t, "vCPU %u can't be started", vcpu);
	return rc == VR_E_BUSY;
}

static void VR_CALL fired(void *opaque)
{
	struct ap_startup *s = opaque;
	bool again = false;

	for (uint32_t i = 1; i < s->vcpu_count; i++) {
		uint32_t state;
		uint8_t vector;

		pthread_mutex_lock(s->lock);
		state = s->vcpu[i].state;
		vector = s->vcpu[i].vector;
		pthread_mutex_unlock(s->lock);
		if (state == STARTUP_BEGINS)
			again |= begin(s, i, vector);
	}
	if (again)
		s->t->timer->arm(s->t->host, s->timer, s->t->timer->now(s->t->host) + RETRY_NS);
}

void startup_reset(struct ap_startup *s)
{
	pthread_mutex_lock(s->lock);
	s->t->timer->cancel(s->t->host, s->timer);
	for (uint32_t i = 0; i < s->vcpu_count; i++)
		s->vcpu[i].state = i ? STARTUP_WAITS : STARTUP_RUNS;
	/* One that was just being started. */
	for (uint32_t i = 1; i < s->vcpu_count; i++)
		s->t->machine->vcpu_power(s->t->host, i, 0);
	pthread_mutex_unlock(s->lock);
}

int32_t startup_resume(struct ap_startup *s, uint32_t vcpu, uint32_t startup, uint8_t vector)
{
	static const uint32_t state[] = {
		[VR_X86_STARTUP_RUNS] = STARTUP_RUNS,
		[VR_X86_STARTUP_WAITS] = STARTUP_WAITS,
		[VR_X86_STARTUP_SIPI] = STARTUP_BEGINS,
	};

	s->vcpu[vcpu].state = state[startup];
	s->vcpu[vcpu].vector = vector;
	if (startup == VR_X86_STARTUP_SIPI)
		s->t->timer->arm(s->t->host, s->timer, s->t->timer->now(s->t->host));
	return s->t->machine->vcpu_power(s->t->host, vcpu, startup == VR_X86_STARTUP_RUNS);
}

int32_t startup_new(struct ap_startup *s, const struct vr_tables *t, pthread_mutex_t *lock,
		    uint32_t vcpu_count)
{
	s->t = t;
	s->lock = lock;
	s->vcpu_count = vcpu_count;
	for (uint32_t i = 1; i < s->vcpu_count; i++)
		s->vcpu[i].state = STARTUP_WAITS;
	return s->t->timer->create(s->t->host, fired, s, &s->timer);
}

void startup_free(struct ap_startup *s)
{
	if (s->timer)
		s->t->timer->destroy(s->t->host, s->timer);
	s->timer = NULL;
}
