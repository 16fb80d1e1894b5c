/* SPDX-License-Identifier: MIT */
/* unpack_xz.c: .xz and .lzma files, by liblzma. */
#include <lzma.h>
#include <stdlib.h>
#include "boot/unpack_codec.h"

#define FUNCTIONS(f) f(lzma_stream_decoder) f(lzma_alone_decoder) f(lzma_code) f(lzma_end)

static struct functions {
	FUNCTIONS(UNPACK_MEMBER)
} lib;

static const struct unpack_symbol symbols[] = {FUNCTIONS(UNPACK_SYMBOL)};

static struct unpack_library library = {
	.file = "liblzma.so.5",
	.package = "liblzma5",
	.functions = &lib,
	.symbols = symbols,
	.symbol_count = sizeof(symbols) / sizeof(symbols[0]),
};

static enum unpack_result translate(struct unpack_stream *s, lzma_ret result)
{
	switch (result) {
	case LZMA_OK:
	case LZMA_BUF_ERROR: /* no progress: input or room is used up */
		return UNPACK_MORE;
	case LZMA_STREAM_END:
		return UNPACK_END;
	case LZMA_MEM_ERROR:
		return UNPACK_NO_MEMORY;
	case LZMA_MEMLIMIT_ERROR:
		return UNPACK_TOO_LARGE;
	case LZMA_OPTIONS_ERROR:
		s->why = "a filter or a check that this liblzma does not know";
		return UNPACK_CORRUPT;
	default:
		return UNPACK_CORRUPT;
	}
}

static enum unpack_result begin(struct unpack_stream *s, int alone)
{
	lzma_stream *z = calloc(1, sizeof(*z));

	if (!z)
		return UNPACK_NO_MEMORY;
	s->state = z;
	return translate(s, alone ? lib.lzma_alone_decoder(z, UNPACK_WINDOW_MAX)
				  : lib.lzma_stream_decoder(z, UNPACK_WINDOW_MAX, 0));
}

static enum unpack_result begin_xz(struct unpack_stream *s)
{
	return begin(s, 0);
}

static enum unpack_result begin_lzma(struct unpack_stream *s)
{
	return begin(s, 1);
}

static enum unpack_result step(struct unpack_stream *s)
{
	lzma_stream *z = s->state;
	lzma_ret result;

	z->next_in = s->in;
	z->avail_in = s->in_size;
	z->next_out = s->out;
	z->avail_out = s->out_size;
	result = lib.lzma_code(z, LZMA_RUN);
	s->in = z->next_in;
	s->in_size = z->avail_in;
	s->out_size = z->avail_out;
	return translate(s, result);
}

static void end(struct unpack_stream *s)
{
	if (s->state)
		lib.lzma_end(s->state);
	free(s->state);
}

const struct unpack_codec unpack_xz = {.library = &library, .begin = begin_xz, .step = step, .end = end};
const struct unpack_codec unpack_lzma = {.library = &library, .begin = begin_lzma, .step = step, .end = end};
