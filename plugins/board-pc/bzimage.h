/* SPDX-License-Identifier: MIT */
/* bzimage.h: the header of a Linux kernel (Linux Documentation/arch/x86/boot.rst). */
#ifndef BOARD_PC_BZIMAGE_H
#define BOARD_PC_BZIMAGE_H

#include <stdbool.h>

#include "kernel.h"

#define BZIMAGE_HEADER 0x1f1u /* of setup_header in the file and in boot_params */
#define BZIMAGE_HEADER_MAX 0xa0u

bool bzimage_is(const struct vr_boot_payload *p);
/* Bytes of a command line, without the final zero; 0: the header is cut short. */
uint64_t bzimage_cmdline_max(const struct vr_boot_payload *p);
int32_t bzimage_read(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t ram_size,
		     struct pc_kernel *k);

#endif
