/* SPDX-License-Identifier: MIT */
/*
 * random_ir.c: random-ir COUNT SEED: so many random IRs that vr_ir_verify() accepts, of numbers SEED, SEED + 1 ..., by
 * the interpreter and by each emitter of this build, without and with the optimiser: none may be refused, none
 * may be different. Every op must have been drawn in every type that it has, when COUNT is large enough for that.
 *
 * random-ir 1 SEED EMITTER runs the one region, with EMIT_DUMP=FILE in the environment to see what is wrong with it, reduced.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "emitters.h"
#include "generate.h"
#include "harness.h"

#define ALL_ARE_DRAWN 20000u /* of so many regions */

/* Small ones go wrong in ways that can be read, large ones in more ways. */
static struct comparison shape(uint64_t seed)
{
	static const struct comparison shapes[] = {
		{GENERATE_INT | GENERATE_FLAGS, 1, 12, 2},
		{GENERATE_MEMORY, 1, 12, 2},
		{GENERATE_VECTOR, 1, 12, 2},
		{GENERATE_FP | GENERATE_STATE, 1, 12, 2},
		{GENERATE_ALL, 1, 16, 2},
		{GENERATE_ALL, 2, 24, 2},
		{GENERATE_ALL, 4, 30, 2},
		{GENERATE_ALL, 10, 30, 2},
	};

	return shapes[seed % (sizeof(shapes) / sizeof(shapes[0]))];
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : 0,
		 first = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;
	uint64_t passed = 0, failed = 0, redrawn = 0;
	uint32_t skipped = 0, emitters = 0, named = 0, used = 0;

	if (argc < 3 || argc > 4 || !count) {
		fprintf(stderr, "usage: random-ir COUNT SEED [EMITTER]\n");
		return 2;
	}
	for (const struct test_emitter *e = test_emitters; e->name; e++)
		if (argc < 4 || !strcmp(argv[3], e->name)) {
			named++;
			emitters += harness_use(e) == 0;
		}
	if (argc > 3 && !named) {
		fprintf(stderr, "random-ir: this build has no emitter '%s'\n", argv[3]);
		return 2;
	}
	for (const struct test_emitter *e = test_emitters; e->name; e++) {
		if (argc > 3 && strcmp(argv[3], e->name))
			continue;
		if (harness_use(e)) {
			skipped++;
			continue;
		}
		/* Each emitter has its share, of different numbers. */
		uint64_t share = count / emitters + (used++ ? 0 : count % emitters), done = 0;
		uint64_t seed = first;

		for (; done < share && failed < 10; seed++) {
			const struct comparison c = shape(seed);
			int rc = compare_one(&c, seed);

			if (rc == 2) {
				redrawn++;
				continue;
			}
			done++;
			if (rc) {
				fprintf(stderr, "%s: seed %llu\n", e->name, (unsigned long long)seed);
				failed++;
			} else {
				passed++;
			}
		}
		first = seed;
		if (e->relocated) {
			printf("%s: %llu regions relocated, %llu of them compared byte by byte with what is "
			       "emitted "
			       "for the address, %llu not relocatable\n",
			       e->name, (unsigned long long)H.relocations, (unsigned long long)H.same_bytes,
			       (unsigned long long)H.out_of_range);
			/* two ways of each are emitted */
			failed += H.relocations < done || H.same_bytes < done / 8;
		}
	}
	if (!emitters)
		printf("skipped: this build has no emitter for its processor\n");
	else if (count >= ALL_ARE_DRAWN && generate_missing())
		failed++;
	printf("%llu more had too many live values and were not run\n", (unsigned long long)redrawn);
	printf("%llu passed, %llu failed, %u skipped\n", (unsigned long long)passed,
	       (unsigned long long)failed, emitters ? skipped : 1);
	return failed != 0;
}
