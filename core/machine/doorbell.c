/* SPDX-License-Identifier: MIT */
/*
 * doorbell.c: registers whose write is only a call, vmrun.doorbell/1.
 *
 * A device's doorbell is an eventfd. The accelerator (vmrun.notify/1) signals it when the guest writes the
 * register, and one thread, started with the first doorbell, waits for all of them with epoll and makes the
 * calls. Without such an accelerator there is neither: writes go over the bus to the device, as ever.
 *
 * A door is found by a number that is never used again, not by its address, since an epoll result may be
 * older than the door's end. `ringing` is the door whose function runs now, and without the lock, so that the
 * function may take its device's; detaching waits until it is another one.
 *
 * Settling. When the vCPUs stand still everything that they rang has to arrive before the core resets, takes
 * or moves the machine's state, as it would have without doorbells. The thread that settles raises `wanted` and wakes the
 * thread; that one answers with `settled` once epoll has nothing more to report. It ends the same way.
 *
 * Order. The virtual machine is made before the board and its devices, and goes after them (machine.c); a
 * door made earlier is bound when there is one. All of that is the main thread's; the lock guards what it
 * shares with the thread here, and is not held in calls into plugins.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vmrun/notify.h>

#include "common/error.h"
#include "machine/parts.h"
#include "util/log.h"

#define BATCH 16
#define WAKE 0u /* no door's number */

struct vr_door {
	struct machine *machine;
	struct vr_door *next;
	uint64_t number;
	struct vr_notify_doorbell what;
	bool bound;
	void(VR_CALL *fn)(void *opaque);
	void *opaque;
};

/* ---- the thread -------------------------------------------------------------------------------- */
static bool take(int64_t event)
{
	uint64_t count;

	return read((int)event, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

static void ring(struct doorbells *b, uint64_t number)
{
	struct vr_door *d;

	pthread_mutex_lock(&b->lock);
	for (d = b->first; d && d->number != number; d = d->next)
		;
	if (d && take(d->what.event)) {
		b->ringing = d;
		b->rung++;
		pthread_mutex_unlock(&b->lock);
		d->fn(d->opaque);
		pthread_mutex_lock(&b->lock);
		b->ringing = NULL;
		pthread_cond_broadcast(&b->idle);
	}
	pthread_mutex_unlock(&b->lock);
}

static void *io_main(void *arg)
{
	struct doorbells *b = arg;
	struct epoll_event e[BATCH];
	uint64_t wanted = 0, settled = 0;
	bool stop = false;

	while (!stop) {
		int n = epoll_wait(b->epoll, e, BATCH, wanted == settled ? -1 : 0);

		for (int i = 0; i < n; i++) {
			if (e[i].data.u64 == WAKE)
				take(b->wake);
			else
				ring(b, e[i].data.u64);
		}
		pthread_mutex_lock(&b->lock);
		if (n == 0) {
			b->settled = settled = wanted;
			stop = b->stop;
			pthread_cond_broadcast(&b->idle);
		}
		wanted = b->wanted;
		pthread_mutex_unlock(&b->lock);
	}
	return NULL;
}

static int32_t watch(struct doorbells *b, int fd, uint64_t number)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u64 = number};

	return epoll_ctl(b->epoll, EPOLL_CTL_ADD, fd, &e)
		       ? vr_error_set(VR_E_IO, "doorbells: %s", strerror(errno))
		       : VR_OK;
}

static int32_t start(struct doorbells *b)
{
	int32_t rc;

	if (b->running)
		return VR_OK;
	if (b->epoll < 0)
		b->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (b->wake < 0) {
		b->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (b->epoll < 0 || b->wake < 0)
			return vr_error_set(VR_E_IO, "doorbells: %s", strerror(errno));
		rc = watch(b, b->wake, WAKE);
		if (rc < 0)
			return rc;
	}
	rc = threads_start(&b->thread, b->sandbox, "vmrun-io", io_main, b);
	b->running = rc == VR_OK;
	return rc;
}

/* ---- life ---------------------------------------------------------------------------------------- */
void doorbells_init(struct doorbells *b, struct sandbox *sandbox)
{
	memset(b, 0, sizeof(*b));
	b->epoll = b->wake = -1;
	b->sandbox = sandbox;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->idle, NULL);
	b->ready = true;
}

