/* SPDX-License-Identifier: MIT */
#include "boot/unpack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <vmrun/abi.h>
#include <vmrun/host.h>
#include "boot/unpack_codec.h"
#include "common/error.h"
#include "util/log.h"

struct unpack_format {
	const char *name;
	const char *magic;
	size_t magic_size;
	const struct unpack_codec *codec; /* NULL: only known by name */
	const char *command;              /* what unpacks it otherwise */
};

#define MAGIC(text) text, sizeof(text) - 1
static const struct unpack_format formats[] = {
	/* RFC 1952, 2.3.1: ID1, ID2, CM = deflate */
	{"gzip", MAGIC("\x1f\x8b\x08"), &unpack_gzip, "gzip -d"},
	/* The .xz File Format 1.1, 2.1.1.1 */
	{"xz",
	 MAGIC("\xfd"
	       "7zXZ\0"),
	 &unpack_xz, "xz -d"},
	/* Properties (lc 3, lp 0, pb 2) and the low bytes of the dictionary's size, as Linux looks for it */
	{"lzma", MAGIC("\x5d\0\0"), &unpack_lzma, "xz -d"},
	/* RFC 8878, 3.1.1 */
	{"zstd", MAGIC("\x28\xb5\x2f\xfd"), &unpack_zstd, "zstd -d"},
	/* LZ4 Frame Format 1.6, "General Structure" and "Legacy frame"; the kernel's build makes the latter
	 */
	{"lz4", MAGIC("\x04\x22\x4d\x18"), &unpack_lz4_frame, "lz4 -d"},
	{"lz4", MAGIC("\x02\x21\x4c\x18"), &unpack_lz4_legacy, "lz4 -d"},
	{"bzip2", MAGIC("BZh"), &unpack_bzip2, "bzip2 -d"},
	{"lzo", MAGIC("\x89LZO\0\r\n\x1a\n"), NULL, "lzop -d"},
	{"zip", MAGIC("PK\3\4"), NULL, "unzip"},
};

#define FORMATS (sizeof(formats) / sizeof(formats[0]))

/* Output grows by doubling, and is filled in pieces, so that a long run can be told. */
#define FIRST ((size_t)1 << 20)
#define PIECE ((size_t)4 << 20)

struct output {
	uint8_t *bytes;
	size_t used, capacity, most;
};

struct progress {
	struct timespec begun;
	long told; /* tenths of a second; 0: not yet */
};

static bool begins_like(const struct unpack_format *f, const void *data, size_t size)
{
	return size >= f->magic_size && !memcmp(data, f->magic, f->magic_size);
}

const struct unpack_format *unpack_format_of(const void *data, size_t size)
{
	for (size_t i = 0; i < FORMATS; i++) {
		if (begins_like(&formats[i], data, size))
			return &formats[i];
	}
	return NULL;
}

const struct unpack_format *unpack_format_called(const char *method)
{
	for (size_t i = 0; i < FORMATS; i++) {
		if (!strncmp(method, formats[i].name, strlen(formats[i].name)))
			return &formats[i];
	}
	return NULL;
}

const char *unpack_format_name(const struct unpack_format *f)
{
	return f->name;
}

/* ---- a run that takes long
 * ---------------------------------------------------------------------------------- */

static void tell(struct progress *p, const char *name, size_t used)
{
	struct timespec now;
	long tenths;

	clock_gettime(CLOCK_MONOTONIC, &now);
	tenths = (now.tv_sec - p->begun.tv_sec) * 10 + (now.tv_nsec - p->begun.tv_nsec) / 100000000;
	if (tenths < 10 || tenths < p->told + 2 || log_get_level() < VR_LOG_WARN || !isatty(STDERR_FILENO))
		return;
	p->told = tenths;
	fprintf(stderr, "\rvmrun: unpacking %s: %zu MiB", name, used >> 20);
}

static void tell_end(const struct progress *p)
{
	if (p->told)
		fprintf(stderr, "\r\033[K"); /* erase the line (ECMA-48, EL) */
}

/* ---- output
 * ------------------------------------------------------------------------------------------------- */

/* One byte more than may come out: whether that byte comes tells a file of just that size from a longer one.
 */
static int32_t grow_output(const char *name, struct output *o)
{
	size_t capacity = o->capacity ? 2 * o->capacity : FIRST;
	uint8_t *p;

	if (capacity > o->most + 1)
		capacity = o->most + 1;
	p = realloc(o->bytes, capacity);
	if (!p)
		return vr_error_set(VR_E_NOMEM, "%s: no memory to unpack it (%zu MiB wanted)", name,
				    capacity >> 20);
	o->bytes = p;
	o->capacity = capacity;
	return VR_OK;
}

