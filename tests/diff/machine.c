/* SPDX-License-Identifier: MIT */
/*
 * machine.c: the engine on a fake host: no devices, no time, no interrupts. A hypercall ends the run.
 */
#include <stdio.h>
#include <sys/mman.h>

#include <vmrun/plugin.h>

#include "machine.h"

static const struct vr_accel *accel;
static void *the_vcpu;

static int32_t VR_CALL hypercall(void *opaque, uint32_t vcpu, uint32_t kind, uint64_t *regs)
{
	(void)opaque, (void)vcpu, (void)kind, (void)regs;
	accel->vcpu_kick(the_vcpu);
	return VR_OK;
}

/* Nothing would wake it. */
static void on_park(struct vr_fake_host *f, uint32_t vcpu, uint64_t deadline)
{
	(void)deadline;
	f->vcpu[vcpu].permit = 1;
}

int diff_machine_open(struct diff_machine *m, unsigned tier, const struct vr_isa *isa,
		      const struct vr_emit *emit, uint64_t base, uint64_t bytes)
{
	const struct vr_plugin *p;

	m->host = vr_fake_host_new(isa->arch, 1, bytes);
	if (!m->host)
		return -1;
	m->host->hypercall = hypercall;
	m->host->on_park = on_park;
	vr_fake_host_option(m->host, "tier", (const char *[]){"0", "1", "2"}[tier]);
	vr_fake_host_option(m->host, "hot", "0");
	if (vmrun_plugin_create(m->host->host, "soft", &p) || p->probe(p->self)) {
		fprintf(stderr, "diff: engine error %d: %s\n", m->host->error_code, m->host->error_text);
		return -1;
	}
	accel = m->accel = p->query(p->self, VR_ACCEL_ID);
	const struct vr_vm_config c = {.size = sizeof(c),
				       .vcpu_count = 1,
				       .arch = isa->arch,
				       .isa = isa,
				       .emitter = emit,
				       .translator_id = "xlate"};

	m->bytes = bytes;
	m->ram = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return m->ram == MAP_FAILED || accel->vm_create(p->self, &c, &m->vm) ||
			       accel->memory_map(m->vm, 0, base, bytes, m->ram, 0) ||
			       accel->vcpu_create(m->vm, 0, &m->vcpu)
		       ? -1
		       : 0;
}

int diff_machine_run(struct diff_machine *m)
{
	struct vr_exit x = {.size = sizeof(x)};

	the_vcpu = m->vcpu;
	return accel->vcpu_run(m->vcpu, &x) || x.reason != VR_EXIT_KICK ? -1 : 0;
}

void diff_machine_close(struct diff_machine *m)
{
	accel->vcpu_destroy(m->vcpu);
	accel->vm_destroy(m->vm);
	munmap(m->ram, m->bytes);
	vr_fake_host_free(m->host);
}
