/* SPDX-License-Identifier: MIT */
/* disk.h: the default Boot Loader Specification entry of a GPT disk, and the files it names. */
#ifndef VR_BOOT_DISK_H
#define VR_BOOT_DISK_H

#include <stddef.h>
#include <stdint.h>
#include "boot/source.h"

/* As they lie on the disk: nothing is unpacked yet. Owned. */
struct vr_disk_boot {
	void *kernel, *initrd; /* initrd: several ones, one after the other; NULL: none */
	size_t kernel_size, initrd_size;
	char *options;
	char *kernel_name; /* "disk.img: /debian/linux" */
};

int32_t vr_disk_boot_read(const struct vr_source *s, struct vr_disk_boot *out);
void vr_disk_boot_free(struct vr_disk_boot *b);

#endif
