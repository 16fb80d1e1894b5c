/* SPDX-License-Identifier: MIT */
/*
 * timer.c: guest time, vmrun.timer/1.
 *
 * One thread sleeps until the earliest of the armed timers, which are a binary heap. Arming wakes it only
 * when it would oversleep: re-arming for later leaves it to wake once for nothing. Callbacks run without
 * the lock, so they may arm, cancel and take the locks of their devices.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "common/error.h"
#include "machine/parts.h"
#include "util/clock.h"

#define NONE UINT32_MAX

struct vr_timer {
	struct timers *owner;
	void(VR_CALL *fn)(void *opaque);
	void *opaque;
	uint64_t when;
	uint32_t at; /* index in the heap, NONE: not armed */
};

uint64_t timers_now(const struct timers *t)
{
	return clock_monotonic() - t->base;
}

static void place(struct timers *t, uint32_t i, struct vr_timer *x)
{
	t->heap[i] = x;
	x->at = i;
}

static void sift_up(struct timers *t, uint32_t i, struct vr_timer *x)
{
	while (i && t->heap[(i - 1) / 2]->when > x->when) {
		place(t, i, t->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(t, i, x);
}

static void sift_down(struct timers *t, uint32_t i, struct vr_timer *x)
{
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= t->count)
			break;
		if (child + 1 < t->count && t->heap[child + 1]->when < t->heap[child]->when)
			child++;
		if (t->heap[child]->when >= x->when)
			break;
		place(t, i, t->heap[child]);
		i = child;
	}
	place(t, i, x);
}

static void settle(struct timers *t, uint32_t i, struct vr_timer *x)
{
	if (i && t->heap[(i - 1) / 2]->when > x->when)
		sift_up(t, i, x);
	else
		sift_down(t, i, x);
}

static void disarm(struct timers *t, struct vr_timer *x)
{
	uint32_t i = x->at;
	struct vr_timer *last;

	if (i == NONE)
		return;
	x->at = NONE;
	last = t->heap[--t->count];
	if (last != x)
		settle(t, i, last);
}

static void *timer_main(void *arg)
{
	struct timers *t = arg;

	/* The default slack of 50 us would be the guest's timer jitter. */
	prctl(PR_SET_TIMERSLACK, 1000ul, 0ul, 0ul, 0ul);
	pthread_mutex_lock(&t->lock);
	while (!t->stop) {
		struct vr_timer *x = t->count ? t->heap[0] : NULL;

		if (!x) {
			t->sleeping = UINT64_MAX;
			pthread_cond_wait(&t->wake, &t->lock);
		} else if (x->when > timers_now(t)) {
			uint64_t until;
			struct timespec ts;

			t->sleeping = x->when;
			if (__builtin_add_overflow(x->when, t->base, &until))
				until = UINT64_MAX;
			ts.tv_sec = (time_t)(until / 1000000000ull);
			ts.tv_nsec = (long)(until % 1000000000ull);
			pthread_cond_timedwait(&t->wake, &t->lock, &ts);
		} else {
			disarm(t, x);
			t->firing = x;
			t->sleeping = 0;
			pthread_mutex_unlock(&t->lock);
			x->fn(x->opaque);
			pthread_mutex_lock(&t->lock);
			t->firing = NULL;
			pthread_cond_broadcast(&t->idle);
		}
		t->sleeping = 0;
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

int32_t timers_init(struct timers *t, struct sandbox *sandbox)
{
	pthread_condattr_t a;

	memset(t, 0, sizeof(*t));
	t->base = clock_monotonic();
	t->sandbox = sandbox;
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&t->wake, &a);
	pthread_condattr_destroy(&a);
	pthread_cond_init(&t->idle, NULL);
	t->ready = true;
	return VR_OK;
}

void timers_stop(struct timers *t)
{
	if (!t->ready)
		return;
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	if (t->running)
		pthread_join(t->thread, NULL);
	t->running = false;
}

void timers_free(struct timers *t)
{
	if (!t->ready)
		return;
	timers_stop(t);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->wake);
	pthread_cond_destroy(&t->idle);
	free(t->heap);
	t->heap = NULL;
	t->ready = false;
}

