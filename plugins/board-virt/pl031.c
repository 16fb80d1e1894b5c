/* SPDX-License-Identifier: MIT */
/*
 * pl031.c: the clock of the day (Arm DDI 0224, PrimeCell Real Time Clock PL031): seconds since 1970
 * in 32 bits, and an alarm when they equal the match register.
 */
#include "pl031.h"

#include <pthread.h>
#include <stdlib.h>

#include "map.h"

/* 3.2: register offsets */
#define RTCDR 0x000u
#define RTCMR 0x004u
#define RTCLR 0x008u
#define RTCCR 0x00cu
#define RTCIMSC 0x010u
#define RTCRIS 0x014u
#define RTCMIS 0x018u
#define RTCICR 0x01cu
#define RTCPERIPHID0 0xfe0u

#define SECOND 1000000000ull

struct pl031 {
	const struct vr_tables *t;
	uint32_t irq;
	struct vr_timer *timer;
	pthread_mutex_t lock; /* everything below */
	uint32_t offset;      /* what the guest added to the host's clock */
	uint32_t match, load, imsc, ris, line;
	uint32_t armed; /* the match register was written, and the alarm is still to come */
};

static uint32_t counter(const struct pl031 *r)
{
	return (uint32_t)(r->t->timer->wall(r->t->host) / SECOND) + r->offset;
}

static void update_line(struct pl031 *r)
{
	uint32_t level = r->ris & r->imsc;

	if (level == r->line)
		return;
	r->line = level;
	r->t->irq->set(r->t->host, VR_IRQ_SHARED, r->irq, level);
}

/* Arm the timer for the second that begins the match; the counter wraps, so every match is ahead. */
static void arm(struct pl031 *r)
{
	const struct vr_host_timer *timer = r->t->timer;
	uint64_t delta = (uint64_t)(uint32_t)(r->match - counter(r)) * SECOND;
	uint64_t part = timer->wall(r->t->host) % SECOND;

	if (!r->armed)
		return;
	if (delta == 0) {
		r->armed = 0;
		r->ris = 1;
		update_line(r);
		return;
	}
	timer->arm(r->t->host, r->timer, timer->now(r->t->host) + delta - part);
}

static void VR_CALL fired(void *opaque)
{
	struct pl031 *r = opaque;

	pthread_mutex_lock(&r->lock);
	if (r->armed) {
		/* The host's clock may have been set meanwhile: late counts as on time, early does not. */
		if ((int32_t)(counter(r) - r->match) >= 0) {
			r->armed = 0;
			r->ris = 1;
			update_line(r);
		} else {
			arm(r);
		}
	}
	pthread_mutex_unlock(&r->lock);
}

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	static const uint8_t id[8] = {0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
	struct pl031 *r = opaque;
	uint64_t value = 0;

	(void)vcpu;
	(void)width;
	if (offset >= RTCPERIPHID0)
		return offset & 3 ? 0 : id[(offset - RTCPERIPHID0) / 4 & 7];
	pthread_mutex_lock(&r->lock);
	switch (offset) {
	case RTCDR:
		value = counter(r);
		break;
	case RTCMR:
		value = r->match;
		break;
	case RTCLR:
		value = r->load;
		break;
	case RTCCR: /* always on */
		value = 1;
		break;
	case RTCIMSC:
		value = r->imsc;
		break;
	case RTCRIS:
		value = r->ris;
		break;
	case RTCMIS:
		value = r->ris & r->imsc;
		break;
	default:
		break;
	}
	pthread_mutex_unlock(&r->lock);
	return value;
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct pl031 *r = opaque;

	(void)vcpu;
	(void)width;
	pthread_mutex_lock(&r->lock);
	switch (offset) {
	case RTCMR:
		r->match = (uint32_t)value;
		r->armed = 1;
		arm(r);
		break;
	case RTCLR:
		r->load = (uint32_t)value;
		r->offset += r->load - counter(r);
		arm(r);
		break;
	case RTCIMSC:
		r->imsc = value & 1;
		update_line(r);
		break;
	case RTCICR:
		if (value & 1)
			r->ris = 0;
		update_line(r);
		break;
	default: /* RTCCR: once started it can't be stopped (3.3.4) */
		break;
	}
	pthread_mutex_unlock(&r->lock);
}

static const struct vr_bus_ops ops = {
	.size = sizeof(ops),
	.read = read_op,
	.write = write_op,
};

int32_t pl031_new(const struct vr_tables *t, uint64_t base, uint32_t irq, struct pl031 **out)
{
	struct pl031 *r = calloc(1, sizeof(*r));
	int32_t rc;

	if (!r)
		return vr_tables_fail(t, VR_E_NOMEM, "clock: out of memory");
	r->t = t;
	r->irq = irq;
	pthread_mutex_init(&r->lock, NULL);
	rc = t->timer->create(t->host, fired, r, &r->timer);
	if (rc >= 0)
		rc = t->mmio->attach(t->host, VR_SPACE_MMIO, base, A64_RTC_SIZE, &ops, r, "pl031");
	if (rc < 0) {
		pl031_free(r);
		return rc;
	}
	*out = r;
	return VR_OK;
}

/* The counter runs on: it is battery-backed. */
void pl031_reset(struct pl031 *r)
{
	pthread_mutex_lock(&r->lock);
	r->armed = 0;
	r->t->timer->cancel(r->t->host, r->timer);
	r->match = r->load = r->imsc = r->ris = 0;
	update_line(r);
	pthread_mutex_unlock(&r->lock);
}

void pl031_free(struct pl031 *r)
{
	if (!r)
		return;
	if (r->timer)
		r->t->timer->destroy(r->t->host, r->timer);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

void pl031_get(struct pl031 *r, struct vr_state_pl031 *s)
{
	pthread_mutex_lock(&r->lock);
	s->offset = r->offset;
	s->match = r->match;
	s->load = r->load;
	s->imsc = r->imsc;
	s->ris = r->ris;
	s->armed = r->armed;
	pthread_mutex_unlock(&r->lock);
}

void pl031_set(struct pl031 *r, const struct vr_state_pl031 *s)
{
	pthread_mutex_lock(&r->lock);
	r->offset = s->offset;
	r->match = s->match;
	r->load = s->load;
	r->imsc = s->imsc;
	r->ris = s->ris;
	r->armed = s->armed;
	r->line = r->ris & r->imsc;
	if (!r->armed)
		r->t->timer->cancel(r->t->host, r->timer);
	else if (r->match == counter(r)) /* due: soon, not from here */
		r->t->timer->arm(r->t->host, r->timer, r->t->timer->now(r->t->host));
	else
		arm(r);
	pthread_mutex_unlock(&r->lock);
}
