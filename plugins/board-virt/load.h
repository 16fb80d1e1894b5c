/* SPDX-License-Identifier: MIT */
/* load.h: the arm64 Image header and where everything goes in RAM (Linux
 * Documentation/arch/arm64/booting.rst). */
#ifndef VR_BOARD_VIRT_LOAD_H
#define VR_BOARD_VIRT_LOAD_H

#include <board/tables.h>
#include <vmrun/board.h>

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

#endif
