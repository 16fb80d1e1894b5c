/* SPDX-License-Identifier: MIT */
/* code.h: the bytes of a region while they are written. */
#ifndef VR_XLATE_EMIT_COMMON_CODE_H
#define VR_XLATE_EMIT_COMMON_CODE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct emit_code {
	uint8_t *p;       /* next byte */
	uint8_t *base;    /* first byte of the region */
	uint64_t execute; /* address base will run at */
	/* vr_emit_job.relocations; more than the capacity are counted, not kept */
	uint32_t *relocations;
	uint32_t relocation_count, relocation_capacity;
};

/* A relocation: offset of a field in the code, and a kind of the host's (1..15). */
#define EMIT_RELOCATION_AT 28u
static inline uint32_t emit_relocation_kind(uint32_t word)
{
	return word >> EMIT_RELOCATION_AT;
}
static inline uint32_t emit_relocation_at(uint32_t word)
{
	return word & ((1u << EMIT_RELOCATION_AT) - 1);
}
/* The field that begins `back` bytes before the next byte has to change when the region is relocated. */
static inline void emit_relocation(struct emit_code *c, uint32_t kind, uint32_t back)
{
	if (c->relocation_count < c->relocation_capacity)
		c->relocations[c->relocation_count] =
			kind << EMIT_RELOCATION_AT | ((uint32_t)(c->p - c->base) - back);
	c->relocation_count++;
}
/* Is the address in what has been written of the region? */
static inline bool emit_is_inside(const struct emit_code *c, uint64_t address)
{
	return address - c->execute <= (uint64_t)(c->p - c->base);
}

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
