/* SPDX-License-Identifier: MIT */
/* load.c: bzImage, PVH and plain ELF: what is refused and where everything goes. */
#include "../../plugins/board-pc/load.h"

#include <criterion/criterion.h>
#include <string.h>

#include "../../plugins/board-pc/map.h"
#include "../fake_host/fake.h"

#define MIB (1ull << 20)
#define RAM (256 * MIB)

static struct vr_fake_host *d;
static struct vr_tables t;
static uint8_t file[65536];
static struct vr_boot_payload p;
static struct load_input in;
static struct registry_entry e;

static void put(uint32_t offset, uint64_t value, uint32_t n)
{
	memcpy(file + offset, &value, n);
}

static uint64_t ram(uint64_t gpa, uint32_t n)
{
	uint64_t value = 0;

	memcpy(&value, fake_ram(d, gpa), n);
	return value;
}

static void bzimage(void)
{
	memset(file, 0, sizeof(file));
	file[0x1f1] = 3;
	put(0x1fe, 0xaa55, 2);
	file[0x201] = 0x6a; /* the header ends at 0x26c */
	memcpy(file + 0x202, "HdrS", 4);
	put(0x206, 0x20f, 2);
	file[0x211] = 1;
	put(0x22c, 0x7fffffff, 4);
	put(0x230, 2 * MIB, 4);
	file[0x234] = 1;
	put(0x236, 1, 2);
	put(0x238, 2047, 4);
	put(0x258, 16 * MIB, 8);
	put(0x260, 20 * MIB, 4);
	for (uint32_t i = 4 * 512; i < sizeof(file); i++)
		file[i] = (uint8_t)(i * 7);
}

/* One segment of 0x1000 bytes of file and 0x3000 of memory at 2 MiB; with a PVH note. */
static void elf(int pvh)
{
	static const uint8_t ident[7] = {0x7f, 'E', 'L', 'F', 2, 1, 1};

	memset(file, 0, sizeof(file));
	memcpy(file, ident, sizeof(ident));
	put(16, 2, 2);
	put(18, 62, 2);
	put(20, 1, 4);
	put(24, 0x200010, 8);
	put(32, 64, 8);
	put(54, 56, 2);
	put(56, 2, 2);
	put(64, 1, 4); /* PT_LOAD */
	put(72, 0x1000, 8);
	put(80, 0xffffffff80200000, 8);
	put(88, 0x200000, 8);
	put(96, 0x1000, 8);
	put(104, 0x3000, 8);
	put(120, pvh ? 4 : 0, 4); /* PT_NOTE */
	put(128, 0x400, 8);
	put(152, 0x40, 8);
	put(168, 4, 8);
	put(0x400, 4, 4); /* another owner's note first */
	put(0x404, 4, 4);
	put(0x408, 1, 4);
	memcpy(file + 0x40c, "GNU", 4);
	put(0x414, 4, 4);
	put(0x418, 4, 4);
	put(0x41c, 18, 4);
	memcpy(file + 0x420, "Xen", 4);
	put(0x424, 0x200100, 4);
	for (uint32_t i = 0x1000; i < 0x2000; i++)
		file[i] = (uint8_t)(i * 3);
}

static void start(void)
{
	d = fake_new_pc(1);
	vr_fake_host_ram(d, 0, 0xa0000, 0);
	vr_fake_host_ram(d, 0xe0000, 0x20000, 0);
	vr_fake_host_ram(d, MIB, RAM - MIB, 0);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	p = (struct vr_boot_payload){.size = sizeof(p),
				     .kernel = file,
				     .kernel_size = sizeof(file),
				     .cmdline = "",
				     .kernel_name = "vmlinuz"};
	in = (struct load_input){.payload = &p, .cmdline = "console=ttyS0", .ram_size = RAM, .rsdp = 0xe0000};
	bzimage();
}

static void stop(void)
{
	fake_free(d);
}

static void refused(int32_t code, const char *word)
{
	vr_fake_host_error_clear(d);
	cr_expect_eq(boot_load(&t, &in, &e), code, "%s: %s", word, d->error_text);
	cr_expect_eq(d->error_code, code);
	cr_expect(strstr(d->error_text, word), "\"%s\" says nothing of \"%s\"", d->error_text, word);
	cr_expect(strstr(d->error_text, "vmlinuz"), "\"%s\" names no file", d->error_text);
}

