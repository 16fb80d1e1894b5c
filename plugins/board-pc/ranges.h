/* SPDX-License-Identifier: MIT */
/* ranges.h: what of the physical address space is memory, as guests are told (e820, PVH's memory map). */
#ifndef BOARD_PC_RANGES_H
#define BOARD_PC_RANGES_H

#include <stdint.h>

#define RANGE_RAM 1u /* the types of ACPI 6.4, 15.1 */
#define RANGE_RESERVED 2u

struct ram_range {
	uint64_t base, length;
	uint32_t type; /* RANGE_* */
};
#define RANGES_MAX 8u

/* RAM ends here below 4 GiB. */
uint64_t ranges_low_end(uint64_t ram_size);
/* Sorted; returns how many. */
uint32_t ranges(uint64_t ram_size, struct ram_range out[RANGES_MAX]);

#endif
