/* SPDX-License-Identifier: MIT */
/* streams.c: vmrun.streams/1. */
#include <string.h>

#include "internal.h"

static struct vr_fake_host_stream *stream_of(struct vr_fake_host *f, uint32_t i, const char *function)
{
	if (i < f->stream_count)
		return &f->stream[i];
	vr_fake_host_note(f, "streams.%s: there is no stream %u", function, i);
	return NULL;
}

static uint32_t VR_CALL count(const struct vr_host *host)
{
	return vr_fake_host_of(host)->stream_count;
}

static int32_t VR_CALL stream(const struct vr_host *host, uint32_t i, struct vr_stream *out)
{
	struct vr_fake_host_stream *s = stream_of(vr_fake_host_of(host), i, "stream");

	if (!s)
		return VR_E_NOENT;
	if (!out || out->size < sizeof(*out)) {
		vr_fake_host_note(vr_fake_host_of(host),
				  "streams.stream was given a struct without its size");
		return VR_E_INVAL;
	}
	out->name = s->name ? s->name : "stream";
	return VR_OK;
}

static void VR_CALL set_open(const struct vr_host *host, uint32_t i, uint32_t open)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	struct vr_fake_host_stream *s = stream_of(f, i, "set_open");

	if (!s)
		return;
	pthread_mutex_lock(&f->lock);
	s->open = open;
	s->opens += open != 0;
	s->closes += open == 0;
	pthread_mutex_unlock(&f->lock);
}

static uint32_t VR_CALL write(const struct vr_host *host, uint32_t i, const void *bytes, uint32_t n)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	struct vr_fake_host_stream *s = stream_of(f, i, "write");
	uint32_t most, space;

	if (!s)
		return 0;
	pthread_mutex_lock(&f->lock);
	most = s->out_max < sizeof(s->out) - 1 ? s->out_max : (uint32_t)sizeof(s->out) - 1;
	space = most > s->out_length ? most - s->out_length : 0;
	n = n < space ? n : space;
	memcpy(s->out + s->out_length, bytes, n);
	s->out_length += n;
	pthread_mutex_unlock(&f->lock);
	return n;
}

static uint32_t VR_CALL read(const struct vr_host *host, uint32_t i, void *bytes, uint32_t n, uint32_t *ended)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	struct vr_fake_host_stream *s = stream_of(f, i, "read");
	uint32_t left;

	if (!s || !ended) {
		vr_fake_host_note(f, "streams.read was given no place for `ended`");
		return 0;
	}
	pthread_mutex_lock(&f->lock);
	left = s->in_length - s->in_start;
	n = n < left ? n : left;
	memcpy(bytes, s->in + s->in_start, n);
	s->in_start += n;
	*ended = !n && s->ended;
	pthread_mutex_unlock(&f->lock);
	return n;
}

static int32_t VR_CALL on_change(const struct vr_host *host, void(VR_CALL *fn)(void *opaque, uint32_t i),
				 void *opaque)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	int32_t rc;

	vr_fake_host_on_main(f, "streams.on_change");
	rc = vr_fake_host_request(f, "streams.on_change");
	if (rc < 0)
		return rc;
	if (f->stream_fn)
		return VR_E_EXISTS;
	f->stream_fn = fn;
	f->stream_opaque = opaque;
	return VR_OK;
}

void vr_fake_host_stream(struct vr_fake_host *f, uint32_t i, uint32_t out_max, const char *text,
			 uint32_t ended)
{
	struct vr_fake_host_stream *s = &f->stream[i];
	uint32_t n = text ? (uint32_t)strlen(text) : 0;

	pthread_mutex_lock(&f->lock);
	s->out_max = out_max;
	s->ended = ended;
	if (n > sizeof(s->in) - s->in_length)
		n = (uint32_t)sizeof(s->in) - s->in_length;
	memcpy(s->in + s->in_length, text ? text : "", n);
	s->in_length += n;
	pthread_mutex_unlock(&f->lock);
	if (f->stream_fn)
		f->stream_fn(f->stream_opaque, i);
}

extern const struct vr_host_streams vr_fake_host_streams;
const struct vr_host_streams vr_fake_host_streams = {
	.size = sizeof(vr_fake_host_streams),
	.count = count,
	.stream = stream,
	.set_open = set_open,
	.write = write,
	.read = read,
	.on_change = on_change,
};
