/* SPDX-License-Identifier: MIT */
/*
 * elf.c: what is wrong with a library's file, before the dynamic linker finds out by a signal.
 *
 * dlopen() maps the segments that the file's header promises and believes what the dynamic section says. In a
 * file that was cut short (a copy that was broken off, a full disk) the mapped pages after its end raise
 * SIGBUS; a table whose address lies outside the segments raises SIGSEGV. So what the linker reads before it
 * knows anything is read here first, each offset against the file's size: the ELF header, the program
 * headers, the segments' extents, the dynamic section, and the tables that its tags name with their sizes.
 * Tables lie at virtual addresses; each must be inside the file's part of one PT_LOAD segment.
 *
 * Contents beyond that (symbols, relocations, code) are not checked: a plugin is trusted not to be hostile,
 * and a library with wrong bytes in the middle that crashes while it is opened is named by guard.c.
 *
 * Sources: System V gABI ch. 4 and 5; for the GNU hash table the layout that the GNU linker writes: a header
 * of four words, the filter's 64-bit words, the buckets.
 */
#include "common/elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vmrun/abi.h>

#include "common/error.h"
#include "common/file.h"

#define SEGMENTS_MAX 128u
#define TAGS_MAX 1024u

#if defined(__x86_64__)
#define HOST_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define HOST_MACHINE EM_AARCH64
#elif defined(__riscv)
#define HOST_MACHINE EM_RISCV
#else
#define HOST_MACHINE EM_NONE /* the dynamic linker knows */
#endif

struct image {
	const uint8_t *bytes;
	uint64_t size;
	Elf64_Ehdr header;
	uint64_t tag[DT_NUM]; /* value of each standard tag; 0: not there */
	uint64_t gnu_hash, versym, verneed;
	char *text;
	size_t capacity;
};

__attribute__((format(printf, 2, 3))) static int32_t wrong(struct image *e, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(e->text, e->capacity, format, ap);
	va_end(ap);
	return VR_E_IO;
}

/* Copies: nothing in a file need be aligned. */
static bool get(const struct image *e, uint64_t offset, void *out, size_t length)
{
	if (offset > e->size || length > e->size - offset)
		return false;
	memcpy(out, e->bytes + offset, length);
	return true;
}

static const char *machine_name(uint16_t machine)
{
	switch (machine) {
	case EM_X86_64:
		return "x86_64";
	case EM_AARCH64:
		return "aarch64";
	case EM_RISCV:
		return "riscv";
	case EM_386:
		return "i386";
	case EM_ARM:
		return "arm";
	default:
		return NULL;
	}
}

static int32_t check_machine(struct image *e)
{
	uint16_t machine = e->header.e_machine;
	const char *name = machine_name(machine);

	if (machine == HOST_MACHINE || HOST_MACHINE == EM_NONE)
		return VR_OK;
	if (name)
		return wrong(e,
			     "it is for %s, and this machine is %s; install the plugin that was built for it",
			     name, machine_name(HOST_MACHINE));
	return wrong(e,
		     "it is for another processor (e_machine %u), and this machine is %s; install the plugin "
		     "that was built for it",
		     machine, machine_name(HOST_MACHINE));
}

