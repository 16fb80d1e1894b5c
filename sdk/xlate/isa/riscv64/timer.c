/* SPDX-License-Identifier: MIT */
/*
 * timer.c: time, and Sstc's comparator, which drives STIP (vol. II, "Sstc").
 *
 * The hart changes stimecmp, the host's timer thread sees the time arrive; both look at everything afresh
 * under one lock, so whoever looked last has the last word. A host timer that fires too early or twice does
 * no harm.
 */
#include "system.h"

#define NS_PER_TICK (1000000000u / VR_RISCV_TIMEBASE)

uint64_t rv_time(struct vr_exec *x)
{
	const struct rv_system *system = rv_system_of(x);
	return system->timer ? system->timer->now(system->host) / NS_PER_TICK : 0;
}

void rv_timer_update(struct vr_exec *x)
{
	struct rv_system *system = rv_system_of(x);
	struct rv_state *s = rv_of(x);

	pthread_mutex_lock(&system->timer_lock);
	if (s->menvcfg & MENVCFG_STCE) {
		uint32_t level = rv_time(x) >= s->stimecmp;
		if (s->timer) {
			if (!level && s->stimecmp <= UINT64_MAX / NS_PER_TICK)
				system->timer->arm(s->timer, s->stimecmp * NS_PER_TICK);
			else
				system->timer->cancel(s->timer);
		}
		rv_set_pin(x, 5, level);
	}
	pthread_mutex_unlock(&system->timer_lock);
}

/* [any]: the host's timer thread. */
static void VR_CALL fire(void *opaque)
{
	rv_timer_update(opaque);
}

int32_t rv_timer_init(struct vr_exec *x)
{
	struct rv_system *system = rv_system_of(x);
	return system->timer ? system->timer->create(system->host, fire, x, &rv_of(x)->timer) : VR_OK;
}

void rv_timer_fini(struct vr_exec *x)
{
	struct rv_state *s = rv_of(x);
	if (s->timer)
		rv_system_of(x)->timer->destroy(s->timer);
	s->timer = NULL;
}
