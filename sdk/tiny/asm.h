/* SPDX-License-Identifier: MIT */
/*
 * asm.h: an assembler for the tiny machine, as C functions: a guest program is a C program that writes
 * the image. Errors end it: it is a tool of a build.
 */
#ifndef VR_TINY_ASM_H
#define VR_TINY_ASM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tiny.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TINY_WORDS_MAX 4096

struct tiny_program {
	uint32_t count; /* words so far */
	uint32_t word[TINY_WORDS_MAX];
};

/* Appends one instruction; returns its place. */
static inline uint32_t tiny_op(struct tiny_program *p, uint32_t opcode, uint32_t x, uint32_t y, uint32_t imm)
{
	if (p->count == TINY_WORDS_MAX || x > 15 || y > 15) {
		fprintf(stderr,
			"tiny: instruction %u: the program is too long, or there is no such register\n",
			p->count);
		exit(1);
	}
	p->word[p->count] = opcode << 24 | x << 20 | y << 16 | (imm & 0xffff);
	return p->count++;
}

/* r[x] = value; uses r15. */
static inline void tiny_set(struct tiny_program *p, uint32_t x, uint32_t value)
{
	tiny_op(p, TINY_OP_MOVI, x, 0, value & 0xffff);
	tiny_op(p, TINY_OP_MOVI, 15, 1, value >> 16);
	tiny_op(p, TINY_OP_ADD, x, x, 15);
}

/* Branches back to `place` while r[x] != r[y]. */
static inline void tiny_loop(struct tiny_program *p, uint32_t x, uint32_t y, uint32_t place)
{
	tiny_op(p, TINY_OP_BNE, x, y, (uint32_t)(place - p->count));
}

/* Branches to where tiny_land() is called when r[x] != r[y]. */
static inline uint32_t tiny_leap(struct tiny_program *p, uint32_t x, uint32_t y)
{
	return tiny_op(p, TINY_OP_BNE, x, y, 0);
}

static inline void tiny_land(struct tiny_program *p, uint32_t leap)
{
	p->word[leap] |= (p->count - leap) & 0xffff;
}

/* Prints on the serial port; uses r14 and r15. */
static inline void tiny_print(struct tiny_program *p, const char *text)
{
	tiny_set(p, 14, TINY_UART);
	for (; *text; text++) {
		tiny_op(p, TINY_OP_MOVI, 15, 0, (uint8_t)*text);
		tiny_op(p, TINY_OP_STOREB, 15, 14, 0);
	}
}

/* Powers off; uses r13 to r15. */
static inline void tiny_end(struct tiny_program *p, uint32_t status)
{
	tiny_set(p, 14, TINY_POWER);
	tiny_op(p, TINY_OP_MOVI, 13, 0, status);
	tiny_op(p, TINY_OP_STORE, 13, 14, 0);
	tiny_op(p, TINY_OP_MOVI, 13, 0, 0);
	tiny_op(p, TINY_OP_MOVI, 14, 0, 1);
	tiny_loop(p, 13, 14, p->count); /* until it is off */
}

/* The image, to a file; main()'s result. */
static inline int tiny_save(const struct tiny_program *p, FILE *to)
{
	fputs(TINY_MAGIC, to);
	for (uint32_t i = 0; i < p->count; i++)
		for (uint32_t k = 0; k < 32; k += 8)
			fputc((int)(p->word[i] >> k & 0xff), to);
	return fflush(to) != 0 || ferror(to) ? 1 : 0;
}

#ifdef __cplusplus
}
#endif

#endif