static int32_t check_header(struct image *e)
{
	const uint8_t *id = e->header.e_ident;

	if (!e->size)
		return wrong(e, "it is empty; install the plugin again");
	if (e->size < EI_NIDENT || memcmp(e->bytes, ELFMAG, SELFMAG) != 0)
		return wrong(e, "it is no shared library (no ELF header); install the plugin again");
	memcpy(e->header.e_ident, e->bytes, EI_NIDENT);
	if (id[EI_CLASS] != ELFCLASS64)
		return wrong(
			e,
			"it is a library of 32 bits (ELF class %u), and vmrun has 64; build it for 64 bits",
			id[EI_CLASS]);
	if (id[EI_DATA] != ELFDATA2LSB)
		return wrong(e, "it is for another byte order (ELF data %u); build it for this machine",
			     id[EI_DATA]);
	if (!get(e, 0, &e->header, sizeof(e->header)))
		return wrong(e,
			     "it is cut short: %" PRIu64
			     " bytes, less than its header; install the plugin again",
			     e->size);
	if (e->header.e_ident[EI_VERSION] != EV_CURRENT || e->header.e_version != EV_CURRENT)
		return wrong(e, "its ELF version is not 1; build it again");
	if (check_machine(e) < 0)
		return VR_E_IO;
	if (e->header.e_type != ET_DYN)
		return wrong(e, "it is %s, no shared library (ELF type %u); link it with -shared",
			     e->header.e_type == ET_EXEC  ? "a program"
			     : e->header.e_type == ET_REL ? "an object file"
							  : "something else",
			     e->header.e_type);
	if (e->header.e_phentsize != sizeof(Elf64_Phdr))
		return wrong(e, "its program headers have %u bytes, not %zu; build it again",
			     e->header.e_phentsize, sizeof(Elf64_Phdr));
	if (!e->header.e_phnum || e->header.e_phnum > SEGMENTS_MAX)
		return wrong(e, "it has %u segments, not 1 to %u; build it again", e->header.e_phnum,
			     SEGMENTS_MAX);
	return VR_OK;
}

static bool segment(const struct image *e, uint32_t i, Elf64_Phdr *out)
{
	return get(e, e->header.e_phoff + (uint64_t)i * sizeof(*out), out, sizeof(*out));
}

/* Types of which the linker reads nothing. */
static bool is_only_a_mark(uint32_t type)
{
	return type == PT_NULL || type == PT_GNU_STACK;
}

static int32_t check_segment(struct image *e, uint32_t i, const Elf64_Phdr *p)
{
	uint64_t end;

	if (is_only_a_mark(p->p_type))
		return VR_OK;
	if (__builtin_add_overflow(p->p_offset, p->p_filesz, &end) || end > e->size)
		return wrong(e,
			     "it is cut short: segment %u of %u ends at byte %" PRIu64
			     ", the file has %" PRIu64 "; install the plugin again",
			     i + 1, e->header.e_phnum, end, e->size);
	if (__builtin_add_overflow(p->p_vaddr, p->p_memsz, &end) || p->p_memsz < p->p_filesz)
		return wrong(e, "segment %u of %u is larger in the file than in memory; build it again",
			     i + 1, e->header.e_phnum);
	if (p->p_align & (p->p_align - 1))
		return wrong(e, "segment %u of %u has an alignment that is no power of two; build it again",
			     i + 1, e->header.e_phnum);
	return VR_OK;
}

/* Where `length` bytes at a virtual address lie in the file; false: not in it. */
static bool locate(const struct image *e, uint64_t address, uint64_t length, uint64_t *offset)
{
	Elf64_Phdr p;

	for (uint32_t i = 0; i < e->header.e_phnum && segment(e, i, &p); i++) {
		if (p.p_type != PT_LOAD || address < p.p_vaddr || address - p.p_vaddr > p.p_filesz ||
		    length > p.p_filesz - (address - p.p_vaddr))
			continue;
		*offset = p.p_offset + (address - p.p_vaddr);
		return true;
	}
	return false;
}

static int32_t check_segments(struct image *e, Elf64_Phdr *dynamic)
{
	uint64_t last = 0, offset;
	bool load = false;
	Elf64_Phdr p;

	for (uint32_t i = 0; i < e->header.e_phnum; i++) {
		if (!segment(e, i, &p))
			return wrong(e,
				     "it is cut short: its %u program headers end after its %" PRIu64
				     " bytes; install the plugin again",
				     e->header.e_phnum, e->size);
		if (check_segment(e, i, &p) < 0)
			return VR_E_IO;
		if (p.p_type == PT_DYNAMIC)
			*dynamic = p;
		if (p.p_type != PT_LOAD)
			continue;
		if (load && p.p_vaddr < last)
			return wrong(e, "its segments overlap or are not in order; build it again");
		last = p.p_vaddr + p.p_memsz;
		load = true;
	}
	if (!load || dynamic->p_type != PT_DYNAMIC)
		return wrong(e, "it has no %s segment, so it is no shared library; build it again",
			     load ? "PT_DYNAMIC" : "PT_LOAD");
	/* The linker reads it in memory. */
	if (!locate(e, dynamic->p_vaddr, dynamic->p_filesz, &offset) || offset != dynamic->p_offset)
		return wrong(e, "its dynamic section lies outside its segments; build it again");
	return VR_OK;
}

