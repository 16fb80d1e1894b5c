/* SPDX-License-Identifier: MIT */
/*
 * resume.c: packets c, s, C, S, vCont; stops and what is told of them.
 *
 * All-stop: either every vCPU is held or the debugger waits for a stop. When one vCPU stops the others are
 * held too, and one stop is told. A second vCPU that came to a point in the same moment has, as a rule, not
 * passed it: it stops there again when it is run. Only an access that has been made is told of later.
 *
 * While a vCPU is stepped the others are held: what it does is then its own, and a loop of it that waits for
 * another vCPU is left with `continue`. A step through a range of addresses (vCont;r) is a step after the
 * other on the vCPU's thread, until one ends outside or at a breakpoint. Signals mean nothing to a machine
 * and are left out.
 */
#include <string.h>

#include "gdb/session.h"

#define SIGNAL_INTERRUPT 2u
#define SIGNAL_TRAP 5u

/* A stop that has not been told; its vCPU. The debugger is told of it now. */
static bool take_stop(struct gdb *g, uint32_t *vcpu, struct vr_exit *stop)
{
	struct machine *m = g->m;
	bool found = false;

	pthread_mutex_lock(&m->lock);
	for (uint32_t i = 0; !found && i < m->vcpu_count; i++) {
		found = m->vcpu[i].stopped;
		*vcpu = i;
		*stop = m->vcpu[i].stop;
		if (found)
			m->vcpu[i].stopped = false;
	}
	pthread_mutex_unlock(&m->lock);
	return found;
}

void gdb_report(struct gdb *g, uint32_t vcpu, uint32_t signal, const struct vr_exit *stop)
{
	char reason[64] = "";

	if (stop && stop->access)
		gdb_points_reason(g, stop, reason, sizeof(reason));
	g->stopped = g->thread_g = vcpu;
	gdb_output_print(&g->out, "T%02xthread:%x;%s", signal, vcpu + 1, reason);
}

static void tell(struct gdb *g, uint32_t vcpu, uint32_t signal, const struct vr_exit *stop)
{
	g->running = false;
	gdb_output_open(&g->out);
	gdb_report(g, vcpu, signal, stop);
	gdb_output_close(&g->out);
	gdb_send(g);
}

void gdb_look(struct gdb *g)
{
	struct vr_exit stop;
	uint32_t vcpu;

	if (!g->running || !take_stop(g, &vcpu, &stop))
		return;
	gdb_hold(g);
	tell(g, vcpu, SIGNAL_TRAP, &stop);
}

void gdb_interrupt(struct gdb *g)
{
	struct vr_exit stop;
	uint32_t vcpu;

	if (!g->running)
		return;
	gdb_hold(g);
	if (take_stop(g, &vcpu, &stop))
		tell(g, vcpu, SIGNAL_TRAP, &stop);
	else
		tell(g, g->stopped, SIGNAL_INTERRUPT, NULL);
}

/* A step of a vCPU that is off would never end. */
static bool can_step(const struct machine *m, const uint8_t *action)
{
	for (uint32_t i = 0; i < m->vcpu_count; i++)
		if (action[i] == GDB_STEPS && m->vcpu[i].on)
			return true;
	return false;
}

void gdb_resume(struct gdb *g, const uint8_t *action)
{
	struct machine *m = g->m;
	bool steps = memchr(action, GDB_STEPS, m->vcpu_count) != NULL, told_already = false;

	g->running = g->silent = true;
	pthread_mutex_lock(&m->lock);
	if (steps && !can_step(m, action)) {
		pthread_mutex_unlock(&m->lock);
		tell(g, g->stopped, SIGNAL_TRAP, NULL);
		return;
	}
	for (uint32_t i = 0; i < m->vcpu_count; i++) {
		struct vcpu *v = &m->vcpu[i];

		v->stopped = v->stopped && (v->stop.stop_flags & VR_STOP_AFTER);
		told_already |= v->stopped;
	}
	for (uint32_t i = 0; !told_already && i < m->vcpu_count; i++) {
		m->vcpu[i].step = action[i] == GDB_STEPS;
		m->vcpu[i].held = action[i] == GDB_STAYS || (steps && action[i] != GDB_STEPS);
	}
	pthread_cond_broadcast(&m->gate);
	pthread_mutex_unlock(&m->lock);
	if (told_already)
		gdb_look(g);
}

