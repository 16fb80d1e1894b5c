/* SPDX-License-Identifier: MIT */
#include "fake.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmrun/notify.h>

#include <vmrun/isa.h>

#include "common/error.h"

const char *fake_kernel = "OTHR kernel";
int32_t fake_boot_result;
bool fake_image_is_disk;
uint32_t fake_boots;
uint32_t (*fake_program)(uint32_t vcpu);
const struct vr_host *fake_host;
_Atomic uint64_t fake_pins[4];
_Atomic uint32_t fake_vm_resets, fake_board_resets, fake_loads, fake_alive;
_Atomic uint64_t fake_written;
char fake_cmdline[4096];
void (*fake_on_vm_create)(void), (*fake_on_vm_reset)(void), (*fake_on_board_reset)(void);
bool fake_notify;
int32_t fake_doorbell_result;
_Atomic uint32_t fake_doorbells;

#define MOST 16u
static struct loaded_plugin plugins[MOST];
static struct vr_manifest manifests[MOST];
static struct vr_plugin tables[MOST];
static uint32_t count;
static struct plugin_host host;

/* ---- the registry ---------------------------------------------------------------------------- */
struct offer {
	const char *id;
	const void *table;
};
static struct offer offers[16];
static uint32_t offer_count;

void registry_offer(struct registry *r, const char *id, const void *table)
{
	(void)r;
	offers[offer_count % 16] = (struct offer){id, table};
	offer_count++;
}

void registry_set_machine(struct registry *r, struct machine *m)
{
	(void)r;
	host.machine = m;
	fake_host = &host.host;
}

uint32_t registry_count(const struct registry *r)
{
	(void)r;
	return count;
}

struct loaded_plugin *registry_at(struct registry *r, uint32_t i)
{
	(void)r;
	return i < count ? &plugins[i] : NULL;
}

struct loaded_plugin *registry_by_id(struct registry *r, const char *id)
{
	(void)r;
	for (uint32_t i = 0; i < count; i++)
		if (!strcmp(plugins[i].manifest->id, id))
			return &plugins[i];
	return NULL;
}

const char *registry_library(struct loaded_plugin *p)
{
	(void)p;
	return NULL; /* they are linked */
}

int32_t registry_probe(struct registry *r, struct loaded_plugin *p)
{
	(void)r;
	return p->probe_result < 0 ? vr_error_set(p->probe_result, "%s", p->probe_text) : VR_OK;
}

int32_t registry_start(struct registry *r, struct loaded_plugin *p)
{
	int32_t rc = registry_probe(r, p);

	p->started = rc == VR_OK;
	return rc;
}

static const char *option; /* the only one there is */

const char *registry_option_value(const struct registry *r, const struct loaded_plugin *p, const char *name)
{
	(void)r, (void)p, (void)name;
	return option;
}

int32_t registry_option(struct registry *r, struct loaded_plugin *p, const char *name, const char *value)
{
	(void)r, (void)p, (void)name;
	option = value;
	return VR_OK;
}

struct loaded_plugin *fake_add(const char *id, enum vr_plugin_class class_id, const char *guest,
			       const char *on)
{
	struct vr_manifest *m = &manifests[count];
	struct loaded_plugin *p = &plugins[count];

	m->id = strdup(id);
	m->class_id = class_id;
	m->guest = calloc(2, sizeof(char *));
	m->guest[0] = guest ? strdup(guest) : NULL;
	m->host = calloc(2, sizeof(char *));
	m->host[0] = on ? strdup(on) : NULL;
	p->manifest = m;
	p->plugin = &tables[count];
	count++;
	return p;
}

void fake_image(struct loaded_plugin *board, const char *bytes)
{
	struct vr_manifest *m = board->manifest;

	m->images = calloc(1, sizeof(*m->images));
	m->image_count = 1;
	m->images[0].length = (uint32_t)strlen(bytes);
	memcpy(m->images[0].bytes, bytes, strlen(bytes));
}

void fake_break(struct loaded_plugin *p, const char *why)
{
	p->probe_result = VR_E_UNSUPPORTED;
	p->probe_text = strdup(why);
}

