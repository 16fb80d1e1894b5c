/* SPDX-License-Identifier: MIT */
/* load.c: the Image header and the places in RAM. */
#include "../../plugins/board-virt/load.h"

#include <criterion/criterion.h>
#include <string.h>

#include "../fake_host/fake.h"

#define MIB (1ull << 20)

static struct vr_fake_host *d;
static struct vr_tables t;
static uint8_t image[4096];
static struct vr_boot_payload p;
static struct virt_layout l;

static void put64(uint32_t offset, uint64_t value)
{
	memcpy(image + offset, &value, sizeof(value));
}

static void start(void)
{
	d = fake_new(FAKE_RAM_BASE, 1 << 20, 1);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	memset(image, 0, sizeof(image));
	put64(0x08, 0);
	put64(0x10, 20 * MIB + 12345);
	put64(0x18, 0xa);
	memcpy(image + 0x38, "ARM\x64", 4);
	p = (struct vr_boot_payload){.size = sizeof(p),
				     .kernel = image,
				     .kernel_size = sizeof(image),
				     .cmdline = "",
				     .kernel_name = "vmlinuz"};
}

static void stop(void)
{
	fake_free(d);
}

static void refused(int32_t code, const char *word)
{
	cr_expect_eq(load_layout(&t, &p, 64 * MIB, &l), code);
	cr_expect_eq(d->error_code, code);
	cr_expect(strstr(d->error_text, word), "\"%s\" says nothing of \"%s\"", d->error_text, word);
	cr_expect(strstr(d->error_text, "vmlinuz"), "\"%s\" names no file", d->error_text);
}

TestSuite(load, .init = start, .fini = stop);

Test(load, places)
{
	p.initrd = image;
	p.initrd_size = 3 * MIB + 1;
	cr_assert_eq(load_layout(&t, &p, 64 * MIB, &l), VR_OK);
	cr_expect_eq(l.entry, 0x40000000);
	cr_expect_eq(l.dtb, 0x40000000 + 22 * MIB);
	cr_expect_eq(l.initrd, 0x40000000 + 24 * MIB);
	cr_expect_eq(l.initrd_end, l.initrd + 3 * MIB + 1);
}

Test(load, old_header)
{
	put64(0x08, 0x1234567);
	put64(0x10, 0);
	cr_assert_eq(load_layout(&t, &p, 64 * MIB, &l), VR_OK);
	cr_expect_eq(l.entry, 0x40080000);
	cr_expect_eq(l.dtb, 0x40200000);
	cr_expect_eq(l.initrd, l.initrd_end);
}

Test(load, text_offset)
{
	put64(0x08, 0x80000);
	cr_assert_eq(load_layout(&t, &p, 64 * MIB, &l), VR_OK);
	cr_expect_eq(l.entry, 0x40080000);
}

Test(load, truncated)
{
	p.kernel_size = 63;
	refused(VR_E_IMAGE, "too few");
}

Test(load, magic)
{
	image[0x3b] = 0x65;
	refused(VR_E_IMAGE, "41 52 4d 65");
}

Test(load, big_endian)
{
	put64(0x18, 0xb);
	refused(VR_E_UNSUPPORTED, "big-endian");
}

Test(load, impossible)
{
	put64(0x08, UINT64_MAX & ~0xfffull);
	refused(VR_E_IMAGE, "text_offset");
	vr_fake_host_error_clear(d);
	put64(0x08, 0);
	put64(0x10, UINT64_MAX);
	refused(VR_E_IMAGE, "image_size");
	vr_fake_host_error_clear(d);
	put64(0x08, 0x123);
	put64(0x10, 1);
	refused(VR_E_IMAGE, "text_offset");
}

Test(load, ram_too_small)
{
	p.initrd = image;
	p.initrd_size = 50 * MIB;
	refused(VR_E_CONFIG, "need 74 MiB");
	cr_expect(strstr(d->error_text, "-m"));
	cr_expect_eq(load_layout(&t, &p, 74 * MIB, &l), VR_OK);
}

Test(load, copy)
{
	cr_expect_eq(vr_tables_copy(&t, FAKE_RAM_BASE + 100, "abc", 3), VR_OK);
	cr_expect_arr_eq((char *)fake_ram(d, FAKE_RAM_BASE + 100), "abc", 3);
	cr_expect_eq(d->written, 3);
	cr_expect_eq(vr_tables_copy(&t, FAKE_RAM_BASE + MIB - 2, "abc", 3), VR_E_INTERNAL);
	cr_expect_eq(vr_tables_copy(&t, 0, NULL, 0), VR_OK);
}