/* ---- packets ---- */

static void resume_some(struct gdb *g, enum gdb_action what)
{
	uint8_t action[MACHINE_MAX_VCPUS] = {GDB_STAYS};

	for (uint32_t i = 0; i < g->m->vcpu_count; i++) {
		bool named = g->thread_c < 0 ? what == GDB_RUNS || i == g->stopped : i == g->thread_c;

		action[i] = (uint8_t)(named ? what : GDB_STAYS);
	}
	gdb_resume(g, action);
}

/* Without vCont: all vCPUs go on, or the one of Hc. "[ADDRESS]": from there. */
static void resume_from(struct gdb *g, const char *args, enum gdb_action what)
{
	uint64_t pc;

	if (*args) {
		if (!gdb_number(&args, &pc) || *args) {
			gdb_error(g, GDB_E_SYNTAX);
			return;
		}
		gdb_set_pc(g, g->stopped, pc);
	}
	g->range.vcpu = -1;
	resume_some(g, what);
}

GDB_HANDLER(continue)
{
	(void)length;
	resume_from(g, args, GDB_RUNS);
}

GDB_HANDLER(step)
{
	(void)length;
	resume_from(g, args, GDB_STEPS);
}

/* "SIGNAL[;ADDRESS]" */
static const char *after_signal(const char *args)
{
	uint64_t signal;

	if (!gdb_number(&args, &signal))
		return "?";
	gdb_char(&args, ';');
	return args;
}

GDB_HANDLER(continue_signal)
{
	(void)length;
	resume_from(g, after_signal(args), GDB_RUNS);
}

GDB_HANDLER(step_signal)
{
	(void)length;
	resume_from(g, after_signal(args), GDB_STEPS);
}

/* One of ";ACTION[:THREAD]". */
static bool parse_action(struct gdb *g, const char **at, enum gdb_action *what, int64_t *thread)
{
	uint64_t signal;
	char c;

	if (!gdb_char(at, ';'))
		return false;
	c = *(*at)++;
	if ((c == 'C' || c == 'S') && !gdb_number(at, &signal))
		return false;
	if (c == 'r' &&
	    (!gdb_number(at, &g->range.first) || !gdb_char(at, ',') || !gdb_number(at, &g->range.end)))
		return false;
	if (!c || !strchr("cCsSr", c))
		return false;
	*what = c == 'c' || c == 'C' ? GDB_RUNS : GDB_STEPS;
	*thread = -2; /* what no other action is for */
	if (gdb_char(at, ':') && !gdb_thread(g, at, thread))
		return false;
	if (c == 'r')
		g->range.vcpu = *thread < 0 ? g->stopped : *thread;
	return true;
}

bool gdb_steps_on(struct gdb *g, struct vcpu *v)
{
	const struct vr_registers *r = g->registers;
	uint64_t pc;
	bool general;

	if (v->stop.access || v->index != g->range.vcpu)
		return false;
	if (g->m->accel->vcpu_get_state(atomic_load(&v->handle), r->state_id, g->range.state, r->state_size) <
		    0 ||
	    r->get(g->range.state, gdb_register(g, r->pc, &general)->place, sizeof(pc), &pc) < 0)
		return false;
	if (gdb_points_code_at(g, pc)) {
		v->stop.access = VR_STOP_EXECUTE;
		v->stop.address = pc;
		return false;
	}
	return pc >= g->range.first && pc < g->range.end;
}

GDB_HANDLER(vcont)
{
	uint8_t action[MACHINE_MAX_VCPUS] = {GDB_STAYS};
	bool given[MACHINE_MAX_VCPUS] = {false};
	enum gdb_action what;
	int64_t thread;

	(void)length;
	g->range.vcpu = -1;
	if (!*args) {
		gdb_error(g, GDB_E_SYNTAX);
		return;
	}
	while (*args) {
		if (!parse_action(g, &args, &what, &thread)) {
			gdb_error(g, GDB_E_SYNTAX);
			return;
		}
		/* The leftmost action for a thread counts. A step for all is one of the vCPU that stopped. */
		for (uint32_t i = 0; i < g->m->vcpu_count; i++) {
			bool all = thread < 0 && (what == GDB_RUNS || i == g->stopped);

			if (given[i] || (!all && i != thread))
				continue;
			given[i] = true;
			action[i] = (uint8_t)what;
		}
	}
	gdb_resume(g, action);
}