TestSuite(load, .init = start, .fini = stop);

Test(load, command_line_max)
{
	cr_assert_eq(load_cmdline_max(&p), 2047, "what the header says");
	put(0x238, 300, 4);
	cr_assert_eq(load_cmdline_max(&p), 300);
	put(0x238, 1000000, 4);
	cr_assert_eq(load_cmdline_max(&p), 65535, "what there is room for");
	file[0x202] = 0;
	cr_assert_eq(load_cmdline_max(&p), 2047, "Linux' limit");
}

Test(load, bzimage)
{
	static uint8_t initrd[100000];

	memset(initrd, 0x5a, sizeof(initrd));
	p.initrd = initrd;
	p.initrd_size = sizeof(initrd);
	cr_assert_eq(boot_load(&t, &in, &e), VR_OK, "%s", d->error_text);
	cr_expect_eq(e.mode, ENTRY_LONG);
	cr_expect_eq(e.rip, 16 * MIB + 0x200);
	cr_expect_eq(e.rsi, PC_BOOT_PARAMS);
	cr_expect_arr_eq(fake_ram(d, 16 * MIB), file + 2048, sizeof(file) - 2048);
	cr_expect_str_eq((char *)fake_ram(d, ram(PC_BOOT_PARAMS + 0x228, 4)), "console=ttyS0");
	cr_expect_eq(ram(PC_BOOT_PARAMS + 0x210, 1), 0xff);
	cr_expect_eq(ram(PC_BOOT_PARAMS + 0x206, 2), 0x20f);
	cr_expect_eq(ram(PC_BOOT_PARAMS + 0x070, 8), 0xe0000);
	cr_expect_eq(ram(PC_BOOT_PARAMS + 0x26c, 4), 0, "nothing after the header");
	cr_expect_eq(ram(PC_BOOT_PARAMS + 0x21c, 4), sizeof(initrd));
	cr_expect_eq(ram(PC_BOOT_PARAMS + 0x218, 4) % 4096, 0);
	cr_expect_arr_eq(fake_ram(d, ram(PC_BOOT_PARAMS + 0x218, 4)), initrd, sizeof(initrd));
	cr_expect_geq(ram(PC_BOOT_PARAMS + 0x218, 4), RAM - sizeof(initrd) - 4096);
	cr_expect_eq(ram(PC_BOOT_PARAMS + 0x1e8, 1), 5);
}

Test(load, random_seed)
{
	uint8_t first[32];
	uint64_t at;

	cr_assert_eq(boot_load(&t, &in, &e), VR_OK);
	at = ram(PC_BOOT_PARAMS + 0x250, 8);
	cr_expect_eq(ram(at, 8), 0, "the only one");
	cr_expect_eq(ram(at + 8, 4), 9);
	cr_expect_eq(ram(at + 12, 4), 32);
	memcpy(first, fake_ram(d, at + 16), sizeof(first));
	cr_assert_eq(boot_load(&t, &in, &e), VR_OK);
	cr_expect_arr_neq(fake_ram(d, at + 16), first, sizeof(first), "another one each time");
	elf(0);
	cr_assert_eq(boot_load(&t, &in, &e), VR_OK);
	cr_expect_eq(ram(PC_BOOT_PARAMS + 0x250, 8), at, "for a vmlinux as well");
}

Test(load, e820)
{
	static const uint64_t map[6][3] = {
		{0, 0x9fc00, 1},      {0x9fc00, 0x400, 2},  {0xe0000, 0x20000, 2},
		{MIB, 3071 * MIB, 1}, {0xe0000000, MIB, 2}, {4096 * MIB, 5120 * MIB, 1},
	};

	in.ram_size = 8192 * MIB;
	vr_fake_host_ram(d, RAM, 3072 * MIB - RAM, 0);
	cr_assert_eq(boot_load(&t, &in, &e), VR_OK, "%s", d->error_text);
	cr_assert_eq(ram(PC_BOOT_PARAMS + 0x1e8, 1), 6);
	for (uint32_t i = 0; i < 6; i++) {
		uint64_t at = PC_BOOT_PARAMS + 0x2d0 + 20 * i;

		cr_expect_eq(ram(at, 8), map[i][0]);
		cr_expect_eq(ram(at + 8, 8), map[i][1]);
		cr_expect_eq(ram(at + 16, 4), map[i][2]);
	}
}

