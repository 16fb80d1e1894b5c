/* SPDX-License-Identifier: MIT */
/*
 * acpi.c: RSDP, XSDT, FADT, FACS, MADT, MCFG and DSDT. The DSDT is written by aml.c; the others are
 * structures of fixed layout, written field by field at the offsets the specification gives.
 */
#include "acpi.h"

#include <board/bytes.h>
#include <stdio.h>
#include <string.h>

#include "aml.h"
#include "map.h"

#define OEM_ID "VMRUN "
#define OEM_TABLE "VMRUNPC "
#define CREATOR "VMRN"
#define HEADER 36u /* 5.2.6 System Description Table Header */

struct area {
	uint64_t gpa;
	uint8_t *bytes;
	uint32_t capacity, used;
	uint32_t overflow;
};

struct table {
	uint8_t *bytes;
	uint64_t gpa;
	uint32_t length;
};

static uint8_t sum(const uint8_t *bytes, uint32_t n)
{
	uint8_t s = 0;

	for (uint32_t i = 0; i < n; i++)
		s = (uint8_t)(s + bytes[i]);
	return s;
}

/* `length` zeroed bytes at a multiple of 64. */
static struct table take(struct area *a, uint32_t length)
{
	struct table t = {.length = length};
	uint32_t at = (a->used + 63) & ~63u;

	if (at > a->capacity || length > a->capacity - at) {
		a->overflow = 1;
		return t;
	}
	t.bytes = a->bytes + at;
	t.gpa = a->gpa + at;
	memset(t.bytes, 0, length);
	a->used = at + length;
	return t;
}

static void header(struct table *t, const char *signature, uint8_t revision)
{
	memcpy(t->bytes, signature, 4);
	vr_le_put(t->bytes + 4, t->length, 4);
	t->bytes[8] = revision;
	memcpy(t->bytes + 10, OEM_ID, 6);
	memcpy(t->bytes + 16, OEM_TABLE, 8);
	vr_le_put(t->bytes + 24, 1, 4);
	memcpy(t->bytes + 28, CREATOR, 4);
	vr_le_put(t->bytes + 32, 1, 4);
}

static void seal(struct table *t)
{
	t->bytes[9] = 0;
	t->bytes[9] = (uint8_t)-sum(t->bytes, t->length);
}

/* ---- DSDT ---------------------------------------------------------------------------------------- */

static void processors(struct aml *a, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		char name[8];

		snprintf(name, sizeof(name), "C%03X", i & 0xfff);
		aml_device(a, name);
		aml_name(a, "_HID");
		aml_string(a, "ACPI0007"); /* 8.4: processors are devices */
		aml_name(a, "_UID");
		aml_integer(a, i);
		aml_end(a);
	}
}

static void legacy(struct aml *a, const char *name, const char *id, uint16_t port, uint8_t ports,
		   uint32_t irq)
{
	aml_device(a, name);
	aml_name(a, "_HID");
	aml_eisa_id(a, id);
	aml_name(a, "_CRS");
	aml_resources(a);
	aml_io(a, port, ports);
	aml_irq(a, irq);
	aml_resources_end(a);
	aml_end(a);
}

static void virtio(struct aml *a, uint32_t slot)
{
	char name[8];

	snprintf(name, sizeof(name), "VR%02X", slot & 0xff);
	aml_device(a, name);
	aml_name(a, "_HID");
	aml_string(a, "LNRO0005"); /* the id that Linux knows virtio over MMIO by */
	aml_name(a, "_UID");
	aml_integer(a, slot);
	aml_name(a, "_CRS");
	aml_resources(a);
	aml_memory32(a, (uint32_t)(PC_VIRTIO_BASE + slot * PC_VIRTIO_STRIDE), PC_VIRTIO_SIZE);
	aml_interrupt(a, pc_slot_pin(slot));
	aml_resources_end(a);
	aml_end(a);
}

/* The root of PCI (PCI Firmware Specification 3.2, 4.1.2 and 4.1.3): bus 0, and the device that keeps its
 * configuration space from being used for anything else. */
static void pci(struct aml *a)
{
	aml_device(a, "PCI0");
	aml_name(a, "_HID");
	aml_eisa_id(a, "PNP0A08");
	aml_name(a, "_CID");
	aml_eisa_id(a, "PNP0A03");
	aml_name(a, "_UID");
	aml_integer(a, 0);
	aml_name(a, "_SEG");
	aml_integer(a, 0);
	aml_name(a, "_BBN");
	aml_integer(a, 0);
	aml_name(a, "_CRS");
	aml_resources(a);
	aml_window(a, AML_BUSES, 0, 0);
	aml_window(a, AML_PORTS, PC_PCI_PORTS, 0xffff);
	aml_window(a, AML_MEMORY, (uint32_t)PC_PCI_MEMORY, (uint32_t)PC_PCI_MEMORY_END - 1);
	aml_resources_end(a);
	aml_end(a);
	aml_device(a, "ECAM");
	aml_name(a, "_HID");
	aml_eisa_id(a, "PNP0C02");
	aml_name(a, "_UID");
	aml_integer(a, 0);
	aml_name(a, "_CRS");
	aml_resources(a);
	aml_memory32(a, (uint32_t)PC_ECAM_BASE, (uint32_t)PC_ECAM_SIZE);
	aml_resources_end(a);
	aml_end(a);
}

