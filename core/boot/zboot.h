/* SPDX-License-Identifier: MIT */
/*
 * zboot.h: the kernel's "EFI zboot" files: a PE program that carries a compressed kernel. The header that
 * says so is Linux's (CONFIG_EFI_ZBOOT) and the same for every architecture.
 */
#ifndef BOOT_ZBOOT_H
#define BOOT_ZBOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "boot/unpack.h"

bool zboot_is(const void *data, size_t size);
/* The kernel inside, malloc'ed. */
int32_t zboot_unpack(const char *name, const void *data, size_t size, const struct unpack_limits *limits,
		     void **out, size_t *out_size);

#endif
