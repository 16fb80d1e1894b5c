/* SPDX-License-Identifier: MIT */
/* load.c: Image headers, ELF files, and the places in RAM. */
#include "../../plugins/board-virt-riscv64/load.h"

#include <criterion/criterion.h>
#include <string.h>

#include "../../plugins/board-virt-riscv64/entry.h"
#include "../fake_host/fake.h"

#define RAM 0x80000000ull
#define MIB (1ull << 20)

static struct vr_fake_host *d;
static struct vr_tables t;
static uint8_t image[4096], elf[512];
static struct vr_boot_payload p;
static struct firmware_blob firmware;
static struct load_input in;
static struct virt_layout l;
static struct entry_point entry;

static void put(uint8_t *to, uint64_t value, uint32_t bytes)
{
	memcpy(to, &value, bytes);
}

/* One segment of 16 bytes (32 in memory), entry at its byte 4. */
static void make_elf(uint32_t type, uint64_t address)
{
	memset(elf, 0, sizeof(elf));
	memcpy(elf, "\177ELF\2\1\1", 7);
	put(elf + 16, type, 2);
	put(elf + 18, 243, 2);
	put(elf + 24, address + 4, 8);
	put(elf + 32, 64, 8);
	put(elf + 54, 56, 2);
	put(elf + 56, 1, 2);
	put(elf + 64, 1, 4);
	put(elf + 64 + 8, 256, 8);
	put(elf + 64 + 16, address, 8);
	put(elf + 64 + 24, address, 8);
	put(elf + 64 + 32, 16, 8);
	put(elf + 64 + 40, 32, 8);
	memset(elf + 256, 0xe1, 16);
}

static void start(void)
{
	d = fake_new(RAM, 64 * MIB, 1);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	memset(image, 0x11, sizeof(image));
	put(image + 0x08, 0x200000, 8);
	put(image + 0x10, 20 * MIB + 12345, 8);
	put(image + 0x18, 0, 8);
	memcpy(image + 0x38, "RSC\x05", 4);
	p = (struct vr_boot_payload){.size = sizeof(p),
				     .kernel = image,
				     .kernel_size = sizeof(image),
				     .cmdline = "",
				     .kernel_name = "vmlinuz"};
	in = (struct load_input){.payload = &p, .ram_size = 64 * MIB};
	make_elf(2, RAM + 0x1000);
	firmware = (struct firmware_blob){elf, sizeof(elf), "fw"};
}

static void stop(void)
{
	fake_free(d);
}

static void refused(int32_t code, const char *word)
{
	vr_fake_host_error_clear(d);
	cr_expect_eq(boot_load(&t, &in, &l, &entry), code);
	cr_expect_eq(d->error_code, code);
	cr_expect(strstr(d->error_text, word), "\"%s\" says nothing of \"%s\"", d->error_text, word);
}

TestSuite(load, .init = start, .fini = stop);

Test(load, image)
{
	static uint8_t initrd[100] = {7};

	p.initrd = initrd;
	p.initrd_size = sizeof(initrd);
	cr_assert_eq(boot_load(&t, &in, &l, &entry), VR_OK);
	cr_expect_eq(entry.privilege, ENTRY_S);
	cr_expect_eq(l.entry, RAM + 2 * MIB);
	cr_expect_eq(l.dtb, RAM + 24 * MIB);
	cr_expect_eq(l.initrd, RAM + 26 * MIB);
	cr_expect_eq(l.initrd_end, l.initrd + 100);
	cr_expect_arr_eq((uint8_t *)fake_ram(d, l.entry), image, sizeof(image));
}

Test(load, image_errors)
{
	put(image + 0x18, 1, 8);
	refused(VR_E_UNSUPPORTED, "big-endian");
	put(image + 0x18, 0, 8);
	put(image + 0x08, 0x200800, 8);
	refused(VR_E_IMAGE, "text_offset");
	put(image + 0x08, UINT64_MAX << 21, 8);
	refused(VR_E_IMAGE, "text_offset");
	put(image + 0x08, 0, 8);
	put(image + 0x10, UINT64_MAX, 8);
	refused(VR_E_IMAGE, "image_size");
	put(image + 0x10, 63 * MIB, 8);
	refused(VR_E_CONFIG, "-m");
	cr_expect(strstr(d->error_text, "vmlinuz"));
	put(image + 0x10, 20 * MIB, 8);
	p.initrd = image;
	p.initrd_size = UINT64_MAX;
	refused(VR_E_CONFIG, "-m");
	p.initrd = NULL;
	cr_assert_eq(boot_load(&t, &in, &l, &entry), VR_OK);
	cr_expect_eq(l.entry, RAM + 2 * MIB, "never at the start of RAM");
	/* A header cut short is no Image: a raw program. */
	p.kernel_size = 63;
	cr_assert_eq(boot_load(&t, &in, &l, &entry), VR_OK);
	cr_expect_eq(entry.privilege, ENTRY_M);
}

