/* SPDX-License-Identifier: MIT */
/*
 * unpack.h: compressed data into memory, whatever it was compressed with.
 *
 * A format is a row of the table in unpack.c: what its files begin with, what it is called, and its codec, a
 * file of its own (unpack_*.c). The library that a codec uses is opened when the first file of that format
 * comes (unpack_library.c). All that formats have in common is done here: the output grows by steps and never
 * beyond its limit, several streams that follow each other are one, what follows the last is padding, and
 * every way to be wrong has its message.
 */
#ifndef BOOT_UNPACK_H
#define BOOT_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unpack_format;

struct unpack_limits {
	size_t most;   /* bytes that may come out */
	bool may_load; /* a library that is not open yet may be opened */
};

/* The format that the data begin like; NULL: none that is known. */
const struct unpack_format *unpack_format_of(const void *data, size_t size);
/* The format whose name `method` begins with: the kernel's build calls its compressors "xzkern" and "zstd22".
 */
const struct unpack_format *unpack_format_called(const char *method);
const char *unpack_format_name(const struct unpack_format *f);

/* *out is malloc'ed. `name` is for messages. */
int32_t unpack(const char *name, const struct unpack_format *f, const void *data, size_t size,
	       const struct unpack_limits *limits, void **out, size_t *out_size);

#endif
