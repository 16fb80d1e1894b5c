/* SPDX-License-Identifier: MIT */
/* rules_accel.c: accelerators: what they refuse, what they keep, and the micro-guests. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vmrun/debugger.h>

#include "machine.h"

#define KICKS 1000

/* ---- refusals ------------------------------------------------------------------------------------ */

static void refused_vm(struct vr_check *c, const struct vr_accel *a, const struct vr_vm_config *config,
		       const char *what)
{
	struct vr_vm *vm = NULL;
	int32_t rc;

	vr_fake_host_error_clear(c->d);
	check_phase(c, "vm_create with %s", what);
	rc = a->vm_create(c->plugin->self, config, &vm);
	CHECK(c, rc < 0, "vm_create accepts %s", what);
	check_refusal(c, c->d, rc, c->report->phase);
}

void check_accel_refuses(struct vr_check *c)
{
	struct vr_vm_config config = {
		.size = sizeof(config), .vcpu_count = 1, .arch = "no-such-architecture"};
	const struct vr_accel *a;

	check_started(c);
	check_no_wrapper(c);
	a = check_query(c, VR_ACCEL_ID);
	if (!VR_HAS(a, vm_create))
		check_skip(c, "its table is not filled in");
	refused_vm(c, a, &config, "an unknown architecture");
	config.arch = NULL;
	refused_vm(c, a, &config, "no architecture (NULL)");
}

static void refused(struct machine *m, int32_t rc, const char *what)
{
	CHECK(m->c, rc < 0, "%s is accepted", what);
	check_refusal(m->c, m->d, rc, what);
	vr_fake_host_error_clear(m->d);
}

static void memory(struct machine *m)
{
	const struct vr_accel *a = m->a;
	uint64_t gpa = 0xa0000000;
	uint8_t *more = vr_fake_host_ram(m->d, gpa, 0x10000, 0);

	refused(m, a->memory_map(m->vm, 0, gpa, 0x10000, more, 0), "memory_map of a slot that is in use");
	refused(m, a->memory_map(m->vm, 5, gpa, 0, more, 0), "memory_map of no bytes");
	refused(m, a->memory_map(m->vm, 5, gpa + 1, 0x10000, more, 0), "memory_map at an odd address");
	refused(m, a->memory_map(m->vm, 0xffffffff, gpa, 0x10000, more, 0), "memory_map of slot 0xffffffff");
	refused(m, a->memory_unmap(m->vm, 6), "memory_unmap of a slot that is not in use");
	for (int i = 0; i < 3; i++) {
		int32_t rc = a->memory_map(m->vm, 5, gpa, 0x10000, more, 0);

		CHECK(m->c, rc >= 0, "memory_map of a free slot refuses with %s: %s", check_error_name(rc),
		      m->d->error_text);
		rc = a->memory_unmap(m->vm, 5);
		CHECK(m->c, rc >= 0, "memory_unmap refuses with %s: %s", check_error_name(rc),
		      m->d->error_text);
	}
}

void check_accel_memory(struct vr_check *c)
{
	machine_each(c, 1, memory);
}

/* ---- state ----------------------------------------------------------------------------------------- */

static _Alignas(64) uint8_t state[MACHINE_STATE], got[MACHINE_STATE];

static void state_refused(struct machine *m)
{
	void *v = m->vcpu[0].vcpu;
	uint32_t n = m->isa->state_size;

	machine_get(m, 0, state);
	check_phase(m->c, "vcpu_get_state with a wrong id");
	CHECK(m->c, m->a->vcpu_get_state(v, "vmrun.state.nothing/1", got, n) < 0,
	      "vcpu_get_state gives a state of an unknown kind");
	CHECK(m->c, m->a->vcpu_get_state(v, "", got, n) < 0, "vcpu_get_state gives a state of no kind");
	check_phase(m->c, "vcpu_set_state with a wrong id");
	CHECK(m->c, m->a->vcpu_set_state(v, "vmrun.state.nothing/1", state, n) < 0,
	      "vcpu_set_state takes a state of an unknown kind");
	check_phase(m->c, "vcpu_get_state with little room");
	memset(got, 0xee, sizeof(got));
	CHECK(m->c, m->a->vcpu_get_state(v, m->isa->state_id, got, 64) < 0 || got[64] == 0xee,
	      "vcpu_get_state writes more than the 64 bytes that it was given");
	check_phase(m->c, "vcpu_set_state with a short state");
	CHECK(m->c, m->a->vcpu_set_state(v, m->isa->state_id, state, 8) < 0,
	      "vcpu_set_state takes a state of 8 bytes");
}

