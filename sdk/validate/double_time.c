/* SPDX-License-Identifier: MIT */
/* double_time.c: vmrun.timer/1, whose time is advanced by hand, and vmrun.thread/1. */
#include <stdlib.h>

#include "double.h"

struct vr_timer {
	struct vr_double *d;
	struct vr_timer *next;
	void(VR_CALL *fn)(void *opaque);
	void *opaque;
	uint64_t when;
	int armed;
};

static uint64_t VR_CALL now(const struct vr_host *host)
{
	return __atomic_load_n(&vr_double_of(host)->now, __ATOMIC_SEQ_CST);
}

static uint64_t VR_CALL wall(const struct vr_host *host)
{
	return __atomic_load_n(&vr_double_of(host)->wall, __ATOMIC_SEQ_CST);
}

/* [main], but a vCPU's timer is made where the vCPU is made: both are accepted. */
static int32_t VR_CALL create(const struct vr_host *host, void(VR_CALL *fn)(void *opaque), void *opaque,
			      struct vr_timer **out)
{
	struct vr_double *d = vr_double_of(host);
	int32_t rc = vr_double_request(d, "timer.create");
	struct vr_timer *t;

	if (rc < 0)
		return rc;
	t = calloc(1, sizeof(*t));
	if (!t)
		return VR_E_NOMEM;
	t->d = d;
	t->fn = fn;
	t->opaque = opaque;
	pthread_mutex_lock(&d->lock);
	t->next = d->timers;
	d->timers = t;
	pthread_mutex_unlock(&d->lock);
	*out = t;
	return VR_OK;
}

static void VR_CALL arm(struct vr_timer *t, uint64_t when)
{
	pthread_mutex_lock(&t->d->lock);
	t->when = when;
	t->armed = 1;
	pthread_mutex_unlock(&t->d->lock);
}

static void VR_CALL cancel(struct vr_timer *t)
{
	pthread_mutex_lock(&t->d->lock);
	t->armed = 0;
	pthread_mutex_unlock(&t->d->lock);
}

static void VR_CALL destroy(struct vr_timer *t)
{
	struct vr_double *d = t->d;

	pthread_mutex_lock(&d->lock);
	for (struct vr_timer **link = &d->timers; *link; link = &(*link)->next) {
		if (*link != t)
			continue;
		*link = t->next;
		break;
	}
	pthread_mutex_unlock(&d->lock);
	free(t);
}

void vr_double_timers_free(struct vr_double *d);
void vr_double_timers_free(struct vr_double *d)
{
	while (d->timers) {
		struct vr_timer *t = d->timers;

		d->timers = t->next;
		free(t);
	}
}

/* The next timer that is due, disarmed; or NULL. */
static struct vr_timer *due(struct vr_double *d)
{
	struct vr_timer *t;

	pthread_mutex_lock(&d->lock);
	for (t = d->timers; t; t = t->next)
		if (t->armed && t->when <= d->now) {
			t->armed = 0;
			break;
		}
	pthread_mutex_unlock(&d->lock);
	return t;
}

void vr_double_advance(struct vr_double *d, uint64_t ns)
{
	struct vr_timer *t;

	pthread_mutex_lock(&d->lock);
	__atomic_store_n(&d->now, d->now + ns, __ATOMIC_SEQ_CST);
	__atomic_store_n(&d->wall, d->wall + ns, __ATOMIC_SEQ_CST);
	pthread_cond_broadcast(&d->wake);
	pthread_mutex_unlock(&d->lock);
	/* A timer that arms itself again in the past would never end. */
	for (int most = 10000; most && (t = due(d)); most--)
		t->fn(t->opaque);
}

extern const struct vr_host_timer vr_double_timer;
const struct vr_host_timer vr_double_timer = {
	.size = sizeof(vr_double_timer),
	.now = now,
	.wall = wall,
	.create = create,
	.arm = arm,
	.cancel = cancel,
	.destroy = destroy,
};

/* ---- vmrun.thread/1 ------------------------------------------------------------------------------------ */

struct vr_thread {
	struct vr_double *d;
	pthread_t thread;
	void(VR_CALL *fn)(void *arg);
	void *arg;
};

static void *thread_main(void *arg)
{
	struct vr_thread *t = arg;

	t->fn(t->arg);
	return NULL;
}

static int32_t VR_CALL spawn(const struct vr_host *host, const char *name, void(VR_CALL *fn)(void *arg),
			     void *arg, struct vr_thread **out)
{
	struct vr_double *d = vr_double_of(host);
	struct vr_thread *t;
	int32_t rc;

	vr_double_on_main(d, "thread.spawn");
	if (!name)
		vr_double_note(d, "thread.spawn was given no name");
	rc = vr_double_request(d, "thread.spawn");
	if (rc < 0)
		return rc;
	t = calloc(1, sizeof(*t));
	if (!t)
		return VR_E_NOMEM;
	t->d = d;
	t->fn = fn;
	t->arg = arg;
	if (pthread_create(&t->thread, NULL, thread_main, t)) {
		free(t);
		return VR_E_NOMEM;
	}
	__atomic_add_fetch(&d->threads, 1, __ATOMIC_SEQ_CST);
	*out = t;
	return VR_OK;
}

static void VR_CALL join(struct vr_thread *t)
{
	pthread_join(t->thread, NULL);
	__atomic_sub_fetch(&t->d->threads, 1, __ATOMIC_SEQ_CST);
	free(t);
}

static void VR_CALL park(const struct vr_host *host, uint32_t vcpu, uint64_t deadline)
{
	struct vr_double *d = vr_double_of(host);

	vr_double_on_vcpu(d, vcpu, "thread.park");
	if (vcpu >= d->vcpu_count)
		return;
	if (d->on_park)
		d->on_park(d, vcpu);
	pthread_mutex_lock(&d->lock);
	d->vcpu[vcpu].parks++;
	while (!d->vcpu[vcpu].permit && d->now < deadline)
		pthread_cond_wait(&d->wake, &d->lock);
	d->vcpu[vcpu].permit = 0;
	pthread_mutex_unlock(&d->lock);
}

static void VR_CALL unpark(const struct vr_host *host, uint32_t vcpu)
{
	struct vr_double *d = vr_double_of(host);

	if (vcpu >= d->vcpu_count) {
		vr_double_note(d, "thread.unpark was called for vCPU %u of %u", vcpu, d->vcpu_count);
		return;
	}
	pthread_mutex_lock(&d->lock);
	d->vcpu[vcpu].permit = 1;
	pthread_cond_broadcast(&d->wake);
	pthread_mutex_unlock(&d->lock);
}

extern const struct vr_host_thread vr_double_thread;
const struct vr_host_thread vr_double_thread = {
	.size = sizeof(vr_double_thread),
	.spawn = spawn,
	.join = join,
	.park = park,
	.unpark = unpark,
};

void vr_double_vcpu_thread(struct vr_double *d, uint32_t vcpu)
{
	d->vcpu[vcpu].thread = pthread_self();
	d->vcpu[vcpu].has_thread = 1;
}
