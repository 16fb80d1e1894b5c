/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "common/error.h"
#include "machine/parts.h"

struct seen {
	uint64_t offset, value;
	uint32_t width, vcpu, reads, writes;
};

static uint64_t VR_CALL on_read(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct seen *s = opaque;

	s->reads++;
	s->vcpu = vcpu;
	s->offset = offset;
	s->width = width;
	return 0xabcd;
}

static void VR_CALL on_write(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct seen *s = opaque;

	s->writes++;
	s->vcpu = vcpu;
	s->offset = offset;
	s->width = width;
	s->value = value;
}

static const struct vr_bus_ops ops = {.size = sizeof(ops), .read = on_read, .write = on_write};
static struct seen seen[64];
static struct bus bus;

static void setup(void)
{
	bus_init(&bus, 2);
}

static void teardown(void)
{
	bus_free(&bus);
}

TestSuite(bus, .init = setup, .fini = teardown);

static int32_t attach(uint32_t space, uint64_t base, uint64_t length, struct seen *s)
{
	vr_error_clear();
	return bus_attach(&bus, space, base, length, &ops, s, "d", NULL);
}

Test(bus, overlap_is_refused)
{
	cr_assert_eq(attach(0, 0x1000, 0x1000, &seen[0]), VR_OK);
	cr_assert_eq(attach(0, 0x1fff, 1, &seen[0]), VR_E_EXISTS);
	cr_assert_eq(attach(0, 0xfff, 2, &seen[0]), VR_E_EXISTS);
	cr_assert_eq(attach(0, 0, UINT64_MAX, &seen[0]), VR_E_EXISTS);
	cr_assert_eq(attach(0, 0x2000, 1, &seen[0]), VR_OK);
	cr_assert_eq(attach(0, 0xfff, 1, &seen[0]), VR_OK);
	cr_assert_eq(attach(1, 0x1000, 0x1000, &seen[0]), VR_OK, "spaces are apart");
}

Test(bus, bad_ranges_are_refused)
{
	struct vr_bus_ops no_write = {.size = sizeof(no_write), .read = on_read};

	cr_assert_eq(attach(3, 0, 1, &seen[0]), VR_E_INVAL);
	cr_assert_eq(attach(0, 0, 0, &seen[0]), VR_E_INVAL);
	cr_assert_eq(attach(0, UINT64_MAX, 2, &seen[0]), VR_E_INVAL);
	cr_assert_eq(bus_attach(&bus, 0, 0, 1, &no_write, NULL, NULL, NULL), VR_E_INVAL);
	cr_assert_eq(attach(0, UINT64_MAX, 1, &seen[0]), VR_OK, "the last address");
}

Test(bus, finds_whom_it_should)
{
	uint64_t v = 0;

	/* In an order that needs inserting at the front, the end and between. */
	for (uint32_t i = 0; i < 64; i++) {
		uint32_t k = i * 37 % 64;

		cr_assert_eq(attach(0, 0x1000ull * (k + 1), 0x800, &seen[k]), VR_OK);
	}
	for (uint32_t i = 0; i < 64; i++) {
		cr_assert_eq(bus_access(&bus, 0, 1, 0x1000ull * (i + 1) + 0x7fc, 4, 1, &(uint64_t){i}),
			     VR_OK);
		cr_assert_eq(seen[i].writes, 1);
		cr_assert_eq(seen[i].offset, 0x7fc);
		cr_assert_eq(seen[i].value, i);
		cr_assert_eq(seen[i].vcpu, 1);
		cr_assert_eq(bus_access(&bus, 0, 1, 0x1000ull * (i + 1) + 0x800, 4, 0, &v), VR_E_NOENT);
		cr_assert_eq(bus_access(&bus, 0, 0, 0x1000ull * (i + 1), 1, 0, &v), VR_OK);
		cr_assert_eq(v, 0xabcd);
	}
	cr_assert_eq(bus.cpu[0].accesses, 64);
	cr_assert_eq(bus.cpu[1].accesses, 128);
}

Test(bus, nothing_there_leaves_the_value)
{
	uint64_t v = 42;

	cr_assert_eq(bus_access(&bus, 0, 0, 0, 4, 0, &v), VR_E_NOENT);
	cr_assert_eq(v, 42);
}

Test(bus, access_must_fit)
{
	uint64_t v = 42;

	attach(0, 0x1000, 4, &seen[0]);
	attach(VR_SPACE_SYSREG, 0xc005, 1, &seen[1]);
	cr_assert_eq(bus_access(&bus, 0, 0, 0x1002, 4, 0, &v), VR_E_NOENT);
	cr_assert_eq(bus_access(&bus, 0, 0, 0x1000, 8, 0, &v), VR_E_NOENT);
	cr_assert_eq(bus_access(&bus, 0, 0, 0x1000, 3, 0, &v), VR_E_INVAL);
	cr_assert_eq(bus_access(&bus, 9, 0, 0x1000, 4, 0, &v), VR_E_INVAL);
	cr_assert_eq(bus_access(&bus, 0, 2, 0x1000, 4, 0, &v), VR_E_INVAL);
	cr_assert_eq(v, 42);
	cr_assert_eq(bus_access(&bus, VR_SPACE_SYSREG, 0, 0xc005, 8, 0, &v), VR_OK);
}