static uint64_t dsdt(struct area *area, const struct acpi_input *in)
{
	struct table t = take(area, HEADER);
	struct aml a;
	uint32_t length;

	if (area->overflow)
		return 0;
	aml_init(&a, t.bytes + HEADER, area->capacity - area->used);
	aml_scope(&a, "\\_SB_");
	processors(&a, in->vcpu_count);
	legacy(&a, "COM1", "PNP0501", 0x3f8, 8, PC_IRQ_UART);
	legacy(&a, "RTC_", "PNP0B00", 0x70, 2, PC_IRQ_RTC);
	pci(&a);
	for (uint32_t i = 0; i < in->virtio_slots; i++)
		virtio(&a, i);
	if (in->slots)
		acpi_devices(&a, in->slots);
	aml_end(&a);
	/* 7.4.2: what to write to SLP_TYP of PM1a_CNT (and PM1b_CNT) to sleep that deep. */
	aml_name(&a, "\\_S5_");
	aml_package(&a, 4);
	aml_integer(&a, 5);
	aml_integer(&a, 0);
	aml_integer(&a, 0);
	aml_integer(&a, 0);
	aml_end(&a);
	length = aml_finish(&a);
	if (!length) {
		area->overflow = 1;
		return 0;
	}
	area->used += length;
	t.length += length;
	header(&t, "DSDT", 2); /* 2: integers have 64 bits */
	seal(&t);
	return t.gpa;
}

/* ---- FADT and FACS ----------------------------------------------------------------------------------- */

#define FADT_LENGTH 276u
/* 5.2.9 table 5.9, offset and size; the rest is zero. */
#define FADT_FLAGS                                                                                \
	(1u << 0 /* WBINVD */ | 1u << 2 /* PROC_C1 */ | 1u << 4 /* no power button */ |           \
	 1u << 5 /* no sleep button */ | 1u << 6 /* no RTC event */ | 1u << 8 /* TMR_VAL_EXT */ | \
	 1u << 10 /* RESET_REG */)
#define BOOT_ARCH (1u << 0 /* legacy devices */ | 1u << 2 /* no VGA */)

static const struct {
	uint16_t offset;
	uint8_t bytes;
	uint32_t value;
} fadt_fields[] = {
	{46, 2, PC_IRQ_SCI},
	{56, 4, PC_PORT_PM_EVENT},
	{64, 4, PC_PORT_PM_CONTROL},
	{76, 4, PC_PORT_PM_TIMER},
	{88, 1, 4}, /* lengths: PM1_EVT, PM1_CNT, PM_TMR */
	{89, 1, 2},
	{91, 1, 4},
	{96, 2, 0xfff}, /* no C2, no C3 */
	{98, 2, 0xfff},
	{108, 1, 0x32}, /* CMOS: century */
	{109, 2, BOOT_ARCH},
	{112, 4, FADT_FLAGS},
	{128, 1, PC_RESET_VALUE},
	{131, 1, 4}, /* minor version: 6.4 */
};

/* 5.2.3.2 Generic Address Structure, in I/O space; access: 1 byte, 2 word, 3 dword. */
static void port(uint8_t *to, uint32_t bits, uint32_t access, uint32_t address)
{
	to[0] = 1;
	to[1] = (uint8_t)bits;
	to[3] = (uint8_t)access;
	vr_le_put(to + 4, address, 8);
}

static uint64_t fadt(struct area *area, uint64_t dsdt_gpa)
{
	struct table facs = take(area, 64), t = take(area, FADT_LENGTH);

	if (area->overflow)
		return 0;
	/* 5.2.10: has a layout of its own and no checksum. */
	memcpy(facs.bytes, "FACS", 4);
	vr_le_put(facs.bytes + 4, 64, 4);
	facs.bytes[32] = 2;

	header(&t, "FACP", 6);
	for (size_t i = 0; i < sizeof(fadt_fields) / sizeof(fadt_fields[0]); i++)
		vr_le_put(t.bytes + fadt_fields[i].offset, fadt_fields[i].value, fadt_fields[i].bytes);
	/* Below 4 GiB the 32-bit fields say it; X_FIRMWARE_CTRL must then be zero. */
	vr_le_put(t.bytes + 36, facs.gpa, 4);
	vr_le_put(t.bytes + 40, dsdt_gpa, 4);
	vr_le_put(t.bytes + 140, dsdt_gpa, 8);
	port(t.bytes + 116, 8, 1, PC_PORT_RESET);
	port(t.bytes + 148, 32, 2, PC_PORT_PM_EVENT);
	port(t.bytes + 172, 16, 2, PC_PORT_PM_CONTROL);
	port(t.bytes + 208, 32, 3, PC_PORT_PM_TIMER);
	memcpy(t.bytes + 268, "vmrun\0\0\0", 8); /* hypervisor vendor identity */
	seal(&t);
	return t.gpa;
}

