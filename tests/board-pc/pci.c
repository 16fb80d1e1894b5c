/* SPDX-License-Identifier: MIT */
/* pci.c: the root of PCI: a host bridge and nothing else. */
#include "../../plugins/board-pc/pci.h"

#include <criterion/criterion.h>

#include "../../plugins/board-pc/reset.h"
#include "../fake_host/fake.h"

#define ECAM 0xe0000000ull

static struct vr_fake_host *d;
static struct vr_tables t;
static struct reset_control r;
static struct pci p;

static void start(void)
{
	d = fake_new_pc(1);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	cr_assert_eq(reset_init(&r, &t), VR_OK);
	cr_assert_eq(pci_init(&p, &t, &r), VR_OK);
}

static void stop(void)
{
	pci_fini(&p);
	reset_fini(&r);
	fake_free(d);
}

TestSuite(pci, .init = start, .fini = stop);

static uint64_t in(uint32_t device, uint32_t function, uint32_t reg, uint32_t width)
{
	return fake_read(d, VR_SPACE_MMIO, 0, ECAM | device << 15 | function << 12 | reg, width);
}

Test(pci, host_bridge)
{
	cr_expect_eq(in(0, 0, 0, 4), 0x00081b36);
	cr_expect_eq(in(0, 0, 2, 2), 0x0008);
	cr_expect_eq(in(0, 0, 8, 4), 0x06000000, "host bridge");
	cr_expect_eq(in(0, 0, 0x0e, 1), 0, "one function, header type 0");
	cr_expect_eq(in(0, 0, 0x34, 1), 0, "no capabilities");
	cr_expect_eq(in(0, 0, 0x100, 4), 0, "nor extended ones");
	cr_expect_eq(in(0, 0, 0xffc, 4), 0);
	/* Sizing a base address: there are none. */
	for (uint32_t reg = 0; reg < 0x100; reg += 4) {
		uint64_t was = in(0, 0, reg, 4);

		fake_write(d, VR_SPACE_MMIO, 0, ECAM + reg, 4, 0xffffffff);
		cr_expect_eq(in(0, 0, reg, 4), was);
	}
}

Test(pci, nothing_else)
{
	for (uint32_t device = 0; device < 32; device++)
		for (uint32_t function = 0; function < 8; function++) {
			if (!device && !function)
				continue;
			cr_expect_eq(in(device, function, 0, 4), 0xffffffff);
			cr_expect_eq(in(device, function, 0, 2), 0xffff);
			cr_expect_eq(in(device, function, 0xff8, 8), UINT64_MAX);
			fake_write(d, VR_SPACE_MMIO, 0, ECAM | device << 15 | function << 12 | 4, 2, 7);
		}
	cr_expect_not(vr_fake_host_attached(d, VR_SPACE_MMIO, ECAM + 0x100000), "one bus");
}

static uint64_t port(uint32_t number, uint32_t width)
{
	return fake_read(d, VR_SPACE_PORT, 0, number, width);
}

static void address(uint32_t value)
{
	fake_write(d, VR_SPACE_PORT, 0, 0xcf8, 4, value);
}

Test(pci, mechanism_1)
{
	cr_expect_eq(port(0xcfc, 4), 0xffffffff, "not switched to configuration space");
	fake_out(d, 0xcfb, 1); /* bytes do not reach the address; this is how it is looked for */
	cr_expect_eq(port(0xcf8, 4), 0);
	address(0x80000000);
	cr_expect_eq(port(0xcf8, 4), 0x80000000);
	cr_expect_eq(port(0xcfc, 4), 0x00081b36);
	cr_expect_eq(port(0xcfe, 2), 0x0008);
	address(0x80000008);
	cr_expect_eq(port(0xcfe, 2), 0x0600);
	cr_expect_eq(port(0xcff, 1), 0x06);
	fake_write(d, VR_SPACE_PORT, 0, 0xcfc, 4, 0);
	cr_expect_eq(port(0xcfc, 4), 0x06000000);
	address(0x80000800); /* device 1 */
	cr_expect_eq(port(0xcfc, 4), 0xffffffff);
	address(0x80010000); /* bus 1 */
	cr_expect_eq(port(0xcfc, 1), 0xff);
	address(0xffffffff);
	cr_expect_eq(port(0xcf8, 4), 0x80fffffc);
	/* The reset control register is in the middle of it. */
	fake_out(d, 0xcf9, 2);
	cr_expect_eq(port(0xcf9, 1), 2);
	cr_expect_eq(port(0xcf8, 4), 0x80fffffc);
	cr_expect_eq(d->power_calls, 0);
	pci_reset(&p);
	cr_expect_eq(port(0xcf8, 4), 0);
}
