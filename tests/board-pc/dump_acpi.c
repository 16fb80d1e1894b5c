/* SPDX-License-Identifier: MIT */
/* dump_acpi.c: the pc board's ACPI tables, a file each, for iasl: dump_acpi FOLDER VCPUS SLOTS PIT-PIN [DEVICES], DEVICES of
 * two types of a plugin in windows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/board-pc/acpi.h"
#include "../../plugins/board-pc/map.h"
#include "../fake_host/describer.h"

#define GPA 0xe0000u
#define ROOM 0x20000u

static uint8_t bytes[ROOM];

static uint64_t le(const uint8_t *p, uint32_t n)
{
	uint64_t value = 0;

	while (n--)
		value = value << 8 | p[n];
	return value;
}

static uint64_t dump(const char *folder, uint64_t gpa, uint32_t signature_bytes)
{
	const uint8_t *p = bytes + (gpa - GPA);
	char path[4096];
	FILE *f;

	if (gpa < GPA || gpa >= GPA + ROOM)
		exit(1);
	snprintf(path, sizeof(path), "%s/%.*s.dat", folder, (int)signature_bytes, (const char *)p);
	f = fopen(path, "wb");
	if (!f || fwrite(p, le(p + 4, 4), 1, f) != 1 || fclose(f)) {
		perror(path);
		exit(1);
	}
	return gpa;
}

static const struct vr_slots *devices(uint32_t count)
{
	static const uint32_t cells[] = {1, 0x80000000};
	static const uint64_t number = UINT64_C(1) << 40;
	static const char *const names[] = {"one", "two"};
	static const struct vr_device_reference to[] = {{.node = "test-two", .cells = cells, .cell_count = 2},
							{.node = "test-one"}};
	static const struct vr_device_property all[] = {
		{.name = "big-endian", .kind = VR_PROPERTY_FLAG},
		{.name = "label", .kind = VR_PROPERTY_STRING, .text = "log"},
		{.name = "names", .kind = VR_PROPERTY_STRINGS, .strings = names, .count = 2},
		{.name = "cells", .kind = VR_PROPERTY_CELLS, .cells = cells, .count = 2},
		{.name = "number", .kind = VR_PROPERTY_NUMBERS, .numbers = &number, .count = 1},
		{.name = "pins",
		 .kind = VR_PROPERTY_REFERENCES,
		 .references = to,
		 .count = 2,
		 .stride = sizeof(to[0])},
	};
	static struct vr_slots slots;

	describer_start();
	describer[0].property = all;
	describer[0].property_count = sizeof(all) / sizeof(all[0]);
	describer[1].compatible[1] = "test,any";
	for (uint32_t i = 0; i < count && i < 2; i++)
		slots.window[slots.windows++] = (struct vr_window){
			.maker = &describer_maker,
			.type = {'t', 'e', 's', 't', '-', i ? 't' : 'o', i ? 'w' : 'n', i ? 'o' : 'e'},
			.wants = {.window_count = 2, .irq_count = 1, .window = {0x1000, 0x8}},
			.base = {PC_WINDOWS_BASE + 0x2000 * i, PC_WINDOWS_BASE + 0x2000 * i + 0x1000},
			.irq = {PC_LINE_WINDOWS + i},
		};
	return &slots;
}

int main(int argc, char **argv)
{
	struct acpi_input in;
	const uint8_t *xsdt, *fadt;

	if (argc != 5 && argc != 6)
		return 2;
	in = (struct acpi_input){.vcpu_count = (uint32_t)atoi(argv[2]),
				 .virtio_slots = (uint32_t)atoi(argv[3]),
				 .pit_pin = (uint32_t)atoi(argv[4])};
	if (argc == 6)
		in.slots = devices((uint32_t)atoi(argv[5]));
	if (!acpi_build(&in, GPA, bytes, ROOM))
		return 1;
	xsdt = bytes + (dump(argv[1], le(bytes + 24, 8), 4) - GPA);
	for (uint32_t at = 36; at < le(xsdt + 4, 4); at += 8)
		dump(argv[1], le(xsdt + at, 8), 4);
	fadt = bytes + (le(xsdt + 36, 8) - GPA);
	dump(argv[1], le(fadt + 140, 8), 4);
	dump(argv[1], le(fadt + 36, 4), 4);
	return 0;
}
