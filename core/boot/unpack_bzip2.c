/* SPDX-License-Identifier: MIT */
/* unpack_bzip2.c: .bz2 files, by libbz2. */
#include <bzlib.h>
#include <limits.h>
#include <stdlib.h>
#include "boot/unpack_codec.h"

#define FUNCTIONS(f) f(BZ2_bzDecompressInit) f(BZ2_bzDecompress) f(BZ2_bzDecompressEnd)

static struct functions {
	FUNCTIONS(UNPACK_MEMBER)
} lib;

static const struct unpack_symbol symbols[] = {FUNCTIONS(UNPACK_SYMBOL)};

static struct unpack_library library = {
	.file = "libbz2.so.1.0",
	.package = "libbz2-1.0",
	.functions = &lib,
	.symbols = symbols,
	.symbol_count = sizeof(symbols) / sizeof(symbols[0]),
};

static enum unpack_result begin(struct unpack_stream *s)
{
	bz_stream *z = calloc(1, sizeof(*z));

	if (!z || lib.BZ2_bzDecompressInit(z, 0, 0) != BZ_OK) {
		free(z);
		return UNPACK_NO_MEMORY;
	}
	s->state = z;
	return UNPACK_MORE;
}

static unsigned clamp(size_t n)
{
	return n > UINT_MAX ? UINT_MAX : (unsigned)n;
}

static enum unpack_result step(struct unpack_stream *s)
{
	bz_stream *z = s->state;
	unsigned in = clamp(s->in_size), out = clamp(s->out_size);
	int result;

	z->next_in = (char *)(uintptr_t)s->in;
	z->avail_in = in;
	z->next_out = (char *)s->out;
	z->avail_out = out;
	result = lib.BZ2_bzDecompress(z);
	s->in += in - z->avail_in;
	s->in_size -= in - z->avail_in;
	s->out_size -= out - z->avail_out;
	switch (result) {
	case BZ_OK:
		return UNPACK_MORE;
	case BZ_STREAM_END:
		return UNPACK_END;
	case BZ_MEM_ERROR:
		return UNPACK_NO_MEMORY;
	default:
		return UNPACK_CORRUPT;
	}
}

static void end(struct unpack_stream *s)
{
	if (s->state)
		lib.BZ2_bzDecompressEnd(s->state);
	free(s->state);
}

const struct unpack_codec unpack_bzip2 = {.library = &library, .begin = begin, .step = step, .end = end};
