/* SPDX-License-Identifier: MIT */
/* load.h: the arm64 Image header and where everything goes in RAM (Linux
 * Documentation/arch/arm64/booting.rst). */
#ifndef VR_BOARD_VIRT_LOAD_H
#define VR_BOARD_VIRT_LOAD_H

#include <vmrun/board.h>

#include "tables.h"

/* Guest-physical addresses. */
struct vr_layout {
	uint64_t kernel; /* also the entry */
	uint64_t dtb;
	uint64_t initrd;
	uint64_t initrd_end; /* == initrd: none */
};

/* Reads the header and places the parts. VR_E_IMAGE: not a bootable Image; VR_E_CONFIG: RAM too small,
 * with the size that would do. */
int32_t vr_load_layout(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t ram_size,
		       struct vr_layout *out);

/* Copies bytes into RAM. VR_E_INTERNAL when the range is not RAM. */
int32_t vr_load_copy(const struct vr_tables *t, uint64_t gpa, const void *bytes, uint64_t length);

#endif
