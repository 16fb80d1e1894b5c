/* SPDX-License-Identifier: MIT */
/* elf.h: can this file be given to dlopen()? */
#ifndef VR_COMMON_ELF_H
#define VR_COMMON_ELF_H

#include <stddef.h>
#include <stdint.h>

/* VR_OK, or VR_E_IO with a text: no regular file, no shared library, one for another machine, or one that is
 * not whole. */
int32_t elf_check(const char *file);
/* The same of its bytes: what is wrong goes into text[capacity]. */
int32_t elf_check_bytes(const uint8_t *bytes, size_t size, char *text, size_t capacity);

#endif
