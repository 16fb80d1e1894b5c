/* SPDX-License-Identifier: MIT */
#include "state_check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../host_error.h"

int32_t vr_state_bad(const struct vr_state_check *c, const char *format, ...)
{
	char text[VR_HOST_ERROR_TEXT];
	va_list args;

	snprintf(text, sizeof(text), "%s: %s state: ", c->plugin, c->what);
	va_start(args, format);
	vr_host_error_v(c->host, VR_E_INVAL, text, sizeof(text), format, args);
	va_end(args);
	return VR_E_INVAL;
}

const struct vr_state_kind *vr_state_kind_of(const struct vr_state_kind *kinds, uint32_t count,
					     const char *id)
{
	for (uint32_t i = 0; id && i < count; i++)
		if (strcmp(kinds[i].id, id) == 0)
			return &kinds[i];
	return NULL;
}

static uint64_t value_of(const uint8_t *at, uint32_t width)
{
	uint64_t v8;
	uint32_t v4;
	uint16_t v2;

	switch (width) {
	case 1:
		return *at;
	case 2:
		memcpy(&v2, at, sizeof(v2));
		return v2;
	case 4:
		memcpy(&v4, at, sizeof(v4));
		return v4;
	default:
		memcpy(&v8, at, sizeof(v8));
		return v8;
	}
}

static int32_t check_member(const struct vr_state_check *c, const struct vr_state_member *m,
			    const void *state)
{
	for (uint32_t i = 0; i < m->count; i++) {
		uint64_t v = value_of((const uint8_t *)state + m->offset + i * m->stride, m->width);
		const char *place = strchr(m->name, '%');
		char name[64];

		if (!(v & ~m->mask) && v <= m->most)
			continue;
		if (place)
			snprintf(name, sizeof(name), "%.*s%u%s", (int)(place - m->name), m->name, i,
				 place + 2);
		else
			snprintf(name, sizeof(name), "%s", m->name);
		if (v & ~m->mask)
			return vr_state_bad(c, "%s is 0x%" PRIx64 ": bits 0x%" PRIx64 " can't be", name, v,
					    v & ~m->mask);
		return vr_state_bad(c, "%s is %" PRIu64 ", at most %" PRIu64 " can be", name, v, m->most);
	}
	return VR_OK;
}

int32_t vr_state_fits(const struct vr_host *host, const char *plugin, const struct vr_state_kind *k,
		      uint32_t length)
{
	const struct vr_state_check c = {.host = host, .plugin = plugin, .what = k ? k->name : "?"};

	if (!k)
		return VR_E_NOENT;
	return length < k->size ? vr_state_bad(&c, "%u bytes of room, it has %u", length, k->size) : VR_OK;
}

int32_t vr_state_check(const struct vr_host *host, const char *plugin, const struct vr_state_kind *k,
		       const void *state, uint32_t length, uint64_t now)
{
	const struct vr_state_check c = {
		.host = host, .plugin = plugin, .what = k ? k->name : "?", .now = now};
	int32_t rc = VR_OK;
	uint32_t size;

	if (!k)
		return VR_E_NOENT;
	if (length < k->size)
		return vr_state_bad(&c, "%u bytes, it has %u", length, k->size);
	memcpy(&size, state, sizeof(size));
	if (size < k->size || size > length)
		return vr_state_bad(&c, "size is %u, not %u to %u", size, k->size, length);
	for (uint32_t i = 0; i < k->count && rc == VR_OK; i++)
		rc = check_member(&c, &k->members[i], state);
	return rc == VR_OK && k->rule ? k->rule(&c, state) : rc;
}
