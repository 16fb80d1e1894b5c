/* SPDX-License-Identifier: MIT */
/* ranges.h: what of the physical address space is memory, as guests are told (e820, PVH's memory map). */
#ifndef VR_BOARD_PC_RANGES_H
#define VR_BOARD_PC_RANGES_H

#include <stdint.h>

#define VR_RANGE_RAM 1u /* the types of ACPI 6.4, 15.1 */
#define VR_RANGE_RESERVED 2u

struct vr_range {
	uint64_t base, length;
	uint32_t type; /* VR_RANGE_* */
};
#define VR_RANGES_MAX 8u

/* RAM ends here below 4 GiB. */
uint64_t vr_ranges_low_end(uint64_t ram_size);
/* Sorted; returns how many. */
uint32_t vr_ranges(uint64_t ram_size, struct vr_range out[VR_RANGES_MAX]);

#endif
