/* SPDX-License-Identifier: MIT */
/* kernel.h: what a kernel's file says, whatever its format. */
#ifndef BOARD_PC_KERNEL_H
#define BOARD_PC_KERNEL_H

#include <board/tables.h>
#include <vmrun/board.h>

#include "entry.h"

/* What the headers say. Guest-physical addresses. */
struct pc_kernel {
	uint32_t mode; /* ENTRY_* */
	uint64_t entry;
	uint64_t end;        /* of everything it uses below 4 GiB */
	uint64_t initrd_max; /* last address the initrd may have */
	uint64_t bias;       /* ELF: what is added to all of its addresses */
	/* bzImage */
	uint32_t header_size; /* of setup_header; 0: no bzImage */
	uint64_t load;        /* where the protected-mode part goes */
	uint64_t skip;        /* its offset in the file */
};

#endif
