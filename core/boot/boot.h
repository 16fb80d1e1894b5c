/* SPDX-License-Identifier: MIT */
/*
 * boot.h: from files to a payload: takes kernels out of their containers (gzip, EFI zboot) and finds kernel,
 * initrd and command line on a GPT disk whose ESP holds a Boot Loader Specification entry.
 */
#ifndef VR_BOOT_BOOT_H
#define VR_BOOT_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmrun/board.h>
#include "boot/source.h"

/* A payload that owns its buffers. */
struct vr_boot {
	struct vr_boot_payload payload;
	void *kernel, *initrd;
	char *cmdline, *kernel_name;
};

/* A whole file into malloc'ed memory; errors name the file. limit 0: 2 GiB. */
int32_t vr_boot_read_file(const char *path, uint64_t limit, void **data, size_t *size);
/* --kernel/--initrd/--append. */
int32_t vr_boot_from_files(const char *kernel, const char *initrd, const char *append, struct vr_boot *out);
/* A disk image (opened read-only here); `append` is added to the entry's options. VR_E_IMAGE with a text that
 * says which structure is wrong and where. A plain kernel file given as image is accepted too (*is_disk = 0).
 */
int32_t vr_boot_from_image(const char *path, const char *append, struct vr_boot *out, int *is_disk);
void vr_boot_free(struct vr_boot *b);

/*
 * The files that a machine boots from. They stay open as long as the machine lives: a reset reads them again,
 * and opens nothing.
 */
struct boot_files {
	struct vr_source main, initrd; /* fd -1: there is none */
	bool is_image;                 /* `main` may be a disk; else it is a kernel */
};

/* `kernel`, with or without `initrd`; NULL: `image`. The names are kept, not copied. */
int32_t boot_open(struct boot_files *f, const char *kernel, const char *initrd, const char *image);
/* What boots, as the files are now; as vr_boot_from_files() and vr_boot_from_image(). */
int32_t boot_read(struct boot_files *f, const char *append, struct vr_boot *out, int *is_disk);
void boot_close(struct boot_files *f);

#endif
