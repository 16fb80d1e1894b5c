/* SPDX-License-Identifier: MIT */
/* sbsa-gwdt.c: the example sdk/examples/sbsa-gwdt (Arm DEN 0094, "Generic Watchdog"). */
#include <criterion/criterion.h>
#include <vmrun/device.h>
#include <vmrun/plugin.h>

#include "fake_host/fake_host.h"

#define CONTROL UINT64_C(0x0c000000)
#define REFRESH UINT64_C(0x0c001000)
#define IRQ 40u
#define HZ UINT64_C(62500000)
#define SECOND UINT64_C(1000000000)
#define WCS 0x000u
#define WOR 0x008u
#define WCV 0x010u
#define IIDR 0xfccu
#define EN 1u
#define WS0 2u
#define WS1 4u

static struct vr_fake_host *f;
static const struct vr_plugin *plugin;
static const struct vr_device_maker *m;
static struct vr_device *device;
static const uint64_t bases[] = {CONTROL, REFRESH};
static const uint32_t irq = IRQ;
static const struct vr_device_config config = {.size = sizeof(config),
					       .type = "sbsa-gwdt",
					       .bases = bases,
					       .irqs = &irq,
					       .window_count = 2,
					       .irq_count = 1};

static int32_t make(const char *hz)
{
	f = vr_fake_host_new("arm64", 1, 0x100000);
	cr_assert(f && vmrun_plugin_create(f->host, "sbsa-gwdt", &plugin) >= 0);
	vr_fake_host_option(f, "counter-hz", hz);
	cr_assert(plugin->probe(plugin->self) >= 0 && plugin->start(plugin->self) >= 0);
	m = plugin->query(plugin->self, VR_DEVICE_ID);
	return m->create(plugin->self, &config, &device);
}

static void start(void)
{
	cr_assert(make("62500000") >= 0);
}

static void stop(void)
{
	if (device)
		m->destroy(device);
	plugin->stop(plugin->self);
	plugin->destroy(plugin->self);
	cr_expect_eq(f->finding_count, 0, "%s", vr_fake_host_finding(f, 0));
	vr_fake_host_free(f);
}

static uint64_t get(uint64_t address, uint32_t width)
{
	uint64_t value = 0;

	vr_fake_host_access(f, VR_SPACE_MMIO, 0, address, width, 0, &value);
	return value;
}

static void put(uint64_t address, uint32_t width, uint64_t value)
{
	vr_fake_host_access(f, VR_SPACE_MMIO, 0, address, width, 1, &value);
}

TestSuite(sbsa, .init = start, .fini = stop);

Test(sbsa, registers)
{
	cr_expect_eq(get(CONTROL + IIDR, 4) >> 16 & 15, 1);
	cr_expect_eq(get(REFRESH + IIDR, 4), get(CONTROL + IIDR, 4));
	put(CONTROL + WOR, 8, UINT64_MAX);
	cr_expect_eq(get(CONTROL + WOR, 8), (UINT64_C(1) << 48) - 1);
	put(CONTROL + WOR, 4, 5);
	put(CONTROL + WOR + 4, 4, 0x70006);
	cr_expect_eq(get(CONTROL + WOR, 8), UINT64_C(0x600000005));
	cr_expect_eq(get(CONTROL + WOR + 4, 4), 6);
	put(CONTROL + WCV, 8, UINT64_C(0x123456789abcdef0));
	cr_expect_eq(get(CONTROL + WCV, 4), 0x9abcdef0);
	cr_expect_eq(get(CONTROL + WCV + 4, 4), 0x12345678);
	cr_expect_eq(get(CONTROL + WCS, 4), 0);
}

Test(sbsa, interrupt_then_reset)
{
	vr_fake_host_advance(f, 3 * SECOND);
	put(CONTROL + WOR, 4, HZ);
	put(CONTROL + WCS, 4, EN);
	cr_expect_eq(get(CONTROL + WCV, 8), 4 * HZ);
	vr_fake_host_advance(f, SECOND);
	cr_expect_eq(get(CONTROL + WCS, 4), EN, "the counter has to pass WCV");
	vr_fake_host_advance(f, 16);
	cr_expect_eq(get(CONTROL + WCS, 4), EN | WS0);
	cr_expect_eq(f->line[IRQ], 1);
	cr_expect_eq(get(CONTROL + WCV, 8), 5 * HZ + 1);
	vr_fake_host_advance(f, SECOND);
	cr_expect_eq(f->power_calls, 0);
	vr_fake_host_advance(f, 16);
	cr_expect_eq(get(CONTROL + WCS, 4), EN | WS0 | WS1);
	cr_expect_eq(f->power_calls, 1);
	cr_expect_eq(f->power_what, VR_POWER_RESET);
	vr_fake_host_advance(f, 100 * SECOND);
	cr_expect_eq(f->power_calls, 1);
	m->reset(device);
	cr_expect_eq(f->line[IRQ], 0);
	cr_expect_eq(get(CONTROL + WCS, 4), 0);
}

/* A write to any of the three is a refresh. */
Test(sbsa, fed)
{
	static const struct {
		uint64_t address, value;
	} refresh[] = {{REFRESH, 0}, {CONTROL + WOR, HZ}, {CONTROL + WCS, EN}};

	put(CONTROL + WOR, 4, HZ);
	put(CONTROL + WCS, 4, EN);
	for (uint32_t i = 0; i < 12; i++) {
		vr_fake_host_advance(f, SECOND * 3 / 2);
		cr_expect_eq(f->line[IRQ], 1);
		put(refresh[i % 3].address, 4, refresh[i % 3].value);
		cr_expect_eq(f->line[IRQ], 0);
		cr_expect_eq(get(CONTROL + WCS, 4), EN);
	}
	cr_expect_eq(f->power_calls, 0);
}

Test(sbsa, disabled_and_paused)
{
	put(CONTROL + WOR, 4, HZ);
	vr_fake_host_advance(f, 10 * SECOND);
	cr_expect_eq(f->line[IRQ], 0);
	put(CONTROL + WCS, 4, EN);
	m->pause(device);
	vr_fake_host_advance(f, 10 * SECOND);
	cr_expect_eq(f->line[IRQ], 0);
	m->resume(device);
	vr_fake_host_advance(f, 1);
	cr_expect_eq(f->line[IRQ], 1);
	put(CONTROL + WCS, 4, 0);
	cr_expect_eq(f->line[IRQ], 0);
	vr_fake_host_advance(f, 100 * SECOND);
	cr_expect_eq(f->power_calls, 0);
}

Test(sbsa, latest_value)
{
	put(CONTROL + WCS, 4, EN);
	put(CONTROL + WCV, 8, UINT64_MAX);
	vr_fake_host_advance(f, 1000 * SECOND);
	cr_expect_eq(f->line[IRQ], 0);
}

Test(sbsa_options, counter)
{
	static const char *const wrong[] = {"0", "4294967296"};

	for (uint32_t i = 0; i < 2; i++) {
		cr_expect_eq(make(wrong[i]), VR_E_CONFIG);
		cr_expect(strstr(f->error_text, "counter-hz"), "%s", f->error_text);
		stop();
	}
}
