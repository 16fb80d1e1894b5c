/* SPDX-License-Identifier: MIT */
/*
 * engine.c: runs cases on soft's object code with the riscv64 translator, Bare, in U-mode. A case's EBREAK or
 * illegal instruction goes to S-mode's vector, whose ECALL reaches the double's hypercall, which ends the
 * run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <emit/x86/x86.h>
#include <isa/riscv64/isa.h>
#include <vmrun/accel.h>
#include <vmrun/plugin.h>
#include <vmrun/state_riscv64.h>

#include "engine.h"

struct diff_engine {
	void *vm, *vcpu;
	uint8_t *ram;
};

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

static int32_t VR_CALL code_create(const struct vr_host *h, uint64_t length, struct vr_code_memory *out)
{
	(void)h;
	void *p = mmap(NULL, length, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return VR_E_NOMEM;
	out->write = out->execute = p;
	out->length = length;
	return VR_OK;
}
static void VR_CALL code_destroy(const struct vr_host *h, struct vr_code_memory *m)
{
	(void)h;
	munmap(m->write, m->length);
}
static void VR_CALL code_begin(const struct vr_host *h, const struct vr_code_memory *m)
{
	(void)h, (void)m;
}
static void VR_CALL code_end(const struct vr_host *h, const struct vr_code_memory *m, uint64_t offset,
			     uint64_t length)
{
	(void)h, (void)m, (void)offset, (void)length;
}
static const struct vr_host_codecache codecache = {.size = sizeof(codecache),
						   .create = code_create,
						   .destroy = code_destroy,
						   .begin_write = code_begin,
						   .end_write = code_end};

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

struct diff_engine *diff_engine_new(unsigned tier)
{
	static const struct vr_translator translator = {
		.size = sizeof(translator), .isa = &rv_isa, .emit = &x86_emit};
	struct diff_engine *e = calloc(1, sizeof(*e));
	const struct vr_plugin *p;

	the_tier = tier;
	host = (struct vr_host){
		.size = sizeof(host), .abi_major = 1, .query = host_query, .error = host_error};
	if (!e || vmrun_plugin_create(&host, "soft", &p) || p->probe(p->self))
		return NULL;
	accel = p->query(p->self, VR_ACCEL_ID);
	const struct vr_vm_config c = {.size = sizeof(c),
				       .vcpu_count = 1,
				       .arch = "riscv64",
				       .translator = &translator,
				       .translator_id = "xlate"};

	e->ram = mmap(NULL, DIFF_RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (e->ram == MAP_FAILED || accel->vm_create(p->self, &c, &e->vm) ||
	    accel->memory_map(e->vm, 0, DIFF_RAM, DIFF_RAM_BYTES, e->ram, 0) ||
	    accel->vcpu_create(e->vm, 0, &e->vcpu))
		return NULL;
	static const uint32_t code[2] = {0x00000073, 0x0000006f}; /* ECALL; J . */

	memcpy(e->ram + (DIFF_VECTORS - DIFF_RAM), code, sizeof(code));
	return e;
}

static uint64_t csr(const struct vr_state_riscv64 *s, uint32_t id)
{
	for (uint32_t i = 0; i < s->csr_count; i++)
		if (s->csr[i].id == id)
			return s->csr[i].value;
	return 0;
}

static void set(struct vr_state_riscv64 *s, uint32_t id, uint64_t value)
{
	s->csr[s->csr_count].id = id;
	s->csr[s->csr_count++].value = value;
}

#define CSR_STVEC 0x105
#define CSR_SEPC 0x141
#define CSR_SCAUSE 0x142
#define CSR_MSTATUS 0x300
#define CSR_MEDELEG 0x302

int diff_engine_run(struct diff_engine *e, const struct diff_case *c, struct diff_result *r)
{
	static struct vr_state_riscv64 s;
	uint64_t code = DIFF_CODE - DIFF_RAM;

	the_vcpu = e->vcpu;
	memset(e->ram + (DIFF_CODE_PAGE - DIFF_RAM), 0, DIFF_CODE_BYTES);
	memcpy(e->ram + code, c->code, c->halves * 2);
	accel->memory_written(e->vm, DIFF_CODE_PAGE, DIFF_CODE_BYTES);
	memset(e->ram + (DIFF_DATA - DIFF_RAM), 0, DIFF_DATA_BYTES);
	diff_fill((uint64_t *)(void *)(e->ram + (DIFF_WINDOW - DIFF_RAM)), c->memory_seed);

	memset(&s, 0, sizeof(s));
	s.size = sizeof(s);
	memcpy(s.x, c->x, sizeof(s.x));
	memcpy(s.f, c->f, sizeof(s.f));
	s.pc = DIFF_CODE;
	s.fcsr = c->fcsr;
	s.powered_on = 1;
	s.reservation_address = UINT64_MAX;
	set(&s, CSR_STVEC, DIFF_VECTORS);
	set(&s, CSR_MEDELEG, VR_RISCV_S_MEDELEG);
	set(&s, CSR_MSTATUS, 3u << 13); /* FS */
	if (accel->vcpu_set_state(e->vcpu, VR_STATE_RISCV64_ID, &s, sizeof(s)))
		return -1;
	struct vr_exit x = {.size = sizeof(x)};

	if (accel->vcpu_run(e->vcpu, &x) || x.reason != VR_EXIT_KICK)
		return -1;
	memset(&s, 0, sizeof(s));
	s.size = sizeof(s);
	if (accel->vcpu_get_state(e->vcpu, VR_STATE_RISCV64_ID, &s, sizeof(s)))
		return -1;
	memset(r, 0, sizeof(*r));
	memcpy(r->x, s.x, sizeof(r->x));
	memcpy(r->f, s.f, sizeof(r->f));
	r->fcsr = s.fcsr;
	r->stop = (uint32_t)((csr(&s, CSR_SEPC) - DIFF_CODE) / 2);
	uint64_t cause = csr(&s, CSR_SCAUSE);

	r->why = cause == 3 ? 1 : cause == 2 ? 2 : cause == 8 ? 4 : 3;
	r->hash = diff_hash((const uint64_t *)(const void *)(e->ram + (DIFF_WINDOW - DIFF_RAM)));
	return 0;
}

void diff_engine_free(struct diff_engine *e)
{
	accel->vcpu_destroy(e->vcpu);
	accel->vm_destroy(e->vm);
	munmap(e->ram, DIFF_RAM_BYTES);
	free(e);
}
