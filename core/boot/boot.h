/* SPDX-License-Identifier: MIT */
/*
 * boot.h: from files to a payload: takes kernels out of their containers (compressed files, EFI zboot) and
 * finds kernel, initrd and command line on a GPT disk whose ESP holds a Boot Loader Specification entry.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmrun/board.h>
#include "boot/source.h"

#define BOOT_INITRDS 16u /* most that the user may name */

/* A payload that owns its buffers. */
struct boot {
	struct vr_boot_payload payload;
	void *kernel, *initrd;
	char *cmdline, *kernel_name;
};

/*
 * The files that a machine boots from. They stay open as long as the machine lives: a reset reads them again,
 * and opens nothing.
 */
struct boot_files {
	struct source main; /* fd -1: there is none */
	struct source initrd[BOOT_INITRDS];
	uint32_t initrd_count;
	bool is_image;      /* `main` may be a disk; else it is a kernel */
	bool guest_has_run; /* the process may open nothing more */
	uint64_t ram_size;  /* a kernel that unpacks to more is refused, and a pipe that brings more */
};

/* No file. */
void boot_files_none(struct boot_files *f);
/* `kernel`, or where that is NULL `image`, with at most BOOT_INITRDS initrds (a NULL-terminated list, or NULL); they come after
 * those of an image's entry. The names are kept, not copied. */
int32_t boot_open(struct boot_files *f, const char *kernel, char *const *initrds, const char *image,
		  uint64_t ram_size);
/* What boots, as the files are now. `append` is added to what an entry on a disk says. *is_disk: the image is
 * a disk, and no kernel. VR_E_IMAGE with a text that says which structure is wrong and where. */
int32_t boot_read(struct boot_files *f, const char *append, struct boot *out, int *is_disk);
void boot_close(struct boot_files *f);
void boot_free(struct boot *b);

#endif
