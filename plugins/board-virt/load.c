/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <board/bytes.h>
#include <board/pe.h>
#include <inttypes.h>
#include <string.h>

#include "fdt.h"
#include "map.h"

#define MIB ((uint64_t)1 << 20)
#define BLOCK (2 * MIB) /* the kernel's base and the device tree are aligned to this */
#define HEADER_SIZE 64u
#define OLD_TEXT_OFFSET 0x80000u /* where image_size is zero, text_offset means this */
#define FLAG_BIG_ENDIAN 1u
/* Sizes beyond this can't be meant and would overflow the sums below. */
#define SIZE_LIMIT (1ull << 40)

static uint64_t align(uint64_t value)
{
	return (value + BLOCK - 1) & ~(BLOCK - 1);
}

int32_t vr_load_layout(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t ram_size,
		       struct vr_layout *out)
{
	static const uint8_t magic[4] = {'A', 'R', 'M', 0x64};
	const uint8_t *header = p->kernel;
	uint64_t text_offset, image_size, end;
	int32_t rc;

	if (p->kernel_size < HEADER_SIZE)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: %" PRIu64
				      " bytes are too few for an arm64 Image (header: %u bytes); "
				      "is the file complete?",
				      p->kernel_name, p->kernel_size, HEADER_SIZE);
	if (memcmp(header + 0x38, magic, sizeof(magic)) != 0)
		return vr_tables_fail(
			t, VR_E_IMAGE,
			"%s: no arm64 Image: the magic \"ARM\\x64\" is missing at offset 0x38 "
			"(found %02x %02x %02x %02x); give the kernel's Image, Image.gz or vmlinuz",
			p->kernel_name, header[0x38], header[0x39], header[0x3a], header[0x3b]);
	text_offset = vr_le64(header + 0x08);
	image_size = vr_le64(header + 0x10);
	if (vr_le64(header + 0x18) & FLAG_BIG_ENDIAN)
		return vr_tables_fail(t, VR_E_UNSUPPORTED,
				      "%s: a big-endian kernel (flags at offset 0x18, bit 0); "
				      "this machine runs little-endian ones",
				      p->kernel_name);
	if (image_size == 0)
		text_offset = OLD_TEXT_OFFSET;
	if (text_offset >= SIZE_LIMIT || image_size >= SIZE_LIMIT || p->initrd_size >= SIZE_LIMIT ||
	    p->kernel_size >= SIZE_LIMIT || (text_offset & 0xfff))
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: impossible Image header: text_offset 0x%" PRIx64
				      ", image_size 0x%" PRIx64,
				      p->kernel_name, text_offset, image_size);
	rc = vr_board_pe_check(t, p);
	if (rc < 0)
		return rc;
	if (image_size < p->kernel_size) /* bytes past it are loaded as well, but nothing may lie there */
		image_size = p->kernel_size;

	out->kernel = VIRT_RAM_BASE + text_offset;
	out->dtb = align(out->kernel + image_size);
	out->initrd = out->dtb + VR_FDT_SIZE;
	out->initrd_end = out->initrd + (p->initrd ? p->initrd_size : 0);
	end = out->initrd_end;
	if (end - VIRT_RAM_BASE > ram_size)
		return vr_tables_fail(t, VR_E_CONFIG,
				      "%s: RAM is too small: kernel (%" PRIu64 " MiB), initrd (%" PRIu64
				      " MiB) and device tree need %" PRIu64 " MiB, the machine has %" PRIu64
				      " MiB; give more with -m",
				      p->kernel_name, (image_size + MIB - 1) / MIB,
				      (out->initrd_end - out->initrd + MIB - 1) / MIB,
				      (end - VIRT_RAM_BASE + MIB - 1) / MIB, ram_size / MIB);
	return VR_OK;
}
