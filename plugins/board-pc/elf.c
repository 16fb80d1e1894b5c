/* SPDX-License-Identifier: MIT */
/*
 * elf.c: kernels as ELF files (System V ABI, "Object Files"). With a note of the owner "Xen" and type 18 they
 * are entered as Xen's PVH says (docs/misc/pvh.pandoc), in 32 bits; without, in 64 bits like a bzImage.
 * Addresses are the segments' physical ones; those of a position-independent one may be moved (elf_move.c).
 */
#include <inttypes.h>
#include <string.h>

#include "elf.h"
#include "elf_move.h"
#include "elf_segment.h"
#include "map.h"

#define EHDR 64u
#define ET_EXEC 2u
#define ET_DYN 3u
#define EM_X86_64 62u
#define NOTE_PHYS32_ENTRY 18u
#define LOW_FREE (PC_CMDLINE + PC_CMDLINE_MAX) /* below it is what the board writes */

bool elf_is(const struct vr_boot_payload *p)
{
	return p->kernel_size >= 4 && memcmp(p->kernel, "\177ELF", 4) == 0;
}

static int32_t check_header(const struct vr_tables *t, const struct vr_boot_payload *p)
{
	const uint8_t *e = p->kernel;
	const char *name = p->kernel_name;
	uint64_t offset;

	if (p->kernel_size < EHDR)
		return vr_tables_fail(t, VR_E_IMAGE, "%s: %" PRIu64 " bytes are too few for an ELF file",
				      name, p->kernel_size);
	if (e[4] != 2 || e[5] != 1 || e[6] != 1)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: an ELF file of class %u, byte order %u, version %u; this machine "
				      "takes 64-bit little-endian ones of version 1 (2, 1, 1)",
				      name, e[4], e[5], e[6]);
	if (vr_le16(e + 18) != EM_X86_64)
		return vr_tables_fail(t, VR_E_IMAGE, "%s: an ELF file for machine %u, not x86-64 (62)", name,
				      vr_le16(e + 18));
	if (vr_le16(e + 16) != ET_EXEC && vr_le16(e + 16) != ET_DYN)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: an ELF file of type %u; a kernel is an executable (2), or a "
				      "position-independent one (3)",
				      name, vr_le16(e + 16));
	if (vr_le16(e + 54) != ELF_PHDR || !elf_segments(p))
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: %u program headers of %u bytes; expected some of 56", name,
				      elf_segments(p), vr_le16(e + 54));
	offset = vr_le64(e + 32);
	if (offset > p->kernel_size || (uint64_t)elf_segments(p) * ELF_PHDR > p->kernel_size - offset)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: the program headers at 0x%" PRIx64
				      " lie outside the file; is it complete?",
				      name, offset);
	return VR_OK;
}

static int32_t check_segment(const struct vr_tables *t, const struct vr_boot_payload *p, uint32_t i,
			     const struct elf_segment *s)
{
	const char *name = p->kernel_name;

	if (s->filesz > s->memsz || s->offset > p->kernel_size || s->filesz > p->kernel_size - s->offset)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: segment %u (0x%" PRIx64 " bytes at 0x%" PRIx64
				      ") lies outside the file; is it complete?",
				      name, i, s->filesz, s->offset);
	if (s->paddr < LOW_FREE || (s->paddr < PC_HIGH && s->memsz > PC_EBDA - s->paddr) ||
	    (s->paddr >= PC_EBDA && s->paddr < PC_HIGH))
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: segment %u is for 0x%" PRIx64
				      ", which is not free; link it at 1 MiB or above",
				      name, i, s->paddr);
	if (s->memsz && !vr_tables_is_ram(t, s->paddr, s->memsz))
		return vr_tables_fail(t, VR_E_CONFIG,
				      "%s: segment %u (0x%" PRIx64 " bytes for 0x%" PRIx64
				      ") lies outside RAM; give more with -m",
				      name, i, s->memsz, s->paddr);
	return VR_OK;
}

