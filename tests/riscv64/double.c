/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include "double.h"

struct world w;

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
	w.flush.kind = kind;
	w.flush.broadcast = broadcast;
	w.flush.asid = asid;
	w.flush.va = va;
	w.flush.length = length;
}

static void VR_CALL sync_all(struct vr_exec *x)
{
	(void)x;
	w.syncs++;
}

static void VR_CALL code_flush(struct vr_exec *x, uint64_t va, uint64_t length)
{
	(void)x, (void)va, (void)length;
}

static void *VR_CALL ram(struct vr_exec *x, uint64_t pa, uint64_t length)
{
	(void)x;
	if (pa < RAM_BASE || pa - RAM_BASE > RAM_SIZE - length)
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
	w.kicks++;
}

static uint64_t VR_CALL now(const struct vr_host *host)
{
	(void)host;
	return w.now;
}

static int32_t VR_CALL timer_create_(const struct vr_host *host, void(VR_CALL *fn)(void *), void *opaque,
				     struct vr_timer **out)
{
	(void)host;
	w.fire = fn;
	w.fire_opaque = opaque;
	w.armed = UINT64_MAX;
	*out = (struct vr_timer *)(void *)&w.armed;
	return 0;
}

static void VR_CALL arm(struct vr_timer *t, uint64_t when)
{
	(void)t;
	w.armed = when;
}

static void VR_CALL cancel(struct vr_timer *t)
{
	(void)t;
	w.armed = UINT64_MAX;
}

static int32_t VR_CALL bus(const struct vr_host *host, uint32_t space, uint32_t vcpu, uint64_t address,
			   uint32_t width, uint32_t is_write, uint64_t *value)
{
	(void)host, (void)space, (void)vcpu, (void)address, (void)width, (void)is_write, (void)value;
	return VR_E_NOENT;
}

static int32_t VR_CALL hypercall(const struct vr_host *host, uint32_t vcpu, uint32_t kind, uint64_t *regs)
{
	(void)host, (void)vcpu, (void)kind;
	w.calls++;
	memcpy(w.call_regs, regs, sizeof(w.call_regs));
	regs[0] = 0;
	regs[1] = 0x1234;
	return w.call_result;
}

static const struct vr_host_timer timers = {.size = sizeof(timers),
					    .now = now,
					    .create = timer_create_,
					    .arm = arm,
					    .cancel = cancel,
					    .destroy = cancel};
static const struct vr_host_mmio mmio = {.size = sizeof(mmio), .access = bus};
static const struct vr_host_machine machine = {.size = sizeof(machine), .hypercall = hypercall};

static const void *VR_CALL query(const struct vr_host *host, const char *id)
{
	(void)host;
	return !strcmp(id, VR_TIMER_ID)     ? (const void *)&timers
	       : !strcmp(id, VR_MMIO_ID)    ? (const void *)&mmio
	       : !strcmp(id, VR_MACHINE_ID) ? (const void *)&machine
					    : NULL;
}

static const struct vr_host host = {.size = sizeof(host), .abi_major = 1, .query = query};

struct vr_exec *world_new(void)
{
	static struct vr_isa_env env;
	size_t size = (VR_EXEC_STATE + sizeof(struct rv_state) + 63) & ~(size_t)63;
	if (w.x) {
		rv_fini(w.x);
		free(w.x);
	}
	memset(&w, 0, sizeof(w));
	env = (struct vr_isa_env){
		.size = sizeof(env),
		.vcpu_count = 1,
		.host = &host,
		.context = context,
		.tlb_flush = tlb_flush,
		.sync = sync_all,
		.code_flush = code_flush,
		.ram = ram,
		.wait = wait_work,
		.yield = yield_cpu,
		.kick = kick,
		.exchange = exchange,
		.user_access = user_access,
	};
	w.x = aligned_alloc(64, size);
	memset(w.x, 0, size);
	w.s = rv_of(w.x);
	if (rv_init(w.x, &env))
		abort();
	rv_reset(w.x);
	/* As firmware leaves it: all of memory is S-mode's. */
	csr_write(PMPADDR0, ~0ull);
	csr_write(PMPCFG0, RV_PMP_OPEN);
	w.flushes = 0;
	w.contexts = w.kicks = 0;
	return w.x;
}

uint64_t *world_word(uint64_t pa)
{
	return (uint64_t *)(void *)(w.ram + (pa - RAM_BASE));
}

void world_time(uint64_t to)
{
	w.now = to;
	if (w.armed <= to) {
		w.armed = UINT64_MAX;
		w.fire(w.fire_opaque);
	}
}
