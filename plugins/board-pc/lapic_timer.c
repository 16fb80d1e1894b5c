/* SPDX-License-Identifier: MIT */
/*
 * lapic_timer.c: the APIC timer (Intel SDM vol. 3, 11.5.4), one-shot and periodic, counting a bus clock of 1
 * GHz, so that a count divided by one is a nanosecond.
 */
#include <board/state_pc.h>

#include "lapic.h"

/* A periodic timer interrupts at most this often: what is due in between is one interrupt. A guest must not
 * be able to keep the host's timer thread busy. */
#define PERIOD_MIN 50000u

static uint64_t now(const struct lapic *l)
{
	return l->bus->t->timer->now(l->bus->t->host);
}

static uint32_t divisor(const struct lapic *l)
{
	return vr_state_lapic_divisor(l->timer_divide);
}

static bool periodic(const struct lapic *l)
{
	return (l->lvt[LVT_TIMER] >> 17 & 3) == 1;
}

/* 10b is TSC-deadline, 11b reserved: the count registers do nothing then. */
static bool counts(const struct lapic *l)
{
	return l->lvt[LVT_TIMER] >> 17 < 2;
}

static uint64_t period(const struct lapic *l)
{
	return (uint64_t)l->timer_initial * divisor(l);
}

uint32_t lapic_timer_current(const struct lapic *l)
{
	uint64_t ticks;

	if (!l->timer_initial || !counts(l))
		return 0;
	ticks = (now(l) - l->timer_start) / divisor(l);
	if (periodic(l))
		return l->timer_initial - (uint32_t)(ticks % l->timer_initial);
	return ticks >= l->timer_initial ? 0 : l->timer_initial - (uint32_t)ticks;
}

static void arm(struct lapic *l)
{
	const struct vr_host_timer *timer = l->bus->t->timer;
	uint64_t when = l->timer_start + period(l), t = now(l);

	if (!l->timer_initial || !counts(l)) {
		lapic_timer_stop(l);
		return;
	}
	if (periodic(l)) {
		when = t + period(l) - (t - l->timer_start) % period(l);
		if (period(l) < PERIOD_MIN)
			when = t + PERIOD_MIN;
	} else if (when <= t && !l->timer_armed) {
		return; /* has run out already */
	}
	l->timer_armed = 1;
	l->timer_when = when;
	timer->arm(l->bus->t->host, l->timer, when);
}

void lapic_timer_stop(struct lapic *l)
{
	l->timer_armed = 0;
	l->bus->t->timer->cancel(l->bus->t->host, l->timer);
}

void lapic_timer_start(struct lapic *l, uint32_t initial)
{
	l->timer_initial = initial;
	l->timer_start = now(l);
	l->timer_armed = initial != 0;
	arm(l);
}

void lapic_timer_divide(struct lapic *l, uint32_t value)
{
	uint32_t left = lapic_timer_current(l);
	uint64_t done = l->timer_initial - left;

	l->timer_divide = value & 0xb;
	/* It goes on from where it is, at the new rate. */
	l->timer_start = now(l) - done * divisor(l);
	arm(l);
}

void lapic_timer_mode(struct lapic *l)
{
	arm(l);
}

void lapic_timer_resume(struct lapic *l, uint64_t deadline)
{
	l->timer_when = deadline;
	l->timer_armed = deadline != VR_STATE_NO_DEADLINE;
	if (l->timer_armed)
		l->bus->t->timer->arm(l->bus->t->host, l->timer, deadline);
	else
		l->bus->t->timer->cancel(l->bus->t->host, l->timer);
}

void VR_CALL lapic_timer_fired(void *opaque)
{
	struct lapic *l = opaque;

	pthread_mutex_lock(l->bus->lock);
	/* It may have been armed for later, or stopped, while this was on its way. */
	if (l->timer_armed && now(l) >= l->timer_when) {
		l->timer_armed = 0;
		lapic_local(l, LVT_TIMER);
		if (periodic(l))
			arm(l);
	}
	pthread_mutex_unlock(l->bus->lock);
}
