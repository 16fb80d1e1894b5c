/* SPDX-License-Identifier: MIT */
/* fake_machine.c: the machine, on a fake host. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <criterion/criterion.h>
#include <vmrun/plugin.h>

#include "fake_isa.h"

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

/* A device whose registers read as their address, and that records the accesses. */
static int32_t on_access(struct vr_fake_host *f, uint32_t space, uint32_t vcpu, uint64_t address,
			 uint32_t width, uint32_t is_write, uint64_t *value)
{
	(void)f, (void)vcpu;
	int device = address - FAKE_DEVICE < 0x10000 || (is_write && address - FAKE_ROM < FAKE_ROM_BYTES);

	if (space != VR_SPACE_MMIO || !device)
		return VR_E_NOENT;
	if (!is_write)
		*value = address;
	pthread_mutex_lock(&log_lock);
	if (fake.log_count < sizeof(fake.log) / sizeof(fake.log[0]))
		fake.log[fake.log_count++] = (struct fake_access){
			.address = address, .value = *value, .width = width, .write = is_write};
	pthread_mutex_unlock(&log_lock);
	return VR_OK;
}

static void on_park(struct vr_fake_host *f, uint32_t vcpu, uint64_t deadline)
{
	if (deadline == UINT64_MAX)
		return;
	atomic_fetch_add(&fake.naps, 1);
	pthread_mutex_lock(&f->lock);
	f->vcpu[vcpu].permit = 1;
	pthread_mutex_unlock(&f->lock);
}

static uint8_t *memory(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(p, MAP_FAILED);
	return p;
}

static const struct vr_isa *other_isa;

void fake_use_isa(const struct vr_isa *isa)
{
	other_isa = isa;
}

struct fake_machine *fake_new(uint32_t cpus)
{
	const struct vr_vm_config c = {.size = sizeof(c),
				       .vcpu_count = cpus,
				       .arch = "fake",
				       .isa = other_isa ? other_isa : &fake_isa,
				       .emitter = fake_emit,
				       .translator_id = "fake"};
	const struct vr_plugin *p;
	struct fake_machine *t = &fake;
	struct vr_vm *vm;
	struct vr_vcpu *vcpu;

	t->host = vr_fake_host_new("fake", cpus, FAKE_RAM_BYTES);
	cr_assert(t->host);
	t->host->on_access = on_access;
	t->host->on_park = on_park;
	if (fake_hot)
		vr_fake_host_option(t->host, "hot", fake_hot);
	cr_assert_eq(vmrun_plugin_create(t->host->host, "soft", &p), VR_OK);
	cr_assert_eq(p->probe(p->self), VR_OK);
	t->plugin = p->self;
	t->accel = p->query(p->self, VR_ACCEL_ID);
	t->cpus = cpus;
	t->ram = memory(FAKE_RAM_BYTES);
	t->rom = memory(FAKE_ROM_BYTES);
	cr_assert_eq(t->accel->vm_create(p->self, &c, &vm), VR_OK);
	t->vm = soft_vm_of(vm);
	cr_assert_eq(t->accel->memory_map(vm, 0, FAKE_RAM, FAKE_RAM_BYTES, t->ram, 0), VR_OK);
	cr_assert_eq(t->accel->memory_map(vm, 1, FAKE_ROM, FAKE_ROM_BYTES, t->rom, VR_MEM_READONLY), VR_OK);
	for (uint32_t i = 0; i < cpus; i++) {
		cr_assert_eq(t->accel->vcpu_create(vm, i, &vcpu), VR_OK);
		t->cpu[i] = soft_vcpu_of(vcpu);
	}
	fake_map_global(t, FAKE_CODE, 0, FAKE_RWX, FAKE_RWX);
	fake_map_global(t, FAKE_VECTOR, 1, FAKE_RWX, FAKE_RWX);
	FAKE_LOAD(t, 1, 0, FAKE_STOP);
	if (fake_made)
		fake_made(t);
	return t;
}

