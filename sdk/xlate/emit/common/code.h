/* SPDX-License-Identifier: MIT */
/* code.h: the bytes of a region while they are written. */
#ifndef VR_XLATE_EMIT_COMMON_CODE_H
#define VR_XLATE_EMIT_COMMON_CODE_H

#include <stdint.h>
#include <string.h>

struct emit_code {
	uint8_t *p;       /* next byte */
	uint8_t *base;    /* first byte of the region */
	uint64_t execute; /* address base will run at */
};

/* Offset of the next byte. */
static inline uint32_t code_at(const struct emit_code *c)
{
	return (uint32_t)(c->p - c->base);
}

static inline void put8(struct emit_code *c, uint32_t v)
{
	*c->p++ = (uint8_t)v;
}

static inline void put16(struct emit_code *c, uint32_t v)
{
	uint16_t half = (uint16_t)v;

	memcpy(c->p, &half, 2);
	c->p += 2;
}

static inline void put32(struct emit_code *c, uint32_t v)
{
	memcpy(c->p, &v, 4);
	c->p += 4;
}

static inline void put64(struct emit_code *c, uint64_t v)
{
	memcpy(c->p, &v, 8);
	c->p += 8;
}

#endif
