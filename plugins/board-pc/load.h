/* SPDX-License-Identifier: MIT */
/*
 * load.h: kernels and where they go. load.c knows the kind of a file and what all kinds have in common;
 * bzimage.c and elf.c read the headers.
 */
#ifndef VR_BOARD_PC_LOAD_H
#define VR_BOARD_PC_LOAD_H

#include <board/tables.h>
#include <vmrun/board.h>

#include "entry.h"

#define VR_BZIMAGE_HEADER 0x1f1u /* of setup_header in the file and in boot_params */
#define VR_BZIMAGE_HEADER_ROOM 0xa0u

/* What the headers say. Guest-physical addresses. */
struct vr_kernel {
	uint32_t mode; /* VR_ENTRY_* */
	uint64_t entry;
	uint64_t end;         /* of everything it uses below 4 GiB */
	uint64_t initrd_max;  /* last address the initrd may have */
	uint64_t cmdline_max; /* bytes, without the zero */
	uint64_t bias;        /* ELF: what is added to all of its addresses */
	/* bzImage */
	uint32_t header_size; /* of setup_header; 0: no bzImage */
	uint64_t load;        /* where the protected-mode part goes */
	uint64_t skip;        /* its offset in the file */
};

struct vr_load_input {
	const struct vr_boot_payload *payload;
	const char *cmdline; /* the whole of it */
	uint64_t ram_size;
	uint64_t rsdp;
};

/* Puts kernel, initrd, command line and what the kernel is told into RAM; *entry: how to start it. Errors
 * name the file. */
int32_t vr_load(const struct vr_tables *t, const struct vr_load_input *in, struct vr_entry *entry);
/* Bytes of a command line, without the final zero. Of a file that is no kernel: what a kernel would take. */
uint64_t vr_load_cmdline_max(const struct vr_boot_payload *p);
/* n zeroed bytes of RAM to write to, or NULL with the error noted. Say memory.written() afterwards. */
uint8_t *vr_load_room(const struct vr_tables *t, uint64_t gpa, uint64_t n);

/* ---- bzimage.c: Linux Documentation/arch/x86/boot.rst ---- */
int vr_bzimage_is(const struct vr_boot_payload *p);
uint64_t vr_bzimage_cmdline_max(const struct vr_boot_payload *p);
int32_t vr_bzimage_read(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t ram_size,
			struct vr_kernel *k);

/* ---- elf.c: ELF-64, with or without the note of Xen's PVH ---- */
int vr_elf_is(const struct vr_boot_payload *p);
int32_t vr_elf_read(const struct vr_tables *t, const struct vr_boot_payload *p, struct vr_kernel *k);
/* Its segments into RAM. */
int32_t vr_elf_load(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t bias);

struct vr_elf_segment {
	uint32_t type;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
/* Of a file whose header was checked. */
uint32_t vr_elf_segments(const struct vr_boot_payload *p);
struct vr_elf_segment vr_elf_segment(const struct vr_boot_payload *p, uint32_t i);
#define VR_ELF_LOAD 1u /* type */
#define VR_ELF_DYNAMIC 2u
#define VR_ELF_NOTE 4u

/* ---- elf_move.c: position-independent ones (ET_DYN) ---- */
/* How far one that was linked for low addresses is to be moved. */
int32_t vr_elf_move(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t *bias);
/* After it was loaded: its addresses follow. */
int32_t vr_elf_relocate(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t bias);

#endif
