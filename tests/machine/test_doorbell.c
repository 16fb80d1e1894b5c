/* SPDX-License-Identifier: MIT */
/* Doorbells: which function is called, when, and when no more. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"
#include "common/error.h"

#define HERE UINT64_C(0xd0000050)
#define THERE UINT64_C(0xd0001050)

static struct machine_config config;
static struct machine *m;
static struct vr_door *door, *second;
static _Atomic uint32_t calls, other_calls;

static void setup(void)
{
	fake_standard();
	fake_notify = true;
	config = fake_config();
}

TestSuite(doorbell, .init = setup, .timeout = 60);

static void VR_CALL call(void *opaque)
{
	atomic_fetch_add((_Atomic uint32_t *)opaque, 1);
}

static int32_t attach(uint64_t address, void(VR_CALL *fn)(void *), void *opaque, struct vr_door **out)
{
	*out = NULL;
	return doorbell_table.attach(fake_host, VR_SPACE_MMIO, address, 4, fn, opaque, out);
}

static void build(void)
{
	int32_t rc = machine_new(NULL, &config, &m);

	cr_assert_eq(rc, VR_OK, "%s", vr_error_text(rc));
	m->console.in = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void wait_for(_Atomic uint32_t *n, uint32_t at_least)
{
	while (atomic_load(n) < at_least)
		usleep(100);
}

Test(doorbell, none_without_the_interface)
{
	fake_notify = false;
	build();
	cr_assert_eq(attach(HERE, call, &calls, &door), VR_E_UNSUPPORTED);
	cr_assert_str_eq(vr_error_text(VR_E_UNSUPPORTED), "not supported", "no text of its own");
	cr_assert_null(door);
	cr_assert_not(m->doorbells.running, "no thread");
	doorbells_settle(&m->doorbells);
	machine_free(m);
}

Test(doorbell, refused)
{
	build();
	fake_doorbell_result = VR_E_EXISTS;
	cr_assert_eq(attach(HERE, call, &calls, &door), VR_E_UNSUPPORTED);
	cr_assert_str_eq(vr_error_text(VR_E_UNSUPPORTED), "not supported", "no text of its own");
	cr_assert_null(m->doorbells.first);
	cr_assert_eq(attach(HERE, NULL, NULL, &door), VR_E_INVAL);
	vr_error_clear();
	machine_free(m);
}

Test(doorbell, rings)
{
	build();
	cr_assert_eq(attach(HERE, call, &calls, &door), VR_OK);
	cr_assert_eq(attach(THERE, call, &other_calls, &second), VR_OK);
	cr_assert_eq(atomic_load(&fake_doorbells), 2);
	for (uint32_t i = 1; i <= 100; i++) {
		fake_ring(HERE);
		wait_for(&calls, i);
	}
	cr_assert_eq(atomic_load(&other_calls), 0);
	fake_ring(THERE);
	wait_for(&other_calls, 1);
	doorbell_table.detach(fake_host, door);
	cr_assert_eq(atomic_load(&fake_doorbells), 1);
	fake_ring(HERE);
	fake_ring(THERE);
	doorbells_settle(&m->doorbells);
	cr_assert_eq(atomic_load(&calls), 100);
	cr_assert_eq(atomic_load(&other_calls), 2);
	cr_assert_eq(m->doorbells.rung, 102);
	doorbell_table.detach(fake_host, second);
	doorbell_table.detach(fake_host, NULL);
	machine_free(m);
	cr_assert_eq(atomic_load(&fake_doorbells), 0);
}

/* The device is there before the virtual machine: bound when that comes. */
static void attach_early(void)
{
	cr_assert_eq(attach(HERE, call, &calls, &door), VR_OK);
	cr_assert_eq(atomic_load(&fake_doorbells), 0);
}

Test(doorbell, before_the_virtual_machine)
{
	fake_on_vm_create = attach_early;
	build();
	cr_assert_eq(atomic_load(&fake_doorbells), 1);
	fake_ring(HERE);
	wait_for(&calls, 1);
	/* Not detached: it goes with the machine. */
	machine_free(m);
}

