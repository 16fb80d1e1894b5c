/* SPDX-License-Identifier: MIT */
/* load.h: whether a file is an arm64 Image, and where everything goes in RAM. */
#ifndef BOARD_VIRT_LOAD_H
#define BOARD_VIRT_LOAD_H

#include <board/virt.h>

/* Reads the header and places the parts. VR_E_IMAGE: not a bootable Image; VR_E_CONFIG: RAM too small, with
 * the size that would do. */
int32_t load_layout(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t ram_size,
		    struct virt_layout *out);

#endif
