/* SPDX-License-Identifier: MIT */
/* hold.c: the machine stands still for the debugger, goes on without it, and is reset by it. */
#include "gdb/session.h"

static void hold_all(struct gdb *g)
{
	struct machine *m = g->m;

	pthread_mutex_lock(&m->lock);
	for (uint32_t i = 0; i < m->vcpu_count; i++)
		m->vcpu[i].held = true;
	pthread_mutex_unlock(&m->lock);
}

void gdb_hold(struct gdb *g)
{
	hold_all(g);
	vcpus_await(g->m, false);
	doorbells_settle(&g->m->doorbells);
}

void gdb_release(struct gdb *g)
{
	struct machine *m = g->m;

	pthread_mutex_lock(&m->lock);
	for (uint32_t i = 0; i < m->vcpu_count; i++)
		m->vcpu[i].held = m->vcpu[i].step = m->vcpu[i].stopped = false;
	pthread_cond_broadcast(&m->gate);
	pthread_mutex_unlock(&m->lock);
}

void gdb_leave(struct gdb *g, bool keep)
{
	gdb_hold(g);
	gdb_points_clear(g);
	if (!keep)
		gdb_release(g);
}

void gdb_was_reset(struct gdb *g)
{
	if (!g)
		return;
	pthread_mutex_lock(&g->m->lock);
	/* With a request pending, the reset was broken off, or gdb_reset() has asked for another one. */
	if (g->m->request == POWER_NONE) {
		g->resets++;
		pthread_cond_broadcast(&g->m->changed);
	}
	pthread_mutex_unlock(&g->m->lock);
}

void gdb_reset(struct gdb *g)
{
	struct machine *m = g->m;
	uint64_t before;
	bool taken;

	gdb_hold(g);
	g->stopped = g->thread_g = 0;
	/* In one piece: a reset of the guest's that ends before the request does not count for it. */
	pthread_mutex_lock(&m->lock);
	before = g->resets;
	taken = power_request_locked(m, VR_POWER_RESET, 0);
	pthread_mutex_unlock(&m->lock);
	if (taken)
		vcpus_kick(m);
	pthread_mutex_lock(&m->lock);
	while (g->resets == before && !atomic_load(&g->finishing))
		pthread_cond_wait(&m->changed, &m->lock);
	for (uint32_t i = 0; i < m->vcpu_count; i++)
		m->vcpu[i].stopped = false;
	pthread_mutex_unlock(&m->lock);
}
