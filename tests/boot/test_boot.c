/* SPDX-License-Identifier: MIT */
/* From files and disk images to a payload; what is no disk; and the image is never changed. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vmrun/abi.h>
#include <vmrun/host.h>
#include "../tmp.h"
#include "boot/boot.h"
#include "image.h"
#include "common/error.h"
#include "util/log.h"

static char path[PATH_MAX];
static struct fat_image esp;
static struct disk_image disk;
static uint32_t entries;

static void make(void)
{
	int fd = mkstemp(tmp_template(path, "vmrun-test-boot"));

	cr_assert_geq(fd, 0);
	close(fd);
	log_set_level(VR_LOG_ERROR);
	fat_image_init(&esp, 16);
	entries = fat_image_folder(&esp, fat_image_folder(&esp, 0, "loader"), "entries");
}

static void unmake(void)
{
	disk_image_free(&disk);
	fat_image_free(&esp);
	unlink(path);
}

#define RAM ((uint64_t)64 << 20)

static int32_t from(const char *kernel, const char *initrd, const char *image, const char *append,
		    struct boot *b, int *is_disk)
{
	struct boot_files f;
	char *initrds[] = {(char *)(uintptr_t)initrd, NULL};
	int32_t e = boot_open(&f, kernel, initrds, image, RAM);

	*b = (struct boot){0};
	*is_disk = 0;
	if (!e)
		e = boot_read(&f, append, b, is_disk);
	boot_close(&f);
	return e;
}

static int32_t from_image(const char *image, const char *append, struct boot *b, int *is_disk)
{
	return from(NULL, NULL, image, append, b, is_disk);
}

static int32_t from_files(const char *kernel, const char *initrd, const char *append, struct boot *b)
{
	int is_disk;

	return from(kernel, initrd, NULL, append, b, &is_disk);
}

TestSuite(boot, .init = make, .fini = unmake);

static void write_file(const void *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	cr_assert(f);
	cr_assert_eq(fwrite(bytes, 1, n, f), n);
	cr_assert_eq(fclose(f), 0);
}

static void entry(const char *name, const char *text)
{
	fat_image_file(&esp, entries, name, text, strlen(text));
}

static void write_disk(void)
{
	disk_image_init(&disk, 512, &esp);
	write_file(disk.bytes, disk.size);
}

static void fails(int32_t code, const char *text)
{
	struct boot b;
	int is_disk;
	int32_t e = from_image(path, NULL, &b, &is_disk);

	cr_assert_eq(e, code, "%s: %s", vr_error_name(e), vr_error_text(e));
	cr_assert(strstr(vr_error_text(e), text), "\"%s\" lacks \"%s\"", vr_error_text(e), text);
	cr_assert(strstr(vr_error_text(e), path), "\"%s\" lacks the file's name", vr_error_text(e));
	cr_assert_null(b.kernel);
	vr_error_clear();
}

Test(boot, default_entry_of_a_disk)
{
	struct boot b;
	int is_disk;
	size_t n;
	uint8_t *gz = gzip_of("the kernel", 10, &n);

	fat_image_file(&esp, 0, "vmlinuz-new", gz, n);
	fat_image_file(&esp, 0, "old", "old", 3);
	fat_image_file(&esp, 0, "one.img", "12345", 5);
	fat_image_file(&esp, 0, "two.img", "678", 3);
	entry("debian-6.1.0-9.conf", "linux /old\n");
	entry("debian-6.1.0-50.conf",
	      "title new\nlinux /vmlinuz-new\ninitrd /one.img\ninitrd /two.img\noptions a\noptions b\n");
	entry("firmware.conf", "efi /x.efi\nsort-key a\n");
	entry("readme.txt", "not an entry\0");
	write_disk();
	cr_assert_eq(from_image(path, "c d", &b, &is_disk), VR_OK, "%s", vr_error_text(VR_E_IMAGE));
	cr_assert_eq(is_disk, 1);
	cr_assert_eq(b.payload.size, sizeof(b.payload));
	cr_assert_eq(b.payload.kernel_size, 10);
	cr_assert(!memcmp(b.payload.kernel, "the kernel", 10));
	cr_assert_eq(b.payload.initrd_size, 11);
	cr_assert(!memcmp(b.payload.initrd,
			  "12345\0\0\0"
			  "678",
			  11));
	cr_assert_str_eq(b.payload.cmdline, "a b c d");
	cr_assert(strstr(b.payload.kernel_name, ": /vmlinuz-new"));
	boot_free(&b);
	free(gz);
}

Test(boot, the_image_is_not_touched)
{
	struct boot b;
	struct stat before, after;
	int is_disk;

	fat_image_file(&esp, 0, "k", "kernel", 6);
	entry("a.conf", "linux /k\n");
	write_disk();
	cr_assert_eq(chmod(path, 0400), 0);
	cr_assert_eq(stat(path, &before), 0);
	cr_assert_eq(from_image(path, NULL, &b, &is_disk), VR_OK);
	cr_assert_eq(stat(path, &after), 0);
	cr_assert_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	cr_assert_null(b.payload.initrd);
	cr_assert_str_eq(b.payload.cmdline, "");
	boot_free(&b);

	uint8_t *now = malloc(disk.size);
	FILE *f = fopen(path, "rb");
	cr_assert_eq(fread(now, 1, disk.size, f), disk.size);
	fclose(f);
	cr_assert(!memcmp(now, disk.bytes, disk.size));
	free(now);
}

Test(boot, disks_without_an_entry)
{
	write_disk();
	fails(VR_E_IMAGE, "no *.conf in /loader/entries");
	disk_image_free(&disk);
	entry("a.conf", "efi /x\n");
	write_disk();
	fails(VR_E_IMAGE, "has a \"linux\" line (1 looked at)");
	for (int backup = 0; backup < 2; backup++) {
		disk_image_entry(&disk, backup, 0)[0] ^= 1;
		disk_image_seal(&disk, backup);
	}
	write_file(disk.bytes, disk.size);
	fails(VR_E_IMAGE, "none of its 1 partitions is an EFI system partition");
}

Test(boot, entries_that_name_missing_files)
{
	entry("a.conf", "linux /k\ninitrd /i\n");
	write_disk();
	fails(VR_E_NOENT, "kernel of the entry a");
	disk_image_free(&disk);
	fat_image_file(&esp, 0, "k", "kernel", 6);
	write_disk();
	fails(VR_E_NOENT, "initrd of the entry a");
}

Test(boot, damaged_entry)
{
	entry("a.conf", "linux /k\nlinux /l\n");
	write_disk();
	fails(VR_E_IMAGE, "/loader/entries/a.conf:2: a second \"linux\"");
}

Test(boot, damaged_volume)
{
	entry("a.conf", "linux /k\n");
	esp.bytes[510] = 0;
	write_disk();
	fails(VR_E_IMAGE, "FAT volume at byte 33278: no 55 AA");
}

Test(boot, empty_kernel)
{
	fat_image_file(&esp, 0, "k", NULL, 0);
	entry("a.conf", "linux /k\n");
	write_disk();
	fails(VR_E_IMAGE, ": /k: is empty");
}

Test(boot, truncated_disks)
{
	fat_image_file(&esp, 0, "k", "kernel", 6);
	entry("a.conf", "linux /k\n");
	write_disk();
	for (size_t size = 1024; size < disk.size - 512 * 64; size += 99991) {
		cr_assert_eq(truncate(path, (off_t)size), 0);
		fails(VR_E_IMAGE, "");
		write_file(disk.bytes, disk.size);
	}
}

/* One byte or bit wrong at a time, all over the places where structures lie: an answer or one clear line. */
Test(boot, damage_everywhere, .timeout = 300)
{
	struct boot b;
	int is_disk;

	fat_image_file(&esp, 0, "k", "kernel", 6);
	entry("a long enough name.conf", "linux /k\n");
	write_disk();
	size_t esp_at = DISK_ESP_BLOCK * 512;
	const size_t ranges[][2] = {
		{446, 1024 + 128},
		{esp_at, esp_at + 64},
		{esp_at + esp.fat, esp_at + esp.fat + 64},
		{esp_at + esp.root, esp_at + esp.root + 128},
		{esp_at + esp.data, esp_at + esp.data + 128},
		{esp_at + fat_image_offset(&esp, entries), esp_at + fat_image_offset(&esp, entries) + 128}};
	int fd = open(path, O_WRONLY);
	for (size_t r = 0; r < sizeof(ranges) / sizeof(ranges[0]); r++) {
		for (size_t at = ranges[r][0]; at < ranges[r][1]; at++) {
			static const uint8_t masks[] = {0x01, 0x80, 0xff};
			for (size_t m = 0; m < 3; m++) {
				uint8_t wrong = disk.bytes[at] ^ masks[m];
				cr_assert_eq(pwrite(fd, &wrong, 1, (off_t)at), 1);
				int32_t e = from_image(path, NULL, &b, &is_disk);
				if (e) {
					cr_assert(strchr(vr_error_text(e), '/'), "byte %zu: %s", at,
						  vr_error_text(e));
					cr_assert_not(strchr(vr_error_text(e), '\n'));
				}
				vr_error_clear();
				boot_free(&b);
			}
			cr_assert_eq(pwrite(fd, &disk.bytes[at], 1, (off_t)at), 1);
		}
	}
	close(fd);
}

