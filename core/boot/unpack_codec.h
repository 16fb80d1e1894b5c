/* SPDX-License-Identifier: MIT */
/* unpack_codec.h: what a codec is to unpack.c, and how it finds its library's functions. */
#ifndef BOOT_UNPACK_CODEC_H
#define BOOT_UNPACK_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum unpack_result {
	UNPACK_MORE,      /* wants more input or more room */
	UNPACK_END,       /* the stream has ended, and its checksum is right */
	UNPACK_CUT,       /* the input ends within something */
	UNPACK_CORRUPT,   /* stream->why may say more */
	UNPACK_TOO_LARGE, /* its window (dictionary) is larger than UNPACK_WINDOW_MAX */
	UNPACK_NO_MEMORY,
};

/* What a compressor with its usual options asks for is below it: xz -9 wants 65 MiB, zstd --ultra -22 128. */
#define UNPACK_WINDOW_MAX ((size_t)192 << 20)

struct unpack_stream {
	const uint8_t *in; /* what is left; all of the file's */
	size_t in_size;
	uint8_t *out; /* where to write */
	size_t out_size;
	size_t total; /* bytes that have come out of all streams so far */
	void *state;  /* the codec's */
	const char *why;
};

struct unpack_symbol {
	const char *name;
	size_t offset; /* in the codec's table of functions */
};

struct unpack_library {
	const char *file, *package; /* the Debian package that has it */
	void *functions;
	const struct unpack_symbol *symbols;
	size_t symbol_count;
	bool ready;
};

struct unpack_codec {
	struct unpack_library *library; /* NULL: always there */
	/* UNPACK_MORE: it has begun. end() is called in any case. */
	enum unpack_result (*begin)(struct unpack_stream *s);
	enum unpack_result (*step)(struct unpack_stream *s);
	void (*end)(struct unpack_stream *s);
};

/* For LIST(f): f(function) for each function of the library. */
#define UNPACK_MEMBER(function) __typeof__(&function) function;
#define UNPACK_SYMBOL(function) {#function, offsetof(struct functions, function)},

/* Opens the library unless it is open. VR_E_UNSUPPORTED, with a text that says what to install. */
int32_t unpack_library_open(struct unpack_library *l, const char *name, bool may_load);

extern const struct unpack_codec unpack_gzip, unpack_xz, unpack_lzma, unpack_zstd, unpack_lz4_frame,
	unpack_lz4_legacy, unpack_bzip2;

#endif
