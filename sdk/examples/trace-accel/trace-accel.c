/* SPDX-License-Identifier: MIT */
/*
 * trace-accel.c: an accelerator that runs nothing itself. It stands before another one (manifest: `wraps`),
 * hands every call on, and writes down what passes:
 *
 *   - between the core and the inner accelerator, because every call of vmrun.accel/1 goes through here: runs
 *     and why they ended (run), kicks, input pins, state in and out, RAM that devices wrote (memory);
 *   - between the guest and its devices, through vmrun.device-trace/1: accesses (mmio, port, sysreg), calls to the
 *     firmware (call), interrupt lines (line).
 *
 * What the inner accelerator settles alone is not seen: RAM, guest-internal traps, and devices that it has
 * itself (KVM's interrupt controllers).
 *
 * Handles: the core's `vm` and `vcpu` are ours and hold the inner ones. Our vr_accel is filled in start(),
 * when the inner accelerator is known, and lacks the members that the inner one lacks.
 */
#include <host_error.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmrun/accel.h>
#include <vmrun/device_trace.h>
#include <vmrun/dirty.h>
#include <vmrun/plugin.h>

/* The kinds of events, in the order of the spaces first. */
#define KINDS(X) X(mmio) X(port) X(sysreg) X(call) X(line) X(pin) X(kick) X(run) X(state) X(memory)
enum kind {
#define X(name) K_##name,
	KINDS(X)
#undef X
		KIND_COUNT
};
static const char *const kind_names[] = {
#define X(name) #name,
	KINDS(X)
#undef X
};

#define PLACES 8192u /* addresses that are told apart; a power of two */
struct place {
	uint64_t address;
	uint64_t reads, writes; /* both 0: free */
	uint32_t space;
	char name[28];
};

struct plugin {
	struct vr_plugin plugin;
	struct vr_accel accel;
	struct vr_dirty dirty;
	const struct vr_host *host;
	const struct vr_host_config *config;
	const struct vr_host_timer *timer;
	const struct vr_host_log *log;
	const struct vr_host_device_trace *trace;
	const struct vr_host_file *files;
	const struct vr_accel *inner;
	const struct vr_dirty *inner_dirty;
	struct vr_plugin_self *inner_self;
	FILE *file;      /* NULL: vmrun's log */
	uint32_t wanted; /* bit K_* */
	uint64_t limit, top;

	pthread_mutex_t lock; /* all that follows, and the file */
	uint64_t count[KIND_COUNT], written, other;
	uint64_t exits[3];
	struct place place[PLACES];
};

static inline struct plugin *plugin_of(struct vr_plugin_self *self)
{
	return (struct plugin *)self;
}

struct vm {
	struct plugin *p;
	struct vr_vm *inner;
};

static inline struct vm *vm_of(struct vr_vm *vm)
{
	return (struct vm *)vm;
}

struct vcpu {
	struct plugin *p;
	struct vr_vcpu *inner;
	uint32_t index;
};

