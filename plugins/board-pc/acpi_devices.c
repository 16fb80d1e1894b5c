/* SPDX-License-Identifier: MIT */
/*
 * acpi_devices.c: devices of vmrun.device/1 that no board knows, as devices of the DSDT.
 *
 * Each is one of id PRP0001, which tells a system that knows device trees to look for a driver by the property
 * "compatible" (Linux: Documentation/firmware-guide/acpi/enumeration.rst). Its windows and interrupts are resources (_CRS),
 * its properties those of a device tree under _DSD with the UUID of device properties (UEFI Forum, _DSD Implementation
 * Guide 2.0, 3.1): a flag is the integer 1; one text, cell or number is itself, several are a package; references to
 * other such devices are a package of names, with their cells after each. What a device tree has and ACPI has not, clocks
 * and a node of the interrupt controller, the board does not offer (struct vr_slots), so that no reference names them here.
 */
#include <stdio.h>
#include <string.h>

#include "acpi.h"
#include "aml.h"
#include "map.h"

static void name_of(char name[8], uint32_t window)
{
	snprintf(name, 8, "VD%02X", window & 0xff);
}

static void text(struct aml *a, const char *const *strings, uint32_t count)
{
	if (count != 1)
		aml_package(a, (uint8_t)count);
	for (uint32_t i = 0; i < count; i++)
		aml_string(a, strings[i]);
	if (count != 1)
		aml_end(a);
}

static void numbers(struct aml *a, const struct vr_device_property *p)
{
	if (p->count != 1)
		aml_package(a, (uint8_t)p->count);
	for (uint32_t i = 0; i < p->count; i++)
		aml_integer(a, p->kind == VR_PROPERTY_CELLS ? p->cells[i] : p->numbers[i]);
	if (p->count != 1)
		aml_end(a);
}

static void references(struct aml *a, const struct vr_slots *slots, const struct vr_device_property *p)
{
	uint32_t count = 0;
	char name[8];

	for (uint32_t i = 0; i < p->count; i++)
		count += 1 + vr_device_reference_at(p, i).cell_count;
	aml_package(a, (uint8_t)count);
	for (uint32_t i = 0; i < p->count; i++) {
		struct vr_device_reference r = vr_device_reference_at(p, i);

		name_of(name, (uint32_t)vr_slots_find_window(slots, r.node));
		aml_reference(a, "_SB", name);
		for (uint32_t k = 0; k < r.cell_count; k++)
			aml_integer(a, r.cells[k]);
	}
	aml_end(a);
}

static void property(struct aml *a, const struct vr_slots *slots, const struct vr_device_property *p)
{
	aml_package(a, 2);
	aml_string(a, p->name);
	switch (p->kind) {
	case VR_PROPERTY_FLAG:
		aml_integer(a, 1);
		break;
	case VR_PROPERTY_STRING:
		aml_string(a, p->text);
		break;
	case VR_PROPERTY_STRINGS:
		text(a, p->strings, p->count);
		break;
	case VR_PROPERTY_CELLS:
	case VR_PROPERTY_NUMBERS:
		numbers(a, p);
		break;
	default: /* vr_device_property() has refused others */
		references(a, slots, p);
		break;
	}
	aml_end(a);
}

static void compatible(struct aml *a, const struct vr_device_of *d)
{
	const char *list[VR_DEVICE_COMPATIBLE_MAX];
	uint32_t count = 0;

	while (count < VR_DEVICE_COMPATIBLE_MAX && (list[count] = vr_device_compatible(d, count)) != NULL)
		count++;
	aml_package(a, 2);
	aml_string(a, "compatible");
	text(a, list, count);
	aml_end(a);
}

static void properties(struct aml *a, const struct vr_slots *slots, const struct vr_device_of *d)
{
	/* daffd814-6eba-4d8c-8a91-bc9bbf4aa301, the first three parts with their lowest byte first. */
	static const uint8_t device_properties[16] = {0x14, 0xd8, 0xff, 0xda, 0xba, 0x6e, 0x8c, 0x4d,
						      0x8a, 0x91, 0xbc, 0x9b, 0xbf, 0x4a, 0xa3, 0x01};
	char wrong[VR_DEVICE_WRONG];
	struct vr_device_property p;
	uint32_t count = 0;

	while (vr_device_property(d, count, &p, wrong) >= 0)
		count++;
	aml_name(a, "_DSD");
	aml_package(a, 2);
	aml_buffer(a, device_properties, sizeof(device_properties));
	aml_package(a, (uint8_t)(count + 1));
	compatible(a, d);
	for (uint32_t i = 0; i < count && vr_device_property(d, i, &p, wrong) >= 0; i++)
		property(a, slots, &p);
	aml_end(a);
	aml_end(a);
}

static void resources(struct aml *a, const struct vr_window *w)
{
	aml_name(a, "_CRS");
	aml_resources(a);
	for (uint32_t i = 0; i < w->wants.window_count; i++)
		aml_memory32(a, (uint32_t)w->base[i], (uint32_t)w->wants.window[i]);
	for (uint32_t i = 0; i < w->wants.irq_count; i++)
		aml_interrupt(a, pc_slot_pin(w->irq[i] - PC_LINE_VIRTIO));
	aml_resources_end(a);
}

void acpi_devices(struct aml *a, const struct vr_slots *slots)
{
	for (uint32_t i = 0; i < slots->windows; i++) {
		const struct vr_device_of d = vr_window_of(&slots->window[i]);
		char name[8];

		if (!vr_device_is_described(&d))
			continue;
		name_of(name, i);
		aml_device(a, name);
		aml_name(a, "_HID");
		aml_string(a, "PRP0001");
		aml_name(a, "_UID");
		aml_integer(a, i);
		resources(a, &slots->window[i]);
		properties(a, slots, &d);
		aml_end(a);
	}
}
