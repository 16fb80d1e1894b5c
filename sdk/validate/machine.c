/* SPDX-License-Identifier: MIT */
/* machine.c: see machine.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "machine.h"

/* A vCPU thread's commands. */
enum { NOTHING, RUN, END };
#define WAIT 20 /* seconds until a guest has hung; none takes a tenth of one */

/* ---- the guest's side ---------------------------------------------------------------------------- */

static int32_t on_access(struct vr_fake_host *d, uint32_t space, uint32_t vcpu, uint64_t address,
			 uint32_t width, uint32_t is_write, uint64_t *value)
{
	struct machine *m = d->opaque;
	uint64_t at = address - MACHINE_DEVICE;
	uint64_t mask = width == 8 ? ~0ull : (1ull << 8 * width) - 1;
	bool rom = address - m->isa->rom < 0x10000;

	if (space == VR_SPACE_SYSREG && address == 1ull << 32 && !is_write) {
		/* x86's interrupt acknowledge: one vector, and the request is gone. */
		*value = 0x40;
		m->a->vcpu_set_pin(m->vcpu[vcpu].vcpu, 0, 0);
		return VR_OK;
	}
	if (space != VR_SPACE_MMIO || (at >= 0x1000 && !rom))
		return VR_E_NOENT;
	pthread_mutex_lock(&m->lock);
	if (m->logged < MACHINE_LOG)
		m->log[m->logged] = (struct machine_log){rom ? address : at, is_write ? *value : 0, width,
							 is_write, vcpu};
	m->logged++;
	pthread_mutex_unlock(&m->lock);
	if (rom)
		return VR_OK;
	if (!is_write) {
		*value = DEVICE_PATTERN & mask;
	} else if (at == DEVICE_DONE) {
		__atomic_store_n(&m->result, *value & mask, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&m->done, 1, __ATOMIC_SEQ_CST);
		m->a->vcpu_kick(m->vcpu[vcpu].vcpu);
	} else if (at == DEVICE_PATCH) {
		uint8_t *code = m->ram + MACHINE_CODE + GUEST_HOST;

		memcpy(code + GUEST_HOST_PLACE, code + GUEST_HOST_NEW, 4);
		m->a->memory_written(m->vm, m->isa->ram + MACHINE_CODE + GUEST_HOST + GUEST_HOST_PLACE, 4);
	}
	return VR_OK;
}

static int32_t VR_CALL on_call(void *opaque, uint32_t vcpu, uint32_t kind, uint64_t *regs)
{
	struct machine *m = opaque;

	(void)vcpu;
	memcpy(m->call, regs, sizeof(m->call));
	m->call_kind = kind;
	m->calls++;
	regs[0] = 0x7777;
	return VR_OK;
}

/* ---- vCPU threads ------------------------------------------------------------------------------------ */

static void *vcpu_main(void *arg)
{
	struct machine_vcpu *v = arg;
	struct machine *m = v->m;
	int32_t rc;

	vr_fake_host_vcpu_thread(m->d, v->index);
	rc = m->a->vcpu_create(m->vm, v->index, &v->vcpu);
	pthread_mutex_lock(&m->lock);
	v->create_rc = rc;
	v->busy = 0;
	pthread_cond_broadcast(&m->changed);
	while (rc >= 0 && v->command != END) {
		struct vr_exit e = {.size = sizeof(e), .reason = UINT32_MAX};

		if (v->command != RUN) {
			pthread_cond_wait(&m->changed, &m->lock);
			continue;
		}
		pthread_mutex_unlock(&m->lock);
		rc = m->a->vcpu_run(v->vcpu, &e);
		pthread_mutex_lock(&m->lock);
		v->rc = rc;
		rc = VR_OK;
		v->reason = e.reason;
		v->command = NOTHING;
		v->busy = 0;
		pthread_cond_broadcast(&m->changed);
	}
	pthread_mutex_unlock(&m->lock);
	if (rc >= 0)
		m->a->vcpu_destroy(v->vcpu);
	return NULL;
}

/* Less than the rule may take, so that it is the rule that says so. */
uint32_t machine_patience(const struct machine *m)
{
	uint32_t limit = m->c->settings->limit;

	return limit && limit < 3 * WAIT ? limit / 3 + 1 : WAIT;
}

/* Waits until the vCPU's thread is idle; false: it is not, after a long time. */
static bool idle(struct machine *m, struct machine_vcpu *v)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += machine_patience(m);
	pthread_mutex_lock(&m->lock);
	while (v->busy && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&m->changed, &m->lock, &until);
	rc = !v->busy;
	pthread_mutex_unlock(&m->lock);
	return rc != 0;
}

