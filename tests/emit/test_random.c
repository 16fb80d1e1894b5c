/* SPDX-License-Identifier: MIT */
/* test_random.c: random regions of few kinds of ops, which random_ir.c draws seldom among all: short ones, and ones
 * that need more registers than there are. EMIT_SEED=n in the environment: that one. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "compare.h"
#include "generate.h"
#include "harness.h"

static void many(uint32_t kinds, uint32_t blocks, uint32_t ops, uint32_t times)
{
	const struct comparison c = {.kinds = kinds, .blocks = blocks, .ops = ops, .runs = 3};
	const char *s = getenv("EMIT_SEED");
	uint64_t first = s ? strtoull(s, NULL, 0) : 1;
	uint32_t run = 0;

	for (uint64_t seed = first; seed < first + (s ? 1 : times); seed++) {
		int rc = compare_one(&c, seed);

		cr_assert_neq(rc, 1, "seed %lu", seed);
		run += rc == 0;
	}
	cr_assert(s || run > times / 2, "only %u of %u were run", run, times);
}

Test(emit_random, integer_short)
{
	many(GENERATE_INT, 1, 10, 8000);
}
Test(emit_random, integer)
{
	many(GENERATE_INT, 2, 50, 2000);
}
Test(emit_random, flags_short)
{
	many(GENERATE_FLAGS, 1, 14, 10000);
}
Test(emit_random, flags)
{
	many(GENERATE_INT | GENERATE_FLAGS, 3, 50, 2000);
}
Test(emit_random, memory_short)
{
	many(GENERATE_MEMORY, 1, 12, 6000);
}
Test(emit_random, memory)
{
	many(GENERATE_MEMORY | GENERATE_INT, 2, 40, 3000);
}
Test(emit_random, vector_short)
{
	many(GENERATE_VECTOR, 1, 10, 12000);
}
Test(emit_random, vector)
{
	many(GENERATE_VECTOR | GENERATE_INT, 2, 50, 2000);
}
Test(emit_random, fp)
{
	many(GENERATE_FP | GENERATE_STATE, 1, 20, 8000);
}
Test(emit_random, calls)
{
	many(GENERATE_CALL | GENERATE_INT | GENERATE_VECTOR | GENERATE_FLAGS, 2, 40, 3000);
}
Test(emit_random, everything)
{
	many(GENERATE_ALL, 6, 50, 2000);
}
