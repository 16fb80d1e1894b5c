/* SPDX-License-Identifier: MIT */
#include "virt_image.h"

#include <inttypes.h>
#include <string.h>

#include "bytes.h"
#include "pe.h"
#include "virt_tree.h"

#define TEXT_OFFSET 0x08u
#define IMAGE_SIZE 0x10u
#define FLAGS 0x18u
#define FLAG_BIG_ENDIAN 1u
#define MIB ((uint64_t)1 << 20)
/* A larger size is an error in the file, and would overflow the sums below. */
#define SIZE_LIMIT (1ull << 40)

uint64_t vr_virt_align(uint64_t address)
{
	return (address + VIRT_BLOCK - 1) & ~(VIRT_BLOCK - 1);
}

uint64_t vr_virt_initrd_size(const struct vr_boot_payload *p)
{
	return p->initrd ? p->initrd_size : 0;
}

int32_t vr_virt_ram_too_small(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t needed,
			      uint64_t ram_size)
{
	return vr_tables_fail(t, VR_E_CONFIG,
			      "%s: RAM is too small: kernel, initrd (%" PRIu64
			      " MiB) and device tree need %" PRIu64 " MiB, the machine has %" PRIu64
			      " MiB; give more with -m",
			      p->kernel_name, vr_virt_initrd_size(p) / MIB + !!(vr_virt_initrd_size(p) % MIB),
			      needed / MIB + !!(needed % MIB), ram_size / MIB);
}

bool vr_virt_image_is(const struct virt_image_kind *kind, const struct vr_boot_payload *p)
{
	return p->kernel_size >= VIRT_IMAGE_HEADER &&
	       memcmp((const uint8_t *)p->kernel + VIRT_IMAGE_MAGIC, kind->magic, sizeof(kind->magic)) == 0;
}

/* *offset: from the start of RAM; *size: bytes of RAM that the kernel needs, at least those of the file. */
static int32_t read_header(const struct vr_tables *t, const struct virt_image_kind *kind,
			   const struct vr_boot_payload *p, uint64_t *offset, uint64_t *size)
{
	const uint8_t *header = p->kernel;

	*offset = vr_le64(header + TEXT_OFFSET);
	*size = vr_le64(header + IMAGE_SIZE);
	if (vr_le64(header + FLAGS) & FLAG_BIG_ENDIAN)
		return vr_tables_fail(t, VR_E_UNSUPPORTED,
				      "%s: a big-endian kernel (flags at offset 0x18, bit 0); this machine "
				      "runs little-endian ones",
				      p->kernel_name);
	if (!*size && kind->offset_unsized)
		*offset = kind->offset_unsized;
	if (*offset >= SIZE_LIMIT || *size >= SIZE_LIMIT || p->kernel_size >= SIZE_LIMIT ||
	    *offset % kind->alignment)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: impossible Image header: text_offset 0x%" PRIx64
				      " (a multiple of %" PRIu64 " KiB), image_size 0x%" PRIx64,
				      p->kernel_name, *offset, kind->alignment >> 10, *size);
	if (!*offset)
		*offset = kind->offset_when_zero;
	if (*size < p->kernel_size) /* the bytes after image_size are loaded as well */
		*size = p->kernel_size;
	return vr_board_pe_check(t, p);
}

int32_t vr_virt_image_layout(const struct vr_tables *t, const struct virt_image_kind *kind,
			     const struct virt_map *map, const struct vr_boot_payload *p, uint64_t ram_size,
			     struct virt_layout *out)
{
	uint64_t offset, size;
	int32_t rc = read_header(t, kind, p, &offset, &size);

	if (rc < 0)
		return rc;
	if (vr_virt_initrd_size(p) >= SIZE_LIMIT)
		return vr_virt_ram_too_small(t, p, vr_virt_initrd_size(p), ram_size);
	out->entry = map->ram + offset;
	out->dtb = vr_virt_align(out->entry + size);
	out->initrd = out->dtb + VIRT_TREE_BLOCK;
	out->initrd_end = out->initrd + vr_virt_initrd_size(p);
	if (out->initrd_end - map->ram > ram_size)
		return vr_virt_ram_too_small(t, p, out->initrd_end - map->ram, ram_size);
	return VR_OK;
}
