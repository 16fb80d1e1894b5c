/* SPDX-License-Identifier: MIT */
/* bzimage.c: the header of a Linux kernel (Linux Documentation/arch/x86/boot.rst, "The Real-Mode Kernel
 * Header"). */
#include <board/bytes.h>
#include <inttypes.h>
#include <string.h>

#include "bzimage.h"
#include "map.h"
#include "ranges.h"

#define H_SETUP_SECTS 0x1f1u
#define H_SYSSIZE 0x1f4u /* of the protected-mode part, in paragraphs */
#define H_BOOT_FLAG 0x1feu
#define PARAGRAPH 16u
#define H_JUMP 0x201u /* the header ends that far after 0x202 */
#define H_MAGIC 0x202u
#define H_VERSION 0x206u
#define H_LOADFLAGS 0x211u
#define H_INITRD_MAX 0x22cu
#define H_ALIGNMENT 0x230u
#define H_RELOCATABLE 0x234u
#define H_XLOADFLAGS 0x236u
#define H_CMDLINE_SIZE 0x238u
#define H_PREF_ADDRESS 0x258u
#define H_INIT_SIZE 0x260u
#define H_END_MIN 0x264u

#define VERSION_MIN 0x020cu /* 2.12: xloadflags */
#define LOADED_HIGH 0x01u
#define XLF_KERNEL_64 0x01u
#define ENTRY_64 0x200u /* into the protected-mode part */
#define SIZE_LIMIT 0x80000000u

#define MIB ((uint64_t)1 << 20)

bool bzimage_is(const struct vr_boot_payload *p)
{
	return p->kernel_size >= H_MAGIC + 4 && memcmp((const uint8_t *)p->kernel + H_MAGIC, "HdrS", 4) == 0;
}

uint64_t bzimage_cmdline_max(const struct vr_boot_payload *p)
{
	return p->kernel_size < H_END_MIN ? 0 : vr_le32((const uint8_t *)p->kernel + H_CMDLINE_SIZE);
}

/* Kernels that can be moved go to where they like best if it is free, else as low as possible. */
static int32_t place(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t ram_size,
		     uint64_t init_size, struct pc_kernel *k)
{
	const uint8_t *h = p->kernel;
	uint64_t top = ranges_low_end(ram_size), preferred = vr_le64(h + H_PREF_ADDRESS);
	uint64_t alignment = vr_le32(h + H_ALIGNMENT), lowest = preferred;

	if (h[H_RELOCATABLE]) {
		if (!alignment || (alignment & (alignment - 1)) || alignment > SIZE_LIMIT)
			return vr_tables_fail(t, VR_E_IMAGE,
					      "%s: kernel_alignment 0x%" PRIx64
					      " (offset 0x230) is no power of two",
					      p->kernel_name, alignment);
		lowest = (PC_HIGH + alignment - 1) & ~(alignment - 1);
	}
	if (!h[H_RELOCATABLE] && (preferred < PC_HIGH || preferred >= SIZE_LIMIT))
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: can't be moved and wants to be at 0x%" PRIx64
				      " (pref_address, offset 0x258), where it can't be",
				      p->kernel_name, preferred);
	k->load = preferred >= PC_HIGH && preferred < SIZE_LIMIT && preferred + init_size <= top ? preferred
												 : lowest;
	if (k->load + init_size > top)
		return vr_tables_fail(t, VR_E_CONFIG,
				      "%s: RAM is too small: the kernel needs %" PRIu64
				      " MiB, the machine has %" PRIu64 " MiB; give more with -m",
				      p->kernel_name, (k->load + init_size + MIB - 1) / MIB, ram_size / MIB);
	return VR_OK;
}

int32_t bzimage_read(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t ram_size,
		     struct pc_kernel *k)
{
	const uint8_t *h = p->kernel;
	uint64_t init_size, whole;
	uint32_t version, end;
	int32_t rc;

	if (p->kernel_size < H_END_MIN)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: %" PRIu64
				      " bytes are too few for a bzImage; is the file complete?",
				      p->kernel_name, p->kernel_size);
	version = vr_le16(h + H_VERSION);
	end = H_MAGIC + h[H_JUMP];
	if (vr_le16(h + H_BOOT_FLAG) != 0xaa55)
		return vr_tables_fail(t, VR_E_IMAGE, "%s: no bzImage: boot_flag (offset 0x1fe) is 0x%04x",
				      p->kernel_name, vr_le16(h + H_BOOT_FLAG));
	if (version < VERSION_MIN)
		return vr_tables_fail(t, VR_E_UNSUPPORTED,
				      "%s: boot protocol %u.%02u has no 64-bit entry; kernels since 3.8 have "
				      "2.12 or later",
				      p->kernel_name, version >> 8, version & 0xff);
	if (!(h[H_LOADFLAGS] & LOADED_HIGH))
		return vr_tables_fail(t, VR_E_UNSUPPORTED,
				      "%s: a zImage (loadflags, offset 0x211); make a "
				      "bzImage",
				      p->kernel_name);
	if (!(vr_le16(h + H_XLOADFLAGS) & XLF_KERNEL_64))
		return vr_tables_fail(t, VR_E_UNSUPPORTED,
				      "%s: a 32-bit kernel (xloadflags, offset 0x236); this machine takes "
				      "64-bit ones",
				      p->kernel_name);
	if (end < H_END_MIN || end > BZIMAGE_HEADER + BZIMAGE_HEADER_MAX - 1)
		return vr_tables_fail(t, VR_E_IMAGE, "%s: impossible header: it ends at 0x%x (offset 0x201)",
				      p->kernel_name, end);
	k->skip = ((h[H_SETUP_SECTS] ? h[H_SETUP_SECTS] : 4u) + 1) * 512u;
	if (p->kernel_size <= k->skip + ENTRY_64 || p->kernel_size - k->skip >= SIZE_LIMIT)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: %" PRIu64 " bytes, of which %" PRIu64
				      " are set-up code: nothing is left to run; is the file complete?",
				      p->kernel_name, p->kernel_size, k->skip);
	whole = k->skip + (uint64_t)vr_le32(h + H_SYSSIZE) * PARAGRAPH;
	if (p->kernel_size < whole)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: is cut short: the kernel has %" PRIu64
				      " bytes (offset 0x1f4), and %" PRIu64 " are there; copy the file again",
				      p->kernel_name, whole, p->kernel_size);
	init_size = vr_le32(h + H_INIT_SIZE);
	if (init_size < p->kernel_size - k->skip)
		init_size = p->kernel_size - k->skip;
	if (init_size >= SIZE_LIMIT)
		return vr_tables_fail(t, VR_E_IMAGE, "%s: impossible init_size 0x%" PRIx64 " (offset 0x260)",
				      p->kernel_name, init_size);
	rc = place(t, p, ram_size, init_size, k);
	if (rc < 0)
		return rc;
	k->mode = ENTRY_LONG;
	k->entry = k->load + ENTRY_64;
	k->end = k->load + init_size;
	k->header_size = end - BZIMAGE_HEADER;
	k->initrd_max = vr_le32(h + H_INITRD_MAX);
	return VR_OK;
}
