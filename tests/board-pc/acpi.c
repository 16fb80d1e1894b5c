/* SPDX-License-Identifier: MIT */
/* acpi.c: the AML encoder and the tables. */
#include "../../plugins/board-pc/acpi.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/board-pc/aml.h"

#define GPA 0xe0000u
#define ROOM 0x20000u

static uint8_t bytes[ROOM];

/* ---- AML ---- */

static uint8_t code[8192];
static struct aml a;

static void same(const void *expected, uint32_t n)
{
	cr_assert_eq(aml_finish(&a), n, "%u bytes, expected %u", aml_finish(&a), n);
	cr_expect_arr_eq(code, expected, n);
}
#define SAME(...)                                                \
	do {                                                     \
		static const uint8_t expected[] = {__VA_ARGS__}; \
		same(expected, sizeof(expected));                \
	} while (0)

static void start(void)
{
	aml_init(&a, code, sizeof(code));
}

TestSuite(aml, .init = start);
TestSuite(acpi);

Test(aml, integers)
{
	aml_integer(&a, 0);
	aml_integer(&a, 1);
	aml_integer(&a, 2);
	aml_integer(&a, 0xff);
	aml_integer(&a, 0x100);
	aml_integer(&a, 0x10000);
	aml_integer(&a, 0x123456789a);
	SAME(0, 1, 0x0a, 2, 0x0a, 0xff, 0x0b, 0, 1, 0x0c, 0, 0, 1, 0, 0x0e, 0x9a, 0x78, 0x56, 0x34, 0x12, 0,
	     0, 0);
}

Test(aml, names_and_strings)
{
	aml_name(&a, "_HID");
	aml_eisa_id(&a, "PNP0501");
	aml_name(&a, "\\X");
	aml_string(&a, "ab");
	SAME(8, '_', 'H', 'I', 'D', 0x0c, 0x41, 0xd0, 0x05, 0x01, 8, '\\', 'X', '_', '_', '_', 0x0d, 'a', 'b',
	     0);
}

Test(aml, package)
{
	aml_name(&a, "_S5_");
	aml_package(&a, 2);
	aml_integer(&a, 5);
	aml_integer(&a, 0);
	aml_end(&a);
	SAME(8, '_', 'S', '5', '_', 0x12, 5, 2, 0x0a, 5, 0);
}

Test(aml, scope_and_device)
{
	aml_scope(&a, "\\_SB_");
	aml_device(&a, "DEV0");
	aml_end(&a);
	aml_end(&a);
	SAME(0x10, 0x0d, '\\', '_', 'S', 'B', '_', 0x5b, 0x82, 5, 'D', 'E', 'V', '0');
}

Test(aml, resources)
{
	aml_resources(&a);
	aml_memory32(&a, 0xd0000000, 0x200);
	aml_interrupt(&a, 0x15);
	aml_io(&a, 0x3f8, 8);
	aml_irq(&a, 4);
	aml_resources_end(&a);
	SAME(0x11, 0x26, 0x0b, 0x22, 0, 0x86, 9, 0, 1, 0, 0, 0, 0xd0, 0, 2, 0, 0, 0x89, 6, 0, 9, 1, 0x15, 0,
	     0, 0, 0x47, 1, 0xf8, 3, 0xf8, 3, 1, 8, 0x22, 0x10, 0, 0x79, 0);
}

Test(aml, windows)
{
	aml_resources(&a);
	aml_window(&a, AML_BUSES, 0, 0xff);
	aml_window(&a, AML_PORTS, 0x1000, 0xffff);
	aml_window(&a, AML_MEMORY, 0xe1000000, 0xfebfffff);
	aml_resources_end(&a);
	SAME(0x11, 0x41, 0x04, 0x0b, 0x3c, 0, 0x88, 0x0d, 0, 2, 0x0c, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 1,
	     0x88, 0x0d, 0, 1, 0x0c, 3, 0, 0, 0, 0x10, 0xff, 0xff, 0, 0, 0, 0xf0, 0x87, 0x17, 0, 0, 0x0c, 1,
	     0, 0, 0, 0, 0, 0, 0, 0xe1, 0xff, 0xff, 0xbf, 0xfe, 0, 0, 0, 0, 0, 0, 0xc0, 0x1d, 0x79, 0);
}

/* 20.2.4: where the length of a length changes. */
Test(aml, lengths)
{
	static const struct {
		uint32_t payload;
		uint8_t lead[3];
		uint32_t bytes;
	} cases[] = {
		{61, {63}, 1},
		{62, {0x41, 0x04}, 2},
		{4092, {0x4f, 0xff}, 2},
		{4093, {0x81, 0x00, 0x01}, 3},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		aml_init(&a, code, sizeof(code));
		aml_package(&a, 0);
		for (uint32_t n = 0; n < cases[i].payload; n++)
			aml_integer(&a, 0);
		aml_end(&a);
		cr_expect_eq(aml_finish(&a), 1 + cases[i].bytes + 1 + cases[i].payload);
		cr_expect_arr_eq(code + 1, cases[i].lead, cases[i].bytes, "%u", cases[i].payload);
	}
}

