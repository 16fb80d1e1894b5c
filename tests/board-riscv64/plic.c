/* SPDX-License-Identifier: MIT */
/* plic.c: priorities, thresholds, claim and complete, contexts. */
#include "../../plugins/board-virt-riscv64/plic.h"

#include <criterion/criterion.h>

#include "../fake_host/fake.h"

#define BASE 0x0c000000u
#define PENDING (BASE + 0x1000)
#define ENABLE(context) (BASE + 0x2000 + 0x80 * (context))
#define THRESHOLD(context) (BASE + 0x200000 + 0x1000 * (context))
#define CLAIM(context) (THRESHOLD(context) + 4)
#define S0 1 /* contexts: hart 0 S, hart 1 M, hart 1 S */
#define M1 2
#define S1 3

static struct vr_fake_host *d;
static struct vr_tables t;
static struct plic *p;

static void start(void)
{
	d = fake_new(FAKE_RAM_BASE, 1 << 20, 2);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	cr_assert_eq(plic_new(&t, 2, &p), VR_OK);
}

static void stop(void)
{
	plic_free(p);
	fake_free(d);
}

static void line(uint32_t source, uint32_t level)
{
	d->controller->set(d->controller_opaque, VR_IRQ_SHARED, source, level);
}

static void priority(uint32_t source, uint32_t value)
{
	fake_w32(d, BASE + 4 * source, value);
}

TestSuite(plic, .init = start, .fini = stop);

Test(plic, claim_and_complete)
{
	priority(10, 1);
	line(10, 1);
	cr_expect_eq(d->vcpu[0].pin[9], 0, "not enabled");
	cr_expect_eq(fake_r32(d, PENDING), 1u << 10);
	fake_w32(d, ENABLE(S0), 1u << 10);
	cr_expect_eq(d->vcpu[0].pin[9], 1);
	cr_expect_eq(d->vcpu[0].pin[11], 0);
	cr_expect_eq(d->vcpu[1].pin[9], 0);
	cr_expect_eq(fake_r32(d, CLAIM(S0)), 10);
	cr_expect_eq(d->vcpu[0].pin[9], 0);
	cr_expect_eq(fake_r32(d, PENDING), 0);
	cr_expect_eq(fake_r32(d, CLAIM(S0)), 0);
	/* The input is still high: it comes again with the completion, not before. */
	line(10, 1);
	cr_expect_eq(d->vcpu[0].pin[9], 0);
	fake_w32(d, CLAIM(S0), 10);
	cr_expect_eq(d->vcpu[0].pin[9], 1);
	cr_expect_eq(fake_r32(d, CLAIM(S0)), 10);
	line(10, 0);
	fake_w32(d, CLAIM(S0), 10);
	cr_expect_eq(d->vcpu[0].pin[9], 0);
	cr_expect_eq(fake_r32(d, CLAIM(S0)), 0);
}

Test(plic, request_stays)
{
	priority(3, 1);
	fake_w32(d, ENABLE(S0), 1u << 3);
	line(3, 1);
	line(3, 0);
	cr_expect_eq(d->vcpu[0].pin[9], 1);
	cr_expect_eq(fake_r32(d, CLAIM(S0)), 3);
	fake_w32(d, CLAIM(S0), 3);
	cr_expect_eq(d->vcpu[0].pin[9], 0);
}

Test(plic, priorities)
{
	fake_w32(d, ENABLE(S0), 0xffffffff);
	fake_w32(d, ENABLE(S0) + 4, 0xffffffff);
	fake_w32(d, ENABLE(S0) + 8, 0xffffffff);
	cr_expect_eq(fake_r32(d, ENABLE(S0)), 0xfffffffe, "there is no source 0");
	priority(5, 2);
	priority(7, 0); /* never */
	priority(40, 3);
	priority(64, 3);
	priority(95, 0xff);
	cr_expect_eq(fake_r32(d, BASE + 4 * 95), 7);
	line(5, 1);
	line(7, 1);
	line(64, 1);
	line(40, 1);
	line(95, 1);
	cr_expect_eq(fake_r32(d, CLAIM(S0)), 95);
	cr_expect_eq(fake_r32(d, CLAIM(S0)), 40, "the lower number among equals");
	cr_expect_eq(fake_r32(d, CLAIM(S0)), 64);
	cr_expect_eq(fake_r32(d, CLAIM(S0)), 5);
	cr_expect_eq(fake_r32(d, CLAIM(S0)), 0);
}