static inline struct vcpu *vcpu_of(struct vr_vcpu *vcpu)
{
	return (struct vcpu *)vcpu;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static void put(struct plugin *p, const char *text)
{
	if (p->file)
		fprintf(p->file, "%s\n", text);
	else if (p->log)
		p->log->write(p->host, VR_LOG_INFO, text);
}

static void event(struct plugin *p, enum kind kind, uint32_t vcpu, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static void event(struct plugin *p, enum kind kind, uint32_t vcpu, const char *format, ...)
{
	uint64_t now = p->timer->now(p->host);
	char text[320];
	va_list args;
	int n;

	pthread_mutex_lock(&p->lock);
	p->count[kind]++;
	if (p->wanted >> kind & 1 && p->written < p->limit && (p->file || p->log)) {
		p->written++;
		n = snprintf(text, sizeof(text), "%6llu.%06llu ", (unsigned long long)(now / 1000000000),
			     (unsigned long long)(now / 1000 % 1000000));
		n += vcpu == VR_IRQ_SHARED ? snprintf(text + n, sizeof(text) - (size_t)n, "  -  ")
					   : snprintf(text + n, sizeof(text) - (size_t)n, "cpu%-2u", vcpu);
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%-7s", kind_names[kind]);
		va_start(args, format);
		vsnprintf(text + n, sizeof(text) - (size_t)n, format, args);
		va_end(args);
		put(p, text);
		if (p->written == p->limit)
			put(p, "... that was limit= events; from here on they are only counted");
	}
	pthread_mutex_unlock(&p->lock);
}

/* ---- the device trace ---------------------------------------------------------------------------------------------
 */

static void count_place(struct plugin *p, const struct vr_device_trace_access *a)
{
	uint64_t hash = (a->address + a->space) * UINT64_C(0x9e3779b97f4a7c15);
	struct place *q = NULL;

	for (uint32_t i = 0; i < 16; i++) {
		q = &p->place[(hash >> 32 & (PLACES - 1)) ^ i];
		if (!q->reads && !q->writes) {
			q->address = a->address;
			q->space = a->space;
			snprintf(q->name, sizeof(q->name), "%s", a->name ? a->name : "(nothing)");
			break;
		}
		if (q->address == a->address && q->space == a->space)
			break;
		q = NULL;
	}
	if (!q)
		p->other++;
	else if (a->is_write)
		q->writes++;
	else
		q->reads++;
}

static void VR_CALL on_access(void *opaque, const struct vr_device_trace_access *a)
{
	struct plugin *p = opaque;

	if (a->space > K_sysreg)
		return;
	pthread_mutex_lock(&p->lock);
	count_place(p, a);
	pthread_mutex_unlock(&p->lock);
	event(p, (enum kind)a->space, a->vcpu, "%s %-12s 0x%llx/%u %s 0x%llx",
	      a->is_write ? "write" : "read ", a->name ? a->name : "(nothing)",
	      (unsigned long long)a->address, a->width, a->is_write ? "<-" : "->",
	      (unsigned long long)a->value);
}

static void VR_CALL on_hypercall(void *opaque, const struct vr_device_trace_hypercall *h)
{
	event(opaque, K_call, h->vcpu, "%u (0x%llx, 0x%llx, 0x%llx, 0x%llx) = 0x%llx%s", h->kind,
	      (unsigned long long)h->before[0], (unsigned long long)h->before[1],
	      (unsigned long long)h->before[2], (unsigned long long)h->before[3],
	      (unsigned long long)h->after[0], h->result < 0 ? " (no such call)" : "");
}

static void VR_CALL on_line(void *opaque, uint32_t vcpu, uint32_t line, uint32_t level)
{
	event(opaque, K_line, vcpu, "%u = %u", line, level);
}

static const struct vr_device_trace the_trace = {
	.size = sizeof(the_trace), .access = on_access, .hypercall = on_hypercall, .line = on_line};

/* ---- the summary -----------------------------------------------------------------------------------------
 */

static int by_count(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	uint64_t n = x->reads + x->writes, m = y->reads + y->writes;

	return n != m ? (n < m ? 1 : -1) : x->address != y->address ? (x->address > y->address ? 1 : -1) : 0;
}

static void summary(struct plugin *p)
{
	char text[160];

	put(p, "---- summary: event, count");
	for (uint32_t k = 0; k < KIND_COUNT; k++) {
		snprintf(text, sizeof(text), "%-8s %12llu", kind_names[k], (unsigned long long)p->count[k]);
		put(p, text);
	}
	snprintf(text, sizeof(text), "runs ended by a kick %llu, power-off %llu, error %llu",
		 (unsigned long long)p->exits[VR_EXIT_KICK], (unsigned long long)p->exits[VR_EXIT_OFF],
		 (unsigned long long)p->exits[VR_EXIT_ERROR]);
	put(p, text);
	put(p, "---- most used addresses: space, address, device, reads, writes");
	qsort(p->place, PLACES, sizeof(p->place[0]), by_count);
	for (uint32_t i = 0; i < PLACES && i < p->top && p->place[i].reads + p->place[i].writes; i++) {
		const struct place *q = &p->place[i];

		snprintf(text, sizeof(text), "%-6s 0x%-10llx %-20s %12llu %12llu", kind_names[q->space],
			 (unsigned long long)q->address, q->name, (unsigned long long)q->reads,
			 (unsigned long long)q->writes);
		put(p, text);
	}
	if (p->other) {
		snprintf(text, sizeof(text), "and %llu accesses elsewhere", (unsigned long long)p->other);
		put(p, text);
	}
	if (p->file)
		fflush(p->file);
}

/* ---- vmrun.accel/1 ---------------------------------------------------------------------------------------
 */

static int32_t VR_CALL vm_create(struct vr_plugin_self *self, const struct vr_vm_config *c,
				 struct vr_vm **out)
{
	struct plugin *p = plugin_of(self);
	struct vm *vm = calloc(1, sizeof(*vm));
	int32_t rc;

	if (!vm)
		return vr_host_error(p->host, VR_E_NOMEM, "trace-accel: out of memory");
	vm->p = p;
	rc = p->trace->set(p->host, &the_trace, p);
	if (rc >= 0) {
		rc = p->inner->vm_create(p->inner_self, c, &vm->inner);
		if (rc < 0)
			p->trace->set(p->host, NULL, NULL);
	}
	if (rc < 0) {
		free(vm);
		return rc;
	}
	*out = (struct vr_vm *)vm;
	return VR_OK;
}

static void VR_CALL vm_destroy(struct vr_vm *handle)
{
	struct vm *vm = vm_of(handle);

	vm->p->inner->vm_destroy(vm->inner);
	vm->p->trace->set(vm->p->host, NULL, NULL);
	summary(vm->p);
	free(vm);
}

static int32_t VR_CALL memory_map(struct vr_vm *handle, uint32_t slot, uint64_t gpa, uint64_t length,
				  void *host, uint32_t flags)
{
	struct vm *vm = vm_of(handle);

	event(vm->p, K_memory, VR_IRQ_SHARED, "slot %u: 0x%llx, 0x%llx bytes%s", slot,
	      (unsigned long long)gpa, (unsigned long long)length,
	      flags & VR_MEM_READONLY ? ", read-only" : "");
	return vm->p->inner->memory_map(vm->inner, slot, gpa, length, host, flags);
}

static int32_t VR_CALL memory_unmap(struct vr_vm *handle, uint32_t slot)
{
	struct vm *vm = vm_of(handle);

	event(vm->p, K_memory, VR_IRQ_SHARED, "slot %u goes", slot);
	return vm->p->inner->memory_unmap(vm->inner, slot);
}

static void VR_CALL memory_written(struct vr_vm *handle, uint64_t gpa, uint64_t length)
{
	struct vm *vm = vm_of(handle);

	event(vm->p, K_memory, VR_IRQ_SHARED, "a device wrote 0x%llx, 0x%llx bytes", (unsigned long long)gpa,
	      (unsigned long long)length);
	vm->p->inner->memory_written(vm->inner, gpa, length);
}

static int32_t VR_CALL vcpu_create(struct vr_vm *handle, uint32_t index, struct vr_vcpu **out)
{
	struct vm *vm = vm_of(handle);
	struct vcpu *v = calloc(1, sizeof(*v));
	int32_t rc;

	if (!v)
		return vr_host_error(vm->p->host, VR_E_NOMEM, "trace-accel: out of memory");
	v->p = vm->p;
	v->index = index;
	rc = v->p->inner->vcpu_create(vm->inner, index, &v->inner);
	if (rc < 0) {
		free(v);
		return rc;
	}
	*out = (struct vr_vcpu *)v;
	return VR_OK;
}

static void VR_CALL vcpu_destroy(struct vr_vcpu *handle)
{
	struct vcpu *v = vcpu_of(handle);

	v->p->inner->vcpu_destroy(v->inner);
	free(v);
}

static int32_t VR_CALL vcpu_run(struct vr_vcpu *handle, struct vr_exit *e)
{
	static const char *const why[] = {"kick", "power-off", "error"};
	struct vcpu *v = vcpu_of(handle);
	struct plugin *p = v->p;
	uint64_t begin = p->timer->now(p->host);
	int32_t rc = p->inner->vcpu_run(v->inner, e);
	uint32_t reason = rc < 0 || e->reason > VR_EXIT_ERROR ? VR_EXIT_ERROR : e->reason;

	pthread_mutex_lock(&p->lock);
	p->exits[reason]++;
	pthread_mutex_unlock(&p->lock);
	event(p, K_run, v->index, "%llu us, ended by %s",
	      (unsigned long long)(p->timer->now(p->host) - begin) / 1000, why[reason]);
	return rc;
}

static void VR_CALL vcpu_kick(struct vr_vcpu *handle)
{
	struct vcpu *v = vcpu_of(handle);

	event(v->p, K_kick, v->index, "kicked");
	v->p->inner->vcpu_kick(v->inner);
}

static void VR_CALL vcpu_set_pin(struct vr_vcpu *handle, uint32_t pin, uint32_t level)
{
	struct vcpu *v = vcpu_of(handle);

	event(v->p, K_pin, v->index, "%u = %u", pin, level);
	v->p->inner->vcpu_set_pin(v->inner, pin, level);
}

static int32_t VR_CALL vcpu_get_state(struct vr_vcpu *handle, const char *id, void *state, uint32_t length)
{
	struct vcpu *v = vcpu_of(handle);
	int32_t rc = v->p->inner->vcpu_get_state(v->inner, id, state, length);

	event(v->p, K_state, v->index, "read  %s, %u bytes%s", id, length, rc < 0 ? ": failed" : "");
	return rc;
}

static int32_t VR_CALL vcpu_set_state(struct vr_vcpu *handle, const char *id, const void *state,
				      uint32_t length)
{
	struct vcpu *v = vcpu_of(handle);
	int32_t rc = v->p->inner->vcpu_set_state(v->inner, id, state, length);

	event(v->p, K_state, v->index, "write %s, %u bytes%s", id, length, rc < 0 ? ": failed" : "");
	return rc;
}

static void VR_CALL vm_reset(struct vr_vm *handle)
{
	struct vm *vm = vm_of(handle);

	event(vm->p, K_state, VR_IRQ_SHARED, "the machine is reset");
	vm->p->inner->vm_reset(vm->inner);
}

static void VR_CALL stats(struct vr_vm *handle, vr_stat_fn fn, void *opaque)
{
	struct vm *vm = vm_of(handle);

	vm->p->inner->stats(vm->inner, fn, opaque);
}

/* ---- vmrun.dirty/1, when the inner accelerator has it
 * ------------------------------------------------------ */

static int32_t VR_CALL dirty_watch(struct vr_vm *handle, uint32_t slot, uint32_t on)
{
	struct vm *vm = vm_of(handle);

	return vm->p->inner_dirty->watch(vm->inner, slot, on);
}

static int32_t VR_CALL dirty_take(struct vr_vm *handle, uint32_t slot, uint64_t *bitmap, uint64_t bytes)
{
	struct vm *vm = vm_of(handle);

	return vm->p->inner_dirty->take(vm->inner, slot, bitmap, bytes);
}

/* ---- life
 * -------------------------------------------------------------------------------------------------- */

static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	struct plugin *p = plugin_of(self);

	if (!VR_HAS(p->trace, set) || !VR_HAS(p->timer, now) || !VR_HAS(p->config, number) ||
	    !VR_HAS(p->files, open))
		return vr_host_error(p->host, VR_E_ABI,
				     "trace-accel needs %s, %s, %s and %s of its host; update vmrun",
				     VR_DEVICE_TRACE_ID, VR_TIMER_ID, VR_CONFIG_ID, VR_FILE_ID);
	if (!VR_HAS(p->log, write))
		p->log = NULL; /* it can do without */
	return VR_OK;
}

static int32_t read_options(struct plugin *p)
{
	const char *events = p->config->string(p->host, "events"), *path = p->config->string(p->host, "log");
	int64_t handle;
	int32_t rc;

	p->limit = 1000000;
	p->top = 20;
	p->config->number(p->host, "limit", &p->limit);
	p->config->number(p->host, "top", &p->top);
	while (events && *events) {
		size_t n = strcspn(events, "+");
		uint32_t k = 0;

		while (k < KIND_COUNT && (strlen(kind_names[k]) != n || memcmp(kind_names[k], events, n)))
			k++;
		if (n == 3 && !memcmp(events, "all", 3))
			p->wanted = ~0u;
		else if (k < KIND_COUNT)
			p->wanted |= 1u << k;
		else
			return vr_host_error(
				p->host, VR_E_CONFIG,
				"trace-accel: events=%s: '%.*s' is no event; there are all, mmio, port, "
				"sysreg, call, line, pin, kick, run, state, memory",
				events, (int)n, events);
		events += n + (events[n] == '+');
	}
	if (!path || !*path)
		return VR_OK;
	rc = p->files->open(p->host, "trace-accel's log", path, VR_FILE_WRITE, &handle);
	if (rc < 0)
		return rc; /* the host has said why */
	p->file = fdopen((int)handle, "w");
	if (p->file)
		return VR_OK;
	close((int)handle);
	return vr_host_error(p->host, VR_E_NOMEM, "trace-accel: out of memory");
}

static int32_t find_inner(struct plugin *p)
{
	const struct vr_host_registry *r = p->host->query(p->host, VR_REGISTRY_ID);
	const char *id = p->config->string(p->host, "accel");
	struct vr_found f = {.size = sizeof(f)};
	const struct vr_accel *a;

	if (!VR_HAS(r, find) || !id || !*id || r->find(p->host, VR_ACCEL_ID, id, 0, &f) < 0)
		return vr_host_error(p->host, VR_E_CONFIG,
				     "trace-accel: there is no accelerator '%s'; name one with accel=ID",
				     id ? id : "");
	a = f.table;
	if (!VR_HAS(a, vm_create) || !VR_HAS(a, vm_destroy) || !VR_HAS(a, memory_map) ||
	    !VR_HAS(a, vcpu_create) || !VR_HAS(a, vcpu_destroy) || !VR_HAS(a, vcpu_run) ||
	    !VR_HAS(a, vcpu_kick) || !VR_HAS(a, vcpu_set_pin) || !VR_HAS(a, vm_reset))
		return vr_host_error(p->host, VR_E_ABI, "trace-accel: accelerator '%s' has no complete %s",
				     id, VR_ACCEL_ID);
	p->inner = a;
	p->inner_self = f.self;
	if (r->find(p->host, VR_DIRTY_ID, id, 0, &f) >= 0 && VR_HAS((const struct vr_dirty *)f.table, take))
		p->inner_dirty = f.table;
	return VR_OK;
}

static int32_t VR_CALL start(struct vr_plugin_self *self)
{
	struct plugin *p = plugin_of(self);
	int32_t rc = find_inner(p);

	if (rc >= 0)
		rc = read_options(p);
	if (rc < 0)
		return rc;
	p->accel.native_arch = VR_HAS(p->inner, native_arch) ? p->inner->native_arch : "";
	/* What the inner one can't do, we can't. */
	if (!VR_HAS(p->inner, memory_unmap))
		p->accel.memory_unmap = NULL;
	if (!VR_HAS(p->inner, memory_written))
		p->accel.memory_written = NULL;
	if (!VR_HAS(p->inner, vcpu_get_state))
		p->accel.vcpu_get_state = NULL;
	if (!VR_HAS(p->inner, vcpu_set_state))
		p->accel.vcpu_set_state = NULL;
	if (!VR_HAS(p->inner, stats))
		p->accel.stats = NULL;
	return VR_OK;
}

static int32_t VR_CALL stop(struct vr_plugin_self *self)
{
	struct plugin *p = plugin_of(self);

	if (p->file)
		fclose(p->file);
	p->file = NULL;
	return VR_OK;
}

static void VR_CALL destroy(struct vr_plugin_self *self)
{
	struct plugin *p = plugin_of(self);

	pthread_mutex_destroy(&p->lock);
	free(p);
}

static const void *VR_CALL query(struct vr_plugin_self *self, const char *id)
{
	struct plugin *p = plugin_of(self);

	if (!strcmp(id, VR_ACCEL_ID))
		return &p->accel;
	return p->inner_dirty && !strcmp(id, VR_DIRTY_ID) ? &p->dirty : NULL;
}

VR_EXPORT const struct vr_magic *VR_CALL vmrun_plugin_magic(void)
{
	static const struct vr_magic magic = VR_MAGIC_INITIALIZER;

	return &magic;
}

VR_EXPORT int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id,
					      const struct vr_plugin **out)
{
	struct plugin *p;

	if (!id || strcmp(id, "trace-accel") != 0)
		return VR_E_NOENT;
	p = calloc(1, sizeof(*p));
	if (!p)
		return vr_host_error(host, VR_E_NOMEM, "trace-accel: out of memory");
	p->host = host;
	p->config = host->query(host, VR_CONFIG_ID);
	p->timer = host->query(host, VR_TIMER_ID);
	p->log = host->query(host, VR_LOG_ID);
	p->trace = host->query(host, VR_DEVICE_TRACE_ID);
	p->files = host->query(host, VR_FILE_ID);
	pthread_mutex_init(&p->lock, NULL);
	p->accel = (struct vr_accel){
		.size = sizeof(p->accel),
		.native_arch = "",
		.vm_create = vm_create,
		.vm_destroy = vm_destroy,
		.memory_map = memory_map,
		.memory_unmap = memory_unmap,
		.memory_written = memory_written,
		.vcpu_create = vcpu_create,
		.vcpu_destroy = vcpu_destroy,
		.vcpu_run = vcpu_run,
		.vcpu_kick = vcpu_kick,
		.vcpu_set_pin = vcpu_set_pin,
		.vcpu_get_state = vcpu_get_state,
		.vcpu_set_state = vcpu_set_state,
		.vm_reset = vm_reset,
		.stats = stats,
	};
	p->dirty = (struct vr_dirty){.size = sizeof(p->dirty), .watch = dirty_watch, .take = dirty_take};
	p->plugin = (struct vr_plugin){
		.size = sizeof(p->plugin),
		.self = (struct vr_plugin_self *)p,
		.probe = probe,
		.start = start,
		.stop = stop,
		.destroy = destroy,
		.query = query,
	};
	*out = &p->plugin;
	return VR_OK;
}
