/* SPDX-License-Identifier: MIT */
/* test_hot.c: soft's option `hot`: code that is made quickly, and made well when it has been entered a few times. */
#include <criterion/criterion.h>

#include "fake_isa.h"

#define FUNC 0x9000u /* code, physical page 20 */

static struct fake_machine *t;

static void setup(void)
{
	t = fake_new(1);
	fake_map(t, 0, FUNC, 20, FAKE_R | FAKE_X, 0);
}

static void teardown(void)
{
	fake_free(t);
}

TestSuite(hot, .init = setup, .fini = teardown, .timeout = 60);

#define X (t->cpu[0]->x)
#define R(n) (fake_r(X)[n])

/* A loop of two blocks is made quickly, then well, and again after it was written; each time it is right. */
Test(hot, code_is_made_again)
{
	FAKE_LOAD(t, 20, 0, FAKE_OP(FAKE_ADDI, 5, 5, 0, 1), FAKE_OP(FAKE_BNE, 0, 5, 7, 8),
		  FAKE_OP(FAKE_ADDI, 6, 6, 0, 1), FAKE_OP(FAKE_BNE, 0, 5, 8, -0x18), FAKE_STOP);
	uint64_t made = 0;

	for (uint32_t round = 0; round < 2; round++) {
		R(5) = R(6) = 0;
		R(7) = 3;
		R(8) = 1000;
		cr_assert_eq(fake_go(t, 0, FUNC), VR_EXIT_KICK);
		cr_assert_eq(R(5), 1000);
		cr_assert_eq(R(6), 1000);
		/* The second time by what was made in the first one, but for what was entered once or twice. */
		cr_assert_geq(fake_counter(t, "hot_regions"), 1);
		if (round)
			cr_assert_leq(fake_counter(t, "translations") - made, 2);
		made = fake_counter(t, "translations");
	}
	const uint64_t hot = fake_counter(t, "hot_regions");

	FAKE_LOAD(t, 20, 16, FAKE_OP(FAKE_ADDI, 6, 6, 0, 2));
	R(5) = R(6) = 0;
	cr_assert_eq(fake_go(t, 0, FUNC), VR_EXIT_KICK);
	cr_assert_eq(R(6), 2000);
	cr_assert_gt(fake_counter(t, "hot_regions"), hot);
}

/* The smallest and the largest number that the option takes: one entry more or less does not matter, but it becomes hot. */
Test(hot, at_both_ends_of_the_option)
{
	static const char *const numbers[] = {"1", "256"};
	const char *as_it_was = fake_hot;

	for (uint32_t i = 0; i < 2; i++) {
		teardown();
		fake_hot = numbers[i];
		setup();
		fake_hot = as_it_was;
		FAKE_LOAD(t, 20, 0, FAKE_OP(FAKE_ADDI, 5, 5, 0, 1), FAKE_OP(FAKE_BNE, 0, 5, 8, -8),
			  FAKE_STOP);
		R(8) = i ? 1000 : 4;
		cr_assert_eq(fake_go(t, 0, FUNC), VR_EXIT_KICK);
		cr_assert_eq(R(5), R(8));
		cr_assert_geq(fake_counter(t, "hot_regions"), 1, "hot=%s", numbers[i]);
	}
}
