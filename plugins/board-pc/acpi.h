/* SPDX-License-Identifier: MIT */
/* acpi.h: the tables by which an operating system learns what machine this is (ACPI 6.4, chapter 5). */
#ifndef BOARD_PC_ACPI_H
#define BOARD_PC_ACPI_H

#include <board/slots.h>
#include <stdint.h>

struct acpi_input {
	uint32_t vcpu_count;
	uint32_t virtio_slots;        /* announced in the DSDT; 0: none */
	const struct vr_slots *slots; /* for its windows, announced in the DSDT; NULL: none */
	uint32_t pit_pin;             /* of the I/O APIC: where ISA interrupt 0 arrives */
};

struct aml;
/* The windows' devices, into the scope \_SB. (acpi_devices.c) [main] */
void acpi_devices(struct aml *a, const struct vr_slots *slots);

/* Writes all tables to bytes[], which the guest sees at `gpa` (16-byte aligned). The RSDP comes first.
 * Returns how many bytes it took, or 0: they do not fit. */
uint32_t acpi_build(const struct acpi_input *in, uint64_t gpa, uint8_t *bytes, uint32_t capacity);

#endif
