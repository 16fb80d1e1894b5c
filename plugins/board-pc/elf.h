/* SPDX-License-Identifier: MIT */
/* elf.h: kernels as ELF-64 files, with or without the note of Xen's PVH. */
#ifndef BOARD_PC_ELF_H
#define BOARD_PC_ELF_H

#include <stdbool.h>

#include "kernel.h"

bool elf_is(const struct vr_boot_payload *p);
int32_t elf_read(const struct vr_tables *t, const struct vr_boot_payload *p, struct pc_kernel *k);
/* Its segments into RAM. */
int32_t elf_load(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t bias);

#endif
