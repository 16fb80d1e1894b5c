/* SPDX-License-Identifier: MIT */
/* firmware.h: programs that are no kernel Images: ELF files and raw binaries. */
#ifndef BOARD_RISCV64_FIRMWARE_H
#define BOARD_RISCV64_FIRMWARE_H

#include <board/tables.h>

struct firmware_blob {
	const void *bytes;
	uint64_t size;
	const char *name; /* for messages */
};

struct loaded_blob {
	uint64_t entry;
	uint64_t end; /* first address after what it uses */
};

/* Reads the file `name` whole; *bytes is malloc'ed. VR_E_IO with a text. [main] */
int32_t firmware_file(const struct vr_tables *t, const char *name, void **bytes, uint64_t *size);

/* Puts it into RAM: an ELF file where it says, a relocatable one that names no RAM and anything else at
 * `base`. VR_E_IMAGE: a bad ELF file; VR_E_CONFIG: it lies outside RAM. */
int32_t firmware_load(const struct vr_tables *t, const struct firmware_blob *b, uint64_t base,
		      struct loaded_blob *out);

#endif
