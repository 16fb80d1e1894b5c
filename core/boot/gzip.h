/* SPDX-License-Identifier: MIT */
/* gzip.h: gzip files (RFC 1952) into memory. */
#ifndef VR_BOOT_GZIP_H
#define VR_BOOT_GZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool vr_gzip_is(const void *data, size_t size);
/* All members, one after the other; what follows them is padding and is ignored. At most `limit` bytes come
 * out. *out is malloc'ed. `name` is for messages. */
int32_t vr_gzip_unpack(const char *name, const void *data, size_t size, size_t limit, void **out,
		       size_t *out_size);

#endif
