/* SPDX-License-Identifier: MIT */
#include "ranges.h"

#include "map.h"

uint64_t vr_ranges_low_end(uint64_t ram_size)
{
	return ram_size < PC_HOLE ? ram_size : PC_HOLE;
}

uint32_t vr_ranges(uint64_t ram_size, struct vr_range out[VR_RANGES_MAX])
{
	uint64_t low = vr_ranges_low_end(ram_size);
	uint32_t n = 0;

	out[n++] = (struct vr_range){0, PC_EBDA, VR_RANGE_RAM};
	out[n++] = (struct vr_range){PC_EBDA, PC_LOW_END - PC_EBDA, VR_RANGE_RESERVED};
	out[n++] = (struct vr_range){PC_FIRMWARE, PC_FIRMWARE_END - PC_FIRMWARE, VR_RANGE_RESERVED};
	out[n++] = (struct vr_range){PC_HIGH, low - PC_HIGH, VR_RANGE_RAM};
	out[n++] = (struct vr_range){PC_ECAM_BASE, PC_ECAM_SIZE, VR_RANGE_RESERVED};
	if (ram_size > low)
		out[n++] = (struct vr_range){PC_ABOVE, ram_size - low, VR_RANGE_RAM};
	return n;
}