void check_accel_state_refused(struct vr_check *c)
{
	machine_each(c, 1, state_refused);
}

static void state_kept(struct machine *m)
{
	for (uint32_t i = 0; i < 50; i++) {
		const char *what;

		machine_get(m, 0, state);
		m->isa->random(m->c, state);
		check_phase(m->c, "state %u", i);
		machine_set(m, 0, state);
		machine_get(m, 0, got);
		what = m->isa->compare(state, got);
		CHECK(m->c, !what, "%s: %s", m->isa->arch, what);
	}
}

void check_accel_state(struct vr_check *c)
{
	machine_each(c, 1, state_kept);
}

/* ---- guests ---------------------------------------------------------------------------------------- */

static void equal(struct machine *m, const char *what, uint64_t value, uint64_t wanted)
{
	CHECK(m->c, value == wanted, "%s: %s is 0x%llx, not 0x%llx", m->isa->arch, what,
	      (unsigned long long)value, (unsigned long long)wanted);
}

static void store(struct machine *m)
{
	const uint64_t k = 0x0123456789abcdef;

	check_phase(m->c, "guest 'store'");
	machine_expect(m, GUEST_STORE, 0x51);
	for (uint64_t i = 0; i < 64; i++)
		equal(m, "what it stored", machine_u64(m, 8 * i), i * k);
	equal(m, "a stored byte", machine_u64(m, 512), k & 0xff);
	equal(m, "a stored half", machine_u64(m, 520), k & 0xffff);
	equal(m, "a stored word", machine_u64(m, 528), k & 0xffffffff);
}

void check_accel_store(struct vr_check *c)
{
	machine_each(c, 1, store);
}

static void logged(struct machine *m, uint32_t i, struct machine_log wanted)
{
	const struct machine_log *l = &m->log[i];

	CHECK(m->c, i < m->logged, "%s: only %u accesses reached the device", m->isa->arch, m->logged);
	CHECK(m->c,
	      l->address == wanted.address && l->width == wanted.width && l->is_write == wanted.is_write &&
		      l->value == wanted.value && l->vcpu == wanted.vcpu,
	      "%s: access %u: %s of %u bytes at 0x%llx, 0x%llx, vCPU %u; it was %s of %u at 0x%llx, 0x%llx, "
	      "vCPU %u",
	      m->isa->arch, i, l->is_write ? "write" : "read", l->width, (unsigned long long)l->address,
	      (unsigned long long)l->value, l->vcpu, wanted.is_write ? "a write" : "a read", wanted.width,
	      (unsigned long long)wanted.address, (unsigned long long)wanted.value, wanted.vcpu);
}

static void device(struct machine *m)
{
	check_phase(m->c, "guest 'device'");
	machine_expect(m, GUEST_DEVICE, 0x52);
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t width = 1u << i;

		logged(m, i, (struct machine_log){0x10 * (i + 1), 0, width, 0, 0});
		equal(m, "what it read", machine_u64(m, 8 * i),
		      DEVICE_PATTERN & (width == 8 ? ~0ull : (1ull << 8 * width) - 1));
	}
	logged(m, 4, (struct machine_log){0x50, 0x11, 1, 1, 0});
	logged(m, 5, (struct machine_log){0x60, 0x2233, 2, 1, 0});
	logged(m, 6, (struct machine_log){0x70, 0x44556677, 4, 1, 0});
	logged(m, 7, (struct machine_log){0x80, 0x8899aabbccddeeff, 8, 1, 0});
}

void check_accel_device(struct vr_check *c)
{
	machine_each(c, 1, device);
}

static void unmapped(struct machine *m)
{
	check_phase(m->c, "guest 'unmapped'");
	machine_enter(m, 0, GUEST_UNMAPPED);
	machine_run(m, 0);
	machine_wait(m, 0);
	equal(m, "what it finds where nothing is", machine_u64(m, 0), m->isa->unmapped);
}