/* A device trace sees all accesses, so none is a doorbell's meanwhile. */
Test(doorbell, not_while_somebody_watches)
{
	static const struct vr_device_trace trace = {.size = sizeof(trace)};

	build();
	cr_assert_eq(attach(HERE, call, &calls, &door), VR_OK);
	cr_assert_eq(device_trace_table.set(fake_host, &trace, NULL), VR_OK);
	cr_assert_eq(atomic_load(&fake_doorbells), 0);
	cr_assert_eq(attach(THERE, call, &other_calls, &second), VR_OK);
	cr_assert_eq(atomic_load(&fake_doorbells), 0);
	doorbell_table.detach(fake_host, second);
	cr_assert_eq(device_trace_table.set(fake_host, NULL, NULL), VR_OK);
	cr_assert_eq(atomic_load(&fake_doorbells), 1);
	fake_ring(HERE);
	wait_for(&calls, 1);
	doorbell_table.detach(fake_host, door);
	machine_free(m);
}

/* ---- the end of a door ------------------------------------------------------------------------- */
static atomic_bool hammering, gone;
static _Atomic uint32_t late;

static void *hammer(void *arg)
{
	(void)arg;
	while (atomic_load(&hammering))
		fake_ring(HERE);
	return NULL;
}

static void VR_CALL call_until_gone(void *opaque)
{
	(void)opaque;
	if (atomic_load(&gone))
		atomic_fetch_add(&late, 1);
	atomic_fetch_add(&calls, 1);
}

Test(doorbell, nothing_after_detach)
{
	pthread_t t;

	build();
	cr_assert_eq(attach(THERE, call, &other_calls, &second), VR_OK);
	atomic_store(&hammering, true);
	pthread_create(&t, NULL, hammer, NULL);
	for (uint32_t i = 0; i < 200; i++) {
		atomic_store(&calls, 0);
		atomic_store(&gone, false);
		cr_assert_eq(attach(HERE, call_until_gone, NULL, &door), VR_OK);
		wait_for(&calls, 1);
		doorbell_table.detach(fake_host, door);
		atomic_store(&gone, true);
		fake_ring(THERE);
	}
	atomic_store(&hammering, false);
	pthread_join(t, NULL);
	doorbells_settle(&m->doorbells);
	cr_assert_eq(atomic_load(&late), 0);
	cr_assert_geq(atomic_load(&other_calls), 1);
	doorbell_table.detach(fake_host, second);
	machine_free(m);
}

static sem_t entered, leave;
static atomic_bool inside;

static void VR_CALL slow(void *opaque)
{
	(void)opaque;
	atomic_store(&inside, true);
	sem_post(&entered);
	sem_wait(&leave);
	atomic_store(&inside, false);
}

static void *let_go(void *arg)
{
	(void)arg;
	usleep(20000);
	cr_assert(atomic_load(&inside));
	sem_post(&leave);
	return NULL;
}

Test(doorbell, detach_waits_for_the_call)
{
	pthread_t t;

	sem_init(&entered, 0, 0);
	sem_init(&leave, 0, 0);
	build();
	cr_assert_eq(attach(HERE, slow, NULL, &door), VR_OK);
	fake_ring(HERE);
	sem_wait(&entered);
	pthread_create(&t, NULL, let_go, NULL);
	doorbell_table.detach(fake_host, door);
	cr_assert_not(atomic_load(&inside));
	pthread_join(t, NULL);
	machine_free(m);
}

/* ---- resets and the end ---------------------------------------------------------------------------- */
static _Atomic uint32_t rings, at_reset[3], resets;

static void note_calls(void)
{
	atomic_store(&at_reset[atomic_fetch_add(&resets, 1) % 3], atomic_load(&calls));
}

/* Rings and asks for a reset, three times; the last time for the end. */
static uint32_t ring_and_reset(uint32_t vcpu)
{
	uint32_t n = atomic_fetch_add(&rings, 1) + 1;

	(void)vcpu;
	fake_ring(HERE);
	machine_table.power(fake_host, n < 4 ? VR_POWER_RESET : VR_POWER_OFF, 0);
	return VR_EXIT_OFF;
}

Test(doorbell, delivered_before_a_reset_and_at_the_end)
{
	fake_program = ring_and_reset;
	fake_on_board_reset = note_calls;
	build();
	cr_assert_eq(attach(HERE, call, &calls, &door), VR_OK);
	cr_assert_eq(machine_run(m), 0);
	for (uint32_t i = 0; i < 3; i++)
		cr_assert_eq(atomic_load(&at_reset[i]), i + 1, "reset %u finds %u calls", i,
			     atomic_load(&at_reset[i]));
	cr_assert_eq(atomic_load(&calls), 4);
	cr_assert_eq(atomic_load(&fake_doorbells), 1, "the doorbell outlives resets");
	machine_free(m);
}
