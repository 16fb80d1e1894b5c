/* SPDX-License-Identifier: MIT */
/* dump_acpi.c: the pc board's ACPI tables, a file each, for iasl: dump_acpi FOLDER VCPUS SLOTS PIT-PIN. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/board-pc/acpi.h"

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

int main(int argc, char **argv)
{
	struct acpi_input in;
	const uint8_t *xsdt, *fadt;

	if (argc != 5)
		return 2;
	in = (struct acpi_input){.vcpu_count = (uint32_t)atoi(argv[2]),
				 .virtio_slots = (uint32_t)atoi(argv[3]),
				 .pit_pin = (uint32_t)atoi(argv[4])};
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
