/* SPDX-License-Identifier: MIT */
/* psci.c: Arm Power State Coordination Interface 1.1 (Arm DEN 0022, chapter 5), called by HVC. */
#include "psci.h"

#include "cpu.h"
#include "gic.h"

#define CONDUIT_HVC 0u

/* Of CPU_SUSPEND: bits 15:0 of power_state are the platform's; level 0, bits 25:24, is a core (5.4.2,
 * original format). */
#define POWER_STATE_VALID 0x1ffffu
#define POWER_STATE_DOWN (1u << 16)

typedef int64_t (*psci_fn)(struct psci *p, uint32_t vcpu, const uint64_t *args);

/* The vCPU whose MPIDR affinity is `target`, or GIC_NO_CPU. */
static uint32_t find(const struct psci *p, uint64_t target)
{
	for (uint32_t i = 0; i < p->vcpu_count; i++)
		if (gic_affinity(i) == target)
			return i;
	return GIC_NO_CPU;
}

static int64_t version(struct psci *p, uint32_t vcpu, const uint64_t *args)
{
	(void)p;
	(void)vcpu;
	(void)args;
	return 0x00010001;
}

static int64_t cpu_off(struct psci *p, uint32_t vcpu, const uint64_t *args)
{
	(void)args;
	return p->t->machine->vcpu_power(p->t->host, vcpu, 0) < 0 ? PSCI_INTERNAL_FAILURE : PSCI_SUCCESS;
}

static bool is_entry(const struct psci *p, uint64_t entry)
{
	return !(entry & 3) && vr_tables_is_ram(p->t, entry, 4);
}

static int64_t cpu_on(struct psci *p, uint32_t vcpu, const uint64_t *args)
{
	const struct vr_host_machine *machine = p->t->machine;
	uint32_t target = find(p, args[0]);
	uint64_t entry = args[1], context = args[2];
	int64_t result = PSCI_SUCCESS;

	(void)vcpu;
	if (target == GIC_NO_CPU)
		return PSCI_INVALID_PARAMETERS;
	if (!is_entry(p, entry))
		return PSCI_INVALID_ADDRESS;
	pthread_mutex_lock(&p->lock);
	if (machine->vcpu_is_on(p->t->host, target)) {
		result = PSCI_ALREADY_ON;
	} else if (cpu_enter(p->t, target, p->vcpu_count, entry, context, 1) < 0) {
		result = PSCI_INTERNAL_FAILURE;
	} else {
		gic_cpu_start(p->gic, target);
		if (machine->vcpu_power(p->t->host, target, 1) < 0)
			result = PSCI_INTERNAL_FAILURE;
	}
	pthread_mutex_unlock(&p->lock);
	return result;
}

/*
 * 5.4: a core sleeps until an interrupt comes for it, masked or not, as in WFI. After a standby state it goes
 * on after the call; after a power-down state at the entry point, with the context id. It never was off for
 * the others (5.7), and its timers went on: the device tree calls them always-on.
 */
static int32_t cpu_suspend(const struct psci *p, uint32_t awake, const uint64_t *args, uint64_t *regs)
{
	uint32_t state = (uint32_t)args[0];

	if (state & ~POWER_STATE_VALID) {
		regs[0] = (uint64_t)PSCI_INVALID_PARAMETERS;
		return VR_OK;
	}
	if ((state & POWER_STATE_DOWN) && !is_entry(p, args[1])) {
		regs[0] = (uint64_t)PSCI_INVALID_ADDRESS;
		return VR_OK;
	}
	if (!awake)
		return VR_HYPERCALL_WAIT;
	regs[0] = PSCI_SUCCESS;
	if (!(state & POWER_STATE_DOWN))
		return VR_OK;
	regs[0] = args[2];
	regs[1] = args[1];
	return VR_HYPERCALL_ENTER;
}

/* 5.7: on (0) when any core of the named affinity instance is on, else off (1). */
static int64_t affinity_info(struct psci *p, uint32_t vcpu, const uint64_t *args)
{
	uint64_t level = args[1], mask;
	int64_t result = PSCI_INVALID_PARAMETERS;

	(void)vcpu;
	if (level > 3)
		return PSCI_INVALID_PARAMETERS;
	/* Aff3 is bits 39:32 of the argument. */
	mask = level == 3 ? 0xff00000000ull : (0xff00ffffffull & ~((1ull << 8 * level) - 1));
	for (uint32_t i = 0; i < p->vcpu_count; i++) {
		if ((gic_affinity(i) & mask) != (args[0] & mask))
			continue;
		if (p->t->machine->vcpu_is_on(p->t->host, i))
			return 0;
		result = 1;
	}
	return result;
}

