/* SPDX-License-Identifier: MIT */
/* compare.h: one random region, run by the interpreter and as generated code: the same must come of it. */
#ifndef VR_TESTS_EMIT_COMPARE_H
#define VR_TESTS_EMIT_COMPARE_H

#include <stdint.h>

struct comparison {
	uint32_t kinds, blocks, ops; /* as for generate_region() */
	uint32_t runs;               /* each with another state */
};

/*
 * The region that `seed` stands for, on the emitter of harness_use(). 0: the same by tier 0, by tier 1 without the
 * optimiser, and with it. 1: not, and stderr says what. 2: the generator made an IR with too many live
 * values, which was not run. EMIT_DUMP=FILE in the environment: where
 * it is not the same, ops are taken away as long as it stays so, and what is left goes to stderr, the code to the file.
 */
int compare_one(const struct comparison *c, uint64_t seed);

#endif
