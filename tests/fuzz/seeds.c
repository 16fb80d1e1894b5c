/* SPDX-License-Identifier: MIT */
/* seeds FOLDER: one right input for each fuzzer, FOLDER/{gpt,fat,bls,unpack}/. */
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