void doorbells_settle(struct doorbells *b)
{
	uint64_t mine, one = 1;

	if (!b->running)
		return;
	pthread_mutex_lock(&b->lock);
	mine = ++b->wanted;
	while (write(b->wake, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	while (b->settled < mine)
		pthread_cond_wait(&b->idle, &b->lock);
	pthread_mutex_unlock(&b->lock);
}

void doorbells_stop(struct doorbells *b)
{
	if (!b->running)
		return;
	pthread_mutex_lock(&b->lock);
	b->stop = true;
	pthread_mutex_unlock(&b->lock);
	doorbells_settle(b);
	pthread_join(b->thread, NULL);
	b->running = false;
}

void doorbells_free(struct doorbells *b)
{
	if (!b->ready)
		return;
	doorbells_stop(b);
	while (b->first) {
		struct vr_door *d = b->first;

		b->first = d->next;
		close((int)d->what.event);
		free(d);
	}
	if (b->epoll >= 0)
		close(b->epoll);
	if (b->wake >= 0)
		close(b->wake);
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->idle);
	b->ready = false;
}

/* ---- doors --------------------------------------------------------------------------------------- */
static const struct vr_notify *notify_of(struct machine *m)
{
	const struct vr_notify *n =
		m->choice.accel ? registry_interface(m->choice.accel, VR_NOTIFY_ID) : NULL;

	return VR_HAS(n, doorbell) ? n : NULL;
}

/* Writes to what can't be a doorbell come over the bus. That is no error, so it leaves no text. */
static int32_t none(const struct vr_door *d, int32_t rc)
{
	log_print(VR_LOG_INFO, "no doorbell at 0x%llx: %s", (unsigned long long)d->what.address,
		  vr_error_text(rc));
	vr_error_clear();
	return VR_E_UNSUPPORTED;
}

static int32_t bind(struct vr_door *d)
{
	const struct vr_notify *n = notify_of(d->machine);
	int32_t rc = n ? n->doorbell(d->machine->vm, &d->what, 1) : VR_E_UNSUPPORTED;

	d->bound = rc >= 0;
	return rc < 0 ? none(d, rc) : VR_OK;
}

static void unbind(struct vr_door *d)
{
	const struct vr_notify *n = notify_of(d->machine);

	if (n && n->doorbell(d->machine->vm, &d->what, 0) < 0)
		vr_error_clear();
	d->bound = false;
}

/* A device trace (vmrun.device-trace/1) and the log see all accesses: while there is one, accesses take the bus. */
static bool may_be_bound(const struct machine *m)
{
	return m->vm && !m->device_trace && !debuglog_sees_devices(m->debuglog);
}

void doorbells_update(struct machine *m)
{
	for (struct vr_door *d = m->doorbells.first; d; d = d->next) {
		if (d->bound && !may_be_bound(m))
			unbind(d);
		else if (!d->bound && may_be_bound(m))
			(void)bind(d);
	}
}

static void VR_CALL door_detach(const struct vr_host *host, struct vr_door *d)
{
	(void)host;
	struct doorbells *b;

	if (!d)
		return;
	b = &d->machine->doorbells;
	if (d->bound)
		unbind(d);
	pthread_mutex_lock(&b->lock);
	for (struct vr_door **p = &b->first; *p; p = &(*p)->next)
		if (*p == d) {
			*p = d->next;
			break;
		}
	while (b->ringing == d)
		pthread_cond_wait(&b->idle, &b->lock);
	pthread_mutex_unlock(&b->lock);
	close((int)d->what.event); /* the last of it: it leaves epoll as well */
	free(d);
}

static int32_t make(struct machine *m, struct vr_door *d)
{
	struct doorbells *b = &m->doorbells;
	int32_t rc = start(b);

	if (rc < 0)
		return rc;
	d->what.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (d->what.event < 0)
		return vr_error_set(VR_E_IO, "doorbell at 0x%llx: %s", (unsigned long long)d->what.address,
				    strerror(errno));
	d->machine = m;
	d->number = ++b->last;
	rc = watch(b, (int)d->what.event, d->number);
	if (rc < 0) {
		close((int)d->what.event);
		return rc;
	}
	pthread_mutex_lock(&b->lock);
	d->next = b->first;
	b->first = d;
	pthread_mutex_unlock(&b->lock);
	return VR_OK;
}

static int32_t VR_CALL door_attach(const struct vr_host *host, uint32_t space, uint64_t address,
				   uint32_t width, void(VR_CALL *fn)(void *opaque), void *opaque,
				   struct vr_door **out)
{
	struct machine *m = machine_of(host);
	struct vr_door *d;
	int32_t rc;

	if (!m)
		return vr_error_set(VR_E_STATE, "doorbell: there is no machine yet");
	if (!fn || !out)
		return vr_error_set(VR_E_INVAL, "doorbell: no function to call");
	if (!notify_of(m))
		return VR_E_UNSUPPORTED;
	d = calloc(1, sizeof(*d));
	if (!d)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	d->what = (struct vr_notify_doorbell){
		.size = sizeof(d->what), .space = space, .width = width, .address = address};
	d->fn = fn;
	d->opaque = opaque;
	rc = make(m, d);
	if (rc < 0) {
		rc = none(d, rc);
		free(d);
		return rc;
	}
	rc = may_be_bound(m) ? bind(d) : VR_OK;
	if (rc < 0) {
		door_detach(host, d);
		return rc;
	}
	*out = d;
	return VR_OK;
}

const struct vr_host_doorbell doorbell_table = {
	.size = sizeof(struct vr_host_doorbell),
	.attach = door_attach,
	.detach = door_detach,
};