Test(aml, mistakes)
{
	aml_scope(&a, "X");
	cr_expect_eq(aml_finish(&a), 0, "left open");
	aml_end(&a);
	aml_end(&a);
	cr_expect_eq(aml_finish(&a), 0, "closed twice");
	for (uint32_t room = 0; room < 40; room++) {
		uint8_t *small = malloc(room ? room : 1); /* so that a sanitizer sees one too far */

		aml_init(&a, small, room);
		aml_device(&a, "DEV0");
		aml_resources(&a);
		aml_memory32(&a, 1, 2);
		aml_resources_end(&a);
		aml_end(&a);
		cr_expect_eq(!!aml_finish(&a), room >= 26, "room %u: %u", room, aml_finish(&a));
		free(small);
	}
	aml_init(&a, code, sizeof(code));
	for (uint32_t i = 0; i < 20; i++)
		aml_scope(&a, "X");
	for (uint32_t i = 0; i < 20; i++)
		aml_end(&a);
	cr_expect_eq(aml_finish(&a), 0, "too deep");
}

/* ---- tables ---- */

static uint64_t le(const uint8_t *p, uint32_t n)
{
	uint64_t value = 0;

	while (n--)
		value = value << 8 | p[n];
	return value;
}

static uint32_t sum(const uint8_t *p, uint32_t n)
{
	uint32_t s = 0;

	while (n--)
		s += *p++;
	return s & 0xff;
}

static const uint8_t *at(uint64_t gpa)
{
	cr_assert(gpa >= GPA && gpa < GPA + ROOM, "0x%llx is no address of a table", (unsigned long long)gpa);
	return bytes + (gpa - GPA);
}

static const uint8_t *table(uint64_t gpa, const char *signature)
{
	const uint8_t *p = at(gpa);
	uint32_t length = (uint32_t)le(p + 4, 4);

	cr_assert_arr_eq(p, signature, 4);
	cr_assert(length >= 36 && gpa + length <= GPA + ROOM);
	cr_expect_eq(sum(p, length), 0, "checksum of %s", signature);
	return p;
}

static const uint8_t *fadt, *madt, *mcfg, *dsdt;

static uint32_t build(uint32_t vcpus, uint32_t slots, uint32_t pit_pin)
{
	struct acpi_input in = {.vcpu_count = vcpus, .virtio_slots = slots, .pit_pin = pit_pin};
	uint32_t used = acpi_build(&in, GPA, bytes, ROOM);
	const uint8_t *xsdt;

	cr_assert(used);
	cr_expect_arr_eq(bytes, "RSD PTR ", 8);
	cr_expect_eq(bytes[15], 2);
	cr_expect_eq(sum(bytes, 20), 0);
	cr_expect_eq(sum(bytes, 36), 0);
	xsdt = table(le(bytes + 24, 8), "XSDT");
	cr_assert_eq(le(xsdt + 4, 4), 36 + 24);
	fadt = table(le(xsdt + 36, 8), "FACP");
	madt = table(le(xsdt + 44, 8), "APIC");
	mcfg = table(le(xsdt + 52, 8), "MCFG");
	dsdt = table(le(fadt + 140, 8), "DSDT");
	cr_expect_eq(le(fadt + 40, 4), le(fadt + 140, 8));
	return used;
}

/* Walks a list of terms, all of which must be ones that the board writes; counts devices. */
static uint32_t devices;

static uint32_t package_length(const uint8_t *p, uint32_t *bytes_used)
{
	uint32_t more = p[0] >> 6, length = more ? p[0] & 15 : p[0] & 63;

	for (uint32_t i = 1; i <= more; i++)
		length |= (uint32_t)p[i] << (4 + 8 * (i - 1));
	*bytes_used = 1 + more;
	return length;
}

static const uint8_t *term(const uint8_t *p, const uint8_t *end);

static void terms(const uint8_t *p, const uint8_t *end)
{
	while (p < end)
		p = term(p, end);
	cr_assert_eq(p, end);
}

static const uint8_t *name(const uint8_t *p)
{
	p += *p == '\\';
	for (int i = 0; i < 4; i++)
		cr_assert((p[i] >= 'A' && p[i] <= 'Z') || p[i] == '_' || (i && p[i] >= '0' && p[i] <= '9'));
	return p + 4;
}

static const uint8_t *term(const uint8_t *p, const uint8_t *end)
{
	uint32_t used, length;
	const uint8_t *body;

	cr_assert_lt(p, end);
	switch (*p++) {
	case 0x00:
	case 0x01:
		return p;
	case 0x0a:
		return p + 1;
	case 0x0b:
		return p + 2;
	case 0x0c:
		return p + 4;
	case 0x0d:
		return p + strlen((const char *)p) + 1;
	case 0x08:
		return term(name(p), end);
	case 0x10:
		length = package_length(p, &used);
		cr_assert_leq(p + length, end);
		terms(name(p + used), p + length);
		return p + length;
	case 0x11:
		length = package_length(p, &used);
		cr_assert_leq(p + length, end);
		body = p + used;
		cr_assert_eq(*body, 0x0b);
		cr_assert_eq(body + 3 + le(body + 1, 2), p + length);
		cr_assert_eq(p[length - 2], 0x79);
		return p + length;
	case 0x12:
		length = package_length(p, &used);
		cr_assert_leq(p + length, end);
		terms(p + used + 1, p + length);
		return p + length;
	case 0x5b:
		cr_assert_eq(*p++, 0x82);
		length = package_length(p, &used);
		cr_assert_leq(p + length, end);
		terms(name(p + used), p + length);
		devices++;
		return p + length;
	default:
		cr_assert_fail("an unknown term 0x%02x", p[-1]);
	}
	return end;
}

