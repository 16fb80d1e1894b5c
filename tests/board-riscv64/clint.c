/* SPDX-License-Identifier: MIT */
/* clint.c: software interrupts and the timer of M-mode. */
#include "../../plugins/board-virt-riscv64/clint.h"

#include <criterion/criterion.h>

#include "../fake_host/fake.h"

#define BASE 0x02000000u
#define CMP(hart) (BASE + 0x4000 + 8 * (hart))
#define MTIME (BASE + 0xbff8)

static struct vr_fake_host *d;
static struct vr_tables t;
static struct clint *c;

static void start(void)
{
	d = fake_new(FAKE_RAM_BASE, 1 << 20, 3);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	cr_assert_eq(clint_new(&t, 3, &c), VR_OK);
}

static void stop(void)
{
	clint_free(c);
	fake_free(d);
}

static uint64_t r64(uint64_t address)
{
	return fake_read(d, VR_SPACE_MMIO, 0, address, 8);
}

static void w64(uint64_t address, uint64_t value)
{
	fake_write(d, VR_SPACE_MMIO, 0, address, 8, value);
}

TestSuite(clint, .init = start, .fini = stop);

Test(clint, software)
{
	fake_w32(d, BASE + 4, 0xffffffff);
	cr_expect_eq(d->vcpu[1].pin[3], 1);
	cr_expect_eq(d->vcpu[0].pin[3], 0);
	cr_expect_eq(fake_r32(d, BASE + 4), 1);
	fake_w32(d, BASE + 4, 0);
	cr_expect_eq(d->vcpu[1].pin[3], 0);
	/* No hart has these registers. */
	fake_w32(d, BASE + 12, 1);
	cr_expect_eq(fake_r32(d, BASE + 12), 0);
	fake_w32(d, BASE + 0x3ffc, 1);
	fake_write(d, VR_SPACE_MMIO, 0, BASE + 1, 1, 1);
	cr_expect_eq(d->vcpu[0].pin[3], 0);
}

Test(clint, time)
{
	vr_fake_host_advance(d, 1234599);
	cr_expect_eq(r64(MTIME), 12345);
	cr_expect_eq(fake_r32(d, MTIME), 12345);
	cr_expect_eq(fake_r32(d, MTIME + 4), 0);
	w64(MTIME, 7);
	cr_expect_eq(r64(MTIME), 7);
	cr_expect_eq(fake_read(d, VR_SPACE_SYSREG, 0, VR_RISCV_TIME_OFFSET, 8), 7ull - 12345);
	cr_expect_eq(d->vcpu[2].pin[VR_RISCV_PIN_TIME], 1, "every hart is told");
	vr_fake_host_advance(d, 100ull << 32);
	cr_expect_eq(fake_r32(d, MTIME + 4), 1);
	clint_reset(c);
	cr_expect_eq(r64(MTIME), d->now / 100, "and guest time again after a reset");
}

Test(clint, timer)
{
	cr_expect_eq(r64(CMP(0)), UINT64_MAX);
	w64(CMP(0), 1000);
	w64(CMP(2), 500);
	vr_fake_host_advance(d, 49999);
	cr_expect_eq(d->vcpu[2].pin[7], 0);
	vr_fake_host_advance(d, 1);
	cr_expect_eq(d->vcpu[2].pin[7], 1);
	cr_expect_eq(d->vcpu[0].pin[7], 0);
	vr_fake_host_advance(d, 50000);
	cr_expect_eq(d->vcpu[0].pin[7], 1);
	w64(CMP(0), 2000);
	cr_expect_eq(d->vcpu[0].pin[7], 0);
	w64(CMP(0), 0);
	cr_expect_eq(d->vcpu[0].pin[7], 1, "at once");
	w64(CMP(0), UINT64_MAX / 3);
	cr_expect_eq(d->vcpu[0].pin[7], 0, "beyond what a timer can say");
	vr_fake_host_advance(d, 1ull << 60);
	cr_expect_eq(d->vcpu[0].pin[7], 0);
}

static uint32_t writes;

static void written(void *opaque)
{
	(void)opaque;
	writes++;
}

Test(clint, time_set)
{
	clint_on_write(c, written, NULL);
	w64(CMP(0), 1000);
	w64(MTIME, 999);
	cr_expect_eq(writes, 1);
	cr_expect_eq(d->vcpu[0].pin[7], 0);
	vr_fake_host_advance(d, 100);
	cr_expect_eq(d->vcpu[0].pin[7], 1);
	fake_w32(d, MTIME, 0);
	cr_expect_eq(d->vcpu[0].pin[7], 0, "it goes back");
	fake_w32(d, MTIME + 4, 1);
	cr_expect_eq(r64(MTIME), 1ull << 32);
	cr_expect_eq(d->vcpu[0].pin[7], 1);
	cr_expect_eq(writes, 3);
	/* A comparator at the end of time: out of a timer's reach, not due for ever. */
	w64(CMP(0), UINT64_MAX);
	w64(MTIME, UINT64_MAX - 10);
	cr_expect_eq(clint_when(c, UINT64_MAX), d->now + 1000);
	vr_fake_host_advance(d, 999);
	cr_expect_eq(d->vcpu[0].pin[7], 0);
	cr_expect_eq(clint_when(c, 5), d->now / 100 * 100, "past");
	w64(MTIME, 0);
	cr_expect_eq(clint_when(c, UINT64_MAX), UINT64_MAX);
}

Test(clint, halves)
{
	fake_w32(d, CMP(1) + 4, 0);
	cr_expect_eq(r64(CMP(1)), 0xffffffff);
	fake_w32(d, CMP(1), 100);
	cr_expect_eq(fake_r32(d, CMP(1)), 100);
	cr_expect_eq(fake_r32(d, CMP(1) + 4), 0);
	vr_fake_host_advance(d, 10000);
	cr_expect_eq(d->vcpu[1].pin[7], 1);
	w64(CMP(3), 0);
	cr_expect_eq(r64(CMP(3)), 0);
	w64(CMP(0) + 4, 0);
	cr_expect_eq(r64(CMP(0)), UINT64_MAX, "not aligned");
	cr_expect_eq(r64(BASE + 0xfff8), 0);
}

Test(clint, reset)
{
	fake_w32(d, BASE, 1);
	w64(CMP(0), 0);
	d->vcpu[0].pin[3] = d->vcpu[0].pin[7] = 0;
	clint_hart_start(c, 0);
	cr_expect_eq(d->vcpu[0].pin[3], 1);
	cr_expect_eq(d->vcpu[0].pin[7], 1);
	clint_reset(c);
	cr_expect_eq(d->vcpu[0].pin[3], 0);
	cr_expect_eq(d->vcpu[0].pin[7], 0);
	cr_expect_eq(r64(CMP(0)), UINT64_MAX);
}