Test(plic, threshold)
{
	fake_w32(d, ENABLE(S0), 2);
	fake_w32(d, THRESHOLD(S0), 3);
	cr_expect_eq(fake_r32(d, THRESHOLD(S0)), 3);
	priority(1, 3);
	line(1, 1);
	cr_expect_eq(d->vcpu[0].pin[9], 0);
	priority(1, 4);
	cr_expect_eq(d->vcpu[0].pin[9], 1);
	fake_w32(d, THRESHOLD(S0), 7);
	cr_expect_eq(d->vcpu[0].pin[9], 0);
	cr_expect_eq(fake_r32(d, CLAIM(S0)), 1, "a claim does not look at it");
}

Test(plic, contexts)
{
	priority(1, 1);
	fake_w32(d, ENABLE(M1), 2);
	fake_w32(d, ENABLE(S1), 2);
	line(1, 1);
	cr_expect_eq(d->vcpu[1].pin[11], 1);
	cr_expect_eq(d->vcpu[1].pin[9], 1);
	cr_expect_eq(d->vcpu[0].pin[9], 0);
	cr_expect_eq(fake_r32(d, CLAIM(S1)), 1);
	cr_expect_eq(d->vcpu[1].pin[11], 0, "it is claimed for all");
	line(1, 0);
	fake_w32(d, CLAIM(S0), 1);
	line(1, 1);
	cr_expect_eq(d->vcpu[1].pin[9], 0, "not enabled there: the completion was ignored");
	fake_w32(d, CLAIM(M1), 1);
	cr_expect_eq(d->vcpu[1].pin[9], 1);
}

Test(plic, nothing_there)
{
	fake_w32(d, BASE, 7);
	cr_expect_eq(fake_r32(d, BASE), 0);
	fake_w32(d, BASE + 4 * 96, 7);
	cr_expect_eq(fake_r32(d, BASE + 4 * 96), 0);
	fake_w32(d, ENABLE(4), 2);
	cr_expect_eq(fake_r32(d, ENABLE(4)), 0);
	fake_w32(d, ENABLE(S0) + 12, 2);
	cr_expect_eq(fake_r32(d, ENABLE(S0) + 12), 0);
	fake_w32(d, THRESHOLD(4), 2);
	cr_expect_eq(fake_r32(d, THRESHOLD(4)), 0);
	cr_expect_eq(fake_r32(d, CLAIM(0x3ff)), 0);
	fake_w32(d, CLAIM(S0), 0xffffffff);
	line(0, 1);
	line(96, 1);
	line(0xffffffff, 1);
	d->controller->set(d->controller_opaque, 0, 1, 1);
	for (uint32_t i = 0; i < 12; i += 4)
		cr_expect_eq(fake_r32(d, PENDING + i), 0);
	cr_expect_eq(fake_read(d, VR_SPACE_MMIO, 0, BASE + 1, 1), 0);
	fake_write(d, VR_SPACE_MMIO, 0, BASE + 4, 8, 1);
	cr_expect_eq(fake_r32(d, BASE + 4), 0);
}

Test(plic, reset)
{
	priority(1, 1);
	fake_w32(d, ENABLE(S0), 2);
	line(1, 1);
	cr_expect_eq(d->vcpu[0].pin[9], 1);
	plic_reset(p);
	cr_expect_eq(d->vcpu[0].pin[9], 0);
	cr_expect_eq(fake_r32(d, BASE + 4), 0);
	cr_expect_eq(fake_r32(d, PENDING), 2, "the input is the device's");
	priority(1, 1);
	fake_w32(d, ENABLE(S0), 2);
	d->vcpu[0].pin[9] = 0;
	plic_hart_start(p, 0);
	cr_expect_eq(d->vcpu[0].pin[9], 1);
}