static int32_t read_dynamic(struct image *e, const Elf64_Phdr *dynamic)
{
	Elf64_Dyn d;

	for (uint64_t i = 0; i < dynamic->p_filesz / sizeof(d) && i < TAGS_MAX; i++) {
		if (!get(e, dynamic->p_offset + i * sizeof(d), &d, sizeof(d)))
			break;
		if (d.d_tag == DT_NULL)
			return VR_OK;
		if (d.d_tag > 0 && d.d_tag < DT_NUM)
			e->tag[d.d_tag] = d.d_un.d_val;
		else if (d.d_tag == DT_GNU_HASH)
			e->gnu_hash = d.d_un.d_val;
		else if (d.d_tag == DT_VERSYM)
			e->versym = d.d_un.d_val;
		else if (d.d_tag == DT_VERNEED)
			e->verneed = d.d_un.d_val;
	}
	return wrong(e, "its dynamic section has no end; build it again");
}

/* Tables with a tag for their address and one for their size. */
static const struct {
	int32_t address, size, entry; /* entry: the tag that tells an entry's size, 0: none */
	uint32_t entry_size;
	const char *name;
} tables[] = {
	{DT_STRTAB, DT_STRSZ, 0, 0, "string table"},
	{DT_RELA, DT_RELASZ, DT_RELAENT, sizeof(Elf64_Rela), "relocations (DT_RELA)"},
	{DT_REL, DT_RELSZ, DT_RELENT, sizeof(Elf64_Rel), "relocations (DT_REL)"},
	{DT_JMPREL, DT_PLTRELSZ, 0, 0, "relocations of calls (DT_JMPREL)"},
	{DT_INIT_ARRAY, DT_INIT_ARRAYSZ, 0, 0, "constructors (DT_INIT_ARRAY)"},
	{DT_FINI_ARRAY, DT_FINI_ARRAYSZ, 0, 0, "destructors (DT_FINI_ARRAY)"},
};

static int32_t outside(struct image *e, const char *name)
{
	return wrong(e, "its %s lies outside its segments; it is damaged: install the plugin again", name);
}

static int32_t check_tables(struct image *e)
{
	uint64_t offset;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		uint64_t at = e->tag[tables[i].address];

		if (at && !locate(e, at, e->tag[tables[i].size], &offset))
			return outside(e, tables[i].name);
		if (at && tables[i].entry && e->tag[tables[i].entry] != tables[i].entry_size)
			return wrong(e,
				     "its %s have entries of %" PRIu64
				     " bytes, not %u; it is damaged: install "
				     "the plugin again",
				     tables[i].name, e->tag[tables[i].entry], tables[i].entry_size);
	}
	return VR_OK;
}

/* Names end inside the string table. */
static int32_t check_strings(struct image *e)
{
	uint64_t size = e->tag[DT_STRSZ], offset;
	uint8_t last;

	if (!e->tag[DT_STRTAB] || !size || !locate(e, e->tag[DT_STRTAB], size, &offset) ||
	    !get(e, offset + size - 1, &last, 1))
		return wrong(e, "it has no string table; build it again");
	if (last)
		return wrong(e, "its string table has no end; it is damaged: install the plugin again");
	return VR_OK;
}

static int32_t check_gnu_hash(struct image *e)
{
	uint32_t h[4]; /* buckets, first symbol, words of the filter (a power of two), shift */
	uint64_t offset;

	if (!locate(e, e->gnu_hash, sizeof(h), &offset) || !get(e, offset, h, sizeof(h)) ||
	    !locate(e, e->gnu_hash, sizeof(h) + 8ull * h[2] + 4ull * h[0], &offset))
		return outside(e, "hash table (DT_GNU_HASH)");
	if (!h[2] || h[2] & (h[2] - 1))
		return wrong(e, "its hash table (DT_GNU_HASH) is damaged: install the plugin again");
	return VR_OK;
}

