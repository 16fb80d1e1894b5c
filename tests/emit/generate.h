/* SPDX-License-Identifier: MIT */
/* generate.h: random regions that vr_ir_verify() accepts, drawn from the rows of ir_ops.def. */
#ifndef VR_TESTS_EMIT_GENERATE_H
#define VR_TESTS_EMIT_GENERATE_H

#include <stdint.h>

/* Kinds of rows that a region has, besides GET, PUT and the ends of blocks. */
#define GENERATE_INT 1u
#define GENERATE_FLAGS 2u
#define GENERATE_VECTOR 4u
#define GENERATE_MEMORY 8u
#define GENERATE_CALL 16u
#define GENERATE_FP 32u
#define GENERATE_STATE 64u /* LDS, STS, NOP, fences, the FP environment, the return-address stack */
#define GENERATE_ALL 127u

/* Append a region of so many blocks, of about so many ops each, to H.ir, which is empty. What rnd() gives decides. */
void generate_region(uint32_t kinds, uint32_t blocks, uint32_t ops);
/* Fill the guest's registers, fields and RAM: numbers at the edges, and registers that the regions rely on. */
void generate_state(void);
/* Of all regions so far: (op, type) pairs of the table that were never appended. The names go to stderr. */
uint32_t generate_missing(void);

uint64_t edge_value(void);

#endif
