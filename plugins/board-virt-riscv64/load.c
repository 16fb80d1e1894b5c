/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <board/virt_image.h>
#include <board/virt_tree.h>
#include <inttypes.h>

#include "entry.h"
#include "map.h"

#define TOP_MAX ((uint64_t)1 << 30)

/* The firmware's own RAM is below the kernel: a kernel at the start of RAM would use what the firmware has
 * reserved. So text_offset 0 becomes 2 MiB, also without firmware. */
static const struct virt_image_kind image = {
	.magic = {'R', 'S', 'C', 5},
	.alignment = VIRT_BLOCK,
	.offset_when_zero = VIRT_BLOCK,
};

/* struct fw_dynamic_info of OpenSBI (docs/firmware/fw_dynamic.md), version 2. */
#define DYNAMIC_MAGIC 0x4942534full
struct dynamic_info {
	uint64_t magic, version, next_addr, next_mode, options, boot_hart;
};

static int32_t place_image(const struct vr_tables *t, const struct load_input *in, struct virt_layout *out)
{
	const struct vr_boot_payload *p = in->payload;
	int32_t rc = vr_virt_image_layout(t, &image, &rv_map, p, in->ram_size, out);

	return rc < 0 ? rc : vr_tables_copy(t, out->entry, p->kernel, p->kernel_size);
}

static int32_t place_program(const struct vr_tables *t, const struct load_input *in, uint64_t base,
			     struct virt_layout *out)
{
	const struct vr_boot_payload *p = in->payload;
	const struct firmware_blob blob = {p->kernel, p->kernel_size, p->kernel_name};
	uint64_t top = rv_map.ram + (in->ram_size < TOP_MAX ? in->ram_size : TOP_MAX);
	uint64_t above = vr_virt_align(vr_virt_initrd_size(p)) + VIRT_TREE_BLOCK;
	struct loaded_blob loaded;
	int32_t rc = firmware_load(t, &blob, base, &loaded);

	if (rc < 0)
		return rc;
	top &= ~(VIRT_BLOCK - 1);
	if (vr_virt_initrd_size(p) > RV_RAM_MAX || loaded.end > top || above > top - loaded.end)
		return vr_virt_ram_too_small(t, p, loaded.end - rv_map.ram + above, in->ram_size);
	out->entry = loaded.entry;
	out->dtb = top - VIRT_TREE_BLOCK;
	out->initrd = top - above;
	out->initrd_end = out->initrd + vr_virt_initrd_size(p);
	return VR_OK;
}

/* The firmware, below the program that it starts. */
static int32_t add_firmware(const struct vr_tables *t, const struct load_input *in, struct virt_layout *out,
			    struct dynamic_info *info)
{
	struct loaded_blob loaded;
	int32_t rc = firmware_load(t, in->firmware, rv_map.ram, &loaded);

	if (rc < 0)
		return rc;
	if (loaded.end > rv_map.ram + VIRT_BLOCK)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: ends at 0x%" PRIx64 "; what it starts may begin at 0x%" PRIx64,
				      in->firmware->name, loaded.end, rv_map.ram + VIRT_BLOCK);
	info->next_addr = out->entry;
	out->entry = loaded.entry;
	return VR_OK;
}

int32_t boot_load(const struct vr_tables *t, const struct load_input *in, struct virt_layout *out,
		  struct entry_point *entry)
{
	struct dynamic_info info = {.magic = DYNAMIC_MAGIC, .version = 2, .next_mode = ENTRY_S};
	bool is_image = vr_virt_image_is(&image, in->payload);
	int32_t rc;

	if (is_image)
		rc = place_image(t, in, out);
	else
		rc = place_program(t, in, rv_map.ram + (in->firmware ? VIRT_BLOCK : 0), out);
	if (rc >= 0 && in->firmware)
		rc = add_firmware(t, in, out, &info);
	if (rc < 0)
		return rc;
	entry->privilege = is_image && !in->firmware ? ENTRY_S : ENTRY_M;
	entry->info = entry->privilege == ENTRY_M ? out->dtb + VIRT_TREE_SIZE : 0;
	return entry->info ? vr_tables_copy(t, entry->info, &info, sizeof(info)) : VR_OK;
}
