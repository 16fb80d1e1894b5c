/* SPDX-License-Identifier: MIT */
/*
 * elf.c: what can be seen in the library's file before anything of it runs: the exported symbols, the arrays
 * of functions that run by themselves, and the segments' rights. 64-bit little-endian ELF; every offset is
 * checked, for the file may be anything.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "common/text.h"

struct elf {
	const uint8_t *bytes;
	uint64_t size;
	const Elf64_Ehdr *header;
	const Elf64_Phdr *segments;
};

static const void *at(const struct elf *e, uint64_t offset, uint64_t length)
{
	return offset <= e->size && length <= e->size - offset ? e->bytes + offset : NULL;
}

static struct elf load(struct vr_check *c)
{
	struct elf e = {0};
	struct stat st;
	int fd;

	if (!c->target->library)
		check_skip(c, "the manifest names no library for this host");
	fd = open(c->target->library, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		check_skip(c, "%s: can't be read", c->target->library);
	e.size = (uint64_t)st.st_size;
	e.bytes = e.size ? mmap(NULL, e.size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
	close(fd);
	e.header = e.bytes && e.bytes != MAP_FAILED ? at(&e, 0, sizeof(*e.header)) : NULL;
	if (!e.header || memcmp(e.header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    e.header->e_ident[EI_CLASS] != ELFCLASS64 || e.header->e_ident[EI_DATA] != ELFDATA2LSB ||
	    e.header->e_phentsize != sizeof(Elf64_Phdr))
		check_skip(c, "%s: not a 64-bit little-endian ELF library", c->target->library);
	e.segments = at(&e, e.header->e_phoff, (uint64_t)e.header->e_phnum * sizeof(Elf64_Phdr));
	if (!e.segments)
		check_skip(c, "%s: its program headers lie outside the file", c->target->library);
	return e;
}

/* The bytes at a virtual address. */
static const void *mapped(const struct elf *e, uint64_t address, uint64_t length)
{
	for (uint32_t i = 0; i < e->header->e_phnum; i++) {
		const Elf64_Phdr *p = &e->segments[i];

		if (p->p_type == PT_LOAD && address >= p->p_vaddr && address - p->p_vaddr < p->p_filesz &&
		    length <= p->p_filesz - (address - p->p_vaddr))
			return at(e, p->p_offset + (address - p->p_vaddr), length);
	}
	return NULL;
}

/* The value of a tag of the dynamic section, 0: none. */
static uint64_t tag(const struct elf *e, int64_t which)
{
	for (uint32_t i = 0; i < e->header->e_phnum; i++) {
		const Elf64_Phdr *p = &e->segments[i];
		const Elf64_Dyn *d = p->p_type == PT_DYNAMIC ? at(e, p->p_offset, p->p_filesz) : NULL;

		for (uint64_t k = 0; d && k < p->p_filesz / sizeof(*d) && d[k].d_tag != DT_NULL; k++)
			if (d[k].d_tag == which)
				return d[k].d_un.d_val;
	}
	return 0;
}

/* The section of dynamic symbols says how many there are; a library without section headers is asked by its
 * hash tables, which we do not read: it is skipped. */
static const Elf64_Sym *symbols(const struct elf *e, uint64_t *count)
{
	const Elf64_Shdr *s = e->header->e_shentsize == sizeof(*s)
				      ? at(e, e->header->e_shoff, (uint64_t)e->header->e_shnum * sizeof(*s))
				      : NULL;

	for (uint32_t i = 0; s && i < e->header->e_shnum; i++)
		if (s[i].sh_type == SHT_DYNSYM) {
			*count = s[i].sh_size / sizeof(Elf64_Sym);
			return at(e, s[i].sh_offset, s[i].sh_size);
		}
	return NULL;
}

struct names {
	const Elf64_Sym *symbols;
	uint64_t count;
	const char *text;
	uint64_t size;
};

static struct names dynamic_symbols(struct vr_check *c, const struct elf *e)
{
	struct names n = {.size = tag(e, DT_STRSZ)};

	n.symbols = symbols(e, &n.count);
	n.text = mapped(e, tag(e, DT_STRTAB), n.size);
	if (!n.symbols || !n.text || !n.size || n.text[n.size - 1])
		check_skip(c, "%s: no table of dynamic symbols to read", c->target->library);
	return n;
}

static const char *name_of(const struct names *n, const Elf64_Sym *s)
{
	return s->st_name < n->size ? n->text + s->st_name : "?";
}

/* ELF Handling For Thread-Local Storage, 3.4: __tls_get_addr() may allocate a library's block when a thread
 * first asks. */