/* ---- MADT ---------------------------------------------------------------------------------------------- */

/* 5.2.12.5 interrupt source override flags: active high, level. */
#define HIGH_LEVEL 0x0du

static uint8_t * override(uint8_t *p, uint32_t irq, uint32_t gsi, uint32_t flags)
{
	p[0] = 2;
	p[1] = 10;
	p[3] = (uint8_t)irq;
	vr_le_put(p + 4, gsi, 4);
	vr_le_put(p + 8, flags, 2);
	return p + 10;
}

static uint32_t level_isa(void)
{
	uint32_t mask = 1u << PC_IRQ_SCI;

	for (uint32_t i = 0; i < 16; i++)
		if (pc_slot_pin(i) < 16)
			mask |= 1u << pc_slot_pin(i);
	return mask;
}

static uint64_t madt(struct area *area, uint32_t vcpus, uint32_t pit_pin)
{
	uint32_t mask = level_isa(), overrides = !!pit_pin + (uint32_t)__builtin_popcount(mask);
	struct table t = take(area, HEADER + 8 + vcpus * 8 + 12 + overrides * 10 + 6);
	uint8_t *p;

	if (area->overflow)
		return 0;
	header(&t, "APIC", 5);
	vr_le_put(t.bytes + 36, PC_LAPIC_BASE, 4);
	vr_le_put(t.bytes + 40, 1, 4); /* PCAT_COMPAT: the 8259 pair is there as well */
	p = t.bytes + 44;
	for (uint32_t i = 0; i < vcpus; i++, p += 8) { /* 5.2.12.2 processor local APIC */
		p[0] = 0;
		p[1] = 8;
		p[2] = (uint8_t)i;      /* _UID */
		p[3] = (uint8_t)i;      /* APIC id */
		vr_le_put(p + 4, 1, 4); /* enabled */
	}
	p[0] = 1; /* 5.2.12.3 I/O APIC */
	p[1] = 12;
	vr_le_put(p + 4, PC_IOAPIC_BASE, 4);
	p += 12;
	if (pit_pin)
		p = override(p, PC_IRQ_PIT, pit_pin, 0);
	for (uint32_t i = 0; i < 16; i++)
		if (mask >> i & 1)
			p = override(p, i, i, HIGH_LEVEL);
	p[0] = 4; /* 5.2.12.7 local APIC NMI: LINT1 of every processor */
	p[1] = 6;
	p[2] = 0xff;
	p[5] = 1;
	seal(&t);
	return t.gpa;
}

/* ---- MCFG ---------------------------------------------------------------------------------------------- */

/* PCI Firmware Specification 3.2, table 4-2 and 4-3: one range, of segment 0. */
static uint64_t mcfg(struct area *area)
{
	struct table t = take(area, HEADER + 8 + 16);

	if (area->overflow)
		return 0;
	header(&t, "MCFG", 1);
	vr_le_put(t.bytes + 44, PC_ECAM_BASE, 8);
	t.bytes[54] = 0; /* buses */
	t.bytes[55] = (uint8_t)(PC_ECAM_SIZE / 0x100000 - 1);
	seal(&t);
	return t.gpa;
}

/* ---- roots ----------------------------------------------------------------------------------- */

static uint64_t xsdt(struct area *area, const uint64_t *tables, uint32_t count)
{
	struct table t = take(area, HEADER + 8 * count);

	if (area->overflow)
		return 0;
	header(&t, "XSDT", 1);
	for (uint32_t i = 0; i < count; i++)
		vr_le_put(t.bytes + HEADER + i * 8, tables[i], 8);
	seal(&t);
	return t.gpa;
}

/* 5.2.5.3, revision 2: no RSDT. */
static void rsdp(uint8_t *p, uint64_t xsdt_gpa)
{
	memcpy(p, "RSD PTR ", 8);
	memcpy(p + 9, OEM_ID, 6);
	p[15] = 2;
	vr_le_put(p + 20, 36, 4);
	vr_le_put(p + 24, xsdt_gpa, 8);
	p[8] = (uint8_t)-sum(p, 20);
	p[32] = (uint8_t)-sum(p, 36);
}

uint32_t acpi_build(const struct acpi_input *in, uint64_t gpa, uint8_t *bytes, uint32_t capacity)
{
	struct area a = {.gpa = gpa, .bytes = bytes, .capacity = capacity};
	struct table root = take(&a, 36);
	uint64_t dsdt_gpa = dsdt(&a, in);
	const uint64_t tables[] = {fadt(&a, dsdt_gpa), madt(&a, in->vcpu_count, in->pit_pin), mcfg(&a)};
	uint64_t xsdt_gpa = xsdt(&a, tables, sizeof(tables) / sizeof(tables[0]));

	if (a.overflow)
		return 0;
	rsdp(root.bytes, xsdt_gpa);
	return a.used;
}
