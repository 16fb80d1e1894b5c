/* SPDX-License-Identifier: MIT */
/* initrd.h: several initrds, one after another, as the one that a guest's kernel gets. */
#ifndef BOOT_INITRD_H
#define BOOT_INITRD_H

#include <stdbool.h>
#include <stddef.h>

/* Puts a piece after what *initrd (NULL: nothing yet; from malloc) has, from a multiple of four bytes on. The piece, from
 * malloc, is taken, also where false (no memory) is the answer. */
bool initrd_append(void **initrd, size_t *size, void *piece, size_t n);

#endif