void check_accel_unmapped(struct vr_check *c)
{
	machine_each(c, 1, unmapped);
}

static void rom(struct machine *m)
{
	check_phase(m->c, "guest 'rom'");
	machine_expect(m, GUEST_ROM, 0x57);
	equal(m, "what it reads", machine_u64(m, 0), 0x3c3c3c3c);
	equal(m, "what it reads after a write", machine_u64(m, 8), 0x3c3c3c3c);
	CHECK(m->c, m->rom[0] == 0x3c, "%s: a store changed read-only memory", m->isa->arch);
	logged(m, 0, (struct machine_log){m->isa->rom, 0x66, 4, 1, 0});
}

void check_accel_rom(struct vr_check *c)
{
	machine_each(c, 1, rom);
}

static void patch(struct machine *m)
{
	check_phase(m->c, "guest 'patch'");
	machine_expect(m, GUEST_PATCH, 0x54);
	equal(m, "what its function gives", machine_u64(m, 0), 1);
	equal(m, "what its changed function gives", machine_u64(m, 8), 2);
}

void check_accel_patch(struct vr_check *c)
{
	machine_each(c, 1, patch);
}

static void host_patch(struct machine *m)
{
	check_phase(m->c, "guest 'host'");
	machine_expect(m, GUEST_HOST, 0x58);
	equal(m, "what its function gives", machine_u64(m, 0), 1);
	equal(m, "what the function gives that a device has changed", machine_u64(m, 8), 2);
}

void check_accel_written(struct vr_check *c)
{
	machine_each(c, 1, host_patch);
}

static uint32_t called;

static void call(struct machine *m)
{
	if (m->isa->no_call)
		return;
	called++;
	check_phase(m->c, "guest 'call'");
	machine_expect(m, GUEST_CALL, 0x56);
	CHECK(m->c, m->calls == 1, "%s: %u hypercalls reached the host", m->isa->arch, m->calls);
	for (uint32_t i = 0; i < 3; i++)
		equal(m, "a register of the hypercall", m->call[i], m->isa->call * (i + 1));
	equal(m, "the hypercall's result", machine_u64(m, 0), 0x7777);
}

void check_accel_call(struct vr_check *c)
{
	machine_each(c, 1, call);
	if (!called)
		check_skip(c, "what it runs has no hypercalls");
}

/* ---- kicks and sleep --------------------------------------------------------------------------------- */

/* Until the guest has counted on; false: it does not. */
static bool counts(const struct machine *m, uint64_t from)
{
	for (uint32_t i = 0; i < 1000 * machine_patience(m); i++) {
		if (__atomic_load_n((const uint64_t *)(const void *)(m->ram + MACHINE_DATA),
				    __ATOMIC_SEQ_CST) > from)
			return true;
		usleep(1000);
	}
	return false;
}

static void kick_before(struct machine *m)
{
	check_phase(m->c, "a kick before vcpu_run");
	machine_enter(m, 0, GUEST_SPIN);
	m->a->vcpu_kick(m->vcpu[0].vcpu);
	machine_run(m, 0);
	machine_wait(m, 0);
	CHECK(m->c, m->vcpu[0].reason == VR_EXIT_KICK, "vcpu_run returns reason %u after a kick",
	      m->vcpu[0].reason);
	check_phase(m->c, "a kick while it runs");
	machine_run(m, 0);
	CHECK(m->c, counts(m, machine_u64(m, 0)),
	      "%s: after a kick that was answered, the guest does not run on", m->isa->arch);
	CHECK(m->c, !machine_ended(m, 0), "%s: one kick ends two runs", m->isa->arch);
	m->a->vcpu_kick(m->vcpu[0].vcpu);
	machine_wait(m, 0);
}

void check_accel_kick(struct vr_check *c)
{
	machine_each(c, 1, kick_before);
}