Test(load, tables_for_64_bits)
{
	cr_assert_eq(boot_load(&t, &in, &e), VR_OK);
	cr_expect_eq(ram(PC_GDT + 0x10, 8), 0x00af9b000000ffff);
	cr_expect_eq(ram(PC_GDT + 0x18, 8), 0x00cf93000000ffff);
	/* Walk: every address below 4 GiB is itself. */
	for (uint64_t va = 0; va < 4096 * MIB; va += 0x7654321) {
		uint64_t l4 = ram(PC_PAGE_TABLES + 8 * (va >> 39), 8);
		uint64_t l3 = ram((l4 & ~0xfffull) + 8 * (va >> 30 & 511), 8);
		uint64_t l2 = ram((l3 & ~0xfffull) + 8 * (va >> 21 & 511), 8);

		cr_assert_eq(l4 & l3 & 3, 3);
		cr_assert_eq(l2 & 0x83, 0x83);
		cr_assert_eq((l2 & ~0x1fffffull) + (va & 0x1fffff), va);
	}
}

Test(load, bzimage_elsewhere)
{
	in.ram_size = 30 * MIB; /* not enough after 16 MiB */
	cr_assert_eq(boot_load(&t, &in, &e), VR_OK, "%s", d->error_text);
	cr_expect_eq(e.rip, 2 * MIB + 0x200);
	in.ram_size = 20 * MIB;
	refused(VR_E_CONFIG, "needs 22 MiB");
	in.ram_size = 30 * MIB;
	file[0x234] = 0;
	refused(VR_E_CONFIG, "needs 36 MiB");
	put(0x258, 0x1000, 8);
	refused(VR_E_IMAGE, "pref_address");
	put(0x258, UINT64_MAX, 8);
	refused(VR_E_IMAGE, "pref_address");
}

