/* SPDX-License-Identifier: MIT */
#include "boot/initrd.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Linux wants each archive to begin at a multiple of four (Documentation/driver-api/early-userspace/buffer-format.rst). */
bool initrd_append(void **initrd, size_t *size, void *piece, size_t n)
{
	size_t at = (*size + 3) & ~(size_t)3;
	uint8_t *all;

	if (!*initrd) {
		*initrd = piece;
		*size = n;
		return true;
	}
	all = realloc(*initrd, at + n + 1); /* never 0, which would free it */
	if (all) {
		memset(all + *size, 0, at - *size);
		memcpy(all + at, piece, n);
		*initrd = all;
		*size = at + n;
	}
	free(piece);
	return all;
}
