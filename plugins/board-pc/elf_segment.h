/* SPDX-License-Identifier: MIT */
/* elf_segment.h: the program headers of an ELF-64 file (System V ABI, chapter 5) whose header was checked. */
#ifndef BOARD_PC_ELF_SEGMENT_H
#define BOARD_PC_ELF_SEGMENT_H

#include <board/bytes.h>
#include <vmrun/board.h>

#define ELF_PHDR 56u /* bytes of a program header */

struct elf_segment {
	uint32_t type;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
#define ELF_LOAD 1u /* type */
#define ELF_DYNAMIC 2u
#define ELF_NOTE 4u

static inline uint32_t elf_segments(const struct vr_boot_payload *p)
{
	return vr_le16((const uint8_t *)p->kernel + 56);
}

static inline struct elf_segment elf_segment(const struct vr_boot_payload *p, uint32_t i)
{
	const uint8_t *e = p->kernel, *h = e + vr_le64(e + 32) + (uint64_t)i * ELF_PHDR;

	return (struct elf_segment){
		.type = vr_le32(h),
		.offset = vr_le64(h + 8),
		.vaddr = vr_le64(h + 16),
		.paddr = vr_le64(h + 24),
		.filesz = vr_le64(h + 32),
		.memsz = vr_le64(h + 40),
		.align = vr_le64(h + 48),
	};
}

#endif
