/* SPDX-License-Identifier: MIT */
/* thread.c: threads and idling, vmrun.thread/1. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/error.h"
#include "machine/parts.h"
#include "machine/signals.h"
#include "util/fault.h"

struct start {
	struct sandbox *sandbox;
	void *(*fn)(void *);
	void *arg;
	char name[16]; /* as much as the kernel keeps */
};

static void *trampoline(void *arg)
{
	struct start s = *(struct start *)arg;
	struct fault_thread fault;
	bool restricted;
	void *result;

	free(arg);
	fault_thread_begin(&fault, __builtin_frame_address(0));
	pthread_setname_np(pthread_self(), s.name);
	restricted = s.sandbox && sandbox_thread(s.sandbox);
	result = s.fn(s.arg);
	if (restricted)
		sandbox_thread_ends(s.sandbox);
	fault_thread_end(&fault);
	return result;
}

int32_t threads_start(pthread_t *out, struct sandbox *s, const char *name, void *(*fn)(void *), void *arg)
{
	struct start *p = calloc(1, sizeof(*p));
	sigset_t set, old;
	int e;

	if (!p)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	/* A thread that is started from within the sandbox is in it. */
	p->sandbox = s && !s->entered ? s : NULL;
	if (p->sandbox)
		atomic_fetch_add(&s->on_their_way, 1);
	p->fn = fn;
	p->arg = arg;
	strncpy(p->name, name, sizeof(p->name) - 1);
	signals_of_main_thread(&set);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	e = pthread_create(out, NULL, trampoline, p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (e) {
		if (p->sandbox)
			sandbox_thread_came(s);
		free(p);
		return vr_error_set(VR_E_NOMEM, "can't start thread '%s': %s", name, strerror(e));
	}
	return VR_OK;
}

/* ---- parking: a futex word ----------------------------------------------------------------- */
enum { PERMIT_NONE, PERMIT_GIVEN, PERMIT_PARKED };

static void futex(_Atomic uint32_t *word, int op, uint32_t value, const struct timespec *ts)
{
	syscall(SYS_futex, (uint32_t *)word, op | FUTEX_PRIVATE_FLAG, value, ts, NULL,
		FUTEX_BITSET_MATCH_ANY);
}

void vcpu_park(_Atomic uint32_t *permit, uint64_t deadline)
{
	struct timespec ts = {.tv_sec = (time_t)(deadline / 1000000000ull),
			      .tv_nsec = (long)(deadline % 1000000000ull)};
	uint32_t expected = PERMIT_NONE;

	if (atomic_compare_exchange_strong(permit, &expected, PERMIT_PARKED)) {
		/* A wake-up without a cause (a signal) does no harm: the idle thread checks again. */
		do {
			futex(permit, FUTEX_WAIT_BITSET, PERMIT_PARKED, deadline == UINT64_MAX ? NULL : &ts);
		} while (atomic_load(permit) == PERMIT_PARKED && deadline == UINT64_MAX && errno == EINTR);
	}
	/* An exchange, so that what was written before the unpark is seen. */
	(void)atomic_exchange(permit, PERMIT_NONE);
}

void vcpu_unpark(_Atomic uint32_t *permit)
{
	if (atomic_exchange(permit, PERMIT_GIVEN) == PERMIT_PARKED)
		futex(permit, FUTEX_WAKE_BITSET, 1, NULL);
}

static void VR_CALL thread_park(const struct vr_host *host, uint32_t vcpu, uint64_t deadline)
{
	struct machine *m = machine_of(host);
	uint64_t until;

	if (!m || vcpu >= m->vcpu_count)
		return;
	if (__builtin_add_overflow(deadline, m->timers.base, &until))
		until = UINT64_MAX;
	vcpu_park(&m->vcpu[vcpu].permit, until);
}

static void VR_CALL thread_unpark(const struct vr_host *host, uint32_t vcpu)
{
	struct machine *m = machine_of(host);

	if (m && vcpu < m->vcpu_count)
		vcpu_unpark(&m->vcpu[vcpu].permit);
}

/* ---- plugin threads ------------------------------------------------------------------------ */
struct vr_thread {
	pthread_t thread;
	void(VR_CALL *fn)(void *arg);
	void *arg;
};

static void *plugin_thread(void *arg)
{
	struct vr_thread *t = arg;

	t->fn(t->arg);
	return NULL;
}

static int32_t VR_CALL thread_spawn(const struct vr_host *host, const char *name,
				    void(VR_CALL *fn)(void *arg), void *arg, struct vr_thread **out)
{
	struct machine *m = machine_of(host);
	struct vr_thread *t;
	int32_t rc;

	if (!fn || !out)
		return vr_error_set(VR_E_INVAL, "thread: no function to run");
	t = calloc(1, sizeof(*t));
	if (!t)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	t->fn = fn;
	t->arg = arg;
	rc = threads_start(&t->thread, m ? &m->sandbox : NULL, name ? name : "vmrun-plugin", plugin_thread,
			   t);
	if (rc < 0) {
		free(t);
		return rc;
	}
	*out = t;
	return VR_OK;
}

static void VR_CALL thread_join(const struct vr_host *host, struct vr_thread *t)
{
	(void)host;
	if (!t)
		return;
	pthread_join(t->thread, NULL);
	free(t);
}

const struct vr_host_thread thread_table = {
	.size = sizeof(struct vr_host_thread),
	.spawn = thread_spawn,
	.join = thread_join,
	.park = thread_park,
	.unpark = thread_unpark,
};
