/* SPDX-License-Identifier: MIT */
#include "map.h"

const struct virt_map a64_map = {
	.ram = 0x40000000,
	.virtio = 0x0A000000,
	.virtio_stride = 0x200,
	.virtio_slots = 32,
	.virtio_line = A64_SPI_BASE + 16,
	.windows = 0x0C000000,
	.windows_size = 0x02000000,
	.window_count = 16,
	.shared = UINT64_C(1) << 40,
	.shared_size = UINT64_C(1) << 38,
	.window_line = A64_SPI_BASE + 112,
	.window_lines = 64,
	.window_edges = 1,
	.clock_hz = A64_APB_CLOCK_HZ,
};
