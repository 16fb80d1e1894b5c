/* SPDX-License-Identifier: MIT */
/* disk.h: the default Boot Loader Specification entry of a GPT disk, and the files it names. */
#ifndef BOOT_DISK_H
#define BOOT_DISK_H

#include <stddef.h>
#include <stdint.h>
#include "boot/source.h"

/* As they lie on the disk: nothing is unpacked yet. Owned. */
struct disk_boot {
	void *kernel, *initrd; /* initrd: several ones, one after the other; NULL: none */
	size_t kernel_size, initrd_size;
	char *options;
	char *kernel_name; /* "disk.img: /debian/linux" */
};

int32_t disk_boot_read(const struct source *s, struct disk_boot *out);
void disk_boot_free(struct disk_boot *b);

#endif
