/* SPDX-License-Identifier: MIT */
/* seeds FOLDER: right inputs for the fuzzers whose inputs have a form, FOLDER/NAME/; the folders are there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../boot/image.h"

static void put(const char *folder, const char *name, const void *data, size_t size)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "wb");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f)) {
		perror(path);
		exit(1);
	}
}

/* What each compressor makes of a few bytes, as it comes and in an EFI zboot kernel. */
static void put_compressed(const char *folder)
{
	static const struct {
		const char *name, *zboot, *command;
	} tools[] = {{"xz", "xzkern", "xz -c"},
		     {"lzma", "lzma", "xz -c --format=lzma"},
		     {"zstd", "zstd22", "zstd -q -c"},
		     {"lz4", "lz4", "lz4 -q -c"},
		     {"lz4-legacy", "lz4", "lz4 -q -l -c"},
		     {"bzip2", "bzip2", "bzip2 -c"}};

	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
		uint8_t z[4096] = "MZ\0\0zimg";
		char command[128], name[64];
		FILE *f;
		size_t n;

		snprintf(command, sizeof(command), "seq 300 | %s", tools[i].command);
		f = popen(command, "r");
		n = f ? fread(z + 64, 1, sizeof(z) - 64, f) : 0;
		if (!f || pclose(f) || !n) {
			fprintf(stderr, "%s: fails; it is a package of tools/deps\n", command);
			exit(1);
		}
		snprintf(name, sizeof(name), "unpack/%s", tools[i].name);
		put(folder, name, z + 64, n);
		put32(z + 8, 64);
		put32(z + 12, (uint32_t)n);
		strcpy((char *)z + 0x18, tools[i].zboot);
		snprintf(name, sizeof(name), "unpack/zboot-%s", tools[i].name);
		put(folder, name, z, 64 + n);
	}
}

#define CONTROL 4 /* bytes of fuzz_kernel.c's own */
#define KERNEL 4096

/* One segment at `address`, and for Xen's PVH a note. */
static void elf_kernel(uint8_t *k, uint32_t machine, uint64_t address, int note)
{
	memcpy(k, "\177ELF\2\1\1", 7);
	put16(k + 16, 2);
	put16(k + 18, machine);
	put64(k + 24, address);
	put64(k + 32, 64);
	put16(k + 54, 56);
	put16(k + 56, 2);
	put32(k + 64, 1); /* PT_LOAD */
	put64(k + 72, 1024);
	put64(k + 80, address);
	put64(k + 88, address);
	put64(k + 96, 1024);
	put64(k + 104, 2048);
	put32(k + 120, note ? 4 : 0); /* PT_NOTE */
	put64(k + 128, 512);
	put64(k + 152, 20);
	put32(k + 512, 4);
	put32(k + 516, 4);
	put32(k + 520, 18);
	memcpy(k + 524, "Xen", 4);
	put32(k + 528, (uint32_t)address);
}

static void bzimage(uint8_t *k)
{
	k[0x1f1] = 1;
	put16(k + 0x1fe, 0xaa55);
	k[0x201] = 0x6a;
	memcpy(k + 0x202, "HdrS", 4);
	put16(k + 0x206, 0x20f);
	k[0x211] = 1;
	put32(k + 0x22c, 0x7fffffff);
	put32(k + 0x230, 2 << 20);
	k[0x234] = 1;
	put16(k + 0x236, 1);
	put32(k + 0x238, 2047);
	put64(k + 0x258, 2 << 20);
	put32(k + 0x260, 1 << 20);
}

static void image(uint8_t *k, const char *magic)
{
	put64(k + 0x10, 1 << 20);
	put64(k + 0x18, 2);
	memcpy(k + 0x38, magic, 4);
}

