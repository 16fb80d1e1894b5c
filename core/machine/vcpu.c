/* SPDX-License-Identifier: MIT */
/*
 * vcpu.c: one thread a vCPU, for life.
 *
 * Between two runs a thread stands at the gate: it waits there while the gate is shut (the machine is
 * quiesced) or its vCPU is off. Work on a vCPU's state is done by its own thread, at the gate, because some
 * hypervisors accept no other. A kick may come before the vCPU is really running, so a thread that waits for a
 * vCPU to stop kicks again until it has.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/error.h"
#include "machine/parts.h"
#include "util/clock.h"
#include "util/log.h"

struct vcpu_job {
	int32_t (*call)(struct vr_vcpu *handle, void *arg); /* NULL: a state goes in or out */
	void *arg;
	const char *state_id;
	void *state;
	uint32_t length;
	bool set, done;
	int32_t result;
	char text[256];
};

static __thread struct vcpu *current;

static void do_job(struct vcpu *v, struct vcpu_job *j)
{
	const struct vr_accel *a = v->machine->accel;
	struct vr_vcpu *handle = atomic_load(&v->handle);

	if (j->call)
		j->result = j->call(handle, j->arg);
	else if (j->set)
		j->result = a->vcpu_set_state(handle, j->state_id, j->state, j->length);
	else
		j->result = a->vcpu_get_state(handle, j->state_id, j->state, j->length);
	if (j->result < 0) {
		/* The text has to reach the thread that asked. */
		strncpy(j->text, vr_error_text(j->result), sizeof(j->text) - 1);
		vr_error_clear();
	}
}

static void run_once(struct vcpu *v)
{
	struct machine *m = v->machine;
	struct vr_exit e = {.size = sizeof(e), .reason = VR_EXIT_ERROR};
	struct vr_vcpu *handle = atomic_load_explicit(&v->handle, memory_order_relaxed);
	bool step = v->step, steps_on;
	int32_t rc = VR_OK;

	v->running = true;
	pthread_mutex_unlock(&m->lock);
	vr_error_clear();
	if (m->debugger)
		rc = m->debugger->vcpu_step(handle, step);
	if (rc >= 0)
		rc = m->accel->vcpu_run(handle, &e);
	if (rc < 0 || e.reason > (m->debugger ? VR_EXIT_DEBUG : VR_EXIT_ERROR))
		e.reason = VR_EXIT_ERROR;
	if (e.reason == VR_EXIT_ERROR) {
		/* When the accelerator goes, all vCPUs fail, and the user hears of it once. */
		log_print(atomic_exchange(&m->failed, true) ? VR_LOG_INFO : VR_LOG_ERROR,
			  "vCPU %u can't go on: %s", v->index, vr_error_text(rc < 0 ? rc : VR_E_INTERNAL));
		vr_error_clear();
		power_request(m, VR_POWER_CRASH, 1);
	}
	v->stop = e;
	steps_on = e.reason == VR_EXIT_DEBUG && m->hooks->steps_on(m->gdb, v);
	pthread_mutex_lock(&m->lock);
	v->running = false;
	v->exits[e.reason]++;
	if (e.reason == VR_EXIT_DEBUG && !steps_on) {
		v->held = v->stopped = true;
		m->hooks->stopped(m->gdb);
	} else if (e.reason != VR_EXIT_KICK && !steps_on) {
		v->on = false;
	}
	pthread_cond_broadcast(&m->changed);
}

static bool create(struct vcpu *v)
{
	struct machine *m = v->machine;
	struct vr_vcpu *handle = NULL;
	uint64_t pins;
	int32_t rc = m->accel->vcpu_create(m->vm, v->index, &handle);

	if (rc == VR_OK && !handle)
		rc = vr_error_set(VR_E_INTERNAL, "the accelerator made no vCPU");
	pthread_mutex_lock(&m->lock);
	pins = v->early_pins;
	if (rc < 0)
		v->create_text = strdup(vr_error_text(rc));
	else
		atomic_store_explicit(&v->handle, handle, memory_order_release);
	pthread_mutex_unlock(&m->lock);
	for (uint32_t pin = 0; rc == VR_OK && pin < 64; pin++)
		if (pins >> pin & 1)
			m->accel->vcpu_set_pin(handle, pin, 1);
	pthread_mutex_lock(&m->lock);
	v->create_result = rc;
	v->created = true;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
	return rc == VR_OK;
}

