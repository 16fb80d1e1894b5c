/* SPDX-License-Identifier: MIT */
/* elf.h: kernels as ELF-64 files, with or without the note of Xen's PVH. */
#ifndef VR_BOARD_PC_ELF_H
#define VR_BOARD_PC_ELF_H

#include <stdbool.h>

#include "kernel.h"

bool vr_elf_is(const struct vr_boot_payload *p);
int32_t vr_elf_read(const struct vr_tables *t, const struct vr_boot_payload *p, struct vr_kernel *k);
/* Its segments into RAM. */
int32_t vr_elf_load(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t bias);

#endif
