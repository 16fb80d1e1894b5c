/* SPDX-License-Identifier: MIT */
#include "ranges.h"

#include "map.h"

uint64_t ranges_low_end(uint64_t ram_size)
{
	return ram_size < PC_HOLE ? ram_size : PC_HOLE;
}

uint32_t ranges(uint64_t ram_size, struct ram_range out[RANGES_MAX])
{
	uint64_t low = ranges_low_end(ram_size);
	uint32_t n = 0;

	out[n++] = (struct ram_range){0, PC_EBDA, RANGE_RAM};
	out[n++] = (struct ram_range){PC_EBDA, PC_LOW_END - PC_EBDA, RANGE_RESERVED};
	out[n++] = (struct ram_range){PC_FIRMWARE, PC_FIRMWARE_END - PC_FIRMWARE, RANGE_RESERVED};
	out[n++] = (struct ram_range){PC_HIGH, low - PC_HIGH, RANGE_RAM};
	out[n++] = (struct ram_range){PC_ECAM_BASE, PC_ECAM_SIZE, RANGE_RESERVED};
	if (ram_size > low)
		out[n++] = (struct ram_range){PC_ABOVE, ram_size - low, RANGE_RAM};
	return n;
}
