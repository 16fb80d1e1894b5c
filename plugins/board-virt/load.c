/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <board/virt_image.h>
#include <inttypes.h>

#include "map.h"

static const struct virt_image_kind image = {
	.magic = {'A', 'R', 'M', 0x64},
	.alignment = 0x1000,
	.offset_unsized = 0x80000,
};

int32_t load_layout(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t ram_size,
		    struct virt_layout *out)
{
	const uint8_t *magic = (const uint8_t *)p->kernel + VIRT_IMAGE_MAGIC;

	if (p->kernel_size < VIRT_IMAGE_HEADER)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: %" PRIu64
				      " bytes are too few for an arm64 Image (header: %u bytes); "
				      "is the file complete?",
				      p->kernel_name, p->kernel_size, VIRT_IMAGE_HEADER);
	if (!vr_virt_image_is(&image, p))
		return vr_tables_fail(
			t, VR_E_IMAGE,
			"%s: no arm64 Image: the magic \"ARM\\x64\" is missing at offset 0x38 "
			"(found %02x %02x %02x %02x); give the kernel's Image, Image.gz or vmlinuz",
			p->kernel_name, magic[0], magic[1], magic[2], magic[3]);
	return vr_virt_image_layout(t, &image, &a64_map, p, ram_size, out);
}
