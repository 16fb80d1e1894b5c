/* SPDX-License-Identifier: MIT */
/*
 * load.h: what goes where in RAM, and where the first hart starts.
 *
 * Without firmware a kernel's Image starts in S-mode; anything else is firmware itself, in M-mode at the
 * start of RAM. With firmware (the option), that starts in M-mode and finds in a2 what to go on with: the
 * Image, an ELF file, or a raw binary 2 MiB into RAM.
 *
 * Above an Image: device tree (a block of 2 MiB), then the initrd. Other programs know their own size only,
 * so there both are at the end of RAM (of its first 1 GiB).
 */
#ifndef VR_BOARD_RISCV64_LOAD_H
#define VR_BOARD_RISCV64_LOAD_H

#include <board/tables.h>
#include <vmrun/board.h>

#include "firmware.h"

struct vr_load_input {
	const struct vr_boot_payload *payload;
	const struct vr_blob *firmware; /* NULL: none */
	uint64_t ram_size;
};

struct vr_layout {
	uint64_t entry;
	uint64_t dtb;
	uint64_t info; /* for a2 of M-mode: OpenSBI's "dynamic information" */
	uint64_t initrd, initrd_end;
	uint32_t privilege; /* ENTRY_S, ENTRY_M */
};

/* Loads all but the device tree. VR_E_IMAGE: not bootable; VR_E_CONFIG: RAM too small. */
int32_t vr_load(const struct vr_tables *t, const struct vr_load_input *in, struct vr_layout *out);

#endif
