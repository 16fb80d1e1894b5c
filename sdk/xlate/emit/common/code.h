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
	uint16_t *relocations;
	uint32_t relocation_count, relocation_capacity;
	uint32_t relocated; /* offset of the last one's field */
};

/* A relocation: how far its field in the code is from the one before, and a kind of the host's, 1..7. Kind 0: none, the distance alone. */
#define EMIT_RELOCATION_BITS 13u
#define EMIT_RELOCATION_FAR ((1u << EMIT_RELOCATION_BITS) - 1)
static inline uint32_t emit_relocation_kind(uint16_t word)
{
	return (uint32_t)word >> EMIT_RELOCATION_BITS;
}
static inline uint32_t emit_relocation_distance(uint16_t word)
{
	return word & EMIT_RELOCATION_FAR;
}
static inline void emit_relocation_word(struct emit_code *c, uint32_t kind, uint32_t distance)
{
	if (c->relocation_count < c->relocation_capacity)
		c->relocations[c->relocation_count] = (uint16_t)(kind << EMIT_RELOCATION_BITS | distance);
	c->relocation_count++;
	c->relocated += distance;
}
/* The field that begins `back` bytes before the next byte has to change when the region is relocated. Fields come by rising offset. */
static inline void emit_relocation(struct emit_code *c, uint32_t kind, uint32_t back)
{
	uint32_t at = (uint32_t)(c->p - c->base) - back;

	while (at - c->relocated > EMIT_RELOCATION_FAR)
		emit_relocation_word(c, 0, EMIT_RELOCATION_FAR);
	emit_relocation_word(c, kind, at - c->relocated);
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
