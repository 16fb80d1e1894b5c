/* SPDX-License-Identifier: MIT */
/* rtc.c: registers as Linux's drivers/rtc/rtc-goldfish.c and QEMU's documentation of the device name them. */
#include "rtc.h"

#include <pthread.h>
#include <stdlib.h>

#include "map.h"

#define RTC_TIME_LOW 0x00u  /* reading latches the high half; writing sets the clock */
#define RTC_TIME_HIGH 0x04u /* write it first */
#define RTC_ALARM_LOW 0x08u /* writing arms */
#define RTC_ALARM_HIGH 0x0cu
#define RTC_IRQ_ENABLED 0x10u
#define RTC_CLEAR_ALARM 0x14u
#define RTC_ALARM_STATUS 0x18u
#define RTC_CLEAR_INTERRUPT 0x1cu

struct rtc {
	const struct vr_tables *t;
	struct vr_timer *timer;
	pthread_mutex_t lock; /* everything below */
	uint64_t offset;      /* what the guest added to the host's clock */
	uint32_t time_high, time_high_written;
	uint64_t alarm;
	uint32_t alarm_high, armed, pending, enabled, line;
};

static uint64_t now(const struct rtc *r)
{
	return r->t->timer->wall(r->t->host) + r->offset;
}

static void update_line(struct rtc *r)
{
	uint32_t level = r->pending & r->enabled;

	if (level == r->line)
		return;
	r->line = level;
	r->t->irq->set(r->t->host, VR_IRQ_SHARED, RV_IRQ_RTC, level);
}

static void check_alarm(struct rtc *r)
{
	const struct vr_host_timer *timer = r->t->timer;
	uint64_t time = now(r), wait = r->alarm - time, start = timer->now(r->t->host);

	if (!r->armed)
		return;
	if (time >= r->alarm) {
		r->armed = 0;
		r->pending = 1;
		update_line(r);
	} else {
		timer->arm(r->t->host, r->timer, wait > UINT64_MAX - start ? UINT64_MAX : start + wait);
	}
}

static void VR_CALL fired(void *opaque)
{
	struct rtc *r = opaque;

	pthread_mutex_lock(&r->lock);
	check_alarm(r);
	pthread_mutex_unlock(&r->lock);
}

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct rtc *r = opaque;
	uint64_t time;
	uint32_t value = 0;

	(void)vcpu;
	(void)width;
	pthread_mutex_lock(&r->lock);
	switch (offset) {
	case RTC_TIME_LOW:
		time = now(r);
		r->time_high = (uint32_t)(time >> 32);
		value = (uint32_t)time;
		break;
	case RTC_TIME_HIGH:
		value = r->time_high;
		break;
	case RTC_ALARM_LOW:
		value = (uint32_t)r->alarm;
		break;
	case RTC_ALARM_HIGH:
		value = (uint32_t)(r->alarm >> 32);
		break;
	case RTC_IRQ_ENABLED:
		value = r->enabled;
		break;
	case RTC_ALARM_STATUS:
		value = r->armed;
		break;
	default:
		break;
	}
	pthread_mutex_unlock(&r->lock);
	return value;
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct rtc *r = opaque;

	(void)vcpu;
	(void)width;
	pthread_mutex_lock(&r->lock);
	switch (offset) {
	case RTC_TIME_LOW:
		r->offset += ((uint64_t)r->time_high_written << 32 | (uint32_t)value) - now(r);
		check_alarm(r);
		break;
	case RTC_TIME_HIGH:
		r->time_high_written = (uint32_t)value;
		break;
	case RTC_ALARM_LOW:
		r->alarm = (uint64_t)r->alarm_high << 32 | (uint32_t)value;
		r->armed = 1;
		check_alarm(r);
		break;
	case RTC_ALARM_HIGH:
		r->alarm_high = (uint32_t)value;
		break;
	case RTC_IRQ_ENABLED:
		r->enabled = value & 1;
		update_line(r);
		break;
	case RTC_CLEAR_ALARM:
		r->armed = 0;
		r->t->timer->cancel(r->t->host, r->timer);
		break;
	case RTC_CLEAR_INTERRUPT:
		r->pending = 0;
		update_line(r);
		break;
	default:
		break;
	}
	pthread_mutex_unlock(&r->lock);
}

static const struct vr_bus_ops ops = {.size = sizeof(ops), .read = read_op, .write = write_op};

int32_t rtc_new(const struct vr_tables *t, struct rtc **out)
{
	struct rtc *r = calloc(1, sizeof(*r));
	int32_t rc;

	if (!r)
		return vr_tables_fail(t, VR_E_NOMEM, "clock: out of memory");
	r->t = t;
	pthread_mutex_init(&r->lock, NULL);
	rc = t->timer->create(t->host, fired, r, &r->timer);
	if (rc >= 0)
		rc = t->mmio->attach(t->host, VR_SPACE_MMIO, RV_RTC_BASE, RV_RTC_SIZE, &ops, r, "rtc");
	if (rc < 0) {
		rtc_free(r);
		return rc;
	}
	*out = r;
	return VR_OK;
}

/* The clock runs on: it is battery-backed. */
void rtc_reset(struct rtc *r)
{
	pthread_mutex_lock(&r->lock);
	r->armed = r->pending = r->enabled = r->alarm_high = r->time_high = r->time_high_written = 0;
	r->alarm = 0;
	r->t->timer->cancel(r->t->host, r->timer);
	update_line(r);
	pthread_mutex_unlock(&r->lock);
}

void rtc_free(struct rtc *r)
{
	if (!r)
		return;
	if (r->timer)
		r->t->timer->destroy(r->t->host, r->timer);
	pthread_mutex_destroy(&r->lock);
	free(r);
}