void check_thread_locals(struct vr_check *c)
{
	struct elf e = load(c);
	struct names n = dynamic_symbols(c, &e);

	for (uint64_t i = 0; i < n.count; i++)
		CHECK(c, strcmp(name_of(&n, &n.symbols[i]), "__tls_get_addr") != 0,
		      "it asks for thread-local variables by __tls_get_addr(); compile with "
		      "-ftls-model=initial-exec, "
		      "and keep them small");
}

static const char *const wanted[] = {"vmrun_plugin_magic", "vmrun_plugin_create"};

/* A name that should not be there: what it comes from, and what to do. */
__attribute__((noreturn)) static void tell_export(struct vr_check *c, const char *name, uint32_t bind)
{
	const char *meant = vr_text_nearest(name, wanted, 2);
	bool mangled = !strncmp(name, "_Z", 2); /* Itanium C++ ABI, 5.1.2 */

	for (uint32_t k = 0; k < 2; k++)
		if (mangled && strstr(name, wanted[k]))
			check_fail(c,
				   "it exports '%s', which is %s() with a C++ name; include <vmrun/plugin.h> "
				   "before its "
				   "definition, which makes it extern \"C\"",
				   name, wanted[k]);
	if (bind == STB_WEAK || bind == STB_GNU_UNIQUE)
		check_fail(c,
			   "it exports '%s', a weak symbol (of a template or an inline function), which "
			   "-fvisibility=hidden "
			   "does not hide; link with a version script, -Wl,--version-script=FILE, that says "
			   "{ global: "
			   "vmrun_plugin_magic; vmrun_plugin_create; local: *; };",
			   name);
	else if (meant)
		check_fail(c, "it exports '%s'; is %s meant?", name, meant);
	else
		check_fail(c, "it exports '%s' as well; compile with -fvisibility=hidden", name);
}

void check_exports(struct vr_check *c)
{
	struct elf e = load(c);
	struct names n = dynamic_symbols(c, &e);
	uint32_t found = 0;

	for (uint64_t i = 0; i < n.count; i++) {
		const Elf64_Sym *s = &n.symbols[i];
		const char *name = name_of(&n, s);
		uint32_t k, bind = ELF64_ST_BIND(s->st_info);

		if (s->st_shndx == SHN_UNDEF || bind == STB_LOCAL ||
		    ELF64_ST_VISIBILITY(s->st_other) == STV_HIDDEN)
			continue;
		for (k = 0; k < 2 && strcmp(name, wanted[k]) != 0; k++)
			;
		if (k == 2)
			tell_export(c, name, bind);
		CHECK(c, ELF64_ST_TYPE(s->st_info) == STT_FUNC, "'%s' is no function", name);
		found |= 1u << k;
	}
	for (uint32_t k = 0; k < 2; k++)
		CHECK(c, found & 1u << k, "it does not export '%s'; is it declared with VR_EXPORT?",
		      wanted[k]);
}

void check_constructors(struct vr_check *c)
{
	struct elf e = load(c);
	/* The C runtime's own: frame_dummy and __do_global_dtors_aux. */
	uint64_t begin = tag(&e, DT_INIT_ARRAYSZ) / 8, end = tag(&e, DT_FINI_ARRAYSZ) / 8;
	uint64_t own = 1;

#if defined(__SANITIZE_ADDRESS__)
	check_skip(c, "the sanitizer adds constructors of its own");
#endif
	CHECK(c, begin <= own,
	      "%llu functions run when it is loaded, the C runtime's own is %llu; do it in create",
	      (unsigned long long)begin, (unsigned long long)own);
	CHECK(c, end <= own,
	      "%llu functions run when the process ends, the C runtime's own is %llu; do it in destroy",
	      (unsigned long long)end, (unsigned long long)own);
}

void check_segments(struct vr_check *c)
{
	struct elf e = load(c);

	for (uint32_t i = 0; i < e.header->e_phnum; i++) {
		const Elf64_Phdr *p = &e.segments[i];

		CHECK(c, p->p_type != PT_LOAD || (p->p_flags & (PF_W | PF_X)) != (PF_W | PF_X),
		      "its segment %u can be written and executed", i);
		CHECK(c, p->p_type != PT_GNU_STACK || !(p->p_flags & PF_X),
		      "it asks for a stack that can be executed (-z noexecstack)");
	}
	CHECK(c, !tag(&e, DT_TEXTREL) && !(tag(&e, DT_FLAGS) & DF_TEXTREL),
	      "its code is changed when it is loaded (DT_TEXTREL); compile with -fPIC");
}
