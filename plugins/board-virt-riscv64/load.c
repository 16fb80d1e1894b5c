/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <inttypes.h>
#include <string.h>

#include "entry.h"
#include "fdt.h"
#include "image.h"
#include "map.h"

#define MIB ((uint64_t)1 << 20)
#define BLOCK (2 * MIB)
#define TOP_MAX ((uint64_t)1 << 30)

/* struct fw_dynamic_info of OpenSBI (docs/firmware/fw_dynamic.md), version 2. */
#define DYNAMIC_MAGIC 0x4942534full
struct dynamic_info {
	uint64_t magic, version, next_addr, next_mode, options, boot_hart;
};

static uint64_t align(uint64_t value)
{
	return (value + BLOCK - 1) & ~(BLOCK - 1);
}

static int32_t too_small(const struct vr_tables *t, const struct vr_load_input *in, uint64_t needed)
{
	return vr_tables_fail(t, VR_E_CONFIG,
			      "%s: RAM is too small: kernel, initrd (%" PRIu64
			      " MiB) and device tree need %" PRIu64 " MiB, the machine has %" PRIu64
			      " MiB; give more with -m",
			      in->payload->kernel_name, (in->payload->initrd_size + MIB - 1) / MIB,
			      (needed + MIB - 1) / MIB, in->ram_size / MIB);
}

static uint64_t initrd_size(const struct vr_load_input *in)
{
	return in->payload->initrd ? in->payload->initrd_size : 0;
}

/* A kernel's Image, with everything above it. */
static int32_t place_image(const struct vr_tables *t, const struct vr_load_input *in, struct vr_layout *out)
{
	const struct vr_boot_payload *p = in->payload;
	struct vr_image image;
	int32_t rc = vr_image_read(t, p, &image);

	if (rc < 0)
		return rc;
	if (initrd_size(in) > RV_RAM_MAX)
		return too_small(t, in, initrd_size(in));
	out->entry = RV_RAM_BASE + image.offset;
	out->dtb = align(out->entry + image.size);
	out->initrd = out->dtb + VR_FDT_BLOCK;
	out->initrd_end = out->initrd + initrd_size(in);
	if (out->initrd_end - RV_RAM_BASE > in->ram_size)
		return too_small(t, in, out->initrd_end - RV_RAM_BASE);
	return vr_tables_copy(t, out->entry, p->kernel, p->kernel_size);
}

static int32_t place_program(const struct vr_tables *t, const struct vr_load_input *in, uint64_t base,
			     struct vr_layout *out)
{
	const struct vr_boot_payload *p = in->payload;
	const struct vr_blob blob = {p->kernel, p->kernel_size, p->kernel_name};
	uint64_t top = RV_RAM_BASE + (in->ram_size < TOP_MAX ? in->ram_size : TOP_MAX);
	uint64_t above = align(initrd_size(in)) + VR_FDT_BLOCK;
	struct vr_loaded_blob loaded;
	int32_t rc = vr_firmware_load(t, &blob, base, &loaded);

	if (rc < 0)
		return rc;
	top &= ~(BLOCK - 1);
	if (initrd_size(in) > RV_RAM_MAX || loaded.end > top || above > top - loaded.end)
		return too_small(t, in, loaded.end - RV_RAM_BASE + above);
	out->entry = loaded.entry;
	out->dtb = top - VR_FDT_BLOCK;
	out->initrd = top - above;
	out->initrd_end = out->initrd + initrd_size(in);
	return VR_OK;
}

/* The firmware below what it starts. */
static int32_t add_firmware(const struct vr_tables *t, const struct vr_load_input *in, struct vr_layout *out,
			    struct dynamic_info *info)
{
	struct vr_loaded_blob loaded;
	int32_t rc = vr_firmware_load(t, in->firmware, RV_RAM_BASE, &loaded);

	if (rc < 0)
		return rc;
	if (loaded.end > RV_RAM_BASE + BLOCK)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: ends at 0x%" PRIx64 "; what it starts may begin at 0x%" PRIx64,
				      in->firmware->name, loaded.end, RV_RAM_BASE + BLOCK);
	info->next_addr = out->entry;
	out->entry = loaded.entry;
	return VR_OK;
}

int32_t vr_load(const struct vr_tables *t, const struct vr_load_input *in, struct vr_layout *out)
{
	struct dynamic_info info = {.magic = DYNAMIC_MAGIC, .version = 2, .next_mode = ENTRY_S};
	const struct vr_boot_payload *p = in->payload;
	int is_image = vr_image_is(p);
	int32_t rc;

	memset(out, 0, sizeof(*out));
	out->privilege = is_image && !in->firmware ? ENTRY_S : ENTRY_M;
	if (is_image)
		rc = place_image(t, in, out);
	else
		rc = place_program(t, in, RV_RAM_BASE + (in->firmware ? BLOCK : 0), out);
	if (rc >= 0 && in->firmware)
		rc = add_firmware(t, in, out, &info);
	if (rc >= 0)
		rc = vr_tables_copy(t, out->initrd, p->initrd, out->initrd_end - out->initrd);
	out->info = out->dtb + VR_FDT_SIZE;
	if (rc >= 0 && out->privilege == ENTRY_M)
		rc = vr_tables_copy(t, out->info, &info, sizeof(info));
	return rc;
}