static void put_kernels(const char *folder)
{
	uint8_t all[6][CONTROL + KERNEL] = {{2, 2, 20, 0}, {2, 0, 5, 0}, {2, 0, 5, 0},
					    {2, 2, 20, 0}, {2, 2, 5, 0}, {2, 0, 20, 0}};

	bzimage(all[0] + CONTROL);
	put(folder, "kernel_pc/bzimage", all[0], sizeof(all[0]));
	elf_kernel(all[1] + CONTROL, 62, 2 << 20, 1);
	put(folder, "kernel_pc/pvh", all[1], sizeof(all[1]));
	elf_kernel(all[2] + CONTROL, 62, 2 << 20, 0);
	put16(all[2] + CONTROL + 16, 3);
	put(folder, "kernel_pc/elf", all[2], sizeof(all[2]));
	image(all[3] + CONTROL, "ARM\x64");
	put(folder, "kernel_arm64/image", all[3], sizeof(all[3]));
	image(all[4] + CONTROL, "RSC\5");
	put(folder, "kernel_riscv64/image", all[4], sizeof(all[4]));
	elf_kernel(all[5] + CONTROL, 243, 0x80200000, 0);
	put(folder, "kernel_riscv64/elf", all[5], sizeof(all[5]));
}

/* Steps of fuzz_virtio.c: kind, index, flags, value. */
static void step(uint8_t *p, uint32_t kind, uint32_t index, uint32_t flags, uint32_t value)
{
	p[0] = (uint8_t)kind;
	p[1] = (uint8_t)index;
	put16(p + 2, flags);
	put32(p + 4, value);
}

/* A block request of three descriptors; the bytes of the other devices that a driver has set up. */
static void put_virtio(const char *folder)
{
	uint8_t all[2 + 5 * 8] = {0, 3};

	step(all + 2, 9, 0, 0, 0);
	step(all + 10, 6, 0 << 1 | 1 << 5, 0x8010 | 1, 0);
	step(all + 18, 6, 1 << 1 | 2 << 5, 0x8200 | 3, 4096);
	step(all + 26, 6, 2 << 1, 0x8001 | 2, 8192);
	step(all + 34, 4, 0, 0, 0);
	put(folder, "virtio/block", all, sizeof(all));
	for (all[0] = 1; all[0] < 3; all[0]++)
		put(folder, all[0] == 1 ? "virtio/console" : "virtio/rng", all, sizeof(all));
}

int main(int argc, char **argv)
{
	static const char entry[] =
		"title x\nversion 1.0-2~rc1\nlinux /k\ninitrd /k\noptions a b\nsort-key s\n";
	struct fat_image f;
	struct disk_image d;
	uint32_t folder;
	size_t n;
	uint8_t *gz, z[4096] = "MZ\0\0zimg";

	if (argc != 2) {
		fprintf(stderr, "usage: seeds FOLDER\n");
		return 2;
	}
	put(argv[1], "bls/entry", entry, sizeof(entry) - 1);
	gz = gzip_of(entry, sizeof(entry), &n);
	put(argv[1], "unpack/gzip", gz, n);
	put32(z + 8, 64);
	put32(z + 12, (uint32_t)n);
	memcpy(z + 0x18, "gzip", 4);
	memcpy(z + 64, gz, n);
	put(argv[1], "unpack/zboot", z, 64 + n);
	free(gz);
	put_compressed(argv[1]);
	put_kernels(argv[1]);
	put_virtio(argv[1]);
	fat_image_init(&f, 12);
	folder = fat_image_folder(&f, fat_image_folder(&f, 0, "loader"), "entries");
	fat_image_file(&f, folder, "a long enough name.conf", entry, sizeof(entry) - 1);
	fat_image_file(&f, 0, "k", z, 1500);
	/* Small, so that a fuzzer gets somewhere: what lies behind the files is cut off. */
	size_t used = fat_image_offset(&f, f.next_free + 4);
	put32(f.bytes + 32, 0);
	put16(f.bytes + 19, (uint32_t)(used / 512));
	f.size = used / 512 * 512;
	put(argv[1], "fat/fat12", f.bytes, f.size);
	disk_image_init(&d, 512, &f);
	put(argv[1], "gpt/disk", d.bytes, d.size);
	disk_image_free(&d);
	fat_image_free(&f);
	return 0;
}