static int64_t migrate_info_type(struct psci *p, uint32_t vcpu, const uint64_t *args)
{
	(void)p;
	(void)vcpu;
	(void)args;
	return 2; /* no Trusted OS that would need migration */
}

static int64_t system_off(struct psci *p, uint32_t vcpu, const uint64_t *args)
{
	(void)vcpu;
	(void)args;
	p->t->machine->power(p->t->host, VR_POWER_OFF, 0);
	return PSCI_SUCCESS;
}

static int64_t system_reset(struct psci *p, uint32_t vcpu, const uint64_t *args)
{
	(void)vcpu;
	(void)args;
	p->t->machine->power(p->t->host, VR_POWER_RESET, 0);
	return PSCI_SUCCESS;
}

/* SYSTEM_RESET2: type 0 is the architectural warm reset; the vendor's (bit 31) are not there. */
static int64_t system_reset2(struct psci *p, uint32_t vcpu, const uint64_t *args)
{
	return (uint32_t)args[0] ? PSCI_INVALID_PARAMETERS : system_reset(p, vcpu, args);
}

static int64_t features(struct psci *p, uint32_t vcpu, const uint64_t *args);

static const struct {
	uint32_t id;
	uint32_t has_64bit;
	psci_fn fn;
} calls[] = {
	{PSCI_VERSION, 0, version},
	{PSCI_CPU_SUSPEND, 1, NULL}, /* its answer is more than a number: cpu_suspend() */
	{PSCI_CPU_OFF, 0, cpu_off},
	{PSCI_CPU_ON, 1, cpu_on},
	{PSCI_AFFINITY_INFO, 1, affinity_info},
	{PSCI_MIGRATE_INFO_TYPE, 0, migrate_info_type},
	{PSCI_SYSTEM_OFF, 0, system_off},
	{PSCI_SYSTEM_RESET, 0, system_reset},
	{PSCI_FEATURES, 0, features},
	{PSCI_SYSTEM_RESET2, 1, system_reset2},
};

/* The row of a call, or the number of rows: there is none. */
#define CALLS (sizeof(calls) / sizeof(calls[0]))
static size_t lookup(uint32_t id)
{
	size_t i = 0;

	while (i < CALLS && calls[i].id != id && !(calls[i].has_64bit && (calls[i].id | PSCI_64BIT) == id))
		i++;
	return i;
}

static int64_t features(struct psci *p, uint32_t vcpu, const uint64_t *args)
{
	(void)p;
	(void)vcpu;
	/* Zero: no optional features (CPU_SUSPEND: the original format of power_state). */
	return lookup((uint32_t)args[0]) < CALLS ? 0 : PSCI_NOT_SUPPORTED;
}

/* There is no EL3: an SMC is undefined (VR_E_NOENT). Of HVC every unknown function gets the answer that
 * the SMC calling convention (Arm DEN 0028, 5.2) wants for unknown functions. */
static int32_t VR_CALL hypercall(void *opaque, uint32_t vcpu, uint32_t kind, uint64_t *regs)
{
	struct psci *p = opaque;
	uint32_t id = (uint32_t)regs[0];
	uint64_t args[3] = {regs[1], regs[2], regs[3]};
	size_t row = lookup(id);

	if ((kind & ~VR_HYPERCALL_AWAKE) != CONDUIT_HVC)
		return VR_E_NOENT;
	if (!(id & PSCI_64BIT))
		for (int i = 0; i < 3; i++)
			args[i] = (uint32_t)args[i];
	if (row < CALLS && !calls[row].fn)
		return cpu_suspend(p, kind & VR_HYPERCALL_AWAKE, args, regs);
	regs[0] = (uint64_t)(row < CALLS ? calls[row].fn(p, vcpu, args) : PSCI_NOT_SUPPORTED);
	return VR_OK;
}

int32_t psci_init(struct psci *p, const struct vr_tables *t, struct gic *gic, uint32_t vcpu_count)
{
	p->t = t;
	p->gic = gic;
	p->vcpu_count = vcpu_count;
	pthread_mutex_init(&p->lock, NULL);
	return t->machine->set_hypercall(t->host, hypercall, p);
}

void psci_fini(struct psci *p)
{
	if (p->t)
		pthread_mutex_destroy(&p->lock);
}
