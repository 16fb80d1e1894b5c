/* SPDX-License-Identifier: MIT */
/* elf_move.h: position-independent ELF files (ET_DYN). */
#ifndef BOARD_PC_ELF_MOVE_H
#define BOARD_PC_ELF_MOVE_H

#include <board/tables.h>
#include <vmrun/board.h>

/* How far one that was linked for low addresses is to be moved. */
int32_t elf_move(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t *bias);
/* After it was loaded: its addresses follow. */
int32_t elf_relocate(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t bias);

#endif