static void *vcpu_main(void *arg)
{
	struct vcpu *v = arg;
	struct machine *m = v->machine;

	current = v;
	if (!create(v))
		return NULL;
	pthread_mutex_lock(&m->lock);
	for (;;) {
		struct vcpu_job *j = v->job;

		if (j) {
			v->job = NULL;
			pthread_mutex_unlock(&m->lock);
			do_job(v, j);
			pthread_mutex_lock(&m->lock);
			j->done = true;
			pthread_cond_broadcast(&m->changed);
		} else if (m->ending) {
			break;
		} else if (m->gate_shut || !v->on || v->held) {
			pthread_cond_wait(&m->gate, &m->lock);
		} else {
			run_once(v);
		}
	}
	v->gone = true;
	pthread_mutex_unlock(&m->lock);
	m->accel->vcpu_destroy(atomic_load(&v->handle));
	return NULL;
}

int32_t vcpus_start(struct machine *m)
{
	for (uint32_t i = 0; i < m->vcpu_count; i++) {
		struct vcpu *v = &m->vcpu[i];
		char name[24];
		int32_t rc;

		snprintf(name, sizeof(name), "vmrun-cpu%u", i);
		rc = threads_start(&v->thread, &m->sandbox, name, vcpu_main, v);
		if (rc < 0)
			return rc;
		/* One after the other: accelerators count on the order. */
		pthread_mutex_lock(&m->lock);
		v->thread_started = true;
		while (!v->created)
			pthread_cond_wait(&m->changed, &m->lock);
		pthread_mutex_unlock(&m->lock);
		if (v->create_result < 0)
			return vr_error_set(v->create_result, "vCPU %u: %s", i,
					    v->create_text ? v->create_text : "can't be made");
	}
	return VR_OK;
}

/* Those that run and have to stop; m->lock is held. */
static bool any_running(const struct machine *m, bool all, bool running[MACHINE_MAX_VCPUS])
{
	bool any = false;

	for (uint32_t i = 0; i < m->vcpu_count; i++) {
		running[i] = m->vcpu[i].running && (all || m->vcpu[i].held);
		any |= running[i];
	}
	return any;
}

static void tell_running(struct machine *m, const bool running[MACHINE_MAX_VCPUS])
{
	for (uint32_t i = 0; i < m->vcpu_count; i++) {
		const struct bus_entry *e = running[i] ? late_inside(m, i) : NULL;

		if (running[i])
			log_print(VR_LOG_WARN, "vCPU %u does not stop%s%s%s; still waiting", i,
				  e ? ": it is inside device '" : "", e ? e->name : "", e ? "'" : "");
	}
}

void vcpus_await(struct machine *m, bool all)
{
	uint64_t complain = clock_monotonic() + 5000000000ull;
	bool running[MACHINE_MAX_VCPUS], left[MACHINE_MAX_VCPUS];

	pthread_mutex_lock(&m->lock);
	while (any_running(m, all, running)) {
		uint64_t now = clock_monotonic(), until = now + 2000000;
		struct timespec ts = {.tv_sec = (time_t)(until / 1000000000ull),
				      .tv_nsec = (long)(until % 1000000000ull)};

		pthread_mutex_unlock(&m->lock);
		for (uint32_t i = 0; i < m->vcpu_count; i++)
			if (running[i])
				vcpu_kick(&m->vcpu[i]);
		if (now > complain) {
			tell_running(m, running);
			complain = now + 5000000000ull;
		}
		pthread_mutex_lock(&m->lock);
		if (any_running(m, all, left))
			pthread_cond_timedwait(&m->changed, &m->lock, &ts);
	}
	pthread_mutex_unlock(&m->lock);
}