void machine_run(struct machine *m, uint32_t i)
{
	pthread_mutex_lock(&m->lock);
	m->vcpu[i].busy = 1;
	m->vcpu[i].command = RUN;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

bool machine_ended(struct machine *m, uint32_t i)
{
	bool ended;

	pthread_mutex_lock(&m->lock);
	ended = !m->vcpu[i].busy;
	pthread_mutex_unlock(&m->lock);
	return ended;
}

void machine_wait(struct machine *m, uint32_t i)
{
	struct machine_vcpu *v = &m->vcpu[i];

	CHECK(m->c, idle(m, v), "%s: %s: vcpu_run does not return", m->isa->arch, m->c->report->phase);
	CHECK(m->c, v->rc >= 0, "%s: %s: vcpu_run ends with %s: %s", m->isa->arch, m->c->report->phase,
	      check_error_name(v->rc), m->d->error_text);
	CHECK(m->c,
	      v->reason == VR_EXIT_KICK || v->reason == VR_EXIT_OFF ||
		      (m->stops && v->reason == VR_EXIT_DEBUG),
	      "%s: %s: vcpu_run returns 0 with exit reason %u", m->isa->arch, m->c->report->phase, v->reason);
}

/* ---- life ------------------------------------------------------------------------------------------------
 */

void machine_open(struct machine *m, struct vr_check *c, const struct check_isa *isa,
		  const struct vr_accel *a, struct vr_plugin_self *self, struct vr_fake_host *d,
		  const struct vr_vm_config *config, uint32_t vcpus)
{
	struct vr_vm_config vm = *config;
	int32_t rc;

	memset(m, 0, sizeof(*m));
	m->c = c;
	m->isa = isa;
	m->a = a;
	m->self = self;
	m->d = d;
	m->count = vcpus;
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->changed, NULL);
	d->vcpu_count = vcpus;
	d->arch = isa->arch;
	d->opaque = m;
	d->on_access = on_access;
	d->hypercall = on_call;
	d->hypercall_opaque = m;
	check_phase(c, "vm_create for %s", isa->arch);
	vm.size = sizeof(vm);
	vm.vcpu_count = vcpus;
	vm.arch = isa->arch;
	rc = a->vm_create(self, &vm, &m->vm);
	CHECK(c, rc >= 0, "vm_create of %s refuses with %s: %s", isa->arch, check_error_name(rc),
	      d->error_text);
	vr_fake_host_no_ram(d);
	m->ram = vr_fake_host_ram(d, isa->ram, MACHINE_RAM, 0);
	m->rom = vr_fake_host_ram(d, isa->rom, 0x10000, VR_MEM_READONLY);
	if (!m->ram || !m->rom)
		check_skip(c, "no memory for a guest");
	memset(m->ram, 0, MACHINE_RAM);
	memset(m->rom, 0x3c, 0x10000);
	memcpy(m->ram + MACHINE_CODE, isa->words, GUEST_BYTES);
	m->vectors = isa->ram + MACHINE_CODE + GUEST_VECTORS;
	isa->prepare(m);
	rc = a->memory_map(m->vm, 0, isa->ram, MACHINE_RAM, m->ram, 0);
	CHECK(c, rc >= 0, "memory_map refuses with %s: %s", check_error_name(rc), d->error_text);
	rc = a->memory_map(m->vm, 1, isa->rom, 0x10000, m->rom, VR_MEM_READONLY);
	CHECK(c, rc >= 0, "memory_map of read-only memory refuses with %s: %s", check_error_name(rc),
	      d->error_text);
	check_phase(c, "vcpu_create for %s", isa->arch);
	for (uint32_t i = 0; i < vcpus; i++) {
		struct machine_vcpu *v = &m->vcpu[i];

		*v = (struct machine_vcpu){.m = m, .index = i, .busy = 1};
		if (pthread_create(&v->thread, NULL, vcpu_main, v))
			check_skip(c, "no thread for a vCPU");
		CHECK(c, idle(m, v), "vcpu_create does not return");
		CHECK(c, v->create_rc >= 0, "vcpu_create refuses with %s: %s", check_error_name(v->create_rc),
		      d->error_text);
	}
}

void machine_close(struct machine *m)
{
	check_phase(m->c, "vcpu_destroy");
	for (uint32_t i = 0; i < m->count; i++) {
		pthread_mutex_lock(&m->lock);
		m->vcpu[i].command = END;
		pthread_cond_broadcast(&m->changed);
		pthread_mutex_unlock(&m->lock);
		pthread_join(m->vcpu[i].thread, NULL);
		m->d->vcpu[i].has_thread = 0;
	}
	check_phase(m->c, "vm_destroy");
	m->a->vm_destroy(m->vm);
	pthread_mutex_destroy(&m->lock);
	pthread_cond_destroy(&m->changed);
	m->d->on_access = NULL;
	m->d->hypercall = NULL;
}