void fake_standard(void)
{
	fake_add("soft", VR_CLASS_ACCEL, "any", NULL);
	fake_add("lift", VR_CLASS_TRANSLATOR, "other", NULL);
	fake_image(fake_add("virt", VR_CLASS_BOARD, "other", NULL), "OTHR");
}

struct machine_config fake_config(void)
{
	return (struct machine_config){.image = (char *)(uintptr_t) "guest.img", .ram_size = 1 << 20};
}

/* ---- booting --------------------------------------------------------------------------------- */
static int32_t boot(const char *append, struct boot *out)
{
	memset(out, 0, sizeof(*out));
	fake_boots++;
	if (fake_boot_result < 0)
		return vr_error_set(fake_boot_result, "no boot for you");
	out->kernel = strdup(fake_kernel);
	out->cmdline = strdup(append ? append : "");
	out->payload = (struct vr_boot_payload){
		.size = sizeof(out->payload),
		.kernel = out->kernel,
		.kernel_size = strlen(fake_kernel),
		.cmdline = out->cmdline,
		.kernel_name = "test kernel",
	};
	return VR_OK;
}

void boot_files_none(struct boot_files *f)
{
	*f = (struct boot_files){.main.fd = -1};
}

int32_t boot_open(struct boot_files *f, const char *kernel, char *const *initrds, const char *image,
		  uint64_t ram_size)
{
	(void)initrds;
	(void)image;
	*f = (struct boot_files){.main.fd = -1, .is_image = !kernel, .ram_size = ram_size};
	return VR_OK;
}

int32_t boot_read(struct boot_files *f, const char *append, struct boot *out, int *is_disk)
{
	*is_disk = f->is_image && fake_image_is_disk;
	return boot(append, out);
}

void boot_close(struct boot_files *f)
{
	(void)f;
}

void boot_free(struct boot *b)
{
	free(b->kernel);
	free(b->initrd);
	free(b->cmdline);
	free(b->kernel_name);
}

/* ---- the accelerator --------------------------------------------------------------------------- */
struct cpu {
	uint32_t index;
	atomic_bool kicked;
	uint64_t state;
};

static inline struct cpu *cpu_of(struct vr_vcpu *vcpu)
{
	return (struct cpu *)vcpu;
}

static int32_t VR_CALL vm_create(struct vr_plugin_self *self, const struct vr_vm_config *c, struct vr_vm **vm)
{
	(void)self;
	if (fake_on_vm_create)
		fake_on_vm_create();
	*vm = (struct vr_vm *)&host;
	return strcmp(c->arch, "other") || !c->isa ? VR_E_UNSUPPORTED : VR_OK;
}

static void VR_CALL vm_destroy(struct vr_vm *vm)
{
	(void)vm;
}

static int32_t VR_CALL memory_map(struct vr_vm *vm, uint32_t slot, uint64_t gpa, uint64_t length, void *at,
				  uint32_t flags)
{
	(void)vm;
	(void)slot;
	(void)gpa;
	(void)length;
	(void)flags;
	*(volatile uint8_t *)at = 1;
	return VR_OK;
}

static void VR_CALL memory_written(struct vr_vm *vm, uint64_t gpa, uint64_t length)
{
	(void)vm;
	(void)length;
	atomic_store(&fake_written, gpa);
}

static int32_t VR_CALL vcpu_create(struct vr_vm *vm, uint32_t index, struct vr_vcpu **vcpu)
{
	struct cpu *c = calloc(1, sizeof(*c));

	(void)vm;
	c->index = index;
	*vcpu = (struct vr_vcpu *)c;
	atomic_fetch_add(&fake_alive, 1);
	return VR_OK;
}

static void VR_CALL vcpu_destroy(struct vr_vcpu *vcpu)
{
	atomic_fetch_sub(&fake_alive, 1);
	free(vcpu);
}

