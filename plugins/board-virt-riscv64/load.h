/* SPDX-License-Identifier: MIT */
/*
 * load.h: what goes where in RAM, and where the first hart starts.
 *
 * Without firmware a kernel's Image starts in S-mode; any other file is firmware itself, in M-mode at the
 * start of RAM. With firmware (the option), that starts in M-mode and finds in a2 what to start next: the
 * Image, an ELF file, or a raw binary 2 MiB into RAM.
 *
 * An Image is followed by device tree and initrd (board/virt_image.h). Of other programs nothing says how
 * much RAM they use, so there both are at the end of RAM (of its first 1 GiB).
 */
#ifndef BOARD_RISCV64_LOAD_H
#define BOARD_RISCV64_LOAD_H

#include <board/virt.h>

#include "firmware.h"

struct load_input {
	const struct vr_boot_payload *payload;
	const struct firmware_blob *firmware; /* NULL: none */
	uint64_t ram_size;
};

struct entry_point {
	uint64_t info;      /* for a2 of M-mode: the address of OpenSBI's "dynamic information" */
	uint32_t privilege; /* ENTRY_S, ENTRY_M */
};

/* Loads all but initrd and device tree. VR_E_IMAGE: not bootable; VR_E_CONFIG: RAM too small. */
int32_t boot_load(const struct vr_tables *t, const struct load_input *in, struct virt_layout *out,
		  struct entry_point *entry);

#endif
