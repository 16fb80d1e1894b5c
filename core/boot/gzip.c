/* SPDX-License-Identifier: MIT */
#include "boot/gzip.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>
#include <zlib.h>
#include "util/error.h"

/* ID1, ID2, CM = deflate (RFC 1952, 2.3.1). */
bool vr_gzip_is(const void *data, size_t size)
{
	static const uint8_t magic[3] = {0x1f, 0x8b, 8};

	return size >= sizeof(magic) && !memcmp(data, magic, sizeof(magic));
}

struct output {
	uint8_t *bytes;
	size_t used, room, limit;
};

static int32_t make_room(const char *name, struct output *o)
{
	size_t more = o->room ? o->room : 1u << 20;
	uint8_t *p;

	if (o->room >= o->limit)
		return vr_error_set(VR_E_IMAGE, "%s: gzip data unpacks to more than %zu MiB; is it a kernel?",
				    name, o->limit >> 20);
	if (more > o->limit - o->room)
		more = o->limit - o->room;
	p = realloc(o->bytes, o->room + more);
	if (!p)
		return vr_error_set(VR_E_NOMEM, "%s: no memory to unpack it (%zu MiB wanted)", name,
				    (o->room + more) >> 20);
	o->bytes = p;
	o->room += more;
	return VR_OK;
}

static int32_t inflate_error(const char *name, const z_stream *z, int result, size_t at, size_t size)
{
	if (result == Z_MEM_ERROR)
		return vr_error_set(VR_E_NOMEM, "%s: no memory to unpack it", name);
	if (result == Z_BUF_ERROR)
		return vr_error_set(VR_E_IMAGE,
				    "%s: gzip data ends too early, after %zu bytes; copy the file again",
				    name, size);
	return vr_error_set(VR_E_IMAGE, "%s: gzip data is corrupt near byte %zu: %s; copy the file again",
			    name, at,
			    result == Z_NEED_DICT ? "wants a dictionary"
			    : z->msg              ? z->msg
						  : "not deflate data");
}

/* Input and output in pieces: zlib counts in unsigned int. */
static int32_t unpack_members(const char *name, z_stream *z, const uint8_t *in, size_t size, struct output *o)
{
	size_t at = 0;

	for (;;) {
		if (o->used == o->room) {
			int32_t e = make_room(name, o);
			if (e)
				return e;
		}
		uInt in_piece = size - at > UINT_MAX / 2 ? UINT_MAX / 2 : (uInt)(size - at);
		uInt out_piece = o->room - o->used > UINT_MAX / 2 ? UINT_MAX / 2 : (uInt)(o->room - o->used);
		z->next_in = (z_const Bytef *)(uintptr_t)(in + at);
		z->avail_in = in_piece;
		z->next_out = o->bytes + o->used;
		z->avail_out = out_piece;
		int result = inflate(z, Z_NO_FLUSH);
		at += in_piece - z->avail_in;
		o->used += out_piece - z->avail_out;
		if (result == Z_STREAM_END) {
			if (!vr_gzip_is(in + at, size - at))
				return VR_OK;
			if (inflateReset(z) != Z_OK)
				return vr_error_set(VR_E_INTERNAL, "%s: zlib can't be reset", name);
			continue;
		}
		/* No progress with room left means that the input is used up. */
		if (result == Z_BUF_ERROR && z->avail_out == 0)
			continue;
		if (result != Z_OK)
			return inflate_error(name, z, result, at, size);
		if (at == size && z->avail_out)
			return inflate_error(name, z, Z_BUF_ERROR, at, size);
	}
}

int32_t vr_gzip_unpack(const char *name, const void *data, size_t size, size_t limit, void **out,
		       size_t *out_size)
{
	struct output o = {.limit = limit};
	z_stream z = {0};
	int32_t e;

	*out = NULL;
	*out_size = 0;
	/* 16: expect a gzip header and check the trailer's CRC and length. */
	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return vr_error_set(VR_E_NOMEM, "%s: no memory to unpack it", name);
	e = unpack_members(name, &z, data, size, &o);
	inflateEnd(&z);
	if (e) {
		free(o.bytes);
		return e;
	}
	*out = o.bytes;
	*out_size = o.used;
	return VR_OK;
}
