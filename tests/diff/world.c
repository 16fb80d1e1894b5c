/* SPDX-License-Identifier: MIT */
/*
 * world.c: the engine behind a double of the host tables: no devices, no time, no interrupts. A hypercall
 * ends the run.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <vmrun/plugin.h>

#include "../double/codecache.h"
#include "world.h"

static uint64_t the_tier;
static const struct vr_accel *accel;
static void *the_vcpu;
static struct vr_host host;

static void VR_CALL host_error(const struct vr_host *h, int32_t code, const char *text)
{
	(void)h;
	fprintf(stderr, "diff: engine error %d: %s\n", code, text);
}

static int32_t VR_CALL mmio_access(const struct vr_host *h, uint32_t space, uint32_t vcpu, uint64_t address,
				   uint32_t width, uint32_t is_write, uint64_t *value)
{
	(void)h, (void)space, (void)vcpu, (void)address, (void)width, (void)is_write, (void)value;
	return VR_E_NOENT;
}
static const struct vr_host_mmio mmio = {.size = sizeof(mmio), .access = mmio_access};

static uint64_t VR_CALL now(const struct vr_host *h)
{
	(void)h;
	return 0;
}
static int32_t VR_CALL timer_create_(const struct vr_host *h, void(VR_CALL *fn)(void *), void *opaque,
				     struct vr_timer **out)
{
	(void)h, (void)fn, (void)opaque;
	*out = NULL;
	return VR_OK;
}
static void VR_CALL timer_arm(struct vr_timer *t, uint64_t when)
{
	(void)t, (void)when;
}
static void VR_CALL timer_off(struct vr_timer *t)
{
	(void)t;
}
static const struct vr_host_timer timer = {.size = sizeof(timer),
					   .now = now,
					   .wall = now,
					   .create = timer_create_,
					   .arm = timer_arm,
					   .cancel = timer_off,
					   .destroy = timer_off};

static void VR_CALL park(const struct vr_host *h, uint32_t vcpu, uint64_t deadline)
{
	(void)h, (void)vcpu, (void)deadline;
}
static void VR_CALL unpark(const struct vr_host *h, uint32_t vcpu)
{
	(void)h, (void)vcpu;
}
static const struct vr_host_thread thread = {.size = sizeof(thread), .park = park, .unpark = unpark};

static void VR_CALL irq_set(const struct vr_host *h, uint32_t vcpu, uint32_t line, uint32_t level)
{
	(void)h, (void)vcpu, (void)line, (void)level;
}
static void VR_CALL pin_set(const struct vr_host *h, uint32_t vcpu, uint32_t pin, uint32_t level)
{
	(void)h, (void)vcpu, (void)pin, (void)level;
}
static const struct vr_host_irq irq = {.size = sizeof(irq), .set = irq_set, .set_pin = pin_set};

static int32_t VR_CALL hypercall(const struct vr_host *h, uint32_t vcpu, uint32_t kind, uint64_t *regs)
{
	(void)h, (void)vcpu, (void)kind, (void)regs;
	accel->vcpu_kick(the_vcpu);
	return VR_OK;
}
static const struct vr_host_machine machine = {.size = sizeof(machine), .hypercall = hypercall};

static const char *VR_CALL config_string(const struct vr_host *h, const char *name)
{
	(void)h, (void)name;
	return NULL;
}
static int32_t VR_CALL config_number(const struct vr_host *h, const char *name, uint64_t *out)
{
	(void)h;
	if (strcmp(name, "tier"))
		return VR_E_NOENT;
	*out = the_tier;
	return VR_OK;
}
static const struct vr_host_config config = {
	.size = sizeof(config), .string = config_string, .number = config_number};

static const void *VR_CALL host_query(const struct vr_host *h, const char *id)
{
	static const struct {
		const char *id;
		const void *table;
	} tables[] = {
		{VR_MMIO_ID, &mmio},           {VR_TIMER_ID, &timer}, {VR_THREAD_ID, &thread},
		{VR_CODECACHE_ID, &codecache}, {VR_IRQ_ID, &irq},     {VR_CONFIG_ID, &config},
		{VR_MACHINE_ID, &machine},
	};

	(void)h;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (!strcmp(tables[i].id, id))
			return tables[i].table;
	return NULL;
}

int diff_world_open(struct diff_world *w, unsigned tier, const struct vr_isa *isa, const struct vr_emit *emit,
		    uint64_t base, uint64_t bytes)
{
	/* The engine keeps it for as long as the machine lives. */
	static struct vr_translator translator;
	const struct vr_plugin *p;

	translator = (struct vr_translator){.size = sizeof(translator), .isa = isa, .emit = emit};
	the_tier = tier;
	host = (struct vr_host){
		.size = sizeof(host), .abi_major = 1, .query = host_query, .error = host_error};
	if (vmrun_plugin_create(&host, "soft", &p) || p->probe(p->self))
		return -1;
	accel = w->accel = p->query(p->self, VR_ACCEL_ID);
	const struct vr_vm_config c = {.size = sizeof(c),
				       .vcpu_count = 1,
				       .arch = isa->arch,
				       .translator = &translator,
				       .translator_id = "xlate"};

	w->bytes = bytes;
	w->ram = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return w->ram == MAP_FAILED || accel->vm_create(p->self, &c, &w->vm) ||
			       accel->memory_map(w->vm, 0, base, bytes, w->ram, 0) ||
			       accel->vcpu_create(w->vm, 0, &w->vcpu)
		       ? -1
		       : 0;
}

int diff_world_run(struct diff_world *w)
{
	struct vr_exit x = {.size = sizeof(x)};

	the_vcpu = w->vcpu;
	return accel->vcpu_run(w->vcpu, &x) || x.reason != VR_EXIT_KICK ? -1 : 0;
}

void diff_world_close(struct diff_world *w)
{
	accel->vcpu_destroy(w->vcpu);
	accel->vm_destroy(w->vm);
	munmap(w->ram, w->bytes);
}