static void kick_idle(struct machine *m)
{
	check_phase(m->c, "a kick while it sleeps");
	machine_enter(m, 0, GUEST_IDLE);
	machine_run(m, 0);
	CHECK(m->c, counts(m, 0), "%s: the guest does not run", m->isa->arch);
	for (uint32_t i = 0; i < 100 && !m->d->vcpu[0].parks; i++)
		usleep(1000);
	m->a->vcpu_kick(m->vcpu[0].vcpu);
	machine_wait(m, 0);
}

void check_accel_kick_idle(struct vr_check *c)
{
	machine_each(c, 1, kick_idle);
}

static void *kicker(void *arg)
{
	struct machine *m = arg;

	while (!__atomic_load_n(&m->done, __ATOMIC_SEQ_CST)) {
		m->a->vcpu_kick(m->vcpu[0].vcpu);
		usleep(50);
	}
	return NULL;
}

static void kick_races(struct machine *m)
{
	pthread_t threads[2];

	machine_enter(m, 0, GUEST_SPIN);
	for (uint32_t i = 0; i < KICKS; i++) {
		check_phase(m->c, "kick %u of a race", i);
		machine_run(m, 0);
		for (uint64_t n = check_random(m->c) % 2000; n; n--)
			__asm__ volatile("" ::: "memory");
		m->a->vcpu_kick(m->vcpu[0].vcpu);
		machine_wait(m, 0);
	}
	check_phase(m->c, "kicks of several threads");
	for (uint32_t i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, kicker, m))
			check_skip(m->c, "no threads");
	for (uint32_t i = 0; i < 100; i++) {
		machine_run(m, 0);
		machine_wait(m, 0);
	}
	__atomic_store_n(&m->done, 1, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

void check_accel_kick_races(struct vr_check *c)
{
	machine_each(c, 1, kick_races);
}

static void wake(struct machine *m)
{
	check_phase(m->c, "guest 'wake', which waits for its interrupt pin");
	machine_enter(m, 0, GUEST_WAKE);
	machine_run(m, 0);
	for (uint32_t i = 0; i < 50 && !m->d->vcpu[0].parks; i++)
		usleep(1000);
	CHECK(m->c, !m->done && !machine_ended(m, 0), "%s: the guest was woken before its pin was driven",
	      m->isa->arch);
	m->a->vcpu_set_pin(m->vcpu[0].vcpu, m->isa->wake_pin, 1);
	machine_wait(m, 0);
	equal(m, "what the woken guest says", m->result, 0x53);
	m->a->vcpu_set_pin(m->vcpu[0].vcpu, m->isa->wake_pin, 0);
}

void check_accel_wake(struct vr_check *c)
{
	machine_each(c, 1, wake);
}

/* ---- more than one ------------------------------------------------------------------------------------ */

static void several(struct machine *m)
{
	const char *finding;

	check_phase(m->c, "guest 'device' on each vCPU");
	for (uint32_t i = 0; i < m->count; i++)
		machine_enter(m, i, GUEST_DEVICE);
	for (uint32_t i = 0; i < m->count; i++)
		machine_run(m, i);
	for (uint32_t i = 0; i < m->count; i++)
		machine_wait(m, i);
	equal(m, "how many vCPUs came to the end", m->done, m->count);
	for (uint32_t i = 0; i < m->logged && i < MACHINE_LOG; i++)
		CHECK(m->c, m->log[i].vcpu < m->count, "%s: an access was made for vCPU %u of %u",
		      m->isa->arch, m->log[i].vcpu, m->count);
	equal(m, "how many accesses reached the device", m->logged, 9 * m->count);
	finding = vr_fake_host_finding(m->d, 0);
	CHECK(m->c, !finding, "%s: %s", m->isa->arch, finding);
}

void check_accel_several(struct vr_check *c)
{
	machine_each(c, 3, several);
}

static void again(struct machine *m)
{
	uint64_t pc;

	machine_get(m, 0, state);
	pc = m->isa->pc(state);
	check_phase(m->c, "guest 'store' before vm_reset");
	machine_expect(m, GUEST_STORE, 0x51);
	m->a->vcpu_set_pin(m->vcpu[0].vcpu, m->isa->wake_pin, 1);
	check_phase(m->c, "vm_reset");
	m->a->vm_reset(m->vm);
	m->a->vcpu_set_pin(m->vcpu[0].vcpu, m->isa->wake_pin, 0);
	machine_get(m, 0, got);
	equal(m, "the program counter after vm_reset", m->isa->pc(got), pc);
	/* Other code at the same place: what was derived from the old must be gone. */
	memcpy(m->ram + MACHINE_CODE + GUEST_STORE, m->ram + MACHINE_CODE + GUEST_DEVICE, 0x100);
	check_phase(m->c, "guest 'device' after vm_reset");
	machine_expect(m, GUEST_STORE, 0x52);
}

void check_accel_reset(struct vr_check *c)
{
	machine_each(c, 1, again);
}

static void VR_CALL stat_seen(void *opaque, const char *name, uint32_t kind, uint64_t value)
{
	struct machine *m = opaque;

	(void)value;
	CHECK(m->c, name && *name, "stats reports a counter without a name");
	CHECK(m->c, kind <= VR_STAT_PERMILLE, "stats: '%s' is of kind %u, which is no VR_STAT_*", name, kind);
}

static void stats(struct machine *m)
{
	check_phase(m->c, "stats before a run");
	m->a->stats(m->vm, stat_seen, m);
	check_phase(m->c, "guest 'store'");
	machine_expect(m, GUEST_STORE, 0x51);
	check_phase(m->c, "stats after a run");
	m->a->stats(m->vm, stat_seen, m);
}

void check_accel_stats(struct vr_check *c)
{
	machine_each(c, 1, stats);
}

/* ---- vmrun.debugger/1 ------------------------------------------------------------------------------ */

static const struct vr_debugger *debugger;

static void ends_at(struct machine *m, uint64_t pc, const char *when)
{
	machine_run(m, 0);
	machine_wait(m, 0);
	machine_get(m, 0, state);
	CHECK(m->c, m->vcpu[0].reason == VR_EXIT_DEBUG,
	      "%s: vcpu_run returned with reason %u, not VR_EXIT_DEBUG, %s", m->isa->arch, m->vcpu[0].reason,
	      when);
	CHECK(m->c, m->isa->pc(state) == pc, "%s: the vCPU stands at 0x%llx, not 0x%llx, %s", m->isa->arch,
	      (unsigned long long)m->isa->pc(state), (unsigned long long)pc, when);
}

static void points(struct machine *m)
{
	struct vr_stop_point at = {.access = VR_STOP_EXECUTE};
	int32_t rc;

	check_phase(m->c, "guest 'store' with a point at its first instruction");
	machine_enter(m, 0, GUEST_STORE);
	machine_get(m, 0, state);
	at.first = at.last = m->isa->pc(state);
	rc = debugger->set_points(m->vm, &at, 1, sizeof(at));
	if (rc == VR_E_UNSUPPORTED || rc == VR_E_RANGE) {
		check_refusal(m->c, m->d, rc, "set_points");
		return;
	}
	CHECK(m->c, rc >= 0, "%s: set_points refuses with %s", m->isa->arch, check_error_name(rc));
	m->stops = 1;
	ends_at(m, at.first, "when it came to the point");
	ends_at(m, at.first, "when it was run again at the point");
	CHECK(m->c, !m->done, "%s: the guest went on past the point", m->isa->arch);
	m->stops = 0;
	rc = debugger->set_points(m->vm, NULL, 0, sizeof(at));
	CHECK(m->c, rc >= 0, "%s: set_points of none refuses with %s", m->isa->arch, check_error_name(rc));
	check_phase(m->c, "guest 'store' after the point was taken away");
	machine_expect(m, GUEST_STORE, 0x51);
}

void check_accel_points(struct vr_check *c)
{
	check_started(c);
	check_no_wrapper(c);
	debugger = check_query(c, VR_DEBUGGER_ID);
	if (!debugger)
		check_skip(c, "it offers no " VR_DEBUGGER_ID);
	CHECK(c,
	      VR_HAS(debugger, set_points) && VR_HAS(debugger, vcpu_step) && VR_HAS(debugger, vcpu_translate),
	      "its " VR_DEBUGGER_ID " lacks set_points, vcpu_step or vcpu_translate");
	machine_each_with(c, 1, VR_VM_DEBUG, points);
}
