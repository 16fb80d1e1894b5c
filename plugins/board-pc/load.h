/* SPDX-License-Identifier: MIT */
/*
 * load.h: kernels and where they go. load.c knows the kind of a file and what all kinds have in common;
 * bzimage.h and elf.h read the headers.
 */
#ifndef BOARD_PC_LOAD_H
#define BOARD_PC_LOAD_H

#include <board/tables.h>
#include <vmrun/board.h>

#include "entry.h"

struct load_input {
	const struct vr_boot_payload *payload;
	const char *cmdline; /* the whole of it */
	uint64_t ram_size;
	uint64_t rsdp;
};

/* Puts kernel, initrd, command line and what the kernel is told into RAM; *entry: how to start it. Errors
 * name the file. */
int32_t boot_load(const struct vr_tables *t, const struct load_input *in, struct registry_entry *entry);
/* Bytes of a command line, without the final zero. Of a file that is no kernel: what a kernel would take. */
uint64_t load_cmdline_max(const struct vr_boot_payload *p);

#endif