Test(load, bzimage_refused)
{
	static const struct {
		uint32_t offset, bytes;
		uint64_t value;
		int32_t code;
		const char *word;
	} cases[] = {
		{0x1fe, 2, 0xaa54, VR_E_IMAGE, "boot_flag"},
		{0x202, 1, 'h', VR_E_IMAGE, "neither"},
		{0x206, 2, 0x20b, VR_E_UNSUPPORTED, "2.11"},
		{0x211, 1, 0, VR_E_UNSUPPORTED, "zImage"},
		{0x236, 2, 0, VR_E_UNSUPPORTED, "32-bit"},
		{0x201, 1, 0x10, VR_E_IMAGE, "ends at 0x212"},
		{0x201, 1, 0xff, VR_E_IMAGE, "ends at 0x301"},
		{0x1f1, 1, 200, VR_E_IMAGE, "nothing is left"},
		{0x230, 4, 3, VR_E_IMAGE, "kernel_alignment"},
		{0x230, 4, 0, VR_E_IMAGE, "kernel_alignment"},
		{0x260, 4, 0xffffffff, VR_E_IMAGE, "init_size"},
		{0x260, 4, 0x70000000, VR_E_CONFIG, "-m"},
		{0x238, 4, 5, VR_E_CONFIG, "takes 5"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bzimage();
		put(cases[i].offset, cases[i].value, cases[i].bytes);
		refused(cases[i].code, cases[i].word);
	}
	bzimage();
	p.kernel_size = 0x210;
	refused(VR_E_IMAGE, "too few");
	p.kernel_size = 2;
	refused(VR_E_IMAGE, "no kernel");
	p.kernel_size = 0;
	refused(VR_E_IMAGE, "no kernel");
}

Test(load, initrd_refused)
{
	p.initrd = file;
	p.initrd_size = 230 * MIB;
	refused(VR_E_CONFIG, "initrd has 230 MiB");
	p.initrd_size = UINT64_MAX;
	refused(VR_E_CONFIG, "initrd");
	p.initrd_size = 4096;
	put(0x22c, 8 * MIB, 4);
	refused(VR_E_CONFIG, "initrd");
	put(0x22c, 64 * MIB - 1, 4);
	cr_assert_eq(boot_load(&t, &in, &e), VR_OK);
	cr_expect_eq(ram(PC_BOOT_PARAMS + 0x218, 4), 64 * MIB - 4096);
}

Test(load, pvh)
{
	uint64_t info = PC_PVH_INFO;

	elf(1);
	p.initrd = file;
	p.initrd_size = 5000;
	cr_assert_eq(boot_load(&t, &in, &e), VR_OK, "%s", d->error_text);
	cr_expect_eq(e.mode, ENTRY_PROTECTED);
	cr_expect_eq(e.rip, 0x200100);
	cr_expect_eq(ram(PC_GDT + 0x10, 8), 0x00cf9b000000ffff);
	cr_expect_eq(e.rbx, info);
	cr_expect_arr_eq(fake_ram(d, 0x200000), file + 0x1000, 0x1000);
	cr_expect_eq(ram(info, 4), 0x336ec578);
	cr_expect_eq(ram(info + 4, 4), 1);
	cr_expect_eq(ram(info + 12, 4), 1);
	cr_expect_eq(ram(ram(info + 16, 8) + 8, 8), 5000);
	cr_expect_arr_eq(fake_ram(d, ram(ram(info + 16, 8), 8)), file, 5000);
	cr_expect_str_eq((char *)fake_ram(d, ram(info + 24, 8)), "console=ttyS0");
	cr_expect_eq(ram(info + 32, 8), 0xe0000);
	cr_expect_eq(ram(info + 48, 4), 5);
	cr_expect_eq(ram(ram(info + 40, 8) + 3 * 24, 8), MIB);
	cr_expect_eq(ram(ram(info + 40, 8) + 3 * 24 + 8, 8), RAM - MIB);
}

Test(load, plain_elf)
{
	elf(0);
	memset(fake_ram(d, 0x200000), 0xee, 0x4000);
	cr_assert_eq(boot_load(&t, &in, &e), VR_OK, "%s", d->error_text);
	cr_expect_eq(e.mode, ENTRY_LONG);
	cr_expect_eq(e.rip, 0x200010);
	cr_expect_eq(e.rsi, PC_BOOT_PARAMS);
	cr_expect_eq(ram(0x201000, 8), 0, "the rest of the segment is zero");
	cr_expect_eq(ram(0x203000, 1), 0xee);
	put(24, 0xffffffff80200020, 8);
	cr_assert_eq(boot_load(&t, &in, &e), VR_OK);
	cr_expect_eq(e.rip, 0x200020, "a virtual entry");
	put(88, 0x40000, 8); /* conventional memory is fine where it is free */
	cr_assert_eq(boot_load(&t, &in, &e), VR_OK);
	cr_expect_eq(e.rip, 0x40020);
}

/* Each is fine by itself; all of them would be written one after the other. */
Test(load, elf_segments_overlap)
{
	elf(0);
	put(120, 1, 4); /* PT_LOAD */
	put(128, 0x1000, 8);
	put(136, 0x300000, 8);
	put(144, 0x202fff, 8);
	put(152, 0x1000, 8);
	put(160, 0x1000, 8);
	refused(VR_E_IMAGE, "overlap");
	put(144, 0x203000, 8);
	cr_assert_eq(boot_load(&t, &in, &e), VR_OK, "%s", d->error_text);
}

Test(load, elf_refused)
{
	static const struct {
		uint32_t offset, bytes;
		uint64_t value;
		int32_t code;
		const char *word;
	} cases[] = {
		{4, 1, 1, VR_E_IMAGE, "class 1"},
		{5, 1, 2, VR_E_IMAGE, "byte order 2"},
		{6, 1, 0, VR_E_IMAGE, "version 0"},
		{18, 2, 183, VR_E_IMAGE, "machine 183"},
		{16, 2, 1, VR_E_IMAGE, "type 1"},
		{54, 2, 32, VR_E_IMAGE, "of 32 bytes"},
		{56, 2, 0, VR_E_IMAGE, "0 program headers"},
		{56, 2, 0xffff, VR_E_IMAGE, "outside the file"},
		{32, 8, UINT64_MAX, VR_E_IMAGE, "outside the file"},
		{32, 8, sizeof(file) - 55, VR_E_IMAGE, "outside the file"},
		{72, 8, sizeof(file), VR_E_IMAGE, "segment 0"},
		{72, 8, UINT64_MAX - 0x800, VR_E_IMAGE, "segment 0"},
		{96, 8, 0x4000, VR_E_IMAGE, "segment 0"},
		{96, 8, UINT64_MAX, VR_E_IMAGE, "segment 0"},
		{88, 8, 0x1000, VR_E_IMAGE, "1 MiB or above"},
		{88, 8, 0xe0000, VR_E_IMAGE, "1 MiB or above"},
		{88, 8, 0x9f000, VR_E_IMAGE, "1 MiB or above"},
		{88, 8, RAM - 0x2000, VR_E_CONFIG, "outside RAM"},
		{88, 8, UINT64_MAX - 0x800, VR_E_CONFIG, "outside RAM"},
		{104, 8, UINT64_MAX, VR_E_CONFIG, "outside RAM"},
		{64, 4, 2, VR_E_IMAGE, "no segment"},
		{24, 8, 0, VR_E_IMAGE, "entry point"},
		{24, 8, 0x203000, VR_E_IMAGE, "entry point"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		elf(0);
		put(cases[i].offset, cases[i].value, cases[i].bytes);
		refused(cases[i].code, cases[i].word);
	}
	elf(1);
	put(0x424, 0x300000, 4);
	refused(VR_E_IMAGE, "PVH entry point");
	elf(0);
	p.kernel_size = 40;
	refused(VR_E_IMAGE, "too few");
}

/* Broken notes are no PVH notes; the file is then a plain one. */
Test(load, notes)
{
	static const struct {
		uint32_t offset;
		uint32_t value;
	} cases[] = {
		{0x400, 0xffffffff}, {0x404, 0xffffffff}, {0x400, 0xfffffffc}, {0x414, 5},
		{0x418, 0xfffffff0}, {0x41c, 17},         {0x420, 0x006e6559}, {0x418, 3},
		{152, 0x20},         {152, 0x7fffffff},   {128, 0xffffffff},   {152, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		elf(1);
		put(cases[i].offset, cases[i].value, 4);
		cr_expect_eq(boot_load(&t, &in, &e), VR_OK, "%zu: %s", i, d->error_text);
		cr_expect_eq(e.mode, ENTRY_LONG, "%zu", i);
	}
	elf(1);
	put(0x418, 8, 4);
	put(0x424, 0x200200, 8);
	cr_expect_eq(boot_load(&t, &in, &e), VR_OK);
	cr_expect_eq(e.rip, 0x200200, "an entry of 8 bytes");
}

/* Whatever the bytes say, nothing is written outside RAM (the fake host notes it) and nothing is read outside the
 * file. */
Test(load, noise)
{
	uint32_t x = 9;

	for (uint32_t i = 0; i < 20000; i++) {
		if (i & 1)
			bzimage();
		else
			elf(1);
		for (uint32_t n = 0; n < 3; n++) {
			x = x * 1664525 + 1013904223;
			file[(i & 1 ? 0x1f1 : 0) + (x >> 8) % 0xb0] = (uint8_t)(x >> 24);
		}
		p.kernel_size = i % 5 ? sizeof(file) : x % 0x2000;
		vr_fake_host_error_clear(d);
		cr_assert_eq(boot_load(&t, &in, &e) < 0, d->error_code < 0);
	}
}

/* ---- position-independent ones ---- */

#define RELA 0x800u /* in the segment, its file offset less 0x1000 */
#define DYNAMIC 0x600u

/* Linked at 0, with one relocation: at 0x400 goes the address of 0x123. */
static void pie(int pvh)
{
	elf(pvh);
	put(16, 3, 2);
	put(24, 0x10, 8);
	put(80, 0, 8);
	put(88, 0, 8);
	put(112, 0x1000, 8);
	put(0x424, 0x100, 4);
	put(56, 3, 2);
	put(176, 2, 4); /* PT_DYNAMIC */
	put(184, 0x1000 + DYNAMIC, 8);
	put(208, 0x40, 8);
	put(0x1000 + DYNAMIC, 7, 8);
	put(0x1000 + DYNAMIC + 8, RELA, 8);
	put(0x1000 + DYNAMIC + 16, 8, 8);
	put(0x1000 + DYNAMIC + 24, 24, 8);
	put(0x1000 + DYNAMIC + 32, 0, 8);
	put(0x1000 + RELA, 0x400, 8);
	put(0x1000 + RELA + 8, 8, 8);
	put(0x1000 + RELA + 16, 0x123, 8);
}

Test(load, pie)
{
	pie(0);
	cr_assert_eq(boot_load(&t, &in, &e), VR_OK, "%s", d->error_text);
	cr_expect_eq(e.mode, ENTRY_LONG);
	cr_expect_eq(e.rip, 2 * MIB + 0x10);
	cr_expect_arr_eq(fake_ram(d, 2 * MIB), file + 0x1000, 0x400);
	cr_expect_eq(ram(2 * MIB + 0x400, 8), 2 * MIB + 0x123, "relocated");
	cr_expect_eq(ram(2 * MIB + 0x1000, 8), 0, "the rest of the segment is zero");
	put(112, 16 * MIB, 8);
	cr_assert_eq(boot_load(&t, &in, &e), VR_OK, "%s", d->error_text);
	cr_expect_eq(e.rip, 16 * MIB + 0x10, "as it is aligned");
	pie(1);
	cr_assert_eq(boot_load(&t, &in, &e), VR_OK, "%s", d->error_text);
	cr_expect_eq(e.mode, ENTRY_PROTECTED);
	cr_expect_eq(e.rip, 2 * MIB + 0x100, "the PVH entry moves too");
	/* One that was linked where it can be stays there, and has no need of relocations. */
	pie(0);
	put(24, 0x400010, 8);
	put(80, 0x400000, 8);
	put(88, 0x400000, 8);
	cr_assert_eq(boot_load(&t, &in, &e), VR_OK, "%s", d->error_text);
	cr_expect_eq(e.rip, 0x400010);
	/* With virtual addresses of its own: those are its business. */
	pie(0);
	put(80, 0xffffffff80000000, 8);
	cr_assert_eq(boot_load(&t, &in, &e), VR_OK, "%s", d->error_text);
	cr_expect_eq(e.rip, 2 * MIB + 0x10);
	cr_expect_eq(ram(2 * MIB + 0x400, 2), ((0x1400u * 3) & 0xff) | ((0x1401u * 3) & 0xff) << 8);
}

Test(load, pie_refused)
{
	static const struct {
		uint32_t offset, bytes;
		uint64_t value;
		int32_t code;
		const char *word;
	} cases[] = {
		{112, 8, 3, VR_E_IMAGE, "power of two"},
		{112, 8, 1ull << 40, VR_E_UNSUPPORTED, "1 GiB"},
		{112, 8, 1ull << 30, VR_E_CONFIG, "outside RAM"},
		{104, 8, UINT64_MAX, VR_E_CONFIG, "outside RAM"},
		{24, 8, 0x4000, VR_E_IMAGE, "entry point"},
		{0x1000 + DYNAMIC + 8, 8, 0x2ff0, VR_E_IMAGE, "in no loaded segment"},
		{0x1000 + DYNAMIC + 8, 8, UINT64_MAX, VR_E_IMAGE, "in no loaded segment"},
		{0x1000 + DYNAMIC + 24, 8, UINT64_MAX, VR_E_IMAGE, "in no loaded segment"},
		{0x1000 + RELA, 8, 0x2ffc, VR_E_IMAGE, "relocation 0"},
		{0x1000 + RELA, 8, UINT64_MAX, VR_E_IMAGE, "relocation 0"},
		{0x1000 + RELA + 8, 4, 1, VR_E_UNSUPPORTED, "type 1"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pie(0);
		put(cases[i].offset, cases[i].value, cases[i].bytes);
		refused(cases[i].code, cases[i].word);
	}
	/* A table of dynamic entries that is not in the file is none. */
	pie(0);
	put(184, UINT64_MAX - 8, 8);
	cr_expect_eq(boot_load(&t, &in, &e), VR_OK);
}
