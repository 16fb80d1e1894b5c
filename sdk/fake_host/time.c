/* SPDX-License-Identifier: MIT */
/* time.c: vmrun.timer/1, whose time is advanced by hand, and vmrun.thread/1. */
#include <stdlib.h>

#include "internal.h"

struct vr_timer {
	struct vr_fake_host *host;
	struct vr_timer *next;
	void(VR_CALL *fn)(void *opaque);
	void *opaque;
	uint64_t when;
	int armed;
};

static uint64_t VR_CALL now(const struct vr_host *host)
{
	return __atomic_load_n(&vr_fake_host_of(host)->now, __ATOMIC_SEQ_CST);
}

static uint64_t VR_CALL wall(const struct vr_host *host)
{
	return __atomic_load_n(&vr_fake_host_of(host)->wall, __ATOMIC_SEQ_CST);
}

/* [main], but a vCPU's timer is made where the vCPU is made: both are accepted. */
static int32_t VR_CALL create(const struct vr_host *host, void(VR_CALL *fn)(void *opaque), void *opaque,
			      struct vr_timer **out)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	int32_t rc = vr_fake_host_request(f, "timer.create");
	struct vr_timer *t;

	if (rc < 0)
		return rc;
	t = calloc(1, sizeof(*t));
	if (!t)
		return VR_E_NOMEM;
	t->host = f;
	t->fn = fn;
	t->opaque = opaque;
	pthread_mutex_lock(&f->lock);
	t->next = f->timers;
	f->timers = t;
	pthread_mutex_unlock(&f->lock);
	*out = t;
	return VR_OK;
}

static void VR_CALL arm(const struct vr_host *host, struct vr_timer *t, uint64_t when)
{
	(void)host;
	pthread_mutex_lock(&t->host->lock);
	t->when = when;
	t->armed = 1;
	pthread_mutex_unlock(&t->host->lock);
}

static void VR_CALL cancel(const struct vr_host *host, struct vr_timer *t)
{
	(void)host;
	pthread_mutex_lock(&t->host->lock);
	t->armed = 0;
	pthread_mutex_unlock(&t->host->lock);
}

static void VR_CALL destroy(const struct vr_host *host, struct vr_timer *t)
{
	(void)host;
	struct vr_fake_host *f = t->host;

	pthread_mutex_lock(&f->lock);
	for (struct vr_timer **link = &f->timers; *link; link = &(*link)->next) {
		if (*link != t)
			continue;
		*link = t->next;
		break;
	}
	pthread_mutex_unlock(&f->lock);
	free(t);
}

void vr_fake_host_timers_free(struct vr_fake_host *f)
{
	while (f->timers) {
		struct vr_timer *t = f->timers;

		f->timers = t->next;
		free(t);
	}
}

static void pass(struct vr_fake_host *f, uint64_t until)
{
	if (until <= f->now)
		return;
	__atomic_store_n(&f->wall, f->wall + (until - f->now), __ATOMIC_SEQ_CST);
	__atomic_store_n(&f->now, until, __ATOMIC_SEQ_CST);
	pthread_cond_broadcast(&f->wake);
}

/* Lets time pass to the next timer that is due until then, and disarms it; NULL: there is none. */
static struct vr_timer *pass_to_next(struct vr_fake_host *f, uint64_t until)
{
	struct vr_timer *next = NULL;

	pthread_mutex_lock(&f->lock);
	for (struct vr_timer *t = f->timers; t; t = t->next)
		if (t->armed && t->when <= until && (!next || t->when < next->when))
			next = t;
	if (next) {
		pass(f, next->when);
		next->armed = 0;
	}
	pthread_mutex_unlock(&f->lock);
	return next;
}

void vr_fake_host_advance(struct vr_fake_host *f, uint64_t ns)
{
	uint64_t until = f->now + ns;
	struct vr_timer *t;

	/* A timer that arms itself again in the past would never end. */
	for (int most = 1000000; most && (t = pass_to_next(f, until)); most--)
		t->fn(t->opaque);
	pthread_mutex_lock(&f->lock);
	pass(f, until);
	pthread_mutex_unlock(&f->lock);
}

extern const struct vr_host_timer vr_fake_host_timer;
const struct vr_host_timer vr_fake_host_timer = {
	.size = sizeof(vr_fake_host_timer),
	.now = now,
	.wall = wall,
	.create = create,
	.arm = arm,
	.cancel = cancel,
	.destroy = destroy,
};

/* ---- vmrun.thread/1 ------------------------------------------------------------------------------------ */

struct vr_thread {
	struct vr_fake_host *host;
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
	struct vr_fake_host *f = vr_fake_host_of(host);
	struct vr_thread *t;
	int32_t rc;

	vr_fake_host_on_main(f, "thread.spawn");
	if (!name)
		vr_fake_host_note(f, "thread.spawn was given no name");
	rc = vr_fake_host_request(f, "thread.spawn");
	if (rc < 0)
		return rc;
	t = calloc(1, sizeof(*t));
	if (!t)
		return VR_E_NOMEM;
	t->host = f;
	t->fn = fn;
	t->arg = arg;
	if (pthread_create(&t->thread, NULL, thread_main, t)) {
		free(t);
		return VR_E_NOMEM;
	}
	__atomic_add_fetch(&f->threads, 1, __ATOMIC_SEQ_CST);
	*out = t;
	return VR_OK;
}

static void VR_CALL join(const struct vr_host *host, struct vr_thread *t)
{
	(void)host;
	pthread_join(t->thread, NULL);
	__atomic_sub_fetch(&t->host->threads, 1, __ATOMIC_SEQ_CST);
	free(t);
}

static void VR_CALL park(const struct vr_host *host, uint32_t vcpu, uint64_t deadline)
{
	struct vr_fake_host *f = vr_fake_host_of(host);

	vr_fake_host_on_vcpu(f, vcpu, "thread.park");
	if (vcpu >= f->vcpu_count)
		return;
	if (f->on_park)
		f->on_park(f, vcpu, deadline);
	pthread_mutex_lock(&f->lock);
	f->vcpu[vcpu].parks++;
	while (!f->vcpu[vcpu].permit && f->now < deadline)
		pthread_cond_wait(&f->wake, &f->lock);
	f->vcpu[vcpu].permit = 0;
	pthread_mutex_unlock(&f->lock);
}

static void VR_CALL unpark(const struct vr_host *host, uint32_t vcpu)
{
	struct vr_fake_host *f = vr_fake_host_of(host);

	if (vcpu >= f->vcpu_count) {
		vr_fake_host_note(f, "thread.unpark was called for vCPU %u of %u", vcpu, f->vcpu_count);
		return;
	}
	pthread_mutex_lock(&f->lock);
	f->vcpu[vcpu].permit = 1;
	pthread_cond_broadcast(&f->wake);
	pthread_mutex_unlock(&f->lock);
}

extern const struct vr_host_thread vr_fake_host_thread;
const struct vr_host_thread vr_fake_host_thread = {
	.size = sizeof(vr_fake_host_thread),
	.spawn = spawn,
	.join = join,
	.park = park,
	.unpark = unpark,
};

void vr_fake_host_vcpu_thread(struct vr_fake_host *f, uint32_t vcpu)
{
	f->vcpu[vcpu].thread = pthread_self();
	f->vcpu[vcpu].has_thread = 1;
}