Test(acpi, tables)
{
	build(1, 0, 2);
	cr_expect_eq(le(fadt + 4, 4), 276);
	cr_expect_eq(le(fadt + 46, 2), 9);
	cr_expect_eq(le(fadt + 48, 4), 0, "no SMI command: ACPI mode for ever");
	cr_expect_eq(le(fadt + 56, 4), 0x600);
	cr_expect_eq(le(fadt + 64, 4), 0x604);
	cr_expect_eq(le(fadt + 76, 4), 0x608);
	cr_expect_eq(le(fadt + 112, 4), 0x575);
	cr_expect_eq(fadt[116], 1);
	cr_expect_eq(le(fadt + 120, 8), 0xcf9);
	cr_expect_eq(fadt[128], 6);
	cr_expect_eq(le(fadt + 152, 8), 0x600);
	cr_expect_eq(le(fadt + 176, 8), 0x604);
	cr_expect_eq(le(fadt + 212, 8), 0x608);
	cr_expect_arr_eq(at(le(fadt + 36, 4)), "FACS", 4);
	cr_expect_eq(le(fadt + 36, 4) % 64, 0);
}

Test(acpi, dsdt)
{
	static const uint32_t slots[] = {0, 1, 17, 32};

	for (uint32_t i = 0; i < 4; i++) {
		build(3, slots[i], 2);
		devices = 0;
		terms(dsdt + 36, dsdt + le(dsdt + 4, 4));
		cr_expect_eq(devices, 3 + 2 + 2 + slots[i]);
	}
	cr_expect(memmem(dsdt, le(dsdt + 4, 4), "LNRO0005", 9));
	cr_expect(memmem(dsdt, le(dsdt + 4, 4), "\\_S5_\x12", 6));
}

Test(acpi, mcfg)
{
	build(1, 0, 2);
	cr_assert_eq(le(mcfg + 4, 4), 44 + 16, "one range");
	cr_expect_eq(le(mcfg + 36, 8), 0);
	cr_expect_eq(le(mcfg + 44, 8), 0xe0000000);
	cr_expect_eq(le(mcfg + 52, 8), 0, "segment 0, bus 0 to 0");
	cr_expect(memmem(dsdt, le(dsdt + 4, 4), "\x0c\x41\xd0\x0a\x08", 5), "PNP0A08");
}

Test(acpi, madt)
{
	uint32_t processors = 0, ioapics = 0, overrides = 0, nmis = 0, length;

	build(254, 32, 2);
	length = (uint32_t)le(madt + 4, 4);
	cr_expect_eq(le(madt + 36, 4), 0xfee00000);
	for (uint32_t i = 44; i < length; i += madt[i + 1]) {
		const uint8_t *p = madt + i;

		cr_assert(p[1] >= 2 && i + p[1] <= length);
		switch (p[0]) {
		case 0:
			cr_expect_eq(p[3], processors);
			cr_expect_eq(le(p + 4, 4), 1);
			processors++;
			break;
		case 1:
			cr_expect_eq(le(p + 4, 4), 0xfec00000);
			ioapics++;
			break;
		case 2:
			cr_expect_eq(le(p + 4, 4), p[3] ? p[3] : 2);
			cr_expect_eq(le(p + 8, 2), p[3] ? 0xd : 0);
			overrides++;
			break;
		case 4:
			cr_expect_eq(p[5], 1);
			nmis++;
			break;
		default:
			cr_expect_fail("type %u", p[0]);
		}
	}
	cr_expect_eq(processors, 254);
	cr_expect_eq(ioapics, 1);
	cr_expect_eq(overrides, 1 + 1 + 8);
	cr_expect_eq(nmis, 1);
	build(1, 32, 0);
	cr_expect_eq(le(madt + 4, 4), 44 + 8 + 12 + 9 * 10 + 6, "the timer needs no override");
}

Test(acpi, room)
{
	struct acpi_input in = {.vcpu_count = 4, .virtio_slots = 4, .pit_pin = 2};
	uint32_t used = build(4, 4, 2), least = 0;

	for (uint32_t room = 0; room <= used + 64; room += 7) {
		uint8_t *small = malloc(room ? room : 1);
		uint32_t n = acpi_build(&in, GPA, small, room);

		cr_assert_leq(n, room);
		if (n && !least)
			least = room;
		free(small);
	}
	cr_expect_geq(least, used);
}
