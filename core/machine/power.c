/* SPDX-License-Identifier: MIT */
/*
 * power.c: requests to end or reset the machine.
 *
 * Any thread may ask, a vCPU in the middle of a hypercall too; the main thread carries it out. Asking shuts
 * the gate at once, so the guest gets no further than it must.
 */
#include <errno.h>
#include <time.h>

#include "machine/parts.h"
#include "util/clock.h"

bool power_request_locked(struct machine *m, uint32_t what, int32_t code)
{
	/* The first one counts, but an end counts more than a reset. */
	if (m->request != POWER_NONE && (m->request != VR_POWER_RESET || what == VR_POWER_RESET))
		return false;
	m->request = what <= VR_POWER_CRASH ? what : VR_POWER_CRASH;
	m->request_code = code;
	m->gate_shut = true;
	pthread_cond_broadcast(&m->changed);
	return true;
}

void power_request(struct machine *m, uint32_t what, int32_t code)
{
	bool taken;

	pthread_mutex_lock(&m->lock);
	taken = power_request_locked(m, what, code);
	pthread_mutex_unlock(&m->lock);
	if (taken)
		vcpus_kick(m);
}

bool power_pending(struct machine *m)
{
	bool pending;

	pthread_mutex_lock(&m->lock);
	pending = m->request != POWER_NONE;
	pthread_mutex_unlock(&m->lock);
	return pending;
}

bool power_reset_begins(struct machine *m)
{
	bool begins;

	pthread_mutex_lock(&m->lock);
	if (m->request == VR_POWER_RESET)
		m->request = POWER_NONE;
	begins = m->request == POWER_NONE;
	pthread_mutex_unlock(&m->lock);
	return begins;
}

static uint64_t next_look(const struct machine *m)
{
	uint64_t look = clock_monotonic() + LATE_LOOK_NS;

	return m->deadline && m->deadline < look ? m->deadline : look;
}

uint32_t power_wait(struct machine *m, int32_t *code)
{
	uint64_t look = next_look(m);
	uint32_t what;

	pthread_mutex_lock(&m->lock);
	while (m->request == POWER_NONE) {
		struct timespec ts = {.tv_sec = (time_t)(look / 1000000000ull),
				      .tv_nsec = (long)(look % 1000000000ull)};

		if (!m->look_now && pthread_cond_timedwait(&m->changed, &m->lock, &ts) != ETIMEDOUT)
			continue;
		m->look_now = false;
		pthread_mutex_unlock(&m->lock);
		m->look(m);
		look = next_look(m);
		pthread_mutex_lock(&m->lock);
	}
	what = m->request;
	*code = m->request_code;
	m->request = POWER_NONE;
	pthread_mutex_unlock(&m->lock);
	return what;
}
