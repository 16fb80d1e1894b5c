/* SPDX-License-Identifier: MIT */
#include "boot/kinds.h"

#include <elf.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "boot/bytes.h"

static const struct kind table[] = {
#define KIND(offset, bytes, what, boot, disk) {offset, sizeof(bytes) - 1, bytes, what, boot, disk},
#include "boot/kinds.def"
#undef KIND
};

/* ELF header e_machine (ELF gABI, and the architectures' supplements); PE header Machine (PE/COFF, "Machine Types"). */
static const struct {
	uint32_t elf, pe;
	const char *name;
} architectures[] = {
	{EM_X86_64, 0x8664, "x86_64"}, {EM_386, 0x014c, "i386"},
	{EM_AARCH64, 0xaa64, "arm64"}, {EM_ARM, 0x01c2, "arm"},
	{EM_RISCV, 0x5064, "riscv64"}, {258, 0x6264, "loongarch64"},
	{EM_PPC64, 0, "ppc64"},        {EM_PPC, 0, "ppc"},
	{EM_S390, 0, "s390x"},         {EM_MIPS, 0, "mips"},
	{EM_SPARCV9, 0, "sparc64"},    {EM_ALPHA, 0, "alpha"},
	{EM_PARISC, 0, "hppa"},        {EM_68K, 0, "m68k"},
};
#define ARCHITECTURES (sizeof(architectures) / sizeof(architectures[0]))

const struct kind *kinds_find(const void *data, size_t size)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct kind *k = &table[i];

		if (k->offset <= size && k->length <= size - k->offset &&
		    !memcmp((const uint8_t *)data + k->offset, k->bytes, k->length))
			return k;
	}
	return NULL;
}

static int is_elf(const uint8_t *b, size_t n)
{
	return n >= sizeof(Elf64_Ehdr) && !memcmp(b, ELFMAG, SELFMAG) &&
	       (b[EI_DATA] == ELFDATA2LSB || b[EI_DATA] == ELFDATA2MSB);
}

static uint32_t elf_half(const uint8_t *b, size_t at)
{
	return b[EI_DATA] == ELFDATA2MSB ? (uint32_t)b[at] << 8 | b[at + 1] : vr_le16(b + at);
}

static const char *elf_architecture(const uint8_t *b)
{
	uint32_t machine = elf_half(b, offsetof(Elf64_Ehdr, e_machine));

	for (size_t i = 0; i < ARCHITECTURES; i++)
		if (architectures[i].elf == machine)
			return architectures[i].name;
	return NULL;
}

const char *kinds_architecture(const void *data, size_t size)
{
	const uint8_t *b = data;
	uint32_t pe;

	if (is_elf(b, size))
		return elf_architecture(b);
	if (size < 0x40 || memcmp(b, "MZ", 2))
		return NULL;
	/* The offset of "PE\0\0" is at 0x3c; Machine follows it. */
	pe = vr_le32(b + 0x3c);
	if (pe > size || size - pe < 6 || memcmp(b + pe, "PE\0", 4))
		return NULL;
	for (size_t i = 0; i < ARCHITECTURES; i++)
		if (architectures[i].pe && architectures[i].pe == vr_le16(b + pe + 4))
			return architectures[i].name;
	return NULL;
}

/* A program asks for an interpreter, the dynamic linker; a kernel does not. Of 64-bit little-endian files. */
static int has_interpreter(const uint8_t *b, size_t size)
{
	uint64_t at = vr_le64(b + offsetof(Elf64_Ehdr, e_phoff));
	uint32_t n = vr_le16(b + offsetof(Elf64_Ehdr, e_phnum));

	for (uint32_t i = 0; i < n; i++, at += sizeof(Elf64_Phdr)) {
		if (at > size || size - at < sizeof(Elf64_Phdr))
			return 0;
		if (vr_le32(b + at) == PT_INTERP)
			return 1;
	}
	return 0;
}

int kinds_program(const void *data, size_t size, char *text, size_t capacity)
{
	const uint8_t *b = data;
	const char *arch, *what = NULL;

	if (!is_elf(b, size))
		return 0;
	arch = elf_architecture(b);
	if (elf_half(b, offsetof(Elf64_Ehdr, e_type)) == ET_REL)
		what = "an ELF object file";
	else if (elf_half(b, offsetof(Elf64_Ehdr, e_type)) == ET_CORE)
		what = "an ELF core dump";
	else if (b[EI_CLASS] == ELFCLASS64 && b[EI_DATA] == ELFDATA2LSB && has_interpreter(b, size))
		what = "an ELF program";
	if (what)
		snprintf(text, capacity, "%s%s%s", what, arch ? " for " : "", arch ? arch : "");
	return what != NULL;
}
