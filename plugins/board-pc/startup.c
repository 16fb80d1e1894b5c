/* SPDX-License-Identifier: MIT */
#include "startup.h"

#include "entry.h"
#include "intr.h"

/* How long to wait before looking again whether a vCPU has stopped. */
#define RETRY_NS 20000u

void vr_startup_init_ipi(struct vr_intr *x, uint32_t vcpu)
{
	const struct vr_host_machine *m = x->t->machine;

	if (vcpu == 0) {
		m->power(x->t->host, VR_POWER_RESET, 0);
		return;
	}
	x->startup.vcpu[vcpu].state = STARTUP_WAITS;
	vr_lapic_init_reset(x->lapic[vcpu]);
	m->vcpu_power(x->t->host, vcpu, 0);
}

/* 9.4.4.1: a second start-up interrupt finds the processor running and is ignored. */
void vr_startup_sipi(struct vr_intr *x, uint32_t vcpu, uint8_t vector)
{
	if (x->startup.vcpu[vcpu].state != STARTUP_WAITS)
		return;
	x->startup.vcpu[vcpu].state = STARTUP_BEGINS;
	x->startup.vcpu[vcpu].vector = vector;
	x->t->timer->arm(x->startup.timer, x->t->timer->now(x->t->host));
}

/* 1: try again later. The lock is taken for short: setting state may come back to a local APIC's registers.
 */
static int begin(struct vr_intr *x, uint32_t vcpu, uint8_t vector)
{
	const struct vr_host_machine *m = x->t->machine;
	const struct vr_host *host = x->t->host;
	int32_t rc;

	if (m->vcpu_is_on(host, vcpu))
		return 1;
	rc = vr_entry_real_mode(x->t, vcpu, vector);
	if (rc == VR_E_STATE)
		return 1;
	pthread_mutex_lock(&x->lock);
	/* Meanwhile it may have got an INIT, or the machine a reset. */
	if (x->startup.vcpu[vcpu].state == STARTUP_BEGINS) {
		if (rc >= 0)
			rc = m->vcpu_power(host, vcpu, 1);
		if (rc != VR_E_BUSY)
			x->startup.vcpu[vcpu].state = rc < 0 ? STARTUP_WAITS : STARTUP_RUNS;
	} else {
		rc = VR_OK;
	}
	pthread_mutex_unlock(&x->lock);
	if (rc < 0 && rc != VR_E_BUSY)
		vr_tables_warn(x->t, "vCPU %u can't be started", vcpu);
	return rc == VR_E_BUSY;
}

static void VR_CALL fired(void *opaque)
{
	struct vr_intr *x = opaque;
	int again = 0;

	for (uint32_t i = 1; i < x->vcpu_count; i++) {
		uint32_t state;
		uint8_t vector;

		pthread_mutex_lock(&x->lock);
		state = x->startup.vcpu[i].state;
		vector = x->startup.vcpu[i].vector;
		pthread_mutex_unlock(&x->lock);
		if (state == STARTUP_BEGINS)
			again |= begin(x, i, vector);
	}
	if (again)
		x->t->timer->arm(x->startup.timer, x->t->timer->now(x->t->host) + RETRY_NS);
}

void vr_startup_reset(struct vr_intr *x)
{
	pthread_mutex_lock(&x->lock);
	x->t->timer->cancel(x->startup.timer);
	for (uint32_t i = 0; i < x->vcpu_count; i++)
		x->startup.vcpu[i].state = i ? STARTUP_WAITS : STARTUP_RUNS;
	/* One that was just being started. */
	for (uint32_t i = 1; i < x->vcpu_count; i++)
		x->t->machine->vcpu_power(x->t->host, i, 0);
	pthread_mutex_unlock(&x->lock);
}

int32_t vr_startup_resume(struct vr_intr *x, uint32_t vcpu, uint32_t startup, uint8_t vector)
{
	static const uint32_t state[] = {
		[VR_X86_STARTUP_RUNS] = STARTUP_RUNS,
		[VR_X86_STARTUP_WAITS] = STARTUP_WAITS,
		[VR_X86_STARTUP_SIPI] = STARTUP_BEGINS,
	};

	x->startup.vcpu[vcpu].state = state[startup];
	x->startup.vcpu[vcpu].vector = vector;
	if (startup == VR_X86_STARTUP_SIPI)
		x->t->timer->arm(x->startup.timer, x->t->timer->now(x->t->host));
	return x->t->machine->vcpu_power(x->t->host, vcpu, startup == VR_X86_STARTUP_RUNS);
}

int32_t vr_startup_new(struct vr_intr *x)
{
	for (uint32_t i = 1; i < x->vcpu_count; i++)
		x->startup.vcpu[i].state = STARTUP_WAITS;
	return x->t->timer->create(x->t->host, fired, x, &x->startup.timer);
}

void vr_startup_free(struct vr_intr *x)
{
	if (x->startup.timer)
		x->t->timer->destroy(x->startup.timer);
	x->startup.timer = NULL;
}