/* Each is fine by itself; all of them would be written one after the other. */
Test(load, elf_segments_overlap)
{
	p.kernel = elf;
	p.kernel_size = sizeof(elf);
	put(elf + 56, 2, 2);
	memcpy(elf + 120, elf + 64, 56);
	put(elf + 120 + 24, RAM + 0x1000 + 31, 8);
	refused(VR_E_IMAGE, "overlap");
	put(elf + 120 + 24, RAM + 0x1000 + 32, 8);
	cr_assert_eq(boot_load(&t, &in, &l, &entry), VR_OK, "%s", d->error_text);
}

Test(load, firmware_then_image)
{
	uint64_t info[6];

	in.firmware = &firmware;
	cr_assert_eq(boot_load(&t, &in, &l, &entry), VR_OK);
	cr_expect_eq(entry.privilege, ENTRY_M);
	cr_expect_eq(l.entry, RAM + 0x1004);
	cr_expect_eq(l.dtb, RAM + 24 * MIB);
	memcpy(info, fake_ram(d, entry.info), sizeof(info));
	cr_expect_eq(info[0], 0x4942534f);
	cr_expect_eq(info[1], 2);
	cr_expect_eq(info[2], RAM + 2 * MIB);
	cr_expect_eq(info[3], 1);
	cr_expect_eq(*(uint8_t *)fake_ram(d, RAM + 0x100f), 0xe1);
	cr_expect_eq(*(uint8_t *)fake_ram(d, RAM + 0x1010), 0);
	/* One that is linked for nowhere in particular. */
	make_elf(3, 0);
	cr_assert_eq(boot_load(&t, &in, &l, &entry), VR_OK);
	cr_expect_eq(l.entry, RAM + 4);
	cr_expect_eq(*(uint8_t *)fake_ram(d, RAM + 15), 0xe1);
	make_elf(2, RAM + 2 * MIB - 16);
	refused(VR_E_IMAGE, "fw: ends at");
}

Test(load, programs)
{
	static uint8_t initrd[100] = {7};

	p.kernel = "\x13\0\0\0";
	p.kernel_size = 4;
	p.initrd = initrd;
	p.initrd_size = sizeof(initrd);
	cr_assert_eq(boot_load(&t, &in, &l, &entry), VR_OK);
	cr_expect_eq(entry.privilege, ENTRY_M);
	cr_expect_eq(l.entry, RAM);
	cr_expect_eq(l.dtb, RAM + 62 * MIB);
	cr_expect_eq(l.initrd, RAM + 60 * MIB);
	cr_expect_eq(*(uint8_t *)fake_ram(d, RAM), 0x13);
	in.firmware = &firmware;
	cr_assert_eq(boot_load(&t, &in, &l, &entry), VR_OK);
	cr_expect_eq(l.entry, RAM + 0x1004);
	cr_expect_eq(*(uint8_t *)fake_ram(d, RAM + 2 * MIB), 0x13);
	in.firmware = NULL;
	p.kernel = elf;
	p.kernel_size = sizeof(elf);
	cr_assert_eq(boot_load(&t, &in, &l, &entry), VR_OK);
	cr_expect_eq(l.entry, RAM + 0x1004);
	make_elf(2, RAM + 61 * MIB);
	refused(VR_E_CONFIG, "-m");
}

Test(load, elf_errors)
{
	p.kernel = elf;
	p.kernel_size = 63;
	refused(VR_E_IMAGE, "cut short");
	p.kernel_size = sizeof(elf);
	elf[4] = 1;
	refused(VR_E_IMAGE, "64-bit");
	make_elf(2, RAM);
	put(elf + 18, 62, 2);
	refused(VR_E_IMAGE, "machine 62");
	make_elf(1, RAM);
	refused(VR_E_IMAGE, "type 1");
	make_elf(2, RAM);
	put(elf + 32, UINT64_MAX - 8, 8);
	refused(VR_E_IMAGE, "program headers");
	make_elf(2, RAM);
	put(elf + 56, 60000, 2);
	refused(VR_E_IMAGE, "program headers");
	make_elf(2, RAM);
	put(elf + 64 + 8, UINT64_MAX - 4, 8);
	refused(VR_E_IMAGE, "outside the file");
	make_elf(2, RAM);
	put(elf + 64 + 40, 8, 8);
	refused(VR_E_IMAGE, "outside the file");
	make_elf(2, 0x1000);
	refused(VR_E_CONFIG, "outside RAM");
	make_elf(2, RAM);
	put(elf + 64 + 40, UINT64_MAX - 16, 8);
	refused(VR_E_CONFIG, "outside RAM");
	make_elf(2, RAM);
	put(elf + 24, RAM + 32, 8);
	refused(VR_E_IMAGE, "entry");
	make_elf(2, RAM);
	put(elf + 64, 2, 4);
	refused(VR_E_IMAGE, "entry");
}

Test(load, files)
{
	void *bytes = NULL;
	uint64_t size = 0;

	cr_expect_eq(firmware_file(&t, "/nothing/here", &bytes, &size), VR_E_IO);
	cr_expect(strstr(d->error_text, "/nothing/here"));
	vr_fake_host_error_clear(d);
	cr_expect_eq(firmware_file(&t, "/dev/null", &bytes, &size), VR_E_IMAGE);
	vr_fake_host_error_clear(d);
	cr_expect_eq(firmware_file(&t, "/dev/zero", &bytes, &size), VR_E_IMAGE);
	cr_expect_null(bytes);
}
