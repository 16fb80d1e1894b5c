/* SPDX-License-Identifier: MIT */
/*
 * pe.h: is all of a kernel's Image in its file?
 *
 * An Image's own header (arm64, riscv64) tells the memory that the kernel needs, with what is zero at first
 * and not in the file, so a file may be shorter than that. A kernel with an EFI stub is a PE program as well,
 * and its sections say which bytes are in the file (Microsoft's PE Format, "Section Table": PointerToRawData
 * and SizeOfRawData). Of a kernel without a stub nothing tells it.
 */
#ifndef VR_BOARD_PE_H
#define VR_BOARD_PE_H

#include <board/tables.h>
#include <vmrun/board.h>

#ifdef __cplusplus
extern "C" {
#endif

/* VR_E_IMAGE with a text: the file is cut short. */
int32_t vr_board_pe_check(const struct vr_tables *t, const struct vr_boot_payload *p);

#ifdef __cplusplus
}
#endif

#endif
