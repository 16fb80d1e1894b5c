/* SPDX-License-Identifier: MIT */
/* board.h: vmrun.board/1, a machine: its memory map, devices, firmware tables and entry state. */
#ifndef VMRUN_BOARD_H
#define VMRUN_BOARD_H

#include <vmrun/abi.h>

#define VR_BOARD_ID "vmrun.board/1"

struct vr_board_config {
	uint32_t size;
	uint32_t vcpu_count;
	uint64_t ram_size; /* bytes */
	const char *arch;
};

/* What core/boot found: already decompressed and taken out of containers (gzip, EFI zboot). */
struct vr_boot_payload {
	uint32_t size;
	uint32_t reserved;
	const void *kernel;
	uint64_t kernel_size;
	const void *initrd; /* NULL: none */
	uint64_t initrd_size;
	const char *cmdline;     /* never NULL */
	const char *kernel_name; /* for messages */
};

struct vr_board {
	uint32_t size;
	uint32_t reserved;
	const char *arch; /* the guest architecture it is a board of */
	/* Adds RAM, devices, the interrupt controller and the firmware. [main] */
	int32_t(VR_CALL *create)(void *self, const struct vr_board_config *c, void **board);
	/* Puts the payload and tables into RAM and the entry state into vCPU 0; again after each
	 * reset. [main][quiesced] */
	int32_t(VR_CALL *load)(void *board, const struct vr_boot_payload *p);
	void(VR_CALL *reset)(void *board);   /* devices to power-on state. [quiesced] */
	void(VR_CALL *destroy)(void *board); /* [quiesced] */
};

#endif
