/* SPDX-License-Identifier: MIT */
/* image.h: a kernel's Image header (Linux Documentation/arch/riscv/boot-image-header.rst). */
#ifndef VR_BOARD_RISCV64_IMAGE_H
#define VR_BOARD_RISCV64_IMAGE_H

#include <board/tables.h>
#include <vmrun/board.h>

/* Does it carry the magic at 0x38? */
int vr_image_is(const struct vr_boot_payload *p);

struct vr_image {
	uint64_t offset; /* from the start of RAM */
	uint64_t size;   /* bytes of RAM it needs, at least those of the file */
};
/* VR_E_IMAGE, VR_E_UNSUPPORTED: a header that can't be meant, with a text. */
int32_t vr_image_read(const struct vr_tables *t, const struct vr_boot_payload *p, struct vr_image *out);

#endif
