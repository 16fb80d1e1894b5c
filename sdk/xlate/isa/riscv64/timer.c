/* SPDX-License-Identifier: MIT */
/*
 * timer.c: time, and Sstc's comparator, which drives STIP (vol. II, "Sstc").
 *
 * The hart changes stimecmp; the host's timer thread fires when the time has come. Both compute the pin's
 * level from all registers, under one lock, so the last of them leaves the right level. A host timer that
 * fires too early or twice does no harm.
 *
 * time is guest time plus an offset that all harts share: what software added by writing the board's clock,
 * which time shows ("Machine Timer"). The board keeps the offset and raises a pin when it has changed
 * (state_riscv64.h). Only the hart's own thread may ask for it: the pin marks the known offset as stale and
 * kicks the hart, which asks before it next looks at pending interrupts or at the time.
 */
#include "system.h"

#define NS_PER_TICK (1000000000u / VR_RISCV_TIMEBASE)

uint64_t rv_nanoseconds(struct vr_exec *x)
{
	const struct rv_system *system = rv_system_of(x);
	return system->common.timer ? system->common.timer->now(system->common.host) : 0;
}

static uint64_t offset_of(struct vr_exec *x)
{
	return __atomic_load_n(&rv_of(x)->time_offset, __ATOMIC_SEQ_CST);
}

uint64_t rv_time(struct vr_exec *x)
{
	rv_time_settle(x);
	return rv_nanoseconds(x) / NS_PER_TICK + offset_of(x);
}

void rv_timer_update(struct vr_exec *x)
{
	struct rv_system *system = rv_system_of(x);
	struct rv_state *s = rv_of(x);

	pthread_mutex_lock(&system->common.timer_lock);
	if (s->menvcfg & MENVCFG_STCE) {
		uint64_t ticks = rv_nanoseconds(x) / NS_PER_TICK, time = ticks + offset_of(x);
		uint64_t left = s->stimecmp - time; /* until it is reached */
		uint32_t level = time >= s->stimecmp;
		if (s->timer) {
			if (!level && left <= UINT64_MAX / NS_PER_TICK - ticks)
				system->common.timer->arm(system->common.host, s->timer,
							  (ticks + left) * NS_PER_TICK);
			else
				system->common.timer->cancel(system->common.host, s->timer);
		}
		rv_set_pin(x, 5, level);
	}
	pthread_mutex_unlock(&system->common.timer_lock);
}

void rv_time_refresh(struct vr_exec *x)
{
	const struct rv_system *system = rv_system_of(x);
	uint64_t offset = 0; /* the clock of a board that has no such register can't be set */

	__atomic_store_n(&rv_of(x)->time_stale, 0, __ATOMIC_SEQ_CST);
	if (system->common.mmio)
		system->common.mmio->access(system->common.host, VR_SPACE_SYSREG, x->index,
					    VR_RISCV_TIME_OFFSET, 8, 0, &offset);
	__atomic_store_n(&rv_of(x)->time_offset, offset, __ATOMIC_SEQ_CST);
	rv_timer_update(x);
}

/* [any]: the host's timer thread. */
static void VR_CALL fire(void *opaque)
{
	rv_timer_update(opaque);
}

int32_t rv_timer_init(struct vr_exec *x)
{
	struct rv_system *system = rv_system_of(x);
	return system->common.timer
		       ? system->common.timer->create(system->common.host, fire, x, &rv_of(x)->timer)
		       : VR_OK;
}

void rv_timer_fini(struct vr_exec *x)
{
	struct rv_state *s = rv_of(x);
	if (s->timer)
		rv_system_of(x)->common.timer->destroy(rv_system_of(x)->common.host, s->timer);
	s->timer = NULL;
}