static int32_t VR_CALL vcpu_run(struct vr_vcpu *vcpu, struct vr_exit *exit)
{
	struct cpu *c = cpu_of(vcpu);

	for (;;) {
		uint32_t reason = GO_ON;

		if (atomic_exchange(&c->kicked, false)) {
			exit->reason = VR_EXIT_KICK;
			return VR_OK;
		}
		if (fake_program)
			reason = fake_program(c->index);
		if (reason != GO_ON) {
			exit->reason = reason;
			if (reason == VR_EXIT_ERROR)
				vr_error_set(VR_E_FAULT, "fell over");
			return VR_OK;
		}
	}
}

static void VR_CALL accel_vcpu_kick(struct vr_vcpu *vcpu)
{
	atomic_store(&((struct cpu *)vcpu)->kicked, true);
}

static void VR_CALL vcpu_set_pin(struct vr_vcpu *vcpu, uint32_t pin, uint32_t level)
{
	struct cpu *c = cpu_of(vcpu);

	if (level)
		atomic_fetch_or(&fake_pins[c->index], 1ull << pin);
	else
		atomic_fetch_and(&fake_pins[c->index], ~(1ull << pin));
}

static int32_t VR_CALL get_state(struct vr_vcpu *vcpu, const char *id, void *state, uint32_t length)
{
	if (strcmp(id, "number") || length != 8)
		return vr_error_set(VR_E_NOENT, "no state '%s'", id);
	memcpy(state, &((struct cpu *)vcpu)->state, 8);
	return VR_OK;
}

static int32_t VR_CALL set_state(struct vr_vcpu *vcpu, const char *id, const void *state, uint32_t length)
{
	if (strcmp(id, "number") || length != 8)
		return vr_error_set(VR_E_NOENT, "no state '%s'", id);
	memcpy(&((struct cpu *)vcpu)->state, state, 8);
	return VR_OK;
}

static void VR_CALL vm_reset(struct vr_vm *vm)
{
	(void)vm;
	if (fake_on_vm_reset)
		fake_on_vm_reset();
	atomic_fetch_add(&fake_vm_resets, 1);
}

static void VR_CALL stats(struct vr_vm *vm, vr_stat_fn fn, void *opaque)
{
	(void)vm;
	fn(opaque, "blocks", VR_STAT_COUNT, 7);
	fn(opaque, "hit_ratio", VR_STAT_PERMILLE, 985);
}

static const struct vr_accel accel = {
	.size = sizeof(accel),
	.native_arch = "",
	.vm_create = vm_create,
	.vm_destroy = vm_destroy,
	.memory_map = memory_map,
	.memory_written = memory_written,
	.vcpu_create = vcpu_create,
	.vcpu_destroy = vcpu_destroy,
	.vcpu_run = vcpu_run,
	.vcpu_kick = accel_vcpu_kick,
	.vcpu_set_pin = vcpu_set_pin,
	.vcpu_get_state = get_state,
	.vcpu_set_state = set_state,
	.vm_reset = vm_reset,
	.stats = stats,
};

/* ---- doorbells ---- */
static struct vr_notify_doorbell bells[8];
static pthread_mutex_t bells_lock = PTHREAD_MUTEX_INITIALIZER;

static int32_t VR_CALL doorbell(struct vr_vm *vm, const struct vr_notify_doorbell *d, uint32_t on)
{
	int32_t rc = VR_E_NOENT;

	if (vm != (struct vr_vm *)&host)
		return vr_error_set(VR_E_STATE, "a doorbell without a machine");
	if (on && fake_doorbell_result < 0)
		return vr_error_set(fake_doorbell_result, "no doorbell for you");
	pthread_mutex_lock(&bells_lock);
	for (uint32_t i = 0; rc < 0 && i < sizeof(bells) / sizeof(bells[0]); i++)
		if (on ? !bells[i].size : bells[i].size && bells[i].event == d->event) {
			bells[i] = on ? *d : (struct vr_notify_doorbell){0};
			rc = VR_OK;
		}
	pthread_mutex_unlock(&bells_lock);
	if (rc == VR_OK)
		atomic_fetch_add(&fake_doorbells, on ? 1 : UINT32_MAX);
	return rc;
}