int32_t timers_create(struct timers *t, void(VR_CALL *fn)(void *opaque), void *opaque, struct vr_timer **out)
{
	struct vr_timer *x;
	int32_t rc = VR_OK;

	if (!fn || !out)
		return vr_error_set(VR_E_INVAL, "timer: no function to call");
	x = calloc(1, sizeof(*x));
	if (!x)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	x->owner = t;
	x->fn = fn;
	x->opaque = opaque;
	x->at = NONE;
	pthread_mutex_lock(&t->lock);
	/* The heap has room for every timer there is, so that arming never allocates. */
	if (t->timers == t->capacity) {
		uint32_t capacity = t->capacity ? t->capacity * 2 : 16;
		struct vr_timer **p = realloc(t->heap, sizeof(*p) * capacity);

		if (p) {
			t->heap = p;
			t->capacity = capacity;
		} else {
			rc = vr_error_set(VR_E_NOMEM, "out of memory");
		}
	}
	if (rc == VR_OK)
		t->timers++;
	pthread_mutex_unlock(&t->lock);
	if (rc == VR_OK && !t->running && !t->stop) {
		rc = threads_start(&t->thread, t->sandbox, "vmrun-timer", timer_main, t);
		t->running = rc == VR_OK;
		if (rc < 0)
			t->timers--;
	}
	if (rc < 0) {
		free(x);
		return rc;
	}
	*out = x;
	return VR_OK;
}

static void VR_CALL timer_arm(const struct vr_host *host, struct vr_timer *x, uint64_t when)
{
	(void)host;
	struct timers *t = x->owner;
	bool wake;

	pthread_mutex_lock(&t->lock);
	x->when = when;
	if (x->at == NONE)
		sift_up(t, t->count++, x);
	else
		settle(t, x->at, x);
	wake = t->sleeping && when < t->sleeping;
	if (wake)
		t->sleeping = when;
	pthread_mutex_unlock(&t->lock);
	if (wake)
		pthread_cond_signal(&t->wake);
}

static void VR_CALL timer_cancel(const struct vr_host *host, struct vr_timer *x)
{
	(void)host;
	struct timers *t = x->owner;

	pthread_mutex_lock(&t->lock);
	disarm(t, x);
	pthread_mutex_unlock(&t->lock);
}

static void VR_CALL timer_destroy(const struct vr_host *host, struct vr_timer *x)
{
	(void)host;
	struct timers *t;

	if (!x)
		return;
	t = x->owner;
	pthread_mutex_lock(&t->lock);
	disarm(t, x);
	while (t->firing == x && !pthread_equal(pthread_self(), t->thread))
		pthread_cond_wait(&t->idle, &t->lock);
	disarm(t, x); /* its last callback may have armed it again */
	t->timers--;
	pthread_mutex_unlock(&t->lock);
	free(x);
}

static uint64_t VR_CALL timer_now(const struct vr_host *host)
{
	struct machine *m = machine_of(host);

	return m ? timers_now(&m->timers) : 0;
}

static uint64_t VR_CALL timer_wall(const struct vr_host *host)
{
	struct timespec ts;

	(void)host;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static int32_t VR_CALL timer_create_(const struct vr_host *host, void(VR_CALL *fn)(void *opaque),
				     void *opaque, struct vr_timer **out)
{
	struct machine *m = machine_of(host);

	if (!m)
		return vr_error_set(VR_E_STATE, "timer: there is no machine yet");
	return timers_create(&m->timers, fn, opaque, out);
}

const struct vr_host_timer timer_table = {
	.size = sizeof(struct vr_host_timer),
	.now = timer_now,
	.wall = timer_wall,
	.create = timer_create_,
	.arm = timer_arm,
	.cancel = timer_cancel,
	.destroy = timer_destroy,
};