void vcpus_quiesce(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	m->gate_shut = true;
	pthread_mutex_unlock(&m->lock);
	vcpus_await(m, true);
	/* What they rang just before reaches the devices before the caller looks at them. */
	doorbells_settle(&m->doorbells);
}

void vcpus_resume(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	if (m->request == POWER_NONE)
		m->gate_shut = false;
	pthread_cond_broadcast(&m->gate);
	pthread_mutex_unlock(&m->lock);
}

void vcpus_end(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	m->ending = true;
	pthread_cond_broadcast(&m->gate);
	pthread_mutex_unlock(&m->lock);
	for (uint32_t i = 0; m->vcpu && i < m->vcpu_count; i++) {
		if (m->vcpu[i].thread_started)
			pthread_join(m->vcpu[i].thread, NULL);
		m->vcpu[i].thread_started = false;
		atomic_store(&m->vcpu[i].handle, NULL);
		free(m->vcpu[i].create_text);
		m->vcpu[i].create_text = NULL;
	}
}

int32_t vcpu_power(struct machine *m, uint32_t vcpu, bool on)
{
	struct vcpu *v;
	int32_t rc = VR_OK;
	bool running;

	if (vcpu >= m->vcpu_count)
		return VR_E_NOENT;
	v = &m->vcpu[vcpu];
	pthread_mutex_lock(&m->lock);
	running = v->running;
	/* Off but not yet out of its last run: its state is not settled. */
	if (on && !v->on && running)
		rc = VR_E_BUSY;
	else
		v->on = on;
	pthread_cond_broadcast(&m->gate);
	pthread_mutex_unlock(&m->lock);
	if (!on && running)
		vcpu_kick(v);
	return rc;
}

static uint32_t is_on(struct machine *m, uint32_t vcpu)
{
	struct vcpu *v;
	bool on;

	if (vcpu >= m->vcpu_count)
		return 0;
	v = &m->vcpu[vcpu];
	pthread_mutex_lock(&m->lock);
	/* To others it is on until it has really stopped; to itself, as was last asked for. */
	on = v->on || (v->running && v != current);
	pthread_mutex_unlock(&m->lock);
	return on;
}

/* ---- the tables' side ------------------------------------------------------------------------ */
/* Has the vCPU's thread do it. */
static int32_t job(struct machine *m, uint32_t vcpu, struct vcpu_job *j)
{
	struct vcpu *v = &m->vcpu[vcpu];
	int32_t rc = VR_OK;

	if (!atomic_load_explicit(&v->handle, memory_order_acquire))
		return vr_error_set(VR_E_STATE, "vCPU %u is not there yet", vcpu);
	pthread_mutex_lock(&m->lock);
	if (v->running) {
		rc = VR_E_STATE;
	} else if (v == current) {
		pthread_mutex_unlock(&m->lock);
		do_job(v, j);
		pthread_mutex_lock(&m->lock);
	} else {
		while (v->job && !m->ending) /* another thread's job */
			pthread_cond_wait(&m->changed, &m->lock);
		if (m->ending) {
			rc = VR_E_STATE;
		} else {
			v->job = j;
			pthread_cond_broadcast(&m->gate);
			while (!j->done)
				pthread_cond_wait(&m->changed, &m->lock);
		}
	}
	pthread_mutex_unlock(&m->lock);
	if (rc < 0)
		return vr_error_set(rc, "vCPU %u is running", vcpu);
	if (j->result < 0)
		return vr_error_set(j->result, "%s", j->text);
	return j->result;
}

static int32_t state(struct machine *m, uint32_t vcpu, struct vcpu_job *j)
{
	if (!m || vcpu >= m->vcpu_count || !j->state_id || !j->state)
		return vr_error_set(VR_E_INVAL, "vCPU %u: no such vCPU, or no state given", vcpu);
	if (j->set ? !VR_HAS(m->accel, vcpu_set_state) : !VR_HAS(m->accel, vcpu_get_state))
		return vr_error_set(VR_E_UNSUPPORTED, "this accelerator does not give out vCPU state");
	return job(m, vcpu, j);
}