void fake_ring(uint64_t address)
{
	uint64_t one = 1;

	pthread_mutex_lock(&bells_lock);
	for (uint32_t i = 0; i < sizeof(bells) / sizeof(bells[0]); i++)
		if (bells[i].size && bells[i].address == address &&
		    write((int)bells[i].event, &one, sizeof(one)) != (ssize_t)sizeof(one))
			abort();
	pthread_mutex_unlock(&bells_lock);
}

static const struct vr_notify notify = {.size = sizeof(notify), .doorbell = doorbell};

/* ---- the board ------------------------------------------------------------------------------- */
static int32_t VR_CALL board_create(struct vr_plugin_self *self, const struct vr_board_config *c,
				    struct vr_board **board)
{
	(void)self;
	*board = (struct vr_board *)&host;
	irq_table.set_pin(&host.host, 0, 3, 1); /* before there are vCPUs */
	return memory_table.add(&host.host, 0x40000000, c->ram_size, 0, "ram");
}

static int32_t VR_CALL board_load(struct vr_board *board, const struct vr_boot_payload *p)
{
	uint64_t entry = 0x1234;

	(void)board;
	atomic_fetch_add(&fake_loads, 1);
	strncpy(fake_cmdline, p->cmdline, sizeof(fake_cmdline) - 1);
	if (p->kernel_size) {
		struct vr_mapping m = {.size = sizeof(m)};
		int32_t rc = memory_table.map(&host.host, 0x40000000, p->kernel_size, VR_MAP_WRITE, &m);

		if (rc < 0)
			return rc;
		memcpy(m.bytes, p->kernel, p->kernel_size);
		memory_table.unmap(&host.host, &m, 0, p->kernel_size);
	}
	return machine_table.vcpu_set_state(&host.host, 0, "number", &entry, sizeof(entry));
}

static void VR_CALL board_reset(struct vr_board *board)
{
	(void)board;
	if (fake_on_board_reset)
		fake_on_board_reset();
	atomic_fetch_add(&fake_board_resets, 1);
}

static void VR_CALL board_destroy(struct vr_board *board)
{
	(void)board;
	/* Still there, since devices may drive them up to here. */
	irq_table.set_pin(&host.host, 0, 5, 1);
}

static const struct vr_board_maker board = {
	.size = sizeof(board),
	.arch = "other",
	.create = board_create,
	.load = board_load,
	.reset = board_reset,
	.destroy = board_destroy,
};

static int32_t VR_CALL lift(const struct vr_isa_vm *vm, const struct vr_lift *rq, struct vr_ir *ir)
{
	(void)vm, (void)rq, (void)ir;
	return VR_E_UNSUPPORTED;
}

static const struct vr_isa isa = {.size = sizeof(isa), .arch = "other", .lift = lift};
uint32_t fake_accel_size, fake_board_size;

/* The first bytes of a table, alone in memory, as of a plugin that was built with another header. Kept. */
static const void *as_long(const void *table, size_t whole, uint32_t size)
{
	/* The leak checker finds them here. */
	static struct kept {
		struct kept *before;
		void *table;
	} * all;
	struct kept *k;
	uint8_t *copy;

	if (!size)
		return table;
	k = malloc(sizeof(*k));
	copy = malloc(size);
	*k = (struct kept){all, copy};
	all = k;
	memset(copy, 0x5a, size);
	memcpy(copy, table, size < whole ? size : whole);
	memcpy(copy, &size, sizeof(size));
	return copy;
}

const void *registry_interface(struct loaded_plugin *p, const char *interface_id)
{
	switch (p->manifest->class_id) {
	case VR_CLASS_ACCEL:
		if (!strcmp(interface_id, VR_NOTIFY_ID))
			return fake_notify ? &notify : NULL;
		return as_long(&accel, sizeof(accel), fake_accel_size);
	case VR_CLASS_BOARD:
		return as_long(&board, sizeof(board), fake_board_size);
	default:
		return strcmp(interface_id, VR_ISA_ID) ? NULL : &isa;
	}
}