/* The PVH entry among a segment's notes, or 0. Notes that run out of the segment end the search. */
static uint64_t pvh_entry(const struct vr_boot_payload *p, const struct elf_segment *s)
{
	const uint8_t *notes;
	uint64_t at = 0, pad = s->align == 8 ? 7 : 3;

	if (s->offset > p->kernel_size || s->filesz > p->kernel_size - s->offset)
		return 0;
	notes = (const uint8_t *)p->kernel + s->offset;
	while (s->filesz - at >= 12) {
		uint64_t name = vr_le32(notes + at), text = at + 12;
		uint64_t size = vr_le32(notes + at + 4), value = text + ((name + pad) & ~pad);
		uint32_t type = vr_le32(notes + at + 8);

		if (value > s->filesz || size > s->filesz - value)
			return 0;
		if (type == NOTE_PHYS32_ENTRY && name == 4 && memcmp(notes + text, "Xen", 4) == 0 &&
		    (size == 4 || size == 8))
			return size == 8 ? vr_le64(notes + value) : vr_le32(notes + value);
		at = value + ((size + pad) & ~pad);
		if (at > s->filesz)
			return 0;
	}
	return 0;
}

int32_t elf_read(const struct vr_tables *t, const struct vr_boot_payload *p, struct pc_kernel *k)
{
	const uint8_t *e = p->kernel;
	uint64_t entry = 0, wanted, pvh = 0, sum = 0, lowest = UINT64_MAX, highest = 0;
	uint32_t loads = 0, found = 0;
	int32_t rc = check_header(t, p);

	k->bias = 0;
	if (rc >= 0 && vr_le16(e + 16) == ET_DYN)
		rc = elf_move(t, p, &k->bias);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < elf_segments(p); i++) {
		struct elf_segment s = elf_segment(p, i);

		if (s.type == ELF_NOTE && !pvh)
			pvh = pvh_entry(p, &s);
	}
	wanted = pvh ? pvh : vr_le64(e + 24);
	for (uint32_t i = 0; i < elf_segments(p); i++) {
		struct elf_segment s = elf_segment(p, i);

		if (s.type != ELF_LOAD || !s.memsz)
			continue;
		/* An entry in virtual addresses means the same place. */
		if (wanted >= s.paddr && wanted - s.paddr < s.memsz) {
			found = 2;
			entry = wanted;
		} else if (!found && !pvh && wanted >= s.vaddr && wanted - s.vaddr < s.memsz) {
			found = 1;
			entry = wanted - s.vaddr + s.paddr;
		}
		s.paddr += k->bias;
		rc = check_segment(t, p, i, &s);
		if (rc < 0)
			return rc;
		loads++;
		sum += s.memsz;
		lowest = s.paddr < lowest ? s.paddr : lowest;
		highest = s.paddr + s.memsz > highest ? s.paddr + s.memsz : highest;
		if (s.paddr + s.memsz > k->end && s.paddr < PC_ABOVE)
			k->end = s.paddr + s.memsz;
	}
	if (!loads)
		return vr_tables_fail(t, VR_E_IMAGE, "%s: no segment of this ELF file is to be loaded",
				      p->kernel_name);
	/* Thousands that are all of RAM would take hours. */
	if (sum > highest - lowest)
		return vr_tables_fail(t, VR_E_IMAGE, "%s: the segments of this ELF file overlap",
				      p->kernel_name);
	if (!found || entry + k->bias >= PC_ABOVE)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: the %sentry point 0x%" PRIx64
				      " is in no loaded segment below 4 GiB",
				      p->kernel_name, pvh ? "PVH " : "", wanted);
	k->mode = pvh ? ENTRY_PROTECTED : ENTRY_LONG;
	k->entry = entry + k->bias;
	k->initrd_max = UINT32_MAX;
	return VR_OK;
}

int32_t elf_load(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t bias)
{
	for (uint32_t i = 0; i < elf_segments(p); i++) {
		struct elf_segment s = elf_segment(p, i);
		struct vr_mapping m;
		uint8_t *to;

		if (s.type != ELF_LOAD || !s.memsz)
			continue;
		to = vr_tables_ram(t, s.paddr + bias, s.memsz, &m);
		if (!to)
			return VR_E_INTERNAL;
		memcpy(to, (const uint8_t *)p->kernel + s.offset, (size_t)s.filesz);
		vr_tables_filled(t, &m);
	}
	return elf_relocate(t, p, bias);
}
