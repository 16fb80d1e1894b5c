/* SPDX-License-Identifier: MIT */
/*
 * virt_image.h: the header of an arm64 or riscv64 kernel's Image, and the places of what is booted with it
 * (Linux Documentation/arch/arm64/booting.rst, Documentation/arch/riscv/boot-image-header.rst). Both
 * architectures have the same header but for the magic, and rules for text_offset.
 *
 * After the Image comes the device tree, a block of 2 MiB, and after that the initrd.
 */
#ifndef VR_BOARD_VIRT_IMAGE_H
#define VR_BOARD_VIRT_IMAGE_H

#include <stdbool.h>

#include "virt.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VIRT_IMAGE_HEADER 64u /* bytes */
#define VIRT_IMAGE_MAGIC 0x38u
#define VIRT_BLOCK (UINT64_C(2) << 20) /* device tree and initrd are aligned to it */

struct virt_image_kind {
	char magic[4];
	uint64_t alignment;        /* of text_offset */
	uint64_t offset_when_zero; /* text_offset where the header's is 0 */
	uint64_t
		offset_unsized; /* text_offset where image_size is 0: kernels before Linux 3.17; 0: no rule */
};

bool vr_virt_image_is(const struct virt_image_kind *kind, const struct vr_boot_payload *p);
/* Reads the header of a file that is one and places the parts. VR_E_IMAGE, VR_E_UNSUPPORTED: not bootable;
 * VR_E_CONFIG: RAM is too small. */
int32_t vr_virt_image_layout(const struct vr_tables *t, const struct virt_image_kind *kind,
			     const struct virt_map *map, const struct vr_boot_payload *p, uint64_t ram_size,
			     struct virt_layout *out);

/* ---- for what is no Image ---- */
uint64_t vr_virt_align(uint64_t address); /* up, to VIRT_BLOCK */
uint64_t vr_virt_initrd_size(const struct vr_boot_payload *p);
/* VR_E_CONFIG, with a text that says how much is needed. */
int32_t vr_virt_ram_too_small(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t needed,
			      uint64_t ram_size);

#ifdef __cplusplus
}
#endif

#endif