Test(boot, plain_kernels)
{
	struct boot b;
	int is_disk = 7;
	size_t n, m;
	uint8_t *gz = gzip_of("kernel", 6, &n), *twice = gzip_of(gz, n, &m);

	write_file("kernel", 6);
	cr_assert_eq(from_image(path, "x", &b, &is_disk), VR_OK);
	cr_assert_eq(is_disk, 0);
	cr_assert_eq(b.payload.kernel_size, 6);
	cr_assert_str_eq(b.payload.cmdline, "x");
	cr_assert_str_eq(b.payload.kernel_name, path);
	boot_free(&b);
	write_file(twice, m);
	cr_assert_eq(from_image(path, NULL, &b, &is_disk), VR_OK);
	cr_assert_eq(b.payload.kernel_size, 6);
	boot_free(&b);
	write_file(gz, n - 9);
	fails(VR_E_IMAGE, "gzip data ends too early");
	free(gz);
	free(twice);
}

Test(boot, other_images)
{
	static uint8_t b[4096];

	write_file(b, 0);
	fails(VR_E_IMAGE, "is empty");
	memcpy(b, "QFI\xfb", 4);
	write_file(b, sizeof(b));
	fails(VR_E_UNSUPPORTED, "qcow2");
	memcpy(b, "KDMV", 4);
	write_file(b, sizeof(b));
	fails(VR_E_UNSUPPORTED, "VMDK");
	memset(b, 0, 4);
	b[510] = 0x55;
	b[511] = 0xaa;
	write_file(b, sizeof(b));
	fails(VR_E_IMAGE, "has a boot sector but no GPT");
	b[1024 + 56] = 0x53;
	b[1024 + 57] = 0xef;
	write_file(b, sizeof(b));
	fails(VR_E_UNSUPPORTED, "ext2/3/4");
}

Test(boot, files)
{
	struct boot b;
	char missing[PATH_MAX + 8];

	write_file("abc", 3);
	cr_assert_eq(from_files(path, path, "quiet", &b), VR_OK);
	cr_assert_eq(b.payload.kernel_size, 3);
	cr_assert_eq(b.payload.initrd_size, 3);
	cr_assert_str_eq(b.payload.cmdline, "quiet");
	boot_free(&b);
	snprintf(missing, sizeof(missing), "%s.none", path);
	cr_assert_eq(from_files(path, missing, NULL, &b), VR_E_NOENT);
	cr_assert(strstr(vr_error_text(VR_E_NOENT), missing));
	vr_error_clear();
	cr_assert_eq(from_files("/", NULL, NULL, &b), VR_E_INVAL);
	cr_assert(strstr(vr_error_text(VR_E_INVAL), "is a folder"));
	vr_error_clear();
	cr_assert_eq(from_files("/dev/null", NULL, NULL, &b), VR_E_INVAL);
	vr_error_clear();
}
