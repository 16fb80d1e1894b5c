/* SPDX-License-Identifier: MIT */
#include "map.h"

const struct virt_map rv_map = {
	.ram = 0x80000000,
	.virtio = 0x10001000,
	.virtio_stride = 0x1000,
	.virtio_slots = 8,
	.virtio_line = 1,
	.windows = 0x04000000,
	.windows_size = 0x02000000,
	.window_count = 16,
	.shared = UINT64_C(1) << 40,
	.shared_size = UINT64_C(1) << 38,
	.window_line = 64,
	.window_lines = 32,
	.clock_hz = RV_APB_CLOCK_HZ,
};
