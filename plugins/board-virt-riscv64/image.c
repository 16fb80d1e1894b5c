/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <board/bytes.h>
#include <board/pe.h>
#include <inttypes.h>
#include <string.h>

#define HEADER_SIZE 64u
#define TEXT_OFFSET 0x08u
#define IMAGE_SIZE 0x10u
#define FLAGS 0x18u
#define MAGIC2 0x38u
#define FLAG_BIG_ENDIAN 1u
#define ALIGNMENT ((uint64_t)2 << 20)
/* Sizes beyond this can't be meant and would overflow sums. */
#define SIZE_LIMIT (1ull << 40)

int vr_image_is(const struct vr_boot_payload *p)
{
	return p->kernel_size >= HEADER_SIZE &&
	       memcmp((const uint8_t *)p->kernel + MAGIC2, "RSC\x05", 4) == 0;
}

int32_t vr_image_read(const struct vr_tables *t, const struct vr_boot_payload *p, struct vr_image *out)
{
	const uint8_t *header = p->kernel;
	uint64_t offset = vr_le64(header + TEXT_OFFSET), size = vr_le64(header + IMAGE_SIZE);

	if (vr_le64(header + FLAGS) & FLAG_BIG_ENDIAN)
		return vr_tables_fail(t, VR_E_UNSUPPORTED,
				      "%s: a big-endian kernel (flags at offset 0x18, bit 0); this machine "
				      "runs little-endian ones",
				      p->kernel_name);
	if (offset >= SIZE_LIMIT || size >= SIZE_LIMIT || p->kernel_size >= SIZE_LIMIT || offset % ALIGNMENT)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: impossible Image header: text_offset 0x%" PRIx64
				      " (a multiple of 2 MiB), image_size 0x%" PRIx64,
				      p->kernel_name, offset, size);
	/* What is below belongs to the firmware, here too: its reservation would be lost on the kernel. */
	out->offset = offset ? offset : ALIGNMENT;
	out->size = size > p->kernel_size ? size : p->kernel_size;
	return vr_board_pe_check(t, p);
}
