/* SPDX-License-Identifier: MIT */
/* ports.c: resetting and powering off: i8042, port 0x92, 0xcf9, ACPI's PM1a and PM timer. */
#include <criterion/criterion.h>

#include "../../plugins/board-pc/acpi_pm.h"
#include "../../plugins/board-pc/map.h"
#include "../../plugins/board-pc/pci.h"
#include "../../plugins/board-pc/reset.h"
#include "../fake_host/fake.h"

static struct vr_fake_host *d;
static struct vr_tables t;
static struct reset_control r;
static struct acpi_pm p;
static struct pci pci;

static void start(void)
{
	d = fake_new_pc(1);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	cr_assert_eq(reset_init(&r, &t), VR_OK);
	cr_assert_eq(acpi_pm_init(&p, &t), VR_OK);
	cr_assert_eq(pci_init(&pci, &t, &r), VR_OK);
}

static void stop(void)
{
	pci_fini(&pci);
	reset_fini(&r);
	acpi_pm_fini(&p);
	fake_free(d);
}

static uint32_t pm(uint32_t port, uint32_t width)
{
	return (uint32_t)fake_read(d, VR_SPACE_PORT, 0, port, width);
}

static void set_pm(uint32_t port, uint32_t width, uint32_t value)
{
	fake_write(d, VR_SPACE_PORT, 0, port, width, value);
}

TestSuite(ports, .init = start, .fini = stop);

Test(ports, keyboard_controller)
{
	cr_expect_eq(fake_in(d, 0x64), 0x14);
	fake_out(d, 0x64, 0xaa);
	cr_expect_eq(fake_in(d, 0x64), 0x15);
	cr_expect_eq(fake_in(d, 0x60), 0x55);
	cr_expect_eq(fake_in(d, 0x64), 0x14);
	fake_out(d, 0x64, 0x60);
	fake_out(d, 0x60, 0x47);
	fake_out(d, 0x64, 0x20);
	cr_expect_eq(fake_in(d, 0x60), 0x47);
	fake_out(d, 0x64, 0xab);
	cr_expect_eq(fake_in(d, 0x60), 0);
	fake_out(d, 0x60, 0xff); /* to a keyboard that is not there */
	cr_expect_eq(fake_in(d, 0x64), 0x14);
	cr_expect_eq(d->power_calls, 0);
}

Test(ports, keyboard_controller_resets)
{
	fake_out(d, 0x64, 0xff);
	cr_expect_eq(d->power_calls, 0);
	fake_out(d, 0x64, 0xfe);
	cr_expect_eq(d->power_calls, 1);
	cr_expect_eq(d->power_what, VR_POWER_RESET);
	fake_out(d, 0x64, 0xd1);
	fake_out(d, 0x60, 0x02);
	cr_expect_eq(d->power_calls, 2);
}

Test(ports, a20)
{
	fake_out(d, 0x64, 0xd1);
	fake_out(d, 0x60, 0x01);
	cr_expect_eq(fake_in(d, 0x92), 0);
	fake_out(d, 0x92, 2);
	fake_out(d, 0x64, 0xd0);
	cr_expect_eq(fake_in(d, 0x60), 3);
	cr_expect_eq(d->power_calls, 0);
}

Test(ports, port_92_resets)
{
	fake_out(d, 0x92, 3);
	fake_out(d, 0x92, 3);
	cr_expect_eq(d->power_calls, 1);
}

Test(ports, reset_control)
{
	fake_out(d, 0xcf9, 2);
	cr_expect_eq(d->power_calls, 0);
	fake_out(d, 0xcf9, 6);
	cr_expect_eq(d->power_calls, 1);
	cr_expect_eq(d->power_what, VR_POWER_RESET);
	reset_reset(&r);
	cr_expect_eq(fake_in(d, 0xcf9), 0);
}

Test(ports, power_off)
{
	cr_expect_eq(pm(0x604, 2), 1, "ACPI is on");
	set_pm(0x604, 2, 5 << 10);
	cr_expect_eq(pm(0x604, 2), (5 << 10) | 1);
	cr_expect_eq(d->power_calls, 0);
	set_pm(0x604, 2, 1 << 10 | 0x2000);
	cr_expect_eq(d->power_calls, 0, "only S5");
	set_pm(0x604, 2, 5 << 10 | 0x2000);
	cr_expect_eq(d->power_calls, 1);
	cr_expect_eq(d->power_what, VR_POWER_OFF);
	set_pm(0x605, 1, 5 << 2 | 0x20);
	cr_expect_eq(d->power_calls, 2, "byte by byte");
}

Test(ports, events)
{
	set_pm(0x602, 2, 0xffff);
	cr_expect_eq(pm(0x602, 2), 0x0021, "the timer's and the global lock's: all that the FADT announces");
	cr_expect_eq(pm(0x600, 4), 0x00210000);
	set_pm(0x602, 1, 0x20);
	cr_expect_eq(pm(0x602, 2), 0x0020);
	set_pm(0x600, 2, 0xffff);
	cr_expect_eq(pm(0x600, 2), 0);
	acpi_pm_reset(&p);
	cr_expect_eq(pm(0x602, 2), 0);
}

Test(ports, timer)
{
	uint32_t begin = pm(0x608, 4);

	vr_fake_host_advance(d, 1000000000);
	cr_expect_eq(pm(0x608, 4) - begin, ACPI_PM_TIMER_HZ);
	vr_fake_host_advance(d, 1500000000000); /* wraps at 32 bits */
	cr_expect_eq(pm(0x608, 4) - begin, (uint32_t)(1501ull * ACPI_PM_TIMER_HZ));
}

/* ACPI 6.4, 4.8.2.1: an event when the highest bit changes, in either direction. */
Test(ports, timer_event)
{
	const uint64_t half = (1ull << 31) * 1000000000 / ACPI_PM_TIMER_HZ + 1;

	set_pm(0x602, 2, 1);
	vr_fake_host_advance(d, half - 1000000);
	cr_expect_eq(pm(0x600, 2), 0);
	cr_expect_eq(d->line[PC_IRQ_SCI], 0);
	vr_fake_host_advance(d, 1000000);
	cr_expect_eq(d->line[PC_IRQ_SCI], 1);
	cr_expect_eq(pm(0x600, 2), 1);
	cr_expect_eq(pm(0x608, 4) >> 31, 1);
	set_pm(0x600, 2, 1);
	cr_expect_eq(d->line[PC_IRQ_SCI], 0);
	vr_fake_host_advance(d, half);
	cr_expect_eq(d->line[PC_IRQ_SCI], 1);
	cr_expect_eq(pm(0x608, 4) >> 31, 0);
	set_pm(0x602, 2, 0);
	cr_expect_eq(d->line[PC_IRQ_SCI], 0, "not enabled");
	set_pm(0x600, 2, 1);
	vr_fake_host_advance(d, half);
	cr_expect_eq(pm(0x600, 2), 1, "noted all the same");
}
