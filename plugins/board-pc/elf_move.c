/* SPDX-License-Identifier: MIT */
/*
 * elf_move.c: position-independent executables (ET_DYN). One that was linked for addresses below 1 MiB,
 * usually for 0, goes to 2 MiB, or to the next address that its segments' alignment allows; all of its
 * addresses move by the same.
 *
 * Such a kernel relocates itself, or it does not and wants to be: R_X86_64_RELATIVE entries (System V ABI,
 * AMD64 supplement, table 4.9) are put right here. Each says all of the value, so doing it twice does no
 * harm. That is only possible while virtual addresses are physical ones; a kernel that has others knows what
 * it does.
 */
#include <inttypes.h>
#include <stdbool.h>

#include "elf_move.h"
#include "elf_segment.h"
#include "map.h"

#define MOVE_TO (UINT64_C(2) << 20)
#define ALIGN_MAX (UINT64_C(1) << 30)
#define PAGE 4096u

#define DT_NULL 0u
#define DT_RELA 7u
#define DT_RELASZ 8u
#define DYNAMIC_ENTRY 16u
#define RELA_ENTRY 24u
#define R_NONE 0u
#define R_RELATIVE 8u

int32_t elf_move(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t *bias)
{
	uint64_t lowest = UINT64_MAX, align = PAGE;

	for (uint32_t i = 0; i < elf_segments(p); i++) {
		struct elf_segment s = elf_segment(p, i);

		if (s.type != ELF_LOAD || !s.memsz)
			continue;
		if ((s.align & (s.align - 1)) && s.align)
			return vr_tables_fail(t, VR_E_IMAGE,
					      "%s: segment %u is aligned to 0x%" PRIx64
					      ", which is no power of two",
					      p->kernel_name, i, s.align);
		if (s.align > ALIGN_MAX)
			return vr_tables_fail(t, VR_E_UNSUPPORTED,
					      "%s: segment %u is aligned to 0x%" PRIx64
					      ", which is more than 1 GiB",
					      p->kernel_name, i, s.align);
		align = s.align > align ? s.align : align;
		lowest = s.paddr < lowest ? s.paddr : lowest;
	}
	*bias = 0;
	if (lowest < PC_HIGH)
		*bias = (MOVE_TO > align ? MOVE_TO : align) - (lowest & ~(align - 1));
	return VR_OK;
}

/* Values of PT_DYNAMIC, 0: not there. */
static void dynamic(const struct vr_boot_payload *p, uint64_t *rela, uint64_t *size)
{
	*rela = *size = 0;
	for (uint32_t i = 0; i < elf_segments(p); i++) {
		struct elf_segment s = elf_segment(p, i);
		const uint8_t *d;

		if (s.type != ELF_DYNAMIC || s.offset > p->kernel_size ||
		    s.filesz > p->kernel_size - s.offset)
			continue;
		d = (const uint8_t *)p->kernel + s.offset;
		for (uint64_t at = 0; s.filesz - at >= DYNAMIC_ENTRY; at += DYNAMIC_ENTRY) {
			uint64_t tag = vr_le64(d + at);

			if (tag == DT_NULL)
				break;
			if (tag == DT_RELA)
				*rela = vr_le64(d + at + 8);
			if (tag == DT_RELASZ)
				*size = vr_le64(d + at + 8);
		}
	}
}

/* Are the n bytes at the address `at`, as linked, in a loaded segment? */
static bool is_loaded(const struct vr_boot_payload *p, uint64_t at, uint64_t n)
{
	for (uint32_t i = 0; i < elf_segments(p); i++) {
		struct elf_segment s = elf_segment(p, i);

		if (s.type == ELF_LOAD && at >= s.paddr && at - s.paddr < s.memsz &&
		    n <= s.memsz - (at - s.paddr))
			return true;
	}
	return false;
}

static bool has_virtual_addresses(const struct vr_boot_payload *p)
{
	for (uint32_t i = 0; i < elf_segments(p); i++) {
		struct elf_segment s = elf_segment(p, i);

		if (s.type == ELF_LOAD && s.memsz && s.vaddr != s.paddr)
			return true;
	}
	return false;
}

/* `entries`: so many bytes of relocations, in guest memory. */
static int32_t relocate(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t bias,
			const uint8_t *entries, uint64_t size)
{
	for (uint64_t i = 0; size - i >= RELA_ENTRY; i += RELA_ENTRY) {
		uint64_t at = vr_le64(entries + i), type = vr_le32(entries + i + 8);
		uint8_t value[8];
		int32_t rc;

		if (type == R_NONE)
			continue;
		if (type != R_RELATIVE)
			return vr_tables_fail(
				t, VR_E_UNSUPPORTED,
				"%s: relocation %" PRIu64 " has type %" PRIu64
				": only relative ones (8) can be in a kernel; link it with -static-pie",
				p->kernel_name, i / RELA_ENTRY, type);
		if (!is_loaded(p, at, 8))
			return vr_tables_fail(t, VR_E_IMAGE,
					      "%s: relocation %" PRIu64 " is for 0x%" PRIx64
					      ", which is in no loaded segment",
					      p->kernel_name, i / RELA_ENTRY, at);
		vr_le_put(value, vr_le64(entries + i + 16) + bias, 8);
		rc = vr_tables_copy(t, at + bias, value, 8);
		if (rc < 0)
			return rc;
	}
	return VR_OK;
}

int32_t elf_relocate(const struct vr_tables *t, const struct vr_boot_payload *p, uint64_t bias)
{
	struct vr_mapping m = {.size = sizeof(m)};
	uint64_t rela, size;
	int32_t rc;

	dynamic(p, &rela, &size);
	if (!bias || !size || has_virtual_addresses(p))
		return VR_OK;
	if (!is_loaded(p, rela, size) || t->memory->map(t->host, rela + bias, size, VR_MAP_READ, &m) < 0)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: the relocations (0x%" PRIx64 " bytes at 0x%" PRIx64
				      ") are in no loaded segment",
				      p->kernel_name, size, rela);
	rc = relocate(t, p, bias, m.bytes, size);
	t->memory->unmap(t->host, &m, 0, 0);
	return rc;
}
