/* SPDX-License-Identifier: MIT */
/* sp805.c: the example sdk/examples/sp805, to the tick (ARM DDI 0270, 2.2, 3.3). */
#include <criterion/criterion.h>
#include <vmrun/device.h>
#include <vmrun/plugin.h>

#include "fake_host/fake_host.h"

#define BASE 0x0c000000u
#define IRQ 40u
#define HZ 24000000u
#define SECOND UINT64_C(1000000000)
#define LOAD 0x000u
#define VALUE 0x004u
#define CONTROL 0x008u
#define INTCLR 0x00cu
#define RIS 0x010u
#define MIS 0x014u
#define LOCK 0xc00u
#define INTEN 1u
#define RESEN 2u

static struct vr_fake_host *f;
static const struct vr_plugin *plugin;
static const struct vr_device_maker *m;
static struct vr_device *device;
static const uint64_t base = BASE;
static const uint32_t irq = IRQ;
static struct vr_device_config config = {.size = sizeof(config),
					 .type = "sp805",
					 .bases = &base,
					 .irqs = &irq,
					 .window_count = 1,
					 .irq_count = 1,
					 .clock_hz = HZ};

static void start(void)
{
	f = vr_fake_host_new("arm64", 1, 0x100000);
	cr_assert(f && vmrun_plugin_create(f->host, "sp805", &plugin) >= 0);
	cr_assert(plugin->probe(plugin->self) >= 0 && plugin->start(plugin->self) >= 0);
	m = plugin->query(plugin->self, VR_DEVICE_ID);
	cr_assert(m->create(plugin->self, &config, &device) >= 0);
}

static void stop(void)
{
	m->destroy(device);
	plugin->stop(plugin->self);
	plugin->destroy(plugin->self);
	cr_expect_eq(f->finding_count, 0, "%s", vr_fake_host_finding(f, 0));
	vr_fake_host_free(f);
}

static uint32_t get(uint64_t offset)
{
	uint64_t value = 0;

	vr_fake_host_access(f, VR_SPACE_MMIO, 0, BASE + offset, 4, 0, &value);
	return (uint32_t)value;
}

static void put(uint64_t offset, uint64_t value)
{
	vr_fake_host_access(f, VR_SPACE_MMIO, 0, BASE + offset, 4, 1, &value);
}

TestSuite(sp805, .init = start, .fini = stop);

Test(sp805, identification)
{
	static const uint8_t expected[8] = {0x05, 0x18, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

	for (uint32_t i = 0; i < 8; i++)
		cr_expect_eq(get(0xfe0 + 4 * i), expected[i]);
	cr_expect_eq(get(LOAD), UINT32_MAX);
	cr_expect_eq(get(VALUE), UINT32_MAX);
	cr_expect_eq(get(CONTROL) | get(LOCK) | get(RIS), 0);
}

Test(sp805, counts_at_the_clocks_rate)
{
	put(LOAD, HZ);
	vr_fake_host_advance(f, SECOND);
	cr_expect_eq(get(VALUE), HZ, "it does not run");
	put(CONTROL, INTEN);
	vr_fake_host_advance(f, SECOND / 4);
	cr_expect_eq(get(VALUE), HZ - HZ / 4);
	put(CONTROL, 0);
	vr_fake_host_advance(f, SECOND);
	cr_expect_eq(get(VALUE), HZ - HZ / 4, "it stands");
	put(CONTROL, INTEN);
	cr_expect_eq(get(VALUE), HZ, "3.3.3: enabling it loads it");
	put(LOAD, 10);
	vr_fake_host_advance(f, SECOND);
	cr_expect_leq(get(VALUE), 10);
}

Test(sp805, interrupt_then_reset)
{
	put(LOAD, HZ);
	put(CONTROL, INTEN | RESEN);
	vr_fake_host_advance(f, SECOND - 1);
	cr_expect_eq(f->line[IRQ], 0);
	vr_fake_host_advance(f, 1);
	cr_expect_eq(f->line[IRQ], 1);
	cr_expect_eq(get(RIS) & get(MIS), 1);
	vr_fake_host_advance(f, SECOND);
	cr_expect_eq(f->power_calls, 0, "the next zero is one tick more away");
	vr_fake_host_advance(f, 42);
	cr_expect_eq(f->power_calls, 1);
	cr_expect_eq(f->power_what, VR_POWER_RESET);
	vr_fake_host_advance(f, 100 * SECOND);
	cr_expect_eq(f->power_calls, 1, "once is enough");
	m->reset(device);
	cr_expect_eq(f->line[IRQ], 0);
	vr_fake_host_advance(f, 1000 * SECOND);
	cr_expect_eq(f->power_calls, 1);
}

Test(sp805, fed)
{
	put(LOAD, HZ);
	put(CONTROL, INTEN | RESEN);
	for (int i = 0; i < 20; i++) {
		vr_fake_host_advance(f, SECOND * 3 / 2);
		cr_expect_eq(f->line[IRQ], 1);
		put(INTCLR, 1);
		cr_expect_eq(f->line[IRQ], 0);
		cr_expect_eq(get(VALUE), HZ);
	}
	cr_expect_eq(f->power_calls, 0);
}

Test(sp805, no_reset_unless_enabled)
{
	put(LOAD, HZ);
	put(CONTROL, INTEN);
	vr_fake_host_advance(f, 10 * SECOND);
	cr_expect_eq(f->line[IRQ], 1);
	cr_expect_eq(f->power_calls, 0);
	put(CONTROL, INTEN | RESEN);
	vr_fake_host_advance(f, SECOND + 1000);
	cr_expect_eq(f->power_calls, 1, "the interrupt is still there");
}

Test(sp805, interrupt_is_masked_when_disabled)
{
	put(LOAD, 1);
	put(CONTROL, INTEN);
	vr_fake_host_advance(f, SECOND);
	put(CONTROL, 0);
	cr_expect_eq(f->line[IRQ], 0);
	cr_expect_eq(get(RIS), 1);
	cr_expect_eq(get(MIS), 0);
}

Test(sp805, locked)
{
	put(LOCK, 0);
	cr_expect_eq(get(LOCK), 1);
	put(LOAD, 5);
	put(CONTROL, INTEN | RESEN);
	cr_expect_eq(get(LOAD), UINT32_MAX);
	cr_expect_eq(get(CONTROL), 0);
	put(LOCK, 0x1acce551);
	cr_expect_eq(get(LOCK), 0);
	put(LOAD, 5);
	cr_expect_eq(get(LOAD), 5);
}

/* The smallest loads: no storm of timers, one reset. */
Test(sp805, smallest_loads)
{
	for (uint32_t load = 0; load < 3; load++) {
		m->reset(device);
		f->power_calls = 0;
		put(LOAD, load);
		put(CONTROL, INTEN | RESEN);
		vr_fake_host_advance(f, SECOND);
		cr_expect_eq(f->power_calls, 1);
	}
}

Test(sp805, paused)
{
	put(LOAD, HZ);
	put(CONTROL, INTEN | RESEN);
	m->pause(device);
	vr_fake_host_advance(f, 10 * SECOND);
	cr_expect_eq(f->line[IRQ], 0);
	m->resume(device);
	vr_fake_host_advance(f, SECOND + 1000);
	cr_expect_eq(f->line[IRQ], 1);
}

Test(sp805, without_a_clock)
{
	struct vr_device *other = NULL;

	config.clock_hz = 0;
	cr_expect_eq(m->create(plugin->self, &config, &other), VR_E_CONFIG);
	cr_expect(strstr(f->error_text, "no clock for devices"), "%s", f->error_text);
}
