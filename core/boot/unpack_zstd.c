/* SPDX-License-Identifier: MIT */
/* unpack_zstd.c: .zst files (RFC 8878), by libzstd, which itself refuses windows of more than 128 MiB. */
#include <zstd.h>
#include <zstd_errors.h>
#include "boot/unpack_codec.h"

#define FUNCTIONS(f)                                                                                      \
	f(ZSTD_createDCtx) f(ZSTD_freeDCtx) f(ZSTD_decompressStream) f(ZSTD_isError) f(ZSTD_getErrorCode) \
		f(ZSTD_getErrorName)

static struct functions {
	FUNCTIONS(UNPACK_MEMBER)
} lib;

static const struct unpack_symbol symbols[] = {FUNCTIONS(UNPACK_SYMBOL)};

static struct unpack_library library = {
	.file = "libzstd.so.1",
	.package = "libzstd1",
	.functions = &lib,
	.symbols = symbols,
	.symbol_count = sizeof(symbols) / sizeof(symbols[0]),
};

static enum unpack_result begin(struct unpack_stream *s)
{
	s->state = lib.ZSTD_createDCtx();
	return s->state ? UNPACK_MORE : UNPACK_NO_MEMORY;
}

static enum unpack_result step(struct unpack_stream *s)
{
	ZSTD_inBuffer in = {.src = s->in, .size = s->in_size};
	ZSTD_outBuffer out = {.dst = s->out, .size = s->out_size};
	size_t result = lib.ZSTD_decompressStream(s->state, &out, &in);

	s->in += in.pos;
	s->in_size -= in.pos;
	s->out_size -= out.pos;
	if (!lib.ZSTD_isError(result))
		return result ? UNPACK_MORE : UNPACK_END;
	switch (lib.ZSTD_getErrorCode(result)) {
	case ZSTD_error_memory_allocation:
		return UNPACK_NO_MEMORY;
	case ZSTD_error_frameParameter_windowTooLarge:
		return UNPACK_TOO_LARGE;
	default:
		s->why = lib.ZSTD_getErrorName(result);
		return UNPACK_CORRUPT;
	}
}

static void end(struct unpack_stream *s)
{
	if (s->state)
		lib.ZSTD_freeDCtx(s->state);
}

const struct unpack_codec unpack_zstd = {.library = &library, .begin = begin, .step = step, .end = end};
