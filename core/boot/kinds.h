/* SPDX-License-Identifier: MIT */
/* kinds.h: what a file is that is no kernel and no disk, by the bytes that it begins with. kinds.def is the table. */
#ifndef BOOT_KINDS_H
#define BOOT_KINDS_H

#include <stddef.h>
#include <stdint.h>

struct kind {
	uint32_t offset, length;
	const char *bytes;
	const char *what; /* "a qcow2 image" */
	const char *boot; /* what to do instead of booting it */
	const char *disk; /* what to do instead of attaching it; NULL: it may be a disk */
};

/* Bytes at the beginning of a file that kinds_find() needs to know all of the table. */
#define KINDS_BYTES (0x10040u + 8u)

#define KINDS_CD 0x8001u /* the offset that tells a CD */

/* NULL: none of the table. */
const struct kind *kinds_find(const void *data, size_t size);
/* What an ELF file is that is no kernel, such as "an ELF program", and for which architecture, into text; 0: it is none. */
int kinds_program(const void *data, size_t size, char *text, size_t capacity);
/* The architecture that an ELF or PE file says it is for, "ppc64"; NULL: it is neither, or of one without a name here. */
const char *kinds_architecture(const void *data, size_t size);

#endif
