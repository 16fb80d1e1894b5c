/* SPDX-License-Identifier: MIT */
/* Timers, and parking with its permits and deadlines. */
#include <criterion/criterion.h>
#include <unistd.h>

#include "machine/parts.h"
#include "util/clock.h"

/* What a plugin would give. */
static const struct vr_host a_host;
static const struct vr_host *const fake_host = &a_host;

static struct timers timers;
static _Atomic uint32_t fired;
static uint64_t order[256];
static atomic_bool arm_again;

struct shot {
	struct vr_timer *timer;
	uint64_t name;
};

static void VR_CALL on_fire(void *opaque)
{
	struct shot *s = opaque;
	uint32_t i = atomic_load(&fired);

	order[i % 256] = s->name;
	if (atomic_exchange(&arm_again, false))
		timer_table.arm(fake_host, s->timer, 0);
	atomic_store(&fired, i + 1);
}

static void wait_for(uint32_t n)
{
	for (int i = 0; i < 5000 && atomic_load(&fired) < n; i++)
		usleep(1000);
}

static void setup(void)
{
	timers_init(&timers, NULL);
}

static void teardown(void)
{
	timers_free(&timers);
}

TestSuite(timer, .init = setup, .fini = teardown);

Test(timer, fire_in_order)
{
	struct shot s[100];
	uint64_t now = timers_now(&timers);

	for (uint64_t i = 0; i < 100; i++) {
		s[i].name = i;
		cr_assert_eq(timers_create(&timers, on_fire, &s[i], &s[i].timer), VR_OK);
	}
	for (uint64_t i = 0; i < 100; i++) {
		uint64_t k = i * 37 % 100;

		timer_table.arm(fake_host, s[k].timer, now + 200000000 + k * 10000);
	}
	/* Some are cancelled, some moved. */
	timer_table.cancel(fake_host, s[50].timer);
	timer_table.cancel(fake_host, s[0].timer);
	timer_table.cancel(fake_host, s[0].timer);
	timer_table.arm(fake_host, s[99].timer, now + 190000000);
	cr_assert_eq(atomic_load(&fired), 0);
	wait_for(98);
	usleep(5000);
	cr_assert_eq(atomic_load(&fired), 98);
	cr_assert_geq(timers_now(&timers), now + 200000000);
	cr_assert_eq(order[0], 99);
	for (uint32_t i = 2; i < 98; i++)
		cr_assert_lt(order[i - 1], order[i]);
	for (uint64_t i = 0; i < 100; i++)
		timer_table.destroy(fake_host, s[i].timer);
}

Test(timer, earlier_arming_wakes_the_thread)
{
	struct shot s = {.name = 1};
	uint64_t start;

	timers_create(&timers, on_fire, &s, &s.timer);
	timer_table.arm(fake_host, s.timer, UINT64_MAX);
	usleep(20000);
	start = timers_now(&timers);
	timer_table.arm(fake_host, s.timer, start + 1000000);
	wait_for(1);
	cr_assert_eq(atomic_load(&fired), 1);
	cr_assert_lt(timers_now(&timers) - start, 2000000000ull);
	timer_table.destroy(fake_host, s.timer);
}

Test(timer, callback_may_arm_itself)
{
	struct shot s = {.name = 1};

	timers_create(&timers, on_fire, &s, &s.timer);
	atomic_store(&arm_again, true);
	timer_table.arm(fake_host, s.timer, 0);
	wait_for(2);
	cr_assert_eq(atomic_load(&fired), 2);
	timer_table.destroy(fake_host, s.timer);
	timer_table.destroy(fake_host, NULL);
}

Test(park, permit_is_kept)
{
	_Atomic uint32_t permit = 0;

	vcpu_unpark(&permit);
	vcpu_unpark(&permit);
	vcpu_park(&permit, UINT64_MAX); /* returns at once */
	uint64_t start = clock_monotonic();
	vcpu_park(&permit, start + 20000000); /* two unparks are one permit */
	cr_assert_geq(clock_monotonic() - start, 20000000);
}

Test(park, past_deadline)
{
	_Atomic uint32_t permit = 0;

	vcpu_park(&permit, 0);
	vcpu_park(&permit, clock_monotonic());
}

static _Atomic uint32_t ping, pong;

static void *ponger(void *arg)
{
	for (int i = 0; i < 2000; i++) {
		vcpu_park(&ping, UINT64_MAX);
		vcpu_unpark(&pong);
	}
	return arg;
}

Test(park, no_wake_is_lost, .timeout = 60)
{
	pthread_t t;

	cr_assert_eq(threads_start(&t, NULL, "ponger", ponger, NULL), VR_OK);
	for (int i = 0; i < 2000; i++) {
		vcpu_unpark(&ping);
		vcpu_park(&pong, UINT64_MAX);
	}
	pthread_join(t, NULL);
}