/* This one tells how many symbols there are. */
static int32_t check_hash(struct image *e)
{
	uint64_t at = e->tag[DT_HASH], offset;
	uint32_t h[2]; /* buckets, symbols */

	if (!locate(e, at, sizeof(h), &offset) || !get(e, offset, h, sizeof(h)) ||
	    !locate(e, at, sizeof(h) + 4ull * h[0] + 4ull * h[1], &offset))
		return outside(e, "hash table (DT_HASH)");
	if (!h[0])
		return wrong(e, "its hash table (DT_HASH) is damaged: install the plugin again");
	if (!locate(e, e->tag[DT_SYMTAB], (uint64_t)h[1] * sizeof(Elf64_Sym), &offset))
		return outside(e, "symbol table");
	return VR_OK;
}

static int32_t check_symbols(struct image *e)
{
	uint64_t offset;

	if (!e->tag[DT_SYMTAB] || !locate(e, e->tag[DT_SYMTAB], sizeof(Elf64_Sym), &offset))
		return outside(e, "symbol table");
	if (e->tag[DT_SYMENT] != sizeof(Elf64_Sym))
		return wrong(e,
			     "its symbols have %" PRIu64
			     " bytes, not %zu; it is damaged: install the plugin again",
			     e->tag[DT_SYMENT], sizeof(Elf64_Sym));
	if (e->versym && !locate(e, e->versym, sizeof(uint16_t), &offset))
		return outside(e, "table of symbol versions (DT_VERSYM)");
	if (e->verneed && !locate(e, e->verneed, sizeof(Elf64_Verneed), &offset))
		return outside(e, "table of needed versions (DT_VERNEED)");
	if (!e->tag[DT_HASH] && !e->gnu_hash)
		return wrong(e, "it has no hash table of its symbols; build it again");
	if (e->gnu_hash && check_gnu_hash(e) < 0)
		return VR_E_IO;
	return e->tag[DT_HASH] ? check_hash(e) : VR_OK;
}

int32_t elf_check_bytes(const uint8_t *bytes, size_t size, char *text, size_t capacity)
{
	struct image e = {.bytes = bytes, .size = size, .text = text, .capacity = capacity};
	Elf64_Phdr dynamic = {.p_type = PT_NULL};
	int32_t rc = check_header(&e);

	if (rc == VR_OK)
		rc = check_segments(&e, &dynamic);
	if (rc == VR_OK)
		rc = read_dynamic(&e, &dynamic);
	if (rc == VR_OK)
		rc = check_tables(&e);
	if (rc == VR_OK)
		rc = check_strings(&e);
	return rc == VR_OK ? check_symbols(&e) : rc;
}

int32_t elf_check(const char *file)
{
	/* Opening a pipe must not wait for a writer, nor a terminal become this process's. */
	int fd = file_open_plain(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	uint8_t *bytes = MAP_FAILED;
	char text[256];
	struct stat st;
	int32_t rc;

	if (fd < 0 || fstat(fd, &st) < 0) {
		rc = vr_error_set(VR_E_IO, "%s: can't be loaded: %s", file, strerror(errno));
		if (fd >= 0)
			close(fd);
		return rc;
	}
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		return vr_error_set(VR_E_IO, "%s: can't be loaded: it is no regular file", file);
	}
	if (st.st_size > 0)
		bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (st.st_size > 0 && bytes == MAP_FAILED)
		return vr_error_set(VR_E_IO, "%s: can't be loaded: %s", file, strerror(errno));
	rc = elf_check_bytes(st.st_size > 0 ? bytes : NULL, (size_t)st.st_size, text, sizeof(text));
	if (bytes != MAP_FAILED)
		munmap(bytes, (size_t)st.st_size);
	return rc < 0 ? vr_error_set(rc, "%s: can't be loaded: %s", file, text) : VR_OK;
}