int32_t vcpu_state(struct machine *m, uint32_t vcpu, const char *state_id, void *data, uint32_t length,
		   bool set)
{
	struct vcpu_job j = {.state_id = state_id, .state = data, .length = length, .set = set};

	return state(m, vcpu, &j);
}

int32_t vcpu_call(struct machine *m, uint32_t vcpu, int32_t (*fn)(struct vr_vcpu *handle, void *arg),
		  void *arg)
{
	struct vcpu_job j = {.call = fn, .arg = arg};

	if (vcpu >= m->vcpu_count)
		return vr_error_set(VR_E_INVAL, "vCPU %u: no such vCPU", vcpu);
	return job(m, vcpu, &j);
}

static const char *VR_CALL machine_arch(const struct vr_host *host)
{
	struct machine *m = machine_of(host);

	return m && m->choice.arch ? m->choice.arch : "";
}

static uint32_t VR_CALL machine_vcpu_count(const struct vr_host *host)
{
	struct machine *m = machine_of(host);

	return m ? m->vcpu_count : 0;
}

static uint64_t VR_CALL machine_ram_size(const struct vr_host *host)
{
	struct machine *m = machine_of(host);

	return m ? m->ram_size : 0;
}

static int32_t VR_CALL machine_set_state(const struct vr_host *host, uint32_t vcpu, const char *state_id,
					 const void *data, uint32_t length)
{
	struct vcpu_job j = {
		.state_id = state_id, .state = (void *)(uintptr_t)data, .length = length, .set = true};

	return state(machine_of(host), vcpu, &j);
}

static int32_t VR_CALL machine_get_state(const struct vr_host *host, uint32_t vcpu, const char *state_id,
					 void *data, uint32_t length)
{
	struct vcpu_job j = {.state_id = state_id, .state = data, .length = length};

	return state(machine_of(host), vcpu, &j);
}

static int32_t VR_CALL machine_vcpu_power(const struct vr_host *host, uint32_t vcpu, uint32_t on)
{
	struct machine *m = machine_of(host);

	return m ? vcpu_power(m, vcpu, on != 0) : VR_E_STATE;
}

static uint32_t VR_CALL machine_vcpu_is_on(const struct vr_host *host, uint32_t vcpu)
{
	struct machine *m = machine_of(host);

	return m ? is_on(m, vcpu) : 0;
}

static void VR_CALL machine_power(const struct vr_host *host, uint32_t what, int32_t code)
{
	struct machine *m = machine_of(host);

	if (m)
		power_request(m, what, code);
}

static int32_t VR_CALL machine_set_hypercall(const struct vr_host *host, vr_hypercall_fn fn, void *opaque)
{
	struct machine *m = machine_of(host);

	if (!m || !fn)
		return vr_error_set(VR_E_INVAL, "hypercalls: no machine, or no function to call");
	if (m->hypercall)
		return vr_error_set(VR_E_EXISTS, "another plugin answers this machine's hypercalls already");
	m->hypercall_opaque = opaque;
	m->hypercall = fn;
	return VR_OK;
}

static int32_t VR_CALL machine_hypercall(const struct vr_host *host, uint32_t vcpu, uint32_t kind,
					 uint64_t *regs)
{
	struct machine *m = machine_of(host);

	if (!m || !m->hypercall || !regs)
		return VR_E_NOENT;
	return m->device_trace ? vr_device_trace_hypercall(m, vcpu, kind, regs)
			       : m->hypercall(m->hypercall_opaque, vcpu, kind, regs);
}

const struct vr_host_machine machine_table = {
	.size = sizeof(struct vr_host_machine),
	.arch = machine_arch,
	.vcpu_count = machine_vcpu_count,
	.ram_size = machine_ram_size,
	.vcpu_set_state = machine_set_state,
	.vcpu_get_state = machine_get_state,
	.vcpu_power = machine_vcpu_power,
	.vcpu_is_on = machine_vcpu_is_on,
	.power = machine_power,
	.set_hypercall = machine_set_hypercall,
	.hypercall = machine_hypercall,
};
