/* SPDX-License-Identifier: MIT */
/* generate.h: random cases from the decode table. */
#ifndef DIFF_GENERATE_H
#define DIFF_GENERATE_H

#include <stdio.h>

#include "case.h"

struct diff_generator {
	uint64_t seed;
	const char *only; /* rows whose name begins so, or NULL */
	uint32_t units;   /* instructions under test a case */
	uint64_t instructions;
};

void diff_generate(struct diff_generator *g, struct diff_case *c);
/* Count an executed instruction for the coverage report. */
void diff_cover(uint32_t insn);
/* Rows, and classes of rows (row + opcode fields); the rows never hit, but for those tested elsewhere.
 * Returns their number. */
unsigned diff_coverage(FILE *to, unsigned *rows, unsigned *rows_hit, unsigned *classes);

#endif