void fake_free(struct fake_machine *t)
{
	if (fake_goes)
		fake_goes(t);
	for (uint32_t i = 0; i < t->cpus; i++)
		t->accel->vcpu_destroy((struct vr_vcpu *)t->cpu[i]);
	t->accel->vm_destroy((struct vr_vm *)t->vm);
	munmap(t->ram, FAKE_RAM_BYTES);
	munmap(t->rom, FAKE_ROM_BYTES);
	cr_expect_eq(t->host->finding_count, 0, "%s", t->host->finding[0]);
	vr_fake_host_free(t->host);
}

static uint64_t entry_of(uint64_t page, uint32_t rights, uint32_t user, uint32_t global)
{
	uint64_t pa = page < FAKE_RAM_BYTES / SOFT_PAGE ? FAKE_RAM + page * SOFT_PAGE : page & SOFT_PAGE_MASK;

	return pa | rights | user << 3 | global << 6 | 128;
}

void fake_map(struct fake_machine *t, uint32_t asid, uint64_t va, uint64_t page, uint32_t rights,
	      uint32_t user)
{
	atomic_store(&t->table[asid][va >> 12], entry_of(page, rights, user, 0));
}

void fake_map_global(struct fake_machine *t, uint64_t va, uint64_t page, uint32_t rights, uint32_t user)
{
	for (uint32_t i = 0; i < FAKE_ASIDS; i++)
		atomic_store(&t->table[i][va >> 12], entry_of(page, rights, user, 1));
}

void fake_unmap(struct fake_machine *t, uint32_t asid, uint64_t va)
{
	atomic_store(&t->table[asid][va >> 12], 0);
}

void fake_put(struct fake_machine *t, uint64_t page, uint64_t offset, uint64_t value)
{
	memcpy(fake_page(t, page) + offset, &value, sizeof(value));
}

uint64_t fake_get(struct fake_machine *t, uint64_t page, uint64_t offset)
{
	uint64_t value;

	memcpy(&value, fake_page(t, page) + offset, sizeof(value));
	return value;
}

void fake_load(struct fake_machine *t, uint64_t page, uint64_t offset, const uint64_t *code, uint32_t count)
{
	memcpy(fake_page(t, page) + offset, code, count * sizeof(*code));
	t->accel->memory_written((struct vr_vm *)t->vm, FAKE_RAM + page * SOFT_PAGE + offset,
				 count * sizeof(*code));
}

int32_t fake_go(struct fake_machine *t, uint32_t cpu, uint64_t pc)
{
	struct vr_exit e = {.size = sizeof(e), .reason = VR_EXIT_ERROR};

	t->cpu[cpu]->x->pc = pc;
	int32_t rc = t->accel->vcpu_run((struct vr_vcpu *)t->cpu[cpu], &e);

	return rc < 0 ? rc : (int32_t)e.reason;
}

struct start {
	struct fake_machine *t;
	uint64_t pc;
	uint32_t cpu;
};

static void *run(void *arg)
{
	struct start s = *(struct start *)arg;

	free(arg);
	return (void *)(intptr_t)fake_go(s.t, s.cpu, s.pc);
}

pthread_t fake_start(struct fake_machine *t, uint32_t cpu, uint64_t pc)
{
	struct start *s = malloc(sizeof(*s));
	pthread_t thread_id;

	cr_assert_not_null(s);
	*s = (struct start){.t = t, .pc = pc, .cpu = cpu};
	cr_assert_eq(pthread_create(&thread_id, NULL, run, s), 0);
	return thread_id;
}

struct wanted {
	const char *name;
	uint64_t value;
};

static void VR_CALL note(void *opaque, const char *name, uint32_t kind, uint64_t value)
{
	struct wanted *w = opaque;

	(void)kind;
	if (!strcmp(name, w->name))
		w->value = value;
}

uint64_t fake_counter(struct fake_machine *t, const char *name)
{
	struct wanted w = {.name = name, .value = UINT64_MAX};

	t->accel->stats((struct vr_vm *)t->vm, note, &w);
	return w.value;
}
