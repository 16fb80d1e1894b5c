/* SPDX-License-Identifier: MIT */
/*
 * unpack_lz4.c: .lz4 files, by liblz4: frames, and the legacy format that the kernel's build makes (lz4 -l).
 *
 * Legacy: after the magic come blocks, a 32-bit size and so many bytes, each of which unpacks to 8 MiB, the
 * last to no more (LZ4 Frame Format 1.6, "Legacy frame"). Nothing says where they end: the file does, or a
 * size that is a magic, the next stream's. Where the kernel's build adds the unpacked size to its compressed
 * data (EFI zboot), four bytes with that size follow the last block.
 */
#include <lz4.h>
#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>
#include "boot/bytes.h"
#include "boot/unpack_codec.h"

#define FUNCTIONS(f)                                                                               \
	f(LZ4_decompress_safe) f(LZ4F_createDecompressionContext) f(LZ4F_freeDecompressionContext) \
		f(LZ4F_decompress) f(LZ4F_isError) f(LZ4F_getErrorName)

static struct functions {
	FUNCTIONS(UNPACK_MEMBER)
} lib;

static const struct unpack_symbol symbols[] = {FUNCTIONS(UNPACK_SYMBOL)};

static struct unpack_library library = {
	.file = "liblz4.so.1",
	.package = "liblz4-1",
	.functions = &lib,
	.symbols = symbols,
	.symbol_count = sizeof(symbols) / sizeof(symbols[0]),
};

/* ---- frames
 * ------------------------------------------------------------------------------------------------- */

static enum unpack_result begin_frame(struct unpack_stream *s)
{
	LZ4F_dctx *context = NULL;

	if (lib.LZ4F_isError(lib.LZ4F_createDecompressionContext(&context, LZ4F_VERSION)))
		return UNPACK_NO_MEMORY;
	s->state = context;
	return UNPACK_MORE;
}

static enum unpack_result step_frame(struct unpack_stream *s)
{
	size_t in = s->in_size, out = s->out_size;
	size_t result = lib.LZ4F_decompress(s->state, s->out, &out, s->in, &in, NULL);

	if (lib.LZ4F_isError(result)) {
		s->why = lib.LZ4F_getErrorName(result);
		return UNPACK_CORRUPT;
	}
	s->in += in;
	s->in_size -= in;
	s->out_size -= out;
	return result ? UNPACK_MORE : UNPACK_END;
}

static void end_frame(struct unpack_stream *s)
{
	if (s->state)
		lib.LZ4F_freeDecompressionContext(s->state);
}

const struct unpack_codec unpack_lz4_frame = {
	.library = &library, .begin = begin_frame, .step = step_frame, .end = end_frame};

/* ---- the legacy format
 * ---------------------------------------------------------------------------------------- */

#define LEGACY_MAGIC 0x184c2102u
#define LEGACY_BLOCK ((size_t)8 << 20)

struct legacy {
	int begun;       /* the magic has been read */
	size_t at, size; /* of the block: what has been given, what there is */
	uint8_t block[LEGACY_BLOCK];
};

static enum unpack_result begin_legacy(struct unpack_stream *s)
{
	struct legacy *l = malloc(sizeof(*l));

	if (!l)
		return UNPACK_NO_MEMORY;
	l->begun = 0;
	l->at = l->size = 0;
	s->state = l;
	return UNPACK_MORE;
}

static void take(struct unpack_stream *s, size_t n)
{
	s->in += n;
	s->in_size -= n;
}

static enum unpack_result next_block(struct unpack_stream *s, struct legacy *l)
{
	uint32_t size;
	int got;

	if (!s->in_size)
		return UNPACK_END;
	if (s->in_size < 4)
		return UNPACK_CUT;
	size = vr_le32(s->in);
	if (!size || size == LEGACY_MAGIC || (s->in_size == 4 && size == (uint32_t)s->total))
		return UNPACK_END;
	if (size > LZ4_COMPRESSBOUND(LEGACY_BLOCK)) {
		s->why = "a block that is too long";
		return UNPACK_CORRUPT;
	}
	if (size > s->in_size - 4)
		return UNPACK_CUT;
	got = lib.LZ4_decompress_safe((const char *)s->in + 4, (char *)l->block, (int)size,
				      (int)LEGACY_BLOCK);
	if (got < 0) {
		s->why = "a block that can't be unpacked";
		return UNPACK_CORRUPT;
	}
	take(s, 4 + (size_t)size);
	l->at = 0;
	l->size = (size_t)got;
	return UNPACK_MORE;
}

static enum unpack_result step_legacy(struct unpack_stream *s)
{
	struct legacy *l = s->state;
	size_t n;

	if (!l->begun)
		take(s, 4);
	l->begun = 1;
	while (s->out_size) {
		enum unpack_result result = l->at < l->size ? UNPACK_MORE : next_block(s, l);

		if (result != UNPACK_MORE)
			return result;
		n = l->size - l->at < s->out_size ? l->size - l->at : s->out_size;
		memcpy(s->out, l->block + l->at, n);
		l->at += n;
		s->out += n;
		s->out_size -= n;
		s->total += n;
	}
	return UNPACK_MORE;
}

static void end_legacy(struct unpack_stream *s)
{
	free(s->state);
}

const struct unpack_codec unpack_lz4_legacy = {
	.library = &library, .begin = begin_legacy, .step = step_legacy, .end = end_legacy};
