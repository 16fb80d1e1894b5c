/* SPDX-License-Identifier: MIT */
/* unpack_gzip.c: gzip files (RFC 1952). */
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>
#include "boot/unpack_codec.h"

static enum unpack_result begin(struct unpack_stream *s)
{
	z_stream *z = calloc(1, sizeof(*z));

	/* 16: expect a gzip header and check the trailer's CRC and length. */
	if (!z || inflateInit2(z, 16 + MAX_WBITS) != Z_OK) {
		free(z);
		return UNPACK_NO_MEMORY;
	}
	s->state = z;
	return UNPACK_MORE;
}

static uInt clamp(size_t n)
{
	return n > UINT_MAX ? UINT_MAX : (uInt)n;
}

static enum unpack_result step(struct unpack_stream *s)
{
	z_stream *z = s->state;
	uInt in = clamp(s->in_size), out = clamp(s->out_size);
	int result;

	z->next_in = (z_const Bytef *)(uintptr_t)s->in;
	z->avail_in = in;
	z->next_out = s->out;
	z->avail_out = out;
	result = inflate(z, Z_NO_FLUSH);
	s->in += in - z->avail_in;
	s->in_size -= in - z->avail_in;
	s->out_size -= out - z->avail_out;
	switch (result) {
	case Z_OK:
	case Z_BUF_ERROR:
		return UNPACK_MORE;
	case Z_STREAM_END:
		return UNPACK_END;
	case Z_MEM_ERROR:
		return UNPACK_NO_MEMORY;
	default:
		s->why = result == Z_NEED_DICT ? "wants a dictionary" : z->msg ? z->msg : "not deflate data";
		return UNPACK_CORRUPT;
	}
}

static void end(struct unpack_stream *s)
{
	if (s->state)
		inflateEnd(s->state);
	free(s->state);
}

const struct unpack_codec unpack_gzip = {.begin = begin, .step = step, .end = end};
