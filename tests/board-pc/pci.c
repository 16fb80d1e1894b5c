// SPDX-License-Identifier: MIT
/* pci.c: the root of PCI: a host bridge and nothing else. */
#include "../../plugins/board-pc/pci.h"

#include <criterion/criterion.h>

#include "../double/double.h"

#define ECAM 0xe0000000ull

static struct dbl *d;
static struct vr_tables t;

static void start(void)
{
	d = dbl_new(0, 1);
	cr_assert_eq(vr_tables_bind(&t, &d->host, "test"), VR_OK);
	cr_assert_eq(vr_pci_attach(&t), VR_OK);
}

static void stop(void)
{
	dbl_free(d);
}

TestSuite(pci, .init = start, .fini = stop);

static uint64_t in(uint32_t device, uint32_t function, uint32_t reg, uint32_t width)
{
	return dbl_read(d, VR_SPACE_MMIO, 0, ECAM | device << 15 | function << 12 | reg, width);
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

		dbl_write(d, VR_SPACE_MMIO, 0, ECAM + reg, 4, 0xffffffff);
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
			dbl_write(d, VR_SPACE_MMIO, 0, ECAM | device << 15 | function << 12 | 4, 2, 7);
		}
	cr_expect_not(dbl_attached(d, VR_SPACE_MMIO, ECAM + 0x100000), "one bus");
}