/* "EFI PART" in the first or second block, of 512 or 4096 bytes (UEFI specification 2.10, 5.3.2). */
static bool is_disk(const struct output *o)
{
	return (o->used >= 520 && !memcmp(o->bytes + 512, "EFI PART", 8)) ||
	       (o->used >= 4104 && !memcmp(o->bytes + 4096, "EFI PART", 8));
}

static int32_t check_output(const char *name, const struct unpack_format *f, const struct output *o)
{
	if (is_disk(o))
		return vr_error_set(VR_E_IMAGE,
				    "%s: is a disk image compressed with %s; a disk must not be compressed: "
				    "unpack it first (%s)",
				    name, f->name, f->command);
	if (o->used > o->most)
		return vr_error_set(
			VR_E_IMAGE,
			"%s: %s data unpacks to more than %zu MiB, which no kernel for this machine "
			"may have; is it a kernel? If so, give more memory with -m",
			name, f->name, o->most >> 20);
	return VR_OK;
}

/* ---- the streams of a file
 * ------------------------------------------------------------------------------------ */

static int32_t failed(const char *name, const struct unpack_format *f, const struct unpack_stream *s,
		      enum unpack_result result, size_t size)
{
	switch (result) {
	case UNPACK_NO_MEMORY:
		return vr_error_set(VR_E_NOMEM, "%s: no memory to unpack it", name);
	case UNPACK_CUT:
		return vr_error_set(VR_E_IMAGE,
				    "%s: %s data ends too early, after %zu bytes; copy the file again", name,
				    f->name, size);
	case UNPACK_TOO_LARGE:
		return vr_error_set(VR_E_UNSUPPORTED,
				    "%s: unpacking it needs more than %zu MiB of memory besides the output; "
				    "unpack it first (%s)",
				    name, UNPACK_WINDOW_MAX >> 20, f->command);
	default:
		return vr_error_set(VR_E_IMAGE,
				    "%s: %s data is corrupt near byte %zu: %s; copy the file again", name,
				    f->name, size - s->in_size, s->why ? s->why : "a checksum or a code");
	}
}

static enum unpack_result begin_next(const struct unpack_format *f, struct unpack_stream *s)
{
	f->codec->end(s);
	s->state = NULL;
	return f->codec->begin(s);
}

static int32_t run(const char *name, const struct unpack_format *f, struct unpack_stream *s, size_t size,
		   struct output *o)
{
	struct progress p = {.told = 0};
	enum unpack_result result = f->codec->begin(s);
	int32_t rc = VR_OK;

	clock_gettime(CLOCK_MONOTONIC, &p.begun);
	while (rc == VR_OK && result == UNPACK_MORE) {
		size_t piece, before = s->in_size;

		if (o->used == o->capacity)
			rc = grow_output(name, o);
		if (rc < 0)
			break;
		piece = o->capacity - o->used < PIECE ? o->capacity - o->used : PIECE;
		s->out = o->bytes + o->used;
		s->out_size = piece;
		result = f->codec->step(s);
		o->used += piece - s->out_size;
		s->total = o->used;
		rc = check_output(name, f, o);
		tell(&p, name, o->used);
		if (result == UNPACK_MORE && !s->in_size && s->out_size)
			result = UNPACK_CUT;
		else if (result == UNPACK_MORE && s->in_size == before && s->out_size == piece)
			result = UNPACK_CORRUPT; /* it would go on like this for ever */
		else if (result == UNPACK_END && begins_like(f, s->in, s->in_size))
			result = begin_next(f, s);
	}
	tell_end(&p);
	return rc == VR_OK && result != UNPACK_END ? failed(name, f, s, result, size) : rc;
}

int32_t unpack(const char *name, const struct unpack_format *f, const void *data, size_t size,
	       const struct unpack_limits *limits, void **out, size_t *out_size)
{
	struct output o = {.most = limits->most};
	struct unpack_stream s = {.in = data, .in_size = size};
	int32_t rc = VR_OK;

	*out = NULL;
	*out_size = 0;
	if (!f->codec)
		return vr_error_set(VR_E_UNSUPPORTED,
				    "%s: is compressed with %s, which vmrun can't unpack; unpack "
				    "it first (%s)",
				    name, f->name, f->command);
	if (f->codec->library)
		rc = unpack_library_open(f->codec->library, name, limits->may_load);
	if (rc < 0)
		return rc;
	rc = run(name, f, &s, size, &o);
	f->codec->end(&s);
	if (rc < 0) {
		free(o.bytes);
		return rc;
	}
	*out = o.bytes;
	*out_size = o.used;
	return VR_OK;
}
