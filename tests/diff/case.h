/* SPDX-License-Identifier: MIT */
/*
 * case.h: one differential case and its outcome, as the generator, the engine and the guests' runners share
 * them.
 *
 * A case is a start state and some code. It ends at the instruction that the guest has for that (struct
 * diff_isa, `end`) or at an undefined one. Code and data lie at the same addresses on all sides. The
 * registers are the guest's as far as it has them; what they are called is in struct diff_isa.
 */
#ifndef DIFF_CASE_H
#define DIFF_CASE_H

#include <stdint.h>

#define DIFF_VECTORS 0x50000000ull /* engine only: exception vectors */
#define DIFF_CODE_PAGE 0x50010000ull
#define DIFF_CODE (DIFF_CODE_PAGE + 0xf70) /* so that cases run across a page's end */
#define DIFF_CODE_BYTES 0x3000ull
#define DIFF_DATA 0x50100000ull
#define DIFF_DATA_BYTES 0x40000ull
#define DIFF_WINDOW 0x50118000ull /* what is hashed: accesses are aimed at its middle */
#define DIFF_WINDOW_BYTES 0x8000ull
#define DIFF_RAM 0x50000000ull
#define DIFF_RAM_BYTES 0x200000ull
#define DIFF_HALVES 2048
#define DIFF_REGISTERS 32
#define DIFF_STATUS 3

struct diff_case {
	uint64_t x[DIFF_REGISTERS];
	uint64_t v[DIFF_REGISTERS][2];
	uint32_t status[DIFF_STATUS];
	uint32_t halves; /* of code */
	uint64_t memory_seed;
	uint16_t code[DIFF_HALVES];
};

struct diff_result {
	uint64_t x[DIFF_REGISTERS];
	uint64_t v[DIFF_REGISTERS][2];
	uint32_t status[DIFF_STATUS];
	uint32_t stop; /* index of the halfword where it ended */
	uint32_t why;  /* 1: `end`, 2: undefined, 3: memory fault, 4: something else */
	uint32_t reserved;
	uint64_t hash;
};

/* Both sides fill the window with the same words. */
static inline uint64_t diff_next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static inline void diff_fill(uint64_t *p, uint64_t seed)
{
	for (uint64_t i = 0; i < DIFF_WINDOW_BYTES / 8; i++)
		p[i] = diff_next(&seed);
}

static inline uint64_t diff_hash(const uint64_t *p)
{
	uint64_t h = 0x9e3779b97f4a7c15ull;

	for (uint64_t i = 0; i < DIFF_WINDOW_BYTES / 8; i++)
		h = (h ^ p[i]) * 0x2545f4914f6cdd1dull + (h >> 29);
	return h;
}

#endif
