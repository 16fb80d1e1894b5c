/* SPDX-License-Identifier: MIT */
/*
 * timer.c: the generic timer (D11.2): a counter of A64_CNTFRQ and two timers that compare it.
 *
 * A timer's line is level: enabled, not masked, and count >= CVAL. The vCPU changes the registers; the host's
 * timer thread fires when the count has come. Both compute the line's level from all registers and drive it,
 * under one lock, so the last of them leaves the right level. A host timer that fires too early or twice does
 * no harm.
 */
#include "system.h"

#define NS_PER_TICK (1000000000u / A64_CNTFRQ)
_Static_assert(NS_PER_TICK *A64_CNTFRQ == 1000000000u, "whole nanoseconds a tick");

/* GIC INTIDs of the private lines (Base System Architecture, 3.8). */
static const uint32_t lines[2] = {[A64_TIMER_VIRT] = 27, [A64_TIMER_PHYS] = 30};

#define LEVEL_UNKNOWN 2u /* of a line: drive it whatever the level is */

static uint64_t ticks(const struct a64_system *system)
{
	return system->common.timer ? system->common.timer->now(system->common.host) / NS_PER_TICK : 0;
}

static uint64_t offset_of(const struct a64_state *s, uint32_t timer)
{
	return timer == A64_TIMER_VIRT ? s->cntvoff : 0;
}

uint64_t a64_count(struct vr_exec *x, uint32_t timer)
{
	return ticks(a64_system_of(x)) - offset_of(a64_of(x), timer);
}

/* Under the lock: drive the line, and have the host's timer fire when the count arrives. */
static void update(struct vr_exec *x, uint32_t timer)
{
	struct a64_system *system = a64_system_of(x);
	const struct a64_state *s = a64_of(x);
	uint32_t virt = timer == A64_TIMER_VIRT;
	uint64_t ctl = virt ? s->cntv_ctl : s->cntp_ctl, cval = virt ? s->cntv_cval : s->cntp_cval;
	struct vr_timer *alarm = virt ? s->timer_virt : s->timer_phys;
	uint64_t offset = offset_of(s, timer), count = ticks(system) - offset;
	uint32_t wanted = (ctl & 3) == 1, level = wanted && count >= cval; /* ENABLE, IMASK */

	if (alarm) {
		uint64_t at = cval + offset;
		if (wanted && !level && at <= UINT64_MAX / NS_PER_TICK)
			system->common.timer->arm(system->common.host, alarm, at * NS_PER_TICK);
		else
			system->common.timer->cancel(system->common.host, alarm);
	}
	if (level != system->level[timer]) {
		system->level[timer] = level;
		if (system->common.irq)
			system->common.irq->set(system->common.host, x->index, lines[timer], level);
	}
}

static void update_locked(struct vr_exec *x, uint32_t timer)
{
	pthread_mutex_lock(&a64_system_of(x)->common.timer_lock);
	update(x, timer);
	pthread_mutex_unlock(&a64_system_of(x)->common.timer_lock);
}

void a64_timer_update(struct vr_exec *x)
{
	update_locked(x, A64_TIMER_VIRT);
	update_locked(x, A64_TIMER_PHYS);
}

void a64_timer_restart(struct vr_exec *x)
{
	struct a64_system *system = a64_system_of(x);
	pthread_mutex_lock(&system->common.timer_lock);
	system->level[A64_TIMER_VIRT] = system->level[A64_TIMER_PHYS] = LEVEL_UNKNOWN;
	update(x, A64_TIMER_VIRT);
	update(x, A64_TIMER_PHYS);
	pthread_mutex_unlock(&system->common.timer_lock);
}

/* [any]: the host's timer thread. */
static void VR_CALL fire_virt(void *opaque)
{
	update_locked(opaque, A64_TIMER_VIRT);
}

static void VR_CALL fire_phys(void *opaque)
{
	update_locked(opaque, A64_TIMER_PHYS);
}

int32_t a64_timer_init(struct vr_exec *x)
{
	struct a64_system *system = a64_system_of(x);
	struct a64_state *s = a64_of(x);
	int32_t rc;

	if (system->common.timer == NULL)
		return 0;
	rc = system->common.timer->create(system->common.host, fire_virt, x, &s->timer_virt);
	if (rc == 0)
		rc = system->common.timer->create(system->common.host, fire_phys, x, &s->timer_phys);
	return rc;
}

void a64_timer_fini(struct vr_exec *x)
{
	struct a64_state *s = a64_of(x);
	if (s->timer_virt)
		a64_system_of(x)->common.timer->destroy(a64_system_of(x)->common.host, s->timer_virt);
	if (s->timer_phys)
		a64_system_of(x)->common.timer->destroy(a64_system_of(x)->common.host, s->timer_phys);
	s->timer_virt = s->timer_phys = NULL;
}

uint64_t VR_CALL a64_helper_read_cntvct(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)a, (void)b, (void)c;
	return a64_count(x, A64_TIMER_VIRT);
}
