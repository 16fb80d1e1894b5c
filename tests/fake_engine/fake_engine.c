/* SPDX-License-Identifier: MIT */
/*
 * fake_engine.c: what fake_engine.h declares. An architecture's fake.c includes it after its fake.h, and has
 * answer(), which notes a hypercall's registers and puts others into them. It is not compiled by itself.
 */
#include <stdlib.h>
#include <string.h>

struct fake_engine fake;

static void answer(uint64_t *regs);

/* ---- the engine ------------------------------------------------------------------------------ */

static void VR_CALL context(struct vr_exec *x)
{
	(void)x;
	fake.contexts++;
}

static void VR_CALL tlb_flush(struct vr_exec *x, uint32_t kind, uint64_t asid, uint64_t va, uint64_t length,
			      uint32_t broadcast)
{
	(void)x;
	fake.flushes++;
	fake.flush = (struct flush){
		.kind = kind, .broadcast = broadcast, .asid = asid, .va = va, .length = length};
}

static void VR_CALL sync_all(struct vr_exec *x)
{
	(void)x;
	fake.syncs++;
}

static void VR_CALL code_flush(struct vr_exec *x, uint64_t va, uint64_t length)
{
	(void)x;
	fake.code_va = va;
	fake.code_length = length;
}

static int32_t VR_CALL write_guest(struct vr_exec *x, uint64_t va, uint32_t bytes, uint32_t flags,
				   const void *in)
{
	(void)flags, (void)in, (void)bytes;
	if (fake.write_result) {
		x->leave = 1;
		return fake.write_result;
	}
	fake.written[fake.writes++ & 7] = va;
	return 0;
}

static void *VR_CALL ram(struct vr_exec *x, uint64_t pa, uint64_t length)
{
	(void)x;
	if (pa < RAM_BASE || pa - RAM_BASE > FAKE_RAM_SIZE - length)
		return NULL;
	return fake.ram + (pa - RAM_BASE);
}

static int32_t VR_CALL exchange(struct vr_exec *x, uint64_t pa, uint64_t expected, uint64_t desired)
{
	uint64_t *word = ram(x, pa, 8);
	void (*before)(uint64_t *) = fake.before_exchange;

	fake.exchanges++;
	if (word == NULL || fake.read_only)
		return VR_E_PERM;
	fake.before_exchange = NULL;
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
	fake.opens += open;
	fake.closes += !open;
}

static int32_t VR_CALL debug_points(struct vr_exec *x, const struct vr_debug_points *points)
{
	(void)x;
	fake.point_count = points->count;
	memcpy(fake.point, points->point, points->count * sizeof(fake.point[0]));
	return VR_OK;
}

static void VR_CALL wait_work(struct vr_exec *x)
{
	(void)x;
	fake.waits++;
}

static void VR_CALL yield_cpu(struct vr_exec *x)
{
	(void)x;
	fake.yields++;
}

static void VR_CALL kick(struct vr_exec *x)
{
	(void)x;
	__atomic_fetch_add(&fake.kicks, 1, __ATOMIC_SEQ_CST);
}

/* ---- the host --------------------------------------------------------------------------------- */

static uint64_t VR_CALL now(const struct vr_host *host)
{
	(void)host;
	return __atomic_load_n(&fake.now, __ATOMIC_SEQ_CST);
}

static int32_t VR_CALL timer_create_(const struct vr_host *host, void(VR_CALL *fn)(void *), void *opaque,
				     struct vr_timer **out)
{
	(void)host;
	uint32_t i = fake.timers++;
	fake.fire[i] = fn;
	fake.fire_opaque[i] = opaque;
	fake.armed[i] = UINT64_MAX;
	*out = (struct vr_timer *)(void *)&fake.armed[i];
	return 0;
}

static void VR_CALL arm(const struct vr_host *host, struct vr_timer *t, uint64_t when)
{
	(void)host;
	*(uint64_t *)(void *)t = when;
}

static void VR_CALL cancel(const struct vr_host *host, struct vr_timer *t)
{
	(void)host;
	*(uint64_t *)(void *)t = UINT64_MAX;
}

static void VR_CALL irq_set(const struct vr_host *host, uint32_t vcpu, uint32_t line, uint32_t level)
{
	(void)host, (void)vcpu;
	fake.line[line & 31] = level;
	fake.line_sets++;
}

static int32_t VR_CALL bus(const struct vr_host *host, uint32_t space, uint32_t vcpu, uint64_t address,
			   uint32_t width, uint32_t is_write, uint64_t *value)
{
	(void)host, (void)vcpu, (void)width;
	if (space != VR_SPACE_SYSREG || address != fake.bus_address)
		return VR_E_NOENT;
	if (is_write)
		fake.bus_value = *value;
	else
		*value = fake.bus_value;
	return 0;
}

static int32_t VR_CALL hypercall(const struct vr_host *host, uint32_t vcpu, uint32_t kind, uint64_t *regs)
{
	(void)host, (void)vcpu;
	fake.calls++;
	fake.call_kind = kind;
	answer(regs);
	return fake.call_result;
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

/* A fresh engine with a vCPU after reset; returns it. */
static struct vr_exec *fake_engine_make(const struct vr_isa *isa, uint32_t vcpus)
{
	static struct vr_isa_env env;
	size_t size = (VR_EXEC_STATE + isa->state_size + 63) & ~(size_t)63;

	const struct vr_isa_config config = {.size = sizeof(config), .vcpu_count = vcpus, .host = &host};
	struct vr_isa_vm *vm;

	if (fake.x) {
		isa->fini(fake.x);
		free(fake.x);
		isa->destroy(fake.vm);
	}
	memset(&fake, 0, sizeof(fake));
	fake.bus_address = UINT64_MAX;
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
	fake.x = aligned_alloc(64, size);
	memset(fake.x, 0, size);
	fake.s = (void *)((uint8_t *)fake.x + VR_EXEC_STATE);
	if (isa->create(NULL, &config, &vm) || isa->init(vm, fake.x, &env))
		abort();
	fake.vm = vm;
	isa->reset(fake.x);
	fake.contexts = fake.kicks = fake.line_sets = 0;
	return fake.x;
}

uint64_t *fake_word(uint64_t pa)
{
	return (uint64_t *)(void *)(fake.ram + (pa - RAM_BASE));
}

void fake_time(uint64_t to)
{
	__atomic_store_n(&fake.now, to, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < fake.timers; i++)
		if (fake.armed[i] <= to) {
			fake.armed[i] = UINT64_MAX;
			fake.fire[i](fake.fire_opaque[i]);
		}
}
