/* SPDX-License-Identifier: MIT */
/*
 * world.c: what world.h declares. An architecture's double.c includes it behind its double.h, and has
 * answer(), which notes a hypercall's registers and puts others into them. It is not compiled by itself.
 */
#include <stdlib.h>
#include <string.h>

struct world w;

static void answer(uint64_t *regs);

/* ---- the engine ------------------------------------------------------------------------------ */

static void VR_CALL context(struct vr_exec *x)
{
	(void)x;
	w.contexts++;
}

static void VR_CALL tlb_flush(struct vr_exec *x, uint32_t kind, uint64_t asid, uint64_t va, uint64_t length,
			      uint32_t broadcast)
{
	(void)x;
	w.flushes++;
	w.flush = (struct flush){
		.kind = kind, .broadcast = broadcast, .asid = asid, .va = va, .length = length};
}

static void VR_CALL sync_all(struct vr_exec *x)
{
	(void)x;
	w.syncs++;
}

static void VR_CALL code_flush(struct vr_exec *x, uint64_t va, uint64_t length)
{
	(void)x;
	w.code_va = va;
	w.code_length = length;
}

static int32_t VR_CALL write_guest(struct vr_exec *x, uint64_t va, uint32_t bytes, uint32_t flags,
				   const void *in)
{
	(void)flags, (void)in, (void)bytes;
	if (w.write_result) {
		x->leave = 1;
		return w.write_result;
	}
	w.written[w.writes++ & 7] = va;
	return 0;
}

static void *VR_CALL ram(struct vr_exec *x, uint64_t pa, uint64_t length)
{
	(void)x;
	if (pa < RAM_BASE || pa - RAM_BASE > WORLD_RAM_SIZE - length)
		return NULL;
	return w.ram + (pa - RAM_BASE);
}

static int32_t VR_CALL exchange(struct vr_exec *x, uint64_t pa, uint64_t expected, uint64_t desired)
{
	uint64_t *word = ram(x, pa, 8);
	void (*before)(uint64_t *) = w.before_exchange;

	w.exchanges++;
	if (word == NULL || w.read_only)
		return VR_E_PERM;
	w.before_exchange = NULL;
	if (before)
		before(word);
	if (*word != expected)
		return 0;
	*word = desired;
	return 1;
}

static void VR_CALL user_access(struct vr_exec *x, uint32_t open)
{
	x->user_open = open;
	w.opens += open;
	w.closes += !open;
}

static int32_t VR_CALL debug_points(struct vr_exec *x, const struct vr_debug_points *points)
{
	(void)x;
	w.point_count = points->count;
	memcpy(w.point, points->point, points->count * sizeof(w.point[0]));
	return VR_OK;
}

static void VR_CALL wait_work(struct vr_exec *x)
{
	(void)x;
	w.waits++;
}

static void VR_CALL yield_cpu(struct vr_exec *x)
{
	(void)x;
	w.yields++;
}

static void VR_CALL kick(struct vr_exec *x)
{
	(void)x;
	__atomic_fetch_add(&w.kicks, 1, __ATOMIC_SEQ_CST);
}

/* ---- the host --------------------------------------------------------------------------------- */

static uint64_t VR_CALL now(const struct vr_host *host)
{
	(void)host;
	return __atomic_load_n(&w.now, __ATOMIC_SEQ_CST);
}

static int32_t VR_CALL timer_create_(const struct vr_host *host, void(VR_CALL *fn)(void *), void *opaque,
				     struct vr_timer **out)
{
	(void)host;
	uint32_t i = w.timers++;
	w.fire[i] = fn;
	w.fire_opaque[i] = opaque;
	w.armed[i] = UINT64_MAX;
	*out = (struct vr_timer *)(void *)&w.armed[i];
	return 0;
}

static void VR_CALL arm(struct vr_timer *t, uint64_t when)
{
	*(uint64_t *)(void *)t = when;
}

static void VR_CALL cancel(struct vr_timer *t)
{
	*(uint64_t *)(void *)t = UINT64_MAX;
}

static void VR_CALL irq_set(const struct vr_host *host, uint32_t vcpu, uint32_t line, uint32_t level)
{
	(void)host, (void)vcpu;
	w.line[line & 31] = level;
	w.line_sets++;
}

static int32_t VR_CALL bus(const struct vr_host *host, uint32_t space, uint32_t vcpu, uint64_t address,
			   uint32_t width, uint32_t is_write, uint64_t *value)
{
	(void)host, (void)vcpu, (void)width;
	if (space != VR_SPACE_SYSREG || address != w.bus_address)
		return VR_E_NOENT;
	if (is_write)
		w.bus_value = *value;
	else
		*value = w.bus_value;
	return 0;
}

static int32_t VR_CALL hypercall(const struct vr_host *host, uint32_t vcpu, uint32_t kind, uint64_t *regs)
{
	(void)host, (void)vcpu;
	w.calls++;
	w.call_kind = kind;
	answer(regs);
	return w.call_result;
}

static const struct vr_host_timer timers = {.size = sizeof(timers),
					    .now = now,
					    .create = timer_create_,
					    .arm = arm,
					    .cancel = cancel,
					    .destroy = cancel};
static const struct vr_host_irq irqs = {.size = sizeof(irqs), .set = irq_set};
static const struct vr_host_mmio mmio = {.size = sizeof(mmio), .access = bus};
static const struct vr_host_machine machine = {.size = sizeof(machine), .hypercall = hypercall};

static const void *VR_CALL query(const struct vr_host *host, const char *id)
{
	(void)host;
	return !strcmp(id, VR_TIMER_ID)     ? (const void *)&timers
	       : !strcmp(id, VR_IRQ_ID)     ? (const void *)&irqs
	       : !strcmp(id, VR_MMIO_ID)    ? (const void *)&mmio
	       : !strcmp(id, VR_MACHINE_ID) ? (const void *)&machine
					    : NULL;
}

static const struct vr_host host = {.size = sizeof(host), .abi_major = 1, .query = query};

/* A fresh world with a vCPU after reset; returns it. */
static struct vr_exec *world_make(const struct vr_isa *isa, uint32_t vcpus)
{
	static struct vr_isa_env env;
	size_t size = (VR_EXEC_STATE + isa->state_size + 63) & ~(size_t)63;

	if (w.x) {
		isa->fini(w.x);
		free(w.x);
	}
	memset(&w, 0, sizeof(w));
	w.bus_address = UINT64_MAX;
	env = (struct vr_isa_env){
		.size = sizeof(env),
		.vcpu_count = vcpus,
		.host = &host,
		.context = context,
		.tlb_flush = tlb_flush,
		.sync = sync_all,
		.code_flush = code_flush,
		.write = write_guest,
		.ram = ram,
		.wait = wait_work,
		.yield = yield_cpu,
		.kick = kick,
		.exchange = exchange,
		.user_access = user_access,
		.debug_points = debug_points,
	};
	w.x = aligned_alloc(64, size);
	memset(w.x, 0, size);
	w.s = (void *)((uint8_t *)w.x + VR_EXEC_STATE);
	if (isa->init(w.x, &env))
		abort();
	isa->reset(w.x);
	w.contexts = w.kicks = w.line_sets = 0;
	return w.x;
}

uint64_t *world_word(uint64_t pa)
{
	return (uint64_t *)(void *)(w.ram + (pa - RAM_BASE));
}

void world_time(uint64_t to)
{
	__atomic_store_n(&w.now, to, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < w.timers; i++)
		if (w.armed[i] <= to) {
			w.armed[i] = UINT64_MAX;
			w.fire[i](w.fire_opaque[i]);
		}
}