/* ---- state
 * ------------------------------------------------------------------------------------------------- */

void machine_get(struct machine *m, uint32_t i, void *state)
{
	int32_t rc;

	memset(state, 0, m->isa->state_size);
	memcpy(state, &m->isa->state_size, sizeof(uint32_t));
	rc = m->a->vcpu_get_state(m->vcpu[i].vcpu, m->isa->state_id, state, m->isa->state_size);
	CHECK(m->c, rc >= 0, "vcpu_get_state of %s refuses with %s: %s", m->isa->state_id,
	      check_error_name(rc), m->d->error_text);
}

void machine_set(struct machine *m, uint32_t i, const void *state)
{
	int32_t rc = m->a->vcpu_set_state(m->vcpu[i].vcpu, m->isa->state_id, state, m->isa->state_size);

	CHECK(m->c, rc >= 0, "vcpu_set_state of %s refuses with %s: %s", m->isa->state_id,
	      check_error_name(rc), m->d->error_text);
}

void machine_enter(struct machine *m, uint32_t i, uint32_t guest)
{
	static _Alignas(64) uint8_t state[MACHINE_STATE];

	machine_get(m, i, state);
	m->isa->enter(m, state, m->isa->ram + MACHINE_CODE + guest);
	machine_set(m, i, state);
	m->logged = m->done = 0;
	memset(m->ram + MACHINE_DATA, 0, 0x1000);
}

void machine_expect(struct machine *m, uint32_t guest, uint32_t result)
{
	machine_enter(m, 0, guest);
	machine_run(m, 0);
	machine_wait(m, 0);
	CHECK(m->c, m->done, "%s: %s: the guest did not come to its end", m->isa->arch, m->c->report->phase);
	CHECK(m->c, m->result == result, "%s: %s: the guest ended with 0x%llx, not 0x%x", m->isa->arch,
	      m->c->report->phase, (unsigned long long)m->result, result);
}

uint64_t machine_u64(const struct machine *m, uint64_t offset)
{
	uint64_t value;

	memcpy(&value, m->ram + MACHINE_DATA + offset, sizeof(value));
	return value;
}

/* ---- what an accelerator can run
 * --------------------------------------------------------------------------- */

const struct check_isa *check_isa_of(const char *arch)
{
	for (uint32_t i = 0; i < check_isa_count; i++)
		if (strcmp(check_isas[i].arch, check_arch_name(arch)) == 0)
			return &check_isas[i];
	return NULL;
}

static bool native(const char *list, const char *arch)
{
	size_t n = strlen(arch);

	for (const char *p = list; p && *p; p += strcspn(p, ","), p += *p == ',')
		if (strncmp(p, arch, n) == 0 && (p[n] == ',' || !p[n]))
			return true;
	return false;
}

void machine_each(struct vr_check *c, uint32_t vcpus, void (*fn)(struct machine *m))
{
	machine_each_with(c, vcpus, 0, fn);
}

void machine_each_with(struct vr_check *c, uint32_t vcpus, uint32_t flags, void (*fn)(struct machine *m))
{
	static struct machine m;
	const struct vr_accel *a;
	uint32_t ran = 0;

	check_started(c);
	check_no_wrapper(c);
	a = check_query(c, VR_ACCEL_ID);
	if (!VR_HAS(a, vcpu_set_state) || !VR_HAS(a, vcpu_set_pin))
		check_skip(c, "its table is not filled in");
	for (uint32_t i = 0; i < check_isa_count; i++) {
		const struct check_isa *isa = &check_isas[i];
		struct vr_vm_config config = {.size = sizeof(config), .flags = flags};

		if (!native(a->native_arch, isa->arch)) {
			if (a->native_arch && *a->native_arch)
				continue;
			if (!check_translator(c, isa->arch))
				continue;
			check_translator_config(c->helper.plugin, c->helper.target, &config);
		}
		check_given(c, 1); /* that it opens is another rule's */
		machine_open(&m, c, isa, a, c->plugin->self, c->d, &config, vcpus);
		check_given(c, 0);
		check_phase(c, "running");
		fn(&m);
		check_given(c, 1);
		machine_close(&m);
		check_given(c, 0);
		ran++;
	}
	if (!ran)
		check_skip(c, "there is no micro-guest for what it runs%s",
			   a->native_arch && *a->native_arch ? "" : ", or no translator is installed");
}
