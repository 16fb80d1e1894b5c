/* SPDX-License-Identifier: MIT */
/* The generic timer against a host whose time the test makes (Arm ARM D11.2). */
#include <criterion/criterion.h>
#include <pthread.h>
#include "fake.h"

#define VIRT 27
#define PHYS 30

Test(timer, count)
{
	fake_engine_new(1);
	fake.now = 1600;
	cr_assert_eq(mrs(R_CNTVCT), 100);
	cr_assert_eq(a64_helper_read_cntvct(fake.x, 0, 0, 0), 100);
	fake.s->cntvoff = 40;
	cr_assert_eq(mrs(R_CNTVCT), 60);
	cr_assert_eq(mrs(VR_A64_SYSREG(3, 3, 14, 0, 1)), 100);
}

Test(timer, fires_and_falls)
{
	fake_engine_new(1);
	fake_time(160);
	msr(R_CNTV_CVAL, 100);
	msr(R_CNTV_CTL, 1);
	cr_assert_eq(fake.armed[A64_TIMER_VIRT], 1600);
	cr_assert_eq(fake.line[VIRT], 0);
	cr_assert_eq(mrs(R_CNTV_CTL), 1);
	fake_time(1599);
	cr_assert_eq(fake.line[VIRT], 0);
	fake_time(1600);
	cr_assert_eq(fake.line[VIRT], 1);
	cr_assert_eq(mrs(R_CNTV_CTL), 5);
	/* masked: the line falls, the status stays */
	msr(R_CNTV_CTL, 3);
	cr_assert_eq(fake.line[VIRT], 0);
	cr_assert_eq(mrs(R_CNTV_CTL), 7);
	msr(R_CNTV_CTL, 1);
	cr_assert_eq(fake.line[VIRT], 1);
	/* a new time to come: it falls and is armed again */
	msr(R_CNTV_TVAL, 50);
	cr_assert_eq(fake.line[VIRT], 0);
	cr_assert_eq(fake.armed[A64_TIMER_VIRT], 2400);
	cr_assert_eq(mrs(R_CNTV_TVAL), 50);
	cr_assert_eq(mrs(R_CNTV_CVAL), 150);
	msr(R_CNTV_CTL, 0);
	cr_assert_eq(fake.armed[A64_TIMER_VIRT], UINT64_MAX);
	fake_time(1 << 20);
	cr_assert_eq(fake.line[VIRT], 0);
}

Test(timer, physical_has_no_offset)
{
	fake_engine_new(1);
	fake.s->cntvoff = 1000;
	msr(R_CNTP_CVAL, 100);
	msr(R_CNTP_CTL, 1);
	cr_assert_eq(fake.armed[A64_TIMER_PHYS], 1600);
	msr(R_CNTV_CVAL, 100);
	msr(R_CNTV_CTL, 1);
	cr_assert_eq(fake.line[VIRT], 1, "its count wrapped: long past");
	fake_time(1600);
	cr_assert_eq(fake.line[PHYS], 1);
}

Test(timer, far_away_is_never)
{
	fake_engine_new(1);
	msr(R_CNTV_CVAL, ~0ull);
	msr(R_CNTV_CTL, 1);
	cr_assert_eq(fake.armed[A64_TIMER_VIRT], UINT64_MAX);
	cr_assert_eq(fake.line[VIRT], 0);
}

Test(timer, negative_tval_is_past)
{
	fake_engine_new(1);
	fake.now = 16000;
	msr(R_CNTV_TVAL, (uint32_t)-5);
	msr(R_CNTV_CTL, 1);
	cr_assert_eq(fake.line[VIRT], 1);
	cr_assert_eq(mrs(R_CNTV_TVAL), 0xfffffffb);
}

Test(timer, early_and_double_firing_is_harmless)
{
	fake_engine_new(1);
	msr(R_CNTV_CVAL, 100);
	msr(R_CNTV_CTL, 1);
	fake.now = 800;
	fake.fire[A64_TIMER_VIRT](fake.fire_opaque[A64_TIMER_VIRT]);
	cr_assert_eq(fake.line[VIRT], 0);
	cr_assert_eq(fake.armed[A64_TIMER_VIRT], 1600);
	fake_time(1600);
	uint32_t sets = fake.line_sets;
	fake.fire[A64_TIMER_VIRT](fake.fire_opaque[A64_TIMER_VIRT]);
	cr_assert_eq(fake.line[VIRT], 1);
	cr_assert_eq(fake.line_sets, sets);
}

Test(timer, restart_drives_the_lines)
{
	fake_engine_new(1);
	fake.line[VIRT] = fake.line[PHYS] = 1;
	a64_reset(fake.x);
	cr_assert_eq(fake.line[VIRT], 0);
	cr_assert_eq(fake.line[PHYS], 0);
}

static void *fire_often(void *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < 20000; i++)
		fake.fire[A64_TIMER_VIRT](fake.fire_opaque[A64_TIMER_VIRT]);
	return NULL;
}

/* After a write the line has the level that the registers give, whatever the timer thread did meanwhile. */
Test(timer, race)
{
	pthread_t thread;
	fake_engine_new(1);
	fake.now = 16000;
	msr(R_CNTV_CTL, 1);
	pthread_create(&thread, NULL, fire_often, NULL);
	for (uint32_t i = 0; i < 20000; i++) {
		msr(R_CNTV_CVAL, i & 1 ? 2000 : 0);
		cr_assert_eq(__atomic_load_n(&fake.line[VIRT], __ATOMIC_SEQ_CST), !(i & 1));
	}
	pthread_join(thread, NULL);
}
